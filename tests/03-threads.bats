# Lab 03: threads.

load lib/lab

# ThreadSanitizer has a thread of its own in every process.
own_threads=$([[ ${SAN:-} == thread ]] && echo 1 || echo 0)

# tasks PID: each thread that the kernel has for a process, a line "TID NAME",
# TID as the process sees it.
tasks() {
    cat "/proc/$1/task"/*/status | awk '
        /^Name:/ { name = substr($0, index($0, "\t") + 1) }
        /^NSpid:/ { print $NF, name }'
}

has_threads() { # has_threads PID COUNT
    [[ $(field "$1" Threads) == $(($2 + own_threads)) ]]
}

# count FACT: how many facts are like this, as a regular expression.
count() {
    grep -cE "^$1\$" "$run/facts"
}

@test "create_join: every result arrives; each thread has ended before the process does" {
    threads=$((RANDOM % 200 + 2)) limit=$((RANDOM % 20000))
    start create_join -n $threads -m $limit -w
    await "the end of the work" written "Enter ends me"
    await "no thread but main" has_threads "$pid" 1
    finish_program
    assert_ended "exit 0"
    primes=$(seq 0 $limit | head -n -1 | factor | awk 'NF == 2' | wc -l)
    assert_line "main[$(facts pid)]: $primes primes below $limit"
    assert_equal "$(awk '/^worker/ { n++; sum += $2 } END { print n, sum }' "$run/stdout")" \
        "$threads $primes"
    # A part in the middle: its own result, not another one's.
    read -r result from below < <(sed -nE \
        's/^worker.*: ([0-9]+) primes from ([0-9]+) on, below ([0-9]+)$/\1 \2 \3/p' "$run/stdout" | shuf -n 1)
    assert_equal "$(seq "$from" "$below" | head -n -1 | factor | awk 'NF == 2' | wc -l)" "$result"

    run_program create_join -n $threads -m 0 # more threads than work
    assert_ended "exit 0"
    assert_line --index $threads --partial "0 primes below 0"

    threads=$((RANDOM % 8 + 2))
    traced create_join -n $threads -m 5000
    assert_ended "exit 0"
    assert_equal "$(count 'thread parent parent/t[0-9]+')" $((threads + own_threads))
    assert_equal "$(count 'exit parent/t[0-9]+ = 0')" $threads
    assert_fact_before "exit parent/t$threads = 0" "exit parent = 0"
}

@test "thread_ids: one PID, and as many TIDs as the kernel has tasks" {
    threads=$((RANDOM % 20 + 2))
    start thread_ids -n $threads -w
    await "all to be alive" written "Enter goes on"
    assert has_threads "$pid" $((threads + 1))
    tasks "$pid" >"$BATS_TEST_TMPDIR/tasks"
    finish_program
    assert_ended "exit 0"
    self=$(facts pid)
    # What each thread says of itself is what the kernel says of it.
    expect "the TIDs that /proc has" assert_equal \
        "$(sed -nE "s/^thread.*: getpid $self, gettid ([0-9]+), .*/\1/p" "$run/stdout" | sort)" \
        "$(awk -v self="$self" '$1 == self || $2 == "worker" { print $1 }' "$BATS_TEST_TMPDIR/tasks" | sort)"
    assert_line --partial "main: getpid $self, gettid $self,"
    assert_equal "$(sed -n 's/.* worker //p' "$BATS_TEST_TMPDIR/tasks" | sort -n | xargs)" "$(seq -s ' ' $threads)"
    assert_equal "$(grep -o 'pthread_self .*' "$run/stdout" | sort -u | wc -l)" $((threads + 1))

    run_program thread_ids -n $threads -r 2 # no TID comes again
    assert_ended "exit 0"
    assert_equal "$(grep -oE 'gettid [0-9]+' "$run/stdout" | sort -u | wc -l)" $((2 * threads + 1))
}

# names PROGRAM: the numbers in the names of its threads, while they live.
names() {
    start "$1" -n 40 -w
    await "all to be alive" written "Enter goes on"
    tasks "$pid" | sed -n 's/.* worker //p' | sort -n | xargs
    type_line
}

@test "arg_race: each thread has the number that was meant for it" {
    expect "each of the numbers 0 to 39 once" assert_equal "$(names arg_race)" "$(seq -s ' ' 0 39)"
    run_program arg_race -n $((RANDOM % 20 + 2)) -r 50
    assert_ended "exit 0"
}

