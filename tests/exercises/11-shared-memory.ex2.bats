# The exercise ex2_ring of lab 11.

# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2086,SC2154

load ../lib/lab
load ../lib/shared

# bats test_tags=ex:2,points:8
@test "all lines come out whole and in order, however they lie in the ring" {
    likely "a message, and its length, too, may go on at the start of the ring; copy it in two parts then" 'TODO 3 in ex2_ring.c'
    # 4064 bytes and the struct are a page: behind it nothing may be written.
    for capacity in 5 7 $((RANDOM % 60 + 20)) 4064; do
        awk -v most=$((capacity - 4)) -v seed=$RANDOM 'BEGIN {
            srand(seed)
            for (i = 0; i < 400; i++) {
                # After the first, a length would be the last two bytes and the first two.
                n = i == 0 ? most - 2 : i % 40 < 4 ? most : i % 40 < 6 ? 0 : int(rand() * (most + 1))
                if (n < 0) n = 0
                if (n > 300 && i % 40 > 3) n = n % 300
                line = ""
                for (k = 0; k < n; k++)
                    line = line substr("abcdefghijklmnopqrstuvwxyz0123456789", int(rand() * 36) + 1, 1)
                print line
            }
        }' >"$work/in"
        run_program -i "$work/in" ex2_ring -c $capacity
        assert_ended "exit 0" "to end with exit 0, with capacity $capacity"
        assert_same_bytes "$work/in"
        assert_every_child_waited_for
    done
    # One line with '\0' and the like, as long as can be; the struct needs a page more.
    head -c 303100 /dev/urandom | tr '\n' 'x' >"$work/in"
    printf '\nlast' >>"$work/in"
    run_program -i "$work/in" ex2_ring -c 303104
    echo >>"$work/in"
    assert_ended "exit 0"
    assert_same_bytes "$work/in"
    run_program ex2_ring
    assert_ended "exit 0"
    expect "no output without input" assert_output ""
    rm "$work/in"
}

