# The exercise ex3_broker of lab 13.
#
# shellcheck disable=SC2034,SC2086,SC2128,SC2178,SC2317  # code for shells; names that talk.bash shares

load ../lib/lab
load ../lib/talk

socket=s

# sub A TOPIC, unsub A TOPIC: lines for tell, and their answer taken.
sub() {
    tell "send $1 sub $2\\n" "get $1 1"
    assert_told "$1: ok"
}

unsub() {
    tell "send $1 unsub $2\\n" "get $1 1"
    assert_told "$1: ok"
}

# Whether a broker listens at s, as the kernel has it.
listens() {
    grep -q ' 00010000 0001 01 .* s$' "/proc/$1/net/unix"
}

# bats test_tags=ex:3,points:5
@test "a message goes to all subscribers of its topic, in its publisher's order, and to nobody else" {
    likely "compare whole topics; who is subscribed twice gets one; an answer says that it holds from now on" 'TODO 2 and 3 in ex3_broker.c'
    x=t$RANDOM y=t$RANDOM$RANDOM
    start_talk ex3_broker s
    tell open\ {a,b,c,p,q}
    for pair in "a $x" "a $y" "b $x" "b $x" "c $y" "p $x" "a ${x%?}" "c $x$x"; do
        sub $pair
    done
    lines=() to_x=() to_y=()
    for i in {1..40}; do
        from=$([[ $((RANDOM % 2)) == 0 ]] && echo p || echo q)
        word=" $RANDOM  $i "
        lines+=("send $from pub $x $from$word\\npub $y $word\\npub z$x no\\n")
        lines+=("get a 2" "get b 1" "get c 1" "get p 1")
        to_x+=("$x $from$word")
        to_y+=("$y $word")
    done
    tell "${lines[@]}"
    for name in a b p; do
        expect "what $name gets of $x" assert_equal "$(printf '%s\n' "${told[@]}" | grep "^$name: $x ")" \
            "$(printf "$name: %s\n" "${to_x[@]}")"
    done
    for name in a c; do
        expect "what $name gets of $y" assert_equal "$(printf '%s\n' "${told[@]}" | grep "^$name: $y ")" \
            "$(printf "$name: %s\n" "${to_y[@]}")"
    done
    expect "nothing else" assert_equal "${#told[@]}" 200
    # Many at once, and an end.
    unsub a "$x"
    unsub b "nothing"
    text='' many=()
    for i in {1..500}; do
        text+="pub $x $i\\n"
        many+=("b: $x $i")
    done
    tell "send q ${text}pub $y end\\n" "get b 500"
    assert_told "${many[@]}"
    tell "get a 1" "get c 1"
    assert_told "a: $y end" "c: $y end"
    expect "one thread" assert_equal "$(field "$pid" Threads)" 1
    end_talk
}

# bats test_tags=ex:3,points:5
@test "lines come in pieces or many at once; what is none is told; half a message is none" {
    likely "keep what has no newline yet; at the end of the input that is half a line. The kernel knows who is at the other end: SO_PEERCRED" 'TODO 2 in ex3_broker.c; unix(7)'
    x=t$RANDOM text=$RANDOM
    start_talk ex3_broker s
    tell open\ {a,b,c}
    sub a $x
    for piece in p "ub" " " "$x" " $text"; do
        tell "send b $piece"
        sub a $x # when that is answered, the piece was read
    done
    tell "send b !\\npub $x \\npub $x  2\\n" "get a 3"
    assert_told "a: $x $text!" "a: $x " "a: $x  2"
    long=$(printf %032d 7)
    while IFS='|' read -r line answer; do
        tell "send c $line\\n" "get c 1"
        assert_told "c: $answer"
    done <<END
|error: syntax
sub|error: syntax
sub |error: syntax
sub a b|error: syntax
sub a |error: syntax
sub  a|error: syntax
 sub a|error: syntax
SUB a|error: syntax
subs a|error: syntax
sub ${long}0|error: syntax
sub $long|ok
unsub $long|ok
unsub|error: syntax
unsub a b|error: syntax
pub|error: syntax
pub $x|error: syntax
pub  $x|error: syntax
pub ${long}0 1|error: syntax
sub a\\0|error: syntax
who |error: syntax
$(printf "pub $x %01000d" 1)|error: line too long
$(printf "pub $x %05000d" 1)|error: line too long
END
    # The longest, and any bytes; then a line that never gets its newline.
    longest=$(printf "%0$((1000 - 4 - ${#x} - 1))d" 1)
    tell "send c pub $x $longest\\npub $x 1\\0 2\\r\\n" "get a 2"
    assert_told "a: $x $longest" "a: $x 1 2"$'\r'
    before=$(sockets)
    tell "send c pub $x half" "close c"
    await "the socket of a client closed that is gone" has_sockets $((before - 1))
    tell "send b pub $x end\\n" "get a 1"
    assert_told "a: $x end"
    # Who is who.
    tell "send a who\\n" "get a 1"
    expect "the process and user of the client" assert_equal "${told[*]}" \
        "a: process $(field "$(children "$pid" | cut -d' ' -f1)" NSpid | awk '{ print $NF }') of user ${GRADING_USER:-$(id -u)}"
    end_talk
}

