# plot-ipc.awk: makes a gnuplot script of ipcbench's CSV. Variables: kind, cpus, size,
# out (the picture). Status 1: there is nothing to draw.

BEGIN {
    FS = ","
    # Who is drawn together: at most five lines, beside which there is the pipe.
    group_count = split("pipes|sockets|queues and signals|shared memory and files", titles, "|")
    split("pipe fifo vmsplice socketpair|unix_stream unix_dgram unix_seqpacket tcp udp|" \
        "mqueue sysv_queue signals eventfd|" \
        "ring_futex ring_spin shm_semaphores vm_readv file", groups, "|")
    for (g = 1; g <= group_count; g++) {
        n = split(groups[g], names, " ")
        for (i = 1; i <= n; i++) {
            group[names[i]] = g
            look[names[i]] = i # the same in every picture
        }
    }
    # Colours that the colour-blind can tell apart (Okabe and Ito), dark to light.
    split("#000000 #0072b2 #d55e00 #009e73 #cc79a7 #56b4e9", colour, " ")
    split("7 5 9 13 11 6", shape, " ")
}

function log10(x) { return log(x) / log(10) }

# A name's own row among those seen, in the order of their coming.
function row_of(name) {
    if (!(name in row)) {
        row[name] = ++rows
        row_name[rows] = name
        if (!(name in group)) # one that was added
            group[name] = group_count
    }
    return row[name]
}

NR == 1 || $7 == "" { next }
{
    actual = $NF ~ /from the actual start/
    if ($17 > rounds)
        rounds = $17
}

(kind == "latency" || kind == "throughput") && $1 == kind && $4 == cpus && !actual && $3 > 0 && $7 > 0 {
    r = row_of($2)
    points[r]++
    data[r] = data[r] $3 " " $7 " " $8 " " $9 "\n"
    spins[r] = $5 == "spinning"
    if ($3 >= last_x[r]) {
        last_x[r] = $3
        last_y[r] = $7
    }
    if (!low || $7 < low) low = $7
    if ($7 > high) high = $7
    if ($3 > widest) widest = $3
}

# Where there are no percentiles, a part of the points is missing.
kind == "distribution" && $1 == "latency" && $4 == cpus && ($10 != "" || $14 != "") {
    by_size[$3] = 1
    r = row_of($2 (actual ? " (actual)" : "") SUBSEP $3)
    for (i = 10; i <= 14; i++) {
        value[r, i] = $i
        if ($i != "") {
            if (!low || $i < low) low = $i
            if ($i > high) high = $i
        }
    }
    order[r] = $10 != "" ? $10 : $7
    spins[r] = $5 == "spinning"
}

kind == "cost" && $1 == kind && $7 > 0 {
    r = row_of($2 ($4 == "two" ? " (two CPUs)" : ""))
    median[r] = $7
    data[r] = $7 " " $8 " " $9
    if (!low || $8 < low) low = $8
    if ($9 > high) high = $9
}

# Time as people write it; in the axes, too.
function time(ns) {
    return ns < 1000 ? sprintf("%.3g ns", ns) : ns < 1e6 ? sprintf("%.3g µs", ns / 1e3) : \
        ns < 1e9 ? sprintf("%.3g ms", ns / 1e6) : sprintf("%.3g s", ns / 1e9)
}

function time_tics(axis,    t, words) {
    for (t = 1; t <= 1e11; t *= 10)
        words = words (words ? "," : "") "\"" time(t) "\" " t
    print "set " axis "tics (" words ")"
}

function size_words(x) {
    return x < 1024 ? x : x < 1048576 ? x / 1024 "K" : x / 1048576 "M"
}

function begin(width, height) {
    print "set terminal svg size " width "," height " font \"sans-serif,13\" noenhanced background \"white\""
    print "set output \"" out "\""
    print "set border 3 lc rgb \"#444444\""
    print "set grid xtics ytics lc rgb \"#dddddd\" lt 1 lw 0.6"
    print "set tics nomirror; set encoding utf8"
}

