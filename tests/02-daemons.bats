# The examples of lab 02.

load lib/lab

# number FILE: what a PID file, or the log of daemon3, says; in the sandbox.
number() {
    grep -oE '^[0-9]+|\[[0-9]+\]' "$work/$1" | head -n 1 | tr -d '[]'
}

# open_files PID: the names of what its descriptors lead to, from 0 up.
open_files() {
    readlink "/proc/$1/fd"/? | sed 's|.*/||' | xargs
}

@test "every program answers -h, and refuses options and operands it doesn't know" {
    run_program bash -c '
        for program in daemonize daemonctl daemon3 daemonize_broken drop_root; do
            "$program" -h >out 2>err && [[ -s out && ! -s err ]] || echo "$program -h: $?"
            for words in -Z "-l log -p pid surplus" "-i -1" "-t x"; do
                [[ $program != drop_root || $words == -Z ]] || words="-u no_such_user"
                "$program" $words >out 2>err </dev/null
                [[ $? == 2 && ! -s out && -s err ]] || echo "$program $words: no"
            done
        done
        rm out err; echo *'
    assert_ended "exit 0"
    assert_output "*"
}

@test "daemonize: nothing is left of what it was started with" {
    # As bad as it can be: all signals ignored and blocked, no standard input.
    start bash -c 'umask 0
        bad="env --ignore-signal --block-signal"
        $bad true 2>/dev/null || bad="env"
        $bad daemonize -p pid -l log 7<>other 9</ 77<other <&-
        echo "status $?"; read -r
        daemonctl -p pid; ls; rm log other'
    await "to return" written "status 0"
    daemon=$(outside "$(number pid)")
    assert_equal "$(field "$daemon" PPid)" "$(field "$pid" PPid)"
    session=$(stat_field "$daemon" 6)
    assert [ "$session" != "$(stat_field "$pid" 6)" ]
    assert_equal "$(stat_field "$daemon" 5)" "$session"
    assert gone "$session" # its leader
    refute leads "$daemon"
    refute has_terminal "$daemon"
    assert same_file "/proc/$daemon/cwd" "/proc/$daemon/root"
    assert_equal "$(field "$daemon" Umask) $(stat -c %a "$work/pid" "$work/log" | xargs)" "0022 644 644"
    assert_equal "$(open_files "$daemon")" "null null null pid log"
    # Without those that the C library keeps. What it waits for isn't seen
    # to be blocked while it waits.
    assert_equal "$(signals "$daemon" SigIgn)" $((1 << 12)) # PIPE
    assert_equal "$(signals "$daemon" SigCgt) $(signals "$daemon" SigBlk)" "0 0"
    [[ $SANDBOX == none && $EUID == 0 ]] || # else there is no privilege, nor need
        assert_equal "$(field "$daemon" CapPrm)" 0000000000000000

    type_line
    finish_program
    assert_ended "exit 0"
    assert_output $'status 0\nlog\nother'
}

@test "the terminal isn't the daemon's, though it was started on one; the broken one's" {
    needs script "util-linux (util-linux-script in Fedora)"
    start script -qec 'daemonize -p pid -l log; daemonize_broken -t 60; read -r line
        daemonctl -p pid; rm log' /dev/null
    await "the broken one" child_of "$init" daemonize_broke S >/dev/null
    daemon=$(child_of "$init" daemonize) broken=$(child_of "$init" daemonize_broke)
    terminal=$(readlink "/proc/$broken/fd/0")
    assert_regex "$terminal" '^/dev/pts/[0-9]+$'
    refute has_terminal "$daemon"
    refute has_terminal "$broken"
    assert_equal "$(open_files "$daemon")" "null null null pid log"
    for fd in 0 1 2; do
        assert_equal "$(readlink "/proc/$broken/fd/$fd")" "$terminal"
    done
    kill "$broken"
    type_line
    finish_program
    assert_ended "exit 0"
}

@test "daemonize: the launcher returns when the daemon is ready, or how that ended" {
    # The open of a FIFO waits for a reader: so long the daemon isn't ready.
    start sh -c 'mkfifo log
        for i in 1 2 3; do daemonize -p pid -l log; echo "$i: status $?"; read -r x; done
        daemonctl -p pid; rm log'
    has_number() { [[ -s $work/pid && $(number pid) != "$1" ]]; }
    await "a daemon" has_number 0
    first=$(number pid)
    daemon=$(outside "$first")
    await "to wait for a reader" in_state "$daemon" S
    launcher=$(child_of "$pid" daemonize)
    assert_equal "$(field "$daemon" PPid)" "$launcher"
    refute written 'status'

    # It is killed: its file stays, but stops nobody.
    kill -KILL "$daemon"
    await "to return" written '1: status 137'
    type_line
    await "a second daemon" has_number "$first"

    # Its launcher is killed: nobody is there to hear that it is ready.
    daemon=$(outside "$(number pid)")
    kill -KILL "$(child_of "$pid" daemonize)"
    await "to return" written '2: status 137'
    exec {reader}<>"$work/log"
    await "the daemon to end" gone "$daemon"
    assert_not_exists "$work/pid"

    type_line
    await "to return" written '3: status 0'
    type_line
    finish_program
    exec {reader}>&-
    assert_ended "exit 0"
    refute_regex "$stderr" daemonize
}

