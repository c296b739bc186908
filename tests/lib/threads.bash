# threads.bash: looking at the threads of a running program, and commands that
# wait until a test lets them go on. Loaded by the tests that need it, after lab.
# shellcheck disable=SC2034,SC2154,SC2317  # run.bash sets what is used here, and calls

# With how many threads to try what shall not depend on it. valgrind is slow to
# start, and slow with many.
thread_counts=({1..12} 97 500)
if [[ ${UNDER:-} == valgrind ]]; then
    thread_counts=(1 2 7 40)
fi

# threads: how many threads the program has besides main. Where ThreadSanitizer
# is built in, one more is its own.
threads() {
    set -- "/proc/$pid/task"/*
    if [[ ${SAN:-} == *thread* ]]; then
        shift
    fi
    echo $(($# - 1))
}

has_threads() {
    [[ $(threads) == "$1" ]]
}

# await_threads COUNT WORDS: waits until it has so many besides main.
await_threads() {
    if ! wait_until "$DEADLINE" has_threads "$1" 2>/dev/null; then
        local saw
        saw="$(threads) threads besides main"
        if gone "$pid"; then
            finish_program
            saw=$(how_it_ended)
        fi
        complain "$1 threads besides main${2:+, $2}" "$saw"
    fi
}

# await_settled: waits until main sleeps, and no signal is on its way to it.
await_settled() {
    settled() {
        gone "$pid" || [[ $(state "$pid") == S && $(field "$pid" ShdPnd) =~ ^0*$ ]]
    }
    await "main to wait for something" settled
}

# assert_threads_sleep WORDS: that all threads together run at most for an
# instant while we look. The kernel counts for how many ns, and how often, each
# has run, in /proc/PID/task/TID/schedstat.
assert_threads_sleep() {
    ran_so_far() {
        cat "/proc/$pid/task"/*/schedstat |
            awk '{ time += $1; turns += $3 } END { printf "%d %d\n", time / 1000, turns }'
    }
    local time turns time_after turns_after i end most=10
    await_settled
    read -r time turns < <(ran_so_far)
    end=$((${EPOCHREALTIME/./} + 250000))
    for ((i = 0; i < 5 || ${EPOCHREALTIME/./} < end; i++)); do
        pause
    done
    read -r time_after turns_after < <(ran_so_far)
    time=$((time_after - time)) turns=$((turns_after - turns))
    if [[ ${SAN:-} ]]; then
        most=20 # ThreadSanitizer's own thread looks around
    fi
    if ((turns > most || time > 20000)); then
        complain "all threads to sleep $1" \
            "in a quarter of a second they ran $turns times, for $time µs"
    fi
}

# look_for_races PROGRAM: sets helgrind to the words that run it under helgrind, a
# tool of valgrind's that finds what two threads use without an order between
# them, whether that went wrong this time or not. ThreadSanitizer does so by
# itself; helgrind doesn't know musl's functions.
look_for_races() {
    helgrind=()
    if [[ ! ${SAN:-}${UNDER:-} ]] && ! grep -q ld-musl "$BIN/$1"; then
        needs valgrind valgrind
        helgrind=(valgrind --quiet --vgdb=no --tool=helgrind)
    fi
}

# assert_no_race_found: that helgrind had nothing to say of the run that ended:
# neither of data nor of the order of locks.
assert_no_race_found() {
    local word
    for word in "data race" "lock order"; do
        if [[ $stderr == *"$word"* ]]; then
            complain "no \"$word\" found by valgrind --tool=helgrind" \
                "$(sed -E 's/^==[0-9]+== ?//; /^-*$/d' "$run/stderr" | head -n 20)"
        fi
    done
}

# assert_no_race FILE PROGRAM [ARG...]: runs it to its end, with FILE as its
# input, and looks for races.
assert_no_race() {
    look_for_races "$2"
    run_program -i "$1" "${helgrind[@]}" "${@:2}"
    assert_no_race_found
}

