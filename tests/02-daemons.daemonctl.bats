# Lab 02: daemonctl where the kernel tells it less.

load lib/lab

@test "daemonctl: without a pidfd it goes by the PID that the lock has" {
    needs_tracing
    run_program bash -c 'ASAN_OPTIONS+=:detect_leaks=0
        strace -f -qq -o timer -e trace=setitimer daemonize -p pid -l log &
        until strace -qq -o /dev/null -e inject=pidfd_open:error=ENOSYS \
            daemonctl -p pid 2>/dev/null; do :; done
        wait; cat timer; rm timer log'
    assert_ended "exit 0"
    # daemonize's own interval, as it wasn't given one.
    assert_output --partial 'it_interval={tv_sec=5, tv_usec=0}'
}

@test "daemonctl: a lock of no process, or of one out of sight, hits nobody" {
    needs_tracing
    # The kernel's answer is changed to PID -1, then 0; if that is killed, in vain.
    run_program bash -c '
        export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
        lock=0100000000000000$(printf "%032d" 0) # struct flock up to l_pid
        : >pid
        for owner in ffffffff 00000000; do
            strace -qq -o log -e trace=fcntl,kill,pidfd_open,pidfd_send_signal \
                -e inject=kill,pidfd_send_signal:error=EPERM -e inject=pidfd_open:error=ENOSYS \
                -e inject=fcntl:poke_exit=@arg3=$lock$owner daemonctl -p pid
            echo "status $?, $(grep -oE "l_pid=[-0-9]+|kill.*|pidfd.*" log | xargs)"
        done
        rm log pid'
    assert_ended "exit 0"
    assert_output $'status 1, l_pid=-1\nstatus 1, l_pid=0'
    assert_equal "$stderr" "daemonctl: pid: can't see which process holds the lock
daemonctl: pid: can't see which process holds the lock"
}
