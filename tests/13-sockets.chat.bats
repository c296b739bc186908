# Lab 13: sockets, the chat server.

load lib/lab

crowd=$top/$BUILD/kit/chat_crowd

needs_crowd() {
    if [[ ! -d $top/tests/kit ]]; then
        skip "a copy for students doesn't have what this needs: tests/kit/chat_crowd.c"
    fi
}

# with_server [OPTION...] SCRIPT: runs a server while bash runs the script. In there
# "join N NAME" makes client N, a descriptor; "said N" waits until NAME's own line
# comes back to it, and so all before it have come.
with_server() {
    run_program -t $((3 * DEADLINE)) chat_server "${@:1:$#-1}" bash -c 'trap "" PIPE
        join() {
            eval "exec $1<>/dev/tcp/127.0.0.1/$PORT"
            printf "%s\n" "$2" >&$1
        }
        said() {
            printf "there %s\n" "$1" >&$1
            local line
            while IFS= read -r -t 60 -u $1 line && [[ $line != *": there $1" ]]; do
                [[ $line == *": there "* ]] || echo "$1 $line"
            done
        }
        '"${*: -1}"
}

# assert_heard [LINE...]: that this is what the script has written.
assert_heard() {
    assert_ended "exit 0"
    expect "on standard output: $*" \
        assert_equal "$(grep -v '^server\[' "$run/stdout")" "$(printf '%s\n' "$@")"
}

@test "chat_server: every line of everybody comes to all of 500, in the order of who said them" {
    needs_crowd
    run_program -t 100 bash -c 'ulimit -Sn 700; exec chat_server "$0" -l 2' "$crowd"
    assert_ended "exit 0"
    assert_regex "$output" "500 clients have heard 1000 lines each, all in order"
    refute_line --partial "dismissed"
}

@test "chat_server: who doesn't read delays nobody, is dismissed and told so; what it got is whole" {
    needs_crowd
    # 10 clients hear 16 MB each. The kernel takes some for those who don't read; then
    # 64 KiB wait for them, and then they go.
    with_server 'join 4 slow; said 4; join 5 idle; said 5
        '"$crowd"' -n 10 -l 1500 -b 1000
        for fd in 4 5; do cat <&$fd >heard; tail -n 1 heard
            grep -cv -E "^[0-9]: [0-9]+ 0{1000}$|^[0-9]: 0 0{1000}$|^idle: there 5$|^. you read too slowly: bye$" heard; done
        rm heard'
    assert_regex "$output" "10 clients have heard 15000 lines each, all in order"
    assert_line --regexp "^server\[[0-9]+\]: slow reads too slowly: dismissed"
    assert_line --regexp "^server\[[0-9]+\]: idle reads too slowly: dismissed"
    sed -i '/^10 clients/d' "$run/stdout"
    assert_heard "* you read too slowly: bye" 0 "* you read too slowly: bye" 0
}

@test "chat_server: lines come whole, however their bytes come; too long ones don't" {
    local a=$RANDOM b=$RANDOM
    with_server 'join 4 ann; said 4
        join 5 "bob"; said 5
        for byte in n o " " '"${a:0:1} ${a:1}"' "\n"; do printf "$byte" >&5; said 4; done
        printf "x\r\n\ny\\tz\e[31m\n'$b'\n" >&5; said 5; printf half >&5; exec 5<&-
        said 4
        join 6 "a name that is longer than thirty-two bytes"; printf "\0\n" >&6; said 6
        printf "%01024d\n" 0 >&6; read -r -u 6 line; echo "6 ${#line}"
        printf "%01025d" 0 >&6; cat <&6
        said 4 | tr -d 0'
    assert_heard "4 bob: no $a" "5 bob: no $a" "5 bob: x" "5 bob: " $'5 bob: y\tz?[31m' "5 bob: $b" \
        "4 bob: x" "4 bob: " $'4 bob: y\tz?[31m' "4 bob: $b" \
        "6 a name that is longer than thirt: " "6 1058" "* a line is too long: bye" \
        "4 a name that is longer than thirt: " \
        "4 a name that is longer than thirt: "
}

@test "chat_server: it survives who vanishes, and a lack of descriptors" {
    run_program bash -c 'ulimit -Sn 11; exec chat_server bash -c "$@"' bash 'trap "" PIPE
        ulimit -Sn 100
        exec 4<>/dev/tcp/127.0.0.1/$PORT; printf "ann\n1\n" >&4; read -r -u 4 line; echo $line
        for i in {1..20}; do
            exec 5<>/dev/tcp/127.0.0.1/$PORT; printf "bob\n2\n" >&5; read -r -u 4 line; exec 5<&-
            printf "3\n" >&4; read -r -u 4 line
        done
        fds=()
        for i in {1..8}; do exec {fds[i]}<>/dev/tcp/127.0.0.1/$PORT; done
        read -r -t 20 -u ${fds[8]}; echo $?
        printf "4\n" >&4; read -r -u 4 line; echo $line
        for i in {1..8}; do exec {fds[i]}<&-; done
        until exec 5<>/dev/tcp/127.0.0.1/$PORT && printf "carol\n5\n" >&5 && read -r -u 5 line; do :; done 2>/dev/null
        echo $line'
    assert_line --regexp '^server\[[0-9]+\]: refuses a client: no descriptor is left$'
    assert_heard "ann: 1" 1 "ann: 4" "carol: 5"
}

@test "chat_server: at SIGTERM what has been said is still heard by all" {
    local last=$RANDOM
    with_server 'join 4 "$(printf n%.0s {1..32})"; said 4; join 5 bob; said 5; join 6 late
        trap "" TERM
        seq 5000 >&4
        join 7 last; echo '$last' >&7
        # Until the server'"'"'s kernel has all: nothing is left in a queue to send.
        while grep -q ":$(printf %04X $PORT) 01 [0-9A-F]*[1-9A-F][0-9A-F]*:" /proc/net/tcp; do :; done
        kill -TERM $PPID
        for fd in 4 5 6 7; do cat <&$fd | grep -v there >heard; grep last heard
            ((fd > 5)) || grep -x "n*: [0-9]*" heard | cut -d " " -f 2 | diff - <(seq 5000) >&2
        done; rm heard
        (join 8 x) 2>/dev/null || echo refused'
    assert_equal "$stderr" ""
    assert_heard "last: $last" "last: $last" "last: $last" "last: $last" refused
}
