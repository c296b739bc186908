# The exercise ex2_coprocess of lab 07.

# shellcheck disable=SC2034,SC2030,SC2031  # each test has its own ran and pid

load ../lib/lab

# assert_report FED GOT: the line on standard error, and nothing else there.
assert_report() {
    expect "on standard error: fed $1 bytes, got $2 bytes" \
        assert_regex "$stderr" "^fed ($1) bytes, got ($2) bytes$"
}

# bats test_tags=ex:2,points:4
@test "the exit status is the command's, 128 + N if signal N killed it" {
    likely "the command isn't waited for, or WIFSIGNALED() wasn't asked" \
        "\"Exit status\" of ex2_coprocess in the README; waitpid(2)"
    code=$((RANDOM % 100 + 2))
    run_program ex2_coprocess sh -c "exit $code"
    assert_ended "exit $code"
    run_program ex2_coprocess sh -c 'kill -TERM $$'
    assert_ended "exit 143"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:3
@test "a command that can't be run as a coprocess gives 127 or 126" {
    likely "after execvp() failed: errno wasn't looked at, or the child went on" \
        "\"Exit status\" of ex2_coprocess in the README; execvp(3)"
    name=no-such-command-$RANDOM
    run_program ex2_coprocess "$name"
    assert_ended "exit 127"
    expect "the message" assert_regex "$stderr" \
        "^ex2_coprocess: $name: No such file or directory($|"$'\n)'
    run_program ex2_coprocess /etc/passwd
    assert_ended "exit 126"
    expect "the message" assert_regex "$stderr" \
        "^ex2_coprocess: /etc/passwd: Permission denied($|"$'\n)'
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:5
@test "all that a command writes is passed on, with no input" {
    likely "reading stops after the first read(), or before end of file" \
        "TODO 2 in ex2_coprocess.c; read(2)"
    first=$RANDOM
    seq "$first" 100000 >"$BATS_TEST_TMPDIR/expected"
    run_program ex2_coprocess seq "$first" 100000
    assert_ended "exit 0"
    assert_same_bytes "$BATS_TEST_TMPDIR/expected"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:5
@test "a command that reads everything before it answers" {
    likely "its input isn't closed at the end of ours, or its answer isn't waited for" \
        "\"Two pipes, and the deadlock\" in the README; TODO 3 in ex2_coprocess.c"
    seq "$RANDOM" 60000 >"$BATS_TEST_TMPDIR/input"
    LC_ALL=C sort -r "$BATS_TEST_TMPDIR/input" >"$BATS_TEST_TMPDIR/expected"
    run_program -i "$BATS_TEST_TMPDIR/input" ex2_coprocess sort -r
    assert_ended "exit 0"
    assert_same_bytes "$BATS_TEST_TMPDIR/expected"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:5
@test "far more data than the pipes hold goes in and out" {
    likely "a write waits while nobody reads the output, or a short write is taken for a whole one" \
        "\"Two pipes, and the deadlock\" in the README; O_NONBLOCK in fcntl(2), poll(2)"
    seq "$RANDOM" 99999 >"$BATS_TEST_TMPDIR/input"
    # It writes 20 times what it reads: its output is full first.
    command=(sed 's/.*/&&&&&&&&&&&&&&&&&&&&/')
    "${command[@]}" "$BATS_TEST_TMPDIR/input" >"$BATS_TEST_TMPDIR/expected"
    run_program -i "$BATS_TEST_TMPDIR/input" ex2_coprocess "${command[@]}"
    assert_ended "exit 0"
    assert_same_bytes "$BATS_TEST_TMPDIR/expected"
}

# bats test_tags=ex:2,points:5
@test "each answer is passed on as soon as it comes" {
    likely "output is held back: in a stdio buffer, or until the input ends" \
        "\"Transfer\" of ex2_coprocess in the README; setvbuf(3)"
    start ex2_coprocess sed -u 's/^/answer /'
    for i in 1 2 3; do
        word=$i-$RANDOM
        type_line "$word"
        await "the answer before the next line is typed" written "answer $word"
    done
    finish_program
    assert_ended "exit 0"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:4
@test "it sleeps in poll while there is nothing to do" {
    not_under_valgrind
    likely "poll() is asked for an event that is always there, or has a timeout of 0" \
        "\"Waiting for several things\" in the README; poll(2)"
    start ex2_coprocess cat
    word=$RANDOM
    type_line "$word"
    await "what cat answers" written "$word"
    assert_idle # since there is no input

    finish_program

    # A command that reads nothing: the pipe is full, and more would come.
    start bash -c 'yes | exec ex2_coprocess sh -c "echo ready; kill -STOP \$\$"'
    await "the command's output" written ready
    pid=$(child_of "$pid" ex2_coprocess)
    stopped=$(await "a child that has stopped" child_of "$pid" sh T)
    assert_idle
    kill -KILL "$stopped"
    finish_program
    assert_ended "exit 137"
}

# bats test_tags=ex:2,points:5
@test "a command may stop reading early" {
    likely "SIGPIPE killed ex2_coprocess, or EPIPE was taken for a failure" \
        "\"Writing with no reader\" in the README; EPIPE in write(2)"
    seq "$RANDOM" 99999 >"$BATS_TEST_TMPDIR/input"
    run_program -i "$BATS_TEST_TMPDIR/input" ex2_coprocess head -n 1
    assert_ended "exit 0"
    expect "the first line of the input" assert_output "$(head -n 1 "$BATS_TEST_TMPDIR/input")"
    assert_report "[0-9]+" "$((${#output} + 1))"

    # What it writes after that counts, too.
    run_program bash -c 'yes | ex2_coprocess sh -c "exec <&-; seq 50000"'
    assert_ended "exit 0"
    expect "50000 lines" assert_equal "$(cksum <"$run/stdout")" "$(seq 50000 | cksum)"
}

# bats test_tags=ex:2,points:3
@test "it notices that the command has gone while its own input is idle" {
    likely "only read() on the own input is waited for: poll() reports POLLERR unasked" \
        "\"Transfer\" of ex2_coprocess in the README; POLLERR in poll(2)"
    start ex2_coprocess head -n 1
    word=$RANDOM
    type_line "$word"
    await "to end though its own input is still open" gone "$pid"
    finish_program
    assert_ended "exit 0"
    expect "the line" assert_output "$word"
    assert_report "$((${#word} + 1))" "$((${#word} + 1))"
}

# bats test_tags=ex:2,points:4
@test "the command has descriptors 0 to 2 only, and SIGPIPE at its default" {
    not_under_valgrind
    likely "ends of pipes outlived exec, or the parent's SIG_IGN did" \
        "\"The command\" of ex2_coprocess in the README; O_CLOEXEC in open(2), execve(2)"
    start ex2_coprocess cat
    await_children cat
    child=$(child_of "$pid" cat)
    assert_only_standard "$child" cat
    ignored=$((0x$(field "$child" SigIgn)))
    expect "SIGPIPE not ignored in cat" assert_equal $((ignored >> 12 & 1)) 0
    word=$RANDOM
    type_line "$word"
    finish_program
    assert_ended "exit 0"
    expect "what cat wrote" assert_output "$word"
}

# bats test_tags=ex:2,points:3
@test "the report counts what was written and read" {
    likely "bytes are counted that a short write didn't take, or the line is different" \
        "\"Report\" of ex2_coprocess in the README; write(2)"
    seq "$RANDOM" 50000 >"$BATS_TEST_TMPDIR/input"
    command=(sed 's/.*/&&&&&&&&&&&&&&&&&&&&/')
    run_program -i "$BATS_TEST_TMPDIR/input" ex2_coprocess "${command[@]}"
    assert_ended "exit 0"
    assert_report "$(wc -c <"$BATS_TEST_TMPDIR/input")" \
        "$("${command[@]}" "$BATS_TEST_TMPDIR/input" | wc -c)"
    run_program ex2_coprocess no-such-command
    expect "the message, then the report" assert_regex "$stderr" \
        $'^ex2_coprocess: [^\n]*\nfed 0 bytes, got 0 bytes$'
}

# bats test_tags=ex:2,points:4
@test "if its own input or output fails, it ends the command and says why" {
    likely "a failed read() or write() of its own is ignored, or the command is left alone" \
        "\"Errors\" of ex2_coprocess in the README; kill(2), waitpid(2)"
    # Only a signal ends these two: they care for no end of file.
    run_program bash -c 'exec ex2_coprocess sh -c "echo x; while :; do read x; done" >/dev/full'
    ran="ex2_coprocess sh -c 'echo x; while :; do read x; done' >/dev/full"
    assert_ended "exit 1"
    expect "the message" assert_equal "$stderr" \
        "ex2_coprocess: standard output: No space left on device"
    assert_every_child_waited_for

    run_program bash -c 'exec ex2_coprocess sh -c "while :; do read x; done" </'
    ran="ex2_coprocess sh -c 'while :; do read x; done' </"
    assert_ended "exit 1"
    expect "the message" assert_equal "$stderr" \
        "ex2_coprocess: standard input: Is a directory"
    assert_every_child_waited_for
}
