# Lab 15, exercise 1: one more mechanism for ipcbench.

load ../lib/lab

# bench OPTION...: the bench with that mechanism only, as CSV.
bench() {
    run_program ex1_add_mechanism -m eventfd_shm -p one --csv "$@"
}

# The rows that have a figure: "WHAT SIZE".
figures() {
    awk -F , '$2 == "eventfd_shm" && $7 != "" { print $1, $3 }' "$run/stdout"
}

# assert_figures ROW...: that it has ended well, and exactly these have one.
assert_figures() {
    assert_ended "exit 0"
    expect "a figure for: $*" assert_equal "$(figures | paste -sd ,)" "$(printf '%s\n' "$@" | paste -sd ,)"
}

# flows: for each eventfd how often the asker has written and read it, and then the
# answerer, by 8 bytes.
flows() {
    awk '$3 ~ /^eventfd:/ && $1 ~ /^(read|write)$/ {
            if ($5 != 8) print "failed:", $0
            n[$3, $2, $1]++
            seen[$3]
        }
        END {
            for (e in seen)
                print n[e, "child.1", "write"] + 0, n[e, "child.1", "read"] + 0, n[e, "child.2", "write"] + 0, n[e, "child.2", "read"] + 0
        }' "$run/facts" | sort
}

# traced_bench WHAT SIZE COUNT: one measurement, traced.
traced_bench() {
    traced ex1_add_mechanism -m eventfd_shm -p one --csv -w "$1" -s "$2" -n "$3" -r 1
    assert_figures "$1 $2"
    [[ $(facts_of "^(read|write) child\.[12] [^ ]+ = $2") == 0 ]] ||
        complain "no message in a read or write" "$(grep -m 3 -E "^(read|write) child\.[12] [^ ]+ = $2" "$run/facts")"
}

# start_stream SIZE: starts one without an end, and waits until it flows. The first
# child asks, the second one answers.
start_stream() {
    start ex1_add_mechanism -m eventfd_shm -p free -w throughput -s "$1" -n 200000000 -r 1 --csv
    flowing() {
        read -r asker answerer _ < <(children "$pid" | awk '$3 != "Z" { print $1 }' | paste -sd ' ')
        calls=0
        [[ ${answerer:-} ]] && flows_on
    }
    await "messages to flow from one child to the other" flowing
}

# calls_of PID: how often it has written.
calls_of() {
    sed -n 's/^syscw: //p' "/proc/$1/io"
}

# Whether the asker has written some hundred times since $calls.
flows_on() {
    (($(calls_of "$asker") > calls + 300))
}

# freeze PID: stops it, and waits until it is.
freeze() {
    kill -STOP "$1"
    await "to be stopped" in_state "$1" T
}

# waits_in_eventfd PID: whether it sleeps in read() of an eventfd. The shell reads the
# file itself (ptrace(2), Yama).
waits_in_eventfd() {
    local call='' fd=''
    read -r call fd _ 2>/dev/null <"/proc/$1/syscall"
    [[ ${call_name[${call:-none}]:-} == read && $(state "$1") == S ]] &&
        [[ $(readlink "/proc/$1/fd/$((fd))") == *eventfd* ]]
}

# in_shared_memory PID: how many bytes that aren't 0 it has in memory that it shares.
in_shared_memory() {
    local from to mem
    while read -r from to; do
        exec {mem}<"/proc/$1/mem" # dd skips from where the last one stopped
        dd bs=4096 skip=$((0x$from / 4096)) count=$(((0x$to - 0x$from) / 4096)) <&"$mem" 2>/dev/null
        exec {mem}<&-
    done < <(awk '$2 == "rw-s" { sub(/-/, " ", $1); print $1 }' "/proc/$1/maps") | tr -d '\0' | wc -c
}

# bats test_tags=ex:1,points:10
@test "there and back: for each message one write and one read of an eventfd" {
    likely "EFD_SEMAPHORE is missing, so that one read takes all; or the message goes by the descriptor" "eventfd(2)"
    size=$((RANDOM % 3000 + 300)) count=$((RANDOM % 20 + 5))
    traced_bench latency $size $count
    # Two passes of so many round trips.
    n=$((2 * count))
    expect "one eventfd that only the asker writes, and the answerer reads, $n times; and one the other way" \
        assert_regex "$(flows)" "0 $n $n 0.*$n 0 0 $n"
}

# bats test_tags=ex:1,points:10
@test "one way: as many slots are given back as messages were asked for after the first" {
    likely "a slot that is free too early is overwritten while its message is looked at" "bench.h on receive()"
    size=$((RANDOM % 3000 + 300)) count=$((RANDOM % 30 + 20))
    traced_bench throughput $size $count
    expect "the asker's $count messages, and $((count - 1)) slots given back to it" \
        assert_equal "$(flows | paste -sd ,)" "0 $count $((count - 1)) 0,$count 0 0 $count"
}