@test "daemonize: what fails in the daemon, its launcher says and returns" {
    run_program bash -c '
        fails() { daemonize -i 60 "$@"; echo -n "$? $(ls -A); "; }
        fails -p pid -l no/log; fails -p no/pid -l log; fails -p / -l log
        fails -p /dev/null -l log; fails -p pid -l /dev/full; fails -p pid
        ln -s victim link; fails -p link -l log; rm link
        (ulimit -n 4; ASAN_OPTIONS+=:detect_leaks=0 daemonize -p pid -l log); echo -n "$?; "
        export XDG_RUNTIME_DIR=$PWD
        daemonize; echo -n "$? $(ls -A | xargs); "; daemonctl; echo "$? $(ls -A)"
        rm daemonize.log; test -c /dev/null || echo "/dev/null is gone"'
    assert_output "1 ; 1 ; 1 ; 1 ; 1 ; 2 ; 1 link; 1; 0 daemonize.log daemonize.pid; 0 daemonize.log"
    # The C libraries have other words for two of the reasons.
    assert_equal "$(sed -E "s|$work/||; s/(link|begin): .*/\\1/" "$run/stderr")" \
        "daemonize: no/log: No such file or directory
daemonize: no/pid: No such file or directory
daemonize: /: Is a directory
daemonize: /dev/null: Invalid argument
daemonize: /dev/full: No space left on device
daemonize: where shall daemonize.log be? XDG_RUNTIME_DIR doesn't say
daemonize: link
daemonize: can't begin"
}

@test "daemonize: one at a time, whatever the PID file says; daemonctl asks the lock" {
    start bash -c 'echo "$$ and what else stood here" >pid
        daemonctl -p pid; echo "nobody: $?"
        daemonize -p pid -l log; daemonize -p "$PWD/../work/pid" -l log; echo "second: $?"
        read -r; daemonize -p pid -l log; echo "after kill -9: $?"
        read -r; rm pid; daemonize -p pid -l log; echo "beside: $?"
        read -r; daemonctl -p pid; echo "ended: $?"; echo *; rm log'
    await "to be refused" written "second: 1"
    first=$(<"$work/pid")
    assert_equal "$(sed "s|$work/||" "$run/stderr")" "\
daemonctl: pid: nobody holds the lock: no daemon runs
daemonize: ../work/pid: held by process $first"
    daemon=$(outside "$first")

    # The lock goes with its owner; the file stays.
    kill -KILL "$daemon"
    await "to die" gone "$daemon"
    type_line
    await "to start" written "after kill -9: 0"
    second=$(<"$work/pid")
    assert [ "$first" != "$second" ]

    # Who loses its file doesn't remove another's.
    type_line
    await "to start" written "beside: 0"
    third=$(<"$work/pid")
    daemon=$(outside "$second")
    kill -TERM "$daemon"
    await "to end" gone "$daemon"
    assert_equal "$(<"$work/pid")" "$third"

    type_line
    finish_program
    assert_ended "exit 0"
    assert_output "$(printf '%s\n' "nobody: 1" "second: 1" "after kill -9: 0" "beside: 0" "ended: 0" log)"
}

@test "daemonize: of two starts at once exactly one wins, also while another ends" {
    run_program -t $((6 * DEADLINE)) bash -c '
        both() {
            local first
            daemonize -p pid -l /dev/null 2>/dev/null & first=$!
            daemonize -p pid -l /dev/null 2>/dev/null &
            wait $first; won=$?; wait $!; won+=$?
        }
        for ((i = 0; i < 100; i++)); do
            both
            [[ $won == 01 || $won == 10 ]] || echo "alone: $won"
            daemonctl -p pid || break
        done
        # One that is about to end may still refuse both; two never get in.
        for ((i = 0; i < 100; i++)); do
            [[ -s pid ]] || daemonize -p pid -l /dev/null
            kill "$(<pid)"
            both
            [[ $won != 00 ]] || echo "while one ends: $won"
        done 2>/dev/null
        until [[ ! -e pid ]]; do daemonctl -p pid 2>/dev/null; done
        echo *'
    assert_equal "$ended$stderr$output" "exit 0*"
}

