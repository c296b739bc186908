# The exercise ex2_selective of lab 10.

# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2086,SC2154

load ../lib/lab
load ../lib/queues

key=$((RANDOM * 32768 + RANDOM + 1))

# begin: a shell in the sandbox, which runs what tell tells it.
begin() {
    needs_sysv_queues
    allow_left 'file \./(out|err|state).*'
    start env key="$key" bash -c 'while IFS= read -r line; do eval "$line"; echo "= $?"; done'
    told=0
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
