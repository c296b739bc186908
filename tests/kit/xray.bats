#!/usr/bin/env bats
# xray: facts are the truth, pictures are whole, words are right.

load ../lib/lab

xray=$top/tools/xray

setup_file() {
    export CALLS
    CALLS=$("$BATS_TEST_DIRNAME/../../build/tools/xray-facts" -l)
}

# A log of its own: log LINE... between the first line and the last.
make_log() {
    printf '%s\n' '# xray log 1' '# folder /home/x' "$@" '# exit 0' '# end' >log
}

refuses() { # refuses STATUS MESSAGE XRAY_ARG...
    run -"$1" --separate-stderr "$xray" "${@:3}"
    assert_regex "$stderr" "$2"
    assert_equal "${#stderr_lines[@]}" 1
}

# Runs xray_truth for each seed and compares what each process says that it did
# with the facts about it. What another process does to it, it can't know: that
# a signal sent to it waits.
compare_with_truth() { # compare_with_truth FIRST LAST
    local seed story who
    for ((seed = $1; seed <= $2; seed++)); do
        mkdir "$seed"
        (cd "$seed" && strace -f -yy -ttt -T -s 24 --seccomp-bpf -e trace="$CALLS" \
            -o trace "$top/build/kit/xray_truth" "$seed") || [[ $? -lt 200 ]]
        echo "exit 0" >"$seed/report"
        whole_log "$seed/trace" "$seed/report" "$PWD/$seed" >"$seed/log"
        "$top/build/tools/xray-facts" "$seed/log" >"$seed/facts"
        for story in "$seed"/truth.*; do
            who=${story#*truth.}
            awk -v who="$who" '$2 == who && $1 != "pending" && !/file:truth/' \
                "$seed/facts" | diff "$story" - || {
                echo "seed $seed, $who: the story is <, the facts are >"
                return 1
            }
        done
        rm -r "$seed"
    done
}

@test "the facts are what a program knows of itself, seeds 1 to 100" {
    needs_tracing
    cd "$BATS_TEST_TMPDIR"
    compare_with_truth 1 100
}

@test "the facts are what a program knows of itself, seeds 101 to 200" {
    needs_tracing
    cd "$BATS_TEST_TMPDIR"
    compare_with_truth 101 200
}

@test "each pipe end is gone once, when its last descriptor is closed" {
    needs_tracing
    cd "$BATS_TEST_TMPDIR"
    strace -f -yy -ttt -T --seccomp-bpf -e trace="$CALLS" -o trace "$top/build/kit/xray_truth" 7 || true
    echo "exit 0" >report
    whole_log trace report "$PWD" >log
    "$top/build/tools/xray-facts" log | awk '
        $1 == "create" && $3 ~ /pipe:/ { pipes++ }
        $1 == "open" || $1 == "inherit" || $1 == "dup" { held[$3, $4]++ }
        $1 == "close" || $1 == "held" { held[$3, $4]-- }
        $1 == "gone" { gone++; if (held[$2, $3] > 0) early = early " " $2 " " $3 }
        END { print (pipes > 0), (2 * pipes == gone), early; exit }' >result
    assert_equal "$(cat result)" "1 1 "
}

@test "who wakes another at a futex comes before who is woken" {
    cd "$BATS_TEST_TMPDIR"
    make_log '1 1.0 execve("/bin/a", ["a"], 0x1 /* 1 var */) = 0 <0.1>' \
        '1 1.1 clone(child_stack=0x7, flags=CLONE_VM|CLONE_THREAD) = 2 <0.1>' \
        '1 1.2 futex(0x5, FUTEX_WAIT_PRIVATE, 0, NULL <unfinished ...>' \
        '2 1.3 futex(0x5, FUTEX_WAKE_PRIVATE, 1 <unfinished ...>' \
        '1 1.4 <... futex resumed>) = 0 <0.2>' '2 1.5 <... futex resumed>) = 1 <0.2>'
    run -0 "$xray" facts log
    assert_line --index 2 "futexwake parent/t1 futex:1 = 1"
    assert_line --index 3 "futexwait parent futex:1 = 0"
}

@test "a thread that dies with its process, in a call that strace can't name, is no trouble" {
    cd "$BATS_TEST_TMPDIR"
    make_log '1 1.0 execve("/bin/a", ["a"], 0x1 /* 1 var */) = 0 <0.1>' \
        '1 1.1 clone(child_stack=0x7, flags=CLONE_VM|CLONE_THREAD) = 2 <0.1>' \
        '2 1.2 exit_group(0 <unfinished ...>' '1 1.3 ???( <unfinished ...>' \
        '2 1.3 <... exit_group resumed>) = ?' '1 1.4 <... ??? resumed>) = ?' \
        '2 1.5 +++ exited with 0 +++' '1 1.6 +++ exited with 0 +++'
    run -0 "$xray" facts log
    assert_line "exit parent = 0"
    refute_output --partial stuck
}

@test "a thread that execs takes the place of all others" {
    cd "$BATS_TEST_TMPDIR"
    make_log '1 1.0 execve("/bin/a", ["a"], 0x1 /* 1 var */) = 0 <0.1>' \
        '1 1.1 clone(child_stack=0x7, flags=CLONE_VM|CLONE_THREAD) = 2 <0.1>' \
        '1 1.2 futex(0x5, FUTEX_WAIT_BITSET, 2, NULL <unfinished ...>' \
        '2 1.3 execve("/bin/b", ["b"], 0x1 /* 1 var */ <unfinished ...>' \
        '1 1.4 <... futex resumed>) = ?' '1 1.4 +++ superseded by execve in pid 2 +++' \
        '1 1.4 <... execve resumed>) = 0 <0.1>' '1 1.5 pause( <unfinished ...>' \
        '1 1.6 <... pause resumed>) = ?' '1 1.6 +++ killed by SIGTERM +++'
    run -0 "$xray" facts log
    assert_output "$(printf '%s\n' 'start parent a' 'thread parent parent/t1' \
        'exec parent/t1 b' 'stuck parent pause' 'killed parent SIGTERM' 'end exit 0')"
}

@test "a fork that fails makes no process; one that a signal delays is no failure" {
    cd "$BATS_TEST_TMPDIR"
    make_log '1 1.0 execve("/bin/a", ["a"], 0x1 /* 1 var */) = 0 <0.1>' \
        '1 1.1 clone(child_stack=NULL, flags=SIGCHLD) = ? ERESTARTNOINTR (To be restarted)' \
        '1 1.2 clone(child_stack=NULL, flags=SIGCHLD) = -1 EAGAIN (Try again)'
    run -0 "$xray" facts log
    assert_output "$(printf '%s\n' 'start parent a' 'fork parent = EAGAIN' \
        'left running parent' 'end exit 0')"
    run -0 "$xray" graph -T ascii log
    assert_line --index 0 "a: 1 process; exit 0"
    run -0 "$xray" timeline log
    assert_output --partial "fork: EAGAIN"
}

@test "what a process has from its parent is its own: a mapping, a handler that serves once" {
    cd "$BATS_TEST_TMPDIR"
    local usr1='--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_KERNEL} ---'
    make_log '1 1.0 execve("/bin/a", ["a"], 0x1 /* 1 var */) = 0 <0.1>' \
        '1 1.1 mmap(NULL, 9, PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x70 <0.1>' \
        '1 1.1 rt_sigaction(SIGUSR1, {sa_handler=0x5, sa_flags=SA_RESETHAND}, NULL, 8) = 0 <0.1>' \
        '1 1.2 clone(child_stack=NULL, flags=CLONE_FILES|SIGCHLD) = 2 <0.1>' \
        "2 1.3 $usr1" "2 1.3 $usr1" '2 1.4 munmap(0x70, 9) = 0 <0.1>' \
        '1 1.5 pipe2([3<pipe:[7]>, 4<pipe:[7]>], O_CLOEXEC) = 0 <0.1>' \
        '2 1.6 execve("/bin/b", ["b"], 0x1 /* 1 var */) = 0 <0.1>' \
        '1 1.7 write(4<pipe:[7]>, "x", 1) = 1' '1 1.8 munmap(0x70, 9) = 0 <0.1>'
    run -0 "$xray" facts log
    assert_line "deliver child.1 SIGUSR1 default from kernel"
    assert_line "unmap child.1 map:1"
    assert_line "unmap parent map:1"
    # With exec it has descriptors of its own, too.
    assert_line "close child.1 pipe:1 write"
    assert_line "write parent pipe:1 = 1"
}

@test "the names are the same in every run" {
    needs_tracing
    local i
    for i in 1 2; do
        traced sh -c "mkfifo f; cat f & echo $i >f; wait; rm f"
        # The shell may look for a child that hasn't ended yet, or be interrupted.
        sort "$run/facts" | grep -vE ' = EINTR$|^wait parent = 0$' >"$BATS_TEST_TMPDIR/facts.$i"
    done
    run diff "$BATS_TEST_TMPDIR"/facts.[12]
    assert_output ""
    assert_fact "create child.1 fifo:f"
    assert_fact_before "write parent fifo:f = 2" "read child.2 fifo:f = 2"
    assert_fact_before "gone fifo:f write" "read child.2 fifo:f = 0"
    assert_fact "unlink child.3 fifo:f"

    cd "$BATS_TEST_TMPDIR"
    make_log '9 1.0 execve("/bin/x", [], 0) = 0' \
        '9 1.1 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 10' \
        '9 1.2 openat(AT_FDCWD, "/proc/9/task/10/stat", O_RDONLY) = 3</proc/9/task/10/stat>'
    run "$xray" facts log
    assert_line "open parent file:/proc/parent/task/t1/stat read"
}

@test "a log is refused with one line that says what is wrong with it" {
    cd "$BATS_TEST_TMPDIR"
    : >log
    refuses 1 "log: it is empty" facts log
    echo "4711 1.0 read(0" >log
    refuses 1 "this isn't a log of 'xray record'" facts log
    printf '%s\n' '# xray log 1' '9 1.0 execve("/bin/x", [], 0) = 0' >log
    refuses 1 "log: it is cut off" facts log
    make_log '9 1.0 execve("/bin/x", [], 0) = 0' 'nonsense'
    refuses 1 "log:4: it doesn't begin with a PID" facts log
    make_log '9 1.0 execve("/bin/x", [], 0) = 0' '9 1.1 nonsense'
    refuses 1 "log:4: neither a call, nor a signal, nor an end" facts log
    make_log '9 1.0 execve("/bin/x", [], 0) = 0' '10 1.1 close(3) = 0'
    refuses 1 "log:4: a process that nobody in this log has made" facts log
    make_log
    refuses 1 "the command didn't start" facts log
    refuses 1 "nosuchlog: No such file" facts nosuchlog
    # Nor is anything said or drawn of it, or an earlier picture lost.
    echo old >picture
    for words in explain "graph -T utf8" "graph -T dot" timeline "graph -T dot -o picture" "timeline -o picture"; do
        # shellcheck disable=SC2086
        refuses 1 "the command didn't start" $words log
        assert_output ""
    done
    assert_equal "$(cat picture)" old
    head -c 5000 /dev/urandom >log
    run "$xray" explain log
    assert_equal "$status" 1
}

@test "bad usage is 2, and says what would be right" {
    local words
    for words in "" "nothing" "facts" "facts -x log" "record true" \
        "record -o log" "record -t soon -o log true" "graph -T jpg log" \
        "record -t 0 -o log true" "graph -n 0 log" "attach -o log init" "explain a b"; do
        # shellcheck disable=SC2086
        run "$xray" $words
        assert_equal "$words: $status" "$words: 2"
        assert_output --partial "Usage: xray record"
    done
}

@test "record keeps the command's exit status and output, and its limits" {
    needs_tracing
    cd "$BATS_TEST_TMPDIR"
    run --separate-stderr "$xray" record -o log -- sh -c 'echo out; exit 7'
    assert_equal "$status $output" "7 out"
    run "$xray" record -o log sh -c 'kill -TERM $$'
    assert_equal "$status" 143
    refuses 127 "nosuchcommand: no such command" record -o log nosuchcommand
    refuses 130 "where it was interrupted" record -o log sh -c \
        'read -r _ _ _ init _ <"/proc/$PPID/stat"; kill -INT "$init"; sleep 9'
    refuses 1 "nowhere/log: there's no file to be written" record -o nowhere/log true
    refuses 124 "the recording ends after 0.2 s" record -t 0.2 -o log sleep 9
    run "$xray" facts log
    assert_line "stuck parent sleep timed"
    assert_line "end timeout 0.2"
    run "$xray" record -m 1 -o log sh -c 'while :; do echo; done'
    assert_equal "$status" 153
    "$xray" facts log >facts.txt
}

@test "a daemon is followed when its parent has ended" {
    needs_tracing
    cd "$BATS_TEST_TMPDIR"
    run "$xray" record -o log -- setsid -f sh -c 'while [ ! -e go ]; do :; done; rm go' &
    wait_until 5 grep -qs . "$BATS_TEST_TMPDIR/log" || true
    : >go
    wait $!
    "$xray" facts log >facts.txt
    run grep -c '^orphan child.1$\|^session child.1$' facts.txt
    assert_output 2
    run tail -n 1 facts.txt
    assert_output "end exit 0"
}

@test "what is running already can be looked at" {
    needs_tracing
    cd "$BATS_TEST_TMPDIR"
    sh -c 'while [ ! -e go ]; do sleep 0.01; echo >>turns; done' 3>&- &
    local pid=$! attach tracer turns
    "$xray" attach -t "$DEADLINE" -o log $pid 3>&- &
    attach=$!
    wait_until "$DEADLINE" eval 'tracer=$(field $pid TracerPid) && ((tracer > 0))'
    turns=$(wc -l <turns)
    a_whole_turn() { (($(wc -l <turns) > turns + 1)); }
    wait_until "$DEADLINE" a_whole_turn
    kill -TERM "$tracer"
    wait $attach
    : >go
    wait $pid
    run "$xray" facts log
    assert_equal "${lines[0]}" "start parent attached"
    assert_line "fork parent child.1"
    assert_line "left running parent"
}

@test "no strace, or none allowed, is said with what to do" {
    cd "$BATS_TEST_TMPDIR"
    only_tools bash dirname sed cat mktemp rm
    PATH=$only refuses 3 "strace is missing: install it" record -o log true
    printf '#!/bin/sh\nexit 1\n' >"$only/strace"
    chmod +x "$only/strace"
    only_tools true awk
    PATH=$only refuses 3 "cap-add SYS_PTRACE" record -o log true
}

@test "a log of a million lines is no trouble" {
    cd "$BATS_TEST_TMPDIR"
    make_log '9 1.0 execve("/bin/x", [], 0) = 0' \
        '9 1.0 pipe2([3<pipe:[7]>, 4<pipe:[7]>], 0) = 0' \
        '9 1.0 clone(child_stack=NULL, flags=SIGCHLD) = 10' MILLION \
        '9 1.0 exit_group(0) = ?' '9 1.0 +++ exited with 0 +++'
    awk '/MILLION/ {
            for (i = 0; i < 333333; i++) {
                print "9 1.0 write(4<pipe:[7]>, \"abcdefghijklmnop\"..., 100 <unfinished ...>"
                print "10 1.0 read(3<pipe:[7]>, \"abcdefghijklmnop\"..., 4096) = 100"
                print "9 1.0 <... write resumed>) = 100"
            }
            next
        }
        { print }' log >big
    # The limits are of address space, more than what is really used, and of CPU time.
    ulimit -t 10
    run bash -c 'ulimit -v 200000; "$@" | grep -c " pipe:1 = 100$"' - "$xray" facts big
    assert_output 666666
    run bash -c 'ulimit -v 200000; "$@" | grep -c "31.8 MiB"' - "$xray" graph -T utf8 big
    assert_output 1
    ulimit -v 200000
    "$xray" timeline big >timeline.svg
    "$xray" explain big >words
}

