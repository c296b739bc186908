# The exercise ex1_dispatcher of lab 10.

# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2086,SC2154

load ../lib/lab
load ../lib/queues
load ../lib/threads

q=/labtest-$RANDOM$RANDOM

# queue_of PID: what in /proc stands for its descriptor of the queue.
queue_of() {
    local fd
    for fd in "/proc/$1/fd"/*; do
        if [[ $(readlink "$fd") == "$q"* ]]; then
            echo "$fd"
            return
        fi
    done
    return 1
}

# workers [STATE]: the children of the dispatcher.
workers() {
    children "$pid" | awk -v state="${1:-}" 'state == "" || $3 == state { print $1 }'
}

workers_asleep() {
    [[ $(workers S | wc -l) == "$1" && $(workers | wc -l) == "$1" ]]
}

# await_workers N WORDS
await_workers() {
    await "$1 workers, each asleep${2:+, $2}" workers_asleep "$1"
}

# reports: the lines "job N: HOW", in their order.
reports() {
    sed -nE 's/^[a-z]+\[[0-9]+\]: (job [0-9]+: )/\1/p' "$run/stdout"
}

assert_job_reports() {
    expect "these reports" assert_equal "$(reports)" "$(printf '%s\n' "$@")"
}

assert_all_reports() { # in any order
    expect "these reports, in any order" assert_equal "$(reports | sort)" "$(printf '%s\n' "$@" | sort)"
}

reported_so_many() {
    [[ $(reports | wc -l) == "$1" ]]
}

# worker_of JOB: the worker that runs that held job.
worker_of() {
    local worker
    for worker in $(workers); do
        if children "$worker" | grep -q .; then
            if grep -qz "begun $1;" /proc/"$(children "$worker" | cut -d' ' -f1)"/cmdline; then
                echo "$worker"
                return
            fi
        fi
    done
    return 1
}

# Waits for its end; what hangs is shown.
await_end() {
    end_input
    if ! wait_until "$DEADLINE" gone "$pid" 2>/dev/null; then
        complain "to end${1:+ $1}" "still running after $DEADLINE s; its workers: $(children "$pid" | xargs)"$'\n'"standard output: $(head -c 500 "$run/stdout")"
    fi
    finish_program
}

# bats test_tags=ex:1,points:5
@test "each job is run by a shell and reported, and the status says whether all went well" {
    likely "WIFEXITED and WIFSIGNALED; a job must not read the dispatcher's input" 'TODO 3 in ex1_dispatcher.c; waitpid(2)'
    needs_queues
    a=$((RANDOM % 90 + 2)) b=$((RANDOM % 90 + 2)) c=$((RANDOM % 90 + 2))
    cat >"$work/input" <<LINES
7 exit $a
7 read -r line || exit $b
7 kill -9 \$\$
7 echo one; cat; : "two"  && exit $c
LINES
    printf '7 echo last' >>"$work/input"
    run_program -i "$work/input" ex1_dispatcher -j 1 "$q"
    rm "$work/input"
    assert_ended "exit 1"
    assert_job_reports "job 1: exit $a" "job 2: exit $b" "job 3: killed by SIGKILL" "job 4: exit $c" "job 5: exit 0"
    expect "the jobs' own output" assert_equal "$(grep -cx -e one -e last "$run/stdout")" 2
    assert_every_child_waited_for
    run_program sh -c 'printf "1 true\n2 exit 0\n" | ex1_dispatcher "$0" && ex1_dispatcher -j 9 "$0"' "$q"
    assert_ended "exit 0"
    assert_all_reports "job 1: exit 0" "job 2: exit 0"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:4
@test "a line that isn't a job is an error that names it, and the rest goes on" {
    likely "look at every character before you believe a number; a line may be longer than any buffer" '"Input" of ex1_dispatcher in the README'
    needs_queues
    long() { printf ": %0$(($1 - 2))d" 0; }
    {
        printf '%s\n' x "32768 true" 5 "5 " "-1 true" " 5 true" "+5 true" "-0 true" $'5\t true' 000005\ true "5x true" "" "99999999999999999999 true"
        echo "1 $(long 1001)"
        echo "32767 $(long 1000)"
        echo "1 $(long 100000)"
        echo "0 exit $((a = RANDOM % 90 + 2))"
    } >"$work/input"
    run_program -i "$work/input" ex1_dispatcher -j 1 "$q"
    rm "$work/input"
    assert_ended "exit 1"
    assert_all_reports "job 15: exit 0" "job 17: exit $a"
    expect "these errors" assert_equal "$stderr" "$(printf 'ex1_dispatcher: line %s: no job, or too long\n' {1..14} 16)"
}

# bats test_tags=ex:1,points:8
@test "the most urgent job is run first, equal ones in order" {
    likely "the highest number comes first, by itself; don't turn it round, and don't sort" 'TODO 2 in ex1_dispatcher.c; mq_send(3)'
    needs_queues
    gates 1
    priorities=(0 0 1 5 32767 5 0)
    priorities+=($((RANDOM % 100)) $((RANDOM % 20000)) 1)
    start ex1_dispatcher -j 1 -m 10 "$q"
    type_line "3 $(held 1)"
    await_begun 1
    expected=()
    for i in "${!priorities[@]}"; do
        type_line "${priorities[i]} exit $((status = RANDOM % 200 + 1))"
        expected+=("${priorities[i]} job $((i + 2)): exit $status")
    done
    await_taken
    open_gate 1
    await_end
    assert_ended "exit 1"
    assert_job_reports "job 1: exit 0" "$(printf '%s\n' "${expected[@]}" | sort -s -k1,1nr | cut -d' ' -f2-)"
}

# bats test_tags=ex:1,points:7
@test "all workers are there from the beginning, asleep; each takes a job, and gives it nothing of ours" {
    likely "an empty queue isn't the end: mq_receive() waits. Jobs inherit what isn't close-on-exec, and the signal mask" 'TODO 2 and 3 in ex1_dispatcher.c; mq_receive(3), execve(2)'
    needs_queues
    count=$((RANDOM % 4 + 3))
    gates $count
    start ex1_dispatcher -j $count "$q"
    await_workers $count "before the first line"
    turns() {
        sed 's|.*|/proc/&/schedstat|' < <(workers) | xargs cat | awk '{ n += $3 } END { print n }'
    }
    before=$(turns)
    assert_idle
    after=$(turns)
    ((after - before < 5)) || complain "the workers to sleep" "in a quarter of a second they ran $((after - before)) times"
    await_workers $count "still"
    first=$(workers | sort | xargs)
    for ((i = 1; i <= count; i++)); do
        type_line "$i echo begun $i; exec cat <gate$i"
    done
    await_begun $(seq $count)
    expect "the same workers as before" assert_equal "$(workers | sort | xargs)" "$first"
    for worker in $first; do
        await "each worker to run a job" child_of "$worker" cat >/dev/null
        job=$(child_of "$worker" cat)
        [[ ${UNDER:-} ]] || assert_only_standard "$job" "a job" # valgrind leaves it more
        for set in SigBlk SigIgn; do
            ! in_set "$job" $set TERM || complain "SIGTERM to be as usual in a job" "it is in $set"
        done
        kill "$job"
    done
    await_end
    mapfile -t expected < <(seq -f 'job %g: killed by SIGTERM' $count)
    assert_all_reports "${expected[@]}"
    assert_ended "exit 1"
}

# bats test_tags=ex:1,points:6
@test "the queue is new, for one user alone, has its name to the end, and is removed" {
    likely "O_CREAT without O_EXCL takes what is there; without a name nobody can look at it; nobody but mq_unlink() removes it" 'TODO 1 in ex1_dispatcher.c; mq_open(3), mq_overview(7)'
    needs_queues
    start ex1_dispatcher -m 3 "$q"
    await "to have a queue called $q open" eval "queue_of $pid >/dev/null"
    await_workers 2
    expect "its mode" assert_equal "$(stat -Lc %a "$(queue_of "$pid")")" 600
    type_line "1 echo '1 true' | ex1_dispatcher $q 2>&1"
    await "a second one to fail" written "job 1: exit 1"
    expect "a message that it exists" written "ex1_dispatcher: $q: File exists"
    expect "the name of the queue" assert_equal "$(readlink "$(queue_of "$pid")")" "$q"
    await_end
    assert_ended "exit 1"
    assert_job_reports "job 1: exit 1"
    run_program bash -c 'exec {gone}> >(:); wait $!; printf "1 true\n1 true\n" | ex1_dispatcher -j 1 "$0" >&$gone
        for i in 1 2; do ex1_dispatcher "$0" || exit; done' "$q"
    assert_ended "exit 0" "to end with exit 0, twice with the same name, also if nobody reads what one says"
    if [[ $SANDBOX == bwrap || $EUID != 0 ]]; then # root isn't held to these
        run_program bash -c 'ex1_dispatcher -m $(($(cat /proc/sys/fs/mqueue/msg_max) + 1)) "$0"; echo $?
            ulimit -q 3000; ex1_dispatcher "$0"' "$q"
        assert_ended "exit 1"
        expect "the status of the first" assert_output 1
        expect "messages that name the limit" assert_equal "$(sed -E 's/: [A-Z].*//' "$run/stderr")" \
            "ex1_dispatcher: $q (fs/mqueue/msg_max)"$'\n'"ex1_dispatcher: $q (RLIMIT_MSGQUEUE)"
    fi
}

