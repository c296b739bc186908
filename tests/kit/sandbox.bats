# tools/sandbox as grading uses it: what a program sees, and what it can't get.

load ../lib/lab

setup() {
    run=$BATS_TEST_TMPDIR/run
    # shellcheck disable=SC2153  # it is lab.bash's
    [[ $SANDBOX == bwrap ]] || skip "no namespaces here: $SANDBOX"
    # Without the resources of another test that runs meanwhile.
    as_other=()
    if ((EUID == 0)); then # limits don't hold for root
        as_other=(setpriv --reuid 61500 --regid 61500 --clear-groups)
        chmod 711 "$BATS_RUN_TMPDIR"
        mkdir -p "$run" "$BATS_TEST_TMPDIR/kit/build"
        cp -R "$top/tools" "$BATS_TEST_TMPDIR/kit"
        cp -R "$top/build/tools" "$BATS_TEST_TMPDIR/kit/build"
        chown 61500 "$run"
        sandbox=$BATS_TEST_TMPDIR/kit/tools/sandbox
    else
        sandbox=$top/tools/sandbox
    fi
}

teardown() {
    true
}

# graded OPTION... COMMAND...: runs it as for a grade; what it says is in $output.
graded() {
    SECRET=1 GRADING="${seen:-}" "${as_other[@]}" "$sandbox" -o "$run" "$@" </dev/null
    output=$(cat "$run/stdout" "$run/stderr")
    mapfile -t lines <<<"$output"
    report=$run/report
    ended=$(grep -E '^(exit|signal|timeout)' "$report")
}

@test "it sees the system's programs, and of the machine's files nothing else" {
    local kit=${sandbox%/tools/sandbox} folder
    graded bash -c 'ls /; echo "etc:" $(ls /etc); echo "sys:" $(find /sys -type f | sort); cat /etc/passwd; ls "$0" /root /home /var /run /work 2>&1; env
        cd "$1" && find . -maxdepth 1 | xargs' "$top/tests/exercises" "$kit"
    assert_equal "$ended" "exit 0"
    refute_output --partial SECRET
    refute_output --partial .bats
    # Of the kit there is the way to what was built, and nothing else.
    assert_line ". ./build"
    for folder in home root var run work opt srv mnt boot; do
        [[ $kit == "/$folder/"* ]] || refute_line $folder
    done
    there=$({
        cd /etc
        ls -d alternatives group ld.so.cache localtime nsswitch.conf passwd protocols services 2>/dev/null
        echo hosts
    } | LC_ALL=C sort | paste -sd ' ')
    assert_line "etc: $there"
    assert_line "sys: $(find -L /sys/class/net/lo/speed /sys/devices/system/cpu/kernel_max 2>/dev/null | paste -sd ' ')"
    assert_line --partial "lab:x:"
}

@test "it can write to its own folder, /tmp, /dev/shm and /dev/mqueue, and they are bounded" {
    graded bash -c 'for path in / /etc /dev /usr /proc/sys/kernel "$0"; do echo >$path/x && echo "$path!"; done
        for path in . /tmp /dev/shm; do echo >$path/x || echo "$path?"; done
        for i in {1..9}; do head -c 16000000 /dev/zero >/tmp/big$i || break; done; du -sm /tmp | cut -f1; rm /tmp/big*' "$top"
    refute_line --partial '!'
    refute_line --partial '?'
    assert_line --regexp '^6[0-5]$'
}

@test "it sees what is named, but can't change it, and writes only where it may" {
    mkdir "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    chmod 777 "$BATS_TEST_TMPDIR/b"
    echo yes >"$BATS_TEST_TMPDIR/a/file"
    graded -s "$BATS_TEST_TMPDIR/a" -w "$BATS_TEST_TMPDIR/b" bash -c 'cat "$0/file"; echo x >"$0/file"; echo x >"$1/file"' \
        "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    assert_line yes
    assert_line --partial "Read-only file system"
    assert_file_exist "$BATS_TEST_TMPDIR/b/file"
}

@test "its processes are its own, it has no network, and can't make namespaces" {
    graded bash -c 'ls -d /proc/[0-9]*; kill -KILL 1; kill -KILL -1; echo alive; cat /proc/net/dev | tail -n +3
        unshare -Ur true && echo "new!"; exec 3<>/dev/tcp/127.0.0.1/22'
    assert_equal "$(grep -c '^/proc/' <<<"$output")" 2
    assert_line alive
    refute_line "new!"
    refute_line --regexp '^ *(eth|en|wl)'
    assert_line --partial "Connection refused"
    assert_equal "$ended" "exit 1"
}

@test "a fork bomb gets only so many processes, and all end" {
    needs perl perl-base
    graded -t 60 perl -e 'while (defined($p = fork)) { sleep 60 if !$p; $n++ } print "$n $!"'
    assert_output --regexp '^[0-9]{3} Resource temporarily unavailable$'
    graded -t 0.5 bash -c 'f() { f | f & }; f 2>/dev/null; sleep 60'
    assert_equal "$(tail -n 1 "$report")" "done"
    ((EUID != 0)) || assert_equal "$(find /proc -maxdepth 1 -uid 61500 2>/dev/null)" ""
}

@test "who uses too much memory is ended, in one process or many, or in files without a name" {
    needs perl perl-base
    for way in '$x = "x" x 1_500_000_000; sleep 60' \
        'for (1..8) { if (!fork) { $x = "x" x 200_000_000; sleep 60 } } wait' \
        'for (1..200) { $n = "f$_"; $f[$_] = syscall(319, $n, 0); open(my $h, ">&=", $f[$_]); syswrite($h, "x" x 15_000_000); push @h, $h } sleep 60'; do
        [[ $way != *319* || $(uname -m) == x86_64 ]] || continue # memfd_create
        graded -t 30 perl -e "$way"
        assert_equal "$ended" "signal KILL"
        assert_equal "$(facts over)" "memory 1073741824"
    done
}

@test "who makes far too many files is ended" {
    graded -t 30 bash -c 'mkdir /dev/shm/d; cd /dev/shm/d; for ((;;)); do : >$((n++)); done'
    assert_equal "$ended" "signal KILL"
    assert_equal "$(facts over)" "files 20000"
}

@test "sandboxes can be made in one that is for tests" {
    graded -n bwrap --unshare-user --unshare-pid --ro-bind / / --proc /proc --dev /dev echo inner
    assert_line inner
}