function cpus_words() {
    return cpus == "one" ? "both sides on one CPU" : cpus == "two" ? "on two CPUs" : "not pinned"
}

# Labels at the ends of lines: as far apart as they are high, and as near to the
# ends as that allows. `gap` is in powers of ten.
function place_labels(g, gap,    i, j, r, n, at, t, moved) {
    n = 0
    for (r = 1; r <= rows; r++)
        if (group[row_name[r]] == g)
            at[++n] = r
    for (i = 2; i <= n; i++) # by the end's height
        for (j = i; j > 1 && last_y[at[j]] < last_y[at[j - 1]]; j--) {
            t = at[j]; at[j] = at[j - 1]; at[j - 1] = t
        }
    for (i = 1; i <= n; i++)
        label_y[at[i]] = log10(last_y[at[i]])
    for (t = 0; t < 200; t++) {
        moved = 0
        for (i = 2; i <= n; i++) {
            j = gap - (label_y[at[i]] - label_y[at[i - 1]])
            if (j > 1e-6) {
                label_y[at[i]] += j / 2
                label_y[at[i - 1]] -= j / 2
                moved = 1
            }
        }
        if (!moved)
            break
    }
    members = n
    for (i = 1; i <= n; i++)
        member[i] = at[i]
}

function by_size_picture(    g, i, r, plots, x, tics, decades, bottom, top, k, place) {
    begin(1120, 880)
    bottom = int(log10(low) + 100) - 100
    top = int(log10(high) - 100) + 100
    decades = top - bottom
    print "set multiplot layout 2,2 title \"" (kind == "latency" ? "Round trip" : "One way") \
        " by size of message, " cpus_words() "\\nmedians of " rounds \
        " rounds, with the least and the greatest; broken lines: who spins\" font \",15\""
    print "set logscale xy"
    for (x = 1; x <= widest; x *= 16)
        tics = tics (tics ? "," : "") "\"" size_words(x) "\" " x
    print "set xtics (" tics ")"
    print "set xrange [0.7:" widest * 1.4 "]"
    print "set yrange [0.99e" bottom ":1.01e" top "]"
    print "set rmargin 14; set lmargin 11"
    if (kind == "latency")
        time_tics("y")
    else
        print "set format y \"10^{%T}\"; set ytics (\"0.01 MB/s\" 0.01, \"0.1 MB/s\" 0.1, \"1 MB/s\" 1, \"10 MB/s\" 10, " \
            "\"100 MB/s\" 100, \"1 GB/s\" 1000, \"10 GB/s\" 1e4, \"100 GB/s\" 1e5)"
    for (r = 1; r <= rows; r++)
        printf "$d%d << EOD\n%sEOD\n", r, data[r]
    for (g = 1; g <= group_count; g++) {
        place_labels(g, decades * 0.055)
        print "unset label; set title \"" titles[g] "\"; set xlabel \"" (g > 2 ? "bytes" : "") "\""
        plots = ""
        if (("pipe" in row) && g > 1) {
            plots = "$d" row["pipe"] " with lines lc rgb \"#bbbbbb\" lw 4 notitle"
            print "set label \"grey: pipe\" at graph 0.02,0.95 textcolor rgb \"#888888\""
        }
        for (i = 1; i <= members; i++) {
            r = member[i]
            k = row_name[r] in look ? look[row_name[r]] : 6
            plots = plots (plots ? ", " : "") "$d" r " using 1:2:3:4 with yerrorbars lc rgb \"" colour[k] \
                "\" pt " shape[k] " ps 0.8 lw 1 notitle, $d" r " with lines lc rgb \"" colour[k] \
                "\" lw 1.6 dt " (spins[r] ? 2 : 1) " notitle"
            place = 10 ^ label_y[r]
            printf "set label \"%s\" at first %g,%g left offset 0.9,0 textcolor rgb \"%s\" front\n", \
                row_name[r], last_x[r] * 1.1, place, colour[k]
        }
        if (plots == "") # an empty panel keeps the others where they belong
            plots = "NaN notitle"
        print "plot " plots
    }
    print "unset multiplot"
}

