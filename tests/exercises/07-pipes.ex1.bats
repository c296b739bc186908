# The exercise ex1_pipeline of lab 07.

# shellcheck disable=SC2034,SC2030,SC2031  # each test has its own ran and pid

load ../lib/lab

# bats test_tags=ex:1,points:5
@test "one command gets its arguments, standard input and standard output" {
    likely "the command is run through a shell, or not with exactly its arguments" \
        "TODO 1 in ex1_pipeline.c; execvp(3)"
    word=$RANDOM
    echo "input $word" >"$BATS_TEST_TMPDIR/input"
    run_program -i "$BATS_TEST_TMPDIR/input" \
        ex1_pipeline sh -c 'read x; printf "<%s>" "$x" "$@"' sh "a  $word" '*' '' '$HOME' -h
    assert_ended "exit 0"
    expect "the line of input and each argument as it was given" \
        assert_output "<input $word><a  $word><*><><\$HOME><-h>"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:4
@test "the exit status is the command's" {
    likely "the status from waitpid() is taken as it is: WEXITSTATUS() decodes it" \
        "\"Exit status\" of ex1_pipeline in the README; waitpid(2)"
    code=$((RANDOM % 100 + 2))
    run_program ex1_pipeline sh -c "exit $code"
    assert_ended "exit $code"
    run_program ex1_pipeline true
    assert_ended "exit 0"
    expect "nothing on standard error" assert_equal "$stderr" ""
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:4
@test "a command that can't be run gives 127 or 126, and a message" {
    likely "after execvp() failed: errno wasn't looked at, or the child went on" \
        "\"Exit status\" of ex1_pipeline in the README; execvp(3)"
    name=no-such-command-$RANDOM
    run_program ex1_pipeline "$name"
    assert_ended "exit 127"
    expect "the message" assert_equal "$stderr" \
        "ex1_pipeline: $name: No such file or directory"
    run_program ex1_pipeline /etc/passwd
    assert_ended "exit 126"
    expect "the message" assert_equal "$stderr" \
        "ex1_pipeline: /etc/passwd: Permission denied"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:6
@test "the second command reads what the first writes" {
    likely "a write end is still open, in the parent or in the reader: no end of file" \
        "\"Close what you don't use\" in the README; pipe(7)"
    first=$RANDOM
    seq "$first" 40000 | sort -r >"$BATS_TEST_TMPDIR/expected"
    run_program ex1_pipeline seq "$first" 40000 -- sort -r
    assert_ended "exit 0"
    assert_same_bytes "$BATS_TEST_TMPDIR/expected"
    expect "nothing on standard error" assert_equal "$stderr" ""
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:4
@test "a pipeline may have any number of stages, in the order given" {
    likely "from the third stage on, a stage reads from the wrong pipe" \
        "TODO 2 and 3 in ex1_pipeline.c: the next stage's input is this one's pipe"
    number=$RANDOM count=$((RANDOM % 20 + 100)) stages=()
    for ((i = 0; i < count; i++)); do
        stages+=(-- sed "s/\$/$((i % 10))/")
    done
    run_program ex1_pipeline echo "$number:" "${stages[@]}"
    ran="ex1_pipeline echo $number: -- sed s/\$/0/ -- sed s/\$/1/ ... ($((count + 1)) stages)"
    assert_ended "exit 0"
    expect "each stage's digit, in order" assert_output \
        "$number:$(for ((i = 0; i < count; i++)); do printf %s $((i % 10)); done)"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:4
@test "a long pipeline needs no more than three more descriptors" {
    likely "all pipes are made first, or ends are closed only when all stages run" \
        "\"Limits\" of ex1_pipeline in the README; RLIMIT_NOFILE in getrlimit(2)"
    word=$RANDOM stages=()
    for ((i = 0; i < 30; i++)); do
        stages+=(-- sed 's/$/x/')
    done
    run_program bash -c 'ulimit -n 6; exec ex1_pipeline echo "$0" "$@"' \
        "$word" "${stages[@]}"
    ran="ex1_pipeline echo $word -- sed s/\$/x/ -- ... (31 stages, with ulimit -n 6)"
    assert_ended "exit 0"
    expect "what echo wrote, and an x from each sed" \
        assert_output "$word$(printf 'x%.0s' {1..30})"
}

# bats test_tags=ex:1,points:4
@test "all stages run at the same time" {
    likely "a stage is waited for before the next is started" \
        "\"All at once\" in the README; waitpid(2)"
    start ex1_pipeline cat -- sed -u s/a/b/ -- grep --line-buffered .
    await_children cat sed grep
    word=$RANDOM
    type_line "a $word"
    await "the line to go through all stages while more may come" written "b $word"
    finish_program
    assert_ended "exit 0"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:5
@test "each stage has its two ends of pipes and no other" {
    not_under_valgrind
    likely "a descriptor from pipe() outlived exec in some stage" \
        "\"Close what you don't use\" in the README; /proc/PID/fd in proc(5)"
    start ex1_pipeline cat -- tr a b -- sed s/c/d/
    await_children cat tr sed
    for name in cat tr sed; do
        assert_only_standard "$(child_of "$pid" "$name")" "$name"
    done
    middle=$(child_of "$pid" tr)
    expect "cat and tr joined by a pipe" assert_equal \
        "$(readlink "/proc/$(child_of "$pid" cat)/fd/1")" "$(readlink "/proc/$middle/fd/0")"
    expect "tr and sed joined by another pipe" assert_equal \
        "$(readlink "/proc/$(child_of "$pid" sed)/fd/0")" "$(readlink "/proc/$middle/fd/1")"
    finish_program
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:4
@test "a stage that nobody reads from any more ends" {
    likely "somebody still holds the read end of its pipe: the parent, or a stage" \
        "\"Writing with no reader\" in the README; SIGPIPE in signal(7)"
    word=$RANDOM
    run_program ex1_pipeline yes "$word" -- head -n 1
    assert_ended "exit 0"
    expect "one line" assert_output "$word"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:4
@test "the last command's status counts, 128 + N if signal N killed it" {
    likely "another stage's status is returned, or WIFSIGNALED() wasn't asked" \
        "\"Exit status\" of ex1_pipeline in the README; waitpid(2)"
    code=$((RANDOM % 100 + 2))
    run_program ex1_pipeline sh -c 'exit 7' -- \
        no-such-command -- sh -c "exit $code"
    assert_ended "exit $code"
    expect "the message of the stage that can't be run" assert_equal "$stderr" \
        "ex1_pipeline: no-such-command: No such file or directory"
    for signal in TERM KILL; do
        run_program ex1_pipeline true -- sh -c "kill -$signal \$\$"
        assert_ended "exit $((128 + $(kill -l $signal)))"
    done
    run_program ex1_pipeline sh -c 'kill -TERM $$' -- cat
    assert_ended "exit 0"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:3
@test "it returns only when every stage has ended" {
    likely "only the last stage is waited for, or too few children" \
        "\"End\" of ex1_pipeline in the README; waitpid(2)"
    start ex1_pipeline sh -c 'exec >&-; read x; echo "first: $x" >&2; exit 9' -- \
        sh -c 'cat; exit 3'
    one_runs() { gone "$pid" || [[ $(children "$pid" | grep -vc ' Z$') == 1 ]]; }
    await "the last command to end" one_runs
    word=$RANDOM
    type_line "$word"
    finish_program
    assert_ended "exit 3"
    expect "the first stage to go on until its end" assert_equal "$stderr" "first: $word"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:3
@test "if a stage can't be started, the others end and the status is 1" {
    not_under_valgrind
    likely "the last pipe's read end stays open, so the stage before never ends" \
        "\"Errors\" of ex1_pipeline in the README; TODO 4 in ex1_pipeline.c"
    # Room for one pipe, but not for a second while the first is in use.
    run_program bash -c 'ulimit -n 5; exec ex1_pipeline yes -- cat -- cat'
    ran="ex1_pipeline yes -- cat -- cat (with ulimit -n 5)"
    assert_ended "exit 1"
    expect "why the second pipe can't be made, and nothing else" assert_regex \
        "$stderr" $'^ex1_pipeline: pipe2?: [^\n]+$'
    assert_every_child_waited_for
}
