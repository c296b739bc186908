# timeline-story.awk: the second part of timeline.awk: events become rows and arrows.
#
# A row has its kind, who it belongs to, its text and a sentence for those who
# hear the picture: kind[], whose[], text[], told[]; and row_time[]. An arrow
# leads from a person at one row to a person at another.

function row(i, its_kind, who, its_text, sentence) {
    rows++
    row_time[rows] = time[i]
    row_until[rows] = until[i]
    kind[rows] = its_kind
    whose[rows] = who
    text[rows] = its_text
    told[rows] = sentence == "" ? who " " its_text : sentence
    joins[rows] = ""
    row_event[rows] = i
    row_key[rows] = k[i]
    return rows
}

function arrow(from, from_row, to, to_row, class, sentence) {
    if (from == to || !(from in born) || !(to in born))
        return
    arrows++
    from_who[arrows] = from; from_at[arrows] = from_row
    to_who[arrows] = to; to_at[arrows] = to_row
    arrow_class[arrows] = class
    arrow_told[arrows] = sentence
    has_arrow[from_row] = 1
    if (from_row == to_row)
        kind[to_row] = "arrow" arrows
    else if (column[from] < column[to])
        above[from_row] = 1
    else
        below[to_row] = 1
}

function level_arrow(i, from, to, class, its_text, sentence) {
    row(i, "note", to, its_text, sentence)
    arrow(from, rows, to, rows, class, sentence)
}

function birth(i, who, its_kind) {
    born[who] = row(i, its_kind, who, "", who " begins")
    column[who] = ++columns
    at_column[columns] = who
}

# What was written waits in a queue till it is read, as in the kernel.
function wrote(i, size) {
    if (!tail[o[i]]++)
        queue[++queues] = o[i]
    queue_row[o[i], tail[o[i]]] = w[i] in chosen ? rows : 0
    queue_who[o[i], tail[o[i]]] = w[i]
    left[o[i], tail[o[i]]] = size_of[o[i], tail[o[i]]] = size
}

function wrote_something(i) {
    if (v[i] == "futexwake")
        row(i, "note", w[i], "wakes " (bytes[i] ? bytes[i] : "nobody") " at " plain(o[i]))
    else
        out[row(i, "note", w[i], v[i] "s " amount(i) " to " plain(o[i]))] = 1
    if (is_channel(o[i]) || v[i] == "futexwake")
        wrote(i, bytes[i])
}

function never_read(name,   j, d) {
    for (j = head[name] + 1; j <= tail[name]; j++) {
        d = queue_row[name, j]
        if (d && left[name, j] == size_of[name, j] && name !~ /^futex/) {
            text[d] = text[d] ", not read here"
            told[d] = told[d] ", not read here"
        }
    }
}

function got_something(i,   from, need, n, j, at, whole, unseen, same, sentence) {
    from = other_end(o[i])
    need = v[i] == "futexwait" ? count[i] : bytes[i]
    if (o[i] ~ /eventfd:/)
        need = 1e15
    for (j = head[from] + 1; need > 0 && j <= tail[from]; j++) {
        n++
        source[n] = j
        whole = left[from, j] <= need
        need -= left[from, j]
        if (whole) {
            left[from, j] = 0
            head[from] = j
        } else
            left[from, j] = -need
    }
    if (!(w[i] in chosen))
        return
    at = n == 1 && whole ? queue_row[from, source[1]] : 0
    from = n ? from : ""
    if (at && at == rows && kind[at] == "note" && queue_who[from, source[1]] != w[i]) {
        sentence = told[at] ", " w[i] " " v[i] "s it"
        sub(/^writes |^sends /, "", text[at])
        sub(/ to /, " by ", text[at])
        if (v[i] == "futexwait") {
            sub(/ 1 at /, ", ", text[at])
            sentence = told[at] ": " w[i]
        }
        told[at] = sentence
        row_until[at] = until[i]
        arrow(queue_who[from, source[1]], at, w[i], at, "data", sentence)
        return
    }
    for (j = 1; j <= n; j++)
        if (!queue_row[from, source[j]])
            unseen++
    same = rows && row_key[rows] == k[i] && unseen == n && !level(rows)
    if (same) {
        i = fold(row_event[rows], i)
        rows--
    }
    row(i, "note", w[i], (v[i] == "futexwait" ? "is woken at " : \
        v[i] "s " amount(i) " from ") plain(o[i]))
    if (unseen == 1 && n == 1 && !same)
        text[rows] = text[rows] ", from " plain(queue_who[from, source[1]])
    else if (unseen)
        text[rows] = text[rows] ", from others too"
    for (j = 1; j <= n && j <= 12; j++)
        if (queue_row[from, source[j]])
            arrow(queue_who[from, source[j]], queue_row[from, source[j]], w[i],
                rows, "data", queue_who[from, source[j]] " to " w[i] " by " o[i])
}

