# places.bash: where each thread of a running program is held still, from
# /proc/PID/task/TID/syscall. Loaded by the tests that need it, after threads.
# shellcheck disable=SC2034,SC2154  # run.bash sets what is used here, and tests use it

# is_still: whether every thread but main sleeps, in futex(2) or in a read; then
# nothing happens before something comes from outside. Sets how many are where:
# at_lock, at_stdin (a read of descriptor 0), at_file (of another); and waiting,
# the names in day_of whose descriptor nobody reads: "2 5".
is_still() {
    all_sleep && sort_places
}

# Looks at all of them twice. Who slept both times, and didn't run meanwhile, slept
# all the time; so there was a moment when all slept. (Whoever is woken isn't asleep
# from that moment on, even if no processor is free for it. On its way to another
# processor syscall may still name its call; stat says R then.) The shell itself
# reads: one may look at what one has started (ptrace(2), Yama).
all_sleep() {
    local task n turns=0 call argument rest elsewhere=0
    local tasks=("/proc/$pid/task"/*)
    places=()
    for task in "${tasks[@]}"; do
        read -r _ _ n 2>/dev/null <"$task/schedstat" && turns=$((turns + n))
    done
    for task in "${tasks[@]}" "${tasks[@]}"; do
        [[ $task != */$pid ]] || continue
        call=''
        read -r call argument rest 2>/dev/null <"$task/syscall"
        case ${call_name[${call:-none}]:-} in
        futex) places+=(lock) ;;
        read*) places+=("$((argument))") ;;
        *)
            # ThreadSanitizer has a thread that looks around all the time.
            [[ ${SAN:-} == *thread* ]] && ((++elsewhere <= 2)) || return
            continue
            ;;
        esac
        in_state "${task#/proc/}" S || return
    done
    for task in "${tasks[@]}"; do
        read -r _ _ n 2>/dev/null <"$task/schedstat" && turns=$((turns - n))
    done
    ((turns == 0 || elsewhere > 0))
}

sort_places() {
    local one name
    local -A waits=()
    at_lock=0 at_stdin=0 at_file=0 waiting=''
    for name in "${day_of[@]}"; do
        waits[$name]=1
    done
    for one in "${places[@]:${#places[@]}/2}"; do
        case $one in
        lock) at_lock=$((at_lock + 1)) ;;
        0) at_stdin=$((at_stdin + 1)) ;;
        *)
            at_file=$((at_file + 1))
            name=${day_of[one]:-}
            [[ ! $name ]] || waits[$name]=''
            ;;
        esac
    done
    for ((name = 1; name <= ${#day_of[@]}; name++)); do
        [[ ! ${waits[$name]:-} ]] || waiting+="${waiting:+ }$name"
    done
}

# await_still: waits until all is still. Where the threads are is then as
# is_still says.
await_still() {
    local end=$((SECONDS + DEADLINE + 1))
    until is_still; do
        if gone "$pid"; then
            finish_program
            complain "to wait for more input" "$(how_it_ended)"
        fi
        if ((SECONDS >= end)); then
            complain "its threads to sleep, waiting for a lock or for input" \
                "after $DEADLINE s:"$'\n'"$(where_threads_wait)"
        fi
        pause
    done
}

# assert_at PLACE COUNT WORDS: when all is still, so many threads are at "lock",
# "stdin" or "file".
assert_at() {
    local there=at_$1
    await_still
    if ((there != $2)); then
        complain "$3" "$(where_threads_wait)$(
            [[ ! -s $run/stdout ]] || { echo && tail -n 20 "$run/stdout"; }
        )"
    fi
}
