# model.awk: reads facts (see FACTS.md) into arrays, for those who draw them.
#
# Usage: xray facts LOG | LC_ALL=C awk -f model.awk -f faults.awk \
#            -f choose.awk -f group.awk -f words.awk -f graph.awk
#        (ascii.awk instead of graph.awk draws for a terminal)
#
# No fact is kept, only totals: what stays in memory grows with the number of
# processes, objects and pairs of both, not with the length of the log.
#
# actors[1..n_actors]    processes and threads, in the order of their birth
# objects[1..n_objects]  pipes, files, queues, ...
# links[1..n_links]      who used what: link_who[l], link_what[l], and for each
#                        of its verbs count[l, verb], total[l, verb] (bytes)
#                        and errors[l, verb], error_count[l, verb, error]
# sigs[1..n_sigs]        who sent what to whom: sig_from, sig_to, sig_name

function actor(name) {
    if (name in actor_number)
        return
    actors[++n_actors] = name
    actor_number[name] = n_actors
    if (name ~ /\/t[0-9]+$/)
        is_thread[name]
}

# The process that a thread belongs to; a process belongs to itself.
function process(name) {
    if (name in is_thread)
        sub(/\/t[0-9]+$/, "", name)
    return name
}

# "pipe" for child.1/pipe:1, "file" for file:a/b, "std" for stdout.
function kind_of(name) {
    if (name ~ /^std(in|out|err)$/)
        return "std"
    if (!index(name, ":"))
        return "other"
    sub(/:.*/, "", name)
    sub(/.*\//, "", name)
    return name
}

function object(name) {
    if (name in kind)
        return
    objects[++n_objects] = name
    object_number[name] = n_objects
    kind[name] = kind_of(name)
}

function link(who, what) {
    if ((who, what) in link_number)
        return link_number[who, what]
    actor(who)
    object(what)
    link_who[++n_links] = who
    link_what[n_links] = what
    return link_number[who, what] = n_links
}

# A call of who on what: a number or nothing as its result, or an error.
function use(who, verb, what, result,    l) {
    if (result == "EINTR")
        return
    l = link(who, what)
    if (!((l, verb) in count)) {
        count[l, verb] = total[l, verb] = 0
        verbs_of[l] = verbs_of[l] " " verb
        used[process(who), what, verb]
        has_user[what, verb]
    }
    if (result ~ /^E/) {
        if (!error_count[l, verb, result]++)
            errors[l, verb] = errors[l, verb] " " result
        return
    }
    if (verb == "read" && result == "0") {
        ends_of_file[l]++
        return
    }
    count[l, verb]++
    total[l, verb] += result
}

function base_name(path) {
    sub(/.*\//, "", path)
    return path
}

function ended(who, how) {
    ending[who] = how
    ended_at[who] = NR
}

# What fork() does to a shared mapping: the child has it, too.
function inherit_maps(from, to,    n, i, list) {
    n = split(maps[from], list, " ")
    for (i = 1; i <= n; i++)
        add_map(to, list[i], map_mode[link(from, list[i])])
}

function add_map(who, what, mode,    l) {
    use(who, "map", what, "")
    l = link(who, what)
    map_mode[l] = map_mode[l] && map_mode[l] != mode ? "both" : mode
    who = process(who)
    if (!index(maps[who] " ", " " what " "))
        maps[who] = maps[who] " " what
}

function remove_map(who, what,    at) {
    who = process(who)
    at = index(maps[who] " ", " " what " ")
    if (at)
        maps[who] = substr(maps[who], 1, at - 1) \
            substr(maps[who], at + length(what) + 1)
}

function send_signal(from, to, name, result,    key) {
    key = from SUBSEP to SUBSEP name
    if (!(key in sig_number)) {
        sig_number[key] = ++n_sigs
        sig_from[n_sigs] = from
        sig_to[n_sigs] = to
        sig_name[n_sigs] = name
    }
    key = sig_number[key]
    sig_count[key]++
    if (result != "") {
        sig_error[key] = result
        sig_failed[key]++
    }
}

# Both ends of a connection are drawn as one object, under the first name.
function join_sockets(one, other) {
    if (one == other || other in same_as)
        return
    object(one)
    object(other)
    same_as[other] = one
    peer[one] = other
    peer[other] = one
}

# The most frequent first.
$1 == "read" || $1 == "write" { use($2, $1, $3, $5); next }
$1 == "futexwait" || $1 == "futexwake" { use($2, $1, $3, $5); next }
$1 == "poll" || $1 == "sleep" || $1 == "pause" { next }
$1 == "open" || $1 == "inherit" {
    if ($5 == "=") {
        if (kind_of($3) != "file" && kind_of($3) != "dir")
            use($2, "open", $3, $6)
    } else {
        fds[process($2), $3, $4]++
    }
    next
}
$1 == "dup" { fds[process($2), $3, $4]++; next }
$1 == "close" { fds[process($2), $3, $4]--; delete last_held[$3, $4]; next }
$1 == "held" {
    held[process($2), $3, $4]
    last_held[$3, $4] = process($2)
    next
}
$1 == "gone" {
    if (($2, $3) in last_held)
        kept_by[$2, $3] = last_held[$2, $3]
    next
}
$1 == "send" || $1 == "receive" {
    if ($4 == "=")
        use($2, $1, $3, $5)
    else
        use($2, "receive_fd", $3, "")
    next
}
$1 == "pass" { use($2, "pass_fd", $3, ""); next }
$1 == "semop" { use($2, $4 < 0 ? "down" : "up", $3, $5 == "=" ? $6 : ""); next }

$1 == "lock" {
    use($2, "lock", $3, $6 == "=" ? $7 : "")
    lock_how[link($2, $3)] = $4 (($5 == "read") ? ", shared" : ", exclusive")
    if ($6 == "")
        has_lock[process($2), $3]
    next
}
$1 == "unlock" { delete has_lock[process($2), $3]; next }

$1 == "start" { actor($2); program[$2] = base_name($3); next }
$1 == "fork" {
    if ($3 == "=")
        next
    actor($2)
    actor($3)
    parent_of[$3] = process($2)
    program[$3] = program[process($2)]
    children[process($2)]++
    inherit_maps(process($2), $3)
    next
}
$1 == "thread" { actor($2); actor($3); threads[process($3)]++; next }
$1 == "exec" {
    if ($4 == "=") {
        exec_failed[process($2)] = base_name($3) ": " $5
    } else {
        program[process($2)] = base_name($3)
        delete exec_failed[process($2)]
        did_exec[process($2)]
        maps[process($2)] = ""
    }
    next
}
$1 == "exit" { ended($2, ($2 in is_thread) ? "ended" : "exit " $4); next }
$1 == "killed" { ended($2, "killed by " $3); killed_by[$2] = $3; next }
$1 == "reap" { reaper[$3] = $2; next }
$1 == "zombie" { is_zombie[$2]; next }
$1 == "orphan" { is_orphan[$2]; next }
$1 == "session" { leads[process($2)]; next }
$1 == "join" { joined[$3]; next }
$1 == "stuck" {
    actor($2)
    stuck_in[$2] = $3
    stuck_at[$2] = NR
    stuck_on[$2] = $4 == "timed" ? "" : $4
    if ($NF == "timed")
        is_timed[$2]
    if (stuck_on[$2] != "" && !(stuck_on[$2] in actor_number))
        link($2, stuck_on[$2])
    next
}

$1 == "create" { object($3); created[$3] = process($2); next }
$1 == "truncate" { object($3); changed[$3]; next }
$1 == "rename" {
    object($3)
    changed[$3]
    note[$3] = "renamed to " $4
    sub(/ [a-z]*:/, " ", note[$3])
    next
}
$1 == "map" { add_map($2, $3, $4); next }
$1 == "attach" { add_map($2, $3, "both"); next }
$1 == "unmap" || $1 == "detach" { remove_map($2, $3); next }
$1 == "watch" { use($2, "watch", $3, ""); next }
$1 == "notify" { use($2, "notify", $3, ""); next }

$1 == "bind" { object($3); note[$3] = "at " $4; next }
$1 == "listen" { object($3); listens[$3]; use($2, "listen", $3, ""); next }
$1 == "connect" {
    if (NF == 4 && ($4 in kind) && !($4 in listens)) {
        join_sockets($3, $4)
        next
    }
    if ($4 in kind)
        use($2, "connect", $4, $5 == "=" ? $6 : "")
    else {
        use($2, "connect", $3, $5 == "=" ? $6 : "")
        note[$3] = "to " $4
    }
    next
}
$1 == "accept" {
    use($2, "accept", $3, "")
    object($4)
    if (NF > 4 && $5 ~ /:/)
        join_sockets($4, $5)
    next
}

$1 == "signal" { send_signal($2, $3, $4, $6); next }
$1 == "pending" { was_pending[$2, $3]; next }
$1 == "deliver" || ($1 == "take" && $3 != "=") {
    how = $1 == "take" ? "taken" : $4
    outcome[process($2), $3, how]++
    if ($6 == "outside") {
        send_signal("outside", process($2), $3, "")
    } else if ((how == "handled" || how == "taken") && \
        !(($6, process($2), $3) in sig_number)) {
        if (!(own_sig[process($2), $3]++))
            own_sigs[process($2)] = own_sigs[process($2)] " " $3
    }
    next
}

$1 == "left" && $2 == "running" { left_running[$3]; next }
$1 == "left" && $2 == "name" { object($3); left_name[$3]; next }
$1 == "left" && $2 == "pending" {
    # Not one that does nothing by itself, or whose call tells by its error.
    if ($4 !~ /^SIG(CHLD|PIPE|URG|WINCH|CONT)$/)
        left_pending[$3] = left_pending[$3] " " $4
    next
}
$1 == "end" { end_how = $2; end_value = $3; next }
