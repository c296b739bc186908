# Lab 10: message queues.

load lib/lab
load lib/queues

# A queue of a test's own, or its key. It doesn't outlive the sandbox: that has
# an IPC namespace of its own.
q=/labtest-$RANDOM$RANDOM key=$((RANDOM * 32768 + RANDOM + 1))

# in_kernel LINES [ARG...]: has bash run them, with $q, $key and the arguments.
in_kernel() {
    run_program env q="$q" key="$key" bash -c "$1" bash "${@:2}"
}

# Skips a test, visibly, of limits that the kernel doesn't hold root to.
needs_limits() {
    if [[ $SANDBOX == none && $EUID == 0 ]]; then
        skip "root isn't held to these limits: install bubblewrap for the sandbox"
    fi
}

# queue_of PID: what the kernel says of the queue that a process has open, of
# whatever name: "QSIZE:8 NOTIFY:0 SIGNO:10 NOTIFY_PID:7".
queue_of() {
    tr -s ' ' <"/proc/$1/fd/3"
}

@test "mq_send, mq_receive: whole messages, in order, when nobody who sent them lives any more" {
    needs_queues
    texts=("$RANDOM" "" "$RANDOM b  $RANDOM" "$(printf '%08192d' 7)" "$RANDOM")
    in_kernel 'mq_control -q $q create || exit
        for text; do mq_send -q $q "$text" & wait $!; done >sent
        mq_control -q $q show
        mq_receive -q $q; mq_control -q $q remove; rm sent' "${texts[@]}"
    assert_ended "exit 0"
    assert_equal "$stderr" ""
    assert_line --index 0 --partial "$q: 5 of "
    for i in "${!texts[@]}"; do
        assert_line --index $((i + 1)) --partial "priority 0, ${#texts[i]} bytes: ${texts[i]:0:100}"
    done
    assert_line --index 6 --regexp '^receiver\[[0-9]+\]: 5 taken, the queue is empty now$'
}

@test "mq_send, mq_receive: a queue lives as long as its kernel, or IPC namespace, and no longer" {
    needs_queues
    allow_left "file /dev/mqueue/.*"
    in_kernel 'mq_control -q $q create && mq_send -q $q '$RANDOM
    assert_ended "exit 0"
    in_kernel 'mq_receive -q $q; echo $?; mq_control -q $q remove'
    if [[ $SANDBOX == bwrap ]]; then # that was another namespace
        assert_output 1
        assert_regex "$stderr" "mq_receive: $q .*: No such file or directory"
    else
        assert_line --regexp '1 taken'
        assert_ended "exit 0"
    fi
}

@test "mq_receive waits for a message, mq_send for room; the name may go meanwhile" {
    needs_queues
    start env q="$q" bash -c 'mq_control -q $q -m 1 create; set -m
        mq_receive -q $q -n 1 & read x; mq_send -q $q "$x"; wait $!
        mq_send -q $q a; mq_send -q $q "b $x" & read x; mq_receive -q $q -n 2; wait $!
        mq_receive -q $q -n 1 & read x; mq_control -q $q remove; echo "removed $?"
        read x; kill %%; wait %%; echo "killed $?"'
    await "mq_receive to wait" child_of "$pid" mq_receive S >/dev/null
    child=$(child_of "$pid" mq_receive)
    # A stop and a go aren't the end of its wait.
    freeze "$child"
    kill -CONT "$child"
    await "mq_receive to wait" in_state "$child" S
    refute written bytes:
    word="word $RANDOM"
    type_line "$word"
    await "mq_send to wait" child_of "$pid" mq_send S >/dev/null
    assert_equal "$(queue_of "$(child_of "$pid" mq_send)" | sed 's/ .*//')" QSIZE:1
    type_line "last $RANDOM"
    await "mq_receive to wait" child_of "$pid" mq_receive S >/dev/null
    # Unlike a System V queue, this one wakes nobody when it is removed.
    type_line
    await "the queue to be removed" written "removed 0"
    in_state "$(child_of "$pid" mq_receive)" S
    type_line
    finish_program
    assert_line --partial "priority 0, ${#word} bytes: $word"
    assert_line --partial "priority 0, $((2 + ${#word})) bytes: b $word"
    assert_line "killed 143"
}

