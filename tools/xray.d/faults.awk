# faults.awk: what is wrong, from the arrays of model.awk.
#
# find_faults() fills fault_text[1..n_faults], sentences in which %w stands for
# fault_who, %o for fault_what; and what the picture marks: mark[NAME] (a few
# words for a process or object), bad_in[l] and bad_out[l] (for the arrows of
# link l from and to its object).

function fault(text, who, what, words) {
    fault_text[++n_faults] = text
    fault_who[n_faults] = who
    fault_what[n_faults] = what
    return words
}

function mark_it(name, words) {
    if (mark[name] == "")
        mark[name] = words
    else if (!index(mark[name], words))
        mark[name] = mark[name] ", " words
}

# Does process p have this end of a pipe at the end of its life?
function holds(p, what, end) {
    return fds[p, what, end] > 0 || fds[p, what, "both"] > 0 ||
        (p, what, end) in held || (p, what, "both") in held
}

function reads_in(call) { return call ~ /^(p?readv?|readv|recv|splice)/ }
function writes_in(call) { return call ~ /^(p?writev?|send|vmsplice|tee)/ }

# The end that has to be used, or closed, to set free who is stuck: of a pipe
# the other one, of a socket the other socket.
function other_end(who) {
    return reads_in(stuck_in[who]) ? "write" : \
        writes_in(stuck_in[who]) ? "read" : ""
}

# A pipe's end is held by one who waits at its other end, or who never used it.
# But who should use it and can't, being stuck elsewhere, is part of a cycle.
function find_holders(    s, a, p, what, end, i, other, l) {
    for (s = 1; s <= n_stuck; s++) {
        a = stuck[s]
        what = stuck_on[a]
        end = other_end(a)
        if (end == "" || kind[what] !~ /^(pipe|fifo)$/)
            continue
        l = link(a, what)
        p = process(a)
        # With a FIFO this is a known way to wait for more than one writer.
        if (kind[what] == "pipe" && holds(p, what, end) && \
            !((p, what, end) in used)) {
            bad_out[l] = fault("%w waits in " stuck_in[a] " on %o, whose " \
                end " end it holds itself", a, what, "holds a " end " end")
            explained[a]
        }
        for (i = 1; i <= n_actors; i++) {
            other = actors[i]
            if (other in is_thread || other == p || \
                !holds(other, what, end) || (other, what, end) in used || \
                (ended_at[other] && ended_at[other] < stuck_at[a]) || \
                (other, what, end) in blamed || (stuck_in[other] != "" && \
                !((what, end) in has_user)))
                continue
            blamed[other, what, end]
            l = link(other, what)
            bad_out[l] = fault("%w holds a " end " end of %o that it never " \
                "used, while " a " waits in " stuck_in[a] " on it", other, \
                what, "holds a " end " end")
            explained[a]
        }
    }
}

# Could b set a free?
function may_free(b, a,    what, call, end) {
    what = stuck_on[a]
    call = stuck_in[a]
    end = other_end(a)
    if (ended_at[b] && ended_at[b] < stuck_at[a])
        return 0
    if (what in actor_number)
        return b == what
    if (call ~ /^wait/)
        return parent_of[b] == process(a)
    if (call ~ /futex|^join/)
        return b != a && (process(b) == process(a) || (b, what) in link_number)
    if (call ~ /^(flock|fcntl|lock)/)
        return process(b) != process(a) && (process(b), what) in has_lock
    if (end == "")
        return 0
    if (peer[what] != "")
        return b != a && (holds(process(b), peer[what], "both"))
    return holds(process(b), what, end) && \
        ((process(b), what, end) in used || stuck_in[b] != "")
}

# Those who can be set free only by others who are stuck, too.
function find_cycles(    s, t, a, b, again, free, i, pairs) {
    for (s = 1; s <= n_stuck; s++)
        hopeless[stuck[s]]
    for (s in explained)
        delete hopeless[s]
    for (s = 1; s <= n_stuck; s++)
        for (i = 1; i <= n_actors; i++)
            if (stuck[s] in hopeless && may_free(actors[i], stuck[s])) {
                waits_for[stuck[s], actors[i]]
                some[stuck[s]]
            }
    do {
        again = 0
        for (s = 1; s <= n_stuck; s++) {
            a = stuck[s]
            if (!(a in hopeless))
                continue
            free = !(a in some)
            for (i = 1; i <= n_actors && !free; i++)
                free = ((a, actors[i]) in waits_for) && \
                    !(actors[i] in hopeless)
            if (free) {
                delete hopeless[a]
                again = 1
            }
        }
    } while (again)
    for (s = 1; s <= n_stuck; s++)
        if (stuck[s] in hopeless && in_cycle(stuck[s]))
            report_cycle(stuck[s])
}

