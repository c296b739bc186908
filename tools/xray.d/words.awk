# words.awk: what the picture says beside its arrows and in its boxes, from
# the arrays of model.awk. Several things to say are separated by newlines.

function add_line(list, line) {
    return line == "" ? list : list == "" ? line : list "\n" line
}

function in_one_line(list) {
    gsub(/\nin /, " in ", list)
    gsub(/\n\(/, " (", list)
    gsub(/\n/, ", ", list)
    return list
}

function times(n, word) {
    return n == 1 ? word : word " " n " " TIMES
}

function how_many(n, one, many) {
    return sprintf("%.0f ", n) (n == 1 ? one : many)
}

function bytes(n) {
    return n < 10485760 ? how_many(n, "byte", "bytes") : \
        sprintf("%.1f MiB", n / 1048576)
}

# A name as one reads it: spaces as spaces, and the end of what is long.
function readable(name) {
    gsub(/\\040/, " ", name)
    if (name !~ /^[a-z0-9.\/]*:[0-9]+$/)
        sub(/^file:/, "", name)
    if (length(name) > 40)
        name = DOTS substr(name, length(name) - 38)
    return name
}

function title(name,    n) {
    if (!(name in group_size))
        return readable(name)
    n = group_size[name]
    return readable(name) " " DOTS " " readable(last_of_group[name]) \
        " (" n " alike)"
}

function errors_of(l, verb, what,    n, list, i, words) {
    n = split(errors[l, verb], list, " ")
    for (i = 1; i <= n; i++)
        words = add_line(words, \
            times(error_count[l, verb, list[i]], what list[i]))
    return words
}

function moved(l, verb, call,    n, words) {
    n = count[l, verb]
    if (n > 0)
        words = bytes(total[l, verb]) (n == 1 ? "" : "\nin " \
            how_many(n, call, call "s"))
    return add_line(words, errors_of(l, verb, ""))
}

function messages(l, verb) {
    return add_line(count[l, verb] ? \
        how_many(count[l, verb], "message", "messages") : "", \
        errors_of(l, verb, ""))
}

function done(l, verb, word) {
    return add_line(count[l, verb] ? times(count[l, verb], word) : "", \
        errors_of(l, verb, word == "" ? "" : word ": "))
}

# Whether who is stuck in a call on the object of link l, in this direction.
function is_stuck_here(l, direction,    who, call) {
    who = link_who[l]
    call = stuck_in[who]
    return call != "" && in_place_of(stuck_on[who]) == link_what[l] && \
        (writes_in(call) || call ~ /send|flock|fcntl/) == (direction == "out")
}

function then_waits(l, direction, words) {
    return is_stuck_here(l, direction) ? \
        add_line(words, words == "" ? "waits" : "then waits") : words
}

# From who to the object.
function out_words(l,    w) {
    w = moved(l, "write", "write")
    w = add_line(w, messages(l, "send"))
    w = add_line(w, done(l, "up", "up"))
    w = add_line(w, done(l, "futexwake", "wakes"))
    w = add_line(w, done(l, "lock", "locks"))
    if (count[l, "lock"] || errors[l, "lock"] != "")
        w = add_line(w, "(" lock_how[l] ")")
    if (!count[l, "accept"])
        w = add_line(w, done(l, "listen", "listens"))
    w = add_line(w, done(l, "connect", "connects"))
    w = add_line(w, done(l, "pass_fd", "passes a descriptor"))
    w = add_line(w, done(l, "watch", "watches"))
    w = add_line(w, done(l, "notify", "asks to be told"))
    w = add_line(w, errors_of(l, "open", "open: "))
    return then_waits(l, "out", w)
}

# From the object to who.
function in_words(l,    w) {
    w = moved(l, "read", "read")
    if (ends_of_file[l])
        w = add_line(w, (w == "" ? "" : "then ") "end of file")
    w = add_line(w, messages(l, "receive"))
    w = add_line(w, done(l, "down", "down"))
    w = add_line(w, done(l, "futexwait", "waits"))
    w = add_line(w, done(l, "accept", "accepts"))
    w = add_line(w, done(l, "receive_fd", "gets a descriptor"))
    return then_waits(l, "in", w)
}

function map_words(l) {
    if (!count[l, "map"])
        return ""
    return "maps" (map_mode[l] == "both" ? " (read, write)" : \
        map_mode[l] == "" ? "" : " (" map_mode[l] ")")
}

# The mark of what is wrong goes with the arrow that it is about.
function with_mark(words, bad) {
    if (bad == "waits for ever")
        sub(/\n?(then )?waits$/, "", words)
    return bad == "" ? words : add_line(words, "!! " bad)
}

function bad_out_words(l) {
    return with_mark(out_words(l), bad_out[l])
}

function bad_in_words(l) {
    return with_mark(in_words(l), bad_in[l])
}

# A sentence for those who can't see the arrow.
function out_sentence(l,    verb) {
    verb = count[l, "write"] || errors[l, "write"] != "" ? "writes to" : \
        count[l, "send"] || errors[l, "send"] != "" ? "sends to" : \
        is_stuck_here(l, "out") ? "waits for" : \
        count[l, "lock"] ? "locks" : "uses"
    return title(link_who[l]) " " verb " " title(link_what[l]) ": " \
        in_one_line(bad_out_words(l))
}

function in_sentence(l,    verb) {
    verb = count[l, "read"] || ends_of_file[l] ? "reads from" : \
        count[l, "receive"] ? "receives from" : \
        is_stuck_here(l, "in") ? "waits for" : "uses"
    return title(link_who[l]) " " verb " " title(link_what[l]) ": " \
        in_one_line(bad_in_words(l))
}

# How a process or thread ended, and where it was at that time.
function ending_words(who,    w, on) {
    w = ending[who] != "" ? ending[who] : (who in is_thread) ? "" : \
        who in left_running ? "still running" : ""
    if (stuck_in[who] != "") {
        on = stuck_on[who]
        w = add_line(w, "in " stuck_in[who] \
            (on == "" || on in actor_number ? "" : " on " \
            (in_place_of(on) in group_size ? kind[on] : readable(on))))
    }
    if (who in exec_failed)
        w = add_line("exec " exec_failed[who], w)
    if (who in is_orphan && parent_of[who] in actor_number)
        w = add_line(w, "outlived its parent")
    return w
}

function own_signals(who,    n, list, i, w) {
    n = split(own_sigs[who], list, " ")
    for (i = 1; i <= n; i++)
        w = add_line(w, times(own_sig[who, list[i]], list[i]) " handled")
    return w
}

# What became of signal s.
function signal_words(s,    to, name, w) {
    to = process(sig_to[s])
    name = sig_name[s]
    w = times(sig_count[s], name == "0" ? "signal 0" : name)
    if (sig_error[s] != "")
        w = w "\n" times(sig_failed[s], sig_error[s])
    if (name == "0" || sig_failed[s] == sig_count[s])
        return w
    if (index(left_pending[sig_to[s]] " ", " " name " "))
        return "!! " w "\nblocked"
    if (killed_by[to] == name)
        return w "\nkills it"
    if (outcome[to, name, "handled"])
        return w "\nhandled"
    if (outcome[to, name, "taken"])
        return w "\ntaken"
    if (outcome[to, name, "ignored"])
        return w "\nignored"
    return (to, name) in was_pending ? w "\nblocked" : w
}

# Signals to and from those who are drawn as one are one arrow, too.
function fold_signals(    s, from, to, key, first) {
    for (s = 1; s <= n_sigs; s++) {
        from = in_place_of(sig_from[s])
        to = in_place_of(sig_to[s])
        if (!(from in shown) || !(to in shown)) {
            sig_hidden[s]
            continue
        }
        key = from SUBSEP to SUBSEP sig_name[s]
        if (key in first) {
            sig_count[first[key]] += sig_count[s]
            sig_failed[first[key]] += sig_failed[s]
            if (sig_error[s] != "")
                sig_error[first[key]] = sig_error[s]
            sig_hidden[s]
        } else {
            first[key] = s
            sig_from[s] = from
        }
        sig_to[s] = to
    }
}

function name_of_fault(name) {
    return title(in_place_of(name))
}

# The sentences about what is wrong, each once: told[1..n], and how often.
function tell_faults(told, how_often,    f, text, n, place) {
    for (f = 1; f <= n_faults; f++) {
        text = fault_text[f]
        text = fill(text, "%w", name_of_fault(fault_who[f]))
        text = fill(text, "%o", name_of_fault(fault_what[f]))
        if (!(text in place)) {
            told[++n] = text
            place[text] = n
        }
        how_often[place[text]]++
    }
    return n
}

function fill(text, what, by,    at) {
    at = index(text, what)
    return at ? substr(text, 1, at - 1) by substr(text, at + 2) : text
}

# The picture in a sentence.
function headline(    n, i, things, threads_too) {
    for (i = 1; i <= n_actors; i++)
        if (actors[i] in is_thread)
            threads_too++
        else if (program[actors[i]] != "")
            n++
    for (i = 1; i <= n_objects; i++)
        if (objects[i] in shown)
            things += objects[i] in group_size ? group_size[objects[i]] : 1
    return program["parent"] ": " how_many(n, "process", "processes") \
        (threads_too ? ", " how_many(threads_too, "more thread", \
        "more threads") : "") (things ? ", " how_many(things, "object", \
        "objects") : "")
}

function how_it_ended() {
    return end_how == "timeout" ? "stopped after " end_value " s" : \
        end_how == "signal" ? "ended by SIG" end_value : \
        end_how == "" ? "" : "exit " end_value
}
