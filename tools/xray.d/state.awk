# state.awk: reads facts (see FACTS.md) into what explain.awk asks about: who
# has which end of what, who did what with it, who waits for whom.
#
# Of reads, writes and polls only totals are kept: what stays in memory grows
# with the number of processes and objects, not with the length of the log.
#
# n[p, o, end]       descriptors that process p has of this end of o
# ever[o, end]       who ever had one, in order; had[p, o, end]: whether p
# inherited[p, o, end], locked[p, o], wrote[p, o], got[p, o]
# saw_end[p, o]      p got end of file; ended_with[i]: a pipe that its last writer
#                    had open to its end
# how[p]             "exit" or "killed" once it has ended; status[p], killer[p]
# inside[who]        the signal in whose handler it was stuck
# s_who[k], ...      the k-th "stuck": s_proc, s_call, s_on, s_mode, s_timed;
#                    s_by: who could have ended that wait at that moment

# A thread shares everything here with its process.
function process(name) {
    if (index(name, "/t"))
        sub(/\/t[0-9]+$/, "", name)
    return name
}

# Those whose ends matter: somebody waits at the other one.
function has_ends(o) {
    return o ~ /^([a-z0-9.]+\/)?(pipe|fifo|unix|tcp|socket):/
}

function is_pipe(o) {
    return o ~ /^([a-z0-9.]+\/)?(pipe|fifo):/
}

# What to add to a list to have a word in it; beyond 200, nothing any more.
function add(list, key, word) {
    return list_length[list, key]++ < 200 ? " " word : ""
}

function gain(p, o, end) {
    n[p, o, end]++
    if (!((p, o, end) in had)) {
        had[p, o, end]
        ever[o, end] = ever[o, end] add("ever" end, o, p)
    }
}

function gain_all(p, o, mode) {
    if (mode != "write")
        gain(p, o, "read")
    if (mode != "read")
        gain(p, o, "write")
}

function lose(p, o, end, why) {
    if (n[p, o, end] > 0)
        n[p, o, end]--
    last_had[o, end] = p
    last_why[o, end] = why
    if (why == "ended")
        kept[p, o, end]
}

function lose_all(p, o, mode, why) {
    if (mode != "write")
        lose(p, o, "read", why)
    if (mode != "read")
        lose(p, o, "write", why)
}

# A call that found nothing to do, and none that did anything since the last.
function no_progress(who) {
    if (nothing[who]++ && ++idle[process(who)] == 1001)
        busy[++n_busy] = process(who)
}

function found_full(o, who) {
    if (!(o in full_for))
        full[++n_full] = o
    full_for[o] = who
}

function note_bad(p) {
    if (!(p in is_bad))
        bad[++n_bad] = p
    is_bad[p]
}

$NF == "EINTR" { interrupted[$2] = 1 }

$1 == "read" || $1 == "write" || $1 == "send" || $1 == "receive" {
    if ($4 != "=") { # a descriptor that came over a socket
        passed[$4]
        next
    }
    p = index($2, "/") ? process($2) : $2
    last_act[p] = NR
    # An empty message is one, too.
    if ($5 + 0 > 0 || ($5 == "0" && $3 ~ /^(mqueue:|.*sysvmsg:)/)) {
        nothing[$2] = 0
        if ($1 == "read" || $1 == "receive") {
            if (!((p, $3) in got))
                reads_from[p] = reads_from[p] add("reads", p, $3)
            got[p, $3]
            any_got[$3] = 1
        } else {
            wrote[p, $3]
            any_wrote[$3]
        }
    } else if ($1 == "read" && $5 == "0") {
        saw_end[p, $3]
    } else if ($5 == "EAGAIN" || $5 == "ETIMEDOUT") {
        no_progress($2)
        if ($1 == "send")
            found_full($3, $2)
    } else if ($5 == "EPIPE" && !(($2, $3) in broken)) {
        broken[$2, $3]
        broken_who[++n_broken] = $2
        broken_on[n_broken] = $3
    } else if ($5 == "EBADF" && $3 ~ /^-?[0-9]+$/ && !(p in bad_use)) {
        bad_use[p] = $1 " on descriptor " $3
        note_bad(p)
    }
    next
}
# Waited for so long, and for nothing.
/^futexwait .* ETIMEDOUT$|^take .* EAGAIN$|^poll .* = 0$|^sleep / {
    lost_patience[process($2)]
}
$1 == "poll" || $1 == "pause" {
    if ($4 != "EINTR")
        no_progress($2)
    if ($1 == "pause" || $4 + 0 > 0)
        delete lost[$2]
    last_act[process($2)] = NR
    next
}
$1 == "wait" && $4 == "0" { no_progress($2); next }
$1 == "accept" || $1 == "take" || $1 == "reap" { nothing[$2] = 0 }