# Rows from the top down, by the median.
function sort_rows(weight, n, chosen,    i, j, t) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && weight[chosen[j]] < weight[chosen[j - 1]]; j--) {
            t = chosen[j]; chosen[j] = chosen[j - 1]; chosen[j - 1] = t
        }
}

function row_tics(n, chosen,    i, words, name) {
    for (i = 1; i <= n; i++) {
        name = row_name[chosen[i]]
        sub(SUBSEP ".*", "", name)
        words = words (i > 1 ? "," : "") "\"" name (spins[chosen[i]] ? ", spinning" : "") "\" " n + 1 - i
    }
    print "set ytics (" words ")"
    print "set yrange [0.3:" n + 0.7 "]"
}

function time_range(    bottom, top) {
    bottom = int(log10(low) + 100) - 100
    top = int(log10(high) - 100) + 100
    print "set logscale x"
    print "set xrange [0.99e" bottom ":1.01e" top "]"
    time_tics("x")
}

function distribution_picture(    n, r, i, p, parts, x, s, chosen, words, shapes) {
    for (x in by_size) # the size asked for, or the smallest one
        if (s == "" || x + 0 == size || (s != size && x + 0 < s))
            s = x + 0
    for (r = 1; r <= rows; r++) {
        split(row_name[r], parts, SUBSEP)
        if (parts[2] + 0 == s)
            chosen[++n] = r
    }
    sort_rows(order, n, chosen)
    begin(900, 150 + 26 * n)
    print "set title \"Round trips of " s " B, " cpus_words() \
        ": one by one, of all rounds\" font \",15\""
    print "set key outside bottom center horizontal Left reverse samplen 1.5; set lmargin 24"
    time_range()
    row_tics(n, chosen)
    split("p50 p90 p99 p99.9 max", words, " ")
    split("7 6 8 4 2", shapes, " ")
    for (i = 1; i <= n; i++) {
        x = ""
        for (p = 10; p <= 14; p++)
            if (value[chosen[i], p] != "")
                x = x value[chosen[i], p] " " n + 1 - i "\n"
        printf "$l%d << EOD\n%sEOD\n", i, x
    }
    for (p = 10; p <= 14; p++) {
        printf "$p%d << EOD\n", p
        for (i = 1; i <= n; i++)
            print (value[chosen[i], p] == "" ? "NaN" : value[chosen[i], p]), n + 1 - i
        print "EOD"
    }
    printf "plot "
    for (i = 1; i <= n; i++)
        printf "$l%d with lines lc rgb \"#999999\" lw 2 notitle, ", i
    for (p = 10; p <= 14; p++)
        printf "$p%d with points pt %d ps 0.9 lw 1.5 lc rgb \"%s\" title \"%s\"%s", p, \
            shapes[p - 9], colour[p - 9], words[p - 9], p < 14 ? ", " : "\n"
}

function cost_picture(    n, r, i, chosen, x) {
    for (r = 1; r <= rows; r++)
        chosen[++n] = r
    sort_rows(median, n, chosen)
    begin(900, 110 + 24 * n)
    print "set title \"What one of them costs: medians of " rounds \
        " rounds, with the least and the greatest\" font \",15\"; set lmargin 26; set rmargin 12"
    time_range()
    row_tics(n, chosen)
    print "$d << EOD"
    for (i = 1; i <= n; i++)
        print data[chosen[i]], n + 1 - i
    print "EOD"
    for (i = 1; i <= n; i++) {
        split(data[chosen[i]], x, " ")
        printf "set label \"%s\" at first %g,%d left offset 1,0\n", time(x[1]), x[3], n + 1 - i
    }
    print "plot $d using 1:4:2:3 with xerrorbars pt 7 ps 0.8 lw 1.5 lc rgb \"#0072b2\" notitle"
}

END {
    if (!rows)
        exit 1
    if (high <= low)
        high = low * 1.1
    if (kind == "distribution")
        distribution_picture()
    else if (kind == "cost")
        cost_picture()
    else
        by_size_picture()
}
