# judge.awk: what figures say of claims. A claim holds only if the numbers do.
#
# Usage: awk -f judge.awk TABLE ipcbench.csv
#
# Prints for each claim of the table that is about figures: its number, the verdict
# and why, between tabs.
#
# A claim compares: "slower fifo than pipe in latency". Each thing that was measured
# of both, the same size on the same CPUs, is one comparison. For each side the CSV has
# the least and the greatest of all rounds: only if these two spans don't meet is
# one slower. Of several mechanisms, "ring,shm", the best counts: its value lies
# between the best of what each did at its best and at its worst. What blocks is
# compared with what blocks only, and what spins with what spins.

function trim(text) {
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}

# ---- the table ----

FNR == 1 { file++ }

file == 1 && !/^#/ && NF {
    n = split($0, part, "|")
    number = trim(part[1])
    how = n > 3 ? trim(part[4]) : ""
    if (how ~ /^slower /) {
        numbers[++claims] = number
        rule[number] = how
    }
    next
}

# ---- the figures ----

file == 2 && FNR == 1 {
    has_header = 1
    columns = split($0, name, ",")
    for (i = 1; i <= columns; i++)
        column[name[i]] = i
    split("what mechanism size cpus mode unit median least greatest rounds note", need, " ")
    for (i in need)
        if (!(need[i] in column)) {
            print FILENAME ": not a CSV of ipcbench: no column " need[i] > "/dev/stderr"
            failed = 1
            exit 1
        }
    next
}

file == 2 {
    split($0, f, ",")
    what = f[column["what"]]
    size = what == "cost" ? "-" : f[column["size"]]
    where = what SUBSEP size SUBSEP f[column["cpus"]]
    row = where SUBSEP f[column["mode"]] SUBSEP f[column["mechanism"]]
    if (!(where in known)) {
        known[where] = 1
        place[++places] = where
    }
    # The note is the last one, in quotes, and may have commas.
    text = $0
    for (i = 1; i < column["note"]; i++)
        sub(/^[^,]*,/, "", text)
    gsub(/^"|"$/, "", text)
    gsub(/""/, "\"", text)
    note[row] = text
    is_rate[where] = f[column["unit"]] == "MB/s"
    unit[where] = f[column["unit"]]
    if (f[column["median"]] == "")
        next
    median[row] = f[column["median"]] + 0
    least[row] = f[column["least"]] + 0
    greatest[row] = f[column["greatest"]] + 0
    rounds[row] = f[column["rounds"]] + 0
}

# ---- a comparison ----

# best(WHERE, MODE, GROUP): sets best_name, best_low, best_high, best_median, and
# doubt, of those of the group that were measured there. False if none was.
function best(where, mode, group,    n, member, i, row, rate, found) {
    n = split(group, member, ",")
    rate = is_rate[where]
    found = 0
    doubt = ""
    for (i = 1; i <= n; i++) {
        row = where SUBSEP mode SUBSEP member[i]
        if (row in note && !(row in median))
            missing = missing (missing ? "; " : "") member[i] " " note[row]
        if (!(row in median))
            continue
        if (note[row] ~ /noisy/)
            doubt = "noisy"
        else if (rounds[row] < 3)
            doubt = "fewer than 3 rounds"
        if (!found || (rate ? median[row] > best_median : median[row] < best_median)) {
            best_median = median[row]
            best_name = member[i]
        }
        if (!found || (rate ? least[row] > best_low : least[row] < best_low))
            best_low = least[row]
        if (!found || (rate ? greatest[row] > best_high : greatest[row] < best_high))
            best_high = greatest[row]
        found = 1
    }
    return found
}

# compare(WHERE, MODE, A, B): "holds" if A is slower there, "fails" if it is faster,
# "undecided", or "" if there is nothing to compare. Sets ratio and figure.
function compare(where, mode, a, b,    low, high, middle, first, unsure) {
    if (!best(where, mode, a))
        return ""
    low = best_low; high = best_high; middle = best_median
    first = best_name; unsure = doubt
    if (!best(where, mode, b) || !middle || !best_median)
        return ""
    doubt = unsure ? unsure : doubt
    ratio = is_rate[where] ? best_median / middle : middle / best_median
    figure = sprintf("%s %s against %s %s", first, shown(middle, where), best_name, shown(best_median, where))
    if (doubt)
        return "undecided"
    if (is_rate[where] ? high < best_low : low > best_high)
        return "holds"
    if (is_rate[where] ? low > best_high : high < best_low)
        return "fails"
    doubt = "the rounds overlap"
    return "undecided"
}

function shown(value, where) {
    if (unit[where] == "ns" && value >= 1000)
        return sprintf(value < 100000 ? "%.2f us" : "%.0f us", value / 1000)
    return sprintf(value < 100 ? "%.1f %s" : "%.0f %s", value, unit[where])
}

# ---- a claim ----

