# same.awk: whether a run's output is what a transcript says.
#
# Usage: awk [-v unordered=1] -f tools/same.awk EXPECTED SEEN
# tools/transcript says what stands for what. On a difference it prints the
# first line that differs, and exits with 1.

# Cuts a line into words[1..n], numbers apart from what is between them.
function cut(line, words,    n) {
    gsub(/[ \t]+/, " ", line)
    sub(/ $/, "", line)
    n = 0
    while (match(line, /0x[0-9a-f]+|[0-9]+(\.[0-9]+)?/)) {
        words[++n] = substr(line, 1, RSTART - 1)
        words[++n] = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
    }
    words[++n] = line
    return n
}

# Whether seen can stand where the transcript has wanted. A pair of PIDs, or of
# addresses, that isn't known yet goes into new_pids.
function may_stand(wanted, seen, after,    pid) {
    if ((wanted ~ /^47[0-9][0-9]$/ && seen ~ /^[0-9]+$/) ||
        (wanted ~ /^0x/ && length(wanted) > 8 && seen ~ /^0x/)) {
        pid = wanted in pids ? pids[wanted] : new_pids[wanted]
        if (pid == "" && !(seen in taken) && !(seen in new_taken)) {
            new_pids[wanted] = seen
            new_taken[seen]
            return 1
        }
        return pid == seen
    }
    if (wanted ~ /\./ && after ~ /^ ?(s|ms|us|ns|seconds)($|[^a-z])/)
        return seen ~ /\./
    return wanted == seen
}

function same(wanted, seen,    w, s, n, i, pid) {
    n = cut(wanted, w)
    if (cut(seen, s) != n)
        return 0
    split("", new_pids)
    split("", new_taken)
    for (i = 1; i <= n; i++)
        if (i % 2 ? w[i] != s[i] : !may_stand(w[i], s[i], w[i + 1]))
            return 0
    for (pid in new_pids) {
        pids[pid] = new_pids[pid]
        taken[new_pids[pid]] = pid
    }
    return 1
}

FILENAME == ARGV[1] { expected[++wanted_lines] = $0; next }
{ seen[++seen_lines] = $0 }

END {
    for (i = 1; i <= wanted_lines; i++) {
        for (j = unordered ? 1 : i; j <= (unordered ? seen_lines : i); j++)
            if (!(j in used) && j <= seen_lines && same(expected[i], seen[j])) {
                used[j]
                break
            }
        if (j > (unordered ? seen_lines : i)) {
            print "expected:  " expected[i]
            print "saw:       " (unordered ? "no such line" : \
                i <= seen_lines ? seen[i] : "(nothing more)")
            exit 1
        }
    }
    if (seen_lines > wanted_lines) {
        print "expected:  (nothing more)"
        print "saw:       " seen[wanted_lines + 1]
        exit 1
    }
}
