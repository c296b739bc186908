# Lab 14: socket activation. systemd has the socket; the service runs only when
# somebody has come. The clients are tools/talk, which does what the test says.

load lib/lab
load lib/manager

# put_echo NAME [SED EXPRESSION...]: echo or echo_all, with its socket at $work/s, and
# starts the socket. $socket is its name.
put_echo() {
    needs_manager
    grep -q "libsystemd[.]so" "$BIN/echo_server" || skip "built without libsystemd"
    [[ ! ${SAN:-} ]] || skip "sanitizers do what these units forbid"
    put_lab_unit "$1.socket" "s|^ListenStream=.*|ListenStream=$work/s|" "${@:2}"
    put_lab_unit "$([[ $1 == echo ]] && echo echo@.service || echo echo_all.service)" "${@:2}"
    socket=$1-$tag.socket
    reload
    sctl start "$socket"
    [[ -S $work/s ]] || complain "a socket, without any service" "$(ls -la "$work")"
    assert_equal "$(stat -c %a "$work/s")" 600
    exec {talk_in}> >(exec "$top/build/tools/talk" -t "$DEADLINE" "$work/s" >"$work/heard" 2>&1 3>&- 4>&-)
    heard=0
}

# tell LINE...: to the clients. hears LINE: what the next line must be.
tell() {
    printf '%s\n' "$@" >&"$talk_in"
}

hears() {
    heard=$((heard + 1))
    came() { (($(wc -l <"$work/heard") >= heard)); }
    wait_until "$((2 * DEADLINE))" came 2>/dev/null || true
    expect "the clients to hear" assert_equal "$(sed -n "${heard}p" "$work/heard")" "$1"
}

end_talk() {
    exec {talk_in}>&-
    rm -f "$work/heard"
}

@test "echo_all: not running; then running, for the first and for all that come after" {
    put_echo echo_all
    unit=echo_all-$tag.service
    assert_property "$socket" ActiveState active
    assert_property "$unit" ActiveState inactive
    assert_property "$unit" MainPID 0
    words=$RANDOM
    tell 'open a' "send a $words\\n" 'get a 1'
    hears "a: $words"
    assert_property "$unit" ActiveState active
    pid=$(property "$unit" MainPID)
    assert_equal "$(<"/proc/$pid/comm")" echo_server
    # It has made no socket itself: it may make only Unix sockets, and has 3.
    assert_regex "$(readlink "/proc/$pid/fd/3")" '^socket:'
    tell 'open b' "send b $words b\\n" 'get b 1' "send a $words a\\n" 'get a 1'
    hears "b: $words b"
    hears "a: $words a"
    assert_property "$unit" MainPID "$pid"
    assert_property "$socket" NAccepted 0 # it's the service that accepts
    # It is killed: who has been connected loses that, who comes now only waits.
    kill -KILL "$pid"
    tell 'get a 1' 'open c' "send c $words c\\n" 'get c 1'
    hears "a: end"
    hears "c: $words c"
    refute [ "$(property "$unit" MainPID)" = "$pid" ]
    end_talk
    sctl stop "$socket" "$unit"
    [[ ! -e $work/s ]] || complain "no socket left" "$(ls "$work")"
}

@test "echo_all: with nothing to do it ends, and the next one to come starts it again" {
    put_echo echo_all 's/-t 60/-t 0.05/'
    unit=echo_all-$tag.service
    for i in 1 2; do
        tell "open a$i" "send a$i one\\n" "get a$i 1" "close a$i"
        hears "a$i: one"
        await_property "$unit" ActiveState inactive
        assert_property "$unit" MainPID 0
        assert_property "$socket" ActiveState active
    done
    end_talk
    sctl stop "$socket"
}

@test "echo@: a process of its own for each connection, as long as that lasts" {
    put_echo echo
    tell 'open a' 'open b' 'send b bb\n' 'get b 1' 'send a aa\n' 'get a 1'
    hears "b: bb"
    hears "a: aa"
    assert_property "$socket" NAccepted 2
    assert_property "$socket" NConnections 2
    mapfile -t instances < <(sctl list-units --plain --no-legend "echo-$tag@*" | awk '{ print $1 }')
    assert_equal "${#instances[@]}" 2
    pids=("$(property "${instances[0]}" MainPID)" "$(property "${instances[1]}" MainPID)")
    refute [ "${pids[0]}" = "${pids[1]}" ]
    # One is killed: the other one doesn't notice.
    kill -KILL "${pids[0]}"
    await_property "$socket" NConnections 1
    tell 'get a 1' 'send a more\n' 'get a 1' 'send b more\n' 'get b 1' 'say ready'
    wait_until "$((2 * DEADLINE))" grep -qx ready "$work/heard"
    assert_equal "$(grep -c ': more$' "$work/heard")" 1
    tell 'close a' 'close b'
    await_property "$socket" NConnections 0
    assert_property "$socket" NAccepted 2
    end_talk
    sctl stop "$socket"
}

@test "echo.socket: more than MaxConnections are refused" {
    put_echo echo 's/^MaxConnections=.*/MaxConnections=1/'
    tell 'open a' 'send a aa\n' 'get a 1'
    hears "a: aa"
    tell 'open b' 'get b 1'
    hears "b: end"
    assert_property "$socket" NConnections 1
    assert_property "$socket" NRefused '[1-9][0-9]*'
    end_talk
    sctl stop "$socket"
}
