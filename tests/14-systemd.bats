# Lab 14: what its programs do without a manager, units as files, and what is the
# same wherever it runs. What takes a manager is in the other files of this lab.

load lib/lab

lab=$top/labs/14-systemd

# Skips what a build without libsystemd can't do.
needs_sd() {
    grep -q "libsystemd[.]so" "$BIN/heartbeat" || skip "built without libsystemd"
}

@test "heartbeat: outside of systemd it is a program like any other" {
    n=$((RANDOM % 5 + 1))
    traced heartbeat -i 0.01 -n $n
    assert_ended "exit 0"
    expect "one write a beat" assert_equal "$(grep -c '^write parent stdout' "$run/facts")" "$n"
    assert_equal "${#lines[@]}" "$n"
    refute_output --partial '<'
    refute_fact "fork *"
    assert_nothing_wrong
    for sig in TERM INT; do
        held "beat 1" heartbeat -i 1000
        ends_by $sig "$pid" "exit 0"
    done
    # A crash that makes no core, but is seen: nothing catches this one.
    held "beat 1" heartbeat -i 1000
    ends_by ABRT "$pid" "signal ABRT"
}

@test "heartbeat: SIGHUP reads the file again; one that makes no sense changes nothing" {
    echo 1000 >"$work/every"
    held "beat 1" heartbeat -f every
    echo 0.01 >"$work/every"
    kill -HUP "$pid"
    await "beats at the new pace" lines_written "beat " 5
    echo nonsense >"$work/every"
    kill -HUP "$pid"
    await "a word on that" written "not reloaded"
    before=$(grep -c beat "$run/stdout")
    await "the old pace" lines_written "beat " $((before + 5))
    kill -TERM "$pid"
    rm "$work/every"
    finish_program
    assert_ended "exit 0"
    assert_regex "$stderr" "every: no number of seconds"
}

@test "heartbeat: tells systemd that it is ready, how it is, that it lives, and that it ends" {
    needs_sd
    needs socat socat
    # A datagram each: socat writes each with one write, and we put a line between.
    run_program bash -c 'socat -u UNIX-RECV:sock SYSTEM:"cat >got" & until [ -S sock ]; do :; done
        WATCHDOG_USEC=40000 NOTIFY_SOCKET=$PWD/sock heartbeat -i 0.2 -n 2; code=$?
        until grep -q STOPPING=1 got; do :; done; kill $!; wait 2>/dev/null; cat got; rm -f got sock; exit $code'
    assert_ended "exit 0"
    text=$(<"$run/stdout")
    [[ $text == *READY=1* && ${text%%READY=1*} != *STATUS=1* ]] || complain "READY=1 before the first beat" "$text"
    assert_regex "$text" "STATUS=2 beats.*STOPPING=1"
    # Every half of the time at least, while it waits for the next beat.
    (($(grep -o WATCHDOG=1 "$run/stdout" | wc -l) >= 3)) || complain "WATCHDOG=1 three times at least" "$text"
}

@test "report: a line for each run, also for two at once; in the state directory" {
    run_program bash -c 'mkdir state; export STATE_DIRECTORY=$PWD/state
        for i in {1..20}; do report & done; wait; report
        cat state/report.txt; rm -r state'
    assert_ended "exit 0"
    assert_equal "$(grep -cxE '[0-9-]{10} [0-9:]{8} load [0-9.]+, [0-9]+ processes, up [0-9]+ s' "$run/stdout")" 21
    assert_equal "${#lines[@]}" 21
    run_program report -o /dev/full
    assert_ended "exit 1"
}

@test "echo_server: without sockets from systemd it is inetd's; with one it serves that" {
    words=$RANDOM$RANDOM
    run_program bash -c "echo $words | echo_server"
    assert_output "$words"
    needs_sd
    needs systemd-socket-activate systemd
    needs socat socat
    # The process exists only when somebody has come; it may end when nobody does.
    run_program bash -c 'systemd-socket-activate -l $PWD/sock "$(command -v echo_server)" 2>log & server=$!
        until grep -qs Listening log; do :; done
        cat /proc/$server/comm; echo '$words' | socat -t 10 - UNIX-CONNECT:sock
        cat /proc/$server/comm; echo again'$words' | socat -t 10 - UNIX-CONNECT:sock
        kill $server; wait $server; echo "status $?"; rm sock log
        systemd-socket-activate -l $PWD/sock "$(command -v echo_server)" -t 0.1 2>log & server=$!
        until grep -qs Listening log; do :; done
        echo last'$words' | socat -t 10 - UNIX-CONNECT:sock; wait $server; echo "status $?"; rm sock log'
    assert_ended "exit 0"
    assert_output "systemd-socket-
$words
echo_server
again$words
status 143
last$words
status 0"
}

