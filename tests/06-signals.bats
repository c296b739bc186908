# Lab 06: signals.

load lib/lab

@test "every program answers -h, and refuses options and operands it doesn't know" {
    run_program bash -c '
        for program in signal_table catch_int ignore alarm pause_broken pause \
            term_cleanup hup_reload child_reaper mask sigwait realtime job_control \
            segv handler_broken handler signalfd; do
            $program -h >out 2>err && [[ -s out && ! -s err ]] || echo "$program -h: $?"
            for words in -Z "surplus words"; do
                $program $words >out 2>err </dev/null
                [[ $? == 2 && ! -s out && -s err ]] || echo "$program $words: no"
            done
        done
        for words in "alarm -a 0.5" "alarm -t nan" "mask -s NOSIGNAL" "pause -m sleep" \
            "child_reaper -a never" "segv -a 65536"; do
            $words >out 2>err </dev/null
            [[ $? == 2 && ! -s out && -s err ]] || echo "$words: no"
        done
        rm out err'
    assert_ended "exit 0"
    assert_output ""
}

@test "signal_table: each row says what the kernel really did to a child" {
    traced_well signal_table
    assert_equal "${#lines[@]}" $((1 + $(kill -l RTMAX)))
    # The N-th child got signal N. Its row has to agree with the facts, and
    # what the manual says with what was done. (ThreadSanitizer has a thread of
    # its own, for which the C library uses the signals that it keeps.)
    run awk -v san="${SAN:-}" '
        BEGIN {
            how["Term killed"] = how["Core killed"] = "killed child.%d %s"
            how["Stop stopped"] = "stopped parent child.%d %s"
            how["Cont continued"] = "continued parent child.%d"
            how["Ign ignored"] = "exit child.%d = 0"
        }
        FILENAME == ARGV[1] { name[$1] = "SIG" $2; next }
        FILENAME == ARGV[2] { fact[$0]; next }
        FNR > 1 {
            sig = FNR - 1
            sub("signal " sig, "kept")
            traced = sig < 32 ? name[sig] : "SIGRT_" sig - 32
            wanted = sprintf(how[$3 " " $4], sig, traced)
            if ((!(wanted in fact) || $1 != sig || (sig < 32 && $2 != name[sig])) &&
                (san != "thread" || $2 != "kept"))
                print "not so: " $0
            kept += /C library keeps/
            first += $2 ~ /^(SIGRTMIN.*)$/
        }
        END { print kept + first " from 32 on" }
    ' <(for sig in {1..31}; do echo "$sig $(kill -l "$sig")"; done) "$run/facts" "$run/stdout"
    assert_output "$(($(kill -l RTMAX) - 31)) from 32 on"
    assert_every_child_waited_for
}

@test "catch_int: work goes on until SIGINT, and stops between two pieces of it" {
    held "working" catch_int -i 0.01
    assert in_set "$pid" SigCgt INT
    refute in_set "$pid" SigBlk INT
    ends_by INT "$pid" "exit 0"
    assert_line --index -2 --regexp ': SIGINT: I stop here$'
    read -r _ _ _ primes _ _ _ last <<<"${lines[-1]}"
    assert_equal "$primes" "$(seq "$last" | factor | awk 'NF == 2' | wc -l)"
}

@test "ignore: SIGINT is thrown away; SIGKILL and SIGSTOP can't be ignored" {
    held "Enter ends me" ignore
    assert in_set "$pid" SigIgn INT
    kill -s INT "$pid"
    kill -s INT "$pid"
    refute in_set "$pid" ShdPnd INT
    await "to sleep" in_state "$pid" S
    ends_by TERM "$pid" "signal TERM"
    traced_well ignore
    assert_fact "ignore parent SIGKILL = EINVAL"
    assert_fact "ignore parent SIGSTOP = EINVAL"
    assert_fact_before "ignore parent SIGINT" "signal parent parent SIGINT"
    refute_fact "pending *"
    run_program ignore -s KILL
    assert_ended "exit 1"
    assert_equal "$stderr" "ignore: SIGKILL can't be ignored: Invalid argument"
}

