# timeline.awk: makes a sequence diagram, an SVG, of what xray saw.
#
# Usage: xray facts -t LOG |
#            LC_ALL=C awk -f timeline.awk -f timeline-words.awk \
#                -f timeline-story.awk -f timeline-draw.awk
#        with -v cap=ROWS (120) and -v lifelines=NUMBER (16) before the first -f
#
# Here facts become events: runs of the same fact become one, so a million
# writes are one event; and it is chosen whose lifelines are drawn. The story
# part makes rows and arrows of the events, the draw part puts them on paper.
# LC_ALL=C because only then do all awks count characters alike.

function set_of(names, set,   i, n, name) {
    n = split(names, name, " ")
    for (i = 1; i <= n; i++)
        set[name[i]] = 1
}

BEGIN {
    cap = cap == "" ? 120 : cap + 0
    lifelines = lifelines == "" ? 16 : lifelines + 0
    keep = 4000 # events; the rest is counted
    set_of("start fork thread exec exit killed reap wait stopped continued " \
        "join orphan zombie session group chdir umask create open inherit " \
        "dup close gone held resize nonblock truncate read write unlink " \
        "rename link lock unlock holder bind listen connect accept shutdown " \
        "pass map send receive notify attach detach remove semop setval watch poll " \
        "pause sleep futexwait futexwake stuck handle ignore default block " \
        "unblock signal pending deliver take left end", known)
    set_of("open read write send receive poll sleep pause futexwait futexwake " \
        "semop lock unlock signal deliver pending take wait notify", loops)
    set_of("write send futexwake", causes)
    set_of("read receive futexwait", effects)
    set_of("start exit killed reap join zombie stuck left end", endings)
}

# An object through which processes talk, and not just a file.
function is_channel(name) {
    return name ~ /^([a-z0-9.\/]*\/)?(pipe|fifo|unix|tcp|udp|socket|mqueue|sysvmsg|eventfd):/
}

# What nobody would miss in the picture.
function is_dull() {
    if (verb == "write" && (object == "stdout" || object == "stderr"))
        return ++quiet
    if (verb == "read" && result == "0")
        return object ~ /^(file|device|dir):/
    if (verb ~ /^(close|inherit|nonblock|gone|held)$/)
        return !is_channel(object)
    if (verb == "open")
        return object ~ /^(dir|device):/ || object ~ /(^|\/)pipe:/
    return verb == "poll" && result > 0 || verb == "left pending" && object == "SIGCHLD"
}

# Where what is read from this object was written.
function other_end(name) {
    return name in peer ? peer[name] : name
}

function meet(one, other) {
    if (verb == "accept" || !(other in peer))
        peer[other] = one
    peer[one] = other
}

function name_it(name) {
    if (name in number || name == "" || name == "outside" || name == "kernel")
        return
    number[name] = ++people
    person[people] = name
}

# An event is an elementary fact, or a run of n of the same kind. It may join a
# run that isn't the last event when only such runs lie between them: three
# rounds of a ping-pong are shown, and the third stands for all that follow. An
# effect never joins what lies before its cause.
function record(   key, size, at, round) {
    size = result ~ /^[1-9]/
    key = verb " " who " " object " " rest " " (size ? "+" : result)
    if (verb in loops) {
        at = latest[key]
        if (at >= loop_start && rounds[at] >= 3 &&
            !((verb in effects) && at < cause[other_end(object)])) {
            count[at]++
            until[at] = $1
            if (size) {
                bytes[at] += result
                if (result != each[at])
                    each[at] = 0
            }
            return
        }
        round = at > barrier ? rounds[at] + 1 : rounds[at] >= 3 ? 3 : 1
        if (round < 3)
            loop_start = events + 2
    } else {
        barrier = events + 1
        loop_start = events + 2
    }
    if (verb == "connect" && result == "")
        meet(object, rest)
    else if (verb == "accept" && split(rest, part, " ") == 2) {
        rest = part[1]
        meet(part[1], part[2])
    }
    if (verb in causes)
        cause[object] = events + 1
    gsub(/[^ -~]+/, "?", who)
    gsub(/[^ -~]+/, "?", object)
    gsub(/[^ -~]+/, "?", rest)
    name_it(who)
    if (verb == "fork" || verb == "thread")
        name_it(object)
    events++
    latest[key] = events
    rounds[events] = round
    k[events] = key; time[events] = until[events] = $1; v[events] = verb; w[events] = who
    o[events] = object; more[events] = rest; r[events] = result
    count[events] = 1; each[events] = bytes[events] = size ? result + 0 : 0
}

!($2 in known) || $1 + 0 != $1 { next }

events >= keep && !($2 in endings) {
    too_many++
    if ($2 == "fork" || $2 == "thread")
        unborn++
    next
}

