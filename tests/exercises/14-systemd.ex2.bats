# The exercise ex2_notify of lab 14. But for the last test we are in the manager's
# place (lib/notify.bash), so none is needed.
#
# shellcheck disable=SC2016,SC2317

load ../lib/lab
load ../lib/manager
load ../lib/threads
load ../lib/notify

setup_file() {
    build_ear
}

teardown_file() {
    true
}

# bats test_tags=ex:2,points:5
@test "READY=1 is told when the command has done its work, not before, by the service itself" {
    likely "READY=1 stands after fork(), not after waitpid()" "TODO 5 in ex2_notify.c; sd_notify(3)"
    serve
    tells "STATUS=sh: running"
    works
    find_service
    await "to sleep" in_state "$service" S
    says_nothing "nothing more as long as the command runs"
    open_gate 0
    tells READY=1 "STATUS=sh: status 0"
    await "to sleep" in_state "$service" S
    says_nothing "nothing more, and to go on"
    is_stopped_by TERM
    expect "nothing on standard error" assert_equal "$stderr" ""
}

# bats test_tags=ex:2,points:4
@test "the manager is found at a path and at an abstract name, as long as they can be" {
    likely "an abstract name has a 0 byte in place of the @, and ends where the length says: no 0 byte, and no rest of sun_path, belongs to it" "TODO 1 in ex2_notify.c; unix(7)"
    long=$(printf %0107d $RANDOM)
    names=(@$RANDOM "@${long:1}" "$work/$RANDOM")
    if ((${#work} < 100)); then
        names+=("$work/${long:${#work}+1}")
    fi
    for name in "${names[@]}"; do
        serve -n "$name" true
        tells "STATUS=true: running"
        tells READY=1 "STATUS=true: status 0"
        is_stopped_by TERM
    done
}

# fails STATUS COMMAND [ARG...]
fails() {
    serve "${@:2}"
    tells "STATUS=$2: running"
    tells "STATUS=$2: status $1"
    ends_with 1
    expect "as the last line on standard error" assert_equal "${stderr##*$'\n'}" "ex2_notify: $2 failed"
}

# bats test_tags=ex:2,points:4
@test "a command that fails: the status is told, never READY=1, and it ends with 1" {
    likely "waitpid() gives more than a status: WIFEXITED, WTERMSIG; a child that can't exec has to end, with 127" "TODO 4 and 5 in ex2_notify.c; wait(2)"
    code=$((RANDOM % 120 + 1))
    fails $code sh -c "exit $code"
    fails 137 sh -c 'kill -KILL $$'
    fails 127 ./none-$code
    serve sh -c 'kill -STOP $$; exit 3'
    tells "STATUS=sh: running"
    find_service
    stopped() { stopped=$(child_of "$service" sh T); }
    await "a command that is stopped" stopped
    await "to sleep" in_state "$service" S
    says_nothing "that a command is stopped is no end of it"
    kill -CONT "$stopped"
    tells "STATUS=sh: status 3"
    ends_with 1
}

# bats test_tags=ex:2,points:4
@test "the command gets its own arguments, and nothing of what is for the service alone" {
    likely "the environment and the signal mask are inherited, through execve(), too; sockets without SOCK_CLOEXEC as well" "TODO 1, 3 and 4 in ex2_notify.c; sd_notify(3), execve(2)"
    mark=$RANDOM
    allow_left 'file \./(environ|signals|fds|arguments) .*'
    serve -w 60000000 -e "env MARK=$mark" sh -c \
        'tr "\0" "\n" </proc/$$/environ >environ; ls /proc/self/fd >fds; echo "$1" >arguments' sh "two  words $mark"
    tells "STATUS=sh: running"
    tells READY=1 "STATUS=sh: status 0"
    is_stopped_by TERM
    expect "what isn't for the service" assert_equal "$(grep MARK= "$work/environ")" "MARK=$mark"
    expect "none of its variables" assert_equal "$(grep -E '^(NOTIFY|WATCHDOG)' "$work/environ")" ""
    expect "its second argument" assert_equal "$(<"$work/arguments")" "two  words $mark"
    [[ ${UNDER:-} == valgrind ]] ||
        expect "these descriptors, of which ls has the last one" assert_equal "$(sort -n "$work/fds" | xargs)" "0 1 2 3"
    # No shell: that might give its children another mask.
    serve awk '/^SigBlk/ { print $2 >"signals" }' /proc/self/status
    tells "STATUS=awk: running"
    tells READY=1 "STATUS=awk: status 0"
    is_stopped_by TERM
    expect "no signal blocked" assert_equal "$(<"$work/signals")" "0000000000000000"
}

# bats test_tags=ex:2,points:5
@test "SIGHUP: RELOADING=1 with the time, the command once more, READY=1" {
    likely "the time is that of CLOCK_MONOTONIC, in microseconds, in the same datagram; a SIGHUP that comes meanwhile isn't lost; a service that was ready stays so" "TODO 5 and 6 in ex2_notify.c; sd_notify(3)"
    code=$((RANDOM % 100 + 1))
    serve
    tells "STATUS=sh: running"
    works
    open_gate 0
    tells READY=1 "STATUS=sh: status 0"
    says_nothing "nothing more"
    before=$came
    type_line HUP
    tells 'MONOTONIC_USEC=[0-9]+' RELOADING=1 "STATUS=sh: running"
    usec=$(grep -oE 'USEC=[0-9]+' <<<"$text")
    usec=${usec#*=}
    ((usec >= before && usec <= came)) ||
        complain "MONOTONIC_USEC= from $before to $came" "$usec"
    works
    type_line HUP
    type_line HUP
    find_service
    await "to sleep" in_state "$service" S
    says_nothing "nothing more as long as the command runs"
    open_gate 0
    tells READY=1 "STATUS=sh: status 0"
    tells 'MONOTONIC_USEC=[0-9]+' RELOADING=1 "STATUS=sh: running"
    works
    open_gate $code
    tells READY=1 "STATUS=sh: status $code"
    await "to sleep" in_state "$service" S
    says_nothing "one run for two signals, and to go on when it has failed"
    is_stopped_by INT
}

# bats test_tags=ex:2,points:4
@test "SIGTERM and SIGINT: STOPPING=1 first, then the command's end, then its own, with 0" {
    likely "who only dies tells nothing; a command that still runs gets SIGTERM, and has to be waited for" "TODO 7 in ex2_notify.c; sd_notify(3)"
    mkfifo "$work/never"
    for sig in TERM INT; do
        serve sh -c 'trap "read -r x <gate; exit" TERM; echo $$ >>runs; while :; do read -r x <never; done'
        tells "STATUS=sh: running"
        works
        find_service
        type_line $sig
        tells STOPPING=1
        await "to sleep" in_state "$service" S
        says_nothing "to wait for the end of the command"
        open_gate x
        ends_with 0
    done
    serve
    tells "STATUS=sh: running"
    works
    open_gate 0
    tells READY=1 "STATUS=sh: status 0"
    is_stopped_by INT
}

# rhythm_is_right: five signs in a row have come within three quarters of the time that
# the manager would take for four. A machine that is slow makes it longer, now and
# then; a service that is slow makes it longer always.
rhythm_is_right() {
    local all i
    mapfile -t all < <(sed -n 's/^main \([0-9]*\) [0-9]* WATCHDOG=1$/\1/p' "$run/stdout")
    signs=${#all[@]}
    for ((i = 4; i < signs; i++)); do
        ((all[i] - all[i - 4] > 3 * usec)) || return 0
    done
    return 1
}

# bats test_tags=ex:2,points:5
@test "WATCHDOG=1 is told each half of WATCHDOG_USEC, from READY=1 on, whatever else goes on" {
    likely "a sign at the last moment is too late when the machine is busy; who waits in waitpid() gives none" "TODO 8 in ex2_notify.c; sd_watchdog_enabled(3)"
    usec=300000
    serve -w $usec
    tells "STATUS=sh: running"
    works
    open_gate 0
    tells READY=1 "STATUS=sh: status 0"
    begin=$came
    await "WATCHDOG=1 each $((usec / 2)) microseconds" rhythm_is_right
    type_line HUP # the command runs now, for as long as we like
    tells 'MONOTONIC_USEC=[0-9]+' RELOADING=1 "STATUS=sh: running"
    had=$signs
    goes_on() {
        rhythm_is_right
        ((signs >= had + 2))
    }
    await "WATCHDOG=1 while the command runs, too" goes_on
    says_nothing "nothing else"
    ((signs <= (came - begin) / (usec / 2) + 2)) ||
        complain "WATCHDOG=1 each $((usec / 2)) microseconds" "$signs in $((came - begin)) microseconds"
    type_line TERM
    tells STOPPING=1
    ends_with 0
}

# bats test_tags=ex:2,points:3
@test "no WATCHDOG=1 before READY=1, nor for another process's WATCHDOG_PID, nor without one" {
    likely "WATCHDOG_PID isn't looked at; or its absence is taken for another process's" "TODO 3 and 8 in ex2_notify.c; sd_watchdog_enabled(3)"
    serve -w 20000
    tells "STATUS=sh: running"
    works
    find_service
    pid=$service assert_idle
    refute_watchdog
    open_gate 0
    tells READY=1 "STATUS=sh: status 0"
    await "WATCHDOG=1" written WATCHDOG=1
    is_stopped_by TERM
    serve -w 20000 -e "env WATCHDOG_PID=$((RANDOM + 100000))"
    tells "STATUS=sh: running"
    works
    open_gate 0
    tells READY=1 "STATUS=sh: status 0"
    find_service
    pid=$service assert_idle
    refute_watchdog
    is_stopped_by TERM
    serve -e "env WATCHDOG_USEC=20000" true
    tells "STATUS=true: running"
    tells READY=1 "STATUS=true: status 0"
    await "WATCHDOG=1 without a WATCHDOG_PID, too" written WATCHDOG=1
    is_stopped_by TERM
}

refute_watchdog() {
    says_nothing "nothing else"
    ! written WATCHDOG=1 || complain "no WATCHDOG=1 yet" "there was one"
}

# bats test_tags=ex:2,points:3
@test "without a manager it does the same; with an address that can't be, nothing" {
    likely "NOTIFY_SOCKET may be missing or empty; what is too long isn't cut; and a manager that is gone is no reason to end" "TODO 1 and 2 in ex2_notify.c"
    for before in env "env NOTIFY_SOCKET= WATCHDOG_USEC=20000"; do
        serve -n - -e "$before"
        works
        open_gate 0
        type_line HUP
        works
        open_gate 1
        type_line TERM
        ends_with 0
        expect "nothing on standard error" assert_equal "$stderr" ""
    done
    serve
    tells "STATUS=sh: running"
    works
    type_line deaf
    says_nothing "nothing more"
    open_gate 0
    type_line HUP
    works
    open_gate 0
    type_line TERM
    ends_with 0
    expect "a reason on standard error" assert_regex "$stderr" "ex2_notify: NOTIFY_SOCKET: (No such file|Connection refused)"
    long=$(printf %0107d $RANDOM)
    for name in "x/$RANDOM" "@" "/$long" "@$long" "vsock:2:1"; do
        run_program env NOTIFY_SOCKET="$name" ex2_notify touch ran
        assert_ended "exit 2" "that NOTIFY_SOCKET=$name is bad usage"
        expect "one line" assert_equal "$stderr" "ex2_notify: NOTIFY_SOCKET: $name: not an address"
        [[ ! -e $work/ran ]] || complain "the command not to run" "it ran"
    done
}

# bats test_tags=ex:2,points:5
@test "a real manager waits for READY=1, sees each state, and ends a service that hangs" {
    likely "what the manager saw is above; systemctl --user status shows the same" "sd_notify(3), systemd.service(5)"
    start_manager
    needs_manager
    mkfifo "$work/gate"
    exec {gate}<>"$work/gate"
    unit=notify-$tag.service
    put_unit "$unit" <<END
[Service]
Type=notify
WatchdogSec=1s
TimeoutStartSec=$((6 * DEADLINE))
WorkingDirectory=$work
ExecStart=$BIN/ex2_notify sh -c 'read -r code <gate; exit \$code'
ExecReload=/bin/kill -HUP \$MAINPID
END
    reload
    sctl start --no-block "$unit"
    await_property "$unit" StatusText "sh: running"
    assert_property "$unit" ActiveState activating
    open_gate 0
    await_property "$unit" ActiveState active
    assert_property "$unit" StatusText "sh: status 0"
    kill -HUP "$(property "$unit" MainPID)"
    await_property "$unit" ActiveState reloading
    open_gate 7
    await_property "$unit" ActiveState active
    assert_property "$unit" StatusText "sh: status 7"
    # For longer than the watchdog's time, it goes on.
    since=$(property "$unit" WatchdogTimestampMonotonic)
    later() { (($(property "$unit" WatchdogTimestampMonotonic) > since + 1500000)); }
    await "signs of life for longer than WatchdogSec=" later
    kill -STOP "$(property "$unit" MainPID)"
    await_property "$unit" Result watchdog
    sctl reset-failed "$unit"
    sctl start --no-block "$unit"
    await_property "$unit" StatusText "sh: running"
    open_gate 3
    await_property "$unit" Result exit-code
    assert_property "$unit" StatusText "sh: status 3"
    exec {gate}>&-
    remove_units
    stop_manager
}