# has(LIST, WORD): whether the words, between commas, have it; an empty list has all.
function has(list, word) {
    return list == "" || index("," list ",", "," word ",")
}

# Reads "slower A than B in WHAT for SIZES on CPUS when MODE" into part[].
function parse(text,    n, word, i) {
    split("", part)
    part["mode"] = "blocking"
    n = split(trim(text), word, " ")
    for (i = 1; i < n; i += 2)
        part[word[i] == "when" ? "mode" : word[i]] = word[i + 1]
}

function judge(number,    n, text, i, j, at, verdict) {
    count = holds = fails = undecided = 0
    missing = doubts = ""
    n = split(rule[number], text, ";")
    for (i = 1; i <= n; i++) {
        parse(text[i])
        for (j = 1; j <= places; j++) {
            split(place[j], at, SUBSEP)
            if (at[3] == "free" || !has(part["in"], at[1]) || !has(part["for"], at[2]) || !has(part["on"], at[3]))
                continue
            verdict = compare(place[j], part["mode"], part["slower"], part["than"])
            if (verdict == "")
                continue
            count++
            is[count] = verdict
            value[count, 1] = at[1]
            value[count, 2] = at[2]
            value[count, 3] = at[3] == "one" ? "one CPU" : at[3] == "two" ? "two CPUs" : at[3]
            value[count, 4] = part["slower"] " and " part["than"]
            ratios[count] = ratio
            figures[count] = figure
            if (verdict == "holds")
                holds++
            else if (verdict == "fails")
                fails++
            else {
                undecided++
                if (!index(doubts, doubt))
                    doubts = doubts (doubts ? "; " : "") doubt
            }
        }
    }
    printf "%s\t%s\n", number, conclusion()
}

function conclusion(    words) {
    if (!count)
        return "undecided\tno figures" (missing ? ": " missing : "")
    words = spread()
    if (holds == count)
        return "holds\t" words
    if (fails == count)
        return "fails\t" words
    if (holds && fails)
        return "depends\t" on_what() (undecided ? "; " undecided " of " count " undecided: " doubts : "") "; " words
    return "undecided\t" (holds + fails ? (holds ? "holds" : "fails") " in " holds + fails " of " count ", and " : "") \
        doubts "; " words
}

# How far the comparisons go, and one of them.
function spread(    i, low, high, middle) {
    low = high = ratios[1]
    middle = 1
    for (i = 2; i <= count; i++) {
        if (ratios[i] < low) low = ratios[i]
        if (ratios[i] > high) high = ratios[i]
        if (is[middle] == "undecided" && is[i] != "undecided") middle = i
    }
    return sprintf("%s%s times the time; %s: %s", factor(low), \
        count > 1 ? " to " factor(high) : "", place_of(middle), figures[middle])
}

function factor(x) {
    return sprintf(x < 10 ? "%.2f" : "%.0f", x)
}

function place_of(i) {
    return value[i, 1] (value[i, 2] == "-" ? "" : ", " value[i, 2] " B") ", " value[i, 3]
}

# What the verdict depends on: one of size, CPUs and so on, if that alone decides;
# otherwise two of them; otherwise how many cases, and which, if they are few.
function on_what(    d, e, words) {
    split("what is measured,the size,the CPUs,what is compared", dimension, ",")
    for (d = 1; d <= 4; d++) {
        words = divided(d, d)
        if (words)
            return "on " dimension[d] ": " words
    }
    for (d = 1; d <= 4; d++)
        for (e = d + 1; e <= 4; e++) {
            words = divided(d, e)
            if (words)
                return "on " dimension[d] " and " dimension[e] ": " words
        }
    return "on the case: holds in " holds " of " count few("holds", holds) ", fails in " fails few("fails", fails)
}

function few(verdict, times,    i, words) {
    for (i = 1; times <= 2 && i <= count; i++)
        if (is[i] == verdict)
            words = words (words ? "; " : "") place_of(i) ": " figures[i]
    return words ? " (" words ")" : ""
}

function divided(d, e,    i, key, found, words) {
    split("", found)
    words["holds"] = words["fails"] = ""
    for (i = 1; i <= count; i++) {
        if (is[i] == "undecided")
            continue
        key = said(i, d) (d == e ? "" : " on " said(i, e))
        if (key in found && found[key] != is[i])
            return ""
        if (!(key in found))
            words[is[i]] = words[is[i]] (words[is[i]] == "" ? "" : ", ") key
        found[key] = is[i]
    }
    return "holds for " words["holds"] "; fails for " words["fails"]
}

function said(i, d) {
    return value[i, d] (d == 2 && value[i, d] != "-" ? " B" : "")
}

END {
    if (!has_header && !failed)
        print "the CSV is empty" > "/dev/stderr"
    if (!has_header || failed)
        exit 1
    for (c = 1; c <= claims; c++)
        judge(numbers[c])
}
