# Lab 04: mutexes.

load lib/lab

# sleeping: for each thread of the program that sleeps in a futex call, "TID
# ADDRESS".
sleeping() {
    local folder call address rest
    for folder in /proc/"$pid"/task/*; do
        if read -r call address rest 2>/dev/null <"$folder/syscall" &&
            [[ ${call_name[$call]:-} == futex && $(<"$folder/stat") == *') S '* ]]; then
            echo "${folder##*/} $address"
        fi
    done
}

# all_sleep COUNT: whether it has so many threads, and all of them sleep so.
# ThreadSanitizer has one of its own, which sleeps in another way.
all_sleep() {
    local tasks=(/proc/"$pid"/task/*)
    [[ ${SAN:-} != thread ]] || unset 'tasks[0]'
    ((${#tasks[@]} == $1)) && (($(sleeping | wc -l) == $1))
}

@test "deadlock_broken: each thread sleeps, for the lock that the other one has" {
    start_program deadlock_broken -t 60
    await "three threads, all asleep" all_sleep 3
    # The main thread waits for the first to end; the others, for two locks.
    assert_equal "$(sleeping | cut -d' ' -f2 | sort -u | wc -l)" 3
    first=$(sleeping | tail -n 2)
    pause
    assert_equal "$(sleeping | tail -n 2)" "$first"
    kill -KILL "$pid"
    finish_program
    assert_ended "signal KILL"

    run_program deadlock_broken -t 0.2
    assert_ended "exit 1"
    assert_output ""
    assert_regex "$stderr" 'copier, thread ([0-9]+), has the scanner and waits for the printer, which thread ([0-9]+) has'
    copier=${BASH_REMATCH[1]} checker=${BASH_REMATCH[2]}
    refute [ "$copier" = "$checker" ]
    assert_regex "$stderr" "checker, thread $checker, has the printer and waits for the scanner, which thread $copier has"
}

@test "deadlock_broken: the trace shows two locks in a circle; deadlock has none" {
    traced deadlock_broken -t 0.2
    assert_fact "stuck parent/t* futexlock futex:*"
    assert_equal "$(sed -n 's/^stuck .* futexlock //p' "$run/facts" | sort -u | wc -l)" 2
    assert_explained "probably each waits for a lock that the other one holds"

    traced deadlock
    assert_ended "exit 0"
    refute_fact "stuck * futex*"
    assert_nothing_wrong
}

@test "deadlock: one order, or giving way after a time, and both go on" {
    rounds=$((RANDOM % 5000 + 1000))
    run_program deadlock -n $rounds
    assert_ended "exit 0"
    assert_line --regexp "^copier.*: rounds: $rounds, gave way: 0$"
    assert_line --regexp "^checker.*: rounds: $rounds, gave way: 0$"

    traced deadlock -d -t 0.05
    assert_ended "exit 0"
    assert_fact "futexwait parent/t* futex:* = ETIMEDOUT"
    refute_fact "stuck * futex*"
    assert_line --regexp '^copier.*: rounds: 1, gave way: [1-9]'
    assert_nothing_wrong
}

# What each step should give, for a mutex of a kind that checks; $depth is how
# often it is locked.
expected_result() { # expected_result KIND STEP
    case $1:$2:$((depth > 0)) in
    *:other:*) echo EPERM ;;
    *:unlock:1) depth=$((depth - 1)) && echo ok ;;
    *:unlock:0) echo EPERM ;;
    recursive:*lock:* | *:0) depth=$((depth + 1)) && echo ok ;;
    *:trylock:1) echo EBUSY ;;
    *) echo EDEADLK ;;
    esac
}

@test "mutex_kinds: errorcheck and recursive, whatever is done to them" {
    steps=(lock trylock unlock unlock other:unlock)
    for kind in errorcheck recursive; do
        words=() depth=0
        : >"$BATS_TEST_TMPDIR/expected"
        for _ in {1..40}; do
            step=${steps[RANDOM % 5]}
            words+=("$step")
            # Not in a subshell: it counts.
            expected_result $kind "$step" >>"$BATS_TEST_TMPDIR/expected"
        done
        # The mistakes are meant: ThreadSanitizer shall not mind them.
        run_program env TSAN_OPTIONS=report_mutex_bugs=0 mutex_kinds $kind "${words[@]}"
        assert_ended "exit 0"
        expect "${words[*]}" assert_equal "$(sed -E 's/.*lock: ([A-Za-z]+).*/\1/' "$run/stdout" | xargs)" \
            "$(xargs <"$BATS_TEST_TMPDIR/expected")"
    done
}

@test "mutex_kinds: normal waits for itself; robust tells that the owner has ended" {
    start_program mutex_kinds -t 60 normal lock lock
    await "both threads asleep" all_sleep 2
    kill -KILL "$pid"
    finish_program
    run_program mutex_kinds -t 0.05 normal lock lock
    assert_ended "exit 1"
    assert_equal "$stderr" "mutex_kinds: lock: still waits after 0.05 s"

    run_program env TSAN_OPTIONS=report_mutex_bugs=0 bash -c '
        mutex_kinds normal lock trylock other:trylock other:timedlock
        mutex_kinds normal other:lock trylock timedlock
        mutex_kinds robust other:lock trylock other:unlock consistent consistent unlock lock
        mutex_kinds robust other:lock timedlock unlock lock trylock'
    assert_ended "exit 0"
    assert_equal "$(sed -E 's/.*: ([A-Za-z]+)(:.*)?$/\1/' "$run/stdout" | xargs)" \
        "ok EBUSY EBUSY ETIMEDOUT ok EBUSY ETIMEDOUT ok EOWNERDEAD EPERM ok EINVAL ok ok ok EOWNERDEAD ok ENOTRECOVERABLE ENOTRECOVERABLE"
}

@test "conditions: mutual exclusion, progress and bounded waiting, on any processors" {
    local one all
    read -r one all < <(processors)
    threads=$((RANDOM % 10 + 2)) home=$((RANDOM % 20 + 1))
    run_program bash -c "
        taskset -c $all conditions -n 5000 -j $threads mutex
        taskset -c $all conditions -n 5000 -j $threads tickets
        taskset -c $one conditions -n 5000 -j $threads -g $home -t 0.1"
    assert_ended "exit 0"
    for kind in mutex tickets; do
        assert_equal "$(grep -cE "^$kind.*: 5000 entries in .* 1 inside" "$run/stdout")" 2
    done
    while read -r others; do
        assert [ "$others" -lt $threads ]
    done < <(sed -nE 's/^tickets.*at worst, ([0-9]+) .*/\1/p' "$run/stdout")
    assert_line --regexp "^turns.*: no progress, $((home * threads + threads - 1)) entries"

    # One has gone home. The others wait for it to take its turn.
    start_program conditions -t 60 -j $threads -g $home turns
    await "all asleep, and one thread fewer" all_sleep $threads
    kill -KILL "$pid"
    finish_program
}

@test "rwlock: readers together, writers alone, and who goes first" {
    readers=$((RANDOM % 5 + 2)) writers=$((RANDOM % 3 + 1))
    run_program rwlock -r $readers -w $writers -n 5000
    assert_ended "exit 0"
    assert_line --partial "$readers readers are inside; to write, EBUSY"
    assert_line --partial "beside a writer: to read, EBUSY; to write, EBUSY"
    assert_line --partial "$((readers * 5000)) reads, up to $readers at once, and $((writers * 5000)) writes"

    run_program bash -c 'rwlock; rwlock; rwlock -n 100 -r 0; rwlock -n 100 -w 0
        rwlock -n 0 -r 300; rwlock -n 2000 -p; rwlock -n 2000 -p; rwlock -n 2000 -p'
    mapfile -t first < <(sed -nE 's/.*at worst, ([0-9]+) reads .*/\1/p' "$run/stdout")
    # Threads that happen not to meet don't wait: one run of two will do.
    assert [ $((first[0] + first[1])) -gt 10000 ]
    if [[ $stderr != *"no such kind"* ]]; then # as in musl
        assert_ended "exit 0"
        # A writer may lose the processor just before it asks; not each time.
        assert [ "$(printf '%s\n' "${first[@]:5}" | sort -n | head -n 1)" -lt 100 ]
    fi
}

@test "bad usage is refused, help is given, failed output is noticed" {
    # ThreadSanitizer minds the races and the threads that are left alone.
    run_program env TSAN_OPTIONS=report_bugs=0 bash -c '
        programs="counter_broken counter counter_atomic deadlock_broken deadlock
            mutex_kinds contention conditions rwlock"
        for program in $programs; do
            "$program" -h | head -n 1
            for bad in -Y surplus "-t 0" "-j 0" "-n 1x" "-r -1"; do
                out=$("$program" $bad 2>&1 >/dev/null) && echo "$program $bad: $?"
                [[ $? == 2 && $out ]] || echo "$program $bad: no"
            done
            [[ $program == deadlock_broken ]] || # which only writes errors
                ! "$program" >/dev/full 2>/dev/null || echo "$program: 0"
        done
        mutex_kinds normal; echo $?
        mutex_kinds strange lock; echo $?
        mutex_kinds normal other:; echo $?'
    assert_equal "$(grep -c '^Usage: ' "$run/stdout")" 9
    assert_equal "$(tail -n +10 "$run/stdout" | xargs)" "2 2 2"
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
