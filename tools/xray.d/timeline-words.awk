# timeline-words.awk: a part of timeline.awk: notes and their words.

# Words for the events that are a note beside a lifeline: %o is the object, %m
# what else the fact says, %r the result.
BEGIN {
    phrases = "create makes %o|open opens %o, %m|inherit inherits %o %m|" \
        "dup copies %o %m|close closes %o %m|resize sets the size of %o to %r|" \
        "nonblock makes %o non-blocking|truncate truncates %o|" \
        "unlink removes %o|rename renames %o to %m|link links %o as %m|" \
        "lock locks %o, %m|unlock unlocks %o|holder sees %o locked by %m|" \
        "bind binds %o to %m|listen listens on %o|connect connects to %m|" \
        "accept accepts %m|shutdown shuts down %o %m|pass passes %m by %o|" \
        "receive receives %m by %o|map maps %o, %m|notify wants news of %o|" \
        "attach attaches %o|detach detaches %o|remove removes %o|" \
        "semop does %m on %o|setval sets %o to %r|watch watches %m with %o|sleep has slept|" \
        "session begins a session|group puts %o into the group of %m|" \
        "chdir goes to %o|umask sets the umask to %o|handle handles %o|" \
        "ignore ignores %o|default resets %o|block blocks %o|" \
        "unblock unblocks %o|take takes %o|stopped sees %o stopped by %m|" \
        "wait waits: nobody has ended yet|exec runs %o|poll waits in vain|" \
        "continued sees %o continued|orphan is an orphan: its parent ended|" \
        "left_pending never got %o: it stayed blocked|" \
        "left_running still runs|zombie was never waited for: a zombie"
    for (i = split(phrases, phrase, "|"); i > 0; i--) {
        name = phrase[i]
        sub(/ .*/, "", name)
        sub(/^[^ ]+ /, "", phrase[i])
        sub(/_/, " ", name)
        words[name] = phrase[i]
    }
}

# A name as one reads it, and not longer than need be.
function plain(name) {
    gsub(/\\040/, " ", name)
    if (length(name) > 30)
        name = substr(name, 1, 12) "…" substr(name, length(name) - 15)
    return name
}

# Puts text in the place of a mark; sub() would interpret "&" in it.
function put(mark, text, whole,   i) {
    i = index(whole, mark)
    return i ? substr(whole, 1, i - 1) text substr(whole, i + 2) : whole
}

function note_words(i,   text) {
    if (v[i] == "take" && r[i] == "EAGAIN")
        return "has waited for a signal in vain"
    if (v[i] == "wait" && o[i] != "")
        return "sees that " o[i] " has ended, and leaves it a zombie"
    if (v[i] == "wait" && r[i] == "ECHILD")
        return "wait: there is no child (ECHILD)"
    if (r[i] ~ /^E/) {
        text = v[i] (o[i] == "" ? "" : " " plain(o[i]))
        if (r[i] == "EPIPE")
            return text ": EPIPE, nobody can read it"
        if (r[i] == "EINTR")
            return text ": interrupted (EINTR)"
        return text ": " r[i]
    }
    text = put("%o", plain(o[i]), put("%r", r[i], words[v[i]]))
    text = put("%m", plain(more[i]), text)
    sub(/,? both$/, "", text)
    return text (count[i] > 1 ? ", × " count[i] : "")
}

# "7 bytes", or "× 200: 1 byte each".
function amount(i,   n) {
    n = each[i] ? each[i] : bytes[i]
    return (count[i] > 1 ? "× " count[i] ": " : "") n (n == 1 ? " byte" : " bytes") \
        (count[i] > 1 && each[i] ? " each" : "")
}

BEGIN {
    set_of("create open inherit dup close handle ignore default block " \
        "unblock chdir umask session group map bind listen", mergeable)
}

# Notes of one person that follow each other share a row while it is short. Who
# begins anew with all its signals, SIGKILL too, gets one row for that.
function note(i, its_text,   part) {
    part = its_text
    if (v[i] == "default" && joins[rows] == v[i] && whose[rows] == w[i] && \
        text[rows] ~ /^resets /) {
        if (r[i] != "")
            return
        if (++more_resets[rows] > 3) {
            text[rows] = "resets " more_resets[rows] + 1 " signals"
            told[rows] = w[i] " " text[rows]
            return
        }
    }
    if (joins[rows] != "" && joins[rows] == v[i])
        sub(/^[^ ]+ /, "", part)
    if (joins[rows] != "" && whose[rows] == w[i] && (v[i] in mergeable) &&
        length(text[rows] part) < 44) {
        text[rows] = text[rows] ", " part
        told[rows] = told[rows] ", " part
    } else
        row(i, "note", w[i], its_text)
    joins[rows] = v[i] in mergeable ? v[i] : ""
    bold[rows] = bold[rows] || r[i] ~ /^E/ && r[i] !~ /^(EINTR|EAGAIN|ECHILD)$/
}

# "forks child.4 … child.50 (47)": those who have no lifeline.
function note_hidden(i, verb) {
    run = joins[rows] == "hidden " verb && whose[rows] == w[i] ? run + 1 : 1
    if (run == 1) {
        row(i, "note", w[i], "")
        run_first = plain(o[i])
    }
    joins[rows] = "hidden " verb
    text[rows] = verb " " run_first
    if (run > 1)
        text[rows] = text[rows] " … " plain(o[i]) " (" run ")"
    told[rows] = w[i] " " text[rows]
}

# How wide a text is, on the safe side: fonts differ.
function width(s, size,   i, sum, c) {
    gsub(/…/, "...", s)
    gsub(/×/, "x", s)
    for (i = length(s); i > 0; i--) {
        c = substr(s, i, 1)
        if (index("ijlIft.,:;'|!()[]/\\ ", c))
            sum += 0.38
        else if (index("mwMW@%", c))
            sum += 0.95
        else
            sum += c ~ /[A-Z]/ ? 0.74 : 0.63
    }
    return sum * size
}

function xml(s) {
    gsub(/&/, "\\&amp;", s)
    gsub(/</, "\\&lt;", s)
    gsub(/>/, "\\&gt;", s)
    gsub(/"/, "\\&quot;", s)
    return s
}

function max(a, b) { return a > b ? a : b }
function min(a, b) { return a < b ? a : b }
