# The site's generator, on a kit with one small lab.

load ../lib/lab

setup_file() {
    unset MAKEFLAGS MAKELEVEL MFLAGS LAB EX N BUILD SAN UNDER CI SITE VERDICTS
    command -v pandoc >/dev/null && command -v dot >/dev/null || return 0
    export JOBS=2 kit="$BATS_FILE_TMPDIR/a kit"
    export word="w$RANDOM$RANDOM"
    mkdir -p "$kit"/{labs,solutions}/98-demo "$kit/tests" "$kit/build"
    cp -R "$top"/{Makefile,README.md,common,tools} "$kit"
    cp -R "$top/tests/lib" "$kit/tests"
    cp -Rp "$top/build/tools" "$kit/build"
    cd "$kit" || exit
    printf 'LAB := 98-demo\ninclude ../../common/lab.mk\n' >labs/98-demo/Makefile
    cat >labs/98-demo/demo.c <<END
/*
 * demo: writes a <word>.
 *
 * Usage: demo
 *
 * Try:   demo
 *        It writes it to itself.
 *
 * See:   pipe(2), nothing(2)
 */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

/* A comment with \`code\`, <angles> & pipe().
 *
 * - and an item
 */
static void tell(const char *text)
{
    puts(text); /* stays where it is */
}

int main(void)
{
    int ends[2];

    /* Before: nothing reads yet. */
    if (pipe(ends) == -1)
        err(1, "pipe");
    tell("$word /* not a comment */ & <that>");
    return 0;
}
END
    sed 's/^ \* demo: .*/ * ex1_own: to be written./; /Try:/,/itself/d' labs/98-demo/demo.c >labs/98-demo/ex1_own.c
    sed "s/Before:/Solved$word:/" labs/98-demo/ex1_own.c >solutions/98-demo/ex1_own.c
    cat >labs/98-demo/README.md <<'END'
# 98: Demo & more

## Goal

After this lab you can read `demo`.

## The idea

<!-- claim 7: demos are <short> -->
**Are demos short?** This one is. See [the source](demo.c), [what all share](../../common/lab.h), [a tool](../../tools/xray).

| | one | two |
|---|---|---|
| a | b | c |

## Programs

| program | shows |
|---|---|
| `demo` | a word |

## Exercises

### ex1_own: your own

Write it.
END
    sed -i '2,$d' tools/docs.d/glossary.txt
    echo 'demo | A short thing. | 98#goal | pipe(2)' >>tools/docs.d/glossary.txt
    make -s examples
    tools/docs >"$BATS_FILE_TMPDIR/said" 2>&1
}

setup() {
    needs pandoc pandoc
    needs dot graphviz
    cd "$kit" || exit
    page=build/site/98-demo/demo.c.html
}

teardown() {
    true
}

# The lines of code on the page as "NUMBER TEXT".
lines_shown() {
    tr -d '\n' <"$1" | sed 's/<span class="line"/\n&/g' | sed -nE 's/<\/code>.*//; s/^<span class="line" id="L([0-9]+)">/\1 /p' |
        sed -E 's/<a class="n"[^>]*>[0-9]+<\/a>//; s/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&#39;/'\''/g; s/&amp;/\&/g'
}

@test "a program's page has each line of code with its number, and no comment's lines among them" {
    lines_shown "$page" | grep -v '^[0-9]* $' >"$BATS_TEST_TMPDIR/shown"
    awk 'NR > 10 && !/^$/ && !/^ *\/\*/ && !/^ \*/ { print NR " " $0 }' labs/98-demo/demo.c |
        diff - "$BATS_TEST_TMPDIR/shown"
    run cat "$page"
    assert_output --partial '<p>A comment with <code>code</code>, &lt;angles&gt; &amp; <code>pipe()</code>.</p>'
    assert_output --partial '<li>and an item</li>'
    assert_output --partial '<p>Before: nothing reads yet.</p>'
    assert_output --partial '<a href="../calls.html#pipe">pipe(2)</a>, nothing(2)'
}

@test "what a page shows as output has come from a run, and so has the picture" {
    run sed -n '/id="output"/,$p' "$page"
    assert_output --partial "$word /* not a comment */ &amp; &lt;that&gt;"
    assert_output --partial "exit status 0"
    if grep -q 'no picture here' "$page"; then
        skip "user namespaces aren't allowed here (unshare --user)"
    fi
    assert_file_exist build/site/98-demo/runs/demo.svg
    grep -q 'create parent pipe:1' "$page"
}

@test "exercises have their stub's page, and nothing of a solution is on the site" {
    assert_file_exist build/site/98-demo/ex1_own.c.html
    run grep -rl "Solved$word" build/site build/docs
    assert_output ""
}

