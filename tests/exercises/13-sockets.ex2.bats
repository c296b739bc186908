# The exercise ex2_reliable_udp of lab 13. The scripts run in the sandbox, with the
# functions of lib/udp.bash: they are the other side, and speak what is on the wire.

# shellcheck disable=SC2016

load ../lib/lab
load ../lib/udp

setup_file() {
    build_udp lossy_proxy
}

# bats test_tags=ex:2,points:4
@test "the sender sends numbered datagrams, each when the last is acknowledged, and an end" {
    likely "htonl() puts the most significant byte first; END has the number after the last DATA's, and is acknowledged, too" '"On the wire" in the README; TODO 1 and 3 in ex2_reliable_udp.c'
    head -c $((2049 + RANDOM % 1000)) /dev/urandom >"$work/input"
    talk 'peer a
        sender input -t 60
        for n in 0 1 2; do
            await_one a DATA $n "$(hex_of input $((n * 1024)) 1024)"
            settled $pid
            none_came "no datagram before ACK $n"
            port=${port:-$from}
            say_to a $from ACK $n
        done
        await_one a END 3
        settled $pid
        [[ -e /proc/$pid/fd && $from == $port ]] || miss "to wait for ACK 3, at one port" "it has ended, or has another port"
        say_to a $from ACK 3
        ends $pid 0
        none_came "nothing more"
        sender /dev/null -t 60
        await_one a END 0
        say_to a $from ACK 0
        ends $pid 0
        [[ ! -s err ]] || miss "nothing on standard error" "$(<err)"
        rm input err'
}

# bats test_tags=ex:2,points:3
@test "the sender sends what one read() gives, and an input that fails has no end" {
    likely "to fill 1024 bytes is to let a slow input wait; -1 from read() isn't 0" 'TODO 3 in ex2_reliable_udp.c; read(2)'
    talk 'peer a
        mkfifo in
        sender in -t 60
        exec 4>in
        printf "a\0\n" >&4
        await_one a DATA 0 61000a
        for byte in d e; do # not read yet
            printf $byte >&4
            sleep 0.02
        done
        say_to a $from ACK 0
        await_one a DATA 1 6465
        say_to a $from ACK 1
        head -c 1030 /dev/zero >&4
        await_one a DATA 2 "$(printf %02048d 0)"
        say_to a $from ACK 2
        await_one a DATA 3 000000000000
        say_to a $from ACK 3
        sleep 0.05
        none_came "no END while the input goes on"
        exec 4>&-
        await_one a END 4
        say_to a $from ACK 4
        ends $pid 0
        sender .
        ends $pid 1
        said "ex2_reliable_udp: standard input: Is a directory"
        none_came "nothing, for nothing could be read"
        rm in err'
}

# bats test_tags=ex:2,points:3
@test "what isn't acknowledged is sent again, the same bytes, and not too early" {
    likely "the wait begins anew with each copy; END can get lost like any other" '"send" in the README; TODO 3 in ex2_reliable_udp.c'
    head -c 1100 /dev/urandom >"$work/input"
    talk 'peer a
        sender input -t 0.1 -n 1000
        first=$(hex_of input 0 1024) second=$(hex_of input 1024)
        await_one a DATA 0 $first # three lost
        again 0.1 DATA 0 $first
        again 0.1 DATA 0 $first
        again 0.1 DATA 0 $first
        say_to a $from ACK 0
        then_comes 0.1 a DATA 1 $second # two lost
        again 0.1 DATA 1 $second
        again 0.1 DATA 1 $second
        say_to a $from ACK 1
        then_comes 0.1 a END 2 # one lost
        again 0.1 END 2
        say_to a $from ACK 2
        ends $pid 0
        rm input err'
}