function end_of_file(i,   from) {
    from = other_end(o[i])
    row(i, "note", w[i], "gets end of file, " plain(o[i]))
    if (from in closer)
        arrow(closer[from], closed_at[from] ? closed_at[from] : death[closer[from]],
            w[i], rows, "eof", "end of file for " w[i] ", because " \
            closer[from] " closed the last write end of " from)
}

function signals(i,   to, at, how) {
    if (v[i] == "signal") {
        how = w[i] " sends " o[i] " " more[i]
        if (more[i] == "0")
            note(i, "asks if " plain(o[i]) " exists: " (r[i] == "ESRCH" ? "no" : "yes"))
        else if (r[i] != "" || o[i] == w[i] || o[i] == "all" || o[i] ~ /^group:/) {
            to = o[i] == w[i] ? "itself" : plain(o[i])
            sub(/^group:/, "the group of ", to)
            note(i, "sends " more[i] " to " to (r[i] == "" ? "" : ": " r[i]))
        } else if (!(o[i] in born))
            note_hidden(i, "sends " more[i] " to")
        else {
            level_arrow(i, w[i], o[i], "signal", more[i], how)
            sent[o[i], more[i]] = rows
        }
        return
    }
    at = sent[w[i], o[i]]
    if (v[i] == "pending") {
        if (at && at == rows)
            text[at] = text[at] ", blocked: pending"
        else
            note(i, "has " o[i] " pending: it is blocked")
        return
    }
    split(more[i], word, " ") # handled from WHO
    delete sent[w[i], o[i]]
    if (o[i] ~ /^SIG(CHLD|CONT|URG|WINCH)$/ && word[1] != "handled")
        return
    if (word[1] == "default" && (at || o[i] !~ /STOP|TSTP|TTIN|TTOU/))
        return
    how = word[1] == "handled" ? ": handler runs" : ": " word[1]
    if (at && at == rows)
        text[at] = text[at] how
    else if (!at && word[3] in born && word[3] != w[i])
        level_arrow(i, word[3], w[i], "signal", o[i] how,
            w[i] " gets " o[i] " from " word[3] how)
    else
        note(i, "gets " o[i] (at || word[3] == w[i] ? "" : " from " plain(word[3] == "kernel" ? "the kernel" : word[3])) how)
}

function is_stuck(i,   timed) {
    timed = more[i] ~ /(^| )timed$/
    sub(/ ?timed$/, "", more[i])
    row(i, "note", w[i], "waits in " o[i] (more[i] == "" ? "" : ", " plain(more[i])))
    stuck[w[i]] = rows
    bold[rows] = 1
    if (o[i] ~ /^(read|recv)/ && holds[w[i], more[i]]) {
        wrong[rows] = 1
        second[rows] = "and holds its write end itself"
        told[rows] = told[rows] " " second[rows]
    }
    if (!timed && o[i] !~ /pause|suspend|accept|poll|select|epoll|sleep|sigwait|timedwait/ &&
        (!(w[i] in fate) || fate[w[i]] == "SIGKILL"))
        wrong[rows] = 1
}

