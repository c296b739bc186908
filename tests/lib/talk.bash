# talk.bash: servers whose clients do what a test says, by tools/talk, which is the
# server's COMMAND. For a test file to load after lab.bash.
#
# shellcheck disable=SC2016,SC2034,SC2154,SC2317  # code for a shell; names that the tests share

# start_talk [-h HOST] PROGRAM [ARG...]: starts the server with talk as its COMMAND. A PATH
# in $socket is given to talk. Descriptors and signals are as usual for it, but for
# SIGTERM: it outlives the server's end.
start_talk() {
    local host=127.0.0.1
    if [[ $1 == -h ]]; then
        host=$2
        shift 2
    fi
    turn=0 heard=0 told=()
    start "$@" sh -c 'trap "" TERM; ulimit -Sn "$(ulimit -Hn)"; exec "$0" "$@"' \
        "$top/build/tools/talk" -t "$DEADLINE" -a "$host" ${socket:+"$socket"}
    tell
}

# tell LINE...: tells talk, and waits until that is done. told: what it has written
# since it was told the last time.
tell() {
    turn=$((turn + 1))
    printf '%s\n' "$@" "say = $turn" >&"$stdin"
    if ! wait_until $((3 * DEADLINE)) is_so_or_over is_told 2>/dev/null || ! is_told; then
        told=("nothing more after $((3 * DEADLINE)) s")
        if gone "$pid"; then
            finish_program
            told=("$(how_it_ended)")
        fi
        complain "to serve${1:+, when a client does: ${*: -1}}" "${told[*]}"
    fi
    mapfile -t told < <(tail -n "+$((heard + 1))" "$run/stdout" | tr -d '\0' | grep -v '^server\[')
    heard=$(wc -l <"$run/stdout")
    unset 'told[-1]'
}

is_told() {
    tail -n 3 "$run/stdout" | grep -qx "= $turn"
}

# assert_told [LINE...]: that clients have got exactly this.
assert_told() {
    expect "the clients to get this" assert_equal "$(printf '%s\n' "${told[@]}" | head -c 100000)" "$(printf '%s\n' "$@")"
}

# ask A REQUEST ANSWER: one request, and the answer that it has to get.
ask() {
    tell "send $1 $2\\n" "get $1 1"
    assert_told "$1: $3"
}

# end_talk: talk ends, and so must the server, well.
end_talk() {
    end_input
    if ! wait_until "$DEADLINE" gone "$pid" 2>/dev/null; then
        complain "to end, since its COMMAND has" "still running after $DEADLINE s"$'\n'"$(doing "$pid")"
    fi
    finish_program
    assert_ended "exit 0"
}

# sockets: how many sockets the server has open.
sockets() {
    find "/proc/$pid/fd" -lname 'socket:*' 2>/dev/null | wc -l
}

has_sockets() {
    [[ $(sockets) == "$1" ]]
}
