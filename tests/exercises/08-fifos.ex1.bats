# The exercise ex1_logger of lab 08.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2059,SC2154,SC2317  # code for shells; names that fifo.bash shares

load ../lib/lab
load ../lib/fifo

# bats test_tags=ex:1,points:4
@test "the FIFO is made for all to write, lines come out at once, and it goes with the logger" {
    likely "mkfifo() with 0622, less the umask; what comes is written when its newline is there" 'TODO 1 and 2 in ex1_logger.c; mkfifo(3), umask(2)'
    start_listener sh -c 'umask 002; exec ex1_logger q'
    expect "the FIFO's mode" assert_equal "$(stat -c %a "$work/q")" 620
    open_q
    out=''
    for word in $RANDOM '' " $RANDOM  \\r" $RANDOM; do
        printf %b "$word\n" >&"$q"
        out+="$word\n"
        await_out "$out"
    done
    close_q
    stop_by TERM
    expect "no message" assert_equal "$stderr" ""
}

# bats test_tags=ex:1,points:5
@test "with many writers at once no line is lost, torn or mixed" {
    likely "a line may begin in one read() and end in the next" 'TODO 2 in ex1_logger.c; PIPE_BUF in pipe(7)'
    for w in {1..8}; do
        for i in {1..60}; do
            printf "$w.$i %0$((RANDOM % (i % 9 ? 300 : 4000) + 1))d\n" $RANDOM
        done >"$work/in.$w"
    done
    mkfifo "$work/q"
    start_listener ex1_logger q
    freeze "$pid"
    for w in {1..8}; do
        sh -c 'while read -r line; do echo "$line"; done' <"$work/in.$w" >"$work/q" 3>&- &
        writers[w]=$!
    done
    # Full, so that a read() ends within a line.
    waits_or_gone() { in_state "$1" S || gone "$1"; }
    for w in {1..8}; do
        wait_until "$DEADLINE" waits_or_gone "${writers[w]}"
    done
    kill -CONT "$pid"
    for w in {1..8}; do
        if ! wait_until "$DEADLINE" gone "${writers[w]}" 2>/dev/null; then
            kill "${writers[@]}" 2>/dev/null || true
            complain "to read what is written" "a writer still waits for room in the FIFO"
        fi
    done
    open_q
    await "to read all that is there" q_is_empty
    close_q
    stop_by TERM
    for w in {1..8}; do
        expect "each line of writer $w, in order" cmp "$work/in.$w" <(grep "^$w\." "$run/stdout")
    done
    expect "no line more" assert_equal "$(wc -l <"$run/stdout")" 480
    rm "$work"/in.*
}

# bats test_tags=ex:1,points:5
@test "a line is written when it is complete, with one write" {
    likely "keep what has no newline yet; then write the line and its newline together" '"Lines" of ex1_logger in the README; write(2)'
    start_listener ex1_logger q
    open_q
    for piece in a1 b2 c3; do
        printf $piece >&"$q"
        await "to read the piece" q_is_empty
        await "to wait for more" in_state "$pid" S
        expect "nothing on standard output, since the line isn't complete" assert_equal "$(<"$run/stdout")" ""
    done
    printf 'd4\nsecond\n\nfour' >&"$q"
    await_out 'a1b2c3d4\nsecond\n\n'
    printf '\n' >&"$q"
    await_out 'a1b2c3d4\nsecond\n\nfour\n'
    close_q
    stop_by INT
    # The sizes: a trace tells them.
    traced sh -c 'mkfifo q; ex1_logger q & exec 3>q; printf "%s\n" 1 22 "" 4444 >&3; printf 5 >&3; printf "5555\n" >&3; kill $!; wait $!'
    assert_ended "exit 0"
    expect "the bytes of each write" assert_equal \
        "$(sed -n 's/^write child.2 stdout = //p' "$run/facts" | xargs)" "2 3 1 5 6"
}

