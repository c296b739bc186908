# The guide for instructors: what it shows can be shown.

load ../lib/lab

setup() {
    cd "$top" || exit
}

teardown() {
    true
}

# Every piece of code in its texts, a line each: what stands in backquotes, and the
# lines of blocks of shell.
code() {
    awk '
        /^```/ { shell = /^```sh$/ && !fenced; fenced = !fenced; next }
        shell { sub(/ +# .*/, ""); print }
        fenced { next }
        { for (n = split($0, part, "`"); n > 1; n--) if (n % 2 == 0) print part[n] }' guide/*.md | sort -u
}

@test "every program that the guide shows runs as it stands there, and ends" {
    PATH="$(printf '%s:' "$top"/build/[01]*-*)$PATH"
    cd "$BATS_TEST_TMPDIR" || exit
    while read -r command; do
        name=${command#env } allowed=' 0 '
        name=${name%%[ ;]*}
        if [[ $name == ex[0-9]_* ]] || ! compgen -G "$top/build/[01]*-*/$name" >/dev/null; then
            continue
        fi
        if [[ $name == *_broken ]]; then
            allowed=' 0 1 '
        fi
        ran=$((${ran:-0} + 1)) status=0
        timeout 30 bash -c "$command" >words 2>&1 </dev/null 3>&- || status=$?
        [[ $allowed == *" $status "* ]] || complain "$command ends with$allowed" "$status: $(<words)"
    done < <(cd "$top" && code)
    [[ $ran -gt 40 ]] || complain "more than 40 commands" "$ran"
}

@test "every target, tool, form and exercise that the guide names is there" {
    while read -r line; do
        while read -r _ word; do
            grep -qE "^$word:.*##" Makefile || complain "make $word is a target" "$line"
        done < <(grep -oE '\bmake [a-z-]+' <<<"$line")
        while read -r word; do
            assert_file_exist "$word"
        done < <(grep -oE '\btools/[a-z-]+' <<<"$line")
        if [[ $line =~ ^tools/result\ ([a-z0-9]+) ]]; then
            assert_file_exist "tools/result.d/${BASH_REMATCH[1]}.jq"
        fi
        if [[ $line =~ ^ex[0-9]_[a-z_]+$ ]]; then
            compgen -G "labs/*/$line.*" >/dev/null || complain "$line is an exercise" "none"
        fi
    done < <(code)
}

@test "the guide plans every exercise of every lab" {
    for path in labs/*/ex[0-9]_*; do
        name=${path##*/}
        grep -q "\`${name%%.*}\`" guide/README.md || complain "guide/README.md has ${name%%.*}" "it hasn't"
    done
    for lab in labs/*/; do
        grep -q "(../${lab}README.md)" guide/README.md || complain "guide/README.md has $lab" "it hasn't"
    done
}

@test "an idea in the list of mistakes that no wrong program has any more is an error" {
    printf '%s\tNo.\n' a/b/polls a/b/spins c/d/polls >"$BATS_TEST_TMPDIR/list"
    printf '<!-- mistakes: polls|spins -->\n<!-- mistakes by exercise -->\n' >"$BATS_TEST_TMPDIR/it.md"
    run awk -f tools/docs.d/mistakes.awk "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/it.md"
    assert_success
    assert_line '<details><summary>3 wrong programs, of 2 exercises</summary>'
    sed -i 's/polls|spins/polls/' "$BATS_TEST_TMPDIR/it.md"
    run awk -f tools/docs.d/mistakes.awk "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/it.md"
    assert_failure
    assert_line --partial 'fits 2 wrong programs'
}
