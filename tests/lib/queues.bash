# queues.bash: skips a test, visibly, where message queues aren't allowed. For the
# test files of lab 10 to load after lab.bash.

needs_queues() {
    if [[ ! -e /proc/sys/fs/mqueue/msg_max ]]; then
        skip "this kernel has no POSIX message queues (CONFIG_POSIX_MQUEUE)"
    elif [[ $(ulimit -q) != unlimited ]] && (($(ulimit -q) < 819200)); then
        skip "no user may have 819200 bytes of POSIX message queues here: raise ulimit -q"
    fi
}

needs_sysv_queues() {
    if [[ ! -e /proc/sysvipc/msg ]]; then
        skip "this kernel has no System V message queues (CONFIG_SYSVIPC)"
    fi
}
