# The exercise ex1_daemonize of lab 02.

# shellcheck disable=SC2034,SC2030,SC2031  # each test has its own ran and daemon

load ../lib/lab
load ../lib/daemon

# bats test_tags=ex:1,points:12
@test "the command runs in a session that it doesn't lead, and its parent is init" {
    likely "the command isn't executed, or not with exactly its arguments" \
        "\"The daemon\" of ex1_daemonize in the README; execvp(3)"
    begin
    printf '#!/bin/sh\nprintf "<%%s>" "$@" >"$0.args"\nexec sleep 1000\n' \
        >"$place/my service"
    chmod +x "$place/my service"
    launch ex1_daemonize "$place/my service" -h "two  words" '' "*$RANDOM"
    args=$(printf '<%s>' -h "two  words" '' "${ran##* }")
    await_daemon "the command to get these arguments: $args" \
        grep -qsxF -- "$args" "$place/my service.args"
    expect "nothing on standard error" assert_equal "$(<"$place/err")" ""

    likely "setsid() is missing, or comes in the wrong process: the launcher may lead its process group, and then gets none; and who gets one leads it" \
        "\"The daemon\" of ex1_daemonize in the README; setsid(2), credentials(7)"
    session=$(stat_field "$daemon" 6)
    if [[ $session == $(stat_field "$pid" 6) ]]; then
        complain "a session of its own" "the daemon is in the session of the shell that started it"
    elif [[ $session == "$daemon" ]]; then
        complain "that the daemon isn't the leader of its session" \
            "it is: its session has its own PID, and it could get a terminal"
    fi
    expect "no terminal" assert_equal "$(stat_field "$daemon" 7)" 0
    finish

    likely "the launcher has to wait for its child: else that stays a zombie, and for a moment the daemon's parent" \
        "\"The launcher\" of ex1_daemonize in the README; waitpid(2)"
    expect "no process left to init but the daemon" assert_equal "$adopted" 1
}

# bats test_tags=ex:1,points:9
@test "descriptors 0 to 2 are /dev/null, and no other is open" {
    likely "dup2() of /dev/null to 0, 1 and 2, opened for both; and close what the starter had open, whatever its number" \
        "\"The daemon\" of ex1_daemonize in the README; dup2(2), close_range(2)"
    begin
    tell_shell "exec 7<>file $((RANDOM % 800 + 100))<file"
    launch ex1_daemonize sleep 1000
    # Until then it may have its libraries open.
    await_daemon "the command to begin, and sleep" in_state "$daemon" S
    # Where valgrind writes its report isn't the program's.
    expect "these descriptors open, and no other" assert_equal \
        "$(for fd in $(descriptors "$daemon"); do
            echo "$fd: $(readlink "/proc/$daemon/fd/$fd")"
        done | grep -vF ": $run/san/")" "$(printf '%s: /dev/null\n' 0 1 2)"
    run ends "$daemon" /dev/null
    expect "0 open for reading, 1 and 2 for writing, or all for both" \
        assert_output --regexp $'^0 (read|both)\n1 (write|both)\n2 (write|both)$'
    finish
}

# bats test_tags=ex:1,points:7
@test "its folder is / or the one given, and its umask 022" {
    likely "chdir() and umask() are for the daemon to call, before the exec" \
        "\"The daemon\" of ex1_daemonize in the README; chdir(2), umask(2)"
    begin
    mkdir "$place/sub folder"
    tell_shell "umask $(shuf -n 1 -e 0 002 077 0137)"
    for option in '' "-dsub folder"; do
        launch ex1_daemonize ${option:+"$option"} sleep 1000
        folder=${option:+$place/${option#-d}}
        expect "this current folder" assert_equal \
            "$(readlink "/proc/$daemon/cwd")" "${folder:-/}"
        expect "this umask" assert_equal "$(field "$daemon" Umask)" 0022
        kill_daemon
    done
    finish
}

# bats test_tags=ex:1,points:6
@test "no signal is ignored or blocked, whatever the starter did" {
    likely "what is ignored or blocked stays so after an exec: sigaction() with SIG_DFL for each signal, and an empty mask" \
        "\"The daemon\" of ex1_daemonize in the README; signal(7), sigprocmask(2)"
    begin
    mapfile -t some < <(shuf -e INT QUIT USR1 USR2 ALRM TERM)
    launch env --ignore-signal=HUP,RTMIN+$((RANDOM % 30)),"${some[0]},${some[1]}" \
        --block-signal=PIPE,"${some[2]},${some[3]}" ex1_daemonize sleep 1000
    expect "no signal ignored" assert_equal "$(signals "$daemon" SigIgn)" ""
    expect "no signal blocked" assert_equal "$(signals "$daemon" SigBlk)" ""
    finish
}

# bats test_tags=ex:1,points:11
@test "if it can't run the command, the launcher says why, and ends with 127, 126 or 1" {
    likely "the launcher ends before it knows how the exec went, or the daemon's message goes to /dev/null: it takes a pipe to the launcher" \
        "\"The launcher\" of ex1_daemonize in the README; execvp(3), pipe(2)"
    name="no such $RANDOM"
    : >"$work/file"
    fails() { # fails STATUS MESSAGE ARG...
        run_program ex1_daemonize "${@:3}"
        assert_ended "exit $1"
        expect "this message" assert_equal "$stderr" "ex1_daemonize: $2"
    }
    fails 127 "$name: No such file or directory" "$name"
    fails 126 "/etc/passwd: Permission denied" /etc/passwd
    fails 1 "$name: No such file or directory" -d "$name" true
    fails 1 "file: Not a directory" -d file sleep 1000
}

# bats test_tags=ex:1,points:5
@test "what the launcher had printed before comes out once" {
    likely "fork() copies the stdio buffer: only the launcher may write it out, with exit(); the others end with _exit()" \
        "\"The launcher\" of ex1_daemonize in the README; _exit(2), exit(3)"
    [[ ${SAN:-} != thread ]] || skip "ThreadSanitizer writes out stdio buffers at _exit(), too"
    run_program ex1_daemonize true
    assert_ended "exit 0"
    expect "this line, once" assert_output "starting true"
    run_program ex1_daemonize "nothing$$"
    assert_ended "exit 127"
    expect "this line, once" assert_output "starting nothing$$"
    run_program ex1_daemonize -d "nothing$$" true
    assert_ended "exit 1"
    expect "this line, once" assert_output "starting true"
}
