# print.awk: puts the verdicts of figures and of facts together, and prints them.
#
# Usage: awk -F '\t' -v wanted=LIST -v form=FORM -f print.awk FIGURES FACTS TABLE
#
# LIST has commas before, between and after its numbers; "," alone means all. FORM is
# markdown, tsv, or empty: for people. Where a claim has both kinds, it holds if both
# hold and fails if both fail. If one of them is undecided, so is the claim; otherwise
# it depends on which of the two is meant.

# A file without a line is never seen by a rule: so the names tell which it is.
FILENAME != last {
    last = FILENAME
    for (file = 1; ARGV[file] != FILENAME; file++)
        ;
}

file == 1 { verdict[$1] = $2; words[$1] = $3; next }

file == 2 && $1 in verdict {
    if ($2 == verdict[$1])
        words[$1] = words[$1] "; " $3
    else if ($2 == "undecided" || verdict[$1] == "undecided") {
        words[$1] = "the figures: " said(verdict[$1], words[$1]) "; the rest: " said($2, $3)
        verdict[$1] = "undecided"
    } else {
        words[$1] = "on what is meant: the figures: " said(verdict[$1], words[$1]) "; the rest: " said($2, $3)
        verdict[$1] = "depends"
    }
    next
}

file == 2 { verdict[$1] = $2; words[$1] = $3; next }

function said(verdict, words) {
    return verdict (verdict == "depends" ? " " : ": ") words
}

function trim(text) {
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}

# Lines of at most 76 characters, each after four spaces.
function fold(text,    n, word, i, line) {
    n = split(text, word, " ")
    line = ""
    for (i = 1; i <= n; i++) {
        if (line != "" && length(line " " word[i]) > 76) {
            print "    " line
            line = ""
        }
        line = line (line == "" ? "" : " ") word[i]
    }
    if (line != "")
        print "    " line
}

/^#/ { next }

split($0, part, "|") == 4 {
    number = trim(part[1])
    if (wanted != "," && !index(wanted, "," number ","))
        next
    lab = trim(part[3])
    seen++
    count[verdict[number]]++
    if (form == "tsv") {
        print number "\t" verdict[number] "\t" words[number]
        next
    }
    if (form == "") {
        print number ". " trim(part[2]) ": " verdict[number]
        fold(words[number])
        fold("labs/" lab "/README.md")
        next
    }
    if (seen == 1) {
        print "| # | the notes say | verdict | what was seen | lab |"
        print "|---:|---|---|---|---|"
    }
    text = words[number]
    gsub(/[|]/, "\\|", text)
    print "| " number " | " trim(part[2]) " | " verdict[number] " | " text " | [" substr(lab, 1, 2) "](../" lab "/README.md) |"
}

END {
    if (form == "" && seen)
        printf "%d claims: %d hold, %d fail, %d depend, %d undecided\n", seen, \
            count["holds"], count["fails"], count["depends"], count["undecided"]
}
