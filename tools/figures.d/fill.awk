# fill.awk: puts figures into a README.
#
# Usage: awk -v machine=FILE -v claims=FILE -f fill.awk run.csv README.md
#
# <!-- figures: machine -->             the machine, in a sentence
# <!-- figures: latency SIZE... -->     round trips, of every mechanism
# <!-- figures: throughput SIZE... -->  one way, of every mechanism
# <!-- figures: compare NAME... -->     some mechanisms side by side
# <!-- figures: cost NAME... -->        operations
# <!-- figures: claims -->              the verdicts, from FILE; kept, if there is none
#
# A figure is the median of all rounds, with the least and the greatest where there is
# room. What noise spoilt has a question mark.

FNR == 1 { file++ }

file == 1 && FNR == 1 { next }

file == 1 {
    split($0, f, ",")
    row = f[1] SUBSEP f[2] SUBSEP f[3] SUBSEP f[4]
    median[row] = f[7]
    least[row] = f[8]
    greatest[row] = f[9]
    cpu[row] = f[15]
    switches[row] = f[16]
    if (f[17] > rounds) rounds = f[17]
    doubtful[row] = $0 ~ /noisy|varies/
    note[row] = $0
    sub(/.*n\/a: /, "", note[row])
    gsub(/"/, "", note[row])
    unit[f[1]] = f[6]
    if (!((f[1], f[2]) in seen)) {
        seen[f[1], f[2]] = 1
        names[f[1]] = names[f[1]] " " f[2]
    }
    spins[f[2]] = f[5] == "spinning"
    next
}

# ---- the README ----

in_block {
    if ($0 == "<!-- end of figures -->")
        in_block = 0
    else if (keep)
        print
    if (!in_block)
        print
    next
}

{ print }

/^<!-- figures: .* -->$/ {
    in_block = 1
    n = split($0, word, " ")
    kind = word[3]
    n-- # the last one is -->
    keep = kind == "claims" && claims == ""
    if (kind == "machine") print_machine()
    else if (kind == "compare") print_compare()
    else if (kind == "latency" || kind == "throughput") print_all()
    else if (kind == "cost") print_cost()
    else if (kind == "claims" && !keep) print_claims()
}

# ---- blocks; word[4] to word[n] are their words ----

function print_machine(    line, text, value, name) {
    while ((getline line < machine) > 0) {
        name = line
        sub(/ .*/, "", name)
        value[name] = line
        sub(/^[^ ]+ +/, "", value[name])
    }
    print ""
    print "*Measured* " value["measured"] ": " value["cpu"] ", CPUs " value["cpus"] ", " value["kernel"] \
        "; mitigations: " value["mitigations"] "; governor: " value["governor"] "; idle: " value["idle"] \
        ". The median of " rounds " rounds; ? where they went far apart."
    print ""
}

function print_all(    i, j, list, count, cpus, line, rule) {
    line = "| |"
    rule = "|---|"
    for (i = 4; i <= n; i++) {
        line = line " " bytes(word[i]) ", one CPU | two CPUs |"
        rule = rule "---:|---:|"
    }
    print ""
    print line
    print rule
    count = split(names[kind], list, " ")
    for (j = 1; j <= count; j++) {
        line = "| `" list[j] "`" (spins[list[j]] ? ", spinning" : "") " |"
        for (i = 4; i <= n; i++)
            line = line " " figure(kind, list[j], word[i], "one") " | " figure(kind, list[j], word[i], "two") " |"
        print line
    }
    print ""
}

function print_compare(    i, line, rule) {
    line = "| |"
    rule = "|---|"
    for (i = 4; i <= n; i++) {
        line = line " `" word[i] "` |"
        rule = rule "---:|"
    }
    print ""
    print line
    print rule
    compare_row("there and back, 64 B, one CPU", "latency", 64, "one")
    compare_row("the same on two CPUs", "latency", 64, "two")
    compare_row("one way, 64 B at a time, two CPUs", "throughput", 64, "two")
    compare_row("64 KiB at a time", "throughput", 65536, "two")
    compare_row("1 MiB at a time", "throughput", 1048576, "two")
    more_row("CPU time for a round trip, two CPUs", cpu, " us")
    more_row("switches for a round trip", switches, "")
    print ""
}

function compare_row(title, what, size, cpus,    i, line) {
    line = "| " title " |"
    for (i = 4; i <= n; i++)
        line = line " " figure(what, word[i], size, cpus) " |"
    print line
}

function more_row(title, values, after,    i, line, row) {
    line = "| " title " |"
    for (i = 4; i <= n; i++) {
        row = "latency" SUBSEP word[i] SUBSEP 64 SUBSEP "two"
        line = line " " (median[row] == "" ? "n/a" : sprintf("%.1f%s", values[row], after)) " |"
    }
    print line
}

function print_cost(    i, row) {
    print ""
    print "| | one CPU | two CPUs |"
    print "|---|---:|---:|"
    for (i = 4; i <= n; i++)
        print "| `" word[i] "` | " figure("cost", word[i], 0, "one") " | " figure("cost", word[i], 0, "two") " |"
    print ""
}

function print_claims(    line) {
    print ""
    while ((getline line < claims) > 0)
        print line
    print ""
}

# ---- figures ----

function figure(what, name, size, cpus,    row) {
    row = what SUBSEP name SUBSEP size SUBSEP cpus
    if (!(row in median))
        return ""
    if (median[row] == "")
        return "n/a"
    return shown(median[row], what) (doubtful[row] ? "?" : "") (kind == "compare" || kind == "cost" ? \
        " (" bare(least[row], median[row], what) " to " bare(greatest[row], median[row], what) ")" : "")
}

function is_large(value, what) {
    return what != "throughput" && value >= 1000
}

function digits(x) {
    return sprintf(x < 100 ? (x < 10 ? "%.2f" : "%.1f") : "%.0f", x)
}

function shown(value, what) {
    if (what == "throughput")
        return digits(value) " MB/s"
    if (value >= 1000000)
        return digits(value / 1000000) " ms"
    return is_large(value, what) ? digits(value / 1000) " us" : digits(value) " ns"
}

# In the unit of the median.
function bare(value, unit_of, what) {
    if (what == "throughput" || unit_of < 1000)
        return digits(value)
    return digits(value / (unit_of >= 1000000 ? 1000000 : 1000))
}

function bytes(size) {
    if (size >= 1048576) return size / 1048576 " MiB"
    if (size >= 1024) return size / 1024 " KiB"
    return size " B"
}
