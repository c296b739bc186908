# The exercises of lab 10: ex1_dispatcher and ex2_selective.

# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2086,SC2154

load ../lib/lab
load ../lib/queues
load ../lib/threads

q=/labtest-$RANDOM$RANDOM key=$((RANDOM * 32768 + RANDOM + 1))

# ---- ex1_dispatcher ----

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

# ---- ex2_selective ----

# begin: a shell in the sandbox, which runs what tell tells it.
begin() {
    needs_sysv_queues
    allow_left 'file \./(out|err|state).*'
    start env key="$key" bash -c 'while IFS= read -r line; do eval "$line"; echo "= $?"; done'
    shell=$pid told=0
}

# tell LINE: has the shell run it, and waits for the end of that; $code is its
# status.
tell() {
    type_line "$*"
    told=$((told + 1))
    wait_until "$DEADLINE" lines_written "= " $told 2>/dev/null || return
    code=$(sed -n 's/^= //p' "$run/stdout" | tail -n 1)
}

# wait_for WORDS COMMAND...: waits until the command succeeds, or complains.
wait_for() {
    if ! wait_until "$DEADLINE" "${@:2}" 2>/dev/null; then
        tell 'ipcs -q | tail -n +4; cat err*'
        complain "$1" "not so after $DEADLINE s"$'\n'"$(grep -v '^=' "$run/stdout" | head -n 20)"
    fi
}

# What the kernel says of the queue, from inside: $perms, $bytes, $messages.
look() {
    tell "awk -v key=$key '\$1 == key { print \$3, \$4, \$5 }' /proc/sysvipc/msg >state" || return
    read -r perms bytes messages <"$work/state"
}

is_there() { look && [[ $messages ]]; }
is_gone() { look || [[ ! $messages ]]; }
has_messages() { look && [[ $messages == "$1" ]]; }
has_bytes() { look && [[ $messages == 1 && $bytes == "$1" ]]; }
await_messages() { wait_for "$1 messages in the queue${2:+, $2}" has_messages "$1"; }

# serve: starts a server; $server is its number.
serve() {
    tell 'ex2_selective -k $key serve </dev/null 2>err.server & server=$!; echo server $!'
    wait_for "a queue with key $key" is_there
    server=$(outside "$(sed -n 's/^server //p' "$run/stdout" | tail -n 1)")
    wait_for "the server to wait" in_state "$server" S
}

# ask N ARG...: starts client number N; ${client[N]} is what wait wants.
ask() {
    local words
    printf -v words '%q ' "${@:2}"
    tell "ex2_selective -k \$key $words >out.$1 2>err.$1 </dev/null & client[$1]=\$!; echo client.$1 \$!"
}

client_pid() {
    outside "$(sed -n "s/^client\.$1 //p" "$run/stdout" | tail -n 1)"
}

# assert_client N STATUS: that it ends like that.
assert_client() {
    tell "wait \${client[$1]}" || complain "client $1 to end" "it waits still, after $DEADLINE s"
    [[ $code == "$2" ]] || complain "client $1 to end with $2" "$code: $(head -c 300 "$work/err.$1")"
}

# sum TEXT: of its bytes, into $sum.
sum() {
    sum=$(od -An -v -tu1 <<<"$1" | awk '{ for (i = 1; i <= NF; i++) sum += $i } END { print sum - 10 }')
}

# assert_reply N REQUEST TEXT: what client N has written.
assert_reply() {
    sum "$3"
    expect "the reply to client $1, which asked '${3:0:20}'" assert_equal "$(<"$work/out.$1")" "request $2: sum $sum"
}

# Ends the server and the shell.
end_serving() {
    tell "kill \$server; wait \$server"
    end_input
    finish_program
}