@test "who begins anew with all signals gets one row for it in the timeline" {
    cd "$BATS_TEST_TMPDIR"
    mapfile -t calls < <(for name in HUP INT QUIT KILL ILL TRAP ABRT BUS STOP FPE; do
        result=$([[ $name == [KS]* ]] && echo "-1 EINVAL (Invalid argument)" || echo 0)
        echo "9 1.0 rt_sigaction(SIG$name, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, NULL, 8) = $result"
    done)
    make_log '9 1.0 execve("/bin/x", [], 0) = 0' "${calls[@]}" \
        '9 1.0 open("both", O_RDWR) = 3</home/x/both>'
    "$xray" timeline log >timeline.svg
    run grep -o '>resets[^<]*' timeline.svg
    assert_output '>resets 8 signals, opens file:both'
}

@test "the names that calls have on arm64 are known" {
    cd "$BATS_TEST_TMPDIR"
    make_log '9 1.0 execve("/home/x/p", ["p"], 0xffff /* 3 vars */) = 0' \
        '9 1.0 mknodat(AT_FDCWD</home/x>, "f", S_IFIFO|0600) = 0' \
        '9 1.0 openat(AT_FDCWD</home/x>, "/dev/shm/s", O_RDWR|O_CREAT, 0600) = 5</dev/shm/s>' \
        '9 1.0 openat(AT_FDCWD</home/x>, "/dev/shm/t", O_RDWR) = 6</dev/shm/t>' \
        '9 1.0 pipe2([3<pipe:[7]>, 4<pipe:[7]>], 0) = 0' \
        '9 1.0 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0xffff) = 10' \
        '10 1.0 dup3(3<pipe:[7]>, 0</dev/null<char 1:3>>, 0) = 0<pipe:[7]>' \
        '9 1.0 ppoll([{fd=3<pipe:[7]>, events=POLLIN}], 1, NULL, NULL, 0 <unfinished ...>' \
        '10 1.0 openat(AT_FDCWD</home/x>, "f", O_RDONLY <unfinished ...>' \
        '9 1.0 <... ppoll resumed>) = ? ERESTARTNOHAND (To be restarted if no handler)' \
        '9 1.0 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=5, si_uid=0} ---' \
        '9 1.0 unlinkat(AT_FDCWD</home/x>, "g", 0) = -1 ENOENT (No such file or directory)' \
        '9 1.0 clone3({flags=CLONE_VM|CLONE_VFORK|CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD, stack=0xff, stack_size=0x9000}, 88) = 11' \
        '11 1.0 execve("/bin/true", ["true"], 0xffff /* 3 vars */) = 0'
    "$xray" facts log >facts.txt
    run grep -v ' pipe:1 \|^create parent pipe\| shm:/. both' facts.txt
    assert_output "$(printf '%s\n' 'start parent p' 'create parent fifo:f' \
        'fork parent child.1' 'close child.1 stdin read' 'poll parent = EINTR' \
        'deliver parent SIGTERM default from outside' 'unlink parent file:g = ENOENT' \
        'fork parent child.2' 'exec child.2 true' 'left running parent' \
        'stuck child.1 open fifo:f read' 'left running child.1' \
        'left running child.2' 'left name fifo:f' 'left name shm:/s' 'end exit 0')"
    run grep 'dup' facts.txt
    assert_output "dup child.1 pipe:1 read to 0"
}