{
    verb = $2; who = $3; object = $4; result = rest = ""
    last = NF
    if (NF > 4 && $(NF - 1) == "=") {
        result = $NF
        last = NF - 2
        if (last < 4)
            object = ""
    }
    for (i = 5; i <= last; i++)
        rest = rest (i > 5 ? " " : "") $i
    if (verb == "end") {
        ending = $3 " " $4
        next
    }
    if (verb == "left" && who == "name") {
        if (++names_left <= 8)
            name_left[names_left] = object
        next
    }
    if (verb == "left") { # left running WHO, left pending WHO SIGNAL
        verb = verb " " who
        who = object
        object = rest
        rest = ""
    }
    if (verb == "gone") { # gone OBJECT MODE
        rest = object
        object = who
        who = last_who
    }
    last_who = who
    if (events >= keep && (!(who in number) || events >= keep + 1000))
        too_many++
    else if (!is_dull())
        record()
}

function fold(into, i) {
    count[into] += count[i]
    until[into] = until[i]
    bytes[into] += bytes[i]
    each[into] = each[into] == each[i] ? each[into] : 0
    return into
}

# Puts runs that were recorded as three and a rest into one event, and a call
# that never returned to where it began: after the last thing its caller did.
function tidy(   i, j, total, mine, next_is) {
    for (i = 1; i <= events; i = j) {
        total = 0
        for (j = i; j <= events && k[j] == k[i] && (v[i] in loops); j++)
            total += count[j]
        if (j == i)
            j++
        else if (total > 3)
            for (total = i + 1; total < j; total++) {
                fold(i, total)
                v[total] = ""
            }
    }
    for (i = 1; i <= events; i++) {
        if (v[i] == "stuck" && mine[w[i]]) {
            after[i] = after[mine[w[i]]]
            after[mine[w[i]]] = i
            time[i] = until[i] = time[mine[w[i]]]
            moved[i] = 1
        } else if (v[i] == "deliver" && more[i] ~ /^handled/) {
            mine[w[i]] = i # it interrupts a call; if that goes on, it begins anew
        } else if (v[i] !~ /^(pending|deliver|orphan|held|gone|exit|killed|zombie|left.*)?$/) {
            mine[w[i]] = i
            if (v[i] == "fork" || v[i] == "thread")
                mine[o[i]] = i
        }
        if (v[i] == "killed")
            fate[w[i]] = o[i]
        if (v[i] == "held" && more[i] != "read")
            holds[w[i], o[i]] = 1
    }
    # execvp() tries one folder after the other.
    for (i = events; i > 0; i--) {
        recovers[i] = v[i] == "exec" && next_is[w[i]] == "exec"
        next_is[w[i]] = v[i]
    }
}

# If there are too many lifelines, those who did the same are alike: at most
# three of them are drawn.
function choose(   i, name, kind, kinds, drawn, round, most) {
    for (i = 1; i <= events && people > lifelines; i++) {
        name = o[i]
        gsub(/[0-9]+/, "#", name)
        if (length(did[w[i]]) < 2000 && v[i] != "gone")
            did[w[i]] = did[w[i]] v[i] " " name " " r[i] ";"
        if (v[i] == "fork" || v[i] == "thread")
            parent_of[o[i]] = w[i]
    }
    for (round = 1; round <= 3; round++)
        for (i = 1; i <= people; i++) {
            name = person[i]
            kind = parent_of[name] ":" did[name]
            if (drawn < lifelines && !(name in chosen) &&
                (people <= lifelines || kinds[kind] < round)) {
                chosen[name] = 1
                kinds[kind]++
                drawn++
                if (round == 1)
                    example[kind] = name
            }
        }
    for (i = 1; i <= people; i++) {
        name = person[i]
        kind = parent_of[name] ":" did[name]
        if (name in chosen)
            continue
        hidden++
        kind = kind in example ? "like " example[kind] : "other"
        if (!(kind in alike))
            group[++groups] = kind
        if (!alike[kind]++)
            first_alike[kind] = name
        last_alike[kind] = name
    }
}

# Hands all events to timeline-story.awk, in their order.
function tell_all(   i, j) {
    for (i = 1; i <= events; i++) {
        if (moved[i])
            continue
        for (j = i; j; j = after[j])
            if (v[j] != "")
                happened(j)
        long_time = max(0.1, time[i] / 40)
    }
    for (i = 1; i <= queues && !too_many; i++)
        never_read(queue[i])
    if (too_many && !cut) {
        row(events, "more", "", "")
        cut = rows
    }
    if (cut)
        text[cut] = "… " too_many " more events left out" \
            (unborn ? ", with " unborn " new processes or threads" : "")
}
