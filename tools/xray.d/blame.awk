# blame.awk: the rules about those who wait: who is to blame for it.

# --- pipes ---

# A reader or writer whose pipe's other end is in the wrong hands.
function explain_pipe(k,    p, o, end, self, others, i, n, list, q) {
    p = s_proc[k]
    o = s_on[k]
    if (!is_pipe(o) || s_call[k] !~ /^(read|write)$/ || s_timed[k])
        return
    end = s_call[k] == "read" ? "write" : "read"
    self = has(s_by[k], p)
    others = without(s_by[k], p)
    n = split(others, list, " ")
    if (self && all_stuck(p)) {
        for (i = 1; i <= n; i++)
            if (!(list[i] in hopeless))
                return
        # It may have kept a pipe for its handler, or a FIFO open, on purpose.
        if (n > 0 || hung(k) || end == "read" || \
            (ever[o, end] != " " p && o !~ /^fifo:/ && !((p, o) in wrote)))
            tell_own_end(k, p, o, end, n)
        return
    }
    if (end == "write" || !cut_short(k) || p in in_cycle)
        return
    for (i = 1; i <= n; i++) {
        q = list[i]
        if (q in how && hung(k))
            return
        if ((q, o) in got && !(q in stuck_in && \
            !(s_call[stuck_in[q]] == "read" && s_on[stuck_in[q]] == o)))
            return
    }
    if (n > 0)
        tell_unread(k, p, o, others, list[1])
}

function tell_own_end(k, p, o, end, n,    text) {
    text = named(s_who[k]) " " waits(k)
    if (ever[o, end] == " " p && o !~ /^fifo:/) {
        say(1, "pipe(2), fork(2)", "", text ", but no other process ever " \
            "had this pipe: it has to be made before the fork that shall " \
            "share it.")
        return
    }
    if (end == "read")
        text = text ", but only it itself still holds a read end: it never " \
            "closed the one that it doesn't use, and so gets no SIGPIPE."
    else if ((p, o, "write") in inherited && !((p, o) in wrote))
        text = text ", but holds a write end of it itself: it never closed " \
            "the copy that it inherited from " named(parent_of[p]) "."
    else
        text = text ", but holds a write end of it itself: it never closed it."
    say(1, "pipe(7)", "Close what you don't use", text)
}

# A writer waits, while its readers don't read.
function tell_unread(k, p, o, others, q,    text, i, m, list, many) {
    many = index(substr(others, 2), " ")
    text = named(s_who[k]) " " waits(k) ", but " listed(others) ", which " \
        (many ? "hold" : "holds") " its read end, " \
        (!((q, o) in got) ? "never read" : many ? "don't read" : "doesn't read") \
        " from it" ((q, o) in got ? " any more" : "")
    # Has it been writing to this one meanwhile?
    m = split(reads_from[p], list, " ")
    for (i = 1; i <= m; i++)
        if ((q, list[i]) in wrote)
            break
    if (i <= m)
        text = text ": it wrote to " list[i] " instead, until " named(p) \
            " could take no more. One of them has to read while it writes"
    else if (q in stuck_in && hung(stuck_in[q]))
        text = text ": " named(q) " " waits(stuck_in[q])
    say(1, "pipe(7), poll(2)", "", text ".")
}

# A daemon, or its child, keeps the pipe that another program has started it with.
function keeps_for_nothing(p, o,    q) {
    for (q = p; q != "" && !(q in orphaned); q = parent_of[q])
        ;
    return q != "" && is_daemon(p) && !((p, o) in wrote) && \
        program_of(creator[o]) != program_of(p)
}

function explain_daemons(    i, j, m, k, o, p, q, list) {
    for (i = 1; i <= n_ended_with; i++) {
        o = ended_with[i]
        p = last_had[o, "write"]
        m = keeps_for_nothing(p, o) ? split(ever[o, "read"], list, " ") : 0
        for (j = 1; j <= m; j++) {
            q = list[j]
            if ((q, o) in saw_end && !is_daemon(q)) {
                tell_kept(q, "had to wait for an end of file on " o \
                    " until " named(p) " ended", p)
                break
            }
        }
    }
    for (k = 1; k <= n_stuck; k++) {
        if (!hung(k) || s_call[k] != "read" || !is_pipe(s_on[k]))
            continue
        m = split(s_by[k], list, " ")
        for (j = 1; j <= m && keeps_for_nothing(list[j], s_on[k]); j++)
            ;
        if (m && j > m)
            tell_kept(s_who[k], waits(k) " until " named(list[1]) " ends", list[1])
    }
}

