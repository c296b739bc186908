# Lab 07: pipes.

load lib/lab

@test "parent_child: the parent keeps the write end, the child the read end" {
    start_program -t 60 parent_child -w
    wait_until "$DEADLINE" written 'Enter goes on'
    wait_until "$DEADLINE" written 'reads from'
    pipe=$(readlink "/proc/$pid/fd/4")
    assert_regex "$pipe" '^pipe:\[[0-9]+\]$'
    assert_equal "$(ends "$pid" "$pipe")" "4 write"
    assert_equal "$(ends "$(child_of "$pid" parent_child)" "$pipe")" "3 read"

    type_line
    finish_program
    assert_ended "exit 0"
    assert_every_child_waited_for
}

@test "parent_child: the child waits in read until something is sent" {
    start_program -t 60 parent_child -w
    wait_until "$DEADLINE" written 'reads from'
    wait_until "$DEADLINE" in_state "$(child_of "$pid" parent_child)" S
    refute grep -E 'got|end of file' "$run/stdout"
    end_input
    finish_program
    assert_ended "exit 0"
}

@test "parent_child: every byte arrives, then end of file" {
    count=$((RANDOM % 90 + 10))
    bytes=$(for ((i = 1; i <= count; i++)); do echo "line $i"; done | wc -c)
    run_program parent_child -n "$count"
    assert_ended "exit 0"
    assert_line --regexp "^child\[[0-9]+\]: end of file after $bytes bytes$"
    assert_equal "$(grep -c '^parent.*: sent' "$run/stdout")" "$count"
    assert_line --index -1 --partial 'the child has ended'
}

@test "parent_child: end of file comes when the last write end is closed" {
    traced parent_child -n 3
    assert_ended "exit 0"
    assert_fact "inherit child.1 pipe:1 write"
    assert_fact "close parent pipe:1 read"
    assert_fact_before "close child.1 pipe:1 write" "read child.1 pipe:1 = 0"
    assert_fact_before "close parent pipe:1 write" "read child.1 pipe:1 = 0"
    assert_fact_before "gone pipe:1 write" "read child.1 pipe:1 = 0"
    refute_fact "held * pipe:1 write"
    assert_nothing_wrong
}

@test "two_way: far more bytes go both ways than the pipes hold" {
    bytes=$((1000000 + RANDOM))
    run_program two_way -n "$bytes"
    assert_ended "exit 0"
    assert_line --partial "sent $bytes bytes, got $bytes back"
    assert_every_child_waited_for
}

@test "two_way: one-sided, parent and child wait for each other" {
    start_program -t 60 two_way -x -n 1000000 -t 60
    wait_until "$DEADLINE" child_of "$pid" two_way >/dev/null
    child=$(child_of "$pid" two_way)
    up=$(readlink "/proc/$pid/fd/5") # opened before the fork
    down=$(readlink "/proc/$pid/fd/4")
    holds() { [[ $(ends "$@") == "$3" ]]; }
    wait_until "$DEADLINE" holds "$pid" "$down" "4 write"
    wait_until "$DEADLINE" holds "$child" "$up" "6 write"
    assert_equal "$(ends "$pid" "$up")" "5 read"
    assert_equal "$(ends "$child" "$down")" "3 read"
    wait_until "$DEADLINE" in_state "$pid" S
    wait_until "$DEADLINE" in_state "$child" S

    # Without its reader the child is no longer stuck, and ends.
    kill -KILL "$pid"
    finish_program
    assert_ended "signal KILL"
}

@test "two_way: one-sided, the watchdog says who waits for what" {
    run_program two_way -x -n 1000000 -t 0.3
    assert_ended "exit 1"
    assert_output ""
    assert_regex "$stderr" 'stuck after [0-9]{1,6} of 1000000 bytes'
    assert_regex "$stderr" 'the parent waits for room: [0-9]+ bytes'
    assert_regex "$stderr" 'the child waits for room: [0-9]+ bytes'
    assert_every_child_waited_for
}

@test "two_way: nobody waits in write for one that waits in write, but one-sided" {
    traced two_way -n 1000000
    assert_ended "exit 0"
    refute_fact "stuck * write *"
    assert_nothing_wrong

    traced two_way -x -n 1000000 -t 0.3
    assert_fact "stuck child.1 write pipe:2"
    refute_fact "read parent pipe:2 *"
    assert_explained "waits for room in pipe:2"
}

@test "two_way: one-sided, little data hides the mistake" {
    bytes=$((RANDOM % 4000 + 1))
    run_program two_way -x -n "$bytes" -t 5
    assert_ended "exit 0"
    assert_line --partial "sent $bytes bytes, got $bytes back"
}

@test "eof: the reader ends, since no write end is open" {
    run_program eof
    assert_ended "exit 0"
    assert_line --regexp '^reader\[[0-9]+\]: got 12 bytes$'
    assert_line --regexp '^reader\[[0-9]+\]: end of file$'
    assert_every_child_waited_for
}

@test "eof_broken: the reader waits, and itself holds the last write end" {
    start_program -t 60 eof_broken -t 60
    wait_until "$DEADLINE" written 'got 12 bytes'
    child=$(child_of "$pid" eof_broken)
    pipe=$(readlink "/proc/$child/fd/3")
    none() { [[ -z $(ends "$@") ]]; }
    wait_until "$DEADLINE" none "$pid" "$pipe"
    assert_equal "$(ends "$child" "$pipe")" $'3 read\n4 write'
    wait_until "$DEADLINE" in_state "$child" S
    refute written 'end of file'

    kill -KILL "$pid" # and the reader doesn't outlive it
    finish_program
    assert_ended "signal KILL"
}