@test "confined: is told what the kernel allows, and changes nothing" {
    : >"$work/mine"
    run_program bash -c 'mkdir f; chmod 700 f; confined -w . -r mine -r f/none; rm -r f; rm mine'
    assert_ended "exit 0"
    assert_line --regexp 'write \.: allowed$'
    assert_line --regexp 'read mine: allowed$'
    assert_line --regexp 'read f/none: No such file'
    run_program setpriv --no-new-privs confined
    assert_line --regexp 'setuid programs: Operation not permitted$'
    # In the sandbox all is mounted read-only.
    [[ $SANDBOX != bwrap ]] || assert_line --regexp 'write /usr: Read-only file system$'
}

@test "unit_lint: our units are right, and no service is more exposed than 1.5" {
    # The exercises, ex1_ and so on, are for students to write.
    needs systemd-analyze systemd
    run_program -t 60 unit_lint -m 1.5 "$lab"/?[!x]*.service "$lab"/*.socket "$lab"/?[!x]*.timer
    assert_ended "exit 0"
    assert_output ""
}

@test "unit_lint: a broken unit is named, with the line" {
    needs systemd-analyze systemd
    printf '%s\n' '[Unit]' 'Descripton=a typing mistake' '[Service]' ExecStart=/bin/true >"$work/a.service"
    printf '%s\n' '[Unit]' '' '[Timer]' 'OnCalendar=*:61' >"$work/b.timer"
    printf '%s\n' '[Service]' ExecStart=/nonexistent/x >"$work/c.service"
    printf '%s\n' '[Service]' ExecStart=/bin/true >"$work/good.service"
    for unit in a.service:2 b.timer:4 c.service; do
        run_program -t 30 unit_lint "${unit%:*}" good.service
        assert_ended "exit 1"
        assert_line --regexp "^$unit: "
        refute_line --partial good.service
    done
    run_program -t 30 unit_lint -m 5 good.service
    assert_ended "exit 1"
    assert_line --regexp "^good.service: exposure is 9[.][0-9], more than 5$"
    rm "$work"/*.service "$work"/*.timer
}

# enabled UNIT...: the links that systemctl enable makes, in a folder that plays the
# root of a system. No manager is asked.
enabled() {
    needs systemctl systemd
    local root=$BATS_TEST_TMPDIR/root
    rm -rf "$root"
    mkdir -p "$root/etc/systemd/system"
    cp "$BATS_TEST_TMPDIR"/units/* "$root/etc/systemd/system"
    systemctl --root="$root" enable "$@" >"$BATS_TEST_TMPDIR/words" 2>&1 3>&- || return
    (cd "$root/etc/systemd/system" && find . -type l -printf '%P\n' | sort | xargs)
}

@test "a timer's service with [Install] WantedBy=multi-user.target is also started at boot" {
    mkdir "$BATS_TEST_TMPDIR/units"
    printf '%s\n' '[Timer]' 'OnCalendar=*-*-* *:*:00' '[Install]' WantedBy=timers.target >"$BATS_TEST_TMPDIR/units/my.timer"
    printf '%s\n' '[Service]' Type=oneshot ExecStart=/bin/true >"$BATS_TEST_TMPDIR/units/my.service"
    # Enabled by its name: the timer, and only that.
    assert_equal "$(enabled my.timer)" timers.target.wants/my.timer
    # Without [Install] there is nothing to enable, and systemctl says so.
    assert_equal "$(enabled my.service)" ""
    assert_regex "$(<"$BATS_TEST_TMPDIR/words")" "no installation config"
    # As in the notes: what is started at boot wants it, beside the timer.
    printf '%s\n' '[Install]' WantedBy=multi-user.target >>"$BATS_TEST_TMPDIR/units/my.service"
    assert_equal "$(enabled my.service my.timer)" "multi-user.target.wants/my.service timers.target.wants/my.timer"
}

@test "pkill -s SIGTERM sends nothing; -TERM does" {
    needs pkill procps
    run_program bash -c 'cp "$(command -v sleep)" $0; ./$0 1000 & victim=$!
        until [ "$(cat /proc/$victim/comm)" = $0 ]; do :; done
        pkill -s SIGTERM $0 2>words; echo "status $?"; kill -0 $victim && echo alive
        pkill -TERM -x $0; wait $victim; echo "status $?"; rm $0 words' victim$RANDOM
    assert_output "status 2
alive
status 143"
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
    # Some are a manager's; without a private one they are left out.
    [[ $output != *"left out, "* ]] || skip "no systemd manager: ${output##*: }"
}
