# ascii.awk: draws the arrays of model.awk for a terminal, 80 columns wide.
#
# Usage: xray facts LOG | LC_ALL=C awk -v format=utf8 -f model.awk \
#            -f faults.awk -f choose.awk -f group.awk -f words.awk -f ascii.awk
#        (format=ascii draws with - | > only)
#
# Lines are laid out with one byte for each column. The bytes \001 to \011
# stand for what is longer in UTF-8, until a line is printed.

function put(text,    i) {
    for (i = 1; i <= 8; i++)
        gsub(sprintf("%c", i), glyph[i], text)
    sub(/ +$/, "", text)
    print text
}

function glyphs(    i, ascii, utf8, n) {
    # dash, arrow head, branch, last branch, trunk, dots, times, dotted dash
    n = split("-,>,|,`,|,...,x,.", ascii, ",")
    split("─,▶,├,└,│,…,×,┄", utf8, ",")
    for (i = 1; i <= n; i++)
        glyph[i] = format == "ascii" ? ascii[i] : utf8[i]
    DASH = sprintf("%c", 1)
    HEAD = sprintf("%c", 2)
    BRANCH = sprintf("%c", 3)
    LAST = sprintf("%c", 4)
    TRUNK = sprintf("%c", 5)
    DOTS = format == "ascii" ? "..." : sprintf("%c", 6)
    TIMES = sprintf("%c", 7)
    DOTTED = sprintf("%c", 8)
}

# Prints text in lines of 80 columns, all but the first after an indent.
function put_words(text, indent,    n, word, i, now) {
    n = split(text, word, " ")
    match(text, /^ */)
    now = substr(text, 1, RLENGTH)
    for (i = 1; i <= n; i++) {
        if (length(now " " word[i]) > 80 && length(now) > length(indent)) {
            put(now)
            now = indent word[i]
        } else {
            now = now (i > 1 ? " " : "") word[i]
        }
    }
    put(now)
}

function heading(text) {
    put("")
    put(text)
}

function box(what) {
    return "[" title(what) "]"
}

function shaft(words, dash) {
    return dash dash (words == "" ? "" : words) dash dash HEAD
}

# One arrow, in two lines if it is too long for one. What is wrong about it
# stands behind it.
function arrow(from, list, to, dash,    words, bad, n, part, i, text) {
    n = split(list, part, "\n")
    for (i = 1; i <= n; i++)
        if (substr(part[i], 1, 2) == "!!" && i > 1)
            bad = add_line(bad, part[i])
        else
            words = add_line(words, part[i])
    words = in_one_line(words)
    if (words ~ /^!! /) {
        words = substr(words, 4)
        bad = add_line(bad, "!!")
    }
    bad = bad == "" ? "" : "  " in_one_line(bad)
    text = "  " from " " shaft(words, dash) " " to
    if (length(text bad) <= 80) {
        put(text bad)
    } else if (length(text) <= 80) {
        put(text)
        put("     " bad)
    } else {
        put("  " from)
        text = "      " shaft(words, dash)
        if (length(text " " to bad) > 80) {
            put(text)
            text = "     "
        }
        put(text " " to bad)
    }
}

function about(who,    w) {
    w = ending_words(who)
    if (!(who in is_thread))
        w = add_line(program[who], w)
    w = add_line(w, own_signals(who))
    if (idle_threads[who])
        w = add_line(w, how_many(idle_threads[who], "more thread", \
            "more threads"))
    if (mark[who] != "")
        w = add_line(w, "!! " mark[who])
    return w == "" ? "" : ": " in_one_line(w)
}

# Who is drawn below whom; next_sibling[] and first_child[] are lists.
function plant(    i, who, over) {
    for (i = n_actors; i >= 1; i--) {
        who = actors[i]
        if (!(who in shown))
            continue
        over = in_place_of(who in is_thread ? process(who) : parent_of[who])
        if (!(over in shown) || over == who)
            over = ""
        next_sibling[who] = first_child[over]
        first_child[over] = who
    }
}

