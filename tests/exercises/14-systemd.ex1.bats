# The exercise ex1_backup_timer of lab 14: two units. What they say is looked at by
# systemd's own tools, without a manager; only the last two tests need one.
#
# shellcheck disable=SC2016,SC2034,SC2317

load ../lib/lab
load ../lib/manager
load ../lib/units

# Without one only two tests are skipped.
setup_file() {
    start_manager || export MANAGER="none: a private one doesn't start"
}

# units NAME: the two units as they are, but for %h: in $work, called NAME. The
# backup that they run tells so, and waits for its status.
units() {
    ran="ex1_backup_timer.service and ex1_backup_timer.timer"
    mkdir -p "$work/home/bin" "$work/units"
    printf '%s\n' '#!/bin/sh' "echo \"\$# \$1 \$\$\" >>'$work/ran'" \
        "read -r code <'$work/gate'" 'exit $code' >"$work/home/bin/backup"
    chmod +x "$work/home/bin/backup"
    [[ -p $work/gate ]] || mkfifo "$work/gate"
    local kind
    for kind in service timer; do
        sed "s|%h|$work/home|g; s|ex1_backup_timer\.|$1.|g" "$BIN/ex1_backup_timer.$kind" \
            >"$work/units/$1.$kind"
    done
    service=$work/units/$1.service timer=$work/units/$1.timer
}

# bats test_tags=ex:1,points:4
@test "systemd understands each line of both units, and the command can be run" {
    likely "a word that systemd doesn't know in that section is only ignored; a command has a whole path" "systemd-analyze(1) on verify"
    needs systemd-analyze systemd
    units ex1_backup_timer
    verified "$service" "$timer"
}

# bats test_tags=ex:1,points:4
@test "the service: a job that ends, its failure is one, and after an hour it hangs" {
    likely "Type= says what a start waits for; RuntimeMaxSec= isn't for a oneshot; what remains active isn't started again" "TODO 1 and 2 in ex1_backup_timer.service; systemd.service(5)"
    needs systemd-analyze systemd
    units ex1_backup_timer
    expect "Type=oneshot" assert_equal "$(value "$service" Service Type)" oneshot
    expect "one command, that of the README" assert_equal \
        "$(values "$service" Service ExecStart | tr -d '"')" "$work/home/bin/backup $work/home/backups"
    limit=$(settings "$service" Service | grep -E '^Timeout(Start)?Sec=' | tail -n 1 | cut -d= -f2)
    [[ $limit && $(usec "$limit") == 3600000000 ]] ||
        complain "an hour to the end: TimeoutStartSec=" "${limit:-it is missing}"
    ! is_yes "$(value "$service" Service RemainAfterExit)" ||
        complain "not to be active when it has ended" "RemainAfterExit= is set"
    for key in SuccessExitStatus Restart; do
        [[ ! $(value "$service" Service $key) ]] ||
            complain "a failure to be one" "$(settings "$service" Service | grep "^$key")"
    done
}