@test "daemonize: who has locked a file that was removed meanwhile begins anew" {
    needs_tracing
    # The second start is held between its open and its lock.
    start bash -c 'daemonize -p pid -l log
        ASAN_OPTIONS+=:detect_leaks=0 strace -f -qq -o /dev/null -P "$PWD/pid" -e trace=openat,?open \
            -e inject=openat,?open:signal=STOP:when=1 daemonize -p pid -l log &
        read -r; daemonctl -p pid; echo ended
        wait; echo "status $?"; rm log' # strace ends with the daemon
    in_between() {
        launcher=$(child_of "$(child_of "$pid" strace)" daemonize) &&
            second=$(child_of "$launcher" daemonize T || child_of "$launcher" daemonize t)
    }
    await "the second to be held" in_between
    assert same_file "/proc/$second/fd/3" "$work/pid"
    type_line
    await "the first to end" written ended
    assert_not_exists "$work/pid"
    kill -CONT "$second"
    await "a PID file" test -s "$work/pid"
    assert same_file "/proc/$second/fd/3" "$work/pid"
    assert_equal "$(outside "$(number pid)")" "$second"
    kill -TERM "$second"
    finish_program
    assert_ended "exit 0"
    assert_output $'ended\nstatus 0'
}

@test "daemonize: SIGHUP opens the log anew, and no line is lost or doubled or early" {
    run_program -t $((6 * DEADLINE)) bash -c '
        mkdir logs; begin=${EPOCHREALTIME/./}
        daemonize -p pid -l logs/log -i 0.004
        for i in {1..15}; do
            mv logs/log logs/$i; daemonctl -p pid -s HUP
            until [[ -s logs/log ]]; do :; done
            [[ logs/log -ef $(echo /proc/$(<pid)/fd/[4-9]) ]] || echo "still the old one"
        done
        # Where there is no folder any more, it keeps what it has.
        mv logs gone; daemonctl -p pid -s HUP
        until grep -q keeps gone/log; do :; done
        [[ gone/log -ef $(echo /proc/$(<pid)/fd/[4-9]) ]] || echo "not the old one"
        mv gone logs; daemonctl -p pid; end=${EPOCHREALTIME/./}
        echo $(((end - begin) / 4000)); cat logs/{1..15} logs/log; rm -r logs'
    assert_equal "$ended$stderr" "exit 0"
    most=${lines[0]}
    sed -i 1d "$run/stdout"
    assert_equal "$(sed -E 's/.*\[[0-9]+\] ([0-9]+):.*/\1/' "$run/stdout" | xargs)" \
        "$(seq "$(wc -l <"$run/stdout")" | xargs)"
    assert [ "$(grep -c ' is running$' "$run/stdout")" -le "$most" ]
    assert_equal "$(grep -c ' opened the log anew$' "$run/stdout")" 15
    assert_file_contains "$run/stdout" 'keeps this log: No such file or directory$'
    assert_regex "${lines[-1]}" ' is stopped by SIGTERM$'
}

@test "daemonize: step by step, in the right order" {
    traced sh -c 'daemonize -p pid -l log && daemonctl -p pid; rm log'
    assert_ended "exit 0"
    daemon=child.1.1.1
    assert_fact_before "default $daemon SIGUSR1" "block $daemon SIGTERM"
    assert_fact_before "session child.1.1" "fork child.1.1 $daemon"
    assert_fact "orphan $daemon"
    refute_fact "session $daemon"
    assert_fact "reap child.1 child.1.1"
    assert_fact_before "chdir $daemon dir:/" "open $daemon file:pid both"
    # The lock is the daemon's own, taken before anything is written.
    assert_fact_before "lock $daemon file:pid posix write" "write $daemon file:pid = *"
    assert_fact_before "block $daemon SIGTERM" "open $daemon file:pid both"
    # Ready is told when all is done that can fail.
    assert_fact_before "write $daemon file:log = *" "write $daemon child.1/pipe:1 = 1"
    # daemonctl goes by the lock, not by the file, and waits for the end.
    assert_fact_before "holder child.2 file:pid $daemon" "signal child.2 $daemon SIGTERM"
    refute_fact "read child.2 file:pid *"
    assert_fact_before "unlink $daemon file:pid" "held $daemon file:pid both"
    assert_fact_before "exit $daemon = 0" "exit child.2 = 0"
    assert_nothing_wrong
}

