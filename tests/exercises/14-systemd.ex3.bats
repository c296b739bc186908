# The exercise ex3_hardening of lab 14: a service that may do what it needs. Four
# tests ask systemd's own tools, without a manager; in two it runs, and tries.
#
# shellcheck disable=SC2016,SC2034,SC2317

load ../lib/lab
load ../lib/manager
load ../lib/units

# Without one only two tests are skipped.
setup_file() {
    start_manager || export MANAGER="none: a private one doesn't start"
}

# unit: the service as it is, but for %h: a home in the kit's folder, since /tmp,
# where the tests work, isn't there for it. (Where it's graded there is no manager
# to run it, and the kit can't be written to.) Its keeper does its work, and then what
# stands in the file $home/more.
unit() {
    ran="ex3_hardening.service"
    home=$top/$BUILD/home.$tag
    [[ -w $top/$BUILD ]] || home=$work/home
    mkdir -p "$home/bin"
    cat >"$home/bin/keeper" <<'END'
#!/bin/sh
set -e
wc -w <"$1" >"$STATE_DIRECTORY/count"
home=${0%/bin/keeper}
[ ! -e "$home/more" ] || . "$home/more"
END
    chmod +x "$home/bin/keeper"
    words=$((RANDOM % 50 + 1))
    seq $words >"$home/notes"
    service=$work/keeper-$tag.service
    sed "s|%h|$home|g; s|ipclab-keeper|ipclab-keeper-$tag|g" "$BIN/ex3_hardening.service" >"$service"
}

teardown() {
    if [[ $units ]]; then
        sctl clean --what=state "keeper-$tag.service" 2>/dev/null || true
        remove_units
    fi
    rm -rf "${home:-$work/none}"
    assert_nothing_left
}

# judged NAME...: that systemd finds these as tight as can be: "✓ PrivateTmp=".
judged() {
    local name all
    all=$(SYSTEMD_COLORS=0 LC_ALL=C.UTF-8 systemd-analyze security --no-pager --offline=true "$service" 2>&1)
    for name; do
        grep -qF -- "✓ $name" <<<"$all" ||
            complain "systemd-analyze security to be content with $name" \
                "$(grep -F -- "$name" <<<"$all" | sed 's/  */ /g' || echo "$all" | head -n 3)"
    done
}

# Not by a manager without privilege. Nor by newer ones if there is PrivateUsers=: that
# comes first then, and in a user namespace the kernel gives no new /proc.
proc_can_be_hidden() {
    put_unit "probe-$tag.service" < <(printf '%s\n' '[Service]' Type=oneshot ProcSubset=pid PrivateUsers=yes \
        'ExecStart=test ! -e /proc/meminfo')
    reload
    sctl start "probe-$tag.service" 2>/dev/null
}

needs_security() {
    needs systemd-analyze systemd
    if ! systemd-analyze --help | grep -q -e --offline; then
        skip "this systemd-analyze is too old for security --offline=true"
    fi
}

# bats test_tags=ex:3,points:5
@test "systemd understands each line, and finds it exposed by no more than 1.5" {
    likely "systemd-analyze security --offline=true FILE says what counts how much" "systemd-analyze(1) on security"
    needs_security
    unit
    verified "$service"
    said=$(systemd-analyze security --no-pager --offline=true --threshold=15 "$service" 2>&1) ||
        complain "an exposure of 1.5 at most" "${said##*$'\n'}"
}

# bats test_tags=ex:3,points:4
@test "files: one folder of its own to write to, the rest to read, /tmp and devices not at all" {
    likely "ProtectSystem=full leaves /var and /home; where it may write is StateDirectory=, not a path that somebody has to make" "TODO 1 and 2 in ex3_hardening.service; systemd.exec(5)"
    needs_security
    unit
    judged ProtectSystem= PrivateTmp= PrivateDevices= UMask=
    expect "ProtectHome=read-only, for the notes are there" \
        assert_equal "$(value "$service" Service ProtectHome)" read-only
    expect "a folder of its own" assert_equal "$(values "$service" Service StateDirectory)" "ipclab-keeper-$tag"
    expect "for it alone" assert_regex "$(value "$service" Service StateDirectoryMode)" '^0?700$'
    other=$(settings "$service" Service | grep -E '^(ReadWritePaths|BindPaths|ReadWriteDirectories|DeviceAllow|JoinsNamespaceOf)=.') || true
    [[ ! $other ]] || complain "nothing else to write to" "$other"
}

# bats test_tags=ex:3,points:4
@test "privileges: none to begin with, and no way to any" {
    likely "an empty CapabilityBoundingSet= takes all away; one with names keeps those" "TODO 3 in ex3_hardening.service; systemd.exec(5), capabilities(7)"
    needs_security
    unit
    judged NoNewPrivileges= PrivateUsers= RestrictSUIDSGID= RestrictNamespaces=~{user,pid,net,uts,mnt,cgroup,ipc} \
        CapabilityBoundingSet=~CAP_SYS_{ADMIN,PTRACE,CHROOT,TIME} 'CapabilityBoundingSet=~CAP_(DAC_*' RestrictRealtime=
}

