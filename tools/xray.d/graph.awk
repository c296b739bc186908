# graph.awk: draws the arrays of model.awk as DOT, for Graphviz.
#
# Usage: xray facts LOG | LC_ALL=C awk -v format=dot -f model.awk \
#            -f faults.awk -f choose.awk -f group.awk -f words.awk \
#            -f graph.awk | dot -Tsvg | LC_ALL=C awk -f svg.awk
#
# Boxes are processes, other shapes are objects: a pipe is an arrow, a file a
# sheet, memory a block. Red, thick and "!!" is what is wrong. svg.awk knows
# these colours, and has a dark one for each; the tooltips become titles.

function html(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    return text
}

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

# One line of a label. Lines that begin with !! are red and bold.
function label_line(text, size,    open, close_it) {
    if (substr(text, 1, 2) == "!!") {
        open = "<font color=\"" RED "\"><b>"
        close_it = "</b></font>"
    }
    return "<font point-size=\"" size "\">" open html(text) close_it "</font>"
}

function lines(list, size,    n, i, part, out) {
    n = split(list, part, "\n")
    for (i = 1; i <= n; i++)
        out = out (i > 1 ? "<br/>" : "") label_line(part[i], size)
    return out
}

function node_id(name) {
    return name in actor_number ? "a" actor_number[name] : \
        "o" object_number[name]
}

function draw_node(indent, name, small, shape, fill_it, stroke, class,
    red) {
    red = mark[name] != ""
    small = add_line(small, red ? "!! " mark[name] : "")
    printf "%s%s [label=<<b>%s</b>%s>, %s, fillcolor=\"%s\", color=\"%s\", " \
        "penwidth=%s, class=\"%s\", tooltip=%s]\n", indent, node_id(name), \
        html(title(name)), small == "" ? "" : "<br/>" lines(small, 11), \
        shape, red ? PINK : fill_it, red ? RED : stroke, red ? 3 : 1.2, \
        class (red ? " wrong" : ""), \
        quoted(title(name) (small == "" ? "" : ": " in_one_line(small)))
}

function draw_actor(indent, who,    small, n) {
    if (who in is_thread) {
        draw_node(indent, who, ending_words(who), \
            "shape=box, style=\"rounded,filled,dashed\"", "#eef4fc", "#2b5c94", \
            "thread")
        return
    }
    small = add_line(program[who], ending_words(who))
    small = add_line(small, own_signals(who))
    n = idle_threads[who]
    if (n)
        small = add_line(small, how_many(n, "more thread", "more threads"))
    draw_node(indent, who, small, "shape=box, style=\"rounded,filled\"", \
        "#e3eefb", "#2b5c94", "process")
}

function draw_process(who,    i, boxed) {
    for (i = 1; i <= n_actors && threads[who] && !boxed; i++)
        boxed = actors[i] in is_thread && actors[i] in shown && \
            process(actors[i]) == who
    if (!boxed) {
        draw_actor("    ", who)
        return
    }
    printf "    subgraph \"cluster_%s\" {\n", node_id(who)
    printf "        label=\"\"; style=\"rounded,filled\"; color=\"#9bb4d0\"; " \
        "fillcolor=\"#f6f8fa\"; tooltip=%s\n", \
        quoted("the threads of " title(who))
    draw_actor("        ", who)
    for (i = 1; i <= n_actors; i++)
        if (actors[i] in is_thread && actors[i] in shown && \
            process(actors[i]) == who)
            draw_actor("        ", actors[i])
    print "    }"
}

function draw_object(what,    k, shape, small) {
    k = kind[what]
    shape = k ~ /^(pipe|fifo)$/ ? "cds, margin=\"0.2,0.14\"" : k == "file" ? "note" : \
        k ~ /shm|map|memfd/ ? "box3d" : \
        k ~ /^sem|sysvsem|futex/ ? "octagon" : \
        k ~ /mqueue|sysvmsg/ ? "component" : \
        k ~ /unix|tcp|udp|socket/ ? "box, peripheries=2" : \
        k == "std" ? "plaintext" : "ellipse"
    small = note[what]
    if (peer[what] != "")
        small = add_line(small, "connected to " readable(peer[what]))
    draw_node("    ", what, small, "shape=" shape ", style=filled", \
        "#fdf3d8", "#8a6d1a", "object")
}

function draw_edge(from, to, list, style, colour, sentence, class,    red) {
    red = index(list, "!!")
    printf "    %s -> %s [%s%scolor=\"%s\", penwidth=%s, " \
        "class=\"%s\", tooltip=%s, labeltooltip=%s]\n", node_id(from), \
        node_id(to), list == "" ? "" : "label=<" lines(list, 11) ">, ", style, \
        red ? RED : colour, red ? 2.8 : class == "signal" ? 1.8 : 1.2, class (red ? " wrong" : ""), \
        quoted(sentence), quoted(sentence)
}