@test "a lab's page leads to its programs, to claims and to what is on the site, and to nothing else" {
    run cat build/site/98-demo/index.html
    assert_output --partial '<a href="demo.c.html"><code>demo</code></a>'
    assert_output --partial '<a href="demo.c.html">the source</a>'
    assert_output --partial '<a href="../common/lab.h.html">what all share</a>, a tool.'
    assert_output --partial '<div id="claim-7" class="at"></div>'
    assert_output --partial '<th scope="row">a</th>'
    run cat build/site/claims.html
    assert_output --partial '<a href="98-demo/index.html#claim-7">'
    assert_output --partial 'demos are &lt;short&gt;'
    assert_output --partial '<strong>Are demos short?</strong> This one is. See <a href="98-demo/demo.c.html">'
    run cat build/site/search.js
    assert_output --partial "$word"
    grep -q 'href="98-demo/demo.c.html#L29"' build/site/calls.html
}

@test "a lab's page leads to the PDF of its slides, and not to the notes" {
    refute grep -q 'id="slides"' build/site/98-demo/index.html
    mkdir -p build/slides
    echo "$word" | tee build/slides/98-demo.pdf >build/slides/98-demo.html
    tools/docs >/dev/null
    grep -q '<a href="slides.pdf">' build/site/98-demo/index.html
    assert_equal "$(grep -rl "$word" build/site --include=*.pdf --include=*slides*)" build/site/98-demo/slides.pdf
}

@test "verdicts that lab 15 gives stand beside the claims" {
    printf '7\tdepends\ton <%s>\n' "$word" >"$BATS_TEST_TMPDIR/verdicts"
    VERDICTS=$BATS_TEST_TMPDIR/verdicts tools/docs >/dev/null
    grep -qF "depends: on &lt;$word&gt;" build/site/claims.html
}

@test "verdicts that were measured are shown until what measures is built again" {
    mkdir -p build/15-choosing
    printf '# cpu   <%s>\n# measured   2026-11-21\n7\tholds\tnow %s\n' "$word" "$word" >build/docs/verdicts
    touch -d '1 minute ago' build/15-choosing/{claims,ipcbench}
    tools/docs >/dev/null
    grep -qF "holds: now $word" build/site/claims.html
    grep -qF "Measured 2026-11-21 on &lt;$word&gt;" build/site/claims.html
    touch -d '1 minute' build/15-choosing/ipcbench
    tools/docs >/dev/null
    run cat build/site/claims.html
    refute_output --partial "now $word"
    assert_output --partial '<td>not measured</td>'
    assert_output --partial '<code>make verdicts</code>'
    rm -r build/15-choosing build/docs/verdicts
}

@test "only what has changed is made again" {
    touch "$BATS_TEST_TMPDIR/before"
    tools/docs >/dev/null
    run find build/site build/docs -name '*.html' -newer "$BATS_TEST_TMPDIR/before"
    refute_output --partial demo.c.html
    sed -i "s/nothing reads yet/$word reads/" labs/98-demo/demo.c
    tools/docs >/dev/null
    run find build/site -name '*.html' -newer "$BATS_TEST_TMPDIR/before"
    assert_output --partial demo.c.html
    refute_output --partial ex1_own
    grep -q "Before: $word reads." "$page"
}

@test "docs-check passes what is well, and names what is wrong" {
    needs tidy tidy
    run tools/docs-check -q
    assert_success
    assert_line --regexp '^docs-check: [6-9] passed, 0 failed'
    sed -i 's/<!-- claim 7:/<!-- claim seven:/; s/!\[/[/' labs/98-demo/README.md
    sed -i 's/--muted: #545d68/--muted: #999999/' tools/docs.d/style.css
    sed -i 's/#goal/#gaol/' build/site/glossary.html
    echo '<p id="main">' >>build/site/98-demo/ex1_own.c.html
    mkdir slides
    printf '# 98: Demo\n\n```code demo.c\nfunction gone\n```\n' >slides/98-demo.md
    run tools/docs-check -q
    assert_failure
    assert_line --partial 'glossary.html: 98-demo/index.html#gaol: there is no such place in it'
    assert_line --partial 'muted on page: 2.85, which is less than 4.5'
    assert_line --partial 'claim seven'
    assert_line --partial '98-demo/ex1_own.c.html#main: that id is there twice'
    assert_line 'FAILED every page is valid HTML'
    assert_line --partial 'slides/98-demo.md:3: demo.c: function gone: there is no such function'
}

@test "without Node the browser tests are skipped, visibly, and in CI they fail" {
    only_tools bash dirname env
    PATH=$only run tools/docs-browser
    assert_success
    assert_line --partial 'skipped: node is missing'
    assert_line 'docs-browser: 0 passed, 0 failed, 1 skipped'
    CI=true PATH=$only run tools/docs-browser
    assert_failure 1
    assert_line --partial 'FAILED not in CI: node is missing'
}
