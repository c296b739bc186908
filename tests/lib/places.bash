# places.bash: where each thread of a running program is held still, from
# /proc/PID/task/TID/syscall. Loaded by the tests that need it, after threads.
# shellcheck disable=SC2154  # run.bash and lab.bash set what is used here

# Numbers of system calls, as in "/ 0 /" for read(2).
case $(uname -m) in
x86_64) futex_calls=' 202 ' read_calls=' 0 19 ' ;;
i?86) futex_calls=' 240 422 ' read_calls=' 3 145 ' ;;
*) futex_calls=' 98 422 ' read_calls=' 63 65 ' ;;
esac

# places: for each thread but main, in a line of its own: "lock" if it sleeps in
# futex(2), "stdin" if in a read of descriptor 0, "file 5" if in a read of 5,
# "elsewhere" if it runs or does anything else.
places() {
    local folder call argument rest
    for folder in "/proc/$pid/task"/*; do
        [[ $folder != */$pid ]] || continue
        call='' argument=''
        # One may look at what one has started.
        read -r call argument rest 2>/dev/null <"$folder/syscall" || continue
        case $call:$argument in
        running:* | -*) echo elsewhere ;;
        *)
            if [[ $futex_calls == *" $call "* ]]; then
                echo lock
            elif [[ $read_calls != *" $call "* ]]; then
                echo elsewhere
            elif ((argument == 0)); then
                echo stdin
            else
                echo "file $((argument))"
            fi
            ;;
        esac
    done | sort
}

# Whether all that was typed, to any of the program's FIFOs, was read. A test
# keeps their descriptors in the array fifo.
all_read() {
    local fd
    for fd in "${fifo[@]}" $stdin; do
        ! read -r -t 0 -u "$fd" || return 1
    done
}

# How often its threads have run so far, into $turns.
count_turns() {
    local file n
    turns=0
    for file in "/proc/$pid/task"/*/schedstat; do
        read -r _ _ n 2>/dev/null <"$file" && turns=$((turns + n))
    done
}

# await_still: waits until every thread but main sleeps, in a futex or in a read,
# with nothing left to read. Then nothing happens any more before the test does
# something. Where they are is in ${place[@]}, sorted.
await_still() {
    local before turns
    still() {
        all_read && count_turns && before=$turns && mapfile -t place < <(places) &&
            [[ ${place[*]} != *elsewhere* ]] && all_read && count_turns && ((turns == before))
    }
    # ThreadSanitizer's thread looks around all the time, from elsewhere.
    if [[ ${SAN:-} == *thread* ]]; then
        still() {
            all_read && before=$(places) && pause && [[ $(places) == "$before" ]] && all_read &&
                mapfile -t place < <(grep -v elsewhere <<<"$before") &&
                (($(grep -c elsewhere <<<"$before") <= 1))
        }
    fi
    if ! wait_until "$DEADLINE" is_so_or_over still 2>/dev/null; then
        complain "its threads to sleep, waiting for a lock or for input" \
            "after $DEADLINE s, "$'\n'"$(where_threads_wait)"
    fi
    if gone "$pid"; then
        finish_program
        complain "to wait for more input" "$(how_it_ended)"
    fi
}

# How many threads are at that place: "lock", "stdin", "file".
at() {
    printf '%s\n' "${place[@]}" | grep -c "^$1"
}

# assert_at PLACE COUNT WORDS: when all is still, so many threads are there.
assert_at() {
    local n
    await_still
    n=$(at "$1") || true
    if ((n != $2)); then
        complain "$3" "where its threads are:"$'\n'"$(where_threads_wait)$(
            [[ ! -s $run/stdout ]] || echo && tail -n 20 "$run/stdout"
        )"
    fi
}
