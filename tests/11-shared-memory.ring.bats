# Lab 11: shared memory, the ring.

load lib/lab

# Starts the ring with so many messages that it doesn't end by itself, and waits
# until both sides run: $producer and $consumer.
start_ring() {
    start ring -n 1000000000000 "$@"
    await_children producer consumer
    producer=$(child_of "$pid" producer)
    consumer=$(child_of "$pid" consumer)
    # They have their names before they have their CPUs.
    await "the consumer to run" has_run "$consumer"
}

# How often a process has been on a CPU so far.
turns() {
    cut -d' ' -f3 "/proc/$1/schedstat" 2>/dev/null
}

has_run() {
    (($(turns "$1") > 1))
}

runs_again() { # runs_again PID TURNS
    (($(turns "$1") > $2))
}

# sleeps_in_futex PID: whether it does, and hasn't run since we looked before.
sleeps_in_futex() {
    local before call
    before=$(turns "$1")
    [[ $(state "$1") == S ]] || return
    read -r call _ 2>/dev/null <"/proc/$1/syscall" || return
    [[ ${call_name[${call:-none}]:-} == futex && $(turns "$1") == "$before" ]]
}

# Whether what a child does may be read in /proc (ptrace(2), Yama).
needs_syscall_file() {
    if ! cat "/proc/$1/syscall" >/dev/null 2>&1; then
        stop_program
        skip "what another process waits for can't be seen here (ptrace(2))"
    fi
}

assert_line_of_stderr() {
    grep -qxF -- "$1" "$run/stderr" || complain "on standard error: $1" "$stderr"
}

@test "ring.h: what comes out is what went in, for any capacity, size, batch and way to wait" {
    local input=$BATS_TEST_TMPDIR/input settings
    if [[ ! -d $top/tests/kit ]]; then
        skip "a copy for students doesn't have what this needs: tests/kit/ring_copy.c"
    fi
    head -c $((60000 + RANDOM)) /dev/urandom >"$input"
    for settings in "1 29 1 0" "2 100 5 0" "$((1 << RANDOM % 11)) $((RANDOM % 500 + 9)) $((RANDOM % 70 + 1)) $((RANDOM % 300))" \
        "1024 64 64 -1"; do
        # shellcheck disable=SC2086  # four numbers
        run_program -i "$input" "$top/$BUILD/kit/ring_copy" $settings
        assert_ended "exit 0"
        assert_same_bytes "$input"
    done
    run_program -i "$input" "$top/$BUILD/kit/ring_copy" 4 64 1 0 spoil
    assert_ended "exit 1"
    assert_line_of_stderr "ring_copy: ring_wait: Protocol error"
    for settings in "3 64" "0 64" "2147483648 64" "4 0" "4 2147483648"; do
        # shellcheck disable=SC2086
        run_program "$top/$BUILD/kit/ring_copy" $settings 1 0
        assert_ended "exit 2"
        assert_equal "$stderr" "ring_copy: ring_bytes: Invalid argument"
    done
}

@test "ring: messages go through one memory of both, without a call where nobody waits" {
    not_under_sanitizers
    traced_well ring -n 20000 -b 16 -l 0
    assert_fact "map parent map:1 *"
    refute_fact "write * pipe:*"
    assert_equal "$(facts_of '^fork ')" 2
    # Futexes, and the one line.
    assert_equal "$(facts_of '^write child')" 1
    # Nobody waits in a ring that holds them all, but a consumer that is too early.
    traced_well ring -n 1000 -b 1 -c 1024 -x
    assert_equal "$(facts_of '^futexwait ')" 0
    assert_nothing_wrong
}

@test "ring: whoever has nothing to do sleeps in futex(), and is woken by the next message" {
    start_ring -l 0
    needs_syscall_file "$producer"
    for side in "$producer $consumer" "$consumer $producer"; do
        read -r stops waits <<<"$side"
        freeze "$stops"
        await "the other side to sleep in futex()" sleeps_in_futex "$waits"
        before=$(turns "$waits")
        kill -CONT "$stops"
        await "it to be woken" runs_again "$waits" "$before"
    done
    # A stop and a go of who sleeps loses nothing.
    freeze "$producer"
    await "the consumer to sleep" sleeps_in_futex "$consumer"
    freeze "$consumer"
    kill -CONT "$consumer" "$producer"
    before=$(turns "$consumer")
    await "the consumer to go on" runs_again "$consumer" "$before"
    stop_program
}