# assert_alarm SECONDS: that one came, no earlier than so long after it was
# blocked, which was before the timer was set; and that the program slept.
assert_alarm() {
    assert_equal "$(facts_of '^deliver parent SIGALRM handled from kernel')" 1
    assert_equal "$(facts_of '^pause parent = EINTR')" 1
    "$top/tools/xray" facts -t "$run/log" | awk -v least="$1" '
        $2 == "block" { set = $1 }
        $2 == "deliver" { exit !($1 - set >= least) }' ||
        complain "SIGALRM no earlier than $1 s after" "it came before"
}

@test "alarm: SIGALRM comes once, after the time, and the program sleeps until then" {
    seconds=0.$((RANDOM % 100 + 100))
    traced_well alarm -t $seconds
    assert_alarm $seconds
    traced_well alarm -a 1
    assert_alarm 1
}

@test "pause_broken: the signal comes before pause(), which waits for the next" {
    held "now I wait" pause_broken -t 60
    child=$(child_of "$pid" pause_broken)
    await "the child to sleep" in_state "$child" S
    assert in_set "$child" SigCgt USR1
    assert_equal "$(field "$child" SigPnd) $(field "$child" ShdPnd)" \
        "0000000000000000 0000000000000000"
    ends_by USR1 "$child" "exit 0"
    traced pause_broken -t 0.2
    assert_ended "exit 1"
    assert_fact_before "deliver child.1 SIGUSR1 handled *" "stuck child.1 pause"
    assert_explained "SIGUSR1 came before the wait, and was handled by then"
    assert_regex "$stderr" 'the waiter, process ([0-9]+), still waits'
    assert_regex "$stderr" "/proc/${BASH_REMATCH[1]}/status: ShdPnd:.0{16}"
    assert_every_child_waited_for
}

@test "pause: the signal comes before the wait, but is kept for it: three ways" {
    traced_well pause
    assert_fact_before "block parent SIGUSR1" "signal parent parent SIGUSR1"
    sent=$'signal parent parent SIGUSR1\npending parent SIGUSR1'
    handled='deliver parent SIGUSR1 handled from parent'
    assert_equal "$(grep -E '^(signal|pending|pause|poll|deliver|read .*signalfd)' "$run/facts")" \
        "$(printf '%s\n' "$sent" "pause parent = EINTR" "$handled" \
            "$sent" "poll parent = EINTR" "$handled" \
            "$sent" "read parent signalfd:1 = 128")"
    run_program pause -m ppoll
    assert_ended "exit 0"
    assert_equal "${#lines[@]}" 3 # of one method
}

@test "term_cleanup: the file is gone after one signal and Enter, or after two" {
    for how in ": signal INT" "TERM: signal TERM" "-x: exit 130"; do
        # shellcheck disable=SC2086  # an option, or none
        held "term_cleanup." term_cleanup ${how%%[:T]*}
        file=/proc/$pid/root$(sed -nE 's/.*: (.*term_cleanup\..*)/\1/p' "$run/stdout")
        assert_file_exists "$file"
        kill -s INT "$pid"
        await "to finish its work" written "I finish"
        assert_file_exists "$file"
        if [[ $how == TERM* ]]; then
            ends_by TERM "$pid" "${how#*: }"
        else
            finish_program
            assert_ended "${how#*: }"
        fi
        assert_nothing_left
    done
}

@test "term_cleanup: a signal that was ignored from the start stays so" {
    held "term_cleanup." sh -c 'trap "" HUP; exec term_cleanup'
    assert in_set "$pid" SigIgn HUP
    kill -s HUP "$pid"
    kill -s TERM "$pid"
    await "to finish its work" written "SIGTERM: I finish"
    finish_program
    assert_ended "signal TERM"
}

# limit_is NUMBER: what the kernel says of the running program.
limit_is() {
    grep -qE "^Max open files +$1 " "/proc/$pid/limits"
}

@test "hup_reload: the same process gets the new value; a bad file keeps the old" {
    echo "open_files = $((first = RANDOM % 100 + 20))" >"$work/conf"
    start hup_reload conf
    await "the value from the file" limit_is $first
    echo "open_files = $((second = first + RANDOM % 100 + 1))" >"$work/conf"
    kill -s HUP "$pid"
    await "the new value" limit_is $second
    bad=0
    for text in "" "open_files = many" "open_files = 5" "open_files = 50x" \
        "# none" $'open_files = 50\nnonsense' "open_files = 999999999"; do
        echo "$text" >"$work/conf"
        kill -s HUP "$pid"
        await "to refuse: $text" lines_written "the file is refused" $((++bad))
        assert limit_is $second
    done
    rm "$work/conf"
    kill -s HUP "$pid"
    await "to say that there is no file" written "No such file"
    assert limit_is $second
    ends_by TERM "$pid" "exit 0"
    run_program hup_reload conf
    assert_ended "exit 1"
}