# bats test_tags=ex:3,points:4
@test "network, kernel, other processes, system calls: what it doesn't need it hasn't got" {
    likely "a filter without @system-service before the ~ is a list of what is forbidden, and allows all else" "TODO 4 to 6 in ex3_hardening.service; systemd.exec(5)"
    needs_security
    unit
    judged PrivateNetwork= IPAddressDeny= RestrictAddressFamilies=~{AF_PACKET,AF_UNIX,'AF_(INET'} \
        ProtectKernel{Tunables,Modules,Logs}= ProtectControlGroups= ProtectClock= ProtectHostname= ProtectProc= ProcSubset= \
        SystemCallArchitectures= SystemCallFilter=~@{privileged,resources,mount,debug,module,reboot} \
        LockPersonality= MemoryDenyWriteExecute=
}

# give_unit: to the manager; and the service is to run.
give_unit() {
    needs_manager
    unit
    if [[ $home == /tmp/* || $home == /var/tmp/* ]]; then
        skip "the kit lies in /tmp, which this service doesn't see"
    fi
    put_unit "plain-$tag.service" <<<$'[Service]\nType=oneshot\nExecStart=/bin/true\nPrivateUsers=yes\nPrivateTmp=yes\nPrivateNetwork=yes'
    put_unit "keeper-$tag.service" <"$service"
    reload
    if ! sctl start "plain-$tag.service" 2>/dev/null; then
        skip "this manager can't give a service namespaces of its own"
    fi
}

# keeps: that it does its work, and its folder is $state then.
keeps() {
    local path
    sctl start "keeper-$tag.service" 2>/dev/null || true
    expect "the job to be done: success 0" assert_equal \
        "$(property "keeper-$tag.service" Result) $(property "keeper-$tag.service" ExecMainStatus)" "success 0"
    for path in '${XDG_STATE_HOME:-$HOME/.local/state}' '${XDG_CONFIG_HOME:-$HOME/.config}'; do
        state=$(manager sh -c "echo \"$path\"")/ipclab-keeper-$tag
        if manager test -e "$state/count"; then
            expect "the number of words" assert_equal "$(manager cat "$state/count" | tr -d ' ')" "$words"
            return
        fi
    done
    complain "a file count in the folder that systemd makes" "none in $state"
}

# bats test_tags=ex:3,points:5
@test "under a manager it does its work, again and again, and nobody else sees it" {
    likely "what was taken away is needed: journalctl --user, or the status: 226 is a namespace, 218 a capability, 31 and core a system call" "systemd.exec(5) on process exit codes"
    give_unit
    keeps
    seq $((words += 3)) >"$home/notes"
    keeps
    expect "who may look" assert_equal "$(manager stat -c %a "$state" "$state/count" | xargs)" "700 600"
}

# bats test_tags=ex:3,points:6
@test "under a manager it can't write elsewhere, gain rights, see others or reach anybody" {
    likely "each line says what it could do; systemd.exec(5) says what is against it" "systemd.exec(5)"
    give_unit
    keeps
    hidden=$(proc_can_be_hidden && echo true || echo false)
    echo secret >"$work/mine"
    cat >"$home/more" <<END
set +e
got() { echo "\$*" >>"\$STATE_DIRECTORY/got"; }
: >"\$STATE_DIRECTORY/got"
for place in "$home" /usr /etc /var; do
    ( : >"\$place/x.$tag" ) 2>/dev/null && got "write to \$place"
done
[ -e "$work/mine" ] && got "see files in /tmp: $work/mine"
[ -e /dev/kmsg ] && got "see /dev/kmsg"
status() { sed -n "s/^\$1:[[:space:]]*//p" /proc/self/status; }
[ "\$(status NoNewPrivs)" = 1 ] || got "gain rights by a setuid program"
[ "\$(status CapBnd)" = 0000000000000000 ] || got "have the capabilities \$(status CapBnd)"
[ "\$(status Seccomp)" = 2 ] || got "do any system call"
cp /bin/sh "\$STATE_DIRECTORY/sh" && chmod u+s "\$STATE_DIRECTORY/sh" 2>/dev/null && got "make a setuid program"
rm -f "\$STATE_DIRECTORY/sh"
unshare -U true 2>/dev/null && got "make a user namespace"
unshare -n true 2>/dev/null && got "make a network namespace"
[ "\$(grep -c : /proc/self/net/dev)" = 1 ] || got "see the network: \$(grep -c : /proc/self/net/dev) interfaces"
[ -e /proc/meminfo ] && $hidden && got "see /proc/meminfo"
[ "\$(awk '{ print \$1, \$2, \$3 }' /proc/self/uid_map)" = "0 0 4294967295" ] && got "be in the users' own namespace"
chrt -f 1 true 2>/dev/null && got "run in real time"
true
END
    keeps
    rm -f "$home/x.$tag" {/usr,/etc,/var}/"x.$tag"
    expect "nothing that it got through with" assert_equal "$(manager cat "$state/got")" ""
}
