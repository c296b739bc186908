# Lab 06: what a handler may do, and signals that are taken without one.

load lib/lab

@test "sigwait: all threads block the signals, one takes them, no other is disturbed" {
    held "Enter" sigwait -n 1 -w 3
    # In sigwait() the kernel takes the signals out of the mask for as long.
    blocking=0 threads=0
    for task in "/proc/$pid/task"/*; do
        ! in_set "$pid/task/${task##*/}" SigBlk USR1 || blocking=$((blocking + 1))
        threads=$((threads + 1))
    done
    assert_equal $blocking $((threads - 1))
    assert [ $threads -ge 5 ]
    kill -s USR1 "$pid"
    await "to take the second" lines_written SIGUSR1 2
    finish_program
    assert_ended "exit 0"

    traced sigwait -n 4 -w 3
    taker=$(sed -nE 's/^take (.*) SIGTERM$/\1/p' "$run/facts")
    assert_equal "$(grep '^take' "$run/facts" | uniq -c | xargs)" \
        "4 take $taker SIGUSR1 1 take $taker SIGTERM"
    refute_fact "deliver *"
    refute_fact "* = EINTR"
}

@test "realtime: of 100 standard signals one comes, of 100 real-time ones all, in order" {
    traced_well realtime
    assert_equal "$(facts_of '^signal parent child.1 SIG')" 300
    assert_equal "$(grep -E '^take child.1 S' "$run/facts" | uniq -c | awk '{ print $1 }' | xargs)" \
        "1 100 100"
    assert_fact_before "take child.1 SIGUSR1" "take child.1 SIGRT_*"
    assert_line --index -1 --partial "100 received, the last has value 99, in order"

    # Others of the same user may have some pending, too.
    traced_well realtime -n 20 -l 10
    assert_equal "$(facts_of '^signal parent child.1 SIGRT_. = EAGAIN')" 2
    sent=$(facts_of '^signal parent child.1 SIGRT_.$')
    assert [ "$sent" -le 10 ]
    assert_equal "$(facts_of '^take child.1 SIGRT_')" "$sent"
    assert_equal "$(grep -c 'the queue is full: EAGAIN' "$run/stdout")" 2
}

@test "segv: the handler tells the address, on its own stack, and the signal kills" {
    traced segv -a $((address = RANDOM))
    assert_ended "signal SEGV"
    hex=$(printf '0x%x' $address)
    grep -q "SIGSEGV {.*SEGV_MAPERR, si_addr=$([[ $hex == 0x0 ]] && echo NULL || echo "$hex")}" "$run/log" ||
        complain "a fault at $hex" "$(grep SIGSEGV "$run/log")"
    assert_equal "$stderr" "handler: SIGSEGV at $hex: nothing is there; I have my own stack"
    assert_fact_before "deliver parent SIGSEGV handled from kernel" \
        "deliver parent SIGSEGV default from kernel"
    run_program segv -r
    assert_ended "signal SEGV"
    assert_regex "$output" 'I write to (0x[0-9a-f]+)'
    assert_equal "$stderr" "handler: SIGSEGV at ${BASH_REMATCH[1]}: not allowed; I have my own stack"
    run_program segv -o
    assert_ended "signal SEGV"
    assert_regex "$stderr" '^handler: SIGSEGV at 0x[0-9a-f]+: .*; I have my own stack$'
}

@test "handler_broken: the handler waits for a lock that the program holds" {
    if [[ ${SAN:-} == thread ]]; then
        # It delays signals until all is safe, but reports the mistake, slowly.
        run run_program handler_broken -t 3
        assert_output --partial "signal-unsafe call inside of a signal"
        return
    fi
    start handler_broken -t 60
    worker_sleeps() {
        child=$(child_of "$pid" handler_broken) &&
            read -r call _ 2>/dev/null <"/proc/$child/syscall" &&
            [[ ${call_name[$call]:-} == futex ]]
    }
    await "the worker to sleep in futex()" worker_sleeps
    assert in_set "$child" SigBlk ALRM # so its handler runs
    stop_program

    traced handler_broken -t 0.2
    assert_ended "exit 1"
    assert_regex "$stderr" 'the worker, process [0-9]+, has not ended in time'
    assert_explained "within its handler for SIGALRM"
    run_program handler_broken -e -t 0.2
    assert_ended "exit 1"
    assert_regex "$stderr" 'it waits for a lock that it holds itself'
    assert_every_child_waited_for
}

@test "handler: the same load, but the handler only writes into a pipe" {
    run_program handler
    assert_ended "exit 0"
    [[ ! ${SAN:-} ]] || return 0 # of its own it makes far too many calls to trace
    traced_well handler -n 50
    assert_equal "$(facts_of '^read parent pipe:1 = 1')" 50
    assert_fact_before "deliver parent SIGALRM handled from kernel" "write parent pipe:1 = 1"
    assert_fact_before "write parent pipe:1 = 1" "read parent pipe:1 = 1"
}

@test "signalfd: signals and input in one loop, without a handler" {
    held "I wait" signalfd
    for sig in HUP INT TERM; do
        assert in_set "$pid" SigBlk $sig
        refute in_set "$pid" SigCgt $sig
    done
    assert_equal "$(readlink "/proc/$pid/fd/3")" "anon_inode:[signalfd]"
    assert_regex "$(cat "/proc/$pid/fdinfo/3")" 'sigmask:.0000000000004003'
    type_line 12345
    await "to read input" written "6 bytes of input"
    kill -s HUP "$pid"
    await "to take a signal" written "SIGHUP from process"
    end_input
    await "to see the end of the input" written "end of the input"
    assert_idle
    ends_by TERM "$pid" "exit 0"
    assert_line --index -1 --partial "SIGTERM from process"
}
