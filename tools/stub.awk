# stub.awk: makes the stub of an exercise from its solution.
#
# Usage: awk -v solved=K [-v into=FOLDER] -f tools/stub.awk SOLUTION...
#
# A solution marks what the student is to write:
#     /* TODO 2 BEGIN: close every end that this stage doesn't use */
#     ...
#     /* TODO 2 STAND-IN: return -1; */
#     /* TODO 2 END */
# In the stub each region is a comment, "TODO 2: close ...", and the code that
# stands in for it, if any. Regions 1 to K are left in, without their marks.
#
# What isn't C has "# TODO 2 BEGIN: close ..." and so on. If an exercise has several
# files, they are all given, the numbers go on from one to the next, and each
# stub gets its file's name in the folder.

function fail(words) {
    fail_at(FILENAME, FNR, words)
}

function fail_at(file, line, words) {
    printf "%s:%d: %s\n", file, line, words > "/dev/stderr"
    failed = 1
    exit 2
}

function write(line) {
    if (into == "")
        print line
    else
        print line > stub
}

function indent() {
    match($0, /^ */)
    return substr($0, 1, RLENGTH)
}

# The region of the file that ends here must have been ended.
function end_file() {
    if (number)
        fail_at(file, line, "TODO " number " has no END")
}

FNR == 1 {
    end_file()
    file = FILENAME
    stub = FILENAME
    sub(/.*\//, "", stub)
    stub = into "/" stub
    in_description = 0
}

{ line = FNR }

# The description may take several lines: up to the end of its comment, or as
# long as there are lines that begin with #.
in_description == "#" && (!/^ *#/ || /^ *# TODO /) { in_description = 0 }

in_description {
    if (number > solved)
        write($0)
    if (in_description == "/*" && /\*\/ *$/)
        in_description = 0
    next
}

/(\/\*|^ *#) TODO [0-9]+ BEGIN:/ {
    if (number)
        fail("TODO " number " isn't ended yet; regions don't nest")
    match($0, /TODO [0-9]+/)
    number = substr($0, RSTART + 5, RLENGTH - 5) + 0
    last = number > last ? number : last
    seen[number] = 1
    in_description = /^ *#/ ? "#" : /\*\/ *$/ ? 0 : "/*"
    if (number > solved) {
        sub(/ BEGIN:/, ":")
        write($0)
    }
    next
}

/(\/\*|^ *#) TODO [0-9]+ STAND-IN:/ {
    if (index($0, "TODO " number " ") == 0)
        fail("a stand-in outside its region")
    if (number > solved) {
        spaces = indent()
        if (!/^ *#/)
            sub(/ *\*\/ *$/, "")
        sub(/^.*STAND-IN: */, "")
        write(spaces $0)
    }
    next
}

/\/\* TODO [0-9]+ END \*\/|^ *# TODO [0-9]+ END *$/ {
    if (!number || index($0, "TODO " number " END") == 0)
        fail("this END has no BEGIN before it")
    number = 0
    next
}

/TODO [0-9]+ (BEGIN|END|STAND)/ { fail("a mark that isn't whole: " $0) }

!number || number <= solved { write($0) }

END {
    if (failed)
        exit 2
    end_file()
    if (!last)
        fail("no TODO region")
    for (i = 1; i <= last; i++)
        if (!(i in seen))
            fail("TODO " i " is missing")
}
