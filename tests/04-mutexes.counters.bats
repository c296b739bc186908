# Lab 04: counters, with locks and without, and what a lock costs.

load lib/lab

# compile NAME SOURCE OPTION...: makes $work/NAME of a program of this lab,
# without a sanitizer.
compile() {
    local helpers=$top/common/lab.c
    if [[ ! ${SAN:-} ]]; then
        helpers=$top/$BUILD/common/lab.o
    fi
    "${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -I"$top/common" "${@:3}" -pthread \
        -o "$work/$1" "$top/labs/$LAB/$2.c" "$helpers"
}

@test "counter_broken loses updates, on one processor or all, at -O0 and at -O2" {
    local one all
    read -r one all < <(processors)
    compile O0 counter_broken -O0 &
    compile O2 counter_broken -O2
    wait $!
    run_program bash -c "
        for program in ./O0 ./O2; do
            for cpus in $one $all; do
                taskset -c \$cpus \$program -r 2
                echo \$?
            done
        done"
    assert_equal "$(grep -c 'updates lost in 2 of 2 runs' "$run/stdout")" 4
    assert_equal "$(grep -cx 1 "$run/stdout")" 4

    # With -p, at -O2 the loop is one addition, and nothing is lost.
    count=$((1000000000000 - RANDOM)) # one by one, they would take an hour
    run_program ./O2 -p -n $count
    assert_ended "exit 0"
    assert_line --partial "expected $((2 * count)), got $((2 * count)): 0 lost"
}

@test "counter_broken: ThreadSanitizer reports the race, even if nothing is lost" {
    if [[ ${SAN:-} != thread ]]; then
        skip "ThreadSanitizer looks only at what is built with it: make test LAB=04 SAN=thread CC=clang"
    fi
    run_program env -u UBSAN_OPTIONS TSAN_OPTIONS=exitcode=66 counter_broken -n $((RANDOM % 100 + 1))
    assert_ended "exit 66"
    assert_regex "$stderr" 'WARNING: ThreadSanitizer: data race'
    assert_regex "$stderr" "Location is global 'sold'"
    assert_regex "$stderr" 'SUMMARY: ThreadSanitizer: data race [^ ]*counter_broken.c:[0-9]+(:[0-9]+)? in sell'

    # What is repaired has no report: that would be a failure.
    run_program counter -n $((RANDOM % 100 + 1))
    assert_ended "exit 0"
}

@test "counter is exact, with any number of threads and of tickets" {
    count=$((RANDOM % 1000 + 1)) threads=$((RANDOM % 300 + 2))
    run_program bash -c "counter -r 2 -n 50000; counter -p -n 50000; counter -j 1 -n 7
        counter -j 100 -n 0; counter -j $threads -n $count; counter -p -j $threads -n 1"
    assert_ended "exit 0"
    for total in 0 7 $threads $((threads * count)); do
        assert_line --partial "expected $total, got $total: 0 lost"
    done
    assert_equal "$(grep -c 'expected 100000, got 100000: 0 lost' "$run/stdout")" 3
}

@test "counter, rwlock and conditions tell what happens if there are no locks" {
    cat >"$BATS_TEST_TMPDIR/nolocks.c" <<'END'
#include <pthread.h>
int pthread_mutex_lock(pthread_mutex_t *m) { return m == NULL; }
int pthread_mutex_unlock(pthread_mutex_t *m) { return m == NULL; }
int pthread_rwlock_rdlock(pthread_rwlock_t *l) { return l == NULL; }
int pthread_rwlock_wrlock(pthread_rwlock_t *l) { return l == NULL; }
int pthread_rwlock_unlock(pthread_rwlock_t *l) { return l == NULL; }
END
    for program in counter rwlock conditions; do
        compile $program $program -w "$BATS_TEST_TMPDIR/nolocks.c" &
    done
    wait
    run_program bash -c './counter; echo $?; ./rwlock -n 100000; echo $?; ./conditions -n 50000 mutex; echo $?'
    assert_equal "$(grep -cx 1 "$run/stdout")" 3
    assert_line --partial "updates lost in 1 of 1 runs"
    assert_regex "$stderr" 'rwlock: [0-9]+ times, somebody was beside a writer'
    assert_regex "$stderr" 'conditions: mutex: no mutual exclusion'
}

# Threads that end make some calls, too: not in every C library the same, and
# more with a sanitizer. A lock that took one each time would make 100,000.
assert_few_futex_calls() { # assert_few_futex_calls THREADS
    local calls
    calls=$(grep -cE '^futex(wait|wake)' "$run/facts") || true
    ((calls <= 20 * $1)) ||
        complain "no system calls for locks" "$calls, in a run of $1 threads"
}

@test "a lock that nobody else wants takes no system call" {
    traced counter -j 1 -n $((100000 + RANDOM))
    assert_ended "exit 0"
    assert_few_futex_calls 1
    traced contention -j 5 -n $((100000 + RANDOM)) apart
    assert_ended "exit 0"
    assert_few_futex_calls 5
    assert_nothing_wrong
}

@test "counter_atomic is exact, and nobody ever sleeps for it" {
    count=$((RANDOM % 100000 + 100000)) threads=$((RANDOM % 5 + 2))
    run_program counter_atomic -n $count -j $threads
    assert_ended "exit 0"
    for kind in add mutex take; do
        assert_line --regexp "$kind: exactly $((count * threads)), [0-9.]+ ns each"
    done
    assert_line --regexp 'the mutex took [0-9.]+ times as long as the atomic'
    run_program counter_atomic -n 0 -j 200
    assert_ended "exit 0"

    traced counter_atomic -n 1000000 -j 4 add
    assert_ended "exit 0"
    assert_few_futex_calls 4
}

@test "contention: exact with one lock, with many, and with any batch" {
    count=$((RANDOM % 20000 + 20000)) threads=$((RANDOM % 20 + 2))
    for batch in 1 7 $((2 * count)); do
        run_program contention -n $count -j $threads -b $batch
        assert_ended "exit 0"
        for kind in one near apart; do
            assert_line --regexp "$kind: counted exactly $((count * threads)) in [0-9.]+ s"
        done
    done
    assert_line --regexp 'one lock took [0-9.]+ times as long as one each'
}