$1 == "open" || $1 == "inherit" || $1 == "dup" {
    if ($3 ~ /^file:/)
        no_fifo[$3] # or it would have been named one
    if ($5 == "=" || !has_ends($3))
        next
    p = process($2)
    gain_all(p, $3, $4)
    if ($1 == "inherit")
        inherited[p, $3, $4]
    next
}
$1 == "close" {
    p = process($2)
    if ($4 == "=") {
        if ($5 == "EBADF") {
            bad_closes[p]++
            bad_close[p] = $3
            note_bad(p)
        }
    } else if (has_ends($3)) {
        lose_all(p, $3, $4, "closed")
    }
    delete locked[p, $3]
    next
}
$1 == "held" {
    if (has_ends($3))
        lose_all($2, $3, $4, "ended")
    next
}

$1 == "gone" {
    if ($3 == "write" && is_pipe($2) && last_why[$2, $3] == "ended")
        ended_with[++n_ended_with] = $2
    next
}

$1 == "lock" {
    p = process($2)
    if ($7 == "EDEADLK")
        refused[++n_refused] = $2 " " $3
    if ($7 == "EAGAIN")
        no_progress($2)
    if ($6 == "=")
        next
    if (!((p, $3) in locked))
        lockers[$3] = lockers[$3] add("lock", $3, p)
    locked[p, $3]
    next
}
$1 == "unlock" { delete locked[process($2), $3]; next }
$1 == "semop" {
    p = process($2)
    if (!((p, $3) in balance)) {
        balance[p, $3] = 0
        sem_users[$3] = sem_users[$3] add("sem", $3, p)
    }
    if ($5 != "=" && $5 != "undo")
        balance[p, $3] += $4
    next
}
$1 == "futexwake" && $5 == "0" { woke_nobody[$3] = $2; next }
$1 == "futexwake" { delete woke_nobody[$3]; was_woken[$3]; next }
$1 == "map" || $1 == "attach" {
    p = process($2)
    if (!((p, $3) in maps)) {
        maps[p, $3]
        mapped[p] = mapped[p] add("map", p, $3)
        mappers[$3] = mappers[$3] add("mapper", $3, p)
    }
    next
}

$1 == "create" { if ($4 != "=") creator[$3] = process($2); next }
($1 == "connect" && NF == 4 && $4 ~ /:[0-9]+$/) || ($1 == "accept" && NF == 5) {
    one = $(NF - 1)
    peer[one] = $NF
    peer[$NF] = one
    next
}
$1 == "pass" { passed[$4]; next }

$1 == "start" { alive["parent"]; attached = $3 == "attached"; next }
$1 == "fork" {
    if ($3 == "=")
        next
    p = process($2)
    alive[$3]
    parent_of[$3] = p
    children[p] = children[p] add("child", p, $3)
    execs_before[$3] = execs[p] + 0
    if (p in program)
        program[$3] = program[p]
    # A mapping is inherited, too.
    count = split(mapped[p], list, " ")
    for (i = 1; i <= count; i++) {
        maps[$3, list[i]]
        mappers[list[i]] = mappers[list[i]] add("mapper", list[i], $3)
    }
    mapped[$3] = mapped[p]
    handles[$3] = handles[p]
    last_act[p] = NR
    next
}
$1 == "thread" { threads[process($2)]++; next }
$1 == "exec" {
    p = process($2)
    if ($4 == "=") {
        failed_exec[p] = $3
    } else {
        execs[p]++
        program[p] = $3
        mapped[p] = handles[p] = ""
        delete failed_exec[p]
    }
    next
}
$1 == "exit" || $1 == "killed" {
    p = process($2)
    if (p != $2) {
        threads_ended[p]++
        next
    }
    how[p] = $1
    status[p] = $1 == "exit" ? $4 : $3
    ended_at[p] = NR
    if ($1 == "killed")
        killed[++n_killed] = p
    if ((p, $3) in sender)
        killer[p] = sender[p, $3]
    next
}
$1 == "reap" { reaped[$3]; last_act[process($2)] = NR; next }
$1 == "zombie" { zombies[++n_zombies] = $2; next }
$1 == "session" { daemon[process($2)]; next }
$1 == "orphan" { orphaned[$2]; next }

$1 == "signal" { if ($5 != "=") sender[process($3), $4] = $2; next }
$1 == "handle" {
    p = process($2)
    if (!index(handles[p] " ", " " $3 " "))
        handles[p] = handles[p] " " $3
    next
}
$1 == "deliver" {
    if ($4 == "handled" && !interrupted[$2])
        lost[$2] = $3
    interrupted[$2] = 0
    if (!((process($2), $3) in sender) && ($6 in alive))
        sender[process($2), $3] = $6
    next
}

$1 == "stuck" {
    k = ++n_stuck
    s_who[k] = $2
    s_proc[k] = process($2)
    s_call[k] = $3
    s_timed[k] = $NF == "timed"
    s_on[k] = NF > 3 && $4 != "timed" ? $4 : ""
    s_mode[k] = $5
    s_by[k] = who_frees($3, s_on[k], s_proc[k])
    stuck_in[$2] = k
    stuck_tasks[s_proc[k]]++
    next
}
$1 == "inside" { inside[$2] = $3; next }
$1 == "left" {
    left[$2, ++n_left[$2]] = $3
    if ($2 == "pending")
        pending_sig[n_left[$2]] = $4
    next
}
$1 == "end" { end_how = $2; next }
