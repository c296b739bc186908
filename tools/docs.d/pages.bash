# pages.bash: the pages that aren't a lab's: home, claims, calls, glossary.
# Sourced by tools/docs, whose functions and variables it uses.
# shellcheck disable=SC2154,SC2016,SC2086

# is_there NUMBER: is there such a lab?
is_there() {
    compgen -G "labs/$1-*/README.md" >/dev/null
}

# The labs as a graph, each a link to its page.
map() {
    local lab from to numbers
    {
        echo 'digraph labs { rankdir=LR; bgcolor=transparent; nodesep=0.3; ranksep=0.45;'
        echo 'node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=13, margin="0.14,0.09"];'
        echo 'edge [arrowsize=0.7];'
        for lab in $(labs); do
            printf '"%s" [label="%s\\n%s", URL="%s/index.html"];\n' "${lab%%-*}" "${lab%%-*}" "$(title "$lab")" "$lab"
        done
        while read -r from numbers; do
            for to in $numbers; do
                if is_there "$from" && is_there "$to"; then
                    printf '"%s" -> "%s";\n' "$from" "$to"
                fi
            done
        done < <(grep -v '^#' $parts/map)
        echo '}'
    } | dot -Tsvg | awk '
        /^<svg/ { on = 1; print "<svg role=\"group\" aria-label=\"Map of the labs: an arrow leads to a lab that builds on another\""; next }
        on && /^ viewBox/ { sub(/ xmlns:xlink="[^"]*"/, ""); sub(/ xmlns="[^"]*"/, "") }
        on && !/^<title>|<!--/ { gsub(/xlink:href/, "href"); gsub(/ xlink:title="[^"]*"/, ""); gsub(/ target="[^"]*"/, ""); print }'
}

# about LAB: what README.md's list of labs says of it; else its first goal.
about() {
    local words
    words=$(sed -nE "s/^\| \[$1\]\([^)]*\) \| ([^|]*) \|.*/\1/p" README.md)
    if [[ -z $words ]]; then
        words=$(sed -nE '/^## Goal/,/^## [^G]/s/^- (.*)/\1/p' "labs/$1/README.md" | head -n 1)
    fi
    escaped "$words" | sed -E 's/`([^`]*)`/<code>\1<\/code>/g'
}

home_page() {
    local lab
    {
        cat <<'END'
<h1>Linux processes and IPC: a lab kit</h1>
<p class="lead text">Labs in C on processes, threads, signals and inter-process communication on Linux: short
annotated programs to run and change, and exercises that are checked against what the kernel saw.</p>
<p class="text">In the kit's folder, <code>tools/deps &amp;&amp; make tour</code> installs what is missing, builds
everything and runs each example. On these pages everything that a program prints, and every picture, comes from a real
run. The keys ← and → turn the pages.</p>
<h2 id="map">Map</h2>
<p class="text">An arrow leads from a lab to one that builds on it.</p>
<div class="map">
END
        map
        echo '</div>'
        echo '<h2 id="labs">Labs</h2>'
        echo '<div class="scroll" role="group" aria-label="Table of the labs" tabindex="0"><table>'
        echo '<thead><tr><th scope="col">Lab</th><th scope="col">About</th><th scope="col">Exercises</th></tr></thead><tbody>'
        for lab in $(labs); do
            printf '<tr><th scope="row"><a href="%s/index.html">%s %s</a></th><td>%s</td><td>%s</td></tr>\n' \
                "$lab" "${lab%%-*}" "$(title "$lab")" "$(about "$lab")" "$(exercise_links "$lab")"
        done
        cat <<'END'
</tbody></table></div>
<h2 id="more">Across the labs</h2>
<ul>
<li><a href="claims.html">Claims</a>: what the course notes say, what really happens, and where you can see it</li>
<li><a href="calls.html">Calls</a>: every system call that the programs make, and where</li>
<li><a href="glossary.html">Glossary</a>: the words, a sentence each</li>
<li><a href="common/lab.h.html">lab.h</a>: the few helpers that the labs share</li>
END
        if [[ -e guide/README.md ]]; then
            echo '<li><a href="guide/index.html">For instructors</a>: a semester, what students get wrong, grading</li>'
        fi
        echo '</ul>'
    } | page index.html 'Linux processes and IPC: a lab kit' home
}

