# Lab 14: timers, on a manager that runs. No test waits for a minute of the clock:
# what is due is made due, or it is seen what the manager waits for.

load lib/lab
load lib/manager

# put_job [LINE...]: a service job-TAG that adds a line to $work/ran, for timers.
put_job() {
    put_unit "job-$tag.service" < <(printf '%s\n' "[Service]" Type=oneshot \
        "ExecStart=sh -c 'echo ran >>$work/ran'" "$@")
}

# put_timer NAME LINE...: a timer for that, or for the service in $job.
put_timer() {
    put_unit "$1-$tag.timer" < <(printf '%s\n' '[Timer]' "Unit=${job:-job}-$tag.service" "${@:2}")
}

runs() {
    [[ ! -e $work/ran ]] || wc -l <"$work/ran"
}

has_run() {
    (($(runs) + 0 >= $1))
}

# epoch UNIT PROPERTY: a time in s, from what show prints as a date.
epoch() {
    date -d "$(property "$1" "$2" | cut -d' ' -f2-)" +%s
}

@test "a persistent timer that was missed catches up, once; another one doesn't" {
    needs_manager
    put_job
    put_timer keen OnCalendar=daily Persistent=yes
    put_timer idle OnCalendar=daily
    reload
    # It ran three days ago, says its stamp, and nobody was there since.
    manager sh -c 'folder=${XDG_DATA_HOME:-$HOME/.local/share}/systemd/timers
        mkdir -p "$folder" && touch -d "3 days ago" "$folder/stamp-$0"' "keen-$tag.timer"
    before=$(date +%s)
    sctl start "idle-$tag.timer"
    assert_property "idle-$tag.timer" LastTriggerUSecMonotonic 0
    sctl start "keen-$tag.timer"
    wait_until "$DEADLINE" has_run 1
    await_property "keen-$tag.timer" SubState waiting
    (($(epoch "keen-$tag.timer" LastTriggerUSec) >= before)) || complain "to be triggered now" "$(property "keen-$tag.timer" LastTriggerUSec)"
    # Once, though it missed three. Started anew, it has nothing to catch up with.
    sctl stop "keen-$tag.timer"
    sctl start "keen-$tag.timer"
    await_property "keen-$tag.timer" SubState waiting
    assert_equal "$(runs)" 1
    (($(epoch "keen-$tag.timer" NextElapseUSecRealtime) > before))
    rm "$work/ran"
}

