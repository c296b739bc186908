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
    turn=0 answered=0 heard=''
    start "$@" sh -c 'trap "" TERM; ulimit -Sn "$(ulimit -Hn)"; exec "$0" "$@"' \
        "$top/build/tools/talk" -t "$DEADLINE" -a "$host" ${socket:+"$socket"}
    exec {hears}<"$run/stdout"
    tell
}

# tell LINE...: tells talk, and waits until that is done. told: what it has written
# since it was told the last time.
tell() {
    turn=$((turn + 1)) told=()
    printf '%s\n' "$@" "say = $turn" >&"$stdin"
    if ! wait_until $((3 * DEADLINE)) is_so_or_over is_told 2>/dev/null || ! is_told; then
        told=("nothing more after $((3 * DEADLINE)) s")
        if gone "$pid"; then
            finish_program
            told=("$(how_it_ended)")
        fi
        complain "to serve${1:+, when a client does: ${*: -1}}" "${told[*]}"
    fi
}

# Takes the lines that have come, but for the server's, into told. Without a
# process: many tests do little else. heard: what has come of a line.
is_told() {
    local line
    [[ $answered != "$turn" ]] || return 0
    while IFS= read -r -u "$hears" line; do
        line=$heard$line heard=''
        case $line in
        "= $turn")
            answered=$turn
            return
            ;;
        server\[*) ;;
        *) told+=("$line") ;;
        esac
    done
    heard+=$line
    return 1
}

# assert_told [LINE...]: that clients have got exactly this.
assert_told() {
    expect "the clients to get this" assert_equal "$(printf '%.100000s\n' "${told[@]}")" "$(printf '%s\n' "$@")"
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