function tell_kept(q, text, p) {
    say(2, "daemon(7), dup2(2)", "Descriptors, not streams", named(q) " " text \
        ": that daemon never closed the write end that it was started with.")
}

# --- threads and locks ---

function explain_futexes(p,    k, n, i, list, words, many, who, tid, locks) {
    for (k = 1; k <= n_stuck; k++)
        if (s_proc[k] == p) {
            if (!on_futex(k) || s_timed[k])
                return
            if (s_on[k] in woke_nobody) {
                say(2, "futex(2), pthread_cond_wait(3)", "", named(s_who[k]) \
                    " waits on " s_on[k] " for a wake-up that came before: " \
                    named(woke_nobody[s_on[k]]) " woke it while nobody waited.")
                return
            }
            n++
            locks += s_call[k] == "futexlock"
            who = who " " s_who[k]
            tid = k
            if (s_call[k] ~ /^futex/ && !has(words "", s_on[k]) && ++many <= 4)
                words = words " " s_on[k]
        }
    # gawk 5.2 fails if an element that isn't there yet is passed.
    if (tell_dead_owner(p, tid, mapped[p] ""))
        return
    # Some may only be in pthread_join(), which looks the same.
    if (n > 1)
        say(1, many > 1 && !locks ? "pthread_cond_signal(3)" : \
            "pthread_mutex_lock(3)", "", "all threads of " named(p) \
            " wait: " listed(who) ", on " listed(words) ". Probably " \
            (many > 1 && locks ? "each waits for a lock that another one " \
                "holds: all have to take their locks in the same order." : \
            many > 1 ? "one has changed what another one waits for, and " \
                "woke nobody, or only one where all should be woken." : \
            "nobody is left who could wake them up."))
    else if (threads[p] > 0)
        say(2, "pthread_mutex_lock(3)", "", named(s_who[tid]) " waits on " \
            s_on[tid] ", but all other threads have ended: probably one of " \
            "them kept a lock, or never told that it was done.")
    else
        say(2, "pthread_mutex_lock(3), sem_wait(3)", "", named(p) " waits on " \
            s_on[tid] (mapped[p] ? ", in memory that it shares, " \
            "and nobody wakes it" : ", and it has no other thread to wake it") \
            ": probably it waits for a lock that " (mapped[p] ? "was never " \
            "given back" : "it holds itself") ", or nobody posts a semaphore.")
}

# Was somebody killed, or did it fail, with whom p shares one of these objects?
function tell_dead_owner(p, k, objects,    i, n, list, j, m, users, q, o, dead, at) {
    n = split(objects, list, " ")
    for (i = 1; i <= n; i++) {
        o = list[i]
        m = split(s_call[k] == "semop" ? sem_users[o] : mappers[o], users, " ")
        for (j = 1; j <= m; j++) {
            q = users[j]
            if (q == p || !(q in how) || status[q] == "0" || \
                (s_call[k] == "semop" && balance[q, o] >= 0))
                continue
            if (dead == "" || how[dead] != "killed") {
                dead = q
                at = o
            }
        }
    }
    if (dead == "")
        return 0
    say(2, s_call[k] == "semop" ? "semop(2) on SEM_UNDO" : \
        "pthread_mutexattr_setrobust(3)", "", named(s_who[k]) " " waits(k) \
        ", but " named(dead) ", which also used " at ", " ended_how(dead) \
        ": probably while it held the lock.")
    return 1
}

# A lock that a handler waits for is in the hands of what it interrupted.
function explain_handler(k) {
    futexes_told[s_proc[k]]
    say(1, "signal-safety(7)", "Only what is safe", named(s_who[k]) " " waits(k) \
        " within its handler for " inside[s_who[k]] ": probably the handler " \
        "called malloc, printf, exit or the like, and the lock is held by what it " \
        "has interrupted.")
}

# --- other waits ---

