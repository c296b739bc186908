# group.awk: makes few of many, so that the picture is readable.
#
# prepare() draws those that are alike as one, and keeps to cap nodes (-v
# cap=30). group_size[NAME] tells how many NAME then stands for, from itself to
# last_of_group[NAME].

# Puts a word into a sorted list. Long lists stay as they come.
function add_sorted(list, word,    n, parts, i, out) {
    if (length(list) > 300)
        return length(list) > 2000 ? list : list "\n" word
    n = split(list, parts, "\n")
    for (i = 1; i <= n && parts[i] <= word; i++)
        out = out (out == "" ? "" : "\n") parts[i]
    out = out (out == "" ? "" : "\n") word
    for (; i <= n; i++)
        out = out "\n" parts[i]
    return out
}

function what_was_done(l,    v, words) {
    if (!(verbs_of[l] in in_order)) {
        for (v = 1; v <= n_verbs; v++)
            if (index(verbs_of[l] " ", " " verbs[v] " "))
                words = words " " verbs[v]
        in_order[verbs_of[l]] = words
    }
    return in_order[verbs_of[l]] (ends_of_file[l] ? " end" : "") "|" \
        bad_in[l] "|" bad_out[l]
}

# Alike are those with the same traits. Fewer than three stay apart.
function group_alike(names, n, traits,    i, t, first, size) {
    for (i = 1; i <= n; i++)
        if (names[i] in shown)
            size[traits[names[i]]]++
    for (i = 1; i <= n; i++) {
        t = traits[names[i]]
        if (!(names[i] in shown) || size[t] < 3)
            continue
        if (!(t in first)) {
            first[t] = names[i]
            group_size[names[i]] = size[t]
        } else {
            group_of[names[i]] = first[t]
            delete shown[names[i]]
        }
        last_of_group[first[t]] = names[i]
    }
}

function find_groups(    l, i, s, who, what, users, family, traits, of) {
    for (l = 1; l <= n_links; l++)
        if (!(l in dead))
            users[link_what[l]]++
    for (l = 1; l <= n_links; l++) {
        what = link_what[l]
        if (!(l in dead) && what in shown)
            of[link_who[l]] = add_sorted(of[link_who[l]], \
                (users[what] > 2 ? what : kind[what]) what_was_done(l))
    }
    for (s = 1; s <= n_sigs; s++) {
        of[sig_from[s]] = add_sorted(of[sig_from[s]], ">" sig_name[s])
        of[sig_to[s]] = add_sorted(of[sig_to[s]], "<" sig_name[s])
    }
    for (i = 1; i <= n_actors; i++) {
        who = actors[i]
        what = who in is_thread ? process(who) : parent_of[who]
        traits[who] = what == "" ? who : (who in is_thread) "|" program[who] \
            "|" ending[who] "|" mark[who] "|" stuck_in[who] "|" \
            kind[stuck_on[who]] "|" children[who] "|" threads[who] "|" \
            (who in left_running) "|" family[traits[what]] "|" of[who]
        if (!(traits[who] in family))
            family[traits[who]] = i
    }
    group_alike(actors, n_actors, traits)
    split("", of)
    for (l = 1; l <= n_links; l++)
        if (!(l in dead) && link_what[l] in shown)
            of[link_what[l]] = add_sorted(of[link_what[l]], \
                in_place_of(link_who[l]) what_was_done(l))
    for (i = 1; i <= n_objects; i++)
        traits[objects[i]] = kind[objects[i]] "|" mark[objects[i]] "|" \
            of[objects[i]]
    group_alike(objects, n_objects, traits)
}

# Keeps what is wrong, then the eldest processes, then what they use.
function keep(name) {
    if (!(name in shown) || name in kept || n_kept >= cap)
        return
    kept[name]
    n_kept++
}

function keep_to_cap(    i, l, people, things) {
    for (i = 1; i <= n_actors && n_kept < cap * 0.7; i++)
        if (i == 1 || mark[actors[i]] != "")
            keep(actors[i])
    for (l = 1; l <= n_links && n_kept < cap * 0.7; l++)
        if (!(l in dead) && bad_in[l] bad_out[l] != "") {
            keep(link_what[l])
            keep(link_who[l])
        }
    for (i = 1; i <= n_actors && n_kept < cap * 0.7; i++)
        keep(actors[i])
    for (i = 1; i <= n_objects; i++)
        if (mark[objects[i]] != "")
            keep(objects[i])
    for (l = 1; l <= n_links; l++)
        if (!(l in dead) && link_who[l] in kept)
            keep(link_what[l])
    for (i = 1; i <= n_actors; i++)
        keep(actors[i])
    for (i = 1; i <= n_actors; i++)
        if (actors[i] in shown && !(actors[i] in kept)) {
            people += actors[i] in group_size ? group_size[actors[i]] : 1
            delete shown[actors[i]]
        }
    for (i = 1; i <= n_objects; i++)
        if (objects[i] in shown && !(objects[i] in kept)) {
            things += objects[i] in group_size ? group_size[objects[i]] : 1
            delete shown[objects[i]]
        }
    if (people || things)
        say_left_out((people ? people " processes or threads" : "") \
            (people && things ? " and " : "") \
            (things ? things " objects" : "") " beyond " cap " (cap=N shows N)")
}

function count_shown(    i, n) {
    for (i = 1; i <= n_actors; i++)
        n += actors[i] in shown
    for (i = 1; i <= n_objects; i++)
        n += objects[i] in shown
    return n
}

function prepare() {
    if (!cap)
        cap = 30
    n_verbs = split("write send up futexwake lock map watch notify listen " \
        "connect pass_fd read receive down futexwait accept receive_fd open", \
        verbs, " ")
    find_faults()
    fold_all()
    choose_objects()
    choose_actors()
    if (count_shown() > 12) {
        find_groups()
        fold_all()
    }
    if (count_shown() > cap)
        keep_to_cap()
}
