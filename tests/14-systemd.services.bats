# Lab 14: services, on a manager that runs. What is asserted are properties of
# systemctl show, and what /proc says of the processes.

load lib/lab
load lib/manager

# put_heartbeat [SED EXPRESSION...]: the lab's unit; $unit is its name.
put_heartbeat() {
    needs_manager
    needs_sd
    put_lab_unit heartbeat.service "$@"
    unit=heartbeat-$tag.service
    reload
}

needs_sd() {
    grep -q "libsystemd[.]so" "$BIN/heartbeat" || skip "built without libsystemd"
    [[ ! ${SAN:-} ]] || skip "sanitizers do what these units forbid"
}

# Whether it has another main process than before.
has_new_pid() {
    pid=$(property "$unit" MainPID)
    ((pid != 0 && pid != before))
}

@test "heartbeat: start returns when it is ready; it is a child of the manager without any privilege" {
    put_heartbeat
    # What nobody wants, and doesn't run, systemd forgets, and how it ended.
    put_unit "pin-$tag.target" <<<"[Unit]
Wants=$unit"
    reload
    sctl start "$unit" "pin-$tag.target"
    assert_property "$unit" ActiveState active # and not "activating"
    assert_property "$unit" Type notify
    pid=$(property "$unit" MainPID)
    assert_equal "$(<"/proc/$pid/comm")" heartbeat
    assert_regex "$(<"/proc/$(field "$pid" PPid)/comm")" systemd
    assert_equal "$(stat -Lc %n:%t:%T "/proc/$pid/fd/0")" "/proc/$pid/fd/0:1:3" # /dev/null
    # Also if the manager is root's, as here: nothing that root may do is left.
    for set in CapPrm CapEff CapBnd CapAmb; do
        assert_equal "$(field "$pid" $set)" 0000000000000000
    done
    assert_equal "$(field "$pid" NoNewPrivs) $(field "$pid" Seccomp)" "1 2"
    # Its / is read-only, and its /tmp another one. That takes a mount namespace.
    assert_regex "$(awk '$5 == "/" { print $6 }' "/proc/$pid/mountinfo")" '^ro'
    refute same_file "/proc/$pid/root/tmp" /tmp
    await_property "$unit" StatusText '[1-9][0-9]* beats, every 5 s'
    sctl stop "$unit"
    gone "$pid"
    assert_property "$unit" Result success
    assert_property "$unit" ExecMainCode 1 # it exited, by itself
    assert_property "$unit" ExecMainStatus 0
}

@test "heartbeat: killed, it is started again; too often, and systemd gives up" {
    put_heartbeat 's/^RestartSec=.*/RestartSec=10ms/; s/^StartLimitInterval.*/StartLimitIntervalSec=1h/; s/^StartLimitBurst=.*/StartLimitBurst=3/'
    sctl start "$unit"
    for i in 1 2; do
        before=$(property "$unit" MainPID)
        kill -KILL "$before"
        wait_until "$DEADLINE" has_new_pid
        await_property "$unit" ActiveState active
        assert_property "$unit" NRestarts $i
    done
    kill -KILL "$(property "$unit" MainPID)"
    await_property "$unit" ActiveState failed
    assert_property "$unit" ExecMainCode 2 # by a signal
    assert_property "$unit" ExecMainStatus 9
    assert_property "$unit" MainPID 0
    # It takes a person to forget that.
    run sctl start "$unit"
    assert_failure
    sctl reset-failed "$unit"
    assert_property "$unit" ActiveState inactive
    sctl start "$unit"
    assert_property "$unit" ActiveState active
}