# be_unkind WORD...: from now on programs meet what is allowed but rare: spurious
# wakeups, threads that are held up at a lock, ... (see tools/unkind.c). Without
# a word they are as usual again.
be_unkind() {
    if [[ ${SAN:-}${UNDER:-} ]]; then
        skip "valgrind and the sanitizers have mutexes of their own"
    fi
    unkind=()
    if (($#)); then
        unkind=(env "LD_PRELOAD=$top/$BUILD/tools/unkind.so" "UNKIND=$*")
    fi
}

# unkind_if_possible WORD...: be_unkind, but where that can't be the test goes on
# without it: what it asks for holds in any case, it only can't catch as much.
unkind_if_possible() {
    [[ ${SAN:-}${UNDER:-} ]] || be_unkind "$@"
}

# where_threads_wait: in which function of the kernel, from /proc/PID/task/TID/wchan.
where_threads_wait() {
    local task place
    for task in "/proc/$pid/task"/*; do
        place=$(cat "$task/wchan" 2>/dev/null) || continue
        case $place in
        futex*) place="$place: for a lock, a condition variable or the end of a thread" ;;
        do_wait) place="$place: for a child" ;;
        0 | '') place="no call: it uses the CPU" ;;
        esac
        echo "$([[ $task == */$pid ]] && echo main || echo thread) in $place"
    done | sort | uniq -c | sed -E 's/^ *1 //; s/^ *([0-9]+) thread/\1 threads/'
}

# finish: ends the program's input, and waits for its end. What hangs is shown
# now, not when the sandbox ends it.
finish() {
    end_input
    if ! wait_until "$DEADLINE" gone "$pid" 2>/dev/null; then
        complain "to end${1:+ $1}" "still running after $DEADLINE s"$'\n'"$(where_threads_wait)"
    fi
    finish_program
}

# Skips a test, visibly, that leaves a program no memory for many threads.
needs_little_memory() {
    if [[ ${SAN:-}${UNDER:-} ]]; then
        skip "valgrind and the sanitizers need more memory than this test allows"
    fi
}

# gates COUNT: makes what holds the commands 1 to COUNT; before the program is
# started.
gates() {
    local i fd
    for ((i = 1; i <= $1; i++)); do
        mkfifo "$work/gate$i"
        exec {fd}<>"$work/gate$i"
        gate[i]=$fd
    done
}

# held N [END]: a command that says "begun N", waits until open_gate N... lets
# it go on, and ends with END.
held() {
    echo "echo begun $1; read -r x <gate$1; ${2:-exit 0}"
}

open_gate() {
    local i
    for i; do
        echo >&"${gate[$i]}"
    done
}

# await_begun N...: waits until those commands have begun.
await_begun() {
    local i
    for i; do
        await "job $i to begin" written "begun $i"
    done
}

type_lines() {
    printf '%s\n' "$@" >&"$stdin"
}

# How many were begun, ever.
begun() {
    grep -c '^begun' "$run/stdout"
}

# run_now COUNT: whether so many children run.
run_now() {
    [[ $(children "$pid" | grep -vc ' Z$') == "$1" ]]
}

# reported LINE: whether standard error has that line.
reported() {
    grep -qxF -- "$1" "$run/stderr"
}

# Waits until the program has read all that was typed, and waits for more.
await_taken() {
    no_input() { ! read -r -t 0 -u "$stdin"; }
    await "all of its input to be read, as it comes" no_input
    await_settled
}

# assert_goes_on COUNT WORDS: it hasn't ended, and so many children run.
assert_goes_on() {
    if gone "$pid"; then
        finish_program
        complain "to go on $2" "$(how_it_ended)"
    fi
    run_now "$1" || complain "$1 children to run $2" "$(children "$pid")"
}

# assert_reports LINE...: standard error has these lines, in any order.
assert_reports() {
    expect "these lines on standard error, in any order" \
        assert_equal "$(sort <<<"$stderr")" "$(printf '%s\n' "$@" | sort)"
}
