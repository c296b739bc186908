# explain.awk: says what most likely went wrong in a run, most important first.
#
# Usage: xray facts LOG | awk [-v short=1] -f state.awk -f waits.awk \
#            -f blame.awk -f explain.awk
#
# With short=1: one line a finding, the sentence, a tab and the man page. Where
# nothing is wrong, nothing is said. What waited when it was killed may have
# been meant to (a daemon, for one), so most rules about those who wait apply
# only if the run was out of time, or if another process of it gave up.

function named(who,    p) {
    p = process(who)
    return who (p in program ? " (" program[p] ")" : "")
}

# "a", "a and b", "a, b and c", "a, b and 7 more"
function listed(list,    n, w, i, text) {
    n = split(list, w, " ")
    for (i = 1; i <= n && i <= 3; i++) {
        if (i == 3 && n > 3)
            return text " and " n - 2 " more"
        text = text (i == 1 ? "" : i == n ? " and " : ", ") named(w[i])
    }
    return text
}

# weight 1 is the most important. Of one kind (the same weight, page and hint)
# three are told, and how many more there are.
function say(weight, page, hint, text,    kind) {
    kind = weight page hint
    found++
    if (++told[kind] > 3) {
        more[latest[kind]]++
        return
    }
    line[weight, ++lines[weight]] = text
    read_in[weight, lines[weight]] = page
    hint_in[weight, lines[weight]] = hint
    latest[kind] = weight SUBSEP lines[weight]
}

function has(list, word) {
    return index(list " ", " " word " ")
}

function without(list, word,    at) {
    at = has(list, word)
    return at ? substr(list, 1, at - 1) substr(list, at + length(word) + 1) : list
}

function ended_how(p) {
    return status[p] ~ /^SIG/ ? "was killed by " status[p] : "ended with " status[p]
}

function program_of(p) {
    return p in program ? program[p] : ""
}

# Did its readers have all they wanted? So a pipeline is meant to end. Another
# program that ends well needn't have read anything.
function was_content(o, writer,    i, n, list, q) {
    if (o in peer)
        o = peer[o]
    n = split(ever[o, "read"], list, " ")
    for (i = 1; i <= n; i++) {
        q = list[i]
        if (q != writer && ((q, o) in got || program_of(q) != program_of(writer)) && \
            !(q in failed_exec) && (!(q in how) || \
            status[q] == (how[q] == "exit" ? "0" : "SIGPIPE")))
            return 1
    }
    return !has_ends(o) || o in passed
}

function explain_broken(i,    w, p, o, last, text) {
    w = broken_who[i]
    o = broken_on[i]
    p = process(w)
    # Who then closed its end has understood.
    if (was_content(o, p) || !(status[p] == "SIGPIPE" || (p, o, "write") in kept))
        return
    last = last_had[o in peer ? peer[o] : o, "read"]
    text = named(w) (status[p] == "SIGPIPE" ? \
        " was killed by SIGPIPE: it wrote to " o : \
        " wrote to " o " and got the error EPIPE:") \
        (status[p] == "SIGPIPE" ? ", but nobody" : " nobody") " could read it any more"
    if (last != "" && last_why[o in peer ? peer[o] : o, "read"] == "ended")
        text = text "; " named(last) ", the last reader, " ended_how(last) \
            (last in failed_exec ? ", as it couldn't run " failed_exec[last] : "")
    else if (last != "")
        text = text "; " (last == p ? "it itself" : named(last)) \
            " had closed the last read end"
    say(4, "pipe(7), write(2)", "", text ".")
}

# --- what went wrong otherwise ---

function is_fault(sig) {
    return sig ~ /^SIG(SEGV|BUS|FPE|ILL|ABRT|SYS)$/
}

# That a child faults may be meant: then its parent waits for it and knows.
function explain_faults(    i, p) {
    for (i = 1; i <= n_killed; i++) {
        p = killed[i]
        if (is_fault(status[p]) && (p == "parent" || timed_out || !(p in reaped)))
            say(3, "signal(7), core(5)", "", named(p) " was killed by " \
                status[p] ", which " (status[p] == "SIGABRT" ? \
                    "it sent to itself with abort()." : \
                    "the kernel sends for a fault in the program."))
    }
}

# A signal that was never taken; but not one that does nothing by itself, or
# whose call tells by its error.
function explain_pending(    i, p, sig) {
    for (i = 1; i <= n_left["pending"]; i++) {
        p = left["pending", i]
        sig = pending_sig[i]
        if (sig !~ /^SIG(CHLD|PIPE|URG|WINCH|CONT)$/)
            say(3, "signal(7), sigprocmask(2)", "", sig " was sent to " \
                named(p) ", which had blocked it and never unblocked or took it.")
    }
}

function explain_queues(    i, o) {
    for (i = 1; i <= n_full; i++) {
        o = full[i]
        if (!any_got[o])
            say(2, "mq_overview(7)", "", named(full_for[o]) " found " o \
                " full: nobody in this run ever received a message from it.")
    }
}

