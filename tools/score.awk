# score.awk: turns bats' TAP into points, and into what a student reads.
#
# Usage: bats --tap ... | awk -v exercise=LAB/EX [-v begin=FILE] -f tools/score.awk POINTS -
# FILE has TODO 1. POINTS has a line "POINTS<tab>TEST NAME" for each test. With -v machine=1 it
# prints "passed|failed|skipped<tab>TEST NAME" lines and, last,
# "score<tab>LAB/EX<tab>GOT<tab>OF".

function show(mark, name, got, of) {
    if (machine)
        return
    printf "%s %-68s %s\n", mark, name, got == "" ? "skipped" : got "/" of
}

# Ends the test whose lines have been read.
function finish() {
    if (name == "")
        return
    if (machine)
        printf "%s\t%s\n", result, name
    name = ""
}

NR == FNR {
    tab = index($0, "\t")
    points[substr($0, tab + 1)] = substr($0, 1, tab - 1)
    next
}

/^(not )?ok [0-9]+ / {
    finish()
    result = /^not/ ? "failed" : "passed"
    name = $0
    sub(/^(not )?ok [0-9]+ /, "", name)
    if (result == "passed" && match(name, / # skip.*/)) {
        reason = substr(name, RSTART + 8)
        name = substr(name, 1, RSTART - 1)
        result = "skipped"
    }
    if (!(name in points)) {
        print exercise ": a test without points: " name > "/dev/stderr"
        broken = 1
        next
    }
    tests++
    if (result == "skipped") {
        show("-", name, "")
        if (!machine)
            print "    " reason
        next
    }
    of += points[name]
    if (result == "passed")
        got += points[name]
    show(result == "passed" ? "✓" : "✗", name,
         result == "passed" ? points[name] : 0, points[name])
    next
}

# Where in the test file it failed is for those who write tests.
/^# \((from function|in test file)/ { where = 1 }
where { if (/ failed( with status [0-9]+)?$/) where = 0; next }
/^# / && result == "failed" && !machine { print "    " substr($0, 3) }

END {
    finish()
    if (machine) {
        printf "score\t%s\t%d\t%d\n", exercise, got, of
    } else if (tests > 0) {
        printf "\n%s: %d of %d points (%d %%)\n", exercise, got, of,
            of ? 100 * got / of : 0
        if (of && got == of)
            print "Well done. The questions in the lab's README go on from here."
        else if (got == 0)
            print "Everyone begins at 0." (begin ? " Start with TODO 1 in " begin ";\n" : "\n") \
                "make hint EX=" exercise " helps."
        else
            print "Repair the first ✗ above first; make hint EX=" exercise " helps."
    }
    if (!tests)
        print exercise ": bats ran no test" > "/dev/stderr"
    exit !(tests && !broken && got == of)
}
