# pick.awk: the lines of a source that a slide shows.
#
# Usage: awk -f pick.awk SPEC SOURCE
#
# SPEC has lines like these; TEXT stands for any line that contains it:
#
#   function NAME    a whole function
#   in NAME          what follows is looked for in that function only
#   from TEXT        from the one line that contains it
#   to TEXT          to the next line that contains it; without "to", one line
#   mark TEXT        lines of the slide that contain it stand out
#
# Prints the lines without the indentation that all have, pieces that aren't
# neighbours with "..." between, and then "mark: N N". What isn't there, or is
# there twice, is said on standard error, as "error: WORDS".

function wrong(words) {
    print "error: " words >"/dev/stderr"
    failed = 1
}

# Sets first and last to the lines of function name, or first to 0.
function find_function(name,    i, k) {
    first = 0
    for (i = 1; i <= lines; i++) {
        if (line[i] !~ ("^([A-Za-z_].*[ *])?" name "(\\(| *\\(\\))"))
            continue
        for (k = i; k <= lines && line[k] !~ /[;{}]$/; k++)
            ;
        if (line[k] ~ /\{$/) {
            for (first = i; k < lines && line[k] !~ /^}/; k++)
                ;
            last = k
            return
        }
    }
}

# The line from `start` to `end` that has text; it must be the only one.
function find(text, start, end,    i, found, where) {
    for (i = start; i <= end; i++)
        if (index(line[i], text)) {
            where = where (found++ ? ", " : "") i
            if (found == 1)
                at = i
        }
    if (found == 1)
        return at
    if (found)
        wrong("from " text ": it is there " found " times, in lines " where)
    else
        wrong("from " text ": no line" inside " has it")
    return 0
}

# Takes lines a to b over.
function take(a, b,    i) {
    if (count && a != before + 1)
        shown[++count] = "\001"
    for (i = a; i <= b; i++)
        shown[++count] = line[i]
    before = b
}

function take_pending() {
    if (pending)
        take(pending, pending)
    pending = 0
}

function indent_of(text) {
    match(text, /^ */)
    return RLENGTH
}

FNR == 1 { file++ }
file == 1 {
    if ($0 !~ /^ *$/)
        spec[++specs] = $0
    next
}
{ line[++lines] = $0 }

END {
    low = 1
    high = lines
    for (s = 1; s <= specs; s++) {
        word = spec[s]
        sub(/ .*/, "", word)
        text = substr(spec[s], length(word) + 2)
        if (text == "" || word !~ /^(function|in|from|to|mark)$/) {
            wrong("not understood: " spec[s])
        } else if (word == "function" || word == "in") {
            take_pending()
            find_function(text)
            if (!first)
                wrong(word " " text ": there is no such function")
            else if (word == "function")
                take(first, last)
            else {
                low = first
                high = last
                inside = " of " text
            }
        } else if (word == "from") {
            take_pending()
            pending = find(text, low, high)
            began = 1
        } else if (word == "to") {
            for (i = pending; pending && i <= high && !index(line[i], text); i++)
                ;
            if (pending && i > high)
                wrong("to " text ": no line" inside " after line " pending " has it")
            else if (pending)
                take(pending, i)
            else if (!began)
                wrong("to " text ": after no from")
            pending = 0
        } else
            mark[++marks] = text
    }
    take_pending()
    if (!count && !failed)
        wrong("says nothing of what is to be shown")
    if (failed)
        exit 1

    indent = 99
    for (i = 1; i <= count; i++)
        if (shown[i] ~ /[^ ]/ && shown[i] != "\001" && indent_of(shown[i]) < indent)
            indent = indent_of(shown[i])
    for (i = 1; i <= count; i++) {
        if (shown[i] == "\001") {
            # As deep as what follows.
            printf "%*s...\n", indent_of(shown[i + 1]) - indent, ""
            continue
        }
        print substr(shown[i], indent + 1)
        for (m = 1; m <= marks; m++)
            if (index(shown[i], mark[m])) {
                list = list " " i
                met[m] = 1
            }
    }
    for (m = 1; m <= marks; m++)
        if (!met[m])
            wrong("mark " mark[m] ": no line that is shown has it")
    print "mark:" list
    exit failed
}
