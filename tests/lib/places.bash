# places.bash: where each thread of a running program is held still, from
# /proc/PID/task/TID/syscall. Loaded by the tests that need it, after threads.
# shellcheck disable=SC2034,SC2154  # run.bash sets what is used here, and tests use it

# Numbers of system calls: futex(2); read(2) and readv(2).
case $(uname -m) in
x86_64) futex_calls=' 202 ' read_calls=' 0 19 ' ;;
i?86) futex_calls=' 240 422 ' read_calls=' 3 145 ' ;;
*) futex_calls=' 98 422 ' read_calls=' 63 65 ' ;;
esac

# is_still: whether every thread but main sleeps, in futex(2) or in a read; then
# nothing happens before something comes from outside. Sets how many are where:
# at_lock, at_stdin (a read of descriptor 0), at_file (of another); and waiting,
# the names in day_of whose descriptor nobody reads: "2 5".
#
# All are looked at twice. Who slept both times, and didn't run meanwhile, slept
# all the time; so there was a moment when all slept. (Whoever is woken isn't
# asleep from that moment on, even if no processor is free for it.) By awk, since
# bats follows each step of a loop.
is_still() {
    local now tasks=("/proc/$pid/task"/*)
    now=$(LC_ALL=C awk -v main="/$pid/" -v futex="$futex_calls" -v reading="$read_calls" \
        -v tsan="${SAN:-}" -v names="${day_of[*]}" -v numbers="${!day_of[*]}" '
        function digits(hex,  i, n) {
            for (i = 3; i <= length(hex); i++)
                n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
            return n
        }
        FNR == 1 { files++ }
        FILENAME ~ /schedstat$/ {
            turns += files <= tasks ? -$3 : $3 # before, after
            next
        }
        index(FILENAME, "/task" main) { next }
        index(futex, " " $1 " ") { lock++; next }
        !index(reading, " " $1 " ") { elsewhere++; next }
        $2 == "0x0" { stdin++; next }
        { file++; read[digits($2)] = 1 }
        END {
            # ThreadSanitizer has a thread that looks around all the time.
            if (tsan ~ /thread/) {
                turns = 0
                elsewhere -= elsewhere == 2 ? 2 : 0
            }
            if (turns || elsewhere)
                exit 1
            split(numbers, number, " ")
            n = split(names, name, " ")
            for (i = 1; i <= n; i++)
                if (!(number[i] in read))
                    waits[name[i]]
            for (i = 1; i <= 1000; i++)
                if (i in waits)
                    list = list " " i
            print lock / 2, stdin / 2, (file / 2) list
        }' tasks=${#tasks[@]} "${tasks[@]/%//schedstat}" "${tasks[@]/%//syscall}" \
        "${tasks[@]/%//syscall}" "${tasks[@]/%//schedstat}" 2>/dev/null) &&
        read -r at_lock at_stdin at_file waiting <<<"$now"
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
