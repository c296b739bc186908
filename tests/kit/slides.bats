# The decks of slides: made, and looked over, on a kit with one small lab.

load ../lib/lab

lab=98-demo

setup_file() {
    unset MAKEFLAGS MAKELEVEL MFLAGS LAB EX N BUILD SAN UNDER CI
    export kit="$BATS_FILE_TMPDIR/a kit"
    export word="w$RANDOM$RANDOM"
    mkdir -p "$kit"/{labs,solutions,slides,tests/exercises,tests/wrong} "$kit/build/docs"
    cp -R "$top"/{.gitignore,Makefile,README.md,common,tools} "$kit"
    cp -R "$top/tests/lib" "$kit/tests"
    cp -Rp "$top/build/tools" "$kit/build"
    if [[ -d $top/build/docs/node ]]; then
        ln -s "$top/build/docs/node" "$kit/build/docs/node"
    fi
    cd "$kit" || exit
    make -s new-lab NAME=$lab >/dev/null
    sed -i "s/\"hello\"/\"$word\"/" labs/$lab/greeting.c
    sed -i "s/greeter\[4711\]: hello/greeter[4711]: $word/" labs/$lab/README.md
    mkdir labs/$lab/pictures
    picture 400 >labs/$lab/pictures/narrow.svg
    picture 4000 >labs/$lab/pictures/wide.svg
    make -s examples
    deck >slides/$lab.md
    tools/slides >"$BATS_FILE_TMPDIR/said" 2>&1 || true
}

setup() {
    needs pandoc pandoc
    needs dot graphviz
    needs node nodejs
    needs chromium chromium
    cd "$kit" || exit
    if grep -q "npm can't get" "$BATS_FILE_TMPDIR/said"; then
        skip "$(cat "$BATS_FILE_TMPDIR/said")"
    fi
    deck >slides/$lab.md
}

teardown() {
    true
}

picture() { # picture WIDTH
    printf '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="200"><text y="50" font-size="12">words</text></svg>\n' "$1"
}

# A deck of 12 slides that is as it should be.
deck() {
    cat <<'END'
# 98: Demo

What it is

::: notes
Greet them.
:::

## Code

```code greeting.c
in main
from while (count-- > 0)
to say(
mark say(
```

::: notes
A mark.
:::

## Output

```run
$ greeting -n 1
```

```transcript
$ greeting -n 2
```

::: notes
Live.
:::

## Picture

![some words](../labs/98-demo/pictures/narrow.svg)

::: notes
Look.
:::

## Graph

```dot
// one leads to the other
digraph { rankdir=LR; one -> other; }
```

::: notes
Look, too.
:::

## Exercises and questions

```exercises
```

```questions
1
```
END
    for name in Seven Eight Nine Ten Eleven Twelve; do
        printf '\n## %s\n\n- one\n- two\n\n::: notes\nSay it.\n:::\n' $name
    done
}

# spoil: standard input goes into the slide Seven.
spoil() {
    sed -i "/^## Seven/r /dev/stdin" slides/$lab.md
}

# What slides-check says of the deck as it is now.
check_deck() {
    run tools/slides
    assert_success
    run tools/slides-check
}

@test "a deck is one file with all in it, and a PDF with a page for each slide" {
    run grep -oE '<(link|script|img)[^>]* (src|href)="[^d$][^"]{0,40}' build/slides/$lab.html
    assert_output ""
    run cat build/slides/$lab.html
    assert_output --partial '<span class="cmd">$ greeting -n 1</span>'
    assert_output --regexp "greeter\[[0-9]+\]: $word"
    assert_output --partial "greeter[4711]: $word"
    assert_output --partial 'data-mark="2"'
    assert_output --partial '<td>100 points</td>'
    assert_output --partial '<strong>Answer 1.</strong>'
    assert_equal "$(grep -ac '/Type /Page$' build/slides/$lab.pdf)" 12
}

@test "only a deck that has changed is made again" {
    tools/slides >/dev/null
    touch "$BATS_TEST_TMPDIR/before"
    tools/slides >/dev/null
    assert_equal "$(find build/slides -name "$lab.*" -newer "$BATS_TEST_TMPDIR/before")" ""
    touch labs/$lab/greeting.c
    tools/slides >/dev/null
    assert_equal "$(find build/slides -name "$lab.*" -newer "$BATS_TEST_TMPDIR/before" | sort)" \
        "build/slides/$lab.html"$'\n'"build/slides/$lab.pdf"
}

