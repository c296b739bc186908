# waits.awk: who waits for whom, and who for ever, from what state.awk knows.
#
# hopeless[p]  whose wait only others can end that are hopeless, too

# Who has this end now.
function holders(o, end,    i, count, list, found) {
    count = split(ever[o, end], list, " ")
    for (i = 1; i <= count; i++)
        if (n[list[i], o, end] > 0)
            found = found " " list[i]
    return found
}

# Who could end a wait that begins now. Empty: nobody that the log shows.
function who_frees(call, o, p,    i, count, list, found) {
    if (o in passed)
        return ""
    if (is_pipe(o))
        return call == "read" ? holders(o, "write") : \
            call == "write" ? holders(o, "read") : ""
    if (o in peer)
        return holders(peer[o], "read")
    if (call == "lock") {
        count = split(lockers[o], list, " ")
        for (i = 1; i <= count; i++)
            if ((list[i], o) in locked && !(list[i] in how))
                found = found " " list[i]
    }
    return found
}

# --- how a wait ended ---

# A session of its own is for a daemon: that waits for ever, as it should.
function is_daemon(p) {
    while (p != "" && !(p in daemon))
        p = p in parent_of ? parent_of[p] : ""
    return p != "" && p != "parent"
}

function hung(k,    p) {
    p = s_proc[k]
    return timed_out && !(p in how && p in killer) && !is_daemon(p)
}

# Somebody in the run, or a time limit, ended this wait.
function cut_short(k) {
    return hung(k) || s_proc[k] in killer
}

function given_up(k,    p) {
    p = s_proc[k]
    return hung(k) || (p in killer && status[p] == "SIGKILL") ||
        status[p] == "SIGALRM"
}

# Whether all threads of a process are stuck.
function all_stuck(p) {
    return stuck_tasks[p] > 0 && stuck_tasks[p] >= 1 + threads[p] - threads_ended[p]
}

function waits(k,    c, o) {
    c = s_call[k]
    o = s_on[k]
    if (c == "read")
        return (is_pipe(o) && o in any_wrote ? "waits for an end of file on " : \
            is_pipe(o) ? "waits for data or an end of file on " : \
            "waits for input from ") o
    if (c == "write" || c == "send")
        return "waits for room in " o
    if (c == "wait")
        return "waits for " (o == "" ? "a child" : o) " to end"
    if (c == "join")
        return "waits for thread " o " to end"
    if (c == "receive")
        return "waits for a message in " o
    if (c == "futexlock")
        return "waits for the lock " o
    if (c == "lock")
        return "waits for a lock on " o
    if (c == "open")
        return "waits to open " o (s_mode[k] == "read" ? " for reading" : \
            s_mode[k] == "write" ? " for writing" : "")
    if (c == "pause" || c == "sigwait")
        return "waits for a signal"
    if (c == "accept" || c == "connect")
        return "waits for a connection in " c
    return (c == "sleep" ? "sleeps" : "waits in " c) (o == "" ? "" : " on " o)
}

# --- who waits for whom ---

# The processes that could end a wait.
function blockers(k,    i, n, list, found) {
    if (s_call[k] != "wait" || s_on[k] != "")
        return s_call[k] == "wait" ? " " s_on[k] : s_by[k]
    n = split(children[s_proc[k]], list, " ")
    for (i = 1; i <= n; i++)
        if (!(list[i] in how))
            found = found " " list[i]
    return found
}

function on_futex(k) { return s_call[k] ~ /^futex|^join$/ }

# Can nobody but those who are hopeless themselves end the waits of this one?
function is_hopeless(p,    k, i, n, list) {
    for (k = 1; k <= n_stuck; k++) {
        if (s_proc[k] != p || on_futex(k))
            continue
        n = split(blockers(k), list, " ")
        if (s_timed[k] || n == 0)
            return 0
        for (i = 1; i <= n; i++)
            if (!(list[i] in hopeless))
                return 0
    }
    return 1
}

function find_hopeless(    k, p, again) {
    for (k = 1; k <= n_stuck; k++)
        if (hung(k) && !s_timed[k] && all_stuck(s_proc[k]))
            hopeless[s_proc[k]]
    do {
        again = 0
        for (k = 1; k <= n_stuck; k++) {
            p = s_proc[k]
            if (p in hopeless && !is_hopeless(p)) {
                delete hopeless[p]
                again = 1
            }
        }
    } while (again)
}

# Looks for the shortest way from process p over those it waits for back to p.
# Returns its length; way[1..] are the stuck calls on it.
function find_cycle(p,    todo, n, at, q, k, i, m, list, from, by) {
    todo[n = 1] = p
    for (at = 1; at <= n; at++)
        for (k = 1; k <= n_stuck; k++) {
            if (s_proc[k] != todo[at])
                continue
            m = split(blockers(k), list, " ")
            for (i = 1; i <= m; i++) {
                q = list[i]
                if (q in from || !(q in hopeless) || q in in_cycle || \
                    q == todo[at])
                    continue
                from[q] = todo[at]
                by[q] = k
                todo[++n] = q
                if (q == p) {
                    m = 0
                    do {
                        way[++m] = by[q]
                        q = from[q]
                    } while (q != p)
                    return m
                }
            }
        }
    return 0
}

# What links the one who waits in call k to the next of the cycle.
function link(k) {
    if (s_call[k] == "wait")
        return " "
    if (s_call[k] == "lock")
        return ", which holds it, "
    if (!is_pipe(s_on[k]))
        return ", which has its other end, "
    return s_call[k] == "read" ? ", which holds a write end of it, " : \
        ", which holds its read end, "
}

function tell_cycle(m,    i, k, text, calls, advice, keeper, pipes) {
    for (i = m; i >= 1; i--) {
        k = way[i]
        in_cycle[s_proc[k]]
        calls = calls " " s_call[k]
        text = text (i == m ? named(s_who[k]) " " : \
            ", and " named(s_who[k]) link(way[i + 1])) waits(k)
        if (s_call[k] == "wait")
            keeper = named(s_who[k])
        if (s_call[k] == "read" || s_call[k] == "write")
            pipes = 1
    }
    if (keeper && has(calls, "write"))
        advice = keeper " has to let somebody read first: start all that " \
            "shall use the pipe, close both ends, and only then wait"
    else if (keeper && pipes)
        advice = keeper " has to close its write end before it waits"
    else if (has(calls, "write"))
        advice = "one of them has to read while it writes"
    else if (pipes)
        advice = "one of them has to write first, and not into a buffer only"
    else
        advice = "all have to take their locks in the same order"
    say(1, !pipes ? "flock(2), F_SETLKW in fcntl(2)" : \
        keeper ? "pipe(7)" : "pipe(7), poll(2)", \
        keeper && pipes ? "Close what you don't use" : "", \
        text ": each waits for the " (m == 2 ? "other" : "next") "; " advice ".")
}

function find_cycles(    k, m, pass) {
    # From a reader or writer on, that reads best.
    for (pass = 1; pass <= 2; pass++)
        for (k = 1; k <= n_stuck; k++) {
            if (!(s_proc[k] in hopeless) || s_proc[k] in in_cycle || \
                (pass == 1) != (s_call[k] ~ /^(read|write|lock)$/))
                continue
            m = find_cycle(s_proc[k])
            if (m > 1)
                tell_cycle(m)
        }
}
