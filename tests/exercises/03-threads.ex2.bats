# The exercise ex2_pool of lab 03.

load ../lib/lab
load ../lib/threads

# bats test_tags=ex:2,points:4
@test "the threads are there before the first job, and end with the input" {
    likely "make all threads first, then read; at the end of input wake all that wait, and join them" 'TODO 1 and 2 in ex2_pool.c; pthread_cond_broadcast(3)'
    start ex2_pool -j $((count = RANDOM % 20 + 5))
    await_threads $count "before it gets a job"
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:2,points:6
@test "as many jobs run at once as there are threads, and the next begins when one ends" {
    likely "a thread is made for each job; or a job runs while its thread holds the lock; or a thread that waits isn't woken when a job comes" '"Pool" of ex2_pool in the README; pthread_cond_signal(3)'
    gates 7
    start ex2_pool -j 3
    await_threads 3 "before it gets a job"
    ids=$(echo "/proc/$pid/task"/*)
    type_line "$(held 1)" # one job for three threads that wait
    await_begun 1
    type_line "$(for i in {2..7}; do held "$i"; done)" # in one write
    await_begun 2 3
    await_taken
    expect "3 of 7 jobs to have begun" assert_equal "$(begun)" 3
    await "3 jobs to run at once" run_now 3
    first=$((RANDOM % 3 + 1))
    open_gate $first
    await_begun 4
    reported "job $first: exit 0" || complain "the line of job $first before its thread begins another" "$(<"$run/stderr")"
    expect "one more job to have begun" assert_equal "$(begun)" 4
    open_gate {1..7}
    for i in {1..7}; do await "the end of job $i" reported "job $i: exit 0"; done
    expect "the same threads as before the first job" assert_equal "$(echo "/proc/$pid/task"/*)" "$ids"
    finish
    assert_ended "exit 0"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:4
@test "threads that have nothing to do, or whose job runs, sleep" {
    likely "a loop looks again and again whether there is a job, or whether one has ended: wait in pthread_cond_wait() and waitpid()" '"Pool" of ex2_pool in the README; pthread_cond_wait(3), waitpid(2)'
    gates 1
    start ex2_pool -j 3
    type_line "$(held 1)"
    await_begun 1
    assert_threads_sleep "while one job runs and there is no other"
    open_gate 1
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:2,points:4
@test "every job is run exactly once" {
    likely "a thread must take a job out of the queue before it unlocks; and a job needs a line of its own: the next getline() writes over the old one" 'TODO 2 in ex2_pool.c; pthread_mutex_lock(3)'
    for ((i = 1; i <= 80; i++)); do
        words[i]=$i-$RANDOM
        echo "echo ${words[i]}"
    done >"$work/input"
    run_program -i "$work/input" ex2_pool -j 8
    assert_ended "exit 0"
    expect "each word once, in any order" assert_equal "$(sort <<<"$output")" "$(printf '%s\n' "${words[@]}" | sort)"
    assert_reports "$(for ((i = 1; i <= 80; i++)); do echo "job $i: exit 0"; done)"
}

# bats test_tags=ex:2,points:3
@test "one thread runs the jobs in the order of the lines" {
    likely "the oldest job comes first; every line is a job, an empty one too, and one without a newline at the end of the input" '"Jobs" of ex2_pool in the README; getline(3)'
    printf 'echo %s 1\n\necho 3; exit 3\necho 4\necho 5 >&2\necho 6' $((word = RANDOM)) >"$work/input"
    run_program -i "$work/input" ex2_pool -j 1
    assert_ended "exit 1"
    expect "what the jobs print, in order" assert_output "$word 1"$'\n3\n4\n6'
    expect "one report after the other" assert_equal "$stderr" $'job 1: exit 0
job 2: exit 0\njob 3: exit 3\njob 4: exit 0\n5\njob 5: exit 0\njob 6: exit 0'
}

# bats test_tags=ex:2,points:5
@test "at the end of input, jobs that run or wait are still run to their end" {
    likely "main returns or cancels threads before it has joined them; or a thread leaves when the queue is closed, though there are jobs in it" '"End" of ex2_pool in the README; pthread_join(3)'
    gates 2
    start ex2_pool -j 2
    type_lines "$(held 1)" "$(held 2)" "echo $((word = RANDOM)) 3" "echo $word 4"
    await_begun 1 2
    await_taken
    end_input
    await_settled
    assert_goes_on 2 "after the end of input"
    open_gate 1 2
    finish
    assert_ended "exit 0"
    expect "the two jobs that waited" assert_equal "$(grep -v begun <<<"$output" | sort)" "$word 3"$'\n'"$word 4"
    assert_reports "job "{1..4}": exit 0"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:5
@test "the end of each job is reported, when it comes, by its number" {
    likely "wait for the process of this job: waitpid(-1) takes any child, also another thread's. WIFSIGNALED() first, then WEXITSTATUS()" 'TODO 3 in ex2_pool.c; waitpid(2)'
    count=7
    gates $count
    start ex2_pool -j $count
    for ((i = 1; i <= count; i++)); do
        end[i]="exit $((RANDOM % 30 * 8 + i))" line[i]=''
    done
    end[2]='kill -KILL $$' line[2]='killed by SIGKILL' end[5]='kill -TERM $$' line[5]='killed by SIGTERM'
    type_line "$(for ((i = 1; i <= count; i++)); do held $i "${end[i]}"; done)"
    await_begun $(seq $count)
    for i in $(shuf -i 1-$count); do
        open_gate "$i"
        await "the line \"job $i: ${line[i]:-${end[i]}}\" when it ends, as the first of those that run" reported "job $i: ${line[i]:-${end[i]}}"
        done+=("$i")
        expect "so many lines" assert_equal "$(wc -l <"$run/stderr")" ${#done[@]}
    done
    finish
    assert_ended "exit 1" "exit 1, since jobs have failed"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:6
@test "after SIGTERM, jobs that run are finished, and no other is begun" {
    likely "SIGTERM is no reason to end what runs: let no thread take another job, and let main stop reading" '"SIGTERM" of ex2_pool in the README; TODO 4 in ex2_pool.c'
    gates 3
    start ex2_pool -j 2
    type_lines "$(held 1)" "$(held 2 'exit 9')" "$(held 3)" 'echo begun 4'
    await_begun 1 2
    await_taken
    kill -TERM "$pid"
    await_settled
    assert_goes_on 2 "after SIGTERM, as long as they take"
    open_gate 1
    await "the end of job 1" reported "job 1: exit 0"
    await_settled
    assert_goes_on 1 "after SIGTERM, as long as it takes"
    open_gate 2
    await "to end, though its input is still open" gone "$pid"
    finish_program
    assert_ended "exit 1"
    expect "these reports" assert_equal "$stderr" $'job 1: exit 0\njob 2: exit 9\njob 3: not run\njob 4: not run'
    expect "two jobs to have begun" assert_equal "$(sort <<<"$output")" $'begun 1\nbegun 2'
}

# bats test_tags=ex:2,points:3
@test "SIGTERM counts after the end of input, too" {
    likely "nobody takes the signal while main waits in pthread_join(), or threads don't look at what it has set before they take a job" '"SIGTERM" of ex2_pool in the README; pthread_sigmask(3)'
    gates 2
    start ex2_pool -j 1
    type_lines "$(held 1)" "$(held 2)"
    await_begun 1
    await_taken
    end_input
    await_settled
    kill -TERM "$pid"
    await_settled
    assert_goes_on 1 "after SIGTERM, as long as it takes"
    open_gate 1 2
    finish
    assert_ended "exit 1"
    expect "these reports" assert_equal "$stderr" $'job 1: exit 0\njob 2: not run'
}

# bats test_tags=ex:2,points:3
@test "a job has an empty standard input, no more descriptors, and the signal mask from before" {
    not_under_valgrind
    likely "a job that reads would eat the lines of the others; descriptors without O_CLOEXEC and blocked signals survive an exec" '"Jobs" of ex2_pool in the README; posix_spawn(3), execve(2)'
    printf '%s\n' 'readlink /proc/self/fd/0' 'cd /proc/self/fd; echo *' 'grep SigBlk /proc/self/status' >"$work/input"
    run_program env --block-signal=USR1 sh -c 'grep SigBlk /proc/self/status' # dash empties it
    mask=$output
    run_program -i "$work/input" env --block-signal=USR1 ex2_pool -j 1
    assert_ended "exit 0"
    expect "/dev/null; 0 to 2, and one that the shell itself needs to look; the mask" assert_output "/dev/null"$'\n0 1 2 3\n'"$mask"
}

# bats test_tags=ex:2,points:2
@test "a thread of the pool that can't be made is an error" {
    needs_little_memory
    likely "pthread_create() returns its error: never -1, and errno says nothing of it" 'check_pthread() in common/lab.h; pthread_create(3)'
    echo 'echo begun' >"$work/input"
    run_program -i "$work/input" bash -c 'ulimit -v 20000; exec ex2_pool -j 200'
    assert_ended "exit 1"
    expect "the message" assert_equal "$stderr" "ex2_pool: pthread_create: Resource temporarily unavailable"
    expect "no job to be run" assert_output ""
}

# bats test_tags=ex:2,points:2
@test "a job whose shell can't be started doesn't stop the others" {
    not_under_valgrind
    likely "posix_spawn() returns its error; where it failed there is no process to wait for" '"Errors" of ex2_pool in the README; posix_spawn(3)'
    # The kernel takes no argument of more than 128 KiB (execve(2)).
    printf 'exit 0\n: %s\necho %s\n' "$(head -c 140000 /dev/zero | tr '\0' x)" $((word = RANDOM)) >"$work/input"
    run_program -i "$work/input" ex2_pool -j 2
    assert_ended "exit 1"
    expect "what job 3 prints" assert_output $word
    assert_reports "job 1: exit 0" "job 2: not run: Argument list too long" "job 3: exit 0"
}

# bats test_tags=ex:2,points:3
@test "what the threads of the pool share is used with the lock held" {
    likely "look whether there is a job, take it, and note a failure, all with the lock held; run the job without" 'TODO 2 in ex2_pool.c; pthread_mutex_lock(3)'
    printf 'exit %s\n' 0 1 0 2 0 0 >"$work/input"
    # Who looks without the lock shall do so while another one has it.
    unkind_if_possible lock=20
    assert_no_race "$work/input" ex2_pool -j 3
    assert_ended "exit 1"
    assert_reports "job "{1,3,5,6}": exit 0" "job 2: exit 1" "job 4: exit 2"
}
