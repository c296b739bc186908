# The exercise ex3_courier of lab 06.

load ../lib/lab

readme=labs/06-signals/README.md

# real_time: a real-time signal that nobody can have guessed.
real_time() {
    echo $((RANDOM % 20 + 40))
}

queued() {
    local queued
    queued=$(field "${1:-self}" SigQ)
    echo "${queued%/*}"
}

# start_courier start|start_held...: $receiver is the child that it forks.
start_courier() {
    "$@"
    await "a child, the receiver" has_receiver
}

has_receiver() {
    receiver=$(children "$pid" | awk '{ print $1; exit }')
    [[ $receiver ]]
}

# send_file FILE: makes its content the program's input.
send_file() {
    cat "$1" >&"$stdin"
}

random_bytes() {
    head -c "$1" /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
}

# assert_delivered: that all bytes arrive, in their order, and it ends well.
assert_delivered() {
    end_input
    await "to deliver all, and to end" gone "$pid"
    finish_program
    assert_ended "exit 0"
    assert_same_bytes "$BATS_TEST_TMPDIR/bytes"
    expect "nothing on standard error" assert_equal "$stderr" ""
}

# bats test_tags=ex:3,points:7
@test "every byte arrives, and in its order" {
    likely "the value that means the end is also one of a byte; a char from 128 on is negative; or the last signals are lost at the end" "\"ex3_courier\" in $readme; sigqueue(3)"
    for size in 0 1 2 5 100000; do
        random_bytes $size
        ((size < 5)) || printf '\0\377\0\0\0\0\377\377\377\377' >>"$BATS_TEST_TMPDIR/bytes"
        run_program -i "$BATS_TEST_TMPDIR/bytes" ex3_courier
        assert_ended "exit 0"
        assert_same_bytes "$BATS_TEST_TMPDIR/bytes"
        expect "nothing on standard error" assert_equal "$stderr" ""
    done
}

# bats test_tags=ex:3,points:5
@test "the bytes travel in real-time signals, and in nothing else" {
    not_under_sanitizers
    likely "each value is sent with sigqueue(), in the signal that -s says; no pipe, file or shared memory joins the two" "\"ex3_courier\" in $readme; sigqueue(3)"
    signal=$(real_time)
    random_bytes 60
    traced -i "$BATS_TEST_TMPDIR/bytes" ex3_courier -s "$signal"
    assert_ended "exit 0"
    assert_same_bytes "$BATS_TEST_TMPDIR/bytes"
    carried=$(grep -c "^signal parent child.1 SIGRT_$((signal - 32))\$" "$run/facts") || true
    if ((carried < 60 / 8 + 1)); then
        complain "60 bytes in signals number $signal, at most 8 in each" \
            "$carried such signals"$'\n'"$(facts_like 'signal *')"
    fi
    if made=$(grep "^create " "$run/facts" | grep -v " = E"); then
        complain "nothing made that could carry bytes" "$made"
    fi
    refute_fact "map *"
    refute_fact "write parent stdout*"
    assert_fact "reap parent child.1" # the sender has waited for it
}

# bats test_tags=ex:3,points:7
@test "while the receiver can't take them, 64 signals at most wait for it" {
    likely "the sender is faster than the receiver, and has to wait for its answer from time to time" "\"ex3_courier\" in $readme; \"Real-time signals\" in signal(7)"
    signal=$(real_time)
    random_bytes 20000
    start_courier start ex3_courier -s "$signal"
    ran+=", whose receiver is stopped while 20000 bytes come"
    await "a receiver that waits" in_state "$receiver" S
    freeze "$receiver"
    before=$(queued "$pid")
    send_file "$BATS_TEST_TMPDIR/bytes"
    await "to wait for the receiver" in_state "$pid" S
    underway=$(($(queued "$pid") - before))
    if ((underway > 66)); then
        complain "no more than 64 signals that wait for the receiver" \
            "$underway, as SigQ in /proc/PID/status tells"
    fi
    likely "the answer is looked for again and again: sigwaitinfo() waits for it" "sigwaitinfo(2)"
    assert_idle
    # Somebody else uses the same signal: that is no data.
    for i in 1 2 3; do
        kill -s "$signal" "$receiver"
    done
    kill -CONT "$receiver"
    ran+="; then it gets signal $signal three times by kill(), and goes on"
    likely "a standard signal merges, of two real-time signals the lower number comes first; what kill() sent is no data; who was stopped gets EINTR, and its parent SIGCHLD" "\"ex3_courier\" in $readme; signal(7)"
    assert_delivered
}