@test "eof_broken: the watchdog names who holds the write end" {
    run_program eof_broken -t 0.3
    assert_ended "exit 1"
    refute_output --partial 'end of file'
    assert_regex "$stderr" 'the reader, process ([0-9]+), still waits'
    reader=${BASH_REMATCH[1]}
    assert_regex "$stderr" "an open write end: /proc/$reader/fd/4$"
    assert_equal "$(grep -c 'write end:' "$run/stderr")" 1
    assert_every_child_waited_for
}

@test "eof_broken: its one close() fewer is all that keeps the reader waiting" {
    traced eof_broken -t 0.3
    assert_fact_before "read child.1 pipe:1 = 12" "stuck child.1 read pipe:1"
    assert_fact "close parent pipe:1 write"
    assert_fact "held child.1 pipe:1 write"
    assert_explained "child.1 waits for an end of file on pipe:1, but holds a write end of it itself"

    traced eof
    assert_fact_before "close child.1 pipe:1 write" "read child.1 pipe:1 = 0"
    refute_fact "stuck * write *"
    assert_nothing_wrong
}

@test "sigpipe: the signal by default, EPIPE if it is ignored" {
    # It doesn't matter how whoever starts it treats the signal.
    for start in 'exec sigpipe' 'trap "" PIPE; exec sigpipe'; do
        run_program sh -c "$start"
        assert_ended "exit 0"
        assert_line --partial 'default: killed by SIGPIPE'
        refute_line --regexp '^default\[.*lives on'
        assert_line --regexp '^ignoring\[[0-9]+\]: lives on; write failed: Broken pipe'
        assert_line --partial "ignoring: exit 32, which is EPIPE"
        assert_every_child_waited_for
    done
}

@test "sigpipe: the kernel sends the signal in either case, with EPIPE" {
    traced sigpipe
    assert_fact "write child.1 pipe:1 = EPIPE"
    assert_fact_before "deliver child.1 SIGPIPE default from kernel" "killed child.1 SIGPIPE"
    assert_fact "write child.2 pipe:1 = EPIPE"
    assert_fact_before "deliver child.2 SIGPIPE ignored from kernel" "exit child.2 = 32"
}

@test "capacity: single bytes fill the pipe to its size" {
    run_program capacity
    assert_ended "exit 0"
    assert_regex "$output" 'F_GETPIPE_SZ is ([0-9]+)'
    assert_line --partial "${BASH_REMATCH[1]} bytes fit, in writes of 1"
    assert_line --partial "PIPE_BUF is $(getconf PIPE_BUF /)"
    assert_line --partial 'EAGAIN'
}

@test "capacity: the kernel rounds the size up to a power of two pages" {
    size=$((RANDOM % 30000 + 5000)) rounded=$(getconf PAGESIZE)
    while ((rounded < size)); do
        rounded=$((rounded * 2))
    done
    run_program capacity -s "$size"
    assert_ended "exit 0"
    assert_line --partial "F_GETPIPE_SZ is $rounded"
    assert_line --partial "$rounded bytes fit"
}

@test "capacity: writes of more than half a page fill one page each" {
    page=$(getconf PAGESIZE)
    bytes=$((page / 2 + 1 + RANDOM % (page / 2 - 1)))
    run_program capacity -s $((8 * page)) -b "$bytes"
    assert_ended "exit 0"
    assert_line --partial "$((8 * bytes)) bytes fit, in writes of $bytes"
}

@test "capacity: beyond pipe-max-size, privilege is needed" {
    if [[ $SANDBOX == none && $EUID == 0 ]]; then
        skip "root has this privilege: install bubblewrap for the sandbox"
    fi
    run_program capacity -s 16777216
    assert_ended "exit 1"
    assert_equal "$stderr" \
        "capacity: F_SETPIPE_SZ 16777216: Operation not permitted"
}

@test "capacity: up to PIPE_BUF no writes mix, above they may" {
    writers=$((RANDOM % 6 + 2)) count=$((RANDOM % 100 + 50))
    run_program capacity -a -w "$writers" -n "$count" -b $((RANDOM % 2000 + 2097))
    assert_ended "exit 0"
    assert_line --partial "0 of $((writers * count)) blocks are mixed"
    assert_every_child_waited_for

    run_program capacity -a -w "$writers" -n "$count" -b 5000
    assert_ended "exit 0"
    assert_line --regexp "[0-9]+ of $((writers * count)) blocks are mixed"
    assert_line --partial 'they may mix'
}

@test "bad usage is refused, help is given, failed output is noticed" {
    run_program bash -c '
        for program in parent_child two_way pipeline eof eof_broken sigpipe capacity; do
            "$program" -h | head -n 1
            for bad in -Y ${1-}; do
                out=$("$program" $bad 2>/dev/null); echo "$? $out"
            done
            if [[ $program != pipeline ]]; then
                out=$("$program" operand 2>/dev/null); echo "$? $out"
            fi
            "$program" -h >/dev/full 2>/dev/null || echo failed
        done
        parent_child -n 1x; echo $?'
    for program in parent_child two_way pipeline eof eof_broken sigpipe capacity; do
        assert_line --regexp "^Usage: $program"
    done
    assert_equal "$(grep -cx '2 *' "$run/stdout")" 14
    assert_regex "$stderr" "^parent_child: -n: '1x' is not a whole number"
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
