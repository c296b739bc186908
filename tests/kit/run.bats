# The way programs under test are run: tests/lib, tools/sandbox, tools/init.

load ../lib/lab

# inner LINES: runs a test file that holds one test made of these lines; its
# TAP is in $output afterwards.
inner() {
    mkdir -p "$BATS_TEST_TMPDIR/tests"
    printf 'load "%s/tests/lib/lab"\n@test "inner" {\n%s\n}\n' "$top" "$1" \
        >"$BATS_TEST_TMPDIR/tests/99-inner.bats"
    run bats --tap "$BATS_TEST_TMPDIR/tests/99-inner.bats"
}

@test "a passing test passes" {
    inner 'run_program true; assert_ended "exit 0"'
    assert_success
    assert_line "ok 1 inner"
}

@test "a failing test fails" {
    inner 'run_program false; assert_ended "exit 0"'
    assert_failure
    assert_line "not ok 1 inner"
    assert_line "# saw:       exit 1"
}

@test "a failed assertion in the middle of a test fails it" {
    inner 'run_program false
        assert_ended "exit 0"
        true'
    assert_line "not ok 1 inner"
}

@test "a failure says what ran, was expected, seen, likely, and what to read" {
    inner 'likely "the wrong command" "true(1)"
        run_program sh -c "echo no >&2; exit 3"
        assert_ended "exit 0"'
    expected='# ran:       sh -c echo no >&2; exit 3
# expected:  to end with exit 0
# saw:       exit 3
#            standard error: no
# likely:    the wrong command
# read:      true(1)'
    assert_output --partial "$expected"
}

@test "for a grade a failure says if the machine had time for it, as far as the kernel counts that" {
    export PRESSURE=$BATS_TEST_TMPDIR/psi GRADING=
    inner false
    refute_line "# undisturbed"
    mkdir "$PRESSURE"
    for file in cpu memory io; do
        echo "some avg10=0.00 avg60=0.00 avg300=0.00 total=1$RANDOM" >"$PRESSURE/$file"
    done
    inner false
    assert_line "# undisturbed"
    inner "echo some avg10=9 total=99999999999 >$PRESSURE/io; false"
    refute_line "# undisturbed"
    inner true
    refute_line "# undisturbed"
}

@test "expect puts the words of an assertion into a failure" {
    inner 'run_program echo one; expect "the word two" assert_output two'
    assert_line "not ok 1 inner"
    assert_line "# expected:  the word two"
    assert_line "#            actual   : one"
}

@test "a hanging program is a timeout that says who waits for what" {
    inner 'run_program -t 0.3 sh -c "sleep 99 | sleep 98"; assert_ended "exit 0"'
    assert_line "# saw:       still running after 0.3 s"
    assert_line --regexp '^#  +sh \([0-9]+\) waits in wait4'
    assert_line --regexp '^#  +sleep \([0-9]+\) waits in clock_nanosleep'
}

@test "a pipe that can't end is described with who holds its other end" {
    run_program -t 0.3 bash -c 'exec 8> >(cat); wait $!'
    assert_equal "$ended" "timeout 0.3"
    assert_regex "$(facts stuck)" \
        'cat \([0-9]+\) reads from pipe:1, whose write end bash \([0-9]+\) still holds'
}

@test "forged TAP on any descriptor changes nothing" {
    inner 'run_program sh -c "echo ok 7 forged; echo ok 8 forged >&2
            for fd in 3 4 5 6 7 8 9; do echo \"ok 9 forged\" >/proc/self/fd/\$fd; done"
        false'
    assert_failure
    assert_line "not ok 1 inner"
    refute_line --regexp '^ok '
}

@test "a program has descriptors 0 to 2 and no others" {
    start_program sh -c 'read x'
    assert_equal "$(descriptors "$pid")" "0 1 2"
    finish_program
}

@test "a program starts with default signal handling and nothing blocked" {
    run_program grep -E '^Sig(Blk|Ign)' /proc/self/status
    assert_line --regexp '^SigBlk:\s+0+$'
    assert_line --regexp '^SigIgn:\s+0+$'
}