# bats test_tags=ex:2,points:4
@test "only the right acknowledgement counts; nothing else moves the clock" {
    likely "wait for what is LEFT of the time after a datagram that was of no use; look at type, length, number and sender of each" '"send" in the README; TODO 2 and 3 in ex2_reliable_udp.c; ppoll(2)'
    head -c 1100 /dev/urandom >"$work/input"
    talk 'peer a c
        # Half way to the next copy it gets what is no good. The copy must come in
        # time after the last one, and so earlier than 0.3 s after that. Where the
        # machine is too busy to tell the two apart, once more.
        disturb() { # disturb KIND N [HEX]
            local last disturbed n=$2 end=$((SECONDS + DEADLINE + 1))
            while :; do
                last=$when
                sleep 0.15
                disturbed=$(now)
                for stray in 41 "" 410000000${n}00 580000000$n 450000000$n 440000000${n}77 41000000; do
                    say_to a $from $stray
                done
                for stray in n+1 n-1 n+256 n+65536 n+16777216; do
                    say_to a $from ACK $((stray & 0xffffffff))
                done
                say_to c $from ACK $n
                if marked; then # all that is on its way, before the copy
                    await_one a "$@"
                    not_before $last 0.3 "a copy"
                    ((when > disturbed + 298000)) || return 0
                else
                    "$@"
                    [[ "$to $got" == "a $datagram" ]] || miss "$(name_of $datagram)" "$(name_of $got)"
                    not_before $last 0.3 "a copy"
                fi
                ((SECONDS < end)) || miss "a copy after 0.3 s, whatever else comes" "$((when - last)) us after the last one, $((when - disturbed)) us after those"
            done
        }
        sender input -t 0.3 -n 1000
        first=$(hex_of input 0 1024) second=$(hex_of input 1024)
        await_one a DATA 0 $first
        disturb DATA 0 $first
        say_to a $from ACK 0
        then_comes 0.3 a DATA 1 $second
        disturb DATA 1 $second
        say_to a $from ACK 1
        then_comes 0.3 a END 2
        say_to a $from ACK 2
        ends $pid 0
        rm input err'
}

# bats test_tags=ex:2,points:3
@test "after so many tries it gives up; a refused datagram is only one that was lost" {
    likely "after the last copy there is a wait, too; ECONNREFUSED comes of an earlier datagram, and the receiver may be there soon" '"send" in the README; TODO 3 in ex2_reliable_udp.c; udp(7)'
    talk 'peer a
        echo x >input
        tries=$((RANDOM % 4 + 2))
        sender input -t 0.1 -n $tries
        await_one a DATA 0 780a
        for ((i = 2; i <= tries; i++)); do
            again 0.1 DATA 0 780a
        done
        last=$when
        ends $pid 1
        when=$(now)
        not_before $last 0.1 "the end, after the last copy,"
        none_came "$tries copies"
        said "ex2_reliable_udp: $host $a: datagram 0, sent $tries times: Connection timed out"

        refused() { awk "/^Udp: [0-9]/ { print \$3 }" /proc/net/snmp; }
        tell close a
        tell mark closed
        await_any closed
        start=$(now) before=$(refused)
        sender input -t 0.1 -n 3
        ends $pid 1
        when=$(now)
        not_before $start 0.3 "the end of three tries that were refused,"
        said "ex2_reliable_udp: $host $a: datagram 0, sent 3 times: Connection refused"
        (($(refused) - before >= 3)) || miss "3 datagrams sent to a port where nobody is" "$(($(refused) - before))"

        before=$(refused)
        sender input -t 0.1 -n 1000
        twice_refused() { (($(refused) - before >= 2)); }
        so_soon "two copies, though nobody is there yet" twice_refused
        tell "open a $a"
        await_any "the port, open again"
        await_one a DATA 0 780a
        say_to a $from ACK 0
        then_comes 0.1 a END 1
        say_to a $from ACK 1
        ends $pid 0
        rm input err'
}

