# calls.awk: where C sources make which calls: "NAME<tab>FILE<tab>LINE" for each.
#
# Usage: awk [-v names=FILE] -f calls.awk SOURCE...
#
# Not what stands in comments and strings, nor what is reached by a pointer or
# is only declared with a name of its own. names: only those, the first word of
# each line; without it everything that looks like a call.

BEGIN {
    while (names != "" && (getline entry < names) > 0) {
        sub(/[ \t].*/, "", entry)
        if (entry != "" && entry !~ /^#/)
            wanted[entry] = 1
    }
}

FNR == 1 { in_comment = 0 }

{
    rest = $0
    code = ""
    while (rest != "") {
        if (in_comment) {
            if (!match(rest, /\*\//))
                break
            rest = substr(rest, RSTART + 2)
            in_comment = 0
        } else if (match(rest, /\/\*|\/\/|"([^"\\]|\\.)*"|'([^'\\]|\\.)+'/)) {
            code = code substr(rest, 1, RSTART - 1) " "
            opening = substr(rest, RSTART, 2)
            rest = substr(rest, RSTART + RLENGTH)
            if (opening == "//")
                rest = ""
            in_comment = opening == "/*"
        } else {
            code = code rest
            rest = ""
        }
    }
    while (match(code, /[A-Za-z_][A-Za-z0-9_]*[ ]*\(/)) {
        name = substr(code, RSTART, RLENGTH)
        before = substr(code, 1, RSTART - 1)
        code = substr(code, RSTART + RLENGTH)
        sub(/ *\($/, "", name)
        if (before !~ /(\.|->)$/ && (names == "" || name in wanted))
            print name "\t" FILENAME "\t" FNR
    }
}
