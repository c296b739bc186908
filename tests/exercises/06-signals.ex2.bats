# The exercise ex2_reaper of lab 06.

load ../lib/lab

readme=labs/06-signals/README.md

# A command for ex2_reaper that stops itself, and ends when it is continued.
stops_then() {
    echo "kill -STOP \$\$; $*"
}

stopped_children() {
    children "$pid" | awk '$3 == "T" { print $1 }'
}

# as_many STATE COUNT: whether that many children are in that state.
as_many() {
    (($(children "$pid" | awk -v state="$1" '$3 == state' | wc -l) == $2))
}

told() {
    (($(wc -l <"$run/stdout") >= $1))
}

# assert_reports LINE...: that these reports were written, in any order.
assert_reports() {
    expect "a line for each child, as each ended" assert_equal \
        "$(sort "$run/stdout")" "$(printf '%s\n' "$@" | sort)"
}

# bats test_tags=ex:2,points:5
@test "each child is reported once, with how it ended" {
    likely "the status is told by WIFEXITED() and its like; children that run when the input ends are waited for, too" "\"ex2_reaper\" in $readme; waitpid(2)"
    codes=(0 $((RANDOM % 100 + 2)) 143 255)
    signal=$(shuf -n 1 -e TERM HUP USR1 SEGV)
    mkfifo "$work/last$$"
    {
        # The first ends last, when the input has long been at its end.
        echo "read x <last$$; exit ${codes[1]}"
        printf 'exit %s\n' "${codes[@]}"
        printf 'kill -%s $$; exec sleep 60\n' "$signal" KILL
        printf 'cat; exec sh -c ": >last%s"' $$ # no newline at its end
    } >"$BATS_TEST_TMPDIR/input"
    # It has a child already that it doesn't know.
    run_program -i "$BATS_TEST_TMPDIR/input" sh -c '(exit 9) & exec ex2_reaper'
    ran=ex2_reaper
    assert_ended "exit 1" "to end with exit 1: not all of them were exit 0"
    assert_reports "1: exit ${codes[1]}" "2: exit 0" "3: exit ${codes[1]}" \
        "4: exit 143" "5: exit 255" "6: killed by SIG$signal" "7: killed by SIGKILL" "8: exit 0"
    expect "nothing on standard error" assert_equal "$stderr" ""
    rm "$work/last$$"
    run_program sh -c "printf 'exit 0\n:\n' | ex2_reaper"
    assert_ended "exit 0"
    assert_reports "1: exit 0" "2: exit 0"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:7
@test "children that die together are all reported, though one SIGCHLD comes" {
    likely "a standard signal that is pending already isn't sent again: after each SIGCHLD call waitpid() until there is nobody left" "\"ex2_reaper\" in $readme; \"Queueing\" in signal(7); WNOHANG in waitpid(2)"
    count=$((RANDOM % 15 + 15)) wanted=()
    start ex2_reaper
    for ((i = 1; i <= count; i++)); do
        code=$((RANDOM % 256))
        type_line "$(stops_then "exit $code")"
        wanted+=("$i: exit $code")
    done
    ran+=", and $count children that stop themselves"
    await "to have started $count children" as_many T "$count"
    await "to wait" in_state "$pid" S
    expect "no report: they have stopped, not ended" assert_equal "$(cat "$run/stdout")" ""
    freeze "$pid"
    # shellcheck disable=SC2046  # one word each
    kill -CONT $(stopped_children)
    wait_until "$DEADLINE" as_many Z "$count"
    kill -CONT "$pid"
    ran="ex2_reaper, and $count children that died while it was stopped"
    await "$count reports" told $count
    expect "no child left, as a zombie or otherwise, while the input goes on" \
        assert_equal "$(children "$pid")" ""
    finish_program
    assert_reports "${wanted[@]}"
}

# bats test_tags=ex:2,points:6
@test "an end is reported at once, while others run and more may be started" {
    likely "a wait for a child keeps it from its input, or a wait for input from its children; and EINTR is not the end of the input" "\"ex2_reaper\" in $readme; ppoll in poll(2)"
    start ex2_reaper
    type_line "$(stops_then "exit 11")"
    await "to have started a child" as_many T 1
    first=$(stopped_children)
    ran+=", whose child 1 has stopped and stays alive"
    for i in 2 3; do
        type_line "$(stops_then "exit 1$i")"
        await "to start child $i when its line comes" as_many T 2
        kill -CONT "$(stopped_children | grep -vx "$first")"
        await "to report child $i when it has ended" written "$i: exit 1$i"
    done
    likely "it looks for dead children again and again: SIGCHLD will end the wait" "\"ex2_reaper\" in $readme; ppoll in poll(2)"
    assert_idle
    kill -CONT "$first"
    await "to report child 1 when it has ended, last" written "1: exit 11"
    expect "no child left" assert_equal "$(children "$pid")" ""
    finish_program
    assert_ended "exit 1"
    assert_reports "1: exit 11" "2: exit 12" "3: exit 13"
}

# bats test_tags=ex:2,points:4
@test "a child that has died before fork() returns is reported" {
    likely "the handler looks for a PID that isn't in the table yet: block SIGCHLD before fork(), until the child is in it" "\"ex2_reaper\" in $readme; sigprocmask(2)"
    start_held -p ex2_reaper
    type_line "exit 23"
    ran="ex2_reaper, whose child is dead before fork() returns"
    await "to have started a child" as_many Z 1
    let_go
    await "to report it" written "1: exit 23"
    finish_program
    assert_ended "exit 1"
}

# bats test_tags=ex:2,points:4
@test "a SIGCHLD that comes just before it waits isn't lost" {
    not_under_sanitizers
    likely "between the last waitpid() and the wait the handler may run: block SIGCHLD, and let ppoll() or sigsuspend() open the mask" "\"ex2_reaper\" in $readme; ppoll in poll(2)"
    start_held -w ex2_reaper
    type_line "$(stops_then "exit 31")"
    type_line "$(stops_then "exit 32")"
    for i in 1 2; do
        await "to have started its children" as_many T $((3 - i))
        ran="ex2_reaper, which has called waitpid() and is about to wait, and now a child dies"
        hold
        kill -CONT "$(stopped_children | head -n 1)"
        wait_until "$DEADLINE" as_many Z 1
        let_go
        await "to report it" told $i
        end_input # the second time there are only children to wait for
    done
    finish_program
    assert_ended "exit 1"
}

# bats test_tags=ex:2,points:2
@test "with SIGCHLD blocked or ignored from the start it works, too; its children keep the mask" {
    likely "the mask and what is ignored survive exec: set the mask of the child as it was, and SIGCHLD as you need it" "\"ex2_reaper\" in $readme; signal(7)"
    echo "exec grep ^SigBlk: /proc/self/status" >"$BATS_TEST_TMPDIR/input"
    run_program -i "$BATS_TEST_TMPDIR/input" env --block-signal=USR1 --ignore-signal=CHLD ex2_reaper
    assert_ended "exit 0"
    assert_reports $'SigBlk:\t0000000000000200' "1: exit 0"
    run_program -i "$BATS_TEST_TMPDIR/input" env --block-signal=CHLD ex2_reaper
    assert_ended "exit 0"
    assert_reports $'SigBlk:\t0000000000010000' "1: exit 0"
}

# bats test_tags=ex:2,points:2
@test "if a fork or a write fails, the children that run are still waited for" {
    not_under_valgrind
    likely "fork() returns -1: no PID, and no child; then start no more, and wait for those that run" "\"ex2_reaper\" in $readme; fork(2)"
    needs_tracing
    # strace makes the third fork fail, as if there were no memory.
    start strace -qq -o /dev/null \
        -e inject=?fork,?vfork,?clone,?clone3:error=EAGAIN:when=3 ex2_reaper
    await "to be run" child_of "$pid" ex2_reaper >/dev/null # strace has other children, too
    pid=$(child_of "$pid" ex2_reaper)
    for i in 41 42 43 44; do
        type_line "$(stops_then "exit $i")"
    done
    ran="ex2_reaper, whose third fork() fails"
    await "to say so" grep -q fork "$run/stderr"
    await "two children" as_many T 2
    await "to wait for the two" in_state "$pid" S
    # shellcheck disable=SC2046  # one word each
    kill -CONT $(stopped_children)
    await "to end" gone "$pid"
    finish_program
    assert_ended "exit 1"
    assert_reports "1: exit 41" "2: exit 42"
    expect "a message" assert_equal "$stderr" \
        "ex2_reaper: fork: Resource temporarily unavailable"
    assert_every_child_waited_for

    likely "look at what write() returns, and say only once that it failed" "\"ex2_reaper\" in $readme; write(2)"
    printf 'exit %d\n' 41 42 43 44 >"$BATS_TEST_TMPDIR/input"
    run_program -i "$BATS_TEST_TMPDIR/input" sh -c 'exec ex2_reaper >/dev/full'
    assert_ended "exit 1"
    expect "one message" assert_equal "$stderr" \
        "ex2_reaper: standard output: No space left on device"
    assert_every_child_waited_for
}