# bats test_tags=ex:2,points:4
@test "the receiver writes each datagram once, in order, and then acknowledges it" {
    likely "a copy of a datagram means that its ACK was lost: acknowledge it again, but don't write it again" '"receive" in the README; TODO 4 in ex2_reliable_udp.c'
    head -c $((1027 + RANDOM % 1000)) /dev/urandom >"$work/input"
    talk 'peer a
        receiver -l 0.1
        one=$(hex_of input 0 3) two=$(hex_of input 3 1024) three=$(hex_of input 1027)
        wrote() { head -c $1 input | cmp -s - out || miss "the first $1 bytes of the stream written" "$(wc -c <out) bytes${2:+ $2}"; }
        answer() { await_one a ACK $1; wrote $2 "when ACK $1 has come"; }
        say_to a $port DATA 0 $one
        answer 0 3
        say_to a $port DATA 0 $one # the ACK was lost
        answer 0 3
        say_to a $port DATA 2 $three # not in order
        say_to a $port DATA 257 $two
        say_to a $port DATA 16777217 $two
        say_to a $port DATA 4294967295 $two
        say_to a $port END 5
        say_to a $port END 0
        say_to a $port ACK 1
        say_to a $port DATA 1 $two
        answer 1 1027
        say_to a $port DATA 0 $one # late
        answer 0 1027
        say_to a $port DATA 2 ${three:-0a}
        answer 2 $(wc -c <input)
        say_to a $port DATA 1 $two
        answer 1 $(wc -c <input)
        say_to a $port END 3
        answer 3 $(wc -c <input)
        ends $pid 0
        none_came "nothing more"
        wrote $(wc -c <input)
        receiver -l 0.1
        say_to a $port END 0
        await_one a ACK 0
        ends $pid 0
        [[ ! -s out ]] || miss "no bytes" "$(wc -c <out) bytes"
        rm input out err'
}

# bats test_tags=ex:2,points:3
@test "the receiver takes only what is whole, and only from the one that began" {
    likely "what came before connect() is still in the queue; a buffer of 1029 bytes cuts what is longer; a datagram of 0 bytes is no end" '"receive" in the README; TODO 1 and 4 in ex2_reliable_udp.c; recvfrom(2)'
    talk 'peer a b
        long=$(printf "%02050d" 0)
        foreign() { # foreign NAME N: nothing that a receiver takes
            for kind in "44" "45" "" "4400000${2}aa" "440000000$2" "440000000$2$long" "440000000$2$long$long" "450000000${2}aa" "640000000${2}aa" "410000000$2" "410000000${2}aa"; do
                say_to $1 $port $kind
            done
        }
        receiver -l 0.1
        kill -STOP $pid
        stopped() { grep -q "^State:.T" /proc/$pid/status; }
        so_soon "to stop" stopped
        foreign b 0
        say_to b $port DATA 1 bb
        say_to b $port END 1
        say_to a $port DATA 0 aa
        say_to b $port DATA 0 bb
        say_to b $port DATA 1 bb
        say_to b $port END 1
        none_came "nothing of a program that is stopped"
        kill -CONT $pid
        await_one a ACK 0
        say_to b $port DATA 0 bb
        say_to b $port DATA 1 bb
        say_to b $port END 1
        foreign a 1
        say_to a $port DATA 1 a1
        await_one a ACK 1
        foreign b 2
        foreign a 2
        say_to b $port END 2
        say_to a $port END 2
        await_one a ACK 2
        ends $pid 0
        none_came "nothing for the other one"
        [[ $(hex_of out) == aaa1 ]] || miss "aaa1 written" "$(hex_of out)"
        rm out err'
}

# bats test_tags=ex:2,points:3
@test "after the end it stays for a while, for its last ACK may get lost" {
    likely "END comes again if its ACK was lost; the time begins anew with each ACK of it, and with nothing else. Close the output first: who reads it shall not wait" '"The last acknowledgement" in the README; TODO 4 and 5 in ex2_reliable_udp.c'
    talk 'peer a b
        mkfifo pipe
        { cat >/dev/null; echo; } <pipe >eof &
        out=pipe receiver -l 60
        say_to a $port DATA 0 aa
        await_one a ACK 0
        say_to a $port END 1
        await_one a ACK 1
        so_soon "the end of the output when END is acknowledged" test -s eof
        say_to a $port END 1
        await_one a ACK 1
        say_to a $port DATA 0 aa
        await_one a ACK 0
        kill $pid

        until # END comes again and again; anew, if we were too slow for that
            receiver -l 1.5
            for i in {1..5}; do
                ((i == 1 || $(now) < when + 800000)) || break
                say_to a $port END 0
                await_one a ACK 0
                ((i == 5)) || sleep 0.4
            done
            kill $pid
            ((i == 5))
        do :; done

        # Half way to its end it gets what is no good. It must end in time after its
        # ACK, and so earlier than 0.4 s after that.
        end=$((SECONDS + DEADLINE + 1))
        while
            receiver -l 0.4
            say_to a $port END 0
            await_one a ACK 0
            last=$when
            sleep 0.2
            disturbed=$(now)
            for kind in "" 45 44000000 4500000001 4400000005aa 4500000000aa; do
                say_to a $port $kind
            done
            say_to b $port END 0
            none_came "nothing more"
            sent=$(now)
            ends $pid 0
            when=$(now)
            not_before $last 0.4 "the end,"
            ((sent > last + 300000 || when > disturbed + 398000))
        do
            ((SECONDS < end)) || miss "to end 0.4 s after END was acknowledged, whatever else comes" "$((when - disturbed)) us after other datagrams"
        done
        none_came "nothing more"
        rm pipe eof out err'
}