@test "a program that doesn't stop writing is stopped" {
    run_program yes
    assert_ended "signal XFSZ"
    ((${#output} <= 65536))
}

@test "status is what a shell would say" {
    run_program sh -c 'exit 37'
    assert_equal "$ended $status" "exit 37 37"
    run_program sh -c 'kill -TERM $$'
    assert_equal "$ended $status" "signal TERM 143"
    run_program /does/not/exist
    assert_equal "$status" 127
}

@test "a process that is left is named, and ended" {
    inner 'run_program sh -c "sleep 4321 & exit 0"'
    assert_line "not ok 1 inner"
    assert_line --regexp '^# saw: +process [0-9]+ sleep$'
    run grep -slzx 4321 /proc/[0-9]*/cmdline
    assert_output ""
}

@test "what is left of files and FIFOs is named, and so is each other object" {
    needs ipcmk util-linux
    inner 'run_program sh -c "touch a; mkfifo b; mkdir c; touch \$TMPDIR/d
        touch /dev/shm/e-$$; ipcmk -Q -M 10 -S 1 >/dev/null"
        [[ $SANDBOX == bwrap ]] || rm -f /dev/shm/e-$$'
    assert_line --regexp '^# saw: +file \./.* \((file|FIFO|folder)\)$'
    for what in 'file \./a \(file\)' 'file \./b \(FIFO\)' 'file \./c \(folder\)' \
        'file .*/d \(file\)' 'file /dev/shm/e.* \(file\)' 'msg [0-9]+ .*' \
        'shm [0-9]+ .*' 'sem [0-9]+ .*'; do
        assert_line --regexp "^#( saw:)? +$what\$"
    done
    if [[ $SANDBOX != bwrap ]]; then
        ipcrm -q "$(sed -nE 's/.*msg ([0-9]+) .*/\1/p' <<<"$output")" \
            -m "$(sed -nE 's/.*shm ([0-9]+) .*/\1/p' <<<"$output")" \
            -s "$(sed -nE 's/.*sem ([0-9]+) .*/\1/p' <<<"$output")"
    fi
}

@test "what an earlier run of the same test has left is named, too" {
    inner 'run_program sh -c "sleep 4321 & exit 0"; run_program true'
    assert_line --regexp '^# saw: +process [0-9]+ sleep$'
}

@test "what a test allows to be left is no failure" {
    inner 'allow_left "file ./log \(file\)"; run_program touch log'
    assert_line "ok 1 inner"
    inner 'allow_left "file ./log \(file\)"; run_program touch log logs'
    assert_line "# saw:       file ./logs (file)"
}

@test "a child that nobody waited for is counted" {
    run_program sh -c 'true & exec sh -c "exit 0"'
    run assert_every_child_waited_for
    assert_failure
    assert_output --partial "every child waited for by its parent"
    run_program sh -c 'true & wait'
    assert_every_child_waited_for
}

@test "a program's kill(-1, SIGKILL) reaches nobody but itself" {
    [[ $SANDBOX == bwrap ]] || skip "bubblewrap is missing or can't run: ${SANDBOX#none: }"
    tail -f /dev/null 3>&- 4>&- &
    bystander=$!
    run_program sh -c 'sleep 99 & kill -KILL -1; echo alive'
    kill -0 "$bystander"
    kill "$bystander"
    assert_output alive
}

@test "a program sees its own processes, network and IPC objects only" {
    [[ $SANDBOX == bwrap ]] || skip "bubblewrap is missing or can't run: ${SANDBOX#none: }"
    local in_tmp in_shm
    in_tmp=$(mktemp /tmp/kit.XXXXXX) in_shm=$(mktemp /dev/shm/kit.XXXXXX)
    run_program sh -c 'echo /proc/[0-9]*; cut -d: -f1 /proc/net/dev | tail -n +3 | xargs
        ls -d "$@"; find /dev/shm /dev/mqueue -type f' sh "$in_tmp" "$in_shm"
    rm "$in_tmp" "$in_shm"
    assert_line --index 0 "/proc/1 /proc/2"
    assert_line --index 1 "lo"
    assert_equal "${#lines[@]}" 2
}

@test "a program can't reach into the process that judges it" {
    [[ $SANDBOX == bwrap ]] || skip "bubblewrap is missing or can't run: ${SANDBOX#none: }"
    run_program sh -c 'kill -9 1
        for fd in /proc/1/fd/*; do echo "exit 0" >$fd && echo "wrote to $fd"; done
        exit 3'
    assert_equal "$(facts exit)" 3
    assert_output ""
}

@test "a program can be seen from outside by the number that it has inside" {
    start_program sh -c 'sh -c "echo \$\$; exec sleep 4321" & read x; kill $!; wait'
    wait_until 5 test -s "$run/stdout"
    child=$(outside "$(cat "$run/stdout")")
    wait_until 5 grep -qs sleep "/proc/$child/comm"
    assert_equal "$(field "$child" PPid)" "$pid"
    type_line go
    finish_program
    assert_ended "exit 0"
}

@test "input can be typed, and ended" {
    start_program cat
    type_line one
    wait_until 5 grep -q one "$run/stdout"
    assert_equal "$(state "$pid")" S
    finish_program
    assert_ended "exit 0"
    assert_output one
}

@test "a program that goes on when its input has ended gets no more time than any other" {
    export DEADLINE=1
    start_program sh -c 'read -r line; exec tail -f /dev/null'
    finish_program
    assert_equal "$ended" "timeout 1"
}

@test "a program that has ended when it should go on running isn't waited for" {
    inner 'has_begun() { grep -qs "^exit" "$report"; }
        start true; await "something" false'
    assert_line "not ok 1 inner"
    assert_line "# expected:  to run until its input ends"
    assert_line "# saw:       it ended with exit 0"
}

@test "a program that a test forgets is stopped, and nothing stays" {
    inner 'start_program sleep 4321'
    assert_line "ok 1 inner"
    run grep -slzx 4321 /proc/[0-9]*/cmdline
    assert_output ""
}

@test "wait_until fails when its time is up, and says what it waited for" {
    run wait_until 0 false
    assert_failure
    assert_output --partial "within 0 s: false"
}

@test "a sanitizer's report fails the test, whatever the program prints" {
    SAN=address inner 'run_program sh -c "echo overflow >$BATS_TEST_TMPDIR/run/san/asan.1"
        assert_ended "exit 0"'
    assert_line "not ok 1 inner"
    assert_line "# saw:       overflow"
}

@test "bad usage of sandbox and init is refused" {
    run "$top/tools/sandbox"
    assert_equal "$status" 2
    run "$top/build/tools/init" -t 1 true
    assert_equal "$status" 2
    run "$top/build/tools/init" -r 9 -t x true 9>/dev/null
    assert_equal "$status" 2
    assert_output "init: -t: 'x' is not a time from 0.001 to 86400 seconds"
}