@test "heartbeat: one that hangs is ended by its watchdog, and started again" {
    put_heartbeat 's/^WatchdogSec=.*/WatchdogSec=300ms/; s/heartbeat -i 5/heartbeat -i 0.02 -x 3/; s/^Restart=.*/Restart=no/'
    sctl start "$unit"
    # Result says so before SIGABRT has ended it.
    await_property "$unit" ActiveState failed
    assert_property "$unit" Result watchdog
    assert_regex "$(property "$unit" ExecMainCode) $(property "$unit" ExecMainStatus)" '^[23] 6$' # SIGABRT
    # One that only waits between its beats doesn't hang.
    put_lab_unit heartbeat.service 's/^WatchdogSec=.*/WatchdogSec=300ms/; s/-i 5/-i 1000/'
    reload
    sctl start "$unit"
    pid=$(property "$unit" MainPID)
    before=$(property "$unit" WatchdogTimestampMonotonic)
    later() { (($(property "$unit" WatchdogTimestampMonotonic) > before + 700000)); }
    wait_until "$DEADLINE" later
    assert_property "$unit" MainPID "$pid"
    # A process that is stopped can't say that it lives, either.
    kill -STOP "$pid"
    before=$pid
    wait_until "$DEADLINE" has_new_pid
    assert_property "$unit" NRestarts 1
}

@test "heartbeat: reload keeps the process, takes the new value, keeps the old one if that is bad" {
    echo 1000 >"$work/every"
    # Nor is it started again: then the status would be that of a start that goes on.
    put_heartbeat "s|-i 5|-f $work/every|; s/^(PrivateTmp|ProtectSystem|Restart)=.*//"
    sctl start "$unit"
    pid=$(property "$unit" MainPID)
    for every in 500 nonsense; do
        echo $every >"$work/every"
        sctl reload "$unit"
        [[ $every == 500 ]] && words=Reloaded || words='Not reloaded'
        await_property "$unit" StatusText "$words, every 500 s"
        await_property "$unit" ActiveState active
        assert_property "$unit" MainPID "$pid"
        assert_property "$unit" NRestarts 0
    done
    # And a file that is bad at the start: systemctl start says so.
    sctl stop "$unit"
    run sctl start "$unit"
    assert_failure
    assert_property "$unit" ExecMainStatus 1
    rm "$work/every"
}

