# sem.bash: who of a program's children waits for a semaphore. Loaded by the tests
# that need it, after lab.
# shellcheck disable=SC2034,SC2154  # proc.bash sets what is used here, tests use what is set

# look: sets who_waits and who_stays, the children of the program that sleep: in
# futex(2), where sem_wait() does, or elsewhere; and how many run.
look() {
    local child rest call
    who_waits=() who_stays=() running=0
    while read -r child _ rest; do
        read -r call _ 2>/dev/null <"/proc/$child/syscall" || call=''
        case $rest:${call_name[${call:-none}]:-} in
        S:futex) who_waits+=("$child") ;;
        S:*) who_stays+=("$child") ;;
        [RD]:*) running=$((running + 1)) ;;
        esac
    done < <(children "$pid")
}

# at_rest WAIT STAY: whether so many sleep in a semaphore, so many elsewhere, and
# nobody runs.
at_rest() {
    look
    [[ "${#who_waits[@]} ${#who_stays[@]} $running" == "$1 $2 0" ]]
}

# await_rest WAIT STAY: twice, for somebody could be on the way.
await_rest() {
    await "$1 to wait for a semaphore, and $2 not to" at_rest "$1" "$2"
    pause
    at_rest "$1" "$2" || complain "$1 to wait for a semaphore, and $2 not to" "${#who_waits[@]}, ${#who_stays[@]}"
}

# A semaphore of a test's own, and the key of a set.
name=/labtest-$RANDOM$RANDOM key=$((RANDOM * 32768 + RANDOM + 1))

# in_kernel LINES [ARG...]: has bash run them, with $key and the arguments.
in_kernel() {
    run_program env key="$key" bash -c "$1" bash "${@:2}"
}