# bats test_tags=ex:2,points:7
@test "many clients at once: each gets the replies to its own requests, in order" {
    likely "a reply's type says whose it is; a client asks for that type and no other" 'TODO 1 in ex2_selective.c; msgop(2)'
    begin
    serve
    start_all=''
    for c in {1..6}; do
        texts[c]="$RANDOM $((RANDOM * c)) 0$RANDOM"
        start_all+="ex2_selective -k \$key ask ${texts[c]} >out.$c 2>err.$c </dev/null & client[$c]=\$!;"
    done
    tell "$start_all"
    for c in {1..6}; do
        assert_client $c 0
        sums=''
        for text in ${texts[c]}; do
            sum "$text"
            sums+="sum $sum "
        done
        expect "the sums of ${texts[c]}" assert_equal "$(sed 's/^request [0-9]*: //' "$work/out.$c" | paste -sd ' ') " "$sums"
        sed 's/request \([0-9]*\):.*/\1/' "$work/out.$c" | sort -nc || complain "the replies in order" "$(<"$work/out.$c")"
    done
    expect "each request counted once" assert_equal "$(sed 's/request \([0-9]*\):.*/\1/' "$work"/out.[1-6] | sort -n | xargs)" "$(seq 18 | xargs)"
    await_messages 0 "at the end"
    ask 7 ask "" "7 8  9"
    assert_client 7 0
    expect "the reply to nothing" assert_equal "$(<"$work/out.7")" "request 19: sum 0"$'\n'"request 20: sum $((48 * 3 + 24 + 32 * 3))"
    pid=$server
    assert_idle
    end_serving
}

# bats test_tags=ex:2,points:5
@test "one server with a queue for one user; without one, and with too long a text, an error" {
    likely "IPC_CREAT | IPC_EXCL and the mode; a client doesn't make a queue" 'TODO 2 in ex2_selective.c; msgget(2)'
    begin
    ask 1 ask 5
    assert_client 1 1
    expect "the reason" assert_equal "$(<"$work/err.1")" "ex2_selective: key $key: No such file or directory"
    is_gone || complain "no queue made by a client" "there is one"
    serve
    expect "the queue's mode" assert_equal "$perms" 600
    tell 'ex2_selective -k $key serve 2>err.second'
    expect "a second server's status" assert_equal "$code" 1
    expect "the reason" assert_equal "$(<"$work/err.second")" "ex2_selective: key $key: File exists"
    text=$(printf %04000d $RANDOM)
    ask 2 ask 1 "$text"1
    assert_client 2 2
    expect "the reason" assert_equal "$(<"$work/err.2")" "ex2_selective: TEXT 2: longer than 4000 bytes"
    ask 3 ask "$text"
    assert_client 3 0
    assert_reply 3 1 "$text"
    end_serving
}

# bats test_tags=ex:2,points:8
@test "urgent requests come before all others, and all wait asleep" {
    likely "a negative type takes the lowest first; type 0 is for whoever comes first" 'TODO 2 in ex2_selective.c; msgop(2)'
    begin
    serve
    freeze "$server"
    n=$((RANDOM % 3 + 2)) u=$((RANDOM % 2 + 2))
    for ((c = 1; c <= n + u; c++)); do
        text[c]=$RANDOM$c
        ask $c $( ((c > n)) && echo -u) ask "${text[c]}"
        await_messages $c "while the server is stopped"
    done
    for ((c = 1; c <= n + u; c++)); do
        pid=$(client_pid $c)
        await "the client to wait" in_state "$pid" S
        ((c != n)) || assert_idle
    done
    kill -CONT "$server"
    for ((c = 1; c <= n + u; c++)); do
        assert_client $c 0
        assert_reply $c $((c > n ? c - n : c + u)) "${text[c]}"
    done
    await_messages 0 "at the end"
    end_serving
}

# bats test_tags=ex:2,points:8
@test "when the queue is full of requests the server doesn't wait for room" {
    likely "only the server takes requests: if it waits in msgsnd() for room, nobody makes any. Keep the reply and receive on" 'TODO 3 in ex2_selective.c; IPC_NOWAIT in msgop(2)'
    begin
    serve
    freeze "$server"
    big=$(printf %03900d $RANDOM)
    size=$(</proc/sys/kernel/msgmnb)
    ask 1 ask 7
    await_messages 1 "while the server is stopped"
    for ((c = 2; size - bytes > 4000; c++)); do
        ask $c ask "$big"
        await_messages $c "while the server is stopped"
    done
    # The last one leaves no room at all.
    tell "(p=\$BASHPID; exec ex2_selective -k \$key ask \$(printf %0*d \$(($size - $bytes - 1 - \${#p})) 0)) >out.$c 2>err.$c </dev/null & client[$c]=\$!"
    await_messages $c "while the server is stopped"
    expect "a full queue" assert_equal "$bytes" "$size"
    full=$c
    for ((c++; c <= full + 3; c++)); do
        ask $c ask "$big"
        pid=$(client_pid $c)
        await "the client to wait for room" in_state "$pid" S
    done
    kill -CONT "$server"
    sum "$big"
    for ((i = 1; i < c; i++)); do
        assert_client $i 0
        ((i == full)) || expect "a reply" assert_regex "$(<"$work/out.$i")" "^request [0-9]+: sum $( ((i > 1)) && echo $sum || echo 55)$"
    done
    expect "each request counted once" assert_equal "$(sed 's/request \([0-9]*\):.*/\1/' "$work"/out.* | sort -n | xargs)" "$(seq $((c - 1)) | xargs)"
    await_messages 0 "at the end"
    pid=$server
    assert_idle
    end_serving
}