exercise_links() {
    local file list=''
    while IFS= read -r file; do
        if [[ $file == ex[0-9]_* ]]; then
            list+="${list:+, }<a href=\"$1/$(page_of "$file")\"><code>${file%.c}</code></a>"
        fi
    done < <(files "$1")
    echo "$list"
}

# All claims: "NUMBER<tab>LAB<tab>WHAT THE NOTES SAY", from the marks in the READMEs.
claims() {
    awk '/^<!-- claim [0-9]+: .*-->$/ {
        lab = FILENAME
        sub(/^labs\//, "", lab)
        sub(/\/.*/, "", lab)
        words = $0
        sub(/^<!-- claim [0-9]+: */, "", words)
        sub(/ *-->$/, "", words)
        print $3 + 0 "\t" lab "\t" words
    }' labs/*/README.md | sort -n
}

# said NUMBER LAB: what stands after a mark, up to the next mark or heading, as
# HTML. A heading's own section may begin with the mark.
said() {
    awk -v number="$1" '
        /^<!-- claim [0-9]+: .*-->$/ { on = $3 + 0 == number; after = 0; next }
        /^#/ { on = 0 }
        # Where it is a paragraph of its own, the next bold question begins another.
        on && /^$/ { after++ }
        on && after && /^(\*\*|<!--)/ { on = 0 }
        on' "labs/$2/README.md" | pandoc -f gfm -t html --wrap=none |
        awk -v folder="labs/$2" -v urls="$made/$2/urls" -f $parts/readme.awk |
        awk -v lab="$2" '
            # Links are relative to the lab.
            { out = ""
              while (match($0, /(href|src)="[^"]*"/)) {
                  part = substr($0, RSTART, RLENGTH)
                  if (part ~ /="#/) sub(/="/, "=\"" lab "/index.html", part)
                  else if (part ~ /="\.\.\//) sub(/="\.\.\//, "=\"", part)
                  else if (part !~ /="[a-z]+:/) sub(/="/, "=\"" lab "/", part)
                  out = out substr($0, 1, RSTART - 1) part
                  $0 = substr($0, RSTART + RLENGTH)
              }
              print out $0 }'
}

verdict() { # verdict NUMBER
    awk -F '\t' -v number="$1" '$1 == number { print $2 (NF > 2 ? ": " $3 : "") }' "$made/measured"
}

# The lines "# NAME   VALUE" of what was measured, as a sentence.
machine_measured() {
    local words
    words=$(awk '/^# / { name = $2; sub(/^# [^ ]+ +/, ""); value[name] = $0 }
        END { if ("measured" in value) print value["measured"] " on " value["cpu"] ", CPUs " value["cpus"] ", " value["kernel"] \
            (value["rounds"] == "--quick" ? "; quickly, by QUICK=1: what is undecided may not be so in some minutes" : "") }' "$made/measured")
    if [[ $words ]]; then
        printf '<p class="text">Measured %s.</p>\n' "$(escaped "$words")"
    fi
}

claims_page() {
    local number lab words list
    list=$(claims)
    {
        echo '<h1>Claims</h1>'
        echo '<p class="lead text">What the course notes say, looked into: each has a program that shows what really happens.</p>'
        if [[ -s $made/measured ]]; then
            machine_measured
        else
            echo '<p class="text">The claims were not measured in this build: <code>make verdicts</code> does so, for some minutes,'
            echo 'then <code>make docs</code> puts here what came out.</p>'
        fi
        echo '<div class="scroll" role="group" aria-label="Table of the claims" tabindex="0"><table>'
        echo '<thead><tr><th scope="col">No.</th><th scope="col">The notes say</th><th scope="col">Lab</th><th scope="col">This machine says</th></tr></thead><tbody>'
        while IFS=$'\t' read -r number lab words; do
            if [[ $number ]]; then
                printf '<tr><th scope="row">%s</th><td><a href="#claim-%s">%s</a></td><td><a href="%s/index.html#claim-%s">%s</a></td><td>%s</td></tr>\n' \
                    "$number" "$number" "$(escaped "$words")" "$lab" "$number" "${lab%%-*} $(title "$lab")" \
                    "$(words=$(verdict "$number") && escaped "${words:-not measured}")"
            fi
        done <<<"$list"
        echo '</tbody></table></div><div class="text">'
        while IFS=$'\t' read -r number lab words; do
            if [[ $number ]]; then
                printf '<h2 id="claim-%s">%s. %s</h2>\n' "$number" "$number" "$(escaped "$words")"
                said "$number" "$lab"
                printf '<p class="note-line">From <a href="%s/index.html#claim-%s">lab %s</a>.</p>\n' "$lab" "$number" "${lab%%-*}: $(title "$lab")"
            fi
        done <<<"$list"
        echo '</div>'
    } | page claims.html Claims
}

# What each file of a lab is called, and its page, is the same for all lines of it.
calls_page() {
    {
        echo '<h1>Calls</h1>'
        echo '<p class="lead text">Every system call that the labs'\'' programs make, and where. First those that section 2 of the'
        echo 'manual has (<code>man 2 NAME</code>), then calls of section 3 that the labs are about. They are found in the sources:'
        echo 'calls that libc makes by itself are not here. <code>make xray</code> shows those, too.</p>'
        awk -F '\t' '
            FILENAME ~ /docs.d\/calls$/ {
                if ($0 !~ /^#/ && split($0, word, " ") > 2) {
                    section[word[1]] = word[2]
                    about[word[1]] = substr($0, length(word[1] word[2]) + 3)
                    order[++names] = word[1]
                }
                next
            }
            {
                file = $2
                sub(/^labs\//, "", file)
                lab = short = file
                sub(/\/.*/, "", lab)
                sub(/^[^\/]*\//, "", short)
                page = short
                gsub(/\//, "-", page)
                link = lab "/" page ".html#L" $3
                key = $1 "\t" file
                if (!(key in seen)) {
                    if (!(($1 "\t" lab) in begun)) {
                        list[$1] = list[$1] (list[$1] == "" ? "" : "; ") "lab " substr(lab, 1, 2) ": "
                        begun[$1 "\t" lab] = 1
                    } else
                        list[$1] = list[$1] ", "
                    sub(/\.c$/, "", short)
                    list[$1] = list[$1] "<a href=\"" link "\">" short "</a>"
                    seen[key] = 1
                } else if (++more[key] <= 5)
                    list[$1] = list[$1] " <a href=\"" link "\">" $3 "</a>"
            }
            END {
                for (part = 2; part <= 3; part++) {
                    print "<h2 id=\"section-" part "\">" (part == 2 ? "System calls" : "Calls of the library") "</h2>"
                    print "<dl class=\"text\">"
                    for (i = 1; i <= names; i++)
                        if (section[order[i]] == part && order[i] in list)
                            print "<dt id=\"" order[i] "\"><code>" order[i] "(" part ")</code> " about[order[i]] "</dt>\n<dd>" list[order[i]] "</dd>"
                    print "</dl>"
                }
            }' $parts/calls "$made/calls"
    } | page calls.html Calls
}

# glossary.txt: "term | sentence | lab, or lab#section | man page"
glossary_page() {
    local term words lab man
    {
        echo '<h1>Glossary</h1>'
        echo '<p class="lead text">The words of these labs, a sentence each, with the lab that is about it and the manual page to read.</p>'
        echo '<div class="scroll" role="group" aria-label="Table of words" tabindex="0"><table>'
        echo '<thead><tr><th scope="col">Word</th><th scope="col">What it means</th><th scope="col">Lab</th><th scope="col">Manual</th></tr></thead><tbody>'
        grep -v '^#' $parts/glossary.txt | grep '|' | LC_ALL=C sort -f | while IFS='|' read -r term words lab man; do
            term=$(sed 's/^ *//; s/ *$//' <<<"$term")
            printf '<tr id="%s"><th scope="row">%s</th><td>%s</td><td>%s</td><td>%s</td></tr>\n' \
                "$(tr 'A-Z ' 'a-z-' <<<"$term" | tr -cd 'a-z0-9-')" "$(escaped "$term")" \
                "$(escaped "${words# }" | sed -E 's/`([^`]*)`/<code>\1<\/code>/g; s/ *$//')" "$(lab_link "$lab")" "$(escaped "${man// /}" | sed 's/,/, /g')"
        done
        echo '</tbody></table></div>'
    } | page glossary.html Glossary
}

# lab_link "07" or "07#anchor": a link to that lab, if it is there.
lab_link() {
    local number=${1// /} anchor='' folder
    if [[ $number == *'#'* ]]; then
        anchor="#${number#*#}" number=${number%%#*}
    fi
    for folder in labs/"$number"-*/; do
        if [[ -e $folder/README.md ]]; then
            folder=$(basename "$folder")
            echo "<a href=\"$folder/index.html$anchor\">$number $(title "$folder")</a>"
            return
        fi
    done
    echo "$number"
}