# bats test_tags=ex:1,points:10
@test "every byte arrives, of any size, also where one side runs ahead" {
    likely "the ways share slots, or a slot is used before it is free" "lab 12 on the bounded buffer"
    size=$((RANDOM % 60000 + 3))
    bench -s "1,$size,65536" -n 3000 -r 1
    assert_figures "latency 1" "latency $size" "latency 65536" "throughput 1" "throughput $size" "throughput 65536"
    # Few messages: some slots are never used. And not pinned to one CPU.
    run_program ex1_add_mechanism -m eventfd_shm -p free,one --csv -s $size -n $((RANDOM % 7 + 1)) -r 3
    assert_figures "latency $size" "latency $size" "throughput $size" "throughput $size"
    if [[ ${UNDER:-}${SAN:-} || $NO_TRACING ]]; then
        return # the rest needs strace
    fi
    # Each write takes its time after it was done: who is woken by it is there before.
    run_program strace -f -qq -o /dev/null -e trace=write -e inject=write:delay_exit=150000 \
        "$BIN/ex1_add_mechanism" -m eventfd_shm -p free --csv -w throughput -s "$size" -n 2 -r 1
    assert_figures "throughput $size"
}

# bats test_tags=ex:1,points:10
@test "who sends sleeps when all slots are full, and the messages are in shared memory" {
    likely "nothing says how many slots are free" "lab 12 on the bounded buffer; eventfd(2)"
    size=$((RANDOM % 30000 + 30000))
    start_stream $size
    for _ in 1 2; do
        freeze "$answerer"
        await "the asker to sleep in read() of an eventfd" waits_in_eventfd "$asker"
        # All room of the other way; on this way no room, and what isn't received
        # yet: one may be in the answerer's hands.
        counts=$(cat "/proc/$asker/fdinfo"/* | sed -n 's/^eventfd-count: *//p' | sort | paste -sd ' ')
        expect "eventfds that count 0, 0, 8, and 7 or 8, each time it is stopped" \
            assert_regex "$counts" '^0 0 [78] 8$'
        kill -CONT "$answerer"
        calls=$(calls_of "$asker")
        await "messages to flow again" flows_on
    done
    freeze "$answerer"
    # Of random bytes one in 256 is 0.
    there=$(in_shared_memory "$asker")
    ((there > 8 * size * 98 / 100)) || complain "8 messages of $size bytes in shared memory" "$there bytes that aren't 0"
    kill -CONT "$answerer"
    ends_by TERM "$pid" "signal TERM"
}

# bats test_tags=ex:1,points:5
@test "who receives sleeps while nothing comes" {
    likely "it looks again and again: EFD_NONBLOCK, or a flag in memory" "eventfd(2)"
    start_stream $((RANDOM % 1000 + 1))
    freeze "$asker"
    await "the answerer to sleep in read() of an eventfd" waits_in_eventfd "$answerer"
    kill -CONT "$asker"
    ends_by TERM "$pid" "signal TERM"
}

# bats test_tags=ex:1,points:5
@test "a message that is larger than a slot is n/a, with the limit that forbids it" {
    likely "limit() says nothing" "limit in bench.h"
    more=$((65537 + RANDOM % 100000))
    bench -s "65536,$more" -n 20 -r 1
    assert_figures "latency 65536" "throughput 65536"
    expect "for $more bytes n/a, by which limit" assert_equal \
        "$(awk -F , -v size=$more '$3 == size && $7 == "" && /"n\/a: [^"]*65536/' "$run/stdout" | wc -l)" 2
}

# bats test_tags=ex:1,points:5
@test "however often it is measured, nothing stays open" {
    likely "close() is missing, or doesn't close what the harness can't know" "close in bench.h"
    run_program sh -c 'ulimit -n 32; exec "$@"' sh ex1_add_mechanism -m eventfd_shm -p one --csv -s 64 -n 3 -r 25
    assert_figures "latency 64" "throughput 64"
}

# bats test_tags=ex:1,points:5
@test "where there are no eventfds it is n/a, and nothing stays open" {
    likely "open() gives up and forgets what it has opened before" "open in bench.h"
    not_under_valgrind
    not_under_sanitizers
    needs_tracing
    sizes=$(seq -s , 30)
    bench -w latency -s 5 -n 3 -r 1
    assert_figures "latency 5"
    for error in "ENOSYS:Function not implemented:1+" "EPERM:Operation not permitted:3+3" "EACCES:Permission denied:2+2"; do
        IFS=: read -r name words when <<<"$error"
        run_program sh -c 'ulimit -n 32; exec "$@"' sh strace -qq -o /dev/null -e trace=eventfd2 \
            -e "inject=eventfd2:error=$name:when=$when" "$BIN/ex1_add_mechanism" -m eventfd_shm -p one --csv -s "$sizes" -n 3 -r 1
        assert_ended "exit 0" "to go on without it, with exit 0"
        expect "60 rows that say why" assert_equal "$(grep -c "\"n/a: $words\"" "$run/stdout")" 60
    done
}