@test "child_reaper: one SIGCHLD for many deaths, and every child is reaped" {
    traced_well child_reaper -n $((count = RANDOM % 20 + 2))
    assert_equal "$(facts_of '^deliver parent SIGCHLD handled')" 1
    assert_equal "$(facts_of '^reap parent child')" $count
    assert_equal "$(sed '/^deliver/,$d' "$run/facts" | grep -c '^exit child')" $count
    assert_every_child_waited_for
}

@test "child_reaper: zombies with one wait a signal, or with SIG_DFL; none with SIG_IGN" {
    count=$((RANDOM % 20 + 2)) reaped=1
    for action in once default; do
        held "Enter" child_reaper -n $count -a $action
        assert_equal "$(children "$pid" | grep -c ' Z$')" $((count - reaped--))
        finish_program
        assert_ended "exit 0"
        assert_every_child_waited_for
    done
    traced_well child_reaper -n $count -a ignore
    assert_fact "ignore parent SIGCHLD"
    assert_equal "$(facts_of '^exit child')" $count
    assert_equal "$(facts_of '^(reap|zombie) ')" 0
    assert_every_child_waited_for
}

@test "mask: a blocked signal is pending once, and comes when it is unblocked" {
    sig=$(shuf -n 1 -e HUP INT USR1 TERM)
    held "Enter" mask -s "$sig" -n 5
    for set in SigBlk SigCgt ShdPnd; do
        in_set "$pid" $set "$sig" || complain "$sig in $set" "$(field "$pid" $set)"
    done
    kill -s "$sig" "$pid"
    finish_program
    assert_ended "exit 0"
    assert_line --index -1 --partial "calls of its handler so far: 1"

    traced mask -s "$sig" -n 5
    assert_equal "$(facts_of "^deliver parent SIG$sig handled from parent")" 1
    assert_fact_before "pending parent SIG$sig" "unblock parent SIG$sig"
    assert_fact_before "unblock parent SIG$sig" "deliver parent SIG$sig *"
    traced mask -s RTMIN -n 5
    assert_equal "$(facts_of "^deliver parent SIGRT_[23] handled")" 5
    run_program mask -s KILL
    assert_ended "exit 1"
}

@test "job_control: a stopped child keeps SIGTERM pending until SIGCONT" {
    held "Enter" job_control
    child=$(child_of "$pid" job_control)
    assert_equal "$(state "$child")" T
    assert in_set "$child" ShdPnd TERM
    finish_program
    assert_ended "exit 0"
    assert_line --index 0 --partial "state S"
    assert_line --index 3 --partial "state is T"
    assert_every_child_waited_for

    traced job_control
    assert_fact_before "stopped parent child.1 SIGSTOP" "continued parent child.1"
    assert_equal "$(facts_of '^signal parent child.1 SIGCONT')" 2
    assert_fact_before "signal parent child.1 SIGTERM" "killed child.1 SIGTERM"
    traced job_control -k
    assert_equal "$(facts_of '^signal parent child.1 SIGCONT')" 1
    assert_fact "killed child.1 SIGKILL"
}

@test "pkill -s names a session, not a signal: the process lives on" {
    needs pkill procps
    name=sig$RANDOM$RANDOM
    ln -s "$BIN/signalfd" "$work/$name"
    held "I wait" "./$name"
    # As the notes have it; and so that it isn't even refused.
    run -2 pkill -s SIGTERM -x $name
    assert_output --partial "SIGTERM"
    run -1 pkill -s 15 -x $name
    await "to go on" in_state "$pid" S
    run -0 pkill -HUP -x $name
    await "to take SIGHUP" written "SIGHUP from process"
    session=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f4)
    run -0 pkill -s "$session" -x $name
    wait "$program_pid"
    finish_program
    assert_ended "exit 0"
    assert_line --index -1 --partial "SIGTERM from process"
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    if [[ ${SAN:-} == thread ]]; then
        skip "ThreadSanitizer delays signals, and merges also those that queue"
    fi
    run "$top/tools/transcript" "$LAB"
    assert_success
}