@test "arg_race_broken: numbers come twice or never, and ThreadSanitizer sees why" {
    if [[ ${SAN:-} == thread ]]; then
        run run_program arg_race_broken
        assert_failure # since there is a report
        assert_output --partial "data race"
        assert_output --partial "arg_race_broken.c"
        return
    fi
    expect "not each of the numbers once" refute [ "$(names arg_race_broken)" == "$(seq -s ' ' 0 39)" ]
    run_program arg_race_broken -r 100
    assert_ended "exit 1"
    assert_regex "$output" "([0-9]+) of 100 rounds went wrong"
    assert [ "${BASH_REMATCH[1]}" -ge 90 ]
}

@test "detach: the threads go on when main is a zombie, and all their lines come" {
    if [[ ${SAN:-} == thread ]]; then
        skip "ThreadSanitizer's own thread keeps a process alive whose main has ended"
    fi
    threads=$((RANDOM % 10 + 2)) each=$((RANDOM % 50 + 1))
    start detach -n $threads -c $each -w
    await "main to end, and nobody else" in_state "$pid" Z
    assert has_threads "$pid" $((threads + 1))
    refute written worker
    type_line
    finish_program
    assert_ended "exit 0"
    assert_equal "$(grep -c ^worker "$run/stdout")" $((threads * each))
    assert_equal "$(grep ^worker "$run/stdout" | sort -u | wc -l)" $((threads * each))
}

@test "detach: who returns from main ends all; who waits for them doesn't; nobody joins" {
    run_program detach -n 20 -c 30 -e wait
    assert_ended "exit 0"
    assert_equal "$(grep ^worker "$run/stdout" | sort -u | wc -l)" 600

    traced detach -n 2 -c 100000 -e return
    assert_ended "exit 0"
    assert_equal "$(count 'thread parent parent/t[0-9]+')" $((2 + own_threads))
    refute_fact "exit parent/t* = *"
    assert [ "$(grep -c ^worker "$run/stdout")" -lt 200000 ]
}

@test "detach: to join a detached thread is refused" {
    if [[ ${SAN:-} == thread ]]; then
        run run_program detach -e join
        assert_output --partial "pthread_join"
        return
    fi
    traced detach -e join
    assert_ended "exit 0"
    refute_fact "join *"
    if has_fact "killed child.1 SIGSEGV"; then # so musl refuses
        assert_output --partial "killed by SIGSEGV"
    else
        assert_fact "exit child.1 = 22"
        assert_output --partial "EINVAL"
    fi
}

@test "unjoined: a thread that ended keeps its stack until somebody joins it" {
    threads=$((RANDOM % 100 + 300)) kib=$((RANDOM % 500 + 1000))
    start unjoined -n $threads -s $kib -w
    await "the last thread to end" written "Enter makes me"
    await "no thread but main" has_threads "$pid" 1
    size=$(field "$pid" VmSize)
    finish_program
    assert_ended "exit 0"
    if [[ ! ${SAN:-} ]]; then
        # Those that were joined, and those that were detached, left next to nothing.
        assert [ "${size% kB}" -gt $((threads * kib)) ]
        assert [ "${size% kB}" -lt $((threads * kib * 3 / 2)) ]
        assert_regex "$output" 'joined after all: +([0-9]+) KiB'
        assert [ "${BASH_REMATCH[1]}" -lt $((threads * kib / 2)) ]
    fi
}

