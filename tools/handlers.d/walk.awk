# walk.awk: from each handler along the calls, to those that aren't safe. Input:
# handlers.d/safe, gcc's call graph in VCG, the source and its headers.

function name(title) { # "file.c:f" of a static function is f
    sub(/.*:/, "", title)
    return title
}

# Says what f calls, and what that calls, if it isn't safe; way is how f is come to.
function walk(f, way,    i, to) {
    seen[f]
    for (i = 1; i <= calls[f]; i++) {
        to = callee[f, i]
        if (to in defined) {
            if (!(to in seen))
                walk(to, way " > " to)
        } else if (to == "__indirect_call") {
            complain(place[f, i], way " calls through a pointer: nobody can say what")
        } else if (!(to in safe)) {
            complain(place[f, i], way " calls " to "(), which isn't async-signal-safe")
        }
    }
}

function complain(where, words) {
    print where ": " words
    found = 1
}

FILENAME ~ /safe$/ { safe[$1]; next }

# errno is a variable of the thread.
FNR == 1 { safe["__errno_location"]; }

/^node: / {
    split($0, part, "\"")
    if ($0 !~ /shape : ellipse/)
        defined[name(part[2])]
    next
}
/^edge: / {
    split($0, part, "\"")
    from = name(part[2])
    i = ++calls[from]
    callee[from, i] = name(part[4])
    place[from, i] = part[6]
    called[name(part[4])]
    # What signal() does differs: sigaction() says what is wanted.
    if (callee[from, i] ~ /^(signal|sysv_signal|bsd_signal|sigset)$/)
        complain(part[6], from " sets a handler with " callee[from, i] "()")
    next
}

FILENAME ~ /\.[ch]$/ {
    line = $0
    while (match(line, /sa_(handler|sigaction) *= *&?[A-Za-z_0-9]+/)) {
        word = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        sub(/.*[= &]/, "", word)
        if (line ~ /^\(/)
            word = word "()"
        if (word !~ /^SIG_(IGN|DFL)$/)
            assigned[word]
    }
    if ($0 ~ /sa_(handler|sigaction)/)
        named = 1
    if (match($0, /void [a-z_0-9]+\(int [a-z_]+[,)]/)) {
        word = substr($0, RSTART + 5, RLENGTH - 5)
        sub(/\(.*/, "", word)
        takes_int[word]
    }
}

END {
    for (word in assigned) {
        if (word in defined)
            handler[word]
        else
            for (f in takes_int)
                if (f in defined && !(f in called))
                    handler[f]
    }
    for (f in handler) {
        split("", seen)
        walk(f, f)
    }
    # As in {f}, without the member's name.
    if (("sigaction" in called) && !named)
        complain(ARGV[3], "can't see which handler sigaction() sets: say .sa_handler = NAME")
    exit found
}