@test "ring: when one side is killed, the other one ends, asleep or spinning" {
    for way in "-l 0" -x "-l 200 -r"; do
        for victim in producer consumer; do
            # shellcheck disable=SC2086
            start_ring $way
            other=$([[ $victim == producer ]] && echo consumer || echo producer)
            if [[ $way == "-l 0" ]]; then # asleep for certain
                freeze "${!victim}"
                await "the $other to wait" in_state "${!other}" S
            fi
            kill -KILL "${!victim}"
            await "the $other to end" gone "${!other}"
            finish_program
            assert_ended "exit 1"
            assert_line_of_stderr "ring: the $victim was killed by SIGKILL"
            assert_line_of_stderr "ring: the other side is gone"
            assert_every_child_waited_for
        done
    done
    run_program ring -k 1000
    assert_ended "exit 1"
    assert_line_of_stderr "ring: the consumer was killed by SIGKILL"
}

@test "ring: who is killed between its look at the sleeper and the wake-up leaves nobody asleep" {
    needs_tracing
    for victim in producer consumer; do
        start_ring -l 0
        needs_syscall_file "$producer"
        other=$([[ $victim == producer ]] && echo consumer || echo producer)
        freeze "${!victim}"
        await "the $other to sleep in futex()" sleeps_in_futex "${!other}"
        # So its next call of futex() is the wake-up: it dies there.
        strace -qq -o /dev/null -e trace=futex -e inject=futex:signal=KILL:when=1 -p "${!victim}" 3>&- 4>&- &
        tracer=$!
        is_traced() { gone "$tracer" || [[ $(field "${!victim}" TracerPid) != 0 ]]; }
        wait_until "$DEADLINE" is_traced
        if gone "$tracer"; then
            stop_program
            skip "what somebody else has started can't be traced here (ptrace(2))"
        fi
        kill -CONT "${!victim}"
        await "the $other to end" gone "${!other}"
        wait "$tracer" || true
        finish_program
        assert_ended "exit 1"
        assert_line_of_stderr "ring: the $victim was killed by SIGKILL"
        assert_line_of_stderr "ring: the other side is gone"
    done
}

@test "ring: if the parent is killed, no child stays behind" {
    for way in "-l 0" -x; do
        # shellcheck disable=SC2086
        start_ring $way
        freeze "$producer"
        kill -KILL "$pid"
        await_both_gone() { gone "$producer" && gone "$consumer"; }
        wait_until "$DEADLINE" await_both_gone
        wait "$program_pid" || true
        finish_program
        assert_ended "signal KILL"
    done
}

@test "ring: ten thousand sleeps and wake-ups each way, none lost, on one CPU and on two" {
    local cpu way
    read -r cpu _ < <(processors)
    for way in "-p $cpu,$cpu" ""; do
        # shellcheck disable=SC2086
        run_program ring -r -l 0 -c 1 -n 10000 $way
        assert_ended "exit 0"
    done
    # Threads, and both sides asleep in turns.
    run_program ring -l 0 -c 2 -b 2 -n 30000 threads
    assert_ended "exit 0"
}

@test "ring: bad usage, a CPU that isn't there, no memory: one message each" {
    for words in "-c 3" "-c 1024 -b 0" "-s 24" "-p 0" "-p 0,0x" "pipes" "threads pipe" "-n 0"; do
        # shellcheck disable=SC2086
        run_program ring $words
        assert_ended "exit 2"
    done
    run_program ring -p 0,99999
    assert_ended "exit 1"
    assert_line_of_stderr "ring: CPU 99999: Invalid argument"
    if [[ ! ${SAN:-} ]]; then
        run_program bash -c 'ulimit -v 100000; ring -c 1048576 -s 1024'
        assert_ended "exit 1"
        assert_regex "$stderr" '^ring: mmap: (Cannot allocate|Out of) memory$'
    fi
}