function never_reaped(c,    p) {
    p = parent_of[c]
    # A program doesn't know of what ran in its process before.
    if (execs[p] + 0 != execs_before[c])
        return 0
    if (p in how && how[p] == "exit")
        return 1
    if (p in how)
        return last_act[p] > ended_at[c] && status[p] != status[c] && \
            !is_fault(status[p])
    # What it was still busy with may have been to come before.
    return !(p in stuck_in) || \
        s_call[stuck_in[p]] ~ /^(poll|accept|pause|sleep|sigwait|receive)$/ || \
        (s_call[stuck_in[p]] == "read" && !is_pipe(s_on[stuck_in[p]]))
}

function explain_zombies(    i, c, p, list, n, order) {
    for (i = 1; i <= n_zombies; i++) {
        c = zombies[i]
        if (!never_reaped(c))
            continue
        p = parent_of[c]
        # Who leads a session, makes one process and ends has made a daemon:
        # init waits for that.
        if (p in daemon && how[p] == "exit" && split(children[p], list, " ") == 1)
            continue
        if (!(p in dead))
            order[++n] = p
        dead[p] = dead[p] " " c
    }
    for (i = 1; i <= n; i++)
        say(5, "waitpid(2)", "", named(order[i]) " never waited for " \
            listed(dead[order[i]]) ", which had ended: " \
            (index(substr(dead[order[i]], 2), " ") ? "they stayed zombies." : \
            "it stayed a zombie."))
}

function explain_left(    i, o, p) {
    for (i = 1; i <= n_left["running"] && "parent" in how; i++) {
        p = left["running", i]
        if (!is_daemon(p))
            say(5, "waitpid(2), kill(2)", "", named(p) \
                " still ran when the command had ended.")
    }
    for (i = 1; i <= n_left["name"]; i++) {
        o = left["name", i]
        p = creator[o]
        if (timed_out || (p in how && status[p] == "SIGKILL") || \
            named(p) ~ /\((mkfifo|mknod|mktemp|ipcmk)\)$/)
            continue
        say(5, o ~ /^mqueue:/ ? "mq_unlink(3)" : o ~ /^shm:/ ? "shm_unlink(3)" : \
            o ~ /^sem:/ ? "sem_unlink(3)" : o ~ /sysv/ ? "ipcrm(1), sysvipc(7)" : \
            "unlink(2)", "", o ", which " (p == "" ? "was made in this run" : \
            named(p) " made") ", was never removed: it stays behind.")
    }
}

function explain_busy(    i) {
    for (i = 1; i <= n_busy; i++)
        say(3, "poll(2), pause(2)", "", named(busy[i]) " asked " \
            idle[busy[i]] " times in vain, instead of waiting until there is " \
            "something to do.")
}

# A program that closes all numbers up to some limit may meet closed ones.
function explain_bad_numbers(    i, p) {
    for (i = 1; i <= n_bad; i++) {
        p = bad[i]
        if (p in bad_use)
            say(4, "close(2), open(2)", "", named(p) " called " bad_use[p] \
                ", which wasn't open (EBADF).")
        if (bad_closes[p] > 0 && bad_closes[p] <= 3 && bad_close[p] + 0 >= 0)
            say(4, "close(2)", "", named(p) " closed descriptor " bad_close[p] \
                ", which wasn't open: probably it had closed it before.")
    }
}

# Nothing else explains why the time was up: then at least who waited for what.
function explain_last(    k, i, p) {
    for (k = 1; k <= n_stuck; k++)
        if (hung(k) && blockers(k) == "" && !on_futex(k))
            say(6, "syscalls(2)", "", named(s_who[k]) " still " \
                (s_call[k] == "sleep" ? "slept" : waits(k)) " when the time was up.")
    for (i = 1; i <= n_left["running"]; i++) {
        p = left["running", i]
        if (!(p in stuck_tasks) && !is_daemon(p))
            say(6, "strace(1)", "", named(p) " still ran, and waited for " \
                "nothing, when the time was up: an endless loop?")
    }
}

function print_all(    w, i, k, number, kind) {
    for (w = 1; w <= 6; w++)
        for (i = 1; i <= lines[w]; i++) {
            k = w SUBSEP i
            if (short) {
                print line[w, i] "\t" read_in[w, i]
                continue
            }
            print ++number ". " line[w, i]
            if (more[k])
                print "   (And " more[k] " more like this.)"
            print "   Read: " read_in[w, i] \
                (hint_in[w, i] == "" ? "" : ", \"" hint_in[w, i] "\"")
        }
}

END {
    timed_out = end_how == "timeout" && !attached
    explain_waits()
    explain_daemons()
    explain_queues()
    for (i = 1; i <= n_refused; i++) {
        split(refused[i], list, " ")
        say(2, "fcntl(2), F_SETLKW", "", named(list[1]) " was refused a lock on " \
            list[2] " (EDEADLK): it and the lock's owner would wait for each other.")
    }
    explain_faults()
    explain_pending()
    explain_busy()
    for (i = 1; i <= n_broken; i++)
        explain_broken(i)
    explain_bad_numbers()
    explain_zombies()
    explain_left()
    if (timed_out && !found)
        explain_last()
    print_all()
}