@test "what a deck refers to and isn't there is named, with its line" {
    run tools/slides -n
    assert_success
    assert_output ""
    sed -i 's/^in main/in mian/; s/^\$ greeting -n 2/$ greeting -n 3/; s/narrow.svg/gone.svg/; s/^1$/77/; /^\/\/ one/d' slides/$lab.md
    spoil <<'END'

```code greeting.c
from int
to nowhere at all
mark this
```

```code gone.c
function main
```

```c
int pasted;
```
END
    run tools/slides -n
    assert_failure 1
    assert_line "slides/$lab.md:11: greeting.c: in mian: there is no such function"
    assert_line "slides/$lab.md:28: no transcript in the README has: \$ greeting -n 3"
    assert_line "slides/$lab.md:38: there is no slides/../labs/98-demo/pictures/gone.svg"
    assert_line --partial "a graph begins with a line '// WORDS'"
    assert_line --partial "question 77: the README hasn't got it"
    assert_line --partial "greeting.c: from int: it is there "
    assert_line --partial "there is no labs/98-demo/gone.c"
    assert_line --partial "code is never pasted"
    run tools/slides
    assert_failure
    assert_line --partial "in mian: there is no such function"
}

@test "a command that isn't there is no live output" {
    sed -i 's/^\$ greeting -n 1/$ greetink -n 1/' slides/$lab.md
    run tools/slides
    assert_failure
    assert_line --regexp "slides/$lab.md:24: .*greetink: command not found: exit 127"
    sed -i 's/^\$ greetink -n 1/$ sleep 99 \&/' slides/$lab.md
    run tools/slides
    assert_failure
    assert_line --regexp "slides/$lab.md:24: .*left"
}

@test "slides-check passes a deck that is well" {
    check_deck
    assert_success
    assert_line "slides-check: 7 passed, 0 failed"
}

@test "code that is too long runs off its slide, and is named" {
    printf 'static int number_%d;\n' {1..20} >labs/$lab/long.h
    printf '%s\n' '' '```code long.h' 'from number_1;' 'to number_20;' '```' | spoil
    check_deck
    rm labs/$lab/long.h
    assert_failure
    assert_line "FAILED nothing runs off a slide, and nothing is cut"
    assert_line --regexp "$lab, slide 7, \"Seven\": the code \"static int number_1; .*\" runs [0-9]+ pixels off the slide's bottom"
    assert_line "    $lab.pdf has 13 pages for 12 slides"
    assert_line "slides-check: 5 passed, 2 failed"
}

@test "a line of code that is too wide is named" {
    printf 'static const char *text = "%090d";\n' 1 >labs/$lab/long.h
    printf '%s\n' '' '```code long.h' 'from text' '```' | spoil
    check_deck
    rm labs/$lab/long.h
    assert_failure
    assert_line --regexp "$lab, slide 7, \"Seven\": the code .* off the slide's right"
}

@test "a picture that is too wide has letters that nobody can read, and is named" {
    sed -i 's/narrow.svg/wide.svg/' slides/$lab.md
    check_deck
    assert_failure
    assert_line --regexp "$lab, slide 4, \"Picture\": the picture \"some words\" has letters of [0-9.]+ pixels, less than 13"
    assert_line "slides-check: 6 passed, 1 failed"
}

@test "small or pale words, no notes, too few slides or pages, an error, a request: each is named" {
    sed -i '/^## Twelve/,$d; /^Live\.$/d' slides/$lab.md
    spoil <<'END'

<p style="font-size: 9px; color: #bbbbbb">tiny and pale</p>
<script>fetch("http://127.0.0.1:9/x").catch(() => {}); nothing();</script>
END
    tools/slides >/dev/null
    echo >build/slides/$lab.pdf
    run tools/slides-check
    assert_failure
    assert_line "    $lab has 11"
    assert_line "    $lab.pdf has 0 pages for 11 slides"
    assert_line --partial 'has letters of 9 pixels, less than 18'
    assert_line "    $lab, slide 3, \"Output\": there are no notes"
    assert_line "    $lab asks for http://127.0.0.1:9/x"
    assert_line --partial 'nothing is not defined'
    assert_line --partial "$lab: color-contrast"
    assert_line "slides-check: 1 passed, 6 failed"
}

@test "without Node the slides aren't looked over, visibly, and in CI that fails" {
    only_tools bash dirname env
    PATH=$only run tools/slides-check
    assert_success
    assert_line 'slides-check: 0 passed, 0 failed, 1 skipped'
    CI=true PATH=$only run tools/slides-check
    assert_failure 1
    assert_line --partial 'FAILED not in CI: node is missing'
}
