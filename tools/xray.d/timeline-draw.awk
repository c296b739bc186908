# timeline-draw.awk: the third part of timeline.awk: rows and arrows become an SVG.

function level(d) { return kind[d] ~ /^arrow/ ? substr(kind[d], 6) + 0 : 0 }

# How long ago the row before was, if that is long enough to be shown. How long
# the program took to start is nobody's business.
function gap_before(d,   prev) {
    for (prev = d - 1; prev > 0 && kind[prev] == "more"; prev--)
        ;
    prev = prev > 1 ? row_time[d] - row_until[prev] : 0
    return prev >= long_time ? prev : 0
}

function text_width(d,   size) {
    size = bold[d] || wrong[d] ? 13.2 : 12.2
    return max(width(text[d], size), width(second[d], size))
}

# Columns stand as far apart as the texts between them need, within limits.
function place_columns(   c, d, a, b, need, most, space, who) {
    most = columns <= 2 ? 340 : max(100, 900 / columns)
    for (c = 1; c <= columns; c++) {
        who = at_column[c]
        half[c] = max(34, max(width(plain(who), 13), width(on_head[who], 11.5)) / 2 + 9)
    }
    for (d = 1; d <= rows; d++) {
        a = column[whose[d]]
        if (level(d)) {
            a = column[from_who[level(d)]]
            b = column[to_who[level(d)]]
            if (a - b != 1 && b - a != 1)
                continue
            space = born[to_who[level(d)]] == d ? half[b] : 0
            a = min(a, b)
        } else
            space = 0
        need[a] = max(need[a], min(text_width(d) + space + 30, most))
    }
    x[1] = 64 + half[1]
    for (c = 2; c <= columns; c++)
        x[c] = x[c - 1] + max(need[c - 1], max(half[c] + 40, half[c - 1] + 20))
}

# Where each row's line is, and where its text begins.
function place_rows(   d, c, a, b, head, room) {
    paper_y = 34
    for (d = 1; d <= rows; d++) {
        c = column[whose[d]]
        head = kind[d] == "head" || born[whose[d]] == d
        gap[d] = gap_before(d)
        gap_y[d] = paper_y + 12
        if (gap[d])
            paper_y += 30
        paper_y += head ? 30 : kind[d] == "more" ? 34 : 25
        y[d] = paper_y
        paper_y += (head || kind[d] == "more" ? 16 : 0) + (second[d] != "" ? 15 : 0) + (below[d] ? 13 : 0)
        text_y[d] = y[d] + (below[d] ? 14 : above[d] ? -5 : 4)
        # What nobody received has a short arrow of its own.
        if (out[d] && (level(d) || above[d] || has_arrow[d]))
            out[d] = 0
        text_x[d] = x[c] + (out[d] ? 34 : kind[d] == "end" ? 12 : 10)
        if (level(d)) {
            a = x[column[from_who[level(d)]]]
            b = x[column[to_who[level(d)]]]
            room = max(a, b) - min(a, b) - (head ? half[column[to_who[level(d)]]] : 0)
            text_x[d] = min(a, b) + max(8, (room - text_width(d)) / 2)
            text_y[d] = y[d] - 5
        }
        if (kind[d] != "more")
            paper_x = max(paper_x, text_x[d] + text_width(d) + 14)
    }
    paper_x = max(paper_x, max(x[columns] + half[columns] + 14, 460))
    paper_y += 22
}

# The colours in light and in dark: [red], [blue], … stand for them.
function colours(css, names,   i, n, pair) {
    n = split(names, pair, " ")
    for (i = 1; i < n; i += 2)
        gsub("[[]" pair[i] "[]]", pair[i + 1], css)
    return css
}