@test "mq_control: of many who make the same queue at once, one succeeds" {
    needs_queues
    messages=$((RANDOM % 9 + 2)) size=$((RANDOM % 8000 + 1))
    in_kernel 'for i in {1..20}; do
            mq_control -q $q -m $1 -s $2 create 2>err.$i & pids[i]=$!
        done
        for pid in ${pids[@]}; do wait $pid; echo $?; done
        cat err.* | grep -c "mq_control: $q: File exists"; rm err.*
        mq_control -q $q show
        if mountpoint -q /dev/mqueue; then mq_control list; fi
        mq_control -q $q remove; mq_control -q $q remove; mq_send -q $q x' "$messages" "$size"
    assert_ended "exit 1"
    assert_equal "$(grep -cx 0 "$run/stdout") $(grep -cx 1 "$run/stdout")" "1 19"
    assert_line 19
    assert_line --partial "$q: 0 of $messages messages, up to $size bytes each; mode 600, user "
    if [[ $SANDBOX == bwrap ]]; then
        assert_line --regexp "^$q: QSIZE:0 +NOTIFY:0 +SIGNO:0 +NOTIFY_PID:0"
    fi
    assert_equal "$stderr" "mq_control: $q: No such file or directory
mq_send: $q (mq_control create makes it): No such file or directory"
}

@test "a full queue, a long message, a short buffer: each is told with the queue's numbers" {
    needs_queues
    messages=$((RANDOM % 9 + 2)) size=$((RANDOM % 80 + 10))
    in_kernel 'mq_control -q $q -m $1 -s $2 create
        for ((i = 0; i <= $1; i++)); do mq_send -d -q $q $i; done >sent; echo $?
        mq_send -d -q $q "$(printf "%0*d" $(($2 + 1)) 0)"; echo $?
        mq_receive -q $q -b $(($2 - 1)); echo $?
        mq_receive -q $q >got; echo $?; wc -l <got; rm got sent; mq_control -q $q remove' \
        "$messages" "$size"
    assert_output "$(printf '%s\n' 1 1 1 0 $((messages + 1)))"
    assert_equal "$stderr" "mq_send: the queue is full, with $messages messages: Resource temporarily unavailable
mq_send: EMSGSIZE: a message of $((size + 1)) bytes, where $size are the most
mq_receive: EMSGSIZE: a buffer of $((size - 1)) bytes, where $size are needed"
}

@test "mq_control: says by which of the kernel's limits a queue can't be made" {
    needs_queues
    needs_limits
    in_kernel 'cd /proc/sys/fs/mqueue
        { echo 3 >queues_max; } 2>/dev/null # of this namespace; 256 take a second
        grep . *_max
        mq_control -q $q -m $(($(<msg_max) + 1)) create; echo $?
        mq_control -q $q -s $(($(<msgsize_max) + 1)) create; echo $?
        (ulimit -q 5000; mq_control -q $q -m 1 -s 5000 create; echo $?)
        for ((i = 0; i <= $(<queues_max); i++)); do mq_control -q $q$i -m 1 -s 1 create || break; done
        for ((j = 0; j < i; j++)); do mq_control -q $q$j remove; done'
    limit() { sed -n "s/^$1://p" "$run/stdout"; }
    assert_equal "$(grep -cx 1 "$run/stdout")" 3
    assert_regex "$stderr" "^mq_control: $(($(limit msg_max) + 1)) messages are more than fs/mqueue/msg_max: $(limit msg_max)"
    assert_regex "$stderr" "mq_control: $(($(limit msgsize_max) + 1)) bytes are more than fs/mqueue/msgsize_max: $(limit msgsize_max)"
    assert_regex "$stderr" "mq_control: all your queues may have 5000 bytes.*mq_control: $q: "
    assert_regex "$stderr" "there are as many as fs/mqueue/queues_max: $(limit queues_max)"
}

@test "mq_priority: the highest number first, those of one number in order" {
    needs_queues
    messages=()
    for i in {1..10}; do
        messages+=("$((RANDOM % 4 * 8000)):text $i")
    done
    run_program mq_priority "${messages[@]}"
    assert_ended "exit 0"
    assert_equal "$(sed -n 's/^receiver.*priority //p' "$run/stdout")" \
        "$(printf '%s\n' "${messages[@]}" | sort -t: -s -k1,1nr | sed 's/:/: /')"
}