@test "daemon3: what daemon(3) does, and what it leaves to you" {
    start bash -c 'umask 027; trap "" USR1
        for options in "" -t "-t -2"; do
            daemon3 -l log$((++i)) -n 1 -i 3600 $options 7</
        done
        daemon3 -l no/log; echo "status $?"; read -r; rm log?'
    await "to return, as if all were well" written "status 0"
    for i in 1 2 3; do
        await "a log" grep -qs "umask 027" "$work/log$i"
        daemon[i]=$(outside "$(number log$i)")
        await "to have begun" in_state "${daemon[i]}" S
    done
    first=${daemon[1]} tied=${daemon[2]} twice=${daemon[3]}
    assert_equal "$(field "$first" PPid)" "$(field "$pid" PPid)"
    assert same_file "/proc/$first/cwd" "/proc/$first/root"
    assert_equal "$(open_files "$first" | cut -d' ' -f1-3)" "null log1 null"

    # Not done: what is inherited stays, and the session has a leader.
    assert_equal "$(field "$first" Umask) $(stat -c %a "$work/log1")" "0027 640"
    assert_equal "$(signals "$first" SigIgn)" $((1 << 9)) # USR1
    assert same_file "/proc/$first/fd/7" "/proc/$first/root"
    if grep -q musl "/proc/$first/maps"; then # whose daemon() forks twice
        refute leads "$first"
        refute has_terminal "$tied"
    else
        assert leads "$first"
        assert has_terminal "$tied"
    fi
    refute has_terminal "$first" # it has opened none
    refute leads "$twice"
    refute has_terminal "$twice"

    kill "${daemon[@]}"
    type_line
    finish_program
    assert_ended "exit 0"
    assert_equal "$stderr" ""
}

@test "daemonize_broken: the pipe that it was started with waits for its end" {
    start bash -c 'daemonize_broken -t 60 | cat; echo "cat has ended"
        daemonize -p pid -l log | cat; echo "and this one"; daemonctl -p pid; rm log'
    await "a daemon" child_of "$init" daemonize_broke S >/dev/null
    broken=$(child_of "$init" daemonize_broke)
    only_cat() { [[ $(children "$pid" | cut -d' ' -f2 | xargs) == cat ]]; }
    await "its launcher to end" only_cat
    cat=$(child_of "$pid" cat)
    pipe=$(readlink "/proc/$cat/fd/0")
    assert_equal "$(ends "$broken" "$pipe")" "1 write"
    assert_equal "$(ends "$pid" "$pipe")" ""
    await "cat to wait" in_state "$cat" S
    # The streams got descriptors of their own.
    assert_regex "$(open_files "$broken")" ' pipe:\[[0-9]+\] stderr null null null$'
    refute written ended

    kill "$broken"
    finish_program
    assert_ended "exit 0"
    assert_output $'cat has ended\nand this one'
    assert_regex "$stderr" 'daemonize_broken: descriptor 1 is still pipe:\[[0-9]+\]'

    traced sh -c 'daemonize_broken -t 0.1 | cat'
    assert_fact_before "exit child.1 = 0" "exit child.1.1.1 = 1"
    assert_fact_before "held child.1.1.1 pipe:1 write" "read child.2 pipe:1 = 0"
    assert_fact "open child.1.1.1 device:/dev/null write"
    refute_fact "dup child.1.1.1 *"
    assert_explained "cat) had to wait for an end of file on pipe:1 until child.1.1.1 (daemonize_broken) ended"

    traced sh -c 'daemonize -p pid -l log | cat; daemonctl -p pid; rm log'
    assert_fact_before "close child.1.1.1 pipe:1 write" "read child.2 pipe:1 = 0"
    assert_fact_before "read child.2 pipe:1 = 0" "signal child.3 child.1.1.1 SIGTERM"
    assert_nothing_wrong
}

@test "drop_root: what it opened before stays open, nothing else of root does" {
    export SANDBOX=none
    as_root=()
    if ! setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
        as_root=(unshare --map-root-user --map-auto)
        "${as_root[@]}" true 2>/dev/null || skip "it takes root, or newuidmap (package uidmap)"
    fi
    run_program "${as_root[@]}" bash -c '
        d=$(mktemp -d -p /tmp); trap "rm -rf $d" EXIT
        chown nobody $d; echo secret >$d/root; chmod 600 $d/root
        cp "$(command -v daemonize)" $d
        drop_root -f $d/root -x; echo "wrong order: $?"
        drop_root -f $d/root -u root; echo "to root: $?"
        drop_root -f $d/root $d/daemonize -p $d/pid -l $d/log
        grep -E "^(Uid|Gid|Groups|Cap(Prm|Eff|Amb)):" /proc/$(<$d/pid)/status | xargs
        echo "files of $(stat -c %u $d/pid $d/log | xargs)"
        daemonctl -p $d/pid; drop_root -f $d/root sh -c "cat <&3"'
    assert_ended "exit 0"
    user=$(id -u nobody) group=$(id -g nobody) none=0000000000000000
    assert_line "wrong order: 1"
    assert_line "to root: 1"
    assert_line "Uid: $user $user $user $user Gid: $group $group $group $group \
Groups: CapPrm: $none CapEff: $none CapAmb: $none"
    assert_line "files of $user $user"
    assert_line --partial 'root"): Permission denied'
    assert_line secret
    assert_equal "$stderr" "drop_root: setgroups: Operation not permitted
drop_root: root can be had again"
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
