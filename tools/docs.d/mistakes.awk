# mistakes.awk: puts the mistakes of the wrong programs into guide/mistakes.md.
#
# Usage: awk -f mistakes.awk LIST mistakes.md
#
# LIST has a line for each wrong program, "LAB/EXERCISE/NAME<tab>MISTAKE". A line
#
#     <!-- mistakes: REGEX -->
#
# becomes those whose LAB/EXERCISE/NAME fits, <!-- mistakes by exercise --> all of them.
# An expression that doesn't fit at least 3, of 2 exercises, is an error: it has become stale.

function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

# begin WORDS; item I ...; end: a list that is closed at first.
function begin(words) {
    print "<details><summary>" words "</summary>\n<ul>"
}

function item(i, where) {
    print "<li>" where escaped(mistake[i]) "</li>"
}

function end() {
    print "</ul>\n</details>\n"
}

# 07-pipes/ex1_pipeline: "07 ex1_pipeline: "
function place(exercise) {
    return substr(exercise, 1, 2) " <code>" substr(exercise, index(exercise, "/") + 1) "</code>"
}

NR == FNR {
    tab = index($0, "\t")
    name[++count] = substr($0, 1, tab - 1)
    mistake[count] = substr($0, tab + 1)
    exercise[count] = name[count]
    sub(/\/[^\/]*$/, "", exercise[count])
    next
}

/^<!-- mistakes: .* -->$/ {
    regex = substr($0, 16, length($0) - 19)
    found = exercises = 0
    last = ""
    for (i = 1; i <= count; i++)
        if (name[i] ~ regex) {
            found++
            exercises += exercise[i] != last
            last = exercise[i]
        }
    if (found < 3 || exercises < 2) {
        print FILENAME ": " $0 ": fits " found " wrong programs" >"/dev/stderr"
        failed = 1
    }
    begin(found " wrong programs, of " exercises " exercises")
    for (i = 1; i <= count; i++)
        if (name[i] ~ regex)
            item(i, place(exercise[i]) ": ")
    end()
    next
}

$0 == "<!-- mistakes by exercise -->" {
    for (i = 1; i <= count; i = k) {
        for (k = i; exercise[k] == exercise[i]; k++)
            ;
        # No code, which would become a link: a summary is a button already.
        begin(exercise[i] ": " (k - i) " wrong programs")
        for (k = i; exercise[k] == exercise[i]; k++)
            item(k, "")
        end()
    }
    next
}

{ print }

END { exit failed }