@test "a handler that never returned, one that serves once, and a signalfd are known" {
    cd "$BATS_TEST_TMPDIR"
    alarm='--- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---'
    handler='{sa_handler=0x55, sa_mask=[], sa_flags=SA_RESTORER'
    make_log '9 1.0 execve("/home/x/p", ["p"], 0xffff /* 3 vars */) = 0' \
        '9 1.0 clone(child_stack=NULL, flags=SIGCHLD) = 10' \
        "10 1.0 rt_sigaction(SIGALRM, $handler}, NULL, 8) = 0" \
        "10 1.0 rt_sigaction(SIGHUP, $handler|SA_RESETHAND}, NULL, 8) = 0" \
        '10 1.0 --- SIGHUP {si_signo=SIGHUP, si_code=SI_KERNEL} ---' \
        '10 1.0 rt_sigreturn({mask=[]}) = 0' '10 1.0 rt_sigprocmask(SIG_BLOCK, [TERM], [], 8) = 0' \
        '10 1.0 signalfd4(-1, [TERM], 8, 0) = 3<anon_inode:[signalfd]>' \
        '9 1.0 kill(10, SIGTERM) = 0' \
        '10 1.0 read(3<anon_inode:[signalfd]>, "\17\0\0\0\0\0\0\0"..., 128) = 128' \
        "10 1.0 $alarm" "10 1.0 $alarm" '10 1.0 rt_sigreturn({mask=[ALRM]}) = 0' \
        '10 1.0 futex(0x7f, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>' \
        '9 1.0 clone(child_stack=NULL, flags=SIGCHLD) = 11' '11 1.0 ???( <unfinished ...>' \
        '11 1.0 <... ??? resumed>) = ?' '11 1.0 +++ killed by SIGKILL +++' \
        '9 1.0 kill(10, SIGHUP) = 0' '10 1.0 <... futex resumed>) = ?' \
        '10 1.0 --- SIGHUP {si_signo=SIGHUP, si_code=SI_USER, si_pid=9, si_uid=0} ---' \
        '10 1.0 +++ killed by SIGHUP +++' '9 1.0 exit_group(0) = ?' '9 1.0 +++ exited with 0 +++'
    "$xray" facts log >facts.txt
    run grep -E '^(deliver|stuck|inside|pending|left)' facts.txt
    assert_output "$(printf '%s\n' 'deliver child.1 SIGHUP handled from kernel' \
        'pending child.1 SIGTERM' 'deliver child.1 SIGALRM handled from kernel' \
        'deliver child.1 SIGALRM handled from kernel' \
        'deliver child.1 SIGHUP default from parent' \
        'stuck child.1 futexlock child.1/futex:1' 'inside child.1 SIGALRM')"
    run "$xray" explain log
    assert_line --partial "child.1/futex:1 within its handler for SIGALRM"
    # In the order of time, too: the handler ran before the call began.
    "$xray" timeline log >timeline.svg
    run grep -oE 'SIGALRM.*handler runs|waits in futexlock' timeline.svg
    assert_line --index $((${#lines[@]} - 1)) "waits in futexlock"
}

@test "a thread that was being made when its process ended is no process that nobody made" {
    cd "$BATS_TEST_TMPDIR"
    local made='clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, child_tid=0x7f, stack=0x7f, stack_size=0x9000}, 88'
    for first in 'exit_group(0' '???('; do
        make_log '9 1.0 execve("/home/x/p", ["p"], 0xffff /* 3 vars */) = 0' \
            "9 1.0 $made) = 10" "10 1.0 $made <unfinished ...>" '9 1.0 exit_group(0 <unfinished ...>' \
            "11 1.0 $first <unfinished ...>" '10 1.0 <... clone3 resumed>) = 231' \
            "11 1.0 <... ${first%(*} resumed>) = ?" '9 1.0 <... exit_group resumed>) = ?'
        run "$xray" facts log
        assert_success
        assert_line "exit parent = 0"
    done
}

@test "the calls are in the order that the search for them needs" {
    run bash -c 'LC_ALL=C sort -c <(tr , "\n" <<<"${CALLS//\?/}")'
    assert_success
}