@test "private_queue: what a child puts into memory stays its own, the kernel's queue is shared" {
    needs_queues
    word=$RANDOM
    traced_well private_queue "$word" b
    refute_fact "create * mqueue:*"
    assert_line --regexp '^producer.* has put 2$'
    assert_line --regexp '^consumer.* has taken 0$'
    traced_well private_queue -k "$word" b
    assert_fact_before "send child.1 mqueue:* = $((${#word} + 1))" "receive child.2 mqueue:* = $((${#word} + 1))"
    assert_line --regexp "^consumer.* takes $word$"
    assert_nothing_wrong
}

@test "mq_timed: a wait ends at a time of day, never too early, or with EINTR" {
    needs_queues
    traced_well mq_timed -t 0.1
    for what in "time of day" repeated SA_RESTART; do
        line=$(grep "^$what\[.*ETIMEDOUT after" "$run/stdout")
        assert_regex "$line" 'after (0[.][1-9]|[1-9])'
    done
    for what in duration monotonic; do
        assert_line --regexp "^$what\[.*: ETIMEDOUT after [0-9.]+ s"
    done
    assert_line --regexp '^handler\[.*: EINTR after '
    assert_line --regexp '^poll\[.*: 0 ready after (0[.][1-9]|[1-9])'
    assert_equal "$(facts_of '^receive parent mqueue:[^ ]* = ETIMEDOUT')" 5
    assert_fact "unlink parent mqueue:*"
}

@test "mq_notify: asks anew before it empties the queue, and misses nothing" {
    needs_queues
    rounds=$((RANDOM % 5 + 2))
    traced_well mq_notify -n $rounds -t "$DEADLINE"
    assert_equal "$(facts_of '^notify parent ')" $((rounds + 1))
    assert_equal "$(facts_of '^take parent SIGUSR1')" "$rounds"
    assert_equal "$(facts_of '^receive parent mqueue:[^ ]* = 4')" $((2 * rounds))
    assert_nothing_wrong
}

@test "mq_notify_broken: waits for a signal while messages are in the queue" {
    needs_queues
    start mq_notify_broken -t 100
    await "message 3 to be sent" written "message 3"
    await "it to wait" in_state "$pid" S
    # It has asked for SIGUSR1, which is 10, and two ints lie there.
    assert_regex "$(queue_of "$pid")" '^QSIZE:8 NOTIFY:0 SIGNO:10 NOTIFY_PID:[1-9]'
    assert_equal "$(signal_names "$(field "$pid" ShdPnd)")" ""
    kill -KILL "$pid"
    wait "$program_pid"
    finish_program

    run_program mq_notify_broken -t 0.1
    assert_ended "exit 1"
    assert_equal "$stderr" "mq_notify_broken: no notice for 0.1 s, while 2 messages are in the queue"
    assert_line --regexp '1 of 4 messages taken$'
    assert_every_child_waited_for
}

@test "mq_notify_thread: each message is taken by a thread that isn't main" {
    needs_queues
    if [[ ${UNDER:-} == valgrind || ${SAN:-} == *thread* ]]; then
        skip "valgrind and ThreadSanitizer don't know the thread that libc makes in mq_notify"
    fi
    count=$((RANDOM % 5 + 2))
    run_program mq_notify_thread -n $count -t "$DEADLINE"
    assert_ended "exit 0"
    assert_equal "$(grep -c 'a thread of its own takes' "$run/stdout")" $count
    assert_line --partial "$count taken"
    not_under_sanitizers
    traced_well mq_notify_thread -n 2
    assert_equal "$(facts_of '^receive parent/t.* = 4')" 2
    assert_equal "$(facts_of '^receive parent mq')" 0
    assert_nothing_wrong
}

@test "mq_workers: every job once, one end for each worker, and all end" {
    needs_queues
    workers=$((RANDOM % 4 + 2)) jobs=$((RANDOM % 20 + 1))
    traced_well mq_workers -w $workers -n $jobs -d 0.01
    assert_equal "$(facts_of '^send parent mqueue')" $((jobs + workers))
    assert_equal "$(facts_of '^receive child[.].* = 4')" $((jobs + workers))
    assert_equal "$(facts_of '^exit child[.].* = 0')" $workers
    assert_equal "$(sed -n 's/.*does job //p' "$run/stdout" | sort -n)" "$(seq 0 $((jobs - 1)))"
    assert_line --partial "$jobs of $jobs jobs were done"
    assert_nothing_wrong
    run_program mq_workers -n 1000 -d 0
    assert_ended "exit 0"
    assert_every_child_waited_for
}