# bats test_tags=ex:1,points:4
@test "the timer: from Monday to Saturday at 02:15 of local time, and never else" {
    likely "what is left out is 00 if it is the seconds, but any day if it is the date; OnBootSec= and the like are further moments" "TODO 3 in ex1_backup_timer.timer; systemd.time(7)"
    needs systemd-analyze systemd
    units ex1_backup_timer
    export TZ=XYZ-9 LC_ALL=C
    day=$((RANDOM % 3000 + 20000)) # since 1970; at noon
    mapfile -t moments < <(values "$timer" Timer OnCalendar)
    ((${#moments[@]} > 0)) || complain "an OnCalendar= in [Timer]" "none"
    for moment in "${moments[@]}"; do
        systemd-analyze calendar --iterations=14 --base-time="$(date -d "@$((day * 86400))" '+%F %T')" "$moment" |
            sed -nE 's/^ *(Next elapse|Iter[a-z.]* #[0-9]+): //p'
    done | awk '{ print $2, $3, $1 }' | sort -u | head -n 14 >"$work/seen"
    for ((i = 1; i < 20; i++)); do
        date -d "@$(((day + i) * 86400))" '+%F 02:15:00 %a'
    done | grep -v Sun | head -n 14 >"$work/wanted"
    expect "to elapse at these moments" assert_equal "$(<"$work/seen")" "$(<"$work/wanted")"
    other=$(settings "$timer" Timer | grep -E '^On[A-Z]' | grep -v '^OnCalendar=') || true
    [[ ! $other ]] || complain "no other moments" "$other"
}

# bats test_tags=ex:1,points:4
@test "the timer: a missed moment is made up for; to the second, put off by up to ten minutes, each night alike" {
    likely "the default is to forget, and to be up to a minute late; without FixedRandomDelay= the delay is another one each time" "TODO 4 and 5 in ex1_backup_timer.timer; systemd.timer(5)"
    needs systemd-analyze systemd
    units ex1_backup_timer
    for key in Persistent FixedRandomDelay; do
        is_yes "$(value "$timer" Timer $key)" ||
            complain "$key=yes in [Timer]" "$(value "$timer" Timer $key)"
    done
    exact=$(value "$timer" Timer AccuracySec)
    [[ $exact && $(usec "$exact") -le 1000000 ]] ||
        complain "AccuracySec=1s, or less" "${exact:-it is missing, and so 1min}"
    span_is "$timer" Timer RandomizedDelaySec 10min
    starts=$(value "$timer" Timer Unit)
    expect "the service of its name to be started" \
        assert_equal "${starts:-ex1_backup_timer.service}" ex1_backup_timer.service
}

# bats test_tags=ex:1,points:4
@test "enable makes one link, by which timers.target starts the timer; nothing starts the service" {
    likely "[Install] in the service would make the backup at each boot, too; and a timer isn't a service that multi-user.target wants" "TODO 6 in ex1_backup_timer.timer; systemd.unit(5) on [Install]"
    needs systemctl systemd
    units ex1_backup_timer
    at=etc/systemd/system
    mkdir -p "$work/root/$at"
    cp "$service" "$timer" "$work/root/$at"
    for kind in timer service; do
        systemctl --root="$work/root" enable ex1_backup_timer.$kind >"$work/words" 2>&1 || true
    done
    expect "one link" assert_equal "$(cd "$work/root" && find . -type l)" \
        "./$at/timers.target.wants/ex1_backup_timer.timer"
    systemctl --root="$work/root" disable ex1_backup_timer.timer 2>/dev/null
    expect "none after disable" assert_equal "$(find "$work/root" -type l)" ""
}

# Whether the backup has run N times.
has_run() {
    [[ $(grep -c . "$work/ran" 2>/dev/null) == "$1" ]]
}

# give_units: to the manager, under a name in $unit.
give_units() {
    needs_manager
    unit=backup-$tag
    units "$unit"
    exec {gate}<>"$work/gate"
    put_unit "$unit.service" <"$service"
    put_unit "$unit.timer" <"$timer"
    reload
}

# bats test_tags=ex:1,points:5
@test "a manager runs the backup to its end, one at a time, again and again, and sees that it fails" {
    likely "a simple service is started as soon as it runs; systemctl --user status shows what the manager knows" "systemd.service(5) on Type="
    code=$((RANDOM % 120 + 1))
    give_units
    sctl start --no-block "$unit.service"
    await "the backup to run" has_run 1
    read -r count first number <"$work/ran"
    expect "one argument" assert_equal "$count $first" "1 $work/home/backups"
    expect "no other process in between" assert_equal "$(property "$unit.service" MainPID)" "$number"
    assert_property "$unit.service" ActiveState activating
    sctl start --no-block "$unit.service" # it does run
    echo 0 >&"$gate"
    await_property "$unit.service" ActiveState inactive
    assert_property "$unit.service" Result success
    sctl start --no-block "$unit.service"
    await "the backup to run again, after its end" has_run 2
    echo $code >&"$gate"
    await_property "$unit.service" ActiveState failed
    assert_property "$unit.service" ExecMainStatus $code
    assert_property "$unit.service" Result exit-code
    assert_property "$unit.service" TimeoutStartUSec 1h
    exec {gate}>&-
}

# bats test_tags=ex:1,points:5
@test "a manager's timer elapses between 02:15 and 02:25, and at once if that was missed" {
    likely "the stamp file in ~/.local/share/systemd/timers says when it last elapsed" "systemd.timer(5) on Persistent="
    give_units
    sctl start "$unit.timer"
    next=$(property "$unit.timer" NextElapseUSecRealtime)
    next=$(date -d "$next" '+%u at %H:%M') || complain "a next moment" "none"
    [[ $next =~ ^[1-6]\ at\ 02:(1[5-9]|2[0-5])$ ]] ||
        complain "a next moment between 02:15 and 02:25, Monday to Saturday" "$next"
    has_run '' || complain "not to run at once" "it ran"
    # It was off for three days. A delay would only make us wait.
    sctl stop "$unit.timer"
    put_unit "$unit.timer.d/now.conf" <<<$'[Timer]\nRandomizedDelaySec=0'
    stamp=$(manager sh -c 'echo "${XDG_DATA_HOME:-$HOME/.local/share}/systemd/timers"')/stamp-$unit.timer
    manager touch -d '3 days ago' "$stamp"
    reload
    sctl start "$unit.timer"
    await "the backup to run, once" has_run 1
    echo 0 >&"$gate"
    await_property "$unit.service" ActiveState inactive
    assert_property "$unit.timer" ActiveState active
    has_run 1 || complain "one backup for three days" "$(<"$work/ran")"
    exec {gate}>&-
}
