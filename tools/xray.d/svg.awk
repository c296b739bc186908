# svg.awk: makes the SVG of Graphviz readable by everyone.
#
# Usage: dot -Tsvg PICTURE.dot | LC_ALL=C awk -f svg.awk >PICTURE.svg
#
# PICTURE.dot comes from graph.awk. The picture gets a title, its nodes and
# edges sentences for titles (their tooltips), a dark version of each colour,
# and neither ids, which could collide in a page, nor Graphviz' version.

# Each line: a colour of graph.awk, and what it is in the dark.
function dark_colours(    n, i, part) {
    n = split("#ffffff #14181d,#e3eefb #1d3350,#eef4fc #22344a," \
        "#2b5c94 #7fb0e6,#9bb4d0 #4a6380,#f6f8fa #1b222a,#fdf3d8 #3b3218," \
        "#8a6d1a #d8b655,#444444 #c3c9d0,#777777 #8d96a0,#595959 #a9b2bc," \
        "#6a3d9a #c4a1ec,#b00020 #ff8a80,#fde7ea #4a1f26", part, ",")
    for (i = 1; i <= n; i++) {
        light = substr(part[i], 1, 7)
        dark = substr(part[i], 9)
        print "    .xray [fill=\"" light "\"] { fill: " dark "; }"
        print "    .xray [stroke=\"" light "\"] { stroke: " dark "; }"
    }
}

function style() {
    print "<style>"
    print "  @media screen and (prefers-color-scheme: dark) {"
    print "    .xray text { fill: #e6eaee; }"
    dark_colours()
    print "  }"
    print "</style>"
}

# The text between quotation marks that follows name= in the line.
function attribute(name,    at, rest) {
    at = index($0, name "=\"")
    if (!at)
        return ""
    rest = substr($0, at + length(name) + 2)
    return substr(rest, 1, index(rest, "\"") - 1)
}

# Graphviz puts white space that it is to keep into numbers.
function readable(text) {
    gsub(/&#160;|&#10;/, " ", text)
    gsub(/&#45;/, "-", text)
    return text
}

/^<\?xml|^<!DOCTYPE|^ "http|^<!--|^ -->/ { next }
# Its version stands in a comment of two lines.
/^ \* |^ Pages:/ { next }

/^<svg/ {
    size = $0
    next
}
/^ viewBox=/ || (size && !in_svg && /viewBox=/) {
    box = attribute("viewBox")
    next
}

# The first group is the picture itself: its title becomes the SVG's.
/^<g id="graph0"/ {
    transform = attribute("transform")
    in_svg = 1
    $0 = size
    printf "<svg class=\"xray\" role=\"img\" font-family=\"sans-serif\"\n" \
        " style=\"max-width: 100%%; height: auto\"\n"
    printf " width=\"%s\" height=\"%s\"\n", \
        attribute("width"), attribute("height")
    printf " viewBox=\"%s\" xmlns=\"http://www.w3.org/2000/svg\">\n", box
    want_title = 1
    next
}
want_title && /^<title>/ {
    print readable($0)
    style()
    printf "<g class=\"graph\" transform=\"%s\">\n", transform
    want_title = 0
    next
}

/^<g id="(node|edge|clust)[0-9]+"/ {
    print "<g class=\"" attribute("class") "\">"
    titled = 0
    next
}
/^<title>/ { next }
# A tooltip is a link without an aim, around the shape and the label.
/^<g id="a_/ {
    text = readable(attribute("xlink:title"))
    if (!titled && text !~ /^ *$/)
        print "<title>" text "</title>"
    titled = 1
    next
}
/^<\/a>/ {
    close_links++
    next
}
close_links && /^<\/g>/ {
    close_links--
    next
}

{
    gsub(/ font-family="[^"]*"/, "")
    gsub(/"transparent"/, "\"none\"")
    print
}
