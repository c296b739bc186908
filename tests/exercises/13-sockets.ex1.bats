# The exercise ex1_calc_server of lab 13.
#
# shellcheck disable=SC2034,SC2128,SC2178,SC2317  # names that talk.bash shares

load ../lib/lab
load ../lib/talk

min=-9223372036854775808 max=9223372036854775807

# bats test_tags=ex:1,points:6
@test "each line is answered by the result, in 64 bits, or by what is wrong with it" {
    likely "strtoll() takes more than a number; the lowest number has no counterpart; a line may have any bytes" 'TODO 1 in ex1_calc_server.c; "Requests" in the README'
    a=$((RANDOM * RANDOM * 4 + 2)) b=$((RANDOM + 1))
    requests=() answers=()
    while IFS='|' read -r request answer; do
        requests+=("send a $request\\n")
        answers+=("a: $answer")
    done <<END
$a + $b|$((a + b))
$a - $b|$((a - b))
-$a*$b|$((-a * b))
 -$a  / $b  |$((-a / b))
-$a%$b|$((-a % b))
$a % -$b|$((a % -b))
$b--$a|$((b + a))
$b -$a|$((b - a))
007+-0|7
$max + 0|$max
$min - 0|$min
$min / 1|$min
$min % -1|0
$max * -1|-$max
$max + 1|error: overflow
$min - 1|error: overflow
$min * -1|error: overflow
$min / -1|error: overflow
$a * $max|error: overflow
$a / 0|error: division by zero
$a % 00|error: division by zero
9223372036854775808 - 1|error: number
-9223372036854775809 + 1|error: number
1 + 99999999999999999999999999999|error: number
99999999999999999999 / 0|error: number
99999999999999999999 / x|error: syntax
|error: syntax
   |error: syntax
$a|error: syntax
$a +|error: syntax
+ $a|error: syntax
$a + +$b|error: syntax
+$a + $b|error: syntax
$a + - $b|error: syntax
$a $b|error: syntax
$a + $b +|error: syntax
$a + $b 7|error: syntax
$a ^ $b|error: syntax
0x10 + 1|error: syntax
1e3 + 1|error: syntax
1.5 + 1|error: syntax
1 +	1|error: syntax
1 + 1\\0|error: syntax
1 \\0 1|error: syntax
\\01 + 1|error: syntax
$a + $b\\r|$((a + b))
$a + $b\\r\\r|error: syntax
\\r|error: syntax
END
    start_talk ex1_calc_server
    tell "open a" "${requests[@]}" "get a ${#requests[@]}"
    assert_told "${answers[@]}"
    end_talk
}

# bats test_tags=ex:1,points:6
@test "a line may come in pieces, many may come in one, and each is answered once, in order" {
    likely "recv() gives what has come: half a line, or three and a half. Keep the rest for the next time" 'TODO 2 in ex1_calc_server.c; tcp(7)'
    a=$((RANDOM + 1)) b=$((RANDOM + 1))
    start_talk ex1_calc_server
    tell "open a" "open b" "open c"
    # When the second client has its answer, what the first sent before was read.
    for piece in "$a" " " "+ " "-$b"; do
        tell "send a $piece"
        ask b "$RANDOM * 0" 0
    done
    ask a " " "$((a - b))"
    text='' answers=()
    for i in {1..300}; do
        text+="$a+$i\\n"
        answers+=("a: $((a + i))")
    done
    tell "send a ${text}$b - 1" "get a 300"
    assert_told "${answers[@]}"
    ask a 0 $((b - 10))
    # Of any length.
    ask a "1+$(printf %0998d $b)" $((1 + b))
    for length in 1001 1002 1024 2048 5000 100000; do
        ask a "$(printf "%0${length}d" 7)" "error: line too long"
        ask a "$a-1" $((a - 1))
    done
    tell "send a $(printf %01000d 7)"
    ask b 1+1 2
    tell "send a +1"
    ask b 1+1 2
    ask a "" "error: line too long"
    # The last one has no newline.
    tell "send c $a-$b\\n$a+$b" "half c" "get c 9"
    assert_told "c: $((a - b))" "c: $((a + b))" "c: end"
    tell "send b 2+2\\n" "half b" "get b 9" "half a" "get a 9"
    assert_told "b: 4" "b: end" "a: end"
    end_talk
}