# bats test_tags=ex:3,points:5
@test "a subscriber that reads too slowly is dropped, and nobody waits for it" {
    likely "only what the kernel doesn't take waits with you; beyond the limit, close it" 'TODO 3 in ex3_broker.c; send(2)'
    limit=$((RANDOM % 5000 + 5000))
    start_talk ex3_broker -q $limit s
    tell open\ {slow,well,p}
    sub slow x
    sub well x
    zeros=$(printf %0900d 0)
    # As much as may wait in any case, at once.
    n=$((limit / 906))
    lines=()
    for ((i = 1; i <= n; i++)); do
        lines+=("send p pub x $zeros$i\\n")
    done
    tell "${lines[@]}" "get well $n"
    expect "all of them" assert_equal "${#told[@]} ${told[-1]}" "$n well: x $zeros$n"
    # Then one by one, until the kernel has no more room, and the limit is reached.
    for (( ; n < 3000; n += 20)); do
        lines=()
        for i in {1..20}; do
            lines+=("send p pub x $zeros$((n + i))\\n" "get well 1")
        done
        tell "${lines[@]}"
        expect "the messages to the one who reads" assert_equal "${#told[@]} ${told[-1]}" "20 well: x $zeros$((n + 20))"
        has_sockets 4 || break
    done
    has_sockets 3 || complain "a subscriber dropped that took none of $n messages" "$(sockets) sockets are open"
    assert_idle
    tell "send p pub x end\\n" "get well 1" "get slow 4000"
    expect "the end for the slow one" assert_regex "${told[-1]}" '^slow: (end.*|reset)$'
    got=$((${#told[@]} - 2))
    ((got * 906 + limit > n * 906 - 30000)) || complain "all that the kernel had room for" "$got messages of $n"
    expect "no message left out" assert_equal "$(printf '%s\n' "${told[@]:1:got}" | sed 's/.* 0*//' | cksum)" \
        "$(seq $got | sed 's/^/'"$zeros"'/; s/^0*//' | cksum)"
    end_talk
}

# bats test_tags=ex:3,points:4
@test "who is behind gets all in the end, as long as it is within the limit" {
    likely "wait for POLLOUT while something waits for a client, and only then; a send() may take a part" 'TODO 3 in ex3_broker.c; poll(2)'
    start_talk ex3_broker -q 3000000 s
    tell open\ {behind,well,p}
    sub behind x
    sub well x
    zeros=$(printf %0900d 0)
    lines=() all=()
    for i in {1..600}; do
        lines+=("send p pub x $zeros$i\\n" "get well 1")
        all+=("behind: x $zeros$i")
    done
    tell "${lines[@]}"
    expect "the messages to the one who reads" assert_equal "${#told[@]} ${told[-1]}" "600 well: x ${zeros}600"
    assert_idle
    tell "half behind" "send p pub y 1\\n"
    sub well x
    assert_idle
    tell "get behind 601"
    expect "600 messages and the end" assert_equal "${#told[@]} ${told[-1]}" "601 behind: end"
    expect "each of them" assert_equal "$(printf '%s\n' "${told[@]:0:600}" | cksum)" "$(printf '%s\n' "${all[@]}" | cksum)"
    end_talk
}

# bats test_tags=ex:3,points:5
@test "clients come and go: what they sent before counts, and nobody else is harmed" {
    likely "a send() to one who is gone is EPIPE; what it sent before is still there to be read" 'TODO 3 in ex3_broker.c; unix(7)'
    x=t$RANDOM
    start_talk ex3_broker s
    tell "open a"
    sub a $x
    # It subscribes, publishes much, and is gone without having read anything.
    for i in 1 2 3; do
        text='' all=()
        for n in {1..250}; do
            text+="pub $x $i.$n\\n"
            all+=("a: $x $i.$n")
        done
        freeze "$pid"
        tell "open p" "send p sub $x\\nwho\\n$text" "close p"
        assert_told
        kill -CONT "$pid"
        tell "get a 250"
        assert_told "${all[@]}"
        await "its socket closed" has_sockets 2
    done
    # A subscriber that has said all gets what waits, and no more.
    tell "open b" "open c"
    sub b $x
    sub c $x
    tell "send a pub $x 1\\n" "get a 1" "half b" "get b 2"
    assert_told "a: $x 1" "b: $x 1" "b: end"
    tell "close c"
    await "their sockets closed" has_sockets 2
    tell "send a pub $x 2\\n" "get a 1"
    assert_told "a: $x 2"
    assert_idle
    end_talk
}

# start_broker NAME: one more, in the shell that start_shell has started; sets its PID.
start_shell() {
    start bash -c 'while IFS= read -r line; do eval "$line"; done; wait'
    shell=$pid
}

broker_of() { # the process whose standard error goes to the file err.N
    local child
    for child in $(children "$shell" | cut -d' ' -f1); do
        if [[ $(readlink "/proc/$child/fd/2") == */err.$1 ]]; then
            broker=$child
            return
        fi
    done
    return 1
}

start_broker() { # start_broker N [WORDS...]
    type_line "${*:2} ex3_broker s </dev/null >out.$1 2>err.$1 & b$1=\$!"
    await "a broker that runs" broker_of "$1"
}

in_shell() {
    type_line "$1; echo did $((turn = RANDOM))"
    await "to end: $1" written "did $turn"
}

# bats test_tags=ex:3,points:4
@test "the path is for its owner alone from the first moment, and is removed by who made it" {
    likely "bind() makes the file with the umask; what comes after is too late. unlink() asks nobody whose it is" 'TODO 1 and 4 in ex3_broker.c; umask(2), unix(7)'
    for sig in TERM INT; do
        start sh -c 'umask 002; exec ex3_broker s sh -c "umask; echo; exec cat"'
        await "to listen" listens "$pid"
        expect "the mode of the path" assert_equal "$(stat -c '%a %F' "$work/s")" "600 socket"
        await "its COMMAND" written 0002
        [[ ${UNDER:-} ]] || assert_only_standard "$(children "$pid" | cut -d' ' -f1)" "its COMMAND"
        kill -s $sig "$pid"
        finish_program
        assert_ended "exit 0"
        [[ ! -e $work/s ]] || complain "the path removed after SIG$sig" "it is there"
    done
    run_program sh -c 'ex3_broker s sh -c "ex3_broker s true; echo \$?; test -S s && echo there; mv s t; : >s"
        echo $?; ls s t; ex3_broker s true; echo $?; ls s; rm s; ex3_broker t true; echo $?; ls
        ex3_broker $(printf %0108d 1) true; echo $?; ex3_broker $(printf %0107d 1) true; echo $?'
    expect "a second one refused, another file left alone, a stale socket replaced, a path that fits" \
        assert_equal "$(grep -v '^server' "$run/stdout" | xargs)" "1 there 0 s t 1 s 0 1 0"
    expect "the reasons" assert_equal "$stderr" "ex3_broker: s: Address already in use
ex3_broker: s: not a socket
ex3_broker: $(printf %0108d 1): File name too long"
    # Stopped as soon as there is a path.
    needs_tracing
    not_under_valgrind
    start bash -c 'export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
        exec strace -D -o /dev/null -e inject=bind:signal=STOP ex3_broker s true'
    is_stopped() { [[ $(state "$pid") == [tT] && -e $work/s ]]; }
    await "a path, made by bind()" is_stopped
    mode=$(stat -c %a "$work/s")
    kill -CONT "$pid"
    finish_program
    expect "the mode of the path just after bind()" assert_equal "$mode" 600
}

# bats test_tags=ex:3,points:3
@test "a path that nobody listens at is replaced; of two that find it, one has it in the end" {
    likely "between connect() and unlink() another may have made it anew: let them take turns" 'TODO 1 in ex3_broker.c; lock_folder() in broker.h'
    needs_tracing
    not_under_valgrind
    allow_left 'file \./(err|out)\.[0-9].*'
    start_shell
    start_broker 1
    await "to listen" listens "$broker"
    kill -KILL "$broker"
    in_shell 'wait $b1'
    [[ -S $work/s ]] || complain "the path still there after SIGKILL" "it is gone"
    start_broker 2 'ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -D -o /dev/null -e inject=connect:signal=STOP:when=1'
    is_stopped() { broker_of 2 && [[ $(state "$broker") == [tT] ]]; }
    await "to ask by connect() whether somebody listens at the path" is_stopped
    first=$broker
    start_broker 3
    second=$broker
    settled() { gone "$second" || in_state "$second" S; }
    await "the second to wait, or to serve" settled
    kill -CONT "$first"
    one_is_gone() { gone "$first" || gone "$second"; }
    await "one of the two to end" one_is_gone
    broker=$first
    gone "$first" && broker=$second
    await "the other to listen" listens "$broker"
    expect "the reason of the other" assert_equal "$(cat "$work/err.2" "$work/err.3" | in_glibcs_words)" "ex3_broker: s: Address already in use"
    in_shell "ex3_broker s true 2>/dev/null; echo status \$?"
    await "a third one refused, since there is one that can be reached" written "status 1"
    kill -TERM "$broker"
    end_input
    finish_program
    [[ ! -e $work/s ]] || complain "the path removed" "it is there"
}

# bats test_tags=ex:3,points:4
@test "at SIGTERM what has come still goes out, also to those who are silent" {
    likely "first read what has come from all of them, then let go of those who have got all" 'TODO 4 in ex3_broker.c; FIONREAD in unix(7)'
    for sig in TERM INT; do
        x=t$RANDOM
        start_talk ex3_broker s
        tell open\ {p,a,b}
        sub a $x
        sub b $x
        freeze "$pid"
        text='' a=() b=()
        for i in {1..300}; do
            text+="pub $x $i\\n"
            a+=("a: $x $i")
            b+=("b: $x $i")
        done
        tell "send p ${text}pub $x half" "open new" "send new sub $x\\npub $x new\\n" "send a pub $x a\\n"
        kill -s $sig "$pid"
        kill -CONT "$pid"
        tell "get a 400"
        expect "each message of p, in order" assert_equal "$(printf '%s\n' "${told[@]}" | grep '[0-9]$')" "$(printf '%s\n' "${a[@]}")"
        expect "the others', too, and the end" assert_equal \
            "$(printf '%s\n' "${told[@]}" | grep -v '[0-9]$' | sort | xargs)" "a: end a: $x a a: $x new"
        tell "get b 400"
        expect "the same for b" assert_equal "${#told[@]} ${told[-1]}" "303 b: end"
        tell "get p 1" "get new 400" "open late"
        expect "the ends of the others" assert_equal \
            "${told[0]} ${told[1]} $(printf '%s\n' "${told[@]}" | grep -x 'new: end') ${told[-1]}" \
            "p: end new: ok new: end late: open: No such file or directory"
        end_talk
        [[ ! -e $work/s ]] || complain "the path removed after SIG$sig" "it is there"
    done
}