# bats test_tags=ex:2,points:6
@test "what a dead client didn't take is taken out" {
    likely "kill() with signal 0 tells whether there is a process; look for dead clients each time that a request came" 'TODO 3 in ex2_selective.c; kill(2)'
    begin
    serve
    # One dies before the server has its request, another before it has the reply.
    freeze "$server"
    ask 1 ask 1
    await_messages 1 "while the server is stopped"
    kill -KILL "$(client_pid 1)"
    tell 'wait ${client[1]}'
    kill -CONT "$server"
    await_messages 0 "for the client is dead"
    freeze "$server"
    ask 2 ask 23456
    await_messages 1 "while the server is stopped"
    freeze "$(client_pid 2)"
    kill -CONT "$server"
    sum 23456
    reply="request 2: sum $sum"
    wait_for "the reply to a stopped client in the queue, ${#reply} bytes" has_bytes ${#reply}
    # It isn't anybody else's, and isn't taken away from one who lives.
    ask 3 ask 777
    assert_client 3 0
    assert_reply 3 3 777
    wait_for "the reply to a stopped client still in the queue" has_bytes ${#reply}
    kill -KILL "$(client_pid 2)"
    tell 'wait ${client[2]}'
    ask 4 ask 78
    assert_client 4 0
    assert_reply 4 4 78
    await_messages 0 "when another client has asked"
    end_serving
}

# bats test_tags=ex:2,points:5
@test "the queue is removed at SIGTERM and SIGINT, and clients that wait are told" {
    likely "EIDRM while it waits; EINVAL for who comes later, since there is no queue of that number any more" '"The end" of ex2_selective in the README; msgop(2)'
    begin
    for sig in TERM INT; do
        # A shell lets its background ignore SIGINT.
        tell "set -m"
        serve
        tell "kill -$sig \$server; wait \$server"
        expect "the server to be ended by SIG$sig" assert_equal "$code" $((128 + $(kill -l $sig)))
        is_gone || complain "no queue after SIG$sig" "it is still there"
    done
    tell "set +m" # with it, wait would also tell of a stop
    serve
    freeze "$server"
    for c in 1 2 3; do
        ask $c ask $c
        await_messages $c "while the server is stopped"
        pid=$(client_pid $c)
        await "the client to wait" in_state "$pid" S
    done
    freeze "$pid"
    tell 'ipcrm -Q $key'
    kill -CONT "$pid"
    for c in 1 2 3; do
        assert_client $c 1
        expect "the reason" assert_equal "$(<"$work/err.$c")" "ex2_selective: key $key: the queue was removed"
    done
    kill -CONT "$server"
    tell 'wait $server'
    expect "the server's status" assert_equal "$code" 1
    expect "the reason" assert_equal "$(<"$work/err.server")" "ex2_selective: key $key: the queue was removed"
    end_input
    finish_program
}

# bats test_tags=ex:2,points:3
@test "a signal that comes just before the server waits isn't lost" {
    likely "between a look at a flag and msgrcv() there is time for a signal, and msgrcv() would wait for ever" 'TODO 4 in ex2_selective.c; sigwait(3)'
    needs_sysv_queues
    start_held -w ex2_selective -k "$key" serve
    hold
    kill -TERM "$pid"
    let_go
    wait_until "$DEADLINE" gone "$pid" 2>/dev/null || complain "to end by SIGTERM" "it waits on; $(doing "$pid")"
    finish_program
    assert_ended "exit 143"
}