# bats test_tags=ex:1,points:6
@test "when the last writer leaves it waits for the next, asleep" {
    likely "without a writer read() gives 0 and poll() POLLHUP, again and again: have a write end of your own" '"Writers come and go" of ex1_logger in the README; fifo(7)'
    start_listener ex1_logger q
    out=''
    for i in 1 2 3; do
        open_q
        out+="$((word = RANDOM))\n"
        printf '%s\n' $word >&"$q"
        await_out "$out"
        close_q
    done
    assert_idle
    expect "to have both ends of the FIFO" assert_equal "$(ends_at "$pid" q)" "read write"
    stop_by TERM
}

# bats test_tags=ex:1,points:5
@test "what the last writer leaves without a newline is a line of its own" {
    likely "an own write end hides that the last writer has gone: close it while a line isn't complete" '"Writers come and go" of ex1_logger in the README; TODO 3 in ex1_logger.c'
    start_listener ex1_logger q
    out=''
    for i in 1 2; do
        open_q
        printf half$i >&"$q"
        await "to read the piece" q_is_empty
        ((i == 1)) || assert_idle # somebody may still complete it
        close_q
        out+="half$i\n"
        await_out "$out"
    done
    assert_idle
    open_q
    printf 'whole\n' >&"$q"
    await_out "${out}whole\n"
    close_q
    stop_by TERM
}

# bats test_tags=ex:1,points:4
@test "a line that is too long is cut, and the next is whole" {
    likely "count what is kept, and drop the rest up to the newline; 4095 bytes and a newline still fit" '"Lines" of ex1_logger in the README; PIPE_BUF in limits.h'
    start_listener ex1_logger q
    open_q
    same() { cmp -s "$work/expected" "$run/stdout"; }
    for n in 4094 4095 4096 4097 8192 20000 50000; do
        printf "%0${n}d\n" 0 >&"$q"
        printf "after $n\n" >&"$q"
        printf "%0$((n < 4095 ? n : 4095))d\nafter $n\n" 0 >>"$work/expected"
        await "a line of $n bytes, up to its 4095th, and the next" same
    done
    # A byte of 0 is one like others.
    printf 'a\0b\n' >&"$q"
    printf 'a\0b\n' >>"$work/expected"
    await "a byte of value 0 in a line" same
    rm "$work/expected"
    close_q
    stop_by TERM
}

# bats test_tags=ex:1,points:4
@test "a FIFO that is there is used; what isn't one is refused and stays" {
    likely "EEXIST of mkfifo() may be all right: look with fstat() at what you have opened. Removing it first cuts off who waits there" '"The FIFO" of ex1_logger in the README; mkfifo(3)'
    mkfifo "$work/q"
    exec {old}<>"$work/q"
    printf 'early\n' >&"$old"
    start_listener ex1_logger q
    await_out 'early\n'
    exec {old}>&-
    stop_by TERM
    mkdir "$work/folder"
    echo "$((word = RANDOM))" >"$work/file"
    for case in "file file: not a FIFO" "folder folder: not a FIFO" "no/q no/q: No such file or directory"; do
        run_program ex1_logger "${case%% *}"
        assert_ended "exit 1"
        expect "the message" assert_equal "$stderr" "ex1_logger: ${case#* }"
    done
    expect "the file as before" assert_equal "$(<"$work/file")" $word
    rm -r "$work/file" "$work/folder"
}

# bats test_tags=ex:1,points:4
@test "a second logger is refused as long as the first runs" {
    likely "flock() with LOCK_EX | LOCK_NB on the FIFO: the kernel ends that lock with the process" '"The FIFO" of ex1_logger in the README; flock(2)'
    start bash -c 'ex1_logger q & read -r x; ex1_logger q; echo "second $?"
        read -r x; kill -KILL %1; wait %1; echo killed; ex1_logger q & read -r x; kill $!; wait $!; echo "third $?"'
    shell=$pid
    logs() { [[ -p $work/q ]] && pid=$(who_locks q) && [[ $pid ]] && listens; }
    wait_until "$DEADLINE" logs 2>/dev/null || complain "one logger, with a lock of flock() on the FIFO" "/proc/locks tells none"
    type_line
    await_out 'second 1\n'
    expect "the message" assert_equal "$(<"$run/stderr")" "ex1_logger: q: in use"
    printf 'still there\n' 1<>"$work/q" >&1
    await_out 'second 1\nstill there\n'
    pid=$shell
    type_line
    await "the first to be killed" written killed
    [[ -p $work/q ]] || complain "the FIFO, as a killed logger leaves it" "it isn't there"
    wait_until "$DEADLINE" logs 2>/dev/null || complain "a third to be let in when the first was killed" "$(<"$run/stderr")"
    pid=$shell
    type_line
    await "the third to end" written "third 0"
    finish_program
}

