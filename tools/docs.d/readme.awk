# readme.awk: a lab's README, as pandoc has made HTML of it, becomes part of the
# site.
#
# Usage: awk -v folder=labs/LAB -v urls=FILE -f readme.awk HTML
#
# urls has a line for each source that has a page: "FILE<tab>PAGE". A name of a
# program becomes a link to its page; links to sources and other labs lead to their
# pages, and what isn't on the site is no link. Pictures get their size, so
# that nothing moves when they come. A table can be scrolled if it is too wide, and
# the first cells of its rows are headers if the corner is empty. Where a console's
# lines are commands they are told from what is printed.

BEGIN {
    while ((getline entry < urls) > 0) {
        split(entry, part, "\t")
        page[part[1]] = part[2]
        name = part[1]
        sub(/\/main\.c$/, "", name)
        if (name !~ /\.h$/)
            sub(/\.c$/, "", name)
        page[name] = part[2]
    }
}

# The size of a picture as attributes. Points are 4/3 pixels.
function size_of(path,    head, k, line, width, height) {
    for (k = 0; k < 12 && (getline line < path) > 0; k++)
        head = head " " line
    close(path)
    if (!match(head, / width="[0-9.]+(pt|px)?"/))
        return ""
    width = substr(head, RSTART + 8, RLENGTH - 9)
    match(head, / height="[0-9.]+(pt|px)?"/)
    height = substr(head, RSTART + 9, RLENGTH - 10)
    if (width ~ /pt$/) {
        width *= 4 / 3
        height *= 4 / 3
    }
    return sprintf(" width=\"%d\" height=\"%d\"", width, height)
}

# Where a relative link leads to on the site, or nothing.
function led_to(target,    anchor) {
    if (target ~ /^(#|https?:|mailto:)/)
        return target
    anchor = target
    if (!sub(/^[^#]*#/, "#", anchor))
        anchor = ""
    sub(/#.*/, "", target)
    if (target in page)
        return page[target] anchor
    if (target ~ /^\.\.\/[0-9][0-9]-[^\/]*\/(README\.md)?$/) {
        sub(/README\.md$/, "", target)
        return target "index.html" anchor
    }
    if (target ~ /^\.\.\/\.\.\/common\/lab\.[ch]$/)
        return substr(target, 4) ".html" anchor
    return ""
}

function relinked(text,    out, target, rest) {
    while (match(text, /<a href="[^"]*"[^>]*>/)) {
        out = out substr(text, 1, RSTART - 1)
        target = substr(text, RSTART + 9)
        sub(/".*/, "", target)
        rest = substr(text, RSTART + RLENGTH)
        target = led_to(target)
        if (target != "")
            out = out "<a href=\"" target "\">"
        else
            sub(/<\/a>/, "", rest)
        text = rest
    }
    return out text
}

# <code>eof_broken</code> as a link, where it isn't one already.
function named(text,    out, name, before) {
    while (match(text, /<code>[A-Za-z0-9_.@-]+<\/code>/)) {
        name = substr(text, RSTART + 6, RLENGTH - 13)
        before = substr(text, 1, RSTART - 1)
        out = out before
        if (name in page && out !~ /<a [^>]*>$/)
            out = out "<a href=\"" page[name] "\"><code>" name "</code></a>"
        else
            out = out "<code>" name "</code>"
        text = substr(text, RSTART + RLENGTH)
    }
    return out text
}

function pictured(text,    source, alt, k) {
    if (!match(text, /<img [^>]*\/?>/))
        return text
    alt = source = substr(text, RSTART, RLENGTH)
    k = RSTART
    sub(/.*src="/, "", source)
    sub(/".*/, "", source)
    sub(/.*alt="/, "", alt)
    sub(/".*/, "", alt)
    return substr(text, 1, k - 1) "<a href=\"" source "\"><img src=\"" source "\" alt=\"" alt "\"" \
        size_of(folder "/" source) "></a>" substr(text, k + RLENGTH)
}

/<pre/ { in_pre = 1 }
/<pre class="console/ {
    in_console = 1
    sub(/<pre class="console[^"]*"><code>/, "<pre class=\"console\"><code>")
}
in_console {
    prefix = ""
    if (match($0, /^<pre class="console"><code>/)) {
        prefix = substr($0, 1, RLENGTH)
        $0 = substr($0, RLENGTH + 1)
    }
    ending = sub(/<\/code><\/pre>$/, "") ? "</code></pre>" : ""
    if (/^\$ /)
        $0 = "<span class=\"cmd\">" $0 "</span>"
    $0 = prefix $0 ending
}
# What is too wide can be scrolled by the keys, too.
/<pre/ {
    sub(/<pre/, "<pre tabindex=\"0\"")
}
in_pre {
    if (/<\/pre>/)
        in_pre = in_console = 0
    print
    next
}

/<table/ {
    sub(/<table[^>]*>/, "<div class=\"scroll\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>")
    corner = 0
}
/<tr[ >]/ { cell = 0 }
/<t[hd][ >]/ {
    cell++
    sub(/ style="text-align: [a-z]*;"/, "")
    if (/<th[^>]*><\/th>/) {
        if (cell == 1)
            corner = 1
        sub(/<th[^>]*><\/th>/, "<td></td>")
    } else if (/<th/)
        sub(/<th/, "<th scope=\"col\"")
    else if (corner && cell == 1) {
        sub(/<td/, "<th scope=\"row\"")
        row_header = 1
    }
}
row_header && /<\/td>/ {
    sub(/<\/td>/, "</th>")
    row_header = 0
}
{ gsub(/ class="(odd|even|header)"/, "") }
/<\/table>/ { sub(/<\/table>/, "</table></div>") }
/<colgroup>/ { in_columns = 1 }
in_columns {
    if (/<\/colgroup>/)
        in_columns = 0
    next
}

# Headings stay as they are, but for an exercise's: its file has a page.
/^<h[1-6]/ {
    print
    if (match($0, /^<h3[^>]*>ex[0-9]_[a-z0-9_]+/)) {
        name = $0
        sub(/^<h3[^>]*>/, "", name)
        sub(/[^a-z0-9_].*/, "", name)
        if (name in page)
            print "<p class=\"note-line\">The file to begin with: <a href=\"" page[name] "\">" name "</a></p>"
    }
    next
}

{ print pictured(named(relinked($0))) }