# bats test_tags=ex:1,points:5
@test "many clients are served at once by one thread, which sleeps when nothing comes" {
    likely "wait for all of them in one poll(), never in a recv() for one" 'TODO 2 and 3 in ex1_calc_server.c; poll(2)'
    n=$((RANDOM % 20 + 60))
    start_talk ex1_calc_server
    freeze "$pid"
    opens=() halves=() rests=() answers=()
    for ((i = 1; i <= n; i++)); do
        opens+=("open c$i")
        halves+=("send c$i $i+")
        rests+=("send c$((n + 1 - i)) $i\\n" "get c$((n + 1 - i)) 1")
        answers+=("c$((n + 1 - i)): $((n + 1))")
    done
    tell "${opens[@]}" "${halves[@]}"
    kill -CONT "$pid"
    await "a socket for each of $n clients that wait, and one for more" has_sockets $((n + 1))
    tell "${rests[@]}"
    assert_told "${answers[@]}"
    [[ ${UNDER:-}${SAN:-} ]] || expect "one thread" assert_equal "$(field "$pid" Threads)" 1
    expect "no child but its COMMAND" assert_equal "$(children "$pid" | wc -l)" 1
    assert_idle
    end_talk
}

# How many bytes of answers the kernel has, which no client has taken.
sent_and_not_taken() {
    awk -v port=":$(printf %04X "$port")\$" 'function hex(text,   n, i) {
            for (i = 1; i <= length(text); i++)
                n = n * 16 + index("0123456789ABCDEF", substr(text, i, 1)) - 1
            return n
        }
        { split($5, queued, ":") }
        $2 ~ port { n += hex(queued[1]) }
        $3 ~ port { n += hex(queued[2]) }
        END { print n }' "/proc/$pid/net/tcp"
}

# The answers that A gets are so many, all the same, and then the end.
assert_gets() { # assert_gets A COUNT ANSWER
    tell "get $1 $2"
    expect "$2 answers, all the same" assert_equal \
        "$(printf '%s\n' "${told[@]}" | sort | uniq -c | xargs)" "$2 $1: $3"
}

# bats test_tags=ex:1,points:6
@test "who doesn't take its answers delays nobody, isn't read from, and gets them all in the end" {
    likely "a send() that doesn't wait may take a part, or nothing; what waits has a limit, and poll() shall not tell of what can't be used" 'TODO 3 in ex1_calc_server.c; send(2), poll(2)'
    start_talk ex1_calc_server
    port=$(sed -n '1s/^server.*://p' "$run/stdout")
    tell "open e" "open s" "open w"
    # Until the kernel has no more room, and some wait in the server: it must wait for
    # room then, and not look again and again at the end of the input.
    asked=0
    zeros=$(printf '1/0\\n%.0s' {1..500})
    until ((asked * 24 - $(sent_and_not_taken) > 24000)); do
        tell "send e $zeros" "send w 1+1\n" "get w 1"
        assert_told "w: 2"
        asked=$((asked + 500))
    done
    tell "half e"
    ask w 2+2 4
    assert_idle
    assert_gets e $asked "error: division by zero"
    tell "get e 9"
    assert_told "e: end"
    # And as much as it can send.
    tell "flood s 2000000 1/0\n" "send w 1+1\n" "get w 1"
    [[ ${told[0]} =~ ^s:\ flooded\ ([0-9]+)$ && ${told[1]} == "w: 2" ]] ||
        complain "one client to flood, another to get an answer" "${told[*]}"
    flooded=${BASH_REMATCH[1]}
    ((flooded < 8000000)) || complain "not to read from a client that takes no answers" "8 MB read"
    assert_idle
    tell "half s"
    assert_gets s $((flooded / 4)) "error: division by zero"
    more=()
    ((flooded % 4 == 0)) || more=("s: error: $([[ $((flooded % 4)) == 3 ]] && echo division by zero || echo syntax)")
    tell "get s 9"
    assert_told "${more[@]}" "s: end"
    end_talk
}