# bats test_tags=ex:2,points:1
@test "what couldn't be written isn't acknowledged, and is an error" {
    likely "look at what write() says before you acknowledge; SIGPIPE ends a program without a word" '"receive" in the README; TODO 4 in ex2_reliable_udp.c; write(2)'
    talk 'peer a
        fails() { # fails REASON
            say_to a $port DATA 0 aa
            ends $pid 1
            none_came "no ACK of what was not written"
            [[ $(tail -n 1 err) == "ex2_reliable_udp: standard output: $1" ]] ||
                miss "ex2_reliable_udp: standard output: $1" "$(<err)"
        }
        out=/dev/full receiver
        fails "No space left on device"
        mkfifo pipe
        : <pipe &
        reader=$!
        out=pipe receiver
        wait $reader
        fails "Broken pipe"
        rm pipe err'
}

# bats test_tags=ex:2,points:1
@test "who waits sleeps" {
    likely "poll() with a time limit of 0, or a socket that doesn't block, makes you ask all the time" '"Asleep" in the README; poll(2)'
    talk 'peer a
        mkfifo in
        sender in -t 60 # waits for input
        exec 4>in
        printf x >&4
        await_one a DATA 0 78
        say_to a $from ACK 0
        pids=$pid
        echo y >input
        sender input -t 60 # waits for its ACK
        await_one a DATA 0 790a
        pids+=" $pid"
        receiver -l 60 # stays
        say_to a $port END 0
        await_one a ACK 0
        pids+=" $pid"
        receiver # waits for a beginning
        asleep $pids $pid
        rm in input out err'
}

# bats test_tags=ex:2,points:1
@test "over a bad network the same bytes come out" {
    likely "each of the tests before this one is about one of the things that happened here" 'ex2_reliable_udp in the README'
    head -c 20000 /dev/urandom >"$work/input"
    talk 'pass() { # pass NAME HOST OPTION...: through lossy_proxy
            local pid port
            $under ex2_reliable_udp -a "$2" -l 60 receive 0 >out.$1 2>err.$1 &
            pid=$!
            so_soon "to say where it listens" grep -qs "listens on port" err.$1
            port=$(sed -n "s/.*listens on port //p" err.$1)
            program lossy_proxy "${@:3}" "..." ex2_reliable_udp send
            lossy_proxy -a "$2" -s $port "${@:3}" sh -c "$(echo $under) ex2_reliable_udp -t 0.05 -n 1000 send $2 \$PORT <input" >log.$1 2>&1 ||
                miss "the sender to end with exit 0" "another status: $(grep -v server log.$1)"
            kill $pid
            wait $pid
            cmp -s input out.$1 || miss "the same bytes" "$(wc -c <out.$1) bytes, or others"
        }
        seed=$RANDOM
        { pass list 127.0.0.1 -d 2,3,9 -D 3,7 -u 5,6 -U 9 -l 7,12 -L 14 -k 2; } & # a subshell each
        { pass chance 127.0.0.1 -d 20% -D 20% -u 10% -U 10% -l 10% -L 10% -k 3 -r $seed; } &
        if grep -qs "00000001 01 80 10 80" /proc/net/if_inet6; then
            { pass six ::1 -d 1,3 -D 2; } &
        fi
        wait
        (($(grep -c "to server.*: 4400000001" log.list) >= 3)) || miss "DATA 1 three times" "$(cat log.list)"
        rm -f input out.* log.* err.*'
}