function style(   css) {
    css = ".xt text { fill: [ink]; }\n" \
        ".xt .small { fill: [soft]; }\n" \
        ".xt .halo { stroke: [paper]; }\n" \
        ".xt .paper { fill: [paper]; }\n" \
        ".xt .box, .xt .band { fill: [tint]; stroke: [soft]; }\n" \
        ".xt .line { stroke: [soft]; }\n" \
        ".xt .fork, .xt .hatch { stroke: [ink]; }\n" \
        ".xt .data, .xt .eof { stroke: [blue]; }\n" \
        ".xt .signal { stroke: [brown]; }\n" \
        ".xt .tip { fill: [ink]; stroke: none; }\n" \
        ".xt .tip.data, .xt .tip.eof { fill: [blue]; }\n" \
        ".xt .tip.signal { fill: [brown]; }\n" \
        ".xt .dot { fill: [soft]; }\n" \
        ".xt .bar { fill: [paper]; stroke: [ink]; }\n" \
        ".xt .wrong { stroke: [red]; }\n" \
        ".xt text.wrong { fill: [red]; stroke: [paper]; }"
    print "<style>\n.xt text { font-family: sans-serif; font-size: 12px; }\n" \
        ".xt .small { font-size: 11px; }\n" \
        ".xt .halo { paint-order: stroke; stroke-width: 4px; stroke-linejoin: round; }\n" \
        ".xt .bold, .xt text.wrong { font-weight: bold; }\n" \
        ".xt path, .xt .bar { stroke-width: 1.6; }\n" \
        ".xt .dead { stroke-width: 2.5; stroke-dasharray: 3 4; }\n" \
        ".xt .eof { stroke-dasharray: 6 4; }\n" \
        ".xt .signal { stroke-dasharray: 9 3 2 3; }\n" \
        ".xt .band { stroke-dasharray: 2 3; }"
    print colours(css, "ink #1b1f24 soft #57606a paper #ffffff tint #eef1f4 " \
        "blue #0a58b8 brown #8a4b00 red #c1121f")
    print "@media screen and (prefers-color-scheme: dark) {"
    print colours(css, "ink #e6edf3 soft #9aa6b2 paper #12161c tint #222a34 " \
        "blue #6cb2ff brown #f0a94b red #ff7b72")
    print "}\n</style>"
}

function line(class, x1, y1, x2, y2) {
    printf "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", class, x1, y1, x2, y2
}

# An arrow's head at a point, in the direction of (dx, dy).
function tip(class, its_x, its_y, dx, dy) {
    printf "<path class=\"tip %s\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fZ\"/>\n", class,
        its_x, its_y, its_x - 10 * dx + 4.5 * dy, its_y - 10 * dy - 4.5 * dx,
        its_x - 10 * dx - 4.5 * dy, its_y - 10 * dy + 4.5 * dx
}

function words_at(class, its_x, its_y, s, anchor) {
    if (s != "")
        printf "<text class=\"%s\"%s x=\"%.1f\" y=\"%.1f\">%s</text>\n", class,
            anchor == "" ? "" : " text-anchor=\"" anchor "\"", its_x, its_y, xml(s)
}

# A group and its sentence, which a screen reader says and a mouse shows.
function group_of(d, sentence) {
    printf "<g><title>%s%s</title>\n", d ? sprintf("%.3f s: ", row_time[d]) : "", xml(sentence)
}

# A small busybox awk has no sqrt().
function root(square,   i, r) {
    r = square > 1 ? square : 1
    for (i = 0; i < 40; i++)
        r = (r + square / r) / 2
    return r
}

function draw_arrow(n,   x1, y1, x2, y2, away) {
    x1 = x[column[from_who[n]]]; y1 = y[from_at[n]]
    x2 = x[column[to_who[n]]]; y2 = y[to_at[n]]
    if (y1 == "" || y2 == "")
        return
    if (born[to_who[n]] == to_at[n])
        x2 -= half[column[to_who[n]]] * (x2 > x1 ? 1 : -1)
    group_of(to_at[n], arrow_told[n])
    away = root((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1))
    x1 = (x2 - x1) / away; y1 = (y2 - y1) / away # the direction, now
    line(arrow_class[n], x[column[from_who[n]]], y[from_at[n]], x2 - 8 * x1, y2 - 8 * y1)
    tip(arrow_class[n], x2, y2, x1, y1)
    print "</g>"
}

# A life from its head to its end; then dashed, a zombie, till it is reaped.
function draw_life(c,   who, process, end, red, h) {
    who = process = at_column[c]
    sub(/\/t[0-9]+$/, "", process)
    end = life_end
    if (who in death || process in death)
        end = y[death[who in death ? who : process]]
    group_of(0, who ": " (who in death ? text[death[who]] : "no end seen"))
    line("line", x[c], y[born[who]] + 17, x[c], end)
    if ((who in death) && (who in reaped)) {
        red = wrong[reaped[who]] ? " wrong" : ""
        line("line dead" red, x[c], end + 8, x[c], y[reaped[who]])
    }
    if (who in stuck) {
        red = wrong[stuck[who]] ? " wrong" : ""
        h = y[stuck[who]] - 9
        end -= (who in death) ? 10 : 0
        printf "<rect class=\"bar%s\" x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"%.1f\"/>\n",
            red, x[c] - 5, h, max(18, end - h)
        for (; h + 10 < end; h += 7)
            line("hatch" red, x[c] - 5, h + 9, x[c] + 5, h + 1)
    }
    print "</g>"
}

function draw_head(c,   who, top) {
    who = at_column[c]
    top = y[born[who]] - 17
    printf "<rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"34\" rx=\"4\"/>\n",
        x[c] - half[c], top, 2 * half[c]
    words_at("bold", x[c], top + (on_head[who] == "" ? 21 : 15), plain(who), "middle")
    words_at("small", x[c], top + 28, on_head[who], "middle")
}