# bats test_tags=ex:1,points:4
@test "clients that vanish, and a lack of descriptors, cost the others nothing" {
    likely "EPIPE and ECONNRESET are the end of one client; a reset is told by POLLERR, also unasked" 'TODO 2 and 3 in ex1_calc_server.c; poll(2)'
    start_talk sh -c 'ulimit -Sn 14; exec "$@"' sh ex1_calc_server
    tell "open a" "open r" "open p" "open f" "open u" "open n" "send p 1+" "send n 1+1"
    await "six clients" has_sockets 7
    tell "flood f 2000000 1/0\\n" "send u 1+1\\n"
    ask a 1+1 2
    tell "reset r" "reset p" "reset f" "close u" "close n"
    await "the sockets of five clients, who are gone, closed" has_sockets 2
    ask a 2+2 4
    # More than it has descriptors for. (valgrind keeps some for itself.)
    if [[ ! ${UNDER:-} ]]; then
        opens=()
        for i in {1..20}; do
            opens+=("open c$i")
        done
        tell "${opens[@]}" "get c20 1"
        [[ ${told[*]} == "c20: end" || ${told[*]} == "c20: reset" ]] || complain "a refusal of who has no descriptor" "${told[*]}"
        ask a 3+3 6
        assert_idle
        tell "${opens[@]/open/close}"
        await "their sockets closed" has_sockets 2
    fi
    tell "open z"
    ask z 4+4 8
    end_talk
}

# bats test_tags=ex:1,points:5
@test "at SIGTERM and SIGINT whole lines that have come are answered, and nothing more" {
    likely "who waits to be taken has come, too; an answer to half a line is wrong; a client that is silent must not keep us" 'TODO 4 in ex1_calc_server.c; FIONREAD in tcp(7)'
    for sig in TERM INT; do
        a=$RANDOM b=$RANDOM
        start_talk ex1_calc_server
        tell "open silent" "open a" "open half" "open many"
        ask a 1+1 2
        freeze "$pid"
        many=$(printf '1+%d\\n' {1..2000})
        tell "send a $a+$b\\n$a-$b\\n$a+1" "open new" "send new $a+2\\n" "open quiet" \
            "send half $b+1\\n" "half half" "send many $many"
        kill -s $sig "$pid"
        kill -CONT "$pid"
        tell "get a 9" "get new 9" "get silent 1" "get quiet 1" "get half 9" "open late"
        assert_told "a: $((a + b))" "a: $((a - b))" "a: end" "new: $((a + 2))" "new: end" \
            "silent: end" "quiet: end" "half: $((b + 1))" "half: end" "late: open: Connection refused"
        tell "get many 3000"
        expect "answers to 2000 lines, and the end" assert_equal "${#told[@]} ${told[*]: -2}" "2001 many: 2001 many: end"
        end_talk
    done
}

# bats test_tags=ex:1,points:3
@test "it listens where it is told to, and at a port that was just left" {
    likely "a port that was given up not long ago needs SO_REUSEADDR; no two servers can have one" '"Where" in the README; socket(7)'
    start_talk ex1_calc_server
    port=$(sed -nE '1s/^server\[[0-9]+\]: listens on 127\.0\.0\.1:([0-9]+)$/\1/p' "$run/stdout")
    [[ $port ]] || complain "a line: server[PID]: listens on 127.0.0.1:PORT" "$(head -n 1 "$run/stdout")"
    grep -q "0100007F:$(printf %04X "$port") 00000000:0000 0A" "/proc/$pid/net/tcp" ||
        complain "a socket that listens there" "$(<"/proc/$pid/net/tcp")"
    tell "open a"
    ask a "6 * 7" 42
    end_talk
    # The second is refused while there is the first, which closes its connection itself.
    run_program bash -c 'ex1_calc_server -p 4711 bash -c "
            ex1_calc_server -p 4711 true; echo \$?
            exec 3<>/dev/tcp/127.0.0.1/\$PORT; echo 1+1 >&3; head -n 1 <&3; trap \"\" TERM; kill \$PPID; cat <&3"
        ex1_calc_server -p 4711 bash -c "exec 3<>/dev/tcp/127.0.0.1/4711; echo 2+2 >&3; head -n 1 <&3; exit 7"'
    assert_ended "exit 7"
    expect "a refusal, and answers before and after" assert_equal "$(grep -v '^server' "$run/stdout" | xargs)" "1 2 4"
    expect "the reason" assert_equal "$stderr" "ex1_calc_server: 127.0.0.1:4711: Address already in use"
    if grep -q ' lo$' /proc/net/if_inet6 2>/dev/null; then
        start_talk -h ::1 ex1_calc_server -a ::1
        expect "an address of IPv6" assert_regex "$(head -n 1 "$run/stdout")" '^server\[[0-9]+\]: listens on \[::1\]:[0-9]+$'
        tell "open a"
        ask a 3+4 7
        end_talk
    fi
}