# bats test_tags=ex:2,points:4
@test "a line that can never fit is refused, and the others go on" {
    likely "who waits for more room than there is waits for ever" 'TODO 3 in ex2_ring.c; "Messages" in the README'
    capacity=$((RANDOM % 5000 + 10))
    {
        echo first
        line_of $((capacity - 3))
        line_of $((capacity - 4))
        line_of 20000
        echo last
    } >"$work/in"
    run_program -i "$work/in" ex2_ring -c $capacity
    assert_ended "exit 1"
    sed '2d;4d' "$work/in" >"$work/expected"
    assert_same_bytes "$work/expected"
    expect "these messages" assert_equal "$stderr" \
        "$(printf "ex2_ring: line %d: longer than $((capacity - 4)) bytes\n" 2 4)"
    rm "$work"/*
}

# bats test_tags=ex:2,points:7
@test "messages lie in memory that both share, that has no name, and that nobody outlives" {
    likely "MAP_SHARED, before fork(); as large as the struct and its data" 'TODO 1 in ex2_ring.c; memfd_create(2)'
    for sig in TERM INT KILL; do
        capacity=$((RANDOM % 9000 + 100))
        start bash -c 'set -m; ex2_ring -c "$0" <&0 & wait $!; echo "ended $?"; read -r x' $capacity
        runs() { main=$(children "$pid" | cut -d' ' -f1) && [[ $main ]]; }
        await "to run" runs
        find_ring "$main"
        expect "the size of the memory" assert_equal "$(stat -Lc %s "$ring")" $((32 + capacity))
        for one in $main $producer $consumer; do
            saw=$(awk -v inode="$(stat -Lc %i "$ring")" '$5 == inode { print $2 }' "/proc/$one/maps")
            expect "how each process has mapped it" assert_equal "$saw" "rw-s"
        done
        text="secret $RANDOM$RANDOM"
        type_line "$text"
        await_ring "the line to come out" written "$text"
        type_line
        await_ring "two messages to be taken" bytes_taken_is $((4 + ${#text} + 4))
        bytes_put_is $((4 + ${#text} + 4)) || complain "as many put in" "$(in_ring 0 8)"
        expect "the first length, in the ring" assert_equal "$(in_ring 32 4)" ${#text}
        expect "the first line, behind it" assert_equal "$(tail -c +37 "$ring" | head -c ${#text})" "$text"
        kill -s $sig "$main"
        for one in $main $producer $consumer; do
            await_ring "all three to end, after SIG$sig to main" gone "$one"
        done
        await "main to end by the signal" written "ended $((128 + $(kill -l $sig)))"
        type_line
        finish_program
    done
}

# bats test_tags=ex:2,points:7
@test "who has nothing to do sleeps, the consumer when it is empty, the producer when it is full" {
    likely "FUTEX_WAIT lets you sleep until somebody wakes you; no loop, no time limit. The peer is another process: no FUTEX_PRIVATE_FLAG" 'TODO 2 and 3 in ex2_ring.c; futex(2)'
    start_ring 100
    for i in 1 2 3; do
        await_rest consumer futex "with nothing to take"
        await_rest producer read "for its input"
        type_line "line $i $RANDOM"
        await_ring "line $i to come out while the input goes on" written "line $i"
    done
    for pid in $consumer $producer; do
        assert_idle
    done
    pid=$main
    end_input
    await_ring_end "exit 0" "when the input has ended"
    make_out
    seq -f '%0105g' 3000 >"$work/in"
    # Nine messages of 4 + 105 bytes fit, a tenth would without its length.
    capacity=$((9 * 109 + 105 + RANDOM % 4))
    start sh -c 'exec ex2_ring -c "$0" <in >out' $capacity
    find_ring "$pid"
    await_rest producer futex "with a full ring"
    await "the consumer to wait for its reader" in_state "$consumer" S
    for pid in $producer $consumer; do
        assert_idle
    done
    pid=$main
    ahead=$(($(in_ring 0 8) - $(in_ring 8 8)))
    ((ahead == 9 * 109)) || complain "a ring of $capacity bytes as full as messages of $((4 + 105)) can make it" "$ahead bytes in it"
    at=$(sed -n 's/^pos:[[:space:]]*//p' "/proc/$producer/fdinfo/0")
    ((at <= 65536 + 65536 + 3000)) || complain "at most 65536 bytes read further than what was put in" "$at bytes"
    read_out "$(wc -c <"$work/in")"
    await_ring_end "exit 0"
    expect "all lines" cmp "$work/in" "$work/got"
    rm "$work"/*
}

# bats test_tags=ex:2,points:7
@test "who was woken looks again: some room need not be room enough" {
    likely "a wake-up says that something has changed, not that it is what you wait for: while, not if" 'TODO 3 in ex2_ring.c; futex(2)'
    make_out
    for n in 70000 70000 70000 180000 3; do
        line_of $n
    done >"$work/in"
    start sh -c 'exec ex2_ring -c 200000 <in >out'
    find_ring "$pid"
    await_rest producer futex "with a full ring"
    for n in 70001 70001 70001 180001; do
        await "the consumer to wait for its reader" in_state "$consumer" S
        ahead=$(($(in_ring 0 8) - $(in_ring 8 8)))
        ((ahead <= 200000)) || complain "at most 200000 bytes in the ring" "$ahead"
        read_out $n
    done
    read_out 4
    await_ring_end "exit 0"
    expect "all lines" cmp "$work/in" "$work/got"
    rm "$work"/*
}

# bats test_tags=ex:2,points:8
@test "a wake-up that comes just before the sleep isn't lost" {
    likely "change the word, then wake; and give FUTEX_WAIT the word as it was before you looked: if it has changed since, the kernel doesn't let you sleep" 'TODO 2, 3 and 4 in ex2_ring.c; futex(2)'
    # The consumer: a message comes, then the end.
    start_held -w -n 2 ex2_ring
    find_ring "$pid"
    await_rest consumer futex "with nothing to take"
    pid=$consumer
    hold
    type_line "one $((n = RANDOM))"
    await_ring "the message to be put in" bytes_put_is $((8 + ${#n}))
    await_rest producer read "for more"
    let_go
    await_ring "the message to come out, that came just before the consumer slept" written "one $n"
    await_rest consumer futex "again"
    hold
    end_input
    await_ring "the producer to end" gone "$producer"
    await_ring "main to tell so" in_state "$main" S
    one_left() { (($(children "$main" | wc -l) == 1)); }
    await_ring "main to wait for it" one_left
    let_go
    pid=$main
    await_held_end
    # The producer: room comes.
    make_out
    seq -f '%0100g' 900 >"$work/in"
    start_held -w -n 1 sh -c 'exec ex2_ring -c 300 <in >out'
    find_ring "$pid"
    await_rest producer futex "with a full ring"
    await "the consumer to wait for its reader" in_state "$consumer" S
    pid=$producer
    hold
    read_out 30000
    empty() { [[ $(in_ring 0 8) == "$(in_ring 8 8)" ]]; }
    await_ring "the ring to be empty" empty
    await_rest consumer futex "with nothing to take"
    let_go
    read_out $((900 * 101 - 30000))
    expect "all lines, though room came just before the producer slept" cmp "$work/in" "$work/got"
    pid=$main
    await_held_end
    rm "$work"/*
}

# bats test_tags=ex:2,points:7
@test "when the producer is killed, the consumer writes what is there, and both end" {
    likely "who sleeps on a futex isn't told that the other is dead: main sees it, and has to say so" 'TODO 4 in ex2_ring.c; waitpid(2)'
    make_out
    start_ring 200000 out
    for n in 70000 60000 500 0 7; do
        line_of $n
    done >"$work/in"
    timeout "$DEADLINE" cat "$work/in" >&"$stdin"
    await_ring "all messages to be put in" bytes_put_is $((130507 + 5 * 4))
    await_rest producer read "for more"
    sig=$([[ $((RANDOM % 2)) == 0 ]] && echo KILL || echo TERM)
    kill -s $sig "$producer"
    await_ring "the producer to end" gone "$producer"
    read_out 130512
    await_ring_end "exit 1"
    expect "all lines that were in the ring" cmp "$work/in" "$work/got"
    expect "this message" assert_equal "$stderr" "ex2_ring: the producer was killed by SIG$sig"
    assert_every_child_waited_for
    start_ring 50
    await_rest consumer futex "with nothing to take"
    kill -s $sig "$producer"
    await_ring "to end, for the producer is dead" gone "$main"
    finish_program
    assert_ended "exit 1"
    [[ ! -s $run/stdout ]] || complain "no output" "$(wc -c <"$run/stdout") bytes"
    expect "this message" assert_equal "$stderr" "ex2_ring: the producer was killed by SIG$sig"
    assert_every_child_waited_for
    rm "$work"/*
}

# bats test_tags=ex:2,points:7
@test "when the consumer is killed, the producer ends, whether it waits for input or for room" {
    likely "SIGCHLD is for main; a producer that waits for its input must not be left alone" 'TODO 4 in ex2_ring.c; kill(2)'
    for sig in KILL TERM; do
        start_ring 100
        await_rest producer read "for its input"
        kill -s $sig "$consumer"
        await_ring "to end, for the consumer is dead" gone "$main"
        finish_program
        assert_ended "exit 1"
        expect "this message" assert_equal "$stderr" "ex2_ring: the consumer was killed by SIG$sig"
        assert_every_child_waited_for
    done
    make_out
    seq -f '%0100g' 2000 >"$work/in"
    start sh -c 'exec ex2_ring -c 300 <in >out'
    find_ring "$pid"
    await_rest producer futex "with a full ring"
    kill -s HUP "$consumer"
    await_ring_end "exit 1" "for the consumer is dead"
    expect "this message" assert_equal "$stderr" "ex2_ring: the consumer was killed by SIGHUP"
    assert_every_child_waited_for
    run_program bash -c 'yes | { ex2_ring; echo $? >&2; } | head -n 1 >/dev/null'
    expect "the death by SIGPIPE" assert_equal "$stderr" $'ex2_ring: the consumer was killed by SIGPIPE\n1'
    run_program sh -c 'yes | ex2_ring >/dev/full'
    assert_ended "exit 1"
    expect "the reason" assert_equal "$stderr" "ex2_ring: standard output: No space left on device"
    rm "$work"/*
}
