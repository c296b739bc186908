# page.awk: puts a page's text into the template.
#
# Usage: awk -v url=URL -v title=T -v class=C -v head=H -v order=FILE -f page.awk page.html TEXT
#
# order: all pages in the order of reading, "URL<tab>NAME".

function relative(target) {
    return root target
}

function turn(way, words, k) {
    return "<a class=\"" way "\" rel=\"" way "\" href=\"" relative(where[k]) "\">" words "</a>"
}

# substitute() without the special meaning of & and \.
function put(line, mark, text,    k) {
    while ((k = index(line, mark)) > 0)
        line = substr(line, 1, k - 1) text substr(line, k + length(mark))
    return line
}

BEGIN {
    while ((getline entry < order) > 0) {
        split(entry, part, "\t")
        where[++pages] = part[1]
        name[pages] = part[2]
        if (part[1] == url)
            here = pages
    }
    if (url ~ /\//)
        root = "../"
    if (here > 1) {
        links = turn("prev", "← " name[here - 1], here - 1)
        head = head "<link rel=\"prev\" href=\"" relative(where[here - 1]) "\">"
    }
    if (here && here < pages) {
        links = links (links == "" ? "" : "\n") turn("next", name[here + 1] " →", here + 1)
        head = head "<link rel=\"next\" href=\"" relative(where[here + 1]) "\">"
    }
    if (links != "")
        links = "<nav class=\"turn\" aria-label=\"Previous and next page\">\n" links "\n</nav>"
    if (url != "index.html")
        title = title " · Linux processes and IPC"
}

FNR == NR { template[++lines] = $0; next }
{ body[++count] = $0 }

END {
    for (i = 1; i <= lines; i++) {
        if (template[i] == "@BODY@") {
            for (k = 1; k <= count; k++)
                print body[k]
            continue
        }
        line = put(template[i], "@ROOT@", root)
        line = put(line, "@TITLE@", title)
        line = put(line, "@HEAD@", head)
        line = put(line, "@TURN@", links)
        line = put(line, " class=\"@CLASS@\"", class == "" ? "" : " class=\"" class "\"")
        if (line != "")
            print line
    }
}
