# pids.awk: writes 4711, 4712, ... for the PIDs in the output of a run, in the
# order in which they appear, so that it can stand in a README.
#
# A PID is recognised where it first appears as in "child[123]", "PID 123",
# "thread 123" or in a line of a table that begins "  123  122 S ".

function learn(text) {
    sub(/.*\[/, "", text) # "daemon3[123]": a name may have digits, too
    gsub(/[^0-9]/, "", text)
    if (!(text in pids))
        pids[text] = 4710 + ++count
}

{ lines[NR] = $0 }

{
    rest = $0
    while (match(rest, /[a-z0-9_]\[[0-9]+\]|(PID|pid|process|thread) [0-9]+/)) {
        learn(substr(rest, RSTART, RLENGTH))
        rest = substr(rest, RSTART + RLENGTH)
    }
    if ($0 ~ /^ *[0-9]+ +[0-9]+ [RSDTZI] /) {
        learn($1)
        if ($2 > 2)
            learn($2)
    }
}

END {
    for (i = 1; i <= NR; i++) {
        rest = lines[i]
        line = ""
        while (match(rest, /[0-9]+/)) {
            number = substr(rest, RSTART, RLENGTH)
            line = line substr(rest, 1, RSTART - 1) \
                (number in pids ? pids[number] : number)
            rest = substr(rest, RSTART + RLENGTH)
        }
        print line rest
    }
}
