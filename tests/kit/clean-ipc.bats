# tools/clean-ipc: removes what the labs' programs left, and nothing else.

load ../lib/lab

# in_kernel LINES: runs them, with $clean; make KIND KEY [ADD] makes a System V object.
in_kernel() {
    if [[ $SANDBOX != bwrap ]]; then # it would remove what is really left of this user's
        skip "clean-ipc is only tested with IPC objects of its own: install bubblewrap"
    fi
    needs perl perl-base
    run_program bash -c 'clean=$1; user=$(id -u)
        make() { perl -e "my (\$kind, \$key) = @ARGV; my \$id = \$kind eq q(msg) ? msgget(\$key, 01600)
            : \$kind eq q(shm) ? shmget(\$key, 4096, 01600) : semget(\$key, 1, 01600); defined \$id or die" \
            "$1" "$(($2 | ($user + ${3:-0}) & 0xffff))"; }
        '"$1" bash "$top/tools/clean-ipc"
}

@test "clean-ipc: removes what bears the kit's mark and the caller's, and nothing else" {
    allow_left '(file /dev/(shm|mqueue)/(sem[.])?(other|ipclab-9999)-.*|(msg|sem|shm) .*)'
    in_kernel '
        touch /dev/mqueue/ipclab-$user-a /dev/shm/ipclab-$user-b "/dev/shm/sem.ipclab-$user-c d" \
            /dev/mqueue/ipclab-9999-a /dev/shm/other-b /dev/shm/sem.other-c
        for kind in msg shm sem; do make $kind 0x4c0a0000; make $kind 0x4c0a0000 1; make $kind 0x4d0a0000; done
        for option in -n "" ""; do
            "$clean" $option; echo "status $?"
            echo $(ls /dev/mqueue /dev/shm) $(tail -qn +2 /proc/sysvipc/{msg,shm,sem} | wc -l)
        done'
    assert_equal "$stderr" ""
    local user what kind
    user=$(sed -n 's/.*queue \/ipclab-\([0-9]*\)-a/\1/p;T;q' "$run/stdout")
    assert_equal "$(grep -c '^left: ' "$run/stdout")" 6
    assert_equal "$(grep -c '^removed: ' "$run/stdout")" 6
    for what in "queue /ipclab-$user-a" "shared memory /ipclab-$user-b" "semaphore /ipclab-$user-c d"; do
        assert_line "left: $what"
        assert_line "removed: $what"
    done
    for kind in queue "shared memory" "semaphore set"; do
        assert_line --regexp "^removed: System V $kind [0-9]+, key 0x4c0a"
    done
    assert_line "clean-ipc: 6 would be removed, 0 in use, 0 not removed"
    assert_line "clean-ipc: 6 removed, 0 in use, 0 not removed"
    assert_line "clean-ipc: nothing of yours is left"
    assert_equal "$(grep -c '^status 0$' "$run/stdout")" 3
    # All of it after -n; after that what isn't ours, both times.
    assert_line --regexp "ipclab-$user-a .*ipclab-$user-b .* 9$"
    assert_equal "$(grep -xc '.*ipclab-9999-a /dev/shm: other-b sem.other-c 6' "$run/stdout")" 2
}

@test "clean-ipc: what a process has open or mapped isn't left" {
    in_kernel '
        touch /dev/mqueue/ipclab-$user-a
        cp "$(command -v sleep)" /dev/shm/made; chmod +x /dev/shm/made
        exec 5</dev/mqueue/ipclab-$user-a
        /dev/shm/made 60 & # it maps itself
        until [[ $(readlink /proc/$!/exe) == /dev/shm/* ]]; do :; done
        # As sem_open() does it: what is mapped gets its name only now.
        ln /dev/shm/made /dev/shm/ipclab-$user-b
        mv /dev/shm/made /dev/shm/sem.ipclab-$user-c
        "$clean"; ls /dev/mqueue /dev/shm
        kill $!; wait $! 2>/dev/null; exec 5<&-
        "$clean"; ls /dev/mqueue /dev/shm'
    assert_equal "$stderr" ""
    assert_line --regexp '^in use, stays: queue /ipclab-[0-9]+-a, open in process [0-9]+, bash$'
    assert_line --regexp '^in use, stays: shared memory /ipclab-[0-9]+-b, open in process [0-9]+, made$'
    assert_line --regexp '^in use, stays: semaphore /ipclab-[0-9]+-c, open in process [0-9]+, made$'
    assert_line "clean-ipc: 0 removed, 3 in use, 0 not removed"
    assert_line "clean-ipc: 3 removed, 0 in use, 0 not removed"
    assert_equal "$(grep -cxE '(sem[.])?ipclab-.*' "$run/stdout")" 3
}

@test "clean-ipc: bad usage is refused, help is given, what fails is said" {
    in_kernel '
        "$clean" -h; echo "status $?"; "$clean" -x; echo "status $?"; "$clean" all; echo "status $?"
        make msg 0x4c0a0000; mkdir bin; printf "#!/bin/sh\nexit 1\n" >bin/ipcrm; chmod +x bin/ipcrm
        PATH=$PWD/bin:$PATH "$clean"; echo "status $?"; "$clean"; rm -r bin'
    assert_line --index 0 "Usage: clean-ipc [-n]"
    assert_equal "$(grep '^status' "$run/stdout" | paste -sd' ')" "status 0 status 2 status 2 status 1"
    assert_regex "$stderr" "clean-ipc: couldn't remove System V queue"
    assert_line "clean-ipc: 0 removed, 0 in use, 1 not removed"
}