# wakes_at CLOCK: when the manager's timer descriptor for that clock (0: realtime) will
# wake it, in µs of that clock; empty if never. See timerfd in proc_pid_fdinfo(5).
wakes_at() {
    local pid before after text tries
    pid=$(pgrep -P "$(ps -o ppid= -p "$MANAGER_PID" | tr -d ' ')" -x systemd)
    # What remains is told as of now; on a busy machine it may take more than one try
    # to know well enough when that was.
    for ((tries = 0; tries < 100; tries++)); do
        before=${EPOCHREALTIME/[.,]/}
        text=$(cat /proc/"$pid"/fdinfo/* 2>/dev/null || true)
        after=${EPOCHREALTIME/[.,]/}
        ((after - before > 200000)) || break
    done
    awk -v clock="$1" -v now="$after" '
        $1 == "clockid:" { mine = $2 == clock }
        $1 == "it_value:" && mine { gsub(/[(),]/, " "); if ($2 + $3 > 0 && $2 < 1e9) printf "%.0f\n", now + $2 * 1000000 + $3 / 1000 }' <<<"$text"
}

@test "OnCalendar on the minute: due on the minute, and run when AccuracySec likes" {
    needs_manager
    [[ $MANAGER == private ]] || skip "only a private manager has no timers but ours"
    needs pgrep procps
    put_job
    # Two moments some hours from now: one on the minute, one half a minute later.
    hour=$(date -d '+3 hours' +%H)
    put_timer exact "OnCalendar=*-*-* $hour:10:00" AccuracySec=1us
    put_timer usual "OnCalendar=*-*-* $hour:10:00"
    put_timer later "OnCalendar=*-*-* $hour:40:30"
    reload
    for name in exact usual later; do
        sctl start "$name-$tag.timer"
        due=$(epoch "$name-$tag.timer" NextElapseUSecRealtime)
        assert_equal "$((due % 60))" "$([[ $name == later ]] && echo 30 || echo 0)"
        wakes=$(wakes_at 0)
        late[${#late[@]}]=$((wakes - due * 1000000)) phase[${#phase[@]}]=$((wakes % 60000000))
        sctl stop "$name-$tag.timer"
    done
    # In µs.
    ((late[0] > -20000 && late[0] < 250000)) || complain "the exact one to be woken for when it is due" "${late[0]} us later"
    for i in 1 2; do
        ((late[i] > -20000 && late[i] <= 60500000)) || complain "to be woken within a minute" "${late[i]} us later"
    done
    # Nearly all of a machine's timers elapse at the same second of the minute; it is
    # another one after each boot, and on each machine.
    difference=$((phase[1] - phase[2]))
    ((${difference#-} < 500000 || ${difference#-} > 59500000)) ||
        complain "both at the same second of a minute" "${phase[1]} and ${phase[2]} us after it"
    assert_property "usual-$tag.timer" AccuracyUSec 1min
}

@test "timers that may be late elapse together, exact ones each at its time" {
    needs_manager
    for i in 1 2 3; do
        job=job$i
        put_timer late$i OnActiveSec="${i}00ms" AccuracySec=1300ms
        put_timer exact$i OnActiveSec="${i}00ms" AccuracySec=1us
        put_unit "job$i-$tag.service" < <(printf '%s\n' '[Unit]' StartLimitIntervalSec=0 '[Service]' Type=oneshot \
            "ExecStart=sh -c 'date +%%s%%6N >>$work/ran'")
    done
    reload
    # The manager looks at its timers whenever it is awake: so nobody asks it anything
    # until all have run. It may be late itself, on a busy machine: then once more.
    for _ in {1..8}; do
        for kind in late exact; do
            rm -f "$work/ran"
            sctl start "$kind"{1,2,3}"-$tag.timer"
            wait_until "$DEADLINE" has_run 3
            sort -n "$work/ran" | awk 'NR == 1 { first = $1 } END { print $1 - first }' >"$work/$kind.spread"
            sctl stop "$kind"{1,2,3}"-$tag.timer"
        done
        if (($(<"$work/late.spread") < 60000 && $(<"$work/exact.spread") > 150000)); then
            break
        fi
    done
    (($(<"$work/late.spread") < 60000)) || complain "the late ones at the same moment" "$(<"$work/late.spread") us apart"
    (($(<"$work/exact.spread") > 150000)) || complain "the exact ones 0.1 s apart" "all within $(<"$work/exact.spread") us"
    rm -f "$work"/*
}

@test "OnUnitActiveSec: again and again, never two at once; OnBootSec in the past: at once" {
    needs_manager
    put_unit "job-$tag.service" < <(printf '%s\n' '[Service]' Type=oneshot \
        "ExecStart=sh -c 'echo begins >>$work/ran; sleep 0.15; echo ends >>$work/ran'")
    put_timer often OnBootSec=1us OnUnitActiveSec=50ms AccuracySec=1us
    reload
    sctl start "often-$tag.timer"
    wait_until "$DEADLINE" has_run 6
    sctl stop "often-$tag.timer"
    await_property "job-$tag.service" ActiveState inactive
    awk 'NR % 2 ? $1 != "begins" : $1 != "ends" { exit 1 }' "$work/ran" || complain "a run to end before the next begins" "$(<"$work/ran")"
    rm "$work/ran"
}

@test "RandomizedDelaySec: not all at the same moment, and none before it is due" {
    needs_manager
    put_job
    hour=$(date -d '+3 hours' +%H)
    for i in 1 2 3 4; do
        put_timer r$i "OnCalendar=*-*-* $hour:00:00" RandomizedDelaySec=30min
    done
    reload
    sctl start r{1,2,3,4}"-$tag.timer"
    for i in 1 2 3 4; do
        epoch "r$i-$tag.timer" NextElapseUSecRealtime
    done >"$work/times"
    expect "four moments" assert [ "$(sort -u "$work/times" | wc -l)" -ge 2 ]
    while read -r moment; do
        ((moment % 3600 <= 1800))
    done <"$work/times"
    rm "$work/times"
}

@test "a job that fails is a failed unit, and the timer goes on" {
    needs_manager
    put_unit "job-$tag.service" < <(printf '%s\n' '[Unit]' StartLimitIntervalSec=0 "OnFailure=alarm-$tag.service" '[Service]' Type=oneshot \
        "ExecStart=sh -c 'echo ran >>$work/ran; exit 3'")
    put_unit "alarm-$tag.service" < <(printf '%s\n' '[Unit]' StartLimitIntervalSec=0 '[Service]' Type=oneshot "ExecStart=sh -c 'echo alarm >>$work/alarm'")
    put_timer often OnActiveSec=1us OnUnitInactiveSec=20ms AccuracySec=1us
    reload
    sctl start "often-$tag.timer"
    wait_until "$DEADLINE" has_run 2
    wait_until "$DEADLINE" test -s "$work/alarm"
    sctl stop "often-$tag.timer"
    await_property "job-$tag.service" ActiveState failed
    assert_property "job-$tag.service" Result exit-code
    assert_property "job-$tag.service" ExecMainStatus 3
    sctl reset-failed "job-$tag.service"
    assert_property "job-$tag.service" ActiveState inactive
    await_property "alarm-$tag.service" ActiveState inactive
    rm "$work/ran" "$work/alarm"
}

@test "a timer's service that the boot wants, too, runs at boot" {
    needs_manager
    # This target plays multi-user.target.
    put_unit "boot-$tag.target" <<<"[Unit]"
    put_job '[Install]' "WantedBy=boot-$tag.target"
    put_timer day OnCalendar=yearly '[Install]' "WantedBy=boot-$tag.target"
    reload
    sctl -q enable --runtime "job-$tag.service" "day-$tag.timer"
    sctl start "boot-$tag.target"
    wait_until "$DEADLINE" has_run 1
    # The timer has had nothing to do with it.
    assert_property "day-$tag.timer" ActiveState active
    assert_property "day-$tag.timer" LastTriggerUSecMonotonic 0
    sctl -q disable --runtime "job-$tag.service" "day-$tag.timer"
    rm "$work/ran"
}

@test "report.timer: starts report.service, which finds its state directory" {
    needs_manager
    [[ ! ${SAN:-} ]] || skip "sanitizers do what these units forbid"
    put_lab_unit report.service
    put_lab_unit report.timer 's/^OnCalendar=.*/OnActiveSec=1us/' 's/^RandomizedDelaySec=.*//' 's/^AccuracySec=.*/AccuracySec=1us/'
    reload
    sctl start "report-$tag.timer"
    state() { manager sh -c 'cat "${XDG_STATE_HOME:-$HOME/.local/state}/$0/report.txt" "${XDG_CONFIG_HOME:-$HOME/.config}/$0/report.txt" 2>/dev/null' "ipclab-report-$tag"; }
    written_once() { [[ $(state | wc -l) == 1 ]]; }
    wait_until "$DEADLINE" written_once
    assert_regex "$(state)" 'load [0-9.]+, [0-9]+ processes'
    await_property "report-$tag.service" ActiveState inactive
    assert_property "report-$tag.service" Result success
}
