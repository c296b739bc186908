# The exercise ex2_heartbeat of lab 02.

# shellcheck disable=SC2034,SC2030,SC2031  # each test has its own ran and daemon

load ../lib/lab
load ../lib/daemon

# begin_log: begin, and names for the two files, with spaces in them.
begin_log() {
    begin
    pid_file="$place/the daemon.pid"
    log="$place/beat $RANDOM.log"
}

# heartbeat SECONDS [WORD...]: launches it; the words come before its name.
heartbeat() {
    t0=${EPOCHREALTIME/./}
    launch "${@:2}" ex2_heartbeat -i "$1" "$pid_file" "$log"
}

# has_beats COUNT FILE...: whether there are that many; sets $beats. A daemon
# that never sleeps writes a lot: no shell may read all that.
has_beats() {
    beats=$(cat -- "${@:2}" 2>/dev/null | grep -c ' beat ')
    ((beats >= $1))
}

# assert_lines FILE LINE...: these, without the time of day.
assert_lines() {
    local time='^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z '
    expect "in the log, each behind the time" assert_equal \
        "$(sed -E "s/$time//; t; s/^/no time: /" "$1" 2>&1 | paste -sd,)" \
        "$(printf '%s\n' "${@:2}" | paste -sd,)"
}

# assert_numbers FILE...: 1, 2, 3 and so on in the beats of all these together.
assert_numbers() {
    local wrong
    wrong=$(awk '/ beat / && $NF != ++n {
        file = FILENAME
        sub(/.*\//, "", file)
        print "instead of beat " n ", in line " FNR " of " file ": " $0
        exit
    }' "$@")
    if [[ $wrong ]]; then
        complain "every number once, and in order, from the oldest file to the newest" \
            "$wrong"
    fi
}

# assert_not_before OLD MS: that there aren't more lines in the log (but for OLD
# ones) than one at the launch, and one every MS milliseconds since then.
assert_not_before() {
    has_beats 0 "$log"
    local time=$(((${EPOCHREALTIME/./} - t0) / 1000))
    if ((beats - $1 > time / $2 + 1)); then
        complain "in $time ms one line, and one more every $2 ms" "$((beats - $1)) lines"
    fi
}

# What is in the PID file and the logs in $place, and which files these are.
files() {
    (
        cd "$place" && shopt -s nullglob
        for file in *.pid *.log; do
            echo "$file (inode $(stat -c %i "$file")): $(cat "$file")"
        done 2>&1
    )
}

# assert_pid_file: that it has the daemon's PID in it, and nothing else.
assert_pid_file() {
    expect "in the PID file, the daemon's PID and a newline (\$)" \
        assert_equal "$(cat -A "$pid_file")" "$(inner "$daemon")\$"
}

# bats test_tags=ex:2,points:7
@test "a line is written at the start, then one every interval, behind what is there" {
    likely "the first line comes before the launcher ends; it must not wait in a stdio buffer" \
        "\"The log\" of ex2_heartbeat in the README; write(2), setvbuf(3)"
    begin_log
    before=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    heartbeat 60
    after=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    assert_lines "$log" "beat 1"
    read -r time _ <"$log"
    if [[ $time < $before || $time > $after ]]; then
        complain "the time (UTC) between $before and $after" "$time"
    fi
    kill_daemon

    likely "the fraction of the seconds is lost" \
        "\"The log\" of ex2_heartbeat in the README; timespec(3)"
    heartbeat 0.02
    await_daemon "line 4" has_beats 5 "$log"
    echo "2000-01-01T00:00:00Z of another" >>"$log"
    await_daemon "line 12" has_beats 13 "$log"
    assert_not_before 1 20
    kill_daemon

    likely "the log is emptied by O_TRUNC, or isn't opened with O_APPEND: then lines overwrite what others have written" \
        "\"The log\" of ex2_heartbeat in the README; open(2)"
    expect "in the log still, the first line, and one that another process has added" \
        assert_equal "$(grep -E -e ' beat 1$' -e 'Z of another$' "$log" | cut -d' ' -f2-)" \
        $'beat 1\nbeat 1\nof another'
    sed -i -n '2,$p' "$log"
    assert_numbers "$log"
    finish
}

# bats test_tags=ex:2,points:6
@test "a start that fails is told, and leaves nothing" {
    likely "the launcher is told too early, nobody looks whether the first line could be written, or give_up() leaves the PID file" \
        "\"The start\" of ex2_heartbeat in the README; unlink(2)"
    mkdir "$work/folder"
    fails() { # fails PIDFILE LOG MESSAGE
        run_program ex2_heartbeat "$work/$1" "$2"
        assert_ended "exit 1"
        expect "this message" assert_equal "$stderr" "ex2_heartbeat: $3"
        expect "no PID file" assert_file_not_exists "$work/$1"
    }
    fails "a pid" "$work/folder" "$work/folder: Is a directory"
    fails "a pid" /dev/full "/dev/full: No space left on device"
    fails "no/pid" "$work/log" "$work/no/pid: No such file or directory"
}

# bats test_tags=ex:2,points:8
@test "while it runs, a second start is refused and changes nothing" {
    likely "the PID file can't be made, locked or written, or the log can't be opened" \
        "\"The start\" of ex2_heartbeat in the README; daemon(3)"
    begin_log
    heartbeat 60
    before=$(files)
    for other in "$log" "$place/other.log"; do
        likely "no lock, or one that is gone again: fcntl() locks aren't inherited by fork(), and any close() of the file ends them" \
            "\"The PID file\" of ex2_heartbeat in the README; fcntl(2)"
        try ex2_heartbeat -i 60 "$pid_file" "$other"
        assert_code 1
        expect "this message" assert_equal "$(<"$place/err")" \
            "ex2_heartbeat: $pid_file: already running, PID $(inner "$daemon")"
        likely "before you have the lock, the files are another's: no O_TRUNC, no write, no unlink" \
            "\"The PID file\" of ex2_heartbeat in the README; open(2)"
        expect "the same files as before, with the same in them" \
            assert_equal "$(files)" "$before"
    done
    assert_alive
    finish
}

# bats test_tags=ex:2,points:5
@test "a PID file that nobody has locked is no obstacle, and is written anew" {
    likely "that the file is there, or that kill(pid, 0) finds a process, doesn't mean that this daemon runs: only the lock does" \
        "\"The PID file\" of ex2_heartbeat in the README; fcntl(2)"
    begin_log
    printf '%s\n' "$(inner "$pid")" "123456789" "and more" >"$pid_file"
    heartbeat 60
    likely "the old number wasn't cut off, or it's the PID of a process before the last fork" \
        "\"The PID file\" of ex2_heartbeat in the README; ftruncate(2), getpid(2)"
    assert_pid_file
    kill_daemon # by SIGKILL
    expect "that the PID file is still there" assert_file_exists "$pid_file"
    heartbeat 60
    assert_pid_file
    finish
}

# bats test_tags=ex:2,points:6
@test "SIGTERM stops it at once: a last line, and no PID file" {
    likely "SIGTERM isn't handled, or only after the whole interval; or it was blocked from the start" \
        "\"SIGTERM\" of ex2_heartbeat in the README; sigtimedwait(2), signal(7)"
    begin_log
    heartbeat 60 env --ignore-signal=HUP,TERM --block-signal=HUP,TERM
    expect "a PID file" assert_file_exists "$pid_file"
    stop_daemon
    likely "the loop is left, but not all is done then: the last line, and unlink() of the PID file" \
        "\"SIGTERM\" of ex2_heartbeat in the README; unlink(2)"
    assert_lines "$log" "beat 1" stop
    expect "no PID file" assert_file_not_exists "$pid_file"
    finish
}

# bats test_tags=ex:2,points:7
@test "after SIGHUP lines go to a new log, and none is lost or doubled" {
    likely "after SIGHUP the log has to be opened by its name; its descriptor still means the old file. Or SIGHUP was blocked from the start" \
        "\"SIGHUP\" of ex2_heartbeat in the README; open(2), logrotate(8)"
    begin_log
    heartbeat 0.01 env --ignore-signal=HUP --block-signal=HUP
    open=$(descriptors "$daemon")
    for i in 1 2 3; do
        mv "$log" "$log.$i"
        signal_daemon HUP
        await_daemon "lines in a new log" has_beats 2 "$log"
    done
    # Nothing was renamed: it goes on in the same file.
    signal_daemon HUP
    await_daemon "more lines in the same log" has_beats $((beats + 3)) "$log"
    likely "the old log isn't closed" "\"SIGHUP\" of ex2_heartbeat in the README; close(2)"
    expect "as many descriptors as at the start" assert_equal \
        "$(descriptors "$daemon" | wc -w)" "$(wc -w <<<"$open")"
    stop_daemon
    likely "the number begins again, the new log is opened with O_TRUNC, or some lines still go to the old one" \
        "\"SIGHUP\" of ex2_heartbeat in the README; open(2)"
    assert_numbers "$log".{1,2,3} "$log"
    finish
}

# bats test_tags=ex:2,points:5
@test "signals neither hasten nor delay a line, and it sleeps in between" {
    likely "it wakes up to look around: let it sleep until the time is over or a signal comes" \
        "\"The log\" of ex2_heartbeat in the README; sigtimedwait(2)"
    begin_log
    heartbeat 0.15
    assert_alive
    pid=$daemon assert_idle
    likely "a sleep that is interrupted (EINTR) is no error, and not at its end; and it mustn't begin anew" \
        "\"The log\" of ex2_heartbeat in the README; sigtimedwait(2), nanosleep(2)"
    signal_daemon STOP
    await_daemon "the daemon to stop" in_state "$daemon" T
    signal_daemon CONT
    has_beats 1 "$log"
    while kill -HUP "$daemon" 2>/dev/null; do
        read -r -t 0.002 -u "$never" || true
    done 3>&- &
    await_daemon "three more lines, 0.15 s apart, under a SIGHUP every 2 ms" \
        has_beats $((beats + 3)) "$log"
    assert_not_before 0 150
    finish
}

# has_run TURNS: whether the daemon has run that often since it had run $turns times.
has_run() {
    local now
    pid=$daemon look_at_time _ now
    ((now >= turns + $1))
}

# bats test_tags=ex:2,points:3
@test "a log that can't be opened anew, or written to, doesn't end it; in the old one it says why" {
    likely "the old log is closed before the new one is open, or nobody looks whether it could be opened" \
        "\"SIGHUP\" of ex2_heartbeat in the README; open(2)"
    begin_log
    heartbeat 0.02
    mv "$log" "$log.1"
    mkdir "$log" # in the way
    signal_daemon HUP
    await_daemon "this line in the old log: cannot reopen: Is a directory" \
        grep -q 'Z cannot reopen: Is a directory$' "$log.1"
    has_beats 0 "$log.1"
    await_daemon "more lines in the old log" has_beats $((beats + 2)) "$log.1"
    rmdir "$log"
    signal_daemon HUP
    await_daemon "lines in a new log" has_beats 1 "$log"

    likely "after the start, a line that can't be written is lost, and that is all" \
        "\"The log\" of ex2_heartbeat in the README; write(2)"
    mv "$log" "$log.2"
    ln -s /dev/full "$log"
    signal_daemon HUP
    pid=$daemon look_at_time _ turns
    await_daemon "to wake up for more lines, though none can be written" has_run 4
    rm "$log"
    signal_daemon HUP
    await_daemon "lines in a new log" has_beats 1 "$log"
    stop_daemon
    assert_numbers "$log.1" "$log.2"
    finish
}

# bats test_tags=ex:2,points:3
@test "a signal handler, if there is one, takes a note and nothing else" {
    likely "a handler that opens, closes or writes out files, or ends the program: it may have interrupted just that" \
        "\"Both signals\" of ex2_heartbeat in the README; signal-safety(7)"
    needs_tracing
    mkdir "$work/here"
    mkfifo "$work/never"
    # The leak checker traces, too, and two can't.
    UNDER='' run_program strace -f -o here/trace bash -c '
        export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
        exec 5<>never; cd here
        ex2_heartbeat -i 60 "$PWD/pid" "$PWD/log" || exit
        read -r daemon <pid
        until_not() { while "$@" && kill -0 $daemon; do read -t 0.01 -u 5; done; }
        mv log old; kill -HUP $daemon; until_not test ! -e log
        kill $daemon; until_not test -e pid
        test -e log && test ! -e pid'
    ran="ex2_heartbeat, then a SIGHUP and a SIGTERM to it (under strace)"
    assert_ended "exit 0" "a new log after SIGHUP, and no PID file after SIGTERM"
    calls=$(awk '
        / --- SIG(HUP|TERM) / { inside[$1] = $3; next }
        / rt_sigreturn\(/ { delete inside[$1] }
        $1 in inside && / [a-z_0-9]+\(/ && !/ write\(/ {
            sub(/\(.*/, "()"); print $2 " in the handler of " inside[$1] }' \
        "$work/here/trace" | sort | uniq)
    if [[ $calls ]]; then
        complain "no system call but write() before a handler returns" "$calls"
    fi
}