@test "mq_workers: workers wait while there is no work, and end with whom they wait for" {
    needs_queues
    start mq_workers -w 2 -n 2 -d 100
    asleep() { [[ $(children "$pid" | grep -c ' S$') == 2 ]]; }
    await "the first job to be done" written "does job 0"
    await "both workers to wait" asleep
    kill -KILL "$pid"
    wait "$program_pid"
    finish_program
    assert_ended "signal KILL"

    # Without workers the producer doesn't wait for room.
    start mq_workers -w 2 -n 50 -d 100
    await "both workers to wait" asleep
    for child in $(children "$pid" | cut -d' ' -f1); do
        kill -KILL "$child"
    done
    finish_program
    assert_ended "exit 1"
    assert_regex "$stderr" "worker [0-9]+ didn't end well"
    assert_every_child_waited_for
}

@test "mq_workers_broken: while it isn't empty isn't until all is done" {
    needs_queues
    jobs=$((RANDOM % 7 + 2)) first=$((jobs / 2))
    traced mq_workers_broken -n $jobs -d "$DEADLINE"
    assert_ended "exit 1"
    assert_equal "$(facts_of '^receive child.1 mqueue:.* = 4')" $first
    assert_equal "$(facts_of '^send parent mqueue:.* = 4')" $jobs
    assert_line --partial "$first of $jobs jobs were done, $((jobs - first)) are in the queue"
    run_program mq_workers_broken -n 30 -t 0.1
    assert_ended "exit 1"
    assert_equal "$stderr" "mq_workers_broken: no room for job 8, since nobody takes any"
    assert_line --partial "4 of 30 jobs were done, 4 are in the queue"
    assert_every_child_waited_for
}

@test "mq_workers_broken: several look, one takes, the others wait for ever" {
    needs_queues
    start mq_workers_broken -x -w 4 -n 2 -d 0 -t 100
    # At most two of the four get a job.
    wait_on() { (($(children "$pid" | grep -c ' S$') >= 2)); }
    await "a worker to have gone" written "found the queue empty"
    await "the others to wait" wait_on
    assert_regex "$(queue_of "$pid")" '^QSIZE:0 '
    kill -KILL "$pid"
    wait "$program_pid"
    finish_program
    run_program mq_workers_broken -x -w 4 -n 2 -d 0 -t 0.1
    assert_ended "exit 1"
    assert_regex "$(grep -c 'worker [1-4] still waits in mq_receive()' "$run/stderr")" '^[23]$'
    assert_line --partial "2 of 2 jobs were done, 0 are in the queue"
    assert_every_child_waited_for
}