# bats test_tags=ex:3,points:6
@test "where the user has used up all queued signals, it tries again" {
    likely "sigqueue() fails with EAGAIN: that value wasn't sent; the limit counts the signals of all processes of a user, so nothing tells when there is room" "\"ex3_courier\" in $readme; RLIMIT_SIGPENDING in getrlimit(2)"
    random_bytes 500
    # No child of this shell may end later: its SIGCHLD would take room, too.
    start bash -c 'while read -r word used; do
            [[ $word != SigQ: ]] || break
        done </proc/self/status
        ulimit -i $((${used%/*} + 8))
        (env --block-signal=40 sleep 600 & echo $! >other)
        exec ex3_courier'
    ran="ex3_courier, with ulimit -i 8 and another process that uses up all of that"
    allow_left "file ./other .*"
    await "another process of the same user" other_runs
    wait_until "$DEADLINE" all_room_is_used
    send_file "$BATS_TEST_TMPDIR/bytes"
    await "to wait until there is room for a signal" in_state "$pid" S
    if [[ $SANDBOX == bwrap ]]; then # else others of this user make room
        assert_idle 60
        if [[ -s $run/stdout ]]; then
            complain "nothing delivered: all room is in use" "$(wc -c <"$run/stdout") bytes"
        fi
    fi
    likely "the value that sigqueue() has refused is lost if it isn't sent again, before the next" "sigqueue(3)"
    ran+=", for a while"
    kill -KILL "$other"
    assert_delivered
}

other_runs() {
    [[ -s $work/other ]] && other=$(outside "$(<"$work/other")") &&
        [[ $(field "$other" Name) == sleep ]]
}

# A signal that a process blocks stays queued.
all_room_is_used() {
    local used limit
    kill -s 40 "$other"
    IFS=/ read -r used limit <<<"$(field "$other" SigQ)"
    ((used >= limit))
}

# bats test_tags=ex:3,points:4
@test "a byte that is typed comes out at once, and both sleep until the next" {
    likely "bytes are held back until there are enough for a value, or for a buffer of stdio" "\"ex3_courier\" in $readme; setvbuf(3)"
    start_courier start ex3_courier
    : >"$BATS_TEST_TMPDIR/bytes"
    for i in {1..4}; do
        printf '%s' "$i" >&"$stdin"
        printf '%s' "$i" >>"$BATS_TEST_TMPDIR/bytes"
        await "byte $i before another is typed" written "$i"
    done
    pid=$receiver assert_idle
    assert_delivered
}

# bats test_tags=ex:3,points:4
@test "when the receiver is killed, the sender ends and says so" {
    likely "who waits only for an answer waits for ever: wait for SIGCHLD, too, and ask waitpid()" "\"ex3_courier\" in $readme; sigtimedwait(2)"
    random_bytes 2000
    start_courier start ex3_courier
    freeze "$receiver"
    send_file "$BATS_TEST_TMPDIR/bytes"
    await "to wait for the receiver" in_state "$pid" S
    ran+=", whose receiver is killed while 2000 bytes are on their way"
    kill -KILL "$receiver"
    await "to end: there is nobody to wait for" gone "$pid"
    finish_program
    assert_ended "exit 1"
    expect "who was killed, and how" assert_equal "$stderr" \
        "ex3_courier: receiver: killed by SIGKILL"
    assert_every_child_waited_for
}

# bats test_tags=ex:3,points:2
@test "what can't be read or written is told, and the status is 1" {
    likely "the receiver has told why; its exit status is for the sender to look at" "\"ex3_courier\" in $readme; waitpid(2)"
    run_program sh -c "echo $RANDOM | ex3_courier >/dev/full"
    assert_ended "exit 1"
    expect "one message" assert_equal "$stderr" \
        "ex3_courier: standard output: No space left on device"
    likely "read() returns -1, not 0; the receiver has to be told the end all the same" "\"ex3_courier\" in $readme; read(2)"
    run_program sh -c 'exec ex3_courier </'
    assert_ended "exit 1"
    expect "one message" assert_equal "$stderr" "ex3_courier: standard input: Is a directory"
    assert_every_child_waited_for
}

# bats test_tags=ex:3,points:5
@test "whoever of the two is late, nothing is lost" {
    likely "what comes before the receiver waits must be blocked already, from before the fork; and a standard signal overtakes real-time ones that wait" "\"ex3_courier\" in $readme; sigprocmask(2), signal(7)"
    # The receiver is born, but doesn't run before the sender has sent all.
    random_bytes 30
    start_courier start_held -c ex3_courier
    send_file "$BATS_TEST_TMPDIR/bytes"
    end_input
    ran="ex3_courier, whose receiver hasn't done anything before all is sent"
    await "to wait for the receiver" in_state "$pid" S
    let_go
    assert_delivered

    likely "an answer that comes between the look at a flag and pause() is lost: block it, and take it with sigwaitinfo()" "\"ex3_courier\" in $readme; sigwaitinfo(2)"
    random_bytes 2000
    start_courier start_held -w ex3_courier
    ran="ex3_courier, whose sender is about to wait when the answer has come already"
    await "a receiver that waits" in_state "$receiver" S
    freeze "$receiver"
    send_file "$BATS_TEST_TMPDIR/bytes"
    hold
    kill -CONT "$receiver"
    await "the receiver to take all that was sent" in_state "$receiver" S
    let_go
    assert_delivered
}
