# tests/lib/manager.bash and tools/manager: a systemd for the tests.

load ../lib/lab
load ../lib/manager

@test "manager: units run, properties tell of them, and nothing is left of a test" {
    needs_manager
    put_unit "lab14-$tag.service" <<<"[Service]
ExecStart=sh -c 'echo \$\$\$\$ >$work/pid; exec sleep 1000'"
    reload
    sctl start "lab14-$tag"
    await_property "lab14-$tag" MainPID '[1-9][0-9]*'
    pid=$(property "lab14-$tag" MainPID)
    wait_until "$DEADLINE" test -s "$work/pid"
    assert_equal "$(<"$work/pid")" "$pid"
    assert_property "lab14-$tag" ActiveState active
    # Its group is a part of the manager's, so it can be ended with all that it has started.
    assert_regex "$(cat "/proc/$pid/cgroup")" "/lab14-${tag}[.]service"
    remove_units
    gone "$pid"
    assert_equal "$(sctl list-unit-files --no-legend "*$tag*")" ""
}

needs_private() {
    [[ $("$top/tools/manager" -q) == private ]] ||
        skip "a private manager takes root, systemd, and a cgroup tree that can be written to"
}

private() {
    "$top/tools/manager" "$@" 3>&- 4>&-
}

our_groups() {
    find /sys/fs/cgroup -type d -name "ipclab-$1-*.slice" 2>/dev/null
}

@test "tools/manager: two at once have nothing in common, and leave nothing" {
    needs_private
    marker=$RANDOM
    one() {
        private bash -c 'echo "$XDG_RUNTIME_DIR $(systemctl --user show -P ControlGroup init.scope)" >"$1/group$2"
            systemd-run --user -q --unit=same-name sleep "$((1000 + $3))"; while [ ! -e "$1/group$((1 - $2))" ]; do read -r -t 0.02 <> <(:); done
            systemctl --user list-units --no-legend "same*" | wc -l' bash "$work" "$@"
    }
    one 0 $marker >"$work/out0" &
    one 1 $marker >"$work/out1"
    wait $!
    assert_equal "$(<"$work/out0")$(<"$work/out1")" 11
    assert_not_equal "$(<"$work/group0")" "$(<"$work/group1")"
    refute pgrep -f "sleep $((1000 + marker))"
    for i in 0 1; do
        run sed 's/.*ipclab-\([0-9]*\)-.*/\1/' "$work/group$i"
        assert_equal "$(our_groups "$output")" ""
    done
}

@test "tools/manager: one of another PID namespace, which sees the same groups, touches nothing of ours" {
    needs_private
    run private bash -c 'systemd-run --user -q --unit=mine sleep 1003
        unshare --pid --fork --mount-proc "$0" sh -c "exit 5"; echo $?
        systemctl --user is-active mine' "$top/tools/manager"
    assert_output $'5\nactive'
}

@test "tools/manager: the status is the command's; one that is killed takes its manager along" {
    needs_private
    run private sh -c 'exit 7'
    assert_equal "$status" 7
    private sh -c 'echo $$ >"$0/inner"; systemctl --user show -P ControlGroup init.scope >"$0/group"
        systemd-run --user -q sleep 1001; mv "$0/group" "$0/killed"; exec sleep 1002' "$work" &
    keeper=$!
    wait_until "$DEADLINE" test -e "$work/killed"
    group=$(sed 's/.*\(ipclab-[^/]*\).*/\1/' "$work/killed")
    members() { find /sys/fs/cgroup -path "*/$group/*" -name cgroup.procs -exec cat {} + | grep -q .; }
    members
    number=${group#ipclab-}
    kill -KILL "${number%%-*}"
    empty() { ! members; }
    wait_until "$DEADLINE" empty
    # The next one removes what it couldn't.
    private true
    assert_equal "$(find /sys/fs/cgroup -type d -name "$group")" ""
    wait "$keeper" || true
    kill "$(<"$work/inner")"
}