# The tree grows without recursion: it may be deep.
function put_tree(    stack, depth, who, stem) {
    stack[depth = 1] = first_child[""]
    while (depth > 0) {
        who = stack[depth]
        if (who == "") {
            depth--
            continue
        }
        stack[depth] = next_sibling[who]
        stem[depth] = stem_of(depth, stem, next_sibling[who] == "")
        put_words("  " branch(depth, stem, next_sibling[who] == "") title(who) \
            about(who), "  " (depth > 1 ? stem[depth] : "") "    ")
        stack[++depth] = first_child[who]
    }
}

function stem_of(depth, stem, is_last) {
    return depth < 2 ? "" : stem[depth - 1] (is_last ? "   " : TRUNK "  ")
}

function branch(depth, stem, is_last) {
    return depth < 2 ? "" : stem[depth - 1] (is_last ? LAST : BRANCH) DASH " "
}

# A pipe between one writer and one reader fits in a line.
function put_short(what, n, mine,    i, out, from, text, bad) {
    for (i = 1; i <= n; i++) {
        if (map_words(mine[i]) != "" || bad_out[mine[i]] bad_in[mine[i]] != "")
            return 0
        if (out_words(mine[i]) != "") {
            if (out)
                return 0
            out = mine[i]
        }
        if (in_words(mine[i]) != "") {
            if (from)
                return 0
            from = mine[i]
        }
    }
    if (!out || !from)
        return 0
    text = "  " title(link_who[out]) " " \
        shaft(in_one_line(out_words(out)), DASH) " " box(what) " " \
        shaft(in_one_line(in_words(from)), DASH) " " title(link_who[from])
    if (length(text) > 80)
        gsub(/ in [0-9]+ (read|write)s/, "", text)
    if (length(text) > 80)
        return 0
    put(text)
    return 1
}

function put_object(what,    n, mine, i, l, small) {
    n = split(links_of[what], mine, " ")
    small = note[what]
    if (peer[what] != "")
        small = add_line(small, "connected to " readable(peer[what]))
    if (mark[what] != "")
        small = add_line(small, "!! " mark[what])
    if (small != "")
        put_words("  " box(what) " " in_one_line(small), "      ")
    if (put_short(what, n, mine))
        return
    for (i = 1; i <= n; i++) {
        l = mine[i]
        if (bad_out_words(l) != "")
            arrow(title(link_who[l]), bad_out_words(l), box(what), DASH)
    }
    for (i = 1; i <= n; i++) {
        l = mine[i]
        if (bad_in_words(l) != "")
            arrow(box(what), bad_in_words(l), title(link_who[l]), DASH)
        if (map_words(l) != "")
            put("  " title(link_who[l]) " " DASH DASH map_words(l) DASH DASH \
                " " box(what))
    }
}

function put_objects(    l, i, n) {
    for (l = 1; l <= n_links; l++)
        if (!(l in dead) && link_who[l] in shown && link_what[l] in shown)
            links_of[link_what[l]] = links_of[link_what[l]] " " l
    for (i = 1; i <= n_objects; i++)
        if (objects[i] in shown) {
            if (!n++)
                heading("What they used")
            put_object(objects[i])
        }
}

function put_signals(    s, n) {
    fold_signals()
    for (s = 1; s <= n_sigs; s++)
        if (!(s in sig_hidden)) {
            if (!n++)
                heading("Signals")
            arrow(title(sig_from[s]), signal_words(s), title(sig_to[s]), DOTTED)
        }
}

function put_faults(    n, i, told, how_often) {
    n = tell_faults(told, how_often)
    if (n)
        heading("What is wrong")
    for (i = 1; i <= n && i <= 12; i++)
        put_words("  !! " told[i] (how_often[i] > 1 ? " (" how_often[i] " " \
            TIMES ")" : ""), "     ")
    if (n > 12)
        put("  !! and " (n - 12) " more like these")
}

END {
    glyphs()
    prepare()
    put_words(headline() (how_it_ended() == "" ? "" : "; " how_it_ended()), \
        "    ")
    heading("Processes")
    plant()
    put_tree()
    put_objects()
    put_signals()
    put_faults()
    for (i = 1; i <= n_left_out; i++)
        text = i == 1 ? left_out[1] : text "; " left_out[i]
    if (n_left_out) {
        put("")
        put_words("Left out: " text ".", "    ")
    }
}