@test "sysv_queue: by type, by the lowest type, all but a type" {
    needs_sysv_queues
    in_kernel 's() { sysv_queue -k $key "$@"; }
        s create; s create; s send 5:a 3:b 7:c 3:d 4:e 9:f >sent; ipcs -q | grep -c $(printf %#010x $key); s show
        s -t 3 receive; echo; s -t -5 receive; echo; s -t 7 -e receive; echo; s receive
        s remove; s show; rm sent'
    got() { sed -nE "s/^receiver.*type ([0-9]+), 1 bytes: /\1/p; s/^$/./p" "$run/stdout" | paste -sd ' '; }
    assert_equal "$(got)" "3b 3d . 4e 5a . 9f . 7c"
    assert_line --index 0 1
    assert_line --index 1 --partial ': 6 messages, up to '
    assert_equal "$stderr" "sysv_queue: queue with key $(printf %#x "$key"): File exists
sysv_queue: queue with key $(printf %#x "$key"): No such file or directory"
}

@test "sysv_queue: too long, too full, too short a buffer, no type" {
    needs_sysv_queues
    in_kernel 's() { sysv_queue -k $key "$@" | wc -l; }
        text() { printf "%0*d" $1 0; }
        max=$(</proc/sys/kernel/msgmax) all=$(</proc/sys/kernel/msgmnb)
        s create; s send 1:$(text $((max + 1)))
        for ((sum = 0; sum <= all; sum += 2000)); do
            sysv_queue -k $key send 1:$(text 2000) 2>&1 >/dev/null || break
        done
        s -b 1999 receive; s -b 1999 -c receive; s send 0:x; s send x; s remove
        echo "$max $all $((sum / 2000 + 1))"'
    read -r max all count <<<"${lines[-1]}"
    assert_line "sysv_queue: EAGAIN: no room: the queue takes $all bytes in all"
    assert_equal "$(grep -v '^Usage\|^  ' "$run/stderr" | head -n 3)" \
        "sysv_queue: EINVAL: $((max + 1)) bytes are more than kernel/msgmax: $max
sysv_queue: more than 1999 bytes (it stays in the queue): Argument list too long
sysv_queue: TYPE: '0' is not a whole number from 1 to 9223372036854775807"
    # What is cut is lost; what didn't fit came then.
    assert_line "$count"
}

@test "sysv_queue: who waits is told when the queue is removed; its namespace's queues are its own" {
    needs_sysv_queues
    start env key="$key" bash -c 'sysv_queue -k $key create; sysv_queue -k $key -w -t 5 receive & read x
        sysv_queue -k $key send 4:x; read x; sysv_queue -k $key remove; wait $!; echo $?'
    await "sysv_queue to wait" child_of "$pid" sysv_queue S >/dev/null
    child=$(child_of "$pid" sysv_queue)
    seen=$(awk -v key="$key" '$1 == key' /proc/sysvipc/msg | wc -l)
    if [[ $(readlink "/proc/$pid/ns/ipc") == "$(readlink /proc/self/ns/ipc)" ]]; then
        assert_equal "$seen" 1
    else
        assert_equal "$seen" 0
    fi
    # A message of another type isn't for it.
    type_line
    await "the message to be sent" written "sent type 4"
    in_state "$child" S
    type_line
    finish_program
    assert_line 1
    assert_equal "$stderr" "sysv_queue: msgrcv: Identifier removed"
}

@test "mq_sizes: large data goes in many messages, small messages cost most a byte" {
    needs_queues
    traced_well mq_sizes -b 1
    # 5 sizes fit, 65536 and 1048576 bytes don't: 8 and 128 messages.
    assert_equal "$(facts_of '^send child[.].* mqueue:.* = ')" $((5 + 8 + 128))
    assert_equal "$(facts_of '^receive child[.].* mqueue:.* = 8192')" $((1 + 8 + 128))
    not_under_valgrind
    run_program -t 60 mq_sizes -b 2000000
    assert_ended "exit 0"
    cost() { awk -v size="$1" '$1 == size { printf "%d\n", 100 * $2 }' "$run/stdout"; }
    (($(cost 16) > 5 * $(cost 8192))) || complain "a byte to cost more in messages of 16" "$output"
}

@test "bad usage is refused, help is given, failed output is noticed" {
    run_program bash -c '
        for program in mq_send mq_receive mq_control mq_priority private_queue mq_timed mq_notify \
            mq_notify_broken mq_notify_thread mq_workers mq_workers_broken sysv_queue mq_sizes; do
            "$program" -h | head -n 1
            out=$("$program" -Y 2>/dev/null); echo "$? $out"
            "$program" -h >/dev/full 2>/dev/null || echo failed
        done
        for bad in "mq_send" "mq_send -q jobs x" "mq_receive x" "mq_control" "mq_control x" \
            "mq_control create x" "mq_priority 32768:a" "mq_priority a" "private_queue 1 2 3 4 5 6 7 8 9 0 1" "mq_timed x" "mq_notify x" \
            "mq_notify_thread x" "mq_workers -w 0" "sysv_queue" "sysv_queue send" "sysv_queue receive 1:x" \
            "sysv_queue x" "mq_sizes -b 0"; do
            out=$($bad 2>/dev/null); echo "$? $out"
        done'
    assert_equal "$(grep -c '^Usage: ' "$run/stdout")" 13
    assert_equal "$(grep -cx failed "$run/stdout")" 13
    assert_equal "$(grep -cx '2 *' "$run/stdout")" 31
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    needs_queues
    needs_sysv_queues
    run "$top/tools/transcript" "$LAB"
    assert_success
}