# bats test_tags=ex:1,points:5
@test "at SIGTERM or SIGINT what has arrived is still written" {
    likely "remove the name, then read what FIONREAD tells, more than one read() if need be; what has no newline gets one" '"The end" of ex1_logger in the README; FIONREAD in pipe(7)'
    for i in {1..15}; do
        printf "$i %04000d\n" $RANDOM
    done >"$work/lines"
    for sig in TERM INT; do
        start_listener ex1_logger q
        open_q
        freeze "$pid"
        cat "$work/lines" >&"$q"
        printf 'the last %s' $sig >&"$q"
        kill -s $sig "$pid"
        kill -CONT "$pid"
        await_end "exit 0"
        close_q
        [[ ! -e $work/q ]] || complain "the FIFO removed" "it is still there"
        expect "all lines, and the last ended by a newline" cmp "$run/stdout" <(cat "$work/lines" && echo "the last $sig")
    done
    rm "$work/lines"
}

# bats test_tags=ex:1,points:2
@test "a signal just before it waits isn't lost" {
    likely "between looking at a handler's variable and poll() the signal may come: ppoll() or a signalfd" 'ppoll() in poll(2); signalfd(2)'
    start_held -w ex1_logger q
    await "a FIFO q, and to have it open to read" listens
    hold
    kill -TERM "$pid"
    let_go
    await_end "exit 0"
}

# bats test_tags=ex:1,points:3
@test "standard output that fails is an error, and no FIFO stays" {
    likely "SIGPIPE ends a program before it can remove anything; look at what write() returns" '"Errors" of ex1_logger in the README; signal(7), write(2)'
    start_listener sh -c 'exec ex1_logger q >/dev/full'
    open_q
    printf '%s\n' $RANDOM >&"$q"
    await_end "exit 1"
    close_q
    expect "the message" assert_equal "$stderr" "ex1_logger: standard output: No space left on device"
    [[ ! -e $work/q ]] || complain "the FIFO removed" "it is still there"
    start bash -c 'sh -c "echo \$\$ >number; exec ex1_logger q" | exec true; echo "${PIPESTATUS[0]}"'
    shell=$pid
    logs() { [[ -s $work/number ]] && pid=$(outside "$(<"$work/number")") && listens; }
    await "a FIFO q, and to have it open to read" logs
    rm "$work/number"
    open_q
    printf '%s\n' $RANDOM >&"$q"
    pid=$shell await_out '1\n'
    close_q
    finish_program
    expect "the message" assert_equal "$stderr" "ex1_logger: standard output: Broken pipe"
    [[ ! -e $work/q ]] || complain "the FIFO removed" "it is still there"
}

# bats test_tags=ex:1,points:3
@test "a name that is gone, or another's, isn't its own" {
    likely "compare fstat() and lstat(), after the lock and before unlink()" '"The FIFO" of ex1_logger in the README; TODO 4 in ex1_logger.c; stat(2)'
    allow_left 'file \./(q|old) .*'
    start_listener ex1_logger q
    open_q
    mv "$work/q" "$work/old"
    echo "$((word = RANDOM))" >"$work/q"
    printf 'one\nhalf' >&"$q"
    close_q
    await_out 'one\nhalf\n'
    assert_idle
    kill "$pid"
    await_end "exit 0"
    expect "the file that isn't its own, as it was" assert_equal "$(cat "$work/q" 2>&1)" "$word"
    rm "$work/q" "$work/old"
    # Between its open() and its flock() another logger ends.
    at=q be_stopped_at_open ex1_logger q
    await "to open the FIFO q" stays_stopped "$pid"
    rm "$work/q"
    kill -CONT "$pid"
    await "to make the FIFO anew, and read from that" listens
    kill "$pid"
    finish_program
    assert_ended "exit 0"
}
