# Lab 05: condition variables.

load lib/lab

# Sets $tasks: the folders of its threads in /proc, main's first.
find_tasks() {
    tasks=("/proc/$pid/task"/*)
    if [[ ${SAN:-} == thread ]]; then
        # The second one is the sanitizer's.
        mapfile -t tasks < <(printf '%s\n' "${tasks[@]}" | sort -t / -k 5n | sed 2d)
    fi
}

# threads N: whether it has that many, main among them.
threads() {
    find_tasks
    ((${#tasks[@]} == $1))
}

# in_futex N: whether exactly N of its threads sleep there.
in_futex() {
    local task call state n=0
    find_tasks
    for task in "${tasks[@]}"; do
        read -r call _ <"$task/syscall" && read -r _ _ state _ <"$task/stat" &&
            [[ ${call_name[$call]:-} == futex && $state == S ]] && n=$((n + 1))
    done 2>/dev/null
    ((n == $1))
}

# assert_asleep: while we look, none of its threads runs.
assert_asleep() {
    local before after end
    find_tasks
    before=$(cat "${tasks[@]/%//schedstat}")
    end=$((${EPOCHREALTIME/./} + 100000))
    while ((${EPOCHREALTIME/./} < end)); do
        pause
    done
    after=$(cat "${tasks[@]/%//schedstat}")
    [[ $before == "$after" ]] || complain \
        "to sleep (proc(5), schedstat: ns on a processor, ns of waiting, turns)" \
        "$before"$'\nbecame\n'"$after"
}

# What each thread is and how often it gave a processor up: "4711 3".
switches() {
    find_tasks
    awk '$1 == "voluntary_ctxt_switches:" { split(FILENAME, path, "/"); print path[5], $2 }' \
        "${tasks[@]/%//status}"
}

# assert_buffer SLOTS ITEMS: from the lines of producer_consumer, which come in
# the order of what happened: every item once, in order per producer, and never
# more in the buffer than fit.
assert_buffer() {
    local wrong
    wrong=$(awk -v slots="$1" -v items="$2" -F "[][ ':]+" '
        / puts item / {
            if (++n > slots) print "more than fits: " $0
            if ($6 != ++put[$2]) print "not in order: " $0
        }
        / takes producer / {
            if (--n < 0) print "out of nothing: " $0
            if ($9 != ++taken[$6]) print "not the next: " $0
        }
        / in the buffer$/ {
            seen++
            if ($(NF - 3) != n) print "not " n ": " $0
        }
        END {
            for (p in put)
                if (put[p] != items || taken[p] != items)
                    print "producer " p ": " put[p] " put, " taken[p] " taken"
            print "lines: " seen
        }' "$run/stdout")
    assert_equal "$wrong" "lines: $3"
}

@test "producer_consumer: each item goes through once, in order, and never more are in than fit" {
    for _ in 1 2 3; do
        p=$((RANDOM % 7 + 1)) n=$((RANDOM % 60 + 1)) s=$((RANDOM % 5 + 1))
        run_program producer_consumer -p $p -c $((RANDOM % 7 + 1)) -n $n -s $s \
            -P $((RANDOM % 3 * 30000)) -C $((RANDOM % 3 * 30000))
        assert_ended "exit 0"
        assert_buffer $s $n $((2 * p * n))
        assert_line --regexp "^main.*: $((p * n)) taken, 0 left$"
    done
}

@test "producer_consumer: hundreds of threads, fewer items than threads, no items" {
    run_program producer_consumer -p 200 -c 300 -n 2 -s 3
    assert_ended "exit 0"
    assert_buffer 3 2 800
    run_program sh -c 'producer_consumer -p 1 -c 300 -n 1; producer_consumer -n 0; producer_consumer -p 0'
    assert_ended "exit 0"
    assert_equal "$(grep -c 'main.*: 1 taken, 0 left$' "$run/stdout")" 1
    assert_equal "$(grep -c 'main.*: 0 taken, 0 left$' "$run/stdout")" 2
}

@test "producer_consumer: consumers sleep while it is empty, producers while it is full; closing ends all" {
    c=$((RANDOM % 20 + 2))
    start producer_consumer -w -n 0 -p 2 -c $c
    await "$c threads in futex" in_futex $c
    await "no producer left" threads $((c + 1))
    assert_asleep
    type_line
    finish_program
    assert_ended "exit 0"
    assert_equal "$(grep -c '^consumer .* has taken 0$' "$run/stdout")" $c

    p=$((RANDOM % 20 + 2)) s=$((RANDOM % 9 + 1))
    start producer_consumer -w -n 10 -p $p -c 0 -s $s
    await "$p threads in futex" in_futex $p
    assert_asleep
    type_line
    finish_program
    assert_ended "exit 0"
    assert_equal "$(grep -c ' puts ' "$run/stdout")" $s
    assert_line --regexp "^main.*: 0 taken, $s left$"
}

@test "producer_consumer: nine that wait for a slow one use no processor for it" {
    run_program producer_consumer -p 1 -c 1 -n 20 -C 10000000
    alone=$(facts cpu)
    run_program producer_consumer -p 10 -c 1 -n 2 -s 1 -C 10000000
    assert_ended "exit 0"
    assert_buffer 1 2 40
    assert awk -v alone="$alone" -v all="$(facts cpu)" 'BEGIN {
        print alone " s alone, " all " s with nine more"
        exit !(alone > 0.02 && all < 2 * alone + 0.05) }'
}

@test "stolen: with if, a thread that was woken takes what others took; with while, each its own" {
    n=$((RANDOM % 30 + 2))
    run_program stolen_broken -n $n
    assert_ended "exit 1"
    assert_equal "$(grep -c '^consumer' "$run/stdout")" $n
    assert_line --index -1 --regexp "takes an item: $((1 - n)) left$"
    assert_equal "$stderr" "stolen_broken: 1 item was put first, but $n were taken"

    # Waking only one is no help.
    run_program stolen_broken -n $n -s
    assert_ended "exit 1"
    assert_line --index 2 --regexp "^consumer.* takes an item: -1 left$"
    assert_equal "$stderr" "stolen_broken: 1 item was put first, but 2 were taken"

    for s in '' -s; do
        run_program stolen -n $n $s
        assert_ended "exit 0"
        assert_equal "$(grep -c '^consumer' "$run/stdout")" $n
        assert_line --index -1 --partial ": 0 left"
        refute_output --partial ": -"
    done
}

@test "lost_wakeup_broken: the waiter sleeps on in futex" {
    start lost_wakeup_broken -t 60
    await "the waiter and its watchdog in futex" in_futex 2
    assert_asleep
    kill -s TERM "$pid"
    wait "$program_pid"
    finish_program
    assert_ended "signal TERM"
}

@test "lost_wakeup_broken: the watchdog says where it is, and xray why" {
    traced lost_wakeup_broken -t 0.2
    assert_ended "exit 1"
    assert_regex "$stderr" "stuck after 0.2 s"
    assert_regex "$stderr" "the waiter, TID [0-9]+, sleeps in futex$"
    assert_fact "stuck parent/t* futex* futex:*"
    assert_fact "read parent file:/proc/self/task/t*/syscall = *"
    assert_explained "still waits "
    # With musl this wait looks like one for a mutex.
    has_fact "stuck parent/t* futexlock *" || assert_explained \
        "and nobody ever woke it: probably what it waits for had happened before"
}

@test "lost_wakeup: who comes late doesn't wait" {
    traced lost_wakeup
    assert_ended "exit 0"
    refute_output --partial "waits"
    assert_fact_before "write parent stdout = *" "thread parent parent/t*"
    refute_fact "stuck * futex*"
    assert_nothing_wrong
}

@test "broadcast: each signal wakes one, the broadcast all the others; nothing else does" {
    n=$((RANDOM % 30 + 10)) s=$((RANDOM % 8 + 1))
    start broadcast -n $n -s $s -w
    # Until then one may be in futex for the mutex, and then go on.
    await "to hold still" written "Enter makes me signal"
    await "$n threads in futex" in_futex $n
    before=$(switches)
    type_line
    await "$s threads gone" threads $((n - s + 1))
    await "to hold still again" written "Enter makes me broadcast"
    # The others never ran: what is left of them is as it was before.
    after=$(switches | grep -v "^$pid ")
    assert_equal "$(grep -cxF "$after" <<<"$before")" $((n - s))

    # A wait that returns for nothing isn't counted.
    kill -s STOP "$pid"
    await "to be stopped" in_state "$pid" T
    kill -s CONT "$pid"
    await "$((n - s)) threads in futex" in_futex $((n - s))
    type_line
    finish_program
    assert_ended "exit 0"
    assert_line --regexp ": signal woke $s threads, $((n - s)) sleep on$"
    assert_line --regexp ": broadcast woke $((n - s)) threads, 0 sleep on$"
}

@test "timedwait: ETIMEDOUT comes at the deadline, not before, and waiting is no work" {
    hundredths=$((RANDOM % 20 + 20))
    begin=${EPOCHREALTIME/./}
    run_program timedwait -t 0.$hundredths
    passed=$((${EPOCHREALTIME/./} - begin))
    assert_ended "exit 0"
    assert_line --regexp ': ETIMEDOUT after 0\.[0-9]+ s$'
    assert [ $passed -ge $((hundredths * 10000)) ]
    assert awk -v cpu="$(facts cpu)" -v h=$hundredths 'BEGIN { exit !(cpu < h / 1000) }'

    # The clock is one that nobody sets; on the other one it would be long past.
    traced timedwait -t 0.1
    assert_fact "futexwait parent futex:1 = ETIMEDOUT"
    refute grep FUTEX_CLOCK_REALTIME "$run/log"
    run_program timedwait -t 60 -x
    assert_ended "exit 1"
    assert_regex "$stderr" 'that is too early by (59|60)\.[0-9]+ s$'
}

@test "timedwait: what happens before the deadline ends the wait" {
    start timedwait -t 600 -e
    in_read_and_futex() { in_futex 1 && threads 2; }
    await "one thread in futex, one that reads" in_read_and_futex
    assert_asleep
    type_line
    finish_program
    assert_ended "exit 0"
    assert_line --regexp ': it happened after [0-9.]+ s$'
}

@test "turns: in a queue, nobody is overtaken more than once by each" {
    n=$((RANDOM % 20 + 1)) r=$((RANDOM % 50 + 1))
    run_program turns -n $n -r $r
    assert_ended "exit 0"
    assert_line --regexp "^main.*: $((n * r)) turns; overtaken at most $((n - 1)) times$"
    run_program turns -n $n -r $r -u
    assert_ended "exit 0"
    assert_line --regexp "^main.*: $((n * r)) turns; overtaken at most [0-9]+ times$"
}

@test "turns: in a queue, nobody waits for one that is busy elsewhere; if they alternate, all do" {
    n=$((RANDOM % 6 + 2))
    start turns -n $n -W 1000000000000
    await "only thread 1 and main left" threads 2
    kill -s KILL "$pid"
    finish_program
    assert_equal "$(grep -c 'is done; thread 1 has had 1 of 5 turns$' "$run/stdout")" $((n - 1))

    start turns -n $n -W 1000000000000 -a
    await "all but thread 1 in futex" in_futex $n # main is in pthread_join
    assert threads $((n + 1))
    refute written "is done"
    kill -s KILL "$pid"
    finish_program
}

@test "bad usage is refused, help is given, failed output is noticed" {
    run_program bash -c '
        for program in producer_consumer stolen stolen_broken lost_wakeup \
            lost_wakeup_broken broadcast timedwait turns; do
            "$program" -h >out 2>err && grep -q "^Usage: $program" out && [[ ! -s err ]] ||
                echo "$program -h: $?"
            for words in -Z surplus "-n 1x" "-t nan" "-n -1"; do
                "$program" $words >out 2>err </dev/null
                [[ $? == 2 && ! -s out && -s err ]] || echo "$program $words: no"
            done
            "$program" -h >/dev/full 2>/dev/null && echo "$program: output is lost"
            "$program" >/dev/full 2>err && echo "$program: output is lost"
            grep -q "No space left on device" err || echo "$program: no word"
        done
        for words in "producer_consumer -c 0" "broadcast -n 3 -s 4" "turns -r 0" "stolen -n 1"; do
            $words >out 2>err
            [[ $? == 2 && ! -s out && -s err ]] || echo "$words: no"
        done
        rm -f out err'
    assert_ended "exit 0"
    assert_output ""
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