@test "heartbeat: with Type=notify-reload, where there is that, reload returns when it is done" {
    needs_manager
    (($(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p') >= 253)) ||
        skip "Type=notify-reload takes systemd 253"
    echo 1000 >"$work/every"
    put_heartbeat "s|-i 5|-f $work/every|; s/^(PrivateTmp|ProtectSystem)=.*//"
    put_unit "$unit.d/reload.conf" <"$top/labs/14-systemd/heartbeat.service.d/253-notify-reload.conf"
    reload
    sctl start "$unit"
    assert_property "$unit" Type notify-reload
    echo 700 >"$work/every"
    sctl reload "$unit"
    assert_property "$unit" StatusText "Reloaded, every 700 s"
    rm "$work/every"
}

@test "a service that doesn't stop in time is killed, with all that it has started" {
    needs_manager
    put_unit "lab14-$tag.service" <<<"[Service]
ExecStart=bash -c 'trap \"\" TERM; sleep 1000 & echo \$\$! >$work/child; exec sleep 1000'
TimeoutStopSec=200ms"
    reload
    sctl start "lab14-$tag"
    wait_until "$DEADLINE" test -s "$work/child"
    pid=$(property "lab14-$tag" MainPID) child=$(<"$work/child")
    sctl stop "lab14-$tag"
    assert_property "lab14-$tag" Result timeout
    assert_property "lab14-$tag" ExecMainStatus 9
    gone "$pid"
    gone "$child" # its group is what counts, not who its parent is
    rm "$work/child"
}

@test "systemctl kill: a signal for the main process, or for all of a unit" {
    needs_manager
    put_unit "lab14-$tag.service" <<<"[Service]
ExecStart=bash -c 'trap \"echo >>$work/got.main\" USR1; bash -c \"trap \\\\\"echo >>$work/got.child\\\\\" USR1; while :; do sleep 0.02; done\" & while :; do sleep 0.02; done'"
    reload
    sctl start "lab14-$tag"
    trapped() { # both have their handlers
        local one count=0
        for one in $(find "/sys/fs/cgroup" -path "*lab14-$tag*" -name cgroup.procs -exec cat {} + | sort -u); do
            if [[ $(cat "/proc/$one/comm") == bash ]] && in_set "$one" SigCgt USR1; then count=$((count + 1)); fi
        done 2>/dev/null
        ((count == 2))
    }
    wait_until "$DEADLINE" trapped
    sctl kill --signal=USR1 --kill-who=main "lab14-$tag" 2>/dev/null
    wait_until "$DEADLINE" test -e "$work/got.main"
    assert [ ! -e "$work/got.child" ]
    rm "$work/got.main"
    # To all, but a plain sleep dies of it: the loops go on.
    sctl kill --signal=USR1 "lab14-$tag"
    wait_until "$DEADLINE" test -e "$work/got.main" -a -e "$work/got.child"
    sctl stop "lab14-$tag"
    rm "$work"/got.*
}

@test "confined: what it may outside, it may not in its unit" {
    needs_manager
    needs_sd
    install -m 755 -d "$work/theirs"
    echo $RANDOM >"$work/theirs/file"
    words=""
    if ((EUID == 0)); then # somebody else's, whom root may read as a rule
        chown 65534 "$work/theirs/file" && chmod 600 "$work/theirs/file"
        words="-r $work/theirs/file"
    fi
    put_lab_unit confined.service "s|confined -w.*|& -w $work -r /proc/self/status $words\nStandardOutput=append:$work/said|; s/^PrivateTmp=.*//"
    reload
    sctl start "confined-$tag"
    assert_property "confined-$tag" Result success
    # shellcheck disable=SC2086
    "$top/tools/sandbox" -o "$BATS_TEST_TMPDIR/outside" "$BIN/confined" -w "$BATS_TEST_TMPDIR/outside/work" -r /proc/self/status 3>&-
    sort "$BATS_TEST_TMPDIR/outside/stdout" >"$BATS_TEST_TMPDIR/free"
    for what in "write /usr" "write /etc" "write $work" "read /etc/shadow" "mmap to write and execute" \
        "unshare user namespace" "socket Internet" "socket Unix" "setuid programs" "become root" ${words:+"read $work/theirs/file"}; do
        if [[ $what == "become root" && $EUID == 0 ]]; then
            continue # it has that number already, and nothing that goes with it
        fi
        grep -qE "^confined\[[0-9]+\]: $what: " "$work/said" ||
            complain "an answer for: $what" "$(<"$work/said")"
        ! grep -qE "^confined\[[0-9]+\]: $what: allowed" "$work/said" || complain "to be refused: $what" "$(<"$work/said")"
    done
    # What it needs it has: it isn't just that nothing works in there.
    grep -q "read /proc/self/status: allowed" "$work/said"
    for what in "socket Internet" "socket Unix" "mmap to write and execute"; do
        grep -q "$what: allowed" "$BATS_TEST_TMPDIR/free"
    done
    rm -rf "$work/said" "$work/theirs"
}

@test "what a service that has ended has said is in the journal by its name, also if journald was late" {
    needs_manager
    needs pgrep procps
    [[ $MANAGER_PID ]] || skip "only a private manager has a journald that may be stopped"
    local journald one
    for one in $(pgrep -x systemd-journal); do
        [[ $(readlink "/proc/$one/ns/mnt") != "$(readlink "/proc/$MANAGER_PID/ns/mnt")" ]] || journald=$one
    done
    put_unit "lab14-$tag.service" <<<"[Service]
Type=oneshot
SyslogIdentifier=$tag
ExecStart=echo what it says"
    reload
    kill -STOP "$journald"
    run sctl start "lab14-$tag"
    kill -CONT "$journald"
    assert_success
    wait_until "$DEADLINE" eval '[[ $(manager journalctl -q -t "$tag" -o cat) == "what it says" ]]'
}

@test "a drop-in changes one line of a unit, after daemon-reload" {
    put_heartbeat
    put_unit "$unit.d/slow.conf" <<<"[Service]"
    reload
    sctl start "$unit"
    pid=$(property "$unit" MainPID)
    put_unit "$unit.d/slow.conf" <<<"[Service]
ExecStart=
ExecStart=$BIN/heartbeat -i 77"
    assert_property "$unit" NeedDaemonReload yes
    reload
    assert_property "$unit" NeedDaemonReload no
    assert_property "$unit" MainPID "$pid" # what runs goes on as it is
    sctl restart "$unit"
    await_property "$unit" StatusText '.*every 77 s'
    assert_regex "$(property "$unit" DropInPaths)" 'slow[.]conf$'
    refute [ "$(property "$unit" MainPID)" = "$pid" ]
}