function draw_row(d,   at, stamp, class) {
    at = x[column[whose[d]]]
    stamp = sprintf("%.3f", row_time[d])
    if (kind[d] == "more") {
        printf "<rect class=\"band\" x=\"4\" y=\"%.1f\" width=\"%.1f\" height=\"26\"/>\n", y[d] - 17, paper_x - 8
        words_at("bold", 64, y[d], text[d])
        return
    }
    if (stamp != last_stamp)
        words_at("small", 48, y[d] + 4, stamp, "end")
    last_stamp = stamp
    if (kind[d] == "head" || text[d] == "")
        return
    group_of(d, told[d])
    class = "halo" (wrong[d] ? " wrong" : bold[d] ? " bold" : "")
    if (kind[d] == "end") {
        line("fork" (wrong[d] ? " wrong" : ""), at - 6, y[d] - 6, at + 6, y[d] + 6)
        line("fork" (wrong[d] ? " wrong" : ""), at - 6, y[d] + 6, at + 6, y[d] - 6)
    } else if (out[d]) {
        line("data", at, y[d], at + 22, y[d])
        tip("data", at + 30, y[d], 1, 0)
    } else if (!level(d) && stuck[whose[d]] != d)
        printf "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", at, y[d]
    words_at(class, text_x[d], text_y[d], text[d])
    words_at(class, text_x[d], text_y[d] + 15, second[d])
    print "</g>"
}

# What stands below the picture, in lines that aren't wider than it.
function foot(class, s,   n, i, word, so_far) {
    n = split(s, word, " ")
    for (i = 1; i <= n; i++) {
        if (so_far != "" && width(so_far " " word[i], 13) > paper_x - 28) {
            feet++
            foot_class[feet] = class; foot_text[feet] = so_far
            so_far = ""
        }
        so_far = so_far (so_far == "" ? "" : " ") word[i]
    }
    feet++
    foot_class[feet] = class; foot_text[feet] = so_far
}

function footnotes(   i, text_of) {
    for (i = 1; i <= groups; i++) {
        text_of = alike[group[i]] " " (group[i] == "other" ? "others" : group[i]) \
            ": " plain(first_alike[group[i]])
        if (alike[group[i]] > 1)
            text_of = text_of " … " plain(last_alike[group[i]])
        if (i <= 6)
            foot("small", "Without a lifeline here: " text_of ".")
    }
    if (groups > 6)
        foot("small", "And " groups - 6 " more groups of processes.")
    if (quiet)
        foot("small", "Not shown: " quiet (quiet > 1 ? " writes" : " write") " to stdout or stderr.")
    for (i = 1; i <= names_left && i <= 8; i++)
        foot("halo wrong", plain(name_left[i]) " was left behind.")
    if (names_left > 8)
        foot("halo wrong", names_left - 8 " more names were left behind.")
    if (ending ~ /^timeout/)
        foot("halo wrong", "The recording was stopped after " substr(ending, 9) " s.")
}

END {
    tidy()
    choose()
    tell_all()
    place_columns()
    place_rows()
    life_end = paper_y - 12
    footnotes()
    wrongs = ""
    for (i = 1; i <= rows; i++)
        wrongs = wrongs (wrong[i] ? " Wrong: " told[i] "." : "")
    height = paper_y + 17 * feet + 4
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"xt\" role=\"img\" " \
        "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", paper_x, height, paper_x, height
    printf "<title>Timeline%s</title>\n", program_start == "" ? "" : " of " xml(program_start)
    printf "<desc>%s.%s</desc>\n", columns " lifelines, " rows \
        " rows from top to bottom", xml(wrongs)
    style()
    printf "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", paper_x, height
    words_at("small", 8, 16, rows ? "seconds; time goes down, not to scale" : \
        "Nothing was recorded.")
    for (i = 1; i <= rows; i++)
        if (gap[i]) {
            printf "<rect class=\"band\" x=\"4\" y=\"%.1f\" width=\"%.1f\" height=\"20\"/>\n",
                gap_y[i] - 2, paper_x - 8
            words_at("bold", 10, gap_y[i] + 12.5, sprintf(gap[i] < 10 ? "%.2g s later" : "%.0f s later", gap[i]))
        }
    for (i = 1; i <= columns; i++)
        draw_life(i)
    for (i = 1; i <= arrows; i++)
        draw_arrow(i)
    for (i = 1; i <= columns; i++)
        draw_head(i)
    for (i = 1; i <= rows; i++)
        draw_row(i)
    for (i = 1; i <= feet; i++)
        words_at(foot_class[i], 10, paper_y + 17 * (i - 1) + 8, foot_text[i])
    print "</svg>"
}
