# order.awk: a lab's files, a line each, in the order in which they are read.
#
# Usage: awk -v readme=README.md -f order.awk FILES
#
# Programs as the README's list of programs has them, other programs, the exercises'
# stubs, the rest.

BEGIN {
    while ((getline line < readme) > 0) {
        if (line ~ /^## /)
            in_list = line == "## Programs"
        while (in_list && match(line, /`[A-Za-z0-9_.@\/-]+`/)) {
            name = substr(line, RSTART + 1, RLENGTH - 2)
            if (!(name in place))
                place[name] = ++places
            line = substr(line, RSTART + RLENGTH)
        }
    }
}

{
    name = $0
    sub(/\/main\.c$/, "", name)
    sub(/\.c$/, "", name)
    if ($0 ~ /^ex[0-9]_/)
        rank = 3000
    else if ($0 in place)
        rank = place[$0]
    else if (name in place)
        rank = place[name]
    else if ($0 ~ /^[^\/]*\.c$|\/main\.c$/ || ($0 !~ /[.\/]/))
        rank = 2000
    else
        rank = 4000
    file[NR] = $0
    key[NR] = rank * 10000 + NR
}

END {
    for (i = 2; i <= NR; i++)
        for (k = i; k > 1 && key[k] < key[k - 1]; k--) {
            t = key[k]; key[k] = key[k - 1]; key[k - 1] = t
            t = file[k]; file[k] = file[k - 1]; file[k - 1] = t
        }
    for (i = 1; i <= NR; i++)
        print file[i]
}
