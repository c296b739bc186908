# listing.awk: a source as two columns, each comment beside the code it is about.
#
# Usage: awk -v marks=C|# -v calls=FILE -f listing.awk SOURCE HIGHLIGHTED
#
# HIGHLIGHTED is pandoc's HTML of the same source, a line for each of its lines. A
# comment that has lines of its own goes to the left; what follows it is on its
# right, up to the next one or to the end of the function. The first comment
# is the page's head: what it says after "Usage:", "Try:" and so on is told apart.
# Lines keep their numbers, and are anchors, #L12. calls: a line for each call that
# calls.html has, which is linked there.

function escape(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

# Escaped words with what is code in them: `word`, and call().
function coded(text,    out, part, quoted) {
    text = escape(text)
    while (match(text, /`[^`]+`|[A-Za-z_][A-Za-z0-9_]*\(\)/)) {
        part = substr(text, RSTART, RLENGTH)
        quoted = substr(part, 1, 1) == "`"
        out = out substr(text, 1, RSTART - 1) "<code>" \
            (quoted ? substr(part, 2, RLENGTH - 2) : part) "</code>"
        text = substr(text, RSTART + RLENGTH)
    }
    return out text
}

# Words with each call(2), call(3) that the index has as a link to it.
function linked(text,    out, part, name) {
    text = escape(text)
    while (match(text, /[A-Za-z_][A-Za-z0-9_]*\([23][a-z]*\)/)) {
        part = substr(text, RSTART, RLENGTH)
        name = part
        sub(/\(.*/, "", name)
        out = out substr(text, 1, RSTART - 1)
        if (name in indexed)
            part = "<a href=\"../calls.html#" name "\">" part "</a>"
        out = out part
        text = substr(text, RSTART + RLENGTH)
    }
    return out text
}

# Is line i of the source a comment's first line, and is there no code on any of its
# lines? Then last[i] is its last line.
function begins_comment(i,    k) {
    if (marks == "#") {
        if (line[i] !~ /^[ \t]*#( |$)/)
            return 0
        for (k = i; line[k + 1] ~ /^[ \t]*#( |$)/; k++)
            ;
        last[i] = k
        return 1
    }
    if (line[i] !~ /^[ \t]*\/\*/)
        return 0
    for (k = i; k <= lines && line[k] !~ /\*\//; k++)
        ;
    last[i] = k
    return line[k] ~ /\*\/[ \t]*$/
}

# The words of a comment's line.
function words_of(text) {
    if (marks == "#")
        sub(/^[ \t]*# ?/, "", text)
    else {
        sub(/[ \t]*\*\/[ \t]*$/, "", text)
        sub(/^[ \t]*\/?\*+ ?/, "", text)
    }
    return text
}

function end_block() {
    if (block == "p" && text ~ /^TODO [0-9]/)
        print "<p class=\"todo\">" coded(text) "</p>"
    else if (block == "p")
        print "<p>" coded(text) "</p>"
    else if (block == "li")
        print "<li>" coded(text) "</li>"
    else if (block == "pre")
        print "<pre>" text "</pre>"
    block = text = ""
}

function end_list() {
    if (in_list)
        print "</ul>"
    in_list = 0
}

# One line of prose: a paragraph, a list's item, or, indented, as it stands.
function prose(words) {
    if (words ~ /^ *$/) {
        end_block()
        return
    }
    if (words ~ /^- /) {
        end_block()
        if (!in_list)
            print "<ul>"
        in_list = 1
        block = "li"
        text = substr(words, 3)
    } else if (words ~ /^ /) {
        if (block == "li") {
            sub(/^ +/, "", words)
            text = text " " words
        } else if (block == "pre")
            text = text "\n" escape(words)
        else {
            end_block()
            end_list()
            block = "pre"
            text = escape(words)
        }
    } else if (block == "p")
        text = text " " words
    else {
        end_block()
        end_list()
        block = "p"
        text = words
    }
}

function end_prose() {
    end_block()
    end_list()
}

# Prints a field of the head with its lines.
function end_field(    i, indent, least) {
    if (field == "")
        return
    while (values > 0 && value[values] ~ /^ *$/)
        values--
    least = 999
    for (i = 2; i <= values; i++) {
        match(value[i], /^ */)
        if (value[i] !~ /^ *$/ && RLENGTH < least)
            least = RLENGTH
    }
    print "<dt>" field "</dt>"
    plain = field ~ /^(See|Ends|Not)/
    printf "<dd>%s", (plain ? "<p>" : "<pre>")
    for (i = 1; i <= values; i++)
        printf "%s%s", (i > 1 ? "\n" : ""), \
            linked(i == 1 ? value[i] : substr(value[i], least + 1))
    print (plain ? "</p></dd>" : "</pre></dd>")
    field = ""
    values = 0
}

function print_head(from, to,    i, words, started, name) {
    for (i = from; i <= to; i++) {
        words = words_of(line[i])
        if (i == from && marks == "#" && line[i] ~ /^#!/)
            continue
        if (match(words, /^[A-Z][A-Za-z ]*: /) && started &&
            words ~ /^(Usage|Try|Ends|See|Exit status|Not under valgrind|Environment): /) {
            end_prose()
            end_field()
            if (!fields++)
                print "<dl class=\"fields\">"
            field = words
            sub(/: .*/, "", field)
            sub(/^[^:]*: +/, "", words)
            value[++values] = words
        } else if (field != "" && (words ~ /^ / || words ~ /^$/)) {
            if (words != "" || values)
                value[++values] = words
        } else {
            if (field != "") {
                end_field()
                print "</dl>"
                fields = 0
            }
            if (!started && words != "") {
                # Its name is the page's title already.
                sub(/^[A-Za-z0-9_.@-]+: */, "", words)
                words = toupper(substr(words, 1, 1)) substr(words, 2)
                started = 1
            }
            prose(words)
        }
    }
    end_prose()
    end_field()
    if (fields)
        print "</dl>"
}

function print_code(i,    code) {
    code = shown[i]
    if (!started_code++)
        printf "<pre class=\"code\"><code class=\"sourceCode\">"
    # Of each row's lines the first is a stop of the Tab key; the others are
    # reached by the arrow keys from there (site.js).
    printf "<span class=\"line\" id=\"L%d\"><a class=\"n\" href=\"#L%d\"%s>%d</a><span class=\"c\">%s\n</span></span>", \
        i, i, (started_code > 1 ? " tabindex=\"-1\"" : ""), i, code
}

function end_code() {
    if (started_code)
        print "</code></pre>"
    started_code = 0
}

function end_row() {
    if (!in_row)
        return
    if (!has_note)
        print "<div class=\"note\"></div>"
    for (k = 1; k <= pending; k++)
        print_code(row[k])
    end_code()
    print "</div>"
    in_row = has_note = pending = 0
}

function begin_row() {
    print "<div class=\"row\">"
    in_row = 1
}

BEGIN {
    while (calls != "" && (getline name < calls) > 0)
        indexed[name] = 1
}

FNR == NR { line[++lines] = $0; next }

# pandoc's line 12: <span id="cb1-12"><a href="#cb1-12"></a>...</span>
match($0, /<span id="cb1-[0-9]+"><a href="#cb1-[0-9]+"[^>]*><\/a>/) {
    number = substr($0, RSTART + 14)
    sub(/".*/, "", number)
    code = substr($0, RSTART + RLENGTH)
    sub(/<\/code><\/pre>.*/, "", code)
    sub(/<\/span>$/, "", code)
    shown[number + 0] = code
}

END {
    i = 1
    if (line[1] ~ /^#!/)
        i = 2
    if (begins_comment(i)) {
        print_head(i, last[i])
        i = last[i] + 1
    }
    print "<div class=\"bar\"><h2 id=\"source\">Source</h2></div>"
    print "<div class=\"listing\">"
    blank = 0
    for (; i <= lines; i++) {
        if (line[i] ~ /^[ \t]*$/) {
            blank = i
            # What stands for itself begins in a row of its own.
            if (line[i - 1] ~ /^(}|\);)/ || (marks == "#" && pending))
                end_row()
            continue
        }
        if (begins_comment(i)) {
            if (pending)
                end_row()
            if (!in_row)
                begin_row()
            if (!has_note)
                print "<div class=\"note\">"
            printf "<span class=\"at\" id=\"L%d\"></span>\n", i
            for (k = i; k <= last[i]; k++)
                prose(words_of(line[k]))
            end_prose()
            has_note = 1
            i = last[i]
            # The comment's cell is closed when code comes.
            open_note = 1
            continue
        }
        if (open_note)
            print "</div>"
        open_note = 0
        if (!in_row)
            begin_row()
        if (blank == i - 1 && pending)
            row[++pending] = blank
        row[++pending] = i
    }
    if (open_note)
        print "</div>"
    end_row()
    print "</div>"
}
