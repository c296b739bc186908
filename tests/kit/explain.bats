#!/usr/bin/env bats
# What 'xray explain' says of every program of the kit: the fault of each
# *_broken one, and nothing of the others, unless they show a fault on purpose.

load ../lib/lab

# The examples that do wrong on purpose, without "broken" in their names.
shows_a_fault=" sigpipe "

# And those whose fault no system call shows: which value a thread reads from
# memory, and when, is seen by ThreadSanitizer (tests/03-threads.bats).
shows_nothing=" arg_race_broken counter_broken "

# explained FOLDER NAME COMMAND: what xray finds in a run of it.
explained() {
    export BIN=$top/$BUILD/$1
    local start=exec
    [[ $3 != *[\;\|\&]* ]] || start=''
    traced sh -c "exec 2>&1; $start $3"
    has_fact "exec * $2" || echo "$3: it didn't run"
    "$top/tools/xray" explain -s "$run/log"
}

# A program's first Try line. To fill a pipe takes fewer writes if it is small.
try_line() {
    sed -nE 's/^ \* Try: +//p' "$1" | head -n 1 | sed 's/^capacity$/& -s 4096/'
}

@test "each example: nothing is wrong, but where something is" {
    needs_tracing
    local source name found
    for source in "$top"/labs/*/*.c; do
        name=$(basename "$source" .c)
        [[ $name != ex[0-9]_* ]] || continue
        found=$(explained "$(basename "$(dirname "$source")")" "$name" "$(try_line "$source")")
        if [[ $shows_nothing != *" $name "* && ($name == *_broken || $shows_a_fault == *" $name "*) ]]; then
            [[ $found ]] || echo "$name: no finding"
        else
            [[ -z $found ]] || echo "$name: $found"
        fi
    done >"$BATS_TEST_TMPDIR/wrong"
    run cat "$BATS_TEST_TMPDIR/wrong"
    assert_output ""
}

@test "each solution: nothing is wrong" {
    needs_tracing
    local lab name command found
    while read -r lab name command; do
        found=$(explained "solutions/$lab" "$name" "$command")
        [[ -z $found ]] || echo "$command: $found"
    done >"$BATS_TEST_TMPDIR/wrong" <<'END'
01-processes ex1_spawn ex1_spawn ls
01-processes ex1_spawn ex1_spawn sh -c 'kill -TERM $$'
01-processes ex1_spawn ex1_spawn nosuchcommand
01-processes ex2_minips ex2_minips
07-pipes ex1_pipeline ex1_pipeline yes -- cat -- cat -- head -n 1
07-pipes ex1_pipeline ex1_pipeline nosuchcommand -- cat
07-pipes ex2_coprocess seq 20000 | ex2_coprocess tr 1 2
07-pipes ex2_coprocess seq 20000 | ex2_coprocess head -n 1
END
    run cat "$BATS_TEST_TMPDIR/wrong"
    assert_output ""
}

# Each in a folder of its own, all at once: several wait until their time is up.
@test "each mistake that it knows is named" {
    needs_tracing
    local mistake words said
    cd "$BATS_TEST_TMPDIR"
    while IFS=: read -r mistake words; do
        mkdir "$mistake"
        echo "$words" >"$mistake/words"
        (
            cd "$mistake" || exit
            "$top/tools/xray" record -t 2 -o log -- "$top/build/kit/xray_faults" "$mistake"
        ) >"$mistake/out" 2>&1 3>&- &
    done <<'END'
own_write_end:no other process ever had this pipe: it has to be made before the fork
lock_order:each waits for a lock that another one holds
never_waited:parent never waited for child.1
blocked_signal:SIGTERM was sent to parent, which had blocked it
no_reader:parent was killed by SIGPIPE
full_queue:mqueue:/xray_faults full: nobody in this run ever received a message
dead_holder:child.1, which also used map:1, was killed by SIGKILL: probably while it held the lock
early_wakeup:waits on futex:1 for a wake-up that came before
early_signal:SIGUSR1 came before the wait, and was handled by then
name_left:fifo:left, which parent made, was never removed
END
    wait
    for mistake in */log; do
        mistake=${mistake%/log}
        said=$("$top/tools/xray" explain -s "$mistake/log")
        [[ $said == *"$(<"$mistake/words")"* && $said != *$'\n'* ]] ||
            echo "$mistake: $said"
    done >wrong
    run cat wrong
    assert_output ""
}

@test "make check says what xray found in a run that failed" {
    needs_tracing
    local lab=07-pipes name=ex2_coprocess folder=build/explained/07-pipes
    cd "$top"
    rm -rf "$folder"
    mkdir -p "$folder"
    patch -s -o "$folder/$name.c" "solutions/$lab/$name.c" "tests/wrong/$lab/$name/no_wait.patch"
    unset BUILD BIN
    PATH=${PATH//"$BATS_LIBEXEC:"/} run tools/check -s build/explained -f "exit status is" $lab/$name
    assert_failure
    assert_line --regexp '^    likely:    parent never waited for child.1 \(sh\), which had ended'
    refute_output --partial 'waitpid(2); "Exit status"' # no page twice
}