function explain_wait(k,    c, o, p, i, q) {
    c = s_call[k]
    o = s_on[k]
    p = s_proc[k]
    if (s_timed[k])
        return
    if (c == "open" && given_up(k) && o ~ /^(fifo|file):/ && !(o in no_fifo)) {
        for (i = 1; i <= n_stuck; i++)
            if (s_call[i] == "open" && s_proc[i] != p && s_on[i] != o && hung(i))
                break
        if (o in opening && i <= n_stuck)
            return
        opening[i <= n_stuck ? s_on[i] : ""]
        say(1, "fifo(7)", "", named(s_who[k]) " " waits(k) \
            ", but nobody opens it for " \
            (s_mode[k] == "write" ? "reading" : "writing") \
            (i > n_stuck ? "." : ": " named(s_who[i]) " " waits(i) \
            " first. Both have to open their FIFOs in the same order."))
    } else if (c == "lock" && cut_short(k) && !(p in in_cycle)) {
        q = substr(s_by[k], 2)
        sub(/ .*/, "", q)
        if (has(s_by[k], p) && without(s_by[k], p) != "") {
            upgraded[o]
            say(1, "flock(2)", "", named(s_who[k]) " " waits(k) \
                ", and keeps the one that it has; so does " \
                listed(without(s_by[k], p)) \
                ": who may write takes the exclusive one from the beginning.")
        } else if (q == p && !(o in upgraded))
            say(1, "flock(2)", "", named(s_who[k]) " " waits(k) \
                " that it holds itself, through another descriptor.")
        else if (q != p && q != "" && q in stuck_in && hung(k))
            say(2, "flock(2)", "", named(s_who[k]) " " waits(k) ", but " \
                named(q) ", which holds it, " waits(stuck_in[q]) ".")
    } else if (c == "semop" && given_up(k)) {
        tell_dead_owner(p, k, " " o)
    } else if (c == "send" && cut_short(k)) {
        found_full(o, s_who[k])
    } else if (c == "receive" && hung(k) && !(o in any_wrote)) {
        say(2, "mq_overview(7)", "", named(s_who[k]) " " waits(k) \
            ", but nobody in this run ever sent one.")
    } else if ((c == "pause" || c == "poll") && s_who[k] in lost && given_up(k)) {
        say(2, "sigsuspend(2), signal(7)", "The check and the wait", named(s_who[k]) " " waits(k) \
            ", but " lost[s_who[k]] " came before the wait, and was handled " \
            "by then: block it first, and wait with sigsuspend or ppoll.")
    }
}

# Threads that waited for locks when another one ended the process as a failure,
# or went on with something else until the time was up.
function explain_locks_at_the_end(    k, p, who, on, many, list, other) {
    for (k = 1; k <= n_stuck; k++)
        if (!on_futex(k))
            other[s_proc[k]]
    for (k = 1; k <= n_stuck; k++) {
        p = s_proc[k]
        if (s_call[k] == "futexlock" && (p in other || !all_stuck(p)) && \
            (p in how ? how[p] == "killed" || status[p] != 0 : hung(k))) {
            who[p] = who[p] " " s_who[k]
            many[p]++
            if (!has(on[p] "", s_on[k]))
                on[p] = on[p] " " s_on[k]
        }
    }
    for (p in who)
        say(1, "pthread_mutex_lock(3)", "", listed(who[p]) (many[p] > 1 ? \
            " still wait" : " still waits") " for " listed(on[p]) " at the end of " \
            named(p) ": " (split(on[p], list, " ") > 1 ? "probably each " \
            "waits for a lock that the other one holds: all have to take " \
            "their locks in the same order." : \
            "nobody gave that lock back."))
}

# A thread that nobody ever woke, in a process that failed when another thread
# of it had waited for long enough. libc makes no call to wake nobody, so that a
# wake-up that came before the wait can't be seen.
function explain_late_waits(    k, p) {
    for (k = 1; k <= n_stuck; k++) {
        p = s_proc[k]
        if (s_call[k] == "futexwait" && !s_timed[k] && !(s_on[k] in was_woken) && \
            p in lost_patience && how[p] == "exit" && status[p] != 0)
            say(1, "pthread_cond_wait(3)", "", named(s_who[k]) " still waits on " \
                s_on[k] " at the end of " named(p) ", and nobody ever woke it: " \
                "probably what it waits for had happened before, and wasn't " \
                "kept as a state that it looks at first.")
    }
}

function explain_waits(    k, p) {
    explain_locks_at_the_end()
    explain_late_waits()
    if (n_stuck <= 300) {
        find_hopeless()
        find_cycles()
    }
    for (k = 1; k <= n_stuck; k++) {
        p = s_proc[k]
        explain_pipe(k)
        explain_wait(k)
        if (on_futex(k) && s_who[k] in inside && cut_short(k) && !s_timed[k])
            explain_handler(k)
        if (on_futex(k) && all_stuck(p) && !(p in futexes_told) && \
            (hung(k) || (cut_short(k) && !mapped[p] && !handles[p]))) {
            futexes_told[p]
            explain_futexes(p)
        }
    }
}