# bats test_tags=ex:1,points:6
@test "a full queue makes it wait, asleep, and read no further; nothing is lost" {
    likely "mq_send() waits by itself, and poll() waits for POLLOUT; don't read all of the input first" '"A full queue" of ex1_dispatcher in the README'
    needs_queues
    gates 1
    {
        echo "1 $(held 1)"
        printf '1 cat; exit 0 #%0900d\n' 2 # of the dispatcher's input it shall get nothing
        for i in {3..150}; do
            printf '1 exit 0 #%0900d\n' $i
        done
    } >"$work/input"
    start sh -c 'exec ex1_dispatcher -j 1 -m "$1" "$0" <input' "$q" $((room = RANDOM % 5 + 2))
    await_begun 1
    await_settled
    assert_idle
    at=$(sed -n 's/^pos:[[:space:]]*//p' "/proc/$pid/fdinfo/0")
    ((at <= (room + 3) * 1000 + 65536)) || complain "at most 65536 bytes read further than the jobs in the queue" "$at bytes read"
    bytes=$(sed -nE 's/.*QSIZE:([0-9]+).*/\1/p' "$(queue_of "$pid")")
    ((bytes > room * 900)) || complain "$room messages in the queue" "$bytes bytes in it"
    rm "$work/input"
    open_gate 1
    await_end
    assert_ended "exit 0"
    mapfile -t expected < <(seq -f 'job %g: exit 0' 150)
    assert_job_reports "${expected[@]}"
}

