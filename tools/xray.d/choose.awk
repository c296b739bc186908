# choose.awk: decides what the picture shows, from the arrays of model.awk.
#
# shown[NAME] says who and what is drawn; left_out[1..n_left_out] tells what
# isn't there. dead[l] is set for links that are drawn as part of another.

# Adds what link l says to the link of those who are drawn in its place.
function fold(l,    a, o, to, v, verb, n, list, i, n_done, done_here) {
    a = in_place_of(link_who[l])
    o = in_place_of(link_what[l])
    if (a == link_who[l] && o == link_what[l])
        return
    dead[l]
    to = link(a, o)
    n_done = split(verbs_of[l], done_here, " ")
    for (v = 1; v <= n_done; v++) {
        verb = done_here[v]
        if (!index(verbs_of[to] " ", " " verb " "))
            verbs_of[to] = verbs_of[to] " " verb
        count[to, verb] += count[l, verb]
        total[to, verb] += total[l, verb]
        n = split(errors[l, verb], list, " ")
        for (i = 1; i <= n; i++) {
            if (!((to, verb, list[i]) in error_count))
                errors[to, verb] = errors[to, verb] " " list[i]
            error_count[to, verb, list[i]] += error_count[l, verb, list[i]]
        }
    }
    ends_of_file[to] += ends_of_file[l]
    map_mode[to] = map_mode[to] && map_mode[l] && \
        map_mode[to] != map_mode[l] ? "both" : map_mode[to] map_mode[l]
    if (lock_how[to] == "")
        lock_how[to] = lock_how[l]
    if (bad_in[to] == "")
        bad_in[to] = bad_in[l]
    if (bad_out[to] == "")
        bad_out[to] = bad_out[l]
}

function in_place_of(name) {
    if (name in same_as)
        name = same_as[name]
    return name in group_of ? group_of[name] : name
}

function fold_all(    l, n) {
    n = n_links
    for (l = 1; l <= n; l++)
        if (!(l in dead))
            fold(l)
}

function is_waited_on(l) {
    return stuck_on[link_who[l]] == link_what[l]
}

# Whether anything was done with it that an arrow could show.
function has_arrow(l) {
    return verbs_of[l] != "" || bad_in[l] != "" || bad_out[l] != "" || \
        is_waited_on(l)
}

# Files matter if they were written, locked or shared; a file that somebody
# only read if it was our own program, not one that it executed.
function matters(what,    k) {
    k = kind[what]
    if (what in left_name || mark[what] != "" || what in is_bad)
        return 1
    if (k == "std")
        return 0
    if (what in same_as || !(what in is_used))
        return 0
    if (k ~ /^(file|device|dir|link|other)$/)
        return what in special || (k == "file" && (what in created || \
            what in changed || what in is_written || \
            (what in read_by_us && what !~ /^file:\/(proc|sys|etc|usr|lib)\//)))
    return 1
}

function choose_objects(    l, o, what, n, k, std, seen, unused, read_only) {
    for (l = 1; l <= n_links; l++) {
        what = link_what[l]
        if (l in dead)
            continue
        if (has_arrow(l))
            is_used[what]
        if (bad_in[l] != "" || bad_out[l] != "" || \
            is_waited_on(l) && !(what in actor_number))
            is_bad[what]
        if (count[l, "write"])
            is_written[what]
        if (count[l, "map"] || count[l, "lock"] || errors[l, "lock"] != "")
            special[what]
        if (!(process(link_who[l]) in did_exec))
            read_by_us[what]
    }
    for (o = 1; o <= n_objects; o++) {
        what = objects[o]
        k = kind[what]
        if (matters(what)) {
            shown[what]
            n++
        } else if (what in same_as) {
            continue
        } else if (k == "std") {
            std++
        } else if (k == "file" && what in is_used) {
            read_only++
        } else if (k ~ /^(pipe|fifo|mqueue|shm|sem|sysv)/) {
            unused = unused (unused == "" ? "" : ", ") what
        }
    }
    if (!n && n_actors == 1)
        for (o = 1; o <= n_objects; o++)
            if (kind[objects[o]] == "std")
                shown[objects[o]]
    if (std && (n || n_actors > 1))
        say_left_out("input and output on stdin, stdout, stderr")
    if (read_only)
        say_left_out(read_only (read_only == 1 ? " file that was" : \
            " files that were") " only read")
    if (unused != "" && length(unused) < 200)
        say_left_out(unused " (never used)")
}

function say_left_out(words) {
    left_out[++n_left_out] = words
}

# A thread that touched nothing is only counted, in its process.
function choose_actors(    l, i, who, s) {
    for (l = 1; l <= n_links; l++)
        if (!(l in dead) && link_what[l] in shown)
            is_busy[link_who[l]]
    for (s = 1; s <= n_sigs; s++) {
        actor(sig_from[s])
        sub(/^group:/, "", sig_to[s])
        actor(sig_to[s])
        is_busy[sig_from[s]]
        is_busy[sig_to[s]]
    }
    for (i = 1; i <= n_actors; i++) {
        who = actors[i]
        if (who in is_thread && !(who in is_busy) && \
            stuck_in[who] == "" && mark[who] == "")
            idle_threads[process(who)]++
        else
            shown[who]
    }
}