# Walks from a along those who are waited for; does it come back to a?
function in_cycle(a,    todo, n, seen, i, now) {
    todo[n = 1] = a
    while (n > 0) {
        now = todo[n--]
        for (i = 1; i <= n_stuck; i++)
            if ((now, stuck[i]) in waits_for && stuck[i] in hopeless) {
                if (stuck[i] == a)
                    return 1
                if (!(stuck[i] in seen)) {
                    seen[stuck[i]]
                    todo[++n] = stuck[i]
                }
            }
    }
    return 0
}

function report_cycle(a,    i, b, l) {
    for (i = 1; i <= n_actors; i++)
        if ((a, actors[i]) in waits_for) {
            b = actors[i]
            if (b != a)
                break
        }
    mark_it(a, "waits for ever")
    fault("%w waits in " stuck_in[a] \
        (stuck_on[a] == "" ? "" : stuck_on[a] == b ? "" : " on %o") \
        (b == a ? "" : stuck_in[a] ~ /futex/ ? ", and nobody is left who " \
        "could wake it" : " for " b ", which waits, too"), a, stuck_on[a])
    if ((a, stuck_on[a]) in link_number) {
        l = link(a, stuck_on[a])
        if (writes_in(stuck_in[a]))
            bad_out[l] = "waits for ever"
        else
            bad_in[l] = "waits for ever"
    }
    # The arrow that closes the circle: what the other one doesn't do.
    if (b != a && other_end(a) != "" && peer[stuck_on[a]] == "") {
        l = link(b, stuck_on[a])
        if (other_end(a) == "read")
            bad_in[l] = "reads no more"
        else
            bad_out[l] = "writes no more"
    }
}

# Somebody read from it and then ended well: whoever still wrote wasn't to
# know. Readers that the log doesn't show can't be blamed.
function reader_was_content(what,    l, who, n) {
    if (kind[what] == "std")
        return 1
    for (l = 1; l <= n_links; l++) {
        if (link_what[l] != what && link_what[l] != peer[what])
            continue
        who = process(link_who[l])
        if (total[l, "read"] > 0 && (ending[who] == "exit 0" || \
            killed_by[who] == "SIGPIPE" || ending[who] == ""))
            return 1
    }
    return 0
}

function find_broken_pipes(    l, what) {
    for (l = 1; l <= n_links; l++) {
        what = link_what[l]
        if (!((l, "write", "EPIPE") in error_count))
            continue
        if (!(what in content))
            content[what] = reader_was_content(what)
        if (content[what])
            continue
        bad_out[l] = fault( \
            "%w wrote to %o when nobody could read it any more", link_who[l], what, "nobody reads")
    }
}

# A session of its own is for a daemon, and for the children of its leader.
function is_daemon(who) {
    while (who != "" && !(who in leads))
        who = parent_of[who]
    return who != "" && who != "parent"
}

# A daemon has kept the pipe that another program has started it with, and who
# reads from that has waited for it.
function find_kept(    l, what, who) {
    for (l = n_links; l > 0; l--) {
        what = link_what[l]
        who = kept_by[what, "write"]
        if (kind[what] == "pipe" && ends_of_file[l] && who in is_orphan && \
            is_daemon(who) && !is_daemon(process(link_who[l])) && \
            !((who, what, "write") in used) && \
            program[created[what]] != program[who]) {
            bad_out[link(who, what)] = fault("%w never closed the write end " \
                "of %o that it was started with: " link_who[l] \
                " waited until it ended", who, what, "holds a write end")
        }
    }
}

function find_unread(    l, what, o, n) {
    for (l = 1; l <= n_links; l++)
        if (kind[link_what[l]] ~ /^(mqueue|sysvmsg)$/)
            unread[link_what[l]] += count[l, "send"] - count[l, "receive"]
    for (o = 1; o <= n_objects; o++) {
        what = objects[o]
        n = unread[what]
        if (!(what in created) || n <= 0)
            continue
        n = n (n == 1 ? " message was" : " messages were") " never read"
        mark_it(what, n)
        fault("%o: " n, "", what)
    }
}

function find_faults(    i, who, n, list, k) {
    for (i = 1; i <= n_actors; i++)
        if (stuck_in[actors[i]] != "" && !(actors[i] in is_timed))
            stuck[++n_stuck] = actors[i]
    # Beyond that, who waits for whom takes too long to find out.
    if (n_stuck * n_actors <= 1000000)
        find_holders()
    if (n_stuck * n_actors <= 100000)
        find_cycles()
    find_broken_pipes()
    find_kept()
    find_unread()
    for (i = 1; i <= n_actors; i++) {
        who = actors[i]
        if (who in is_zombie) {
            mark_it(who, "zombie")
            fault("%w has ended, but nobody waited for it", who, "")
        }
        n = split(left_pending[who], list, " ")
        for (k = 1; k <= n; k++) {
            mark_it(who, list[k] " still blocked")
            fault(list[k] " was sent to %w, which blocked it to the end", \
                who, "")
        }
    }
    for (i = 1; i <= n_objects; i++)
        if (objects[i] in left_name) {
            mark_it(objects[i], "name left")
            fault("%o was made and not removed", "", objects[i])
        }
}