# bats test_tags=ex:1,points:6
@test "at the end of the input, what waits is still run, and each worker gets an end" {
    likely "an end must come behind all jobs, also those of priority 0, and one takes it from all others" 'TODO 2 in ex1_dispatcher.c; wait(2)'
    needs_queues
    count=$((RANDOM % 3 + 3))
    gates $count
    start ex1_dispatcher -j $count -m 7 "$q"
    for ((i = 1; i <= count; i++)); do
        type_line "9 $(held $i)"
        await_begun $i
    done
    mapfile -t expected < <(seq -f 'job %g: exit 0' $count)
    for (( ; i <= count + 4; i++)); do
        type_line "0 exit $i"
        expected+=("job $i: exit $i")
    done
    await_taken
    end_input
    await_settled
    open_gate $(seq $count)
    await_end
    assert_ended "exit 1"
    assert_all_reports "${expected[@]}"
    assert_every_child_waited_for
    run_program sh -c 'echo "0 exit 7" | ex1_dispatcher -j 20 -m 1 "$0"' "$q"
    assert_ended "exit 1"
    assert_all_reports "job 1: exit 7"
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:8
@test "SIGTERM and SIGINT: what runs is finished, what waits isn't begun" {
    likely "the dispatcher may be waiting for input, for room, or for its workers; Ctrl-C is sent to the workers, too" 'TODO 4 in ex1_dispatcher.c; signalfd(2), poll(2)'
    needs_queues
    gates 2
    for when in room input workers; do
        sig=$([[ $((RANDOM % 2)) == 0 ]] && echo TERM || echo INT)
        start ex1_dispatcher -j 2 -m 4 "$q"
        last=$([[ $when == room ]] && echo 7 || echo 5)
        for i in 1 2; do
            type_line "9 $(held $i "exit $i")"
            await_begun $i
        done
        expected=("job 1: exit 1" "job 2: exit 2")
        for ((i = 3; i <= last; i++)); do
            type_line "$((RANDOM % 9)) echo begun $i"
            expected+=("job $i: not run")
        done
        await_taken
        if [[ $when == workers ]]; then
            end_input
            await_settled
        fi
        for worker in $(workers) $pid; do
            kill -s "$sig" "$worker"
        done
        await "reports of the jobs that waited, after SIG$sig while it waited for $when" reported_so_many $((last - 2))
        open_gate 1 2
        await_end "by SIG$sig, when the two jobs have ended"
        assert_ended "signal $sig"
        assert_all_reports "${expected[@]}"
        assert_every_child_waited_for
        refute_output --partial "begun 3"
    done
}

# bats test_tags=ex:1,points:5
@test "a killed worker doesn't stop the others; when none is left it ends, whatever waits" {
    likely "a pipe whose write ends only the workers have hangs up when the last is gone; wait for that beside room in the queue" '"Killed workers" of ex1_dispatcher in the README; poll(2)'
    needs_queues
    gates 3
    start ex1_dispatcher -j 2 -m 2 "$q"
    for i in 1 2; do
        type_line "9 $(held $i)"
        await_begun $i
    done
    kill_worker() {
        local worker job
        worker=$(worker_of "$1")
        job=$(children "$worker" | cut -d' ' -f1)
        kill -KILL "$worker"
        open_gate "$1"
        wait_until "$DEADLINE" gone "$job"
    }
    kill_worker 1
    open_gate 2
    type_line "9 $(held 3)"
    await_begun 3
    expected=("job 2: exit 0")
    for i in 4 5 6; do
        type_line "5 true"
        expected+=("job $i: not run")
    done
    await_taken
    kill_worker 3
    if ! wait_until "$DEADLINE" gone "$pid" 2>/dev/null; then
        complain "to end, for no worker is left" "still running after $DEADLINE s"
    fi
    finish_program
    assert_ended "exit 1"
    assert_all_reports "${expected[@]}"
}

# bats test_tags=ex:1,points:3
@test "workers don't outlive the dispatcher" {
    likely "who waits in mq_receive() isn't told that the sender is dead; the kernel can be asked for a signal then" 'TODO 2 in ex1_dispatcher.c; PR_SET_PDEATHSIG in prctl(2)'
    needs_queues
    allow_left 'file /dev/mqueue/.*'
    own=()
    if [[ $SANDBOX != bwrap ]]; then # so that its queue doesn't stay
        own=(unshare --user --map-root-user --ipc)
        "${own[@]}" true || skip "an IPC namespace can't be made here (unshare(1))"
    fi
    gates 1
    start "${own[@]}" sh -c 'ex1_dispatcher -j 3 "$0" <gate1 & read -r x; wait' "$q"
    shell=$pid
    has_child() { children "$shell" | grep -q .; }
    await "to run" has_child
    pid=$(children "$shell" | cut -d' ' -f1)
    await_workers 3
    them=$(workers)
    kill -KILL "$pid"
    pid=$shell
    for worker in $them; do
        await "the workers to be gone, since the dispatcher was killed" gone "$worker"
    done
    type_line
    finish_program
}
