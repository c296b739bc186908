# Lab 13: sockets, TCP and UDP; what bytes cost. Unix sockets have a file of their own.

load lib/lab

# Skips a test, visibly, where the loopback has no IPv6.
needs_ipv6() {
    if ! grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; then
        skip "there is no IPv6 here: ::1 is missing"
    fi
}

# hex PORT: as /proc/net/tcp has it.
hex() {
    printf %04X "$1"
}

# port: where the running program listens, as it says itself.
port() {
    sed -nE '/^server.* (listens|receives) /{s/.*:([0-9]+)$/\1/p;q}' "$run/stdout"
}

# sockets FILE [PID]: the lines of /proc/PID/net/FILE, those of the namespace that a
# process is in: "LOCAL REMOTE STATE TX:RX".
sockets() {
    awk 'NR > 1 { print $2, $3, $4, $5 }' "/proc/${2:-$pid}/net/$1"
}

# in_table FILE REGEX: whether such a socket is there.
in_table() {
    sockets "$1" | grep -qE "$2"
}

@test "tcp_server, tcp_client: socket, bind, listen, accept; socket, connect; and end of file both ways" {
    word=w$RANDOM
    traced_well tcp_server tcp_client "$word" "$word"
    assert_equal "$(grep "^${word^^}$" "$run/stdout")" "${word^^}"$'\n'"${word^^}"
    local facts=("create parent tcp:1" "bind parent tcp:1 127.0.0.1:0" "listen parent tcp:1"
        "connect child.1 child.1/tcp:1 tcp:1" "accept parent tcp:1 tcp:2 child.1/tcp:1"
        "read parent tcp:2 = $((2 * ${#word} + 2))" "write parent tcp:2 = *"
        "read child.1 child.1/tcp:1 = $((2 * ${#word} + 2))" "read child.1 child.1/tcp:1 = 0")
    for ((i = 1; i < ${#facts[@]}; i++)); do
        assert_fact_before "${facts[i - 1]}" "${facts[i]}"
    done
    assert_fact_before "shutdown child.1 child.1/tcp:1 write" "read parent tcp:2 = 0"
    assert_fact_before "close parent tcp:2 both" "read child.1 child.1/tcp:1 = 0"
    assert_nothing_wrong
}

@test "tcp_server: listens where it says, in the kernel's table; by IPv6, too" {
    needs_ipv6
    held "listens on 127.0.0.1:" tcp_server
    in_table tcp "^0100007F:$(hex "$(port)") 00000000:0000 0A " ||
        complain "127.0.0.1:$(port) in state LISTEN (0A) in /proc/net/tcp" "$(sockets tcp)"
    ends_by TERM "$pid" "exit 0"
    held "listens on [::1]:" tcp_server -a ::1
    in_table tcp6 "^0{24}01000000:$(hex "$(port)") 0{32}:0000 0A " ||
        complain "[::1]:$(port) in state LISTEN (0A) in /proc/net/tcp6" "$(sockets tcp6)"
    assert_idle
    ends_by INT "$pid" "exit 0"
    word=w$RANDOM
    run_program tcp_server -a ::1 tcp_client -v -a ::1 $word
    assert_line "${word^^}"
    assert_line --regexp '^client.*: is \[::1\]:[0-9]+$'
}

@test "tcp_client: a name has several addresses, and it tries one after the other" {
    needs_ipv6
    # "" is ::1 and 127.0.0.1, in this order, and at the first nobody listens.
    run_program tcp_server tcp_client -v -a "" one
    assert_ended "exit 0"
    assert_line ONE
    assert_line --regexp '^client.*: connected to 127.0.0.1:'
    assert_regex "$stderr" '^tcp_client: \[::1\]:[0-9]+: Connection refused$'
}

@test "tcp_server: many clients at once, each its own bytes, large and small" {
    for i in 1 2 3; do
        head -c $((RANDOM * i * 20)) /dev/urandom | base64 >"$work/f$i"
        tr '[:lower:]' '[:upper:]' <"$work/f$i" >"$work/F$i"
    done
    # One says nothing, one takes nothing of what it gets: they delay nobody.
    run_program -t $((3 * DEADLINE)) tcp_server bash -c '
        exec 3<>/dev/tcp/127.0.0.1/$PORT 4<>/dev/tcp/127.0.0.1/$PORT
        cat /dev/zero >&4 & flood=$!
        for i in {1..20}; do (tcp_client $i | cmp - <(echo $i) && echo same) & pids+=($!); done
        for i in 1 2 3; do (tcp_client <f$i | cmp - F$i && echo same) & pids+=($!); done
        wait ${pids[@]}
        kill $flood; rm f? F?'
    assert_ended "exit 0"
    assert_equal "$(grep -cx same "$run/stdout")" 23
    assert_equal "$(grep -c 'has connected' "$run/stdout")" 25
}

@test "tcp_server: connections are complete before accept(), as many as the backlog lets wait" {
    start tcp_server -b 1 bash -c 'read x
        exec 3<>/dev/tcp/127.0.0.1/$PORT; echo hello >&3; echo sent; read x; read -r y <&3; echo "got $y"'
    await "to listen" written "listens on"
    # Stopped, it can't accept; the kernel does its part all the same.
    freeze "$pid"
    type_line
    await "the client to be connected, and to have sent" written sent
    sockets tcp >"$BATS_TEST_TMPDIR/table"
    grep -qE "^0100007F:$(hex "$(port)") 0100007F:.* 01 00000000:00000006" "$BATS_TEST_TMPDIR/table" ||
        complain "a connection of port $(port), ESTABLISHED (01), with 6 bytes to be read" "$(cat "$BATS_TEST_TMPDIR/table")"
    refute written "has connected"
    kill -CONT "$pid"
    type_line
    finish_program
    assert_ended "exit 0"
    assert_line "got HELLO"
}

@test "tcp_server: begins again at once on the same port, by SO_REUSEADDR alone" {
    # The server that ends has closed first: its port has a connection in TIME_WAIT (06).
    run_program bash -c 'coproc tcp_server; exec 4<&${COPROC[0]}; server=$COPROC_PID; read -r line <&4
        port=${line##*:}
        exec 3<>/dev/tcp/127.0.0.1/$port; echo hello >&3; read -r x <&3; echo "$x"
        kill -TERM $server; cat <&3; cat <&4 >/dev/null; wait $server; exec 3>&-
        awk -v port=$(printf :%04X $port) "index(\$2, port) && \$4 == \"06\"" /proc/net/tcp | grep -c .
        tcp_server -n -p $port true; echo "without $?"
        tcp_server -p $port tcp_client again; echo "with $?"
        tcp_server -p $port bash -c "tcp_server -p $port true"; echo "in use $?"'
    port=$(sed -n 's/^server.* 127.0.0.1:\([0-9]*\)$/\1/p' "$run/stdout" | head -n 1)
    assert_equal "$(grep -v '^server' "$run/stdout")" "HELLO
1
without 1
AGAIN
with 0
in use 1"
    assert_equal "$stderr" "tcp_server: 127.0.0.1:$port: Address already in use
tcp_server: 127.0.0.1:$port: Address already in use"
}

@test "tcp_server: at SIGTERM what has come is answered; a client that takes nothing doesn't hold it" {
    size=$((RANDOM * 10 + 300000))
    start tcp_server bash -c 'trap "" TERM
        exec 3<>/dev/tcp/127.0.0.1/$PORT; echo hello >&3; read x
        kill -TERM $PPID; read -r y <&3; echo "got $y"; read -r -t 20 y <&3; echo "then $?"
        (exec 4<>/dev/tcp/127.0.0.1/$PORT) 2>/dev/null || echo refused'
    await "a client" written "has connected"
    freeze "$pid" # so that the signal comes before the server has read
    type_line
    kill -CONT "$pid"
    finish_program
    assert_ended "exit 0"
    assert_line "got HELLO"
    assert_line "then 1"
    assert_line refused

    run_program bash -c 'coproc tcp_server; exec 4<&${COPROC[0]}; server=$COPROC_PID; read -r line <&4
        exec 3<>/dev/tcp/127.0.0.1/${line##*:}
        yes >&3 2>/dev/null & read -r -t 20 x <&3
        kill -TERM $server; kill -INT $server; cat <&4 >/dev/null; wait $server; echo "ended $?"; exec 3>&-; wait'
    assert_line "ended 0"
}

@test "tcp_server: it survives vanished clients, and a lack of descriptors" {
    run_program bash -c 'ulimit -Sn 10; exec tcp_server bash -c "$1"' bash '
        for i in 1 2 3; do exec 3<>/dev/tcp/127.0.0.1/$PORT; head -c 500000 /dev/zero >&3; exec 3>&-; done
        ulimit -Sn 100; fds=()
        for i in {1..8}; do exec {fds[i]}<>/dev/tcp/127.0.0.1/$PORT; done
        read -r -t 20 x <&${fds[8]}; echo "eighth $?"
        echo first >&${fds[1]}; read -r x <&${fds[1]}; echo $x
        for i in {1..8}; do exec {fds[i]}>&-; done
        until x=$(tcp_client alive) && [[ $x ]]; do :; done 2>/dev/null; echo $x'
    assert_ended "exit 0"
    assert_line "eighth 1"
    assert_line --regexp '^server.*: refuses a client: no descriptor is left$'
    assert_line FIRST
    assert_line ALIVE
}

@test "tcp_server and tcp_client speak with nc, and ss shows what they have" {
    needs nc netcat-openbsd
    needs ss iproute2
    word=w$RANDOM
    run_program -t $((2 * DEADLINE)) tcp_server sh -c "echo $word | nc -N 127.0.0.1 \$PORT; ss -Htln sport = \$PORT"
    assert_line "${word^^}"
    assert_line --regexp '^LISTEN +0 +[0-9]+ +127.0.0.1:[0-9]+ '
    # And as a client of nc's, which takes one connection and ends.
    run_program bash -c "nc -nlvN 127.0.0.1 0 >got 2>said </dev/null &
        until port=\$(sed -n 's/^Listening.* //p' said) && [[ \$port ]]; do :; done 2>/dev/null
        tcp_client -p \$port $word; wait \$!; cat got; rm got said"
    assert_line "$word"
}

@test "tcp_server: no such name, no such address, a port that is taken: told, with status 1" {
    run_program bash -c 'tcp_server -a 192.0.2.77 true; echo $?; tcp_server -p nosuchservice true; echo $?
        tcp_client -p 1 x; echo $?; tcp_server false; echo $?; tcp_server nosuchprogram; echo $?'
    assert_equal "$(grep -v '^server' "$run/stdout" | xargs)" "1 1 1 1 127"
    assert_regex "$stderr" '^tcp_server: 192.0.2.77:0: Cannot assign requested address'
    assert_regex "$stderr" 'tcp_server: host 127.0.0.1, port nosuchservice: '
    assert_regex "$stderr" 'tcp_client: 127.0.0.1:1: Connection refused'
}

@test "udp_server, udp_client: a dropped answer is asked for again, an answer that is late is not taken for another" {
    drops=$((RANDOM % 2 + 1)) word=w$RANDOM
    traced -t $((3 * DEADLINE)) udp_server -d $drops udp_client -t 0.1 -n 15 "$word" "second $word"
    assert_ended "exit 0"
    assert_equal "$(sed -nE 's/^client.*: ([^ ]*|SECOND [^ ]*)$/\1/p' "$run/stdout")" "${word^^}"$'\n'"SECOND ${word^^}"
    # Each question that was dropped came once more, with the same bytes.
    local asked answered
    asked=$(facts_of "^write child.1 child.1/udp:1 = $((${#word} + 2))")
    answered=$(facts_of "^write parent udp:1 = $((${#word} + 2))")
    ((asked > drops && answered == $(facts_of "^read parent udp:1 = $((${#word} + 2))") - drops)) ||
        complain "$drops answers dropped, and so many more questions" "asked $asked times, answered $answered times"
    refute_fact "listen * *"
    refute_fact "accept * *"

    # Both questions are answered late, when they have been asked again: an old answer
    # isn't the answer to the next question.
    run_program -t $((3 * DEADLINE)) bash -c 'coproc udp_server; exec 4<&${COPROC[0]}; server=$COPROC_PID; read -r line <&4
        kill -STOP $server
        udp_client -p ${line##*:} -t 0.05 -n 15 one two >got & client=$!
        until grep -q "try 2" got; do :; done 2>/dev/null; kill -CONT $server
        wait $client; echo $?; grep -c "^client.*: \(ONE\|TWO\)$" got; rm got; kill $server; wait'
    assert_output $'0\n2'
}

@test "udp_server: what there is no room for is cut off, and the kernel says how long it was" {
    room=$((RANDOM % 400 + 10)) more=$((RANDOM % 1000 + 1))
    text=$(printf '%0*d' $((room + more - 2)) 0) # with "1 " before it
    traced_well udp_server -b $room udp_client "$text" short
    assert_line --partial ": $((room + more)) bytes, cut to $room"
    assert_fact "write parent udp:1 = $room"
    assert_line --regexp '^client.*: SHORT$'
    run_program udp_server -b $room udp_client "${text:0:room-2}"
    assert_line --regexp ": $room bytes\$"
}

@test "udp_client: nobody at that port is told at once to a connected socket, and to no other" {
    # A port that was free a moment ago, and that nothing gives out again at once.
    local free='coproc udp_server; exec 4<&${COPROC[0]}; read -r line <&4; kill $COPROC_PID; wait; port=${line##*:}; '
    run_program bash -c "$free"'udp_client -p $port -t 50 x; echo $?; udp_client -u -p $port -t 0.01 -n 3 x; echo $?'
    assert_equal "$(grep -vc ': no answer to question 1, try [123]$' "$run/stdout")" 2
    assert_equal "${#lines[@]}" 5
    assert_equal "$stderr" "udp_client: receive: Connection refused
udp_client: no answer, whatever the reason"
    traced_well udp_server udp_client -u x
    refute_fact "connect * child.1/udp:1 *"
    traced_well udp_server udp_client x
    assert_fact_before "connect child.1 child.1/udp:1 *" "write child.1 child.1/udp:1 = 3"
}

@test "udp_server: has no state LISTEN; IPv6; nc -u; at SIGTERM what has come is answered" {
    held "receives at 127.0.0.1:" udp_server
    in_table udp "^0100007F:$(hex "$(port)") 00000000:0000 07 " ||
        complain "127.0.0.1:$(port), not connected (07), in /proc/net/udp" "$(sockets udp)"
    assert_idle
    ends_by TERM "$pid" "exit 0"
    run_program bash -c 'coproc udp_server; exec 4<&${COPROC[0]}; server=$COPROC_PID; read -r line <&4
        exec 3<>/dev/udp/127.0.0.1/${line##*:}
        kill -STOP $server; echo one >&3; echo two >&3; kill -TERM $server; kill -CONT $server
        cat <&4 >/dev/null; wait $server; echo $?; timeout 5 head -n 2 <&3'
    assert_output $'0\nONE\nTWO'
    if grep -q '^0\{31\}1 ' /proc/net/if_inet6; then
        run_program udp_server -a ::1 udp_client -a ::1 six
        assert_line --regexp '^client.*: SIX$'
    fi
    needs nc netcat-openbsd
    run_program udp_server sh -c 'echo by nc | nc -u -W 1 127.0.0.1 $PORT'
    assert_line "BY NC"
}

@test "partial_io: a message sent a byte at a time arrives whole, and one larger than any buffer" {
    word=w$RANDOM
    traced_well partial_io -c 1 "$word" "" "last $word"
    bytes=$((2 * ${#word} + 5 + 3 * 4))
    assert_equal "$(facts_of '^write parent unix:1 = 1$')" $bytes
    assert_equal "$(facts_of '^read parent unix:2 = 1$')" $bytes
    assert_equal "$(sed -n 's/^receiver.* reads: //p' "$run/stdout")" "$word"$'\n\n'"last $word"
    # All of it with few calls, and messages that share one.
    size=$((RANDOM * 100 + 3000000))
    traced_well partial_io -m $size "$word" two
    assert_line --partial " message 3, $size bytes in "
    assert_equal "$(facts_of '^write parent unix:1 = ')" "$(sed -nE 's/^sender.*: ([0-9]+) calls.*/\1/p' "$run/stdout")"
    assert_equal "$(awk '$1 == "write" && $3 == "unix:1" { sum += $5 } END { print sum }' "$run/facts")" \
        $((size + ${#word} + 3 + 3 * 4))
    # The first call took what there was room for.
    (($(sed -nE 's/^sender.* ([0-9]+) of them short/\1/p' "$run/stdout") > 0)) || complain "short sends" "$output"
    for chunk in 2 3 5 $((RANDOM % 50 + 6)); do
        run_program partial_io -c $chunk one "$word" three four
        assert_equal "$(sed -n 's/^receiver.* reads: //p' "$run/stdout" | xargs)" "one $word three four"
    done
}

@test "partial_io_broken: messages come as one, or one comes as several" {
    one=a$RANDOM two=b$RANDOM
    traced partial_io_broken $one $two
    assert_ended "exit 1"
    assert_fact "read parent unix:2 = $((${#one} + ${#two}))"
    assert_line --regexp ": $one$two\$"
    run_program partial_io_broken -c 2 $one
    assert_ended "exit 1"
    assert_line --regexp ": ${one:0:2}\$"
    assert_line --regexp ': 0 of 1 messages came as they were sent$'
}

@test "socket_cost: everything comes but what UDP loses; small pieces cost more a byte" {
    traced_well -t $((4 * DEADLINE)) socket_cost -n 2 -b 1
    # For each size, way and run: two questions, two answers.
    local table
    mapfile -t table < <(grep -E '^(round trip|a byte)' "$run/stdout")
    assert_equal "${#table[@]}" 10
    assert_equal "$(facts_of '^fork parent ')" $((10 * 4 * 5))
    assert_equal "$(facts_of '^(write|read) parent (tcp|udp|unix|pipe):[0-9]+ = 4096$')" $((4 * 5 * (2 * 2 + 1)))
    assert_nothing_wrong
    not_under_valgrind
    run_program -t 60 socket_cost -n 1 -b 1000000
    assert_ended "exit 0"
    for column in 4 5 6; do
        cost() { awk -v size="$1" -v column=$column '/^a byte/ && $3 == size { printf "%d\n", 1000 * $column }' "$run/stdout"; }
        (($(cost 16) > 5 * $(cost 16384))) || complain "a byte to cost more in pieces of 16" "$output"
    done
}

@test "bad usage is refused, help is given, failed output is noticed" {
    run_program bash -c '
        for program in tcp_server tcp_client udp_server udp_client unix_stream unix_dgram \
            socketpair fd_passing partial_io partial_io_broken socket_cost; do
            "$program" -h | head -n 1
            out=$("$program" -Y 2>/dev/null); echo "$? $out"
            "$program" -h >/dev/full 2>/dev/null || echo failed
        done
        long=$(printf "%0108d" 0)
        for bad in "tcp_server -b x" tcp_client "tcp_client x" "udp_server -b 0" "udp_client -p 9" "udp_client x" \
            "unix_stream" "unix_stream -p s x" "unix_stream -p s -m 8 serve" "unix_stream -p s -m 1777 serve" \
            "unix_stream -p $long ask" "unix_stream -p s ask x" "unix_dgram -p s ask" "unix_dgram -p s x" \
            "socketpair x" "socketpair -n 11" "fd_passing" "fd_passing -p s give" "fd_passing -p s take x" partial_io \
            "partial_io -c 0 x" partial_io_broken "socket_cost -n 0" "socket_cost x"; do
            out=$($bad 2>/dev/null); echo "$? $out"
        done'
    assert_equal "$(grep -c '^Usage: ' "$run/stdout")" 11
    assert_equal "$(grep -cx failed "$run/stdout")" 11
    assert_equal "$(grep -cx '2 *' "$run/stdout")" 35
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