function happened(i) {
    if (!(w[i] in chosen) || (v[i] ~ /^(reap|join)$/ && !(o[i] in chosen))) {
        if (v[i] in causes)
            wrote(i, bytes[i])
        else if (v[i] ~ /^(reap|join)$/ && w[i] in born)
            return note_hidden(i, v[i] "s")
        else if (v[i] in effects)
            got_something(i)
        else if (v[i] == "signal" && o[i] in born)
            return row(i, "note", o[i], "gets " more[i] " from " plain(w[i]))
        hidden_events += count[i]
        return
    }
    if (v[i] == "held") {
        delete close_row[w[i], o[i]]
        return
    }
    if (v[i] == "gone") {
        if (more[i] != "read") {
            closer[o[i]] = w[i]
            closed_at[o[i]] = close_row[w[i], o[i]]
        }
        if (rows && close_row[w[i], o[i]] == rows)
            text[rows] = text[rows] " (the last)"
        return
    }
    if ((too_many || rows >= cap) && (rows >= cap || i > keep) &&
        !(v[i] in endings) && v[i] !~ /^left/ || cut && !(w[i] in born)) {
        too_many += count[i]
        unborn += v[i] == "fork" || v[i] == "thread"
        if (!cut)
            cut = row(i, "more", "", "")
        return
    }
    if (i > keep && too_many && !cut)
        cut = row(i, "more", "", "")
    if (!(w[i] in born))
        birth(i, w[i], "head")
    if (v[i] == "start" || v[i] == "exec" && r[i] == "") {
        program = o[i]
        sub(/.*\//, "", program)
        o[i] = program
        runs[w[i]] = plain(program)
        if (v[i] == "start") {
            on_head[w[i]] = program_start = runs[w[i]]
            return
        }
    }
    if ((v[i] == "fork" || v[i] == "thread") && r[i] == "") {
        if (!(o[i] in chosen))
            return note_hidden(i, v[i] == "fork" ? "forks" : "makes")
        if (!(o[i] in born))
            birth(i, o[i], "birth")
        else
            row(i, "note", o[i], "")
        runs[o[i]] = on_head[o[i]] = v[i] == "fork" ? runs[w[i]] : "thread"
        text[rows] = v[i]
        told[rows] = w[i] (v[i] == "fork" ? " forks " : " makes the thread ") o[i]
        arrow(w[i], rows, o[i], rows, "fork", told[rows])
    } else if (v[i] == "exit" || v[i] == "killed") {
        row(i, "end", w[i], v[i] == "killed" ? "killed by " o[i] : \
            w[i] ~ /\/t[0-9]+$/ ? "ends" : "exit " r[i])
        told[rows] = w[i] (v[i] == "exit" ? " ends: " : " is ") text[rows]
        death[w[i]] = rows
        bold[rows] = v[i] == "killed"
        wrong[rows] = o[i] ~ /^SIG(SEGV|ABRT|BUS|FPE|ILL|SYS)$/
    } else if (v[i] == "reap" || v[i] == "join") {
        if (!(o[i] in born))
            return note_hidden(i, v[i] "s")
        level_arrow(i, o[i], w[i], "fork", v[i] == "join" ? "join" : "wait: " \
            (o[i] in death ? text[death[o[i]]] : "reaped"), w[i] " " v[i] "s " o[i])
        if (v[i] == "reap" && time[i] - row_time[death[o[i]]] >= 0.1)
            text[death[o[i]]] = text[death[o[i]]] sprintf(", a zombie for %.2g s",
                time[i] - row_time[death[o[i]]])
        reaped[o[i]] = rows
    } else if (v[i] == "stuck")
        is_stuck(i)
    else if (v[i] ~ /^(signal|pending|deliver)$/)
        signals(i)
    else if ((v[i] in causes) && r[i] !~ /^E/)
        wrote_something(i)
    else if ((v[i] in effects) && r[i] !~ /^E/ && more[i] == "" &&
        (r[i] > 0 || v[i] == "futexwait"))
        got_something(i)
    else if (v[i] == "read" && r[i] == "0")
        end_of_file(i)
    else {
        if (v[i] == "exec" && r[i] != "" && recovers[i])
            return
        note(i, v[i] == "left running" && w[i] in stuck ? "still waits" : note_words(i))
        close_row[w[i], o[i]] = v[i] == "close" ? rows : 0
        bold[rows] = bold[rows] || v[i] ~ /^(exec|zombie|left)/
        wrong[rows] = wrong[rows] || v[i] == "zombie" || v[i] == "left pending"
        if (v[i] == "zombie")
            reaped[w[i]] = rows
    }
}