function draw_links(    l, who, what, to, from) {
    for (l = 1; l <= n_links; l++) {
        who = link_who[l]
        what = link_what[l]
        if (l in dead || !(who in shown) || !(what in shown))
            continue
        to = bad_out_words(l)
        from = bad_in_words(l)
        if (to != "")
            draw_edge(who, what, to, count[l, "lock"] ? \
                "arrowhead=dot, " : bad_out[l] ~ /^holds/ ? \
                "arrowhead=odiamond, " : "", "#444444", out_sentence(l), "use")
        if (from != "")
            draw_edge(what, who, from, "", "#444444", in_sentence(l), "use")
        if (map_words(l) != "")
            draw_edge(who, what, map_words(l), \
                "dir=both, arrowhead=none, arrowtail=none, ", "#444444", \
                title(who) " " map_words(l) " " title(what), "use")
    }
}

# Where data flow back from a child, that arrow tells who stands where.
function draw_family(    i, who, from, words, by) {
    for (i = 1; i <= n_actors; i++) {
        who = actors[i]
        if (!(who in shown))
            continue
        from = in_place_of(who in is_thread ? process(who) : parent_of[who])
        if (!(from in shown) || from == who)
            continue
        by = reaper[who] == "" ? "" : in_place_of(process(reaper[who]))
        words = who in is_zombie ? "!! never waited for" : \
            mark[from] ~ /for ever/ && stuck_in[from] ~ /^wait/ && \
            (from, who) in waits_for ? "!! waits for it" : ""
        draw_edge(from, who, words, "style=dashed, arrowhead=vee, weight=0, ", \
            "#777777", title(from) " made " title(who) (who in is_zombie ? \
            ", but never waited for it" : by == from ? \
            ", and waited for it" : ""), "fork")
        if (by != "" && by != from && by in shown)
            draw_edge(by, who, "waits for it", \
                "style=dotted, arrowhead=vee, constraint=false, ", "#777777", \
                title(by) " waited for " title(who), "reap")
    }
}

function draw_signals(    s) {
    fold_signals()
    for (s = 1; s <= n_sigs; s++)
        if (!(s in sig_hidden))
            draw_edge(sig_from[s], sig_to[s], signal_words(s), \
                "style=dotted, arrowhead=normal, fontcolor=\"#6a3d9a\"" \
                ", constraint=" (parent_of[sig_to[s]] == sig_from[s] ? \
                "true" : "false") ", ", \
                "#6a3d9a", title(sig_from[s]) " signals " \
                title(sig_to[s]) ": " in_one_line(signal_words(s)), "signal")
}

# Breaks a sentence for the foot of the picture.
function broken(text, width,    n, word, i, now, out) {
    n = split(text, word, " ")
    for (i = 1; i <= n; i++) {
        if (now != "" && length(now " " word[i]) > width) {
            out = out now "\n"
            now = word[i]
        } else {
            now = now (i > 1 ? " " : "") word[i]
        }
    }
    return out now
}

function foot(    n, i, told, how_often, text, out, part, m, k) {
    n = tell_faults(told, how_often)
    for (i = 1; i <= n; i++) {
        if (i > 6) {
            text = "!! and " (n - 6) " more like these"
            i = n
        } else {
            text = "!! " told[i] \
                (how_often[i] > 1 ? " (" how_often[i] " " TIMES ")" : "")
        }
        m = split(broken(text, 76), part, "\n")
        for (k = 1; k <= m; k++)
            out = out "<font color=\"" RED "\" point-size=\"12\"><b>" \
                (k > 1 ? "&#160;&#160;&#160;" : "") html(part[k]) \
                "</b></font><br align=\"left\"/>"
    }
    for (i = 1; i <= n_left_out; i++)
        text = i == 1 ? left_out[1] : text "; " left_out[i]
    if (n_left_out) {
        m = split(broken("Left out: " text, 84), part, "\n")
        for (k = 1; k <= m; k++)
            out = out "<font color=\"#595959\" point-size=\"11\">" \
                html(part[k]) "</font><br align=\"left\"/>"
    }
    return out == "" ? "" : "<font point-size=\"6\"> </font><br/>" out
}

END {
    TIMES = "×"
    DOTS = "…"
    RED = "#b00020"
    PINK = "#fde7ea"
    prepare()
    printf "digraph %s {\n", quoted(headline() (n_faults ? "; " \
        how_many(n_faults, "thing is", "things are") " wrong" : ""))
    print "    graph [rankdir=LR, bgcolor=\"#ffffff\", fontname=\"sans-serif\", " \
        "fontsize=12, labelloc=b, labeljust=l, ranksep=0.45, nodesep=0.35, " \
        "pad=0.2, tooltip=\" \"]"
    print "    node [fontname=\"sans-serif\", fontsize=13, margin=\"0.14,0.07\"]"
    print "    edge [fontname=\"sans-serif\", fontsize=11, arrowsize=0.8]"
    text = foot()
    if (text != "")
        print "    label=<" text ">"
    for (i = 1; i <= n_actors; i++)
        if (actors[i] in shown && !(actors[i] in is_thread))
            draw_process(actors[i])
    for (i = 1; i <= n_objects; i++)
        if (objects[i] in shown)
            draw_object(objects[i])
    draw_family()
    draw_links()
    draw_signals()
    print "}"
}