# sleeps_with_all_threads N: whether the traced process has so many at least, and all sleep.
sleeps_with_all_threads() {
    local states
    states=$(sed 's/.*) \(.\).*/\1/' "/proc/$tracee/task"/*/stat)
    [[ ${states//$'\n'/} =~ ^S{$1,}$ ]]
}

@test "cancel: the mutex that a cancelled thread held is free, with a cleanup handler" {
    # It is cancelled where it waits, not on its way there.
    needs_tracing
    UNDER=strace start cancel -w
    await_children cancel
    tracee=$(child_of "$pid" cancel)
    await "main and the thread to sleep" sleeps_with_all_threads 2
    finish_program
    keep_facts "$run"
    assert_ended "exit 0"
    assert_fact_before "signal parent parent/t* SIGRT_*" "exit parent/t* = 0"
    assert_fact "read parent/t* pipe:1 = *" # it had waited there
    refute_fact "futexwait parent * = ETIMEDOUT"
    assert_output --regexp $'the mutex is free\nworker.* 500500\nmain.* was cancelled$'
    refute_output --partial "never seen"

    traced cancel -x -t 0.05
    assert_ended "exit 1"
    assert_fact "futexwait parent * = ETIMEDOUT"
    assert_regex "$stderr" "^cancel: the mutex is still locked after 0.05 s"
}

@test "thread_ends: exit, a fault and a signal end the process, but no other process" {
    traced thread_ends
    assert_ended "exit 0"
    for child in 2 3 6; do # return, pthread_exit, cancel
        assert_fact_before "exit child.$child/t* = 0" "exit child.$child = 0"
    done
    assert_fact "exit child.4 = 7"
    assert_fact_before "deliver child.5/t* SIGSEGV default from kernel" "killed child.5 SIGSEGV"
    assert_fact_before "signal child.7 child.7/t* SIGTERM" "killed child.7 SIGTERM"
    assert_fact_before "killed child.7 SIGTERM" "exit child.1 = 0"
    assert_every_child_waited_for
}

@test "threads_vs_processes: threads share the counter, processes have their own" {
    workers=$((RANDOM % 5 + 1)) adds=$((RANDOM % 5000 + 1))
    traced threads_vs_processes -j $workers -a $adds -n 5
    assert_ended "exit 0"
    sum=$((workers * adds))
    assert_line --partial "after threads: $sum"
    assert_line --partial "after processes: $sum"
    assert_equal "$(grep -c "^child.*: $((sum + adds))\$" "$run/stdout")" $workers
    # Each was really made: three ways to make a process, one to make a thread.
    assert_equal "$(count 'fork parent child\.[0-9]+')" $((workers + 3 * 5))
    assert_equal "$(count 'thread parent parent/t[0-9]+')" $((workers + 5 + own_threads))
    assert_equal "$(count 'exec child\.[0-9]+ true')" 5
    assert_every_child_waited_for
}

@test "threads_vs_processes: a big process makes a fork dear, not a thread or a vfork" {
    if [[ ${SAN:-} ]]; then
        run_program threads_vs_processes -n 10 # a sanitizer's memory is enough
        assert_ended "exit 0"
        return
    fi
    # Seventy times as long, on a quiet machine; on a busy one, another look.
    for _ in {1..5}; do
        run_program threads_vs_processes -n 15 -m 128
        assert_ended "exit 0"
        for kind in thread fork vfork; do
            printf -v $kind %s "$(awk -v kind=$kind '$2 == kind { print int($3) }' "$run/stdout")"
        done
        ((fork <= 2 * thread || fork <= 2 * vfork)) || break
    done
    expect "a fork twice as long as a thread" assert [ "$fork" -gt $((2 * thread)) ]
    expect "a fork twice as long as a vfork" assert [ "$fork" -gt $((2 * vfork)) ]
}

@test "switch_cost: all are on one processor, and switch at least once for each byte" {
    times=$((RANDOM % 5 + 3))
    start switch_cost -n $times -k 16 -w
    await "the measurements" written "Enter ends me"
    child=$(child_of "$pid" switch_cost)
    await "its partners" has_threads "$pid" 2
    for task in "$pid" "$child"; do
        assert_regex "$(field "$task" Cpus_allowed_list)" '^[0-9]+$'
        assert_equal "$(field "$task" Cpus_allowed_list)" "$(field "$pid" Cpus_allowed_list)"
        # All threads of it together: main has two partners to wait for.
        switches=$(cat "/proc/$task/task"/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }')
        assert [ "$switches" -ge $((task == pid ? 300 * times : 100 * times)) ]
    done
    finish_program
    assert_ended "exit 0"
    assert_line --regexp 'a switch: threads -?[0-9.]+ us, processes -?[0-9.]+ us$'
    assert_every_child_waited_for
}

@test "bad usage is refused, help is given, failed output is noticed" {
    run_program bash -c '
        for program in create_join thread_ids arg_race arg_race_broken detach unjoined \
            cancel thread_ends threads_vs_processes switch_cost; do
            "$program" -h >out 2>err && [[ $(<out) == "Usage: $program"* && ! -s err ]] ||
                echo "$program -h: $?"
            for words in -Z surplus "-n 1x" "-n -1"; do
                "$program" $words >out 2>err </dev/null
                [[ $? == 2 && ! -s out && -s err ]] || echo "$program $words: no"
            done
            "$program" -h >/dev/full 2>/dev/null && echo "$program: a full disk"
        done
        detach -e nothing >out 2>err; [[ $? == 2 && ! -s out ]] || echo "detach -e: no"
        create_join -m 100 >/dev/full 2>err; [[ $? == 1 ]] && grep -q "No space" err || echo "create_join: no"
        rm out err'
    assert_ended "exit 0"
    assert_output ""
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    if [[ ${SAN:-} == thread ]]; then
        skip "ThreadSanitizer reports what is wrong on purpose"
    fi
    run "$top/tools/transcript" "$LAB"
    assert_success
}
