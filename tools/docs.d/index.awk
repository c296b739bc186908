# index.awk: what search finds on a page: for each section a line of JavaScript,
# ["URL#section", "PAGE", "SECTION", "WORDS"],
#
# Usage: awk -v url=URL -f index.awk PAGE.html

function plain(text) {
    gsub(/<[^>]*>/, " ", text)
    gsub(/&lt;/, "<", text)
    gsub(/&gt;/, ">", text)
    gsub(/&quot;/, "\"", text)
    gsub(/&#39;/, "'", text)
    gsub(/&amp;/, "\\&", text)
    gsub(/[ \t\r]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    return text
}

# Not with gsub(): awks differ in what a backslash means there.
function quoted(text,    out, k, c) {
    gsub(/[\001-\037\177]/, " ", text)
    while (match(text, /[\\"<]/)) {
        out = out substr(text, 1, RSTART - 1)
        c = substr(text, RSTART, 1)
        # No end of a script may stand in it.
        out = out (c == "<" ? "\\u003c" : "\\" c)
        text = substr(text, RSTART + 1)
    }
    return "\"" out text "\""
}

function finish() {
    if (words != "" || section != title)
        print "[" quoted(url (id == "" ? "" : "#" id)) "," quoted(title) "," \
            quoted(section == title ? "" : section) "," quoted(words) "],"
    words = ""
}

match($0, /<title>.*<\/title>/) {
    title = plain(substr($0, RSTART, RLENGTH))
    sub(/ · .*/, "", title)
    section = title
}

/<main/ { inside = 1 }
/<\/main>/ { inside = 0 }
/<nav/ { hidden = 1 }
/<\/nav>/ { hidden = 0; next }
/<textarea/ { hidden = 1 }
/<\/textarea>/ { hidden = 0; next }
!inside || hidden { next }

# It says nothing but names of pages.
/<h2 id="all-files"/ { skipped = 1 }
/<\/ul>/ { skipped = 0 }
skipped { next }

/<h[23][^>]* id="|<dt id="|<tr id="/ {
    finish()
    id = $0
    sub(/.* id="/, "", id)
    sub(/".*/, "", id)
    section = $0
    if (match(section, /<th[^>]*>.*<\/th>/))
        section = substr(section, RSTART, RLENGTH)
    section = plain(section)
    if ($0 ~ /<h/)
        next
}

# A line's number isn't a word of its.
{
    gsub(/<a class="n"[^>]*>[0-9]*<\/a>/, "")
    text = plain($0)
    if (text != "")
        words = words (words == "" ? "" : " ") text
}

END { finish() }
