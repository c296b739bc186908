# Lab 13: sockets, the proxy that loses datagrams.

# shellcheck disable=SC2016

load lib/lab
load lib/udp

setup_file() {
    build_udp
}

# For the scripts, which run in the sandbox. The proxy's server is the socket a, its
# clients are c and d.
functions='proxy() { # proxy OPTION...: starts it
        program lossy_proxy "$@"
        rm -f out
        $under lossy_proxy "$@" >out 2>err &
        pid=$!
        so_soon "to say where it listens" grep -qs "listens on" out
        PORT=$(sed -n "s/.*listens on .*://p" out)
    }
    go() { for hex; do say_to c $PORT $hex; done; }
    back() { for hex; do say_to a $client $hex; done; }
    at() { # at NAME HEX...: these come to that socket, in this order
        local hex
        for hex in "${@:2}"; do
            await_any "$hex at $1"
            [[ "$to $got" == "$1 $hex" ]] || miss "$hex at $1" "$got at $to"
        done
    }
    stop() { kill $pid; ends $pid 0; none_came "nothing more"; }
    peer a c d'

@test "lossy_proxy: exactly the datagrams that it is told to drop, double, delay are" {
    talk "$functions"'
        proxy -s $a -d 2,5 -u 3 -l 7 -D 1 -U 2 -L 4 -k 2 -t 60
        go 01 02 03 04 05 06 07 08 09 0a
        at a 01 03 03 04 06 08 09 07 0a
        client=$from
        back 11 12 13 14 15 - 17
        at c 12 12 13 15 - 14 17
        [[ $from == $PORT ]] || miss "replies from the port that it listens on" "$from"
        go "" # none at all
        at a -
        long=$(head -c 65507 /dev/urandom | od -An -v -tx1 | tr -d " \n")
        go $long
        at a $long
        stop
        proxy -s $a -l 1,2 -t 0.1 # late, though nothing follows
        go 01 02
        at a 01 02
        stop
        proxy -s $a -l 1,3 -k 9 -t 60 # all goes before it ends
        go 01 02
        at a 02
        kill $pid
        at a 01
        ends $pid 0
        rm out err'
}

@test "lossy_proxy: each client has a socket of its own, and gets its own replies" {
    talk "$functions"'
        proxy -s $a
        go 0c
        at a 0c
        client=$from
        say_to d $PORT 0d
        at a 0d
        [[ $from != $client ]] || miss "two clients at two ports" "the same, $from"
        say_to a $from 1d
        at d 1d
        back 1c
        at c 1c
        go 2c
        at a 2c
        [[ $from == $client ]] || miss "the same port as before" "$from"
        say_to d $client ee # to the socket of another
        none_came "nothing from one that is no server"
        tell close a # nobody is there; and then again
        go 03 04
        stop
        proxy -s $a
        go 05 06
        so_soon "to have sent both" grep -q "server 2:" out # to nobody
        tell "open a $a"
        await_any "the port"
        go 07
        at a 07
        stop
        rm out err'
}

@test "lossy_proxy: chance drops as many as it is told, and the seed repeats it" {
    talk "$functions"'
        echoes() { # echoes SEED: what comes back of 100
            proxy -d 30% -r $1
            for i in {1..100}; do
                go $(printf %04x $i)
            done
            so_soon "100 to have come" grep -q "server 100:" out
            stop=$(grep -c "to server.*dropped" out)
            kill $pid
            wait $pid
            tell mark $1 - -
            while await_any "the mark" && [[ $to != mark ]]; do echo $got; done >came.$1$2
            (($(sort -u came.$1$2 | wc -l) == 100 - stop)) || miss "$((100 - stop)) different ones back" "$(wc -l <came.$1$2)"
        }
        echoes 5 a; first=$stop
        echoes 5 b
        echoes 6 a
        ((first > 10 && first < 55)) || miss "about 30 dropped" $first
        cmp -s came.5a came.5b || miss "the same with the same seed" "others"
        ! cmp -s came.5a came.6a || miss "others with another seed" "the same"
        rm came.* out err'
}

@test "lossy_proxy: it serves its command, sleeps, and says what it does not understand" {
    local words word=$RANDOM
    run_program lossy_proxy -q bash -c "exec 3<>/dev/udp/127.0.0.1/\$PORT; echo $word >&3
        dd bs=99 count=1 <&3 2>/dev/null; exit 7"
    assert_ended "exit 7"
    assert_equal "${lines[1]}" "$word"
    talk "$functions"'
        proxy -s $a
        asleep $pid
        go 01
        at a 01
        asleep $pid
        lossy_proxy -p $PORT >out.2 2>&1
        echo "$? $(<out.2)"
        stop
        rm out out.2 err'
    expect "a clear error" assert_output --regexp "1 lossy_proxy: 127.0.0.1:[0-9]+: Address already in use"
    for words in '-d x' '-d 3,,4' '-D 20%%' '-u ,' '-l' '-k 0' '-x'; do
        # shellcheck disable=SC2086
        run_program lossy_proxy $words true
        assert_ended "exit 2"
        [[ $stderr ]] || complain "a message" "none"
    done
    run_program lossy_proxy -a nowhere.invalid
    assert_ended "exit 1"
}
