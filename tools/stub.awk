# stub.awk: makes the stub of an exercise from its solution.
#
# Usage: awk -v solved=K -f tools/stub.awk SOLUTION.c
#
# A solution marks what the student is to write:
#     /* TODO 2 BEGIN: close every end that this stage doesn't use */
#     ...
#     /* TODO 2 STAND-IN: return -1; */
#     /* TODO 2 END */
# In the stub each region is a comment, "TODO 2: close ...", and the code that
# stands in for it, if any. Regions 1 to K are left in, without their marks.

function fail(words) {
    printf "%s:%d: %s\n", FILENAME, FNR, words > "/dev/stderr"
    failed = 1
    exit 2
}

function indent() {
    match($0, /^ */)
    return substr($0, 1, RLENGTH)
}

# The description may take several lines, up to the end of its comment.
in_description {
    if (number > solved)
        print
    if (/\*\/ *$/)
        in_description = 0
    next
}

/\/\* TODO [0-9]+ BEGIN:/ {
    if (number)
        fail("TODO " number " isn't ended yet; regions don't nest")
    match($0, /TODO [0-9]+/)
    number = substr($0, RSTART + 5, RLENGTH - 5) + 0
    last = number > last ? number : last
    seen[number] = 1
    if (number > solved) {
        sub(/ BEGIN:/, ":")
        print
    }
    in_description = !/\*\/ *$/
    next
}

/\/\* TODO [0-9]+ STAND-IN:/ {
    if (index($0, "TODO " number " ") == 0)
        fail("a stand-in outside its region")
    if (number > solved) {
        spaces = indent()
        sub(/^.*STAND-IN: */, "")
        sub(/ *\*\/ *$/, "")
        print spaces $0
    }
    next
}

/\/\* TODO [0-9]+ END \*\// {
    if (!number || index($0, "TODO " number " END") == 0)
        fail("this END has no BEGIN before it")
    number = 0
    next
}

/TODO [0-9]+ (BEGIN|END|STAND)/ { fail("a mark that isn't whole: " $0) }

!number || number <= solved { print }

END {
    if (failed)
        exit 2
    if (number)
        fail("TODO " number " has no END")
    if (!last)
        fail("no TODO region")
    for (i = 1; i <= last; i++)
        if (!(i in seen))
            fail("TODO " i " is missing")
}
