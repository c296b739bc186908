# The exercise ex2_ping_pong of lab 12.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2086,SC2154

load ../lib/lab
load ../lib/threads

# play PROGRAM [ARG...]: starts it, and waits until there are both.
play() {
    start "$@"
    await "a child, pong" find_pong
}

find_pong() {
    pong=$(children "$pid" | awk '{ n = $1 } END { print n }')
    [[ $pong ]]
}

# place PID: sets place, where it is: "reads", if it sleeps in read() of standard input;
# "writes"; "waits", if it sleeps in futex() without a time limit; "stopped",
# "gone"; or what else it does.
place() {
    local call='' first limit stat=''
    read -r stat 2>/dev/null <"/proc/$1/stat"
    read -r call first _ _ limit _ 2>/dev/null <"/proc/$1/syscall"
    stat=${stat##*) }
    case ${stat%% *}:${call_name[${call:-none}]:-}:$first:$limit in
    S:read:0x0:*) place=reads ;;
    S:write:*) place=writes ;;
    S:futex:*:0x0) place=waits ;;
    S:futex:*) place="waits for a limited time" ;;
    [tT]:*)
        place="is traced"
        if stays_stopped "$1"; then
            place=stopped
        fi
        ;;
    [ZX]:* | :*) place=gone ;;
    R:*) place=runs ;;
    *) place="sleeps in call ${call:-?}" ;;
    esac
}

# are_at PLACE PLACE: whether ping and pong are there, and neither moved as we looked.
are_at() {
    place "$pid"
    [[ $place == "$1" ]] || return
    place "$pong"
    [[ $place == "$2" ]] || return
    place "$pid"
    [[ $place == "$1" ]]
}

# For a failure.
both_places() {
    place "$pid"
    echo "ping: $place"
    place "$pong"
    echo "pong: $place"
}

# await_at PLACE PLACE WORDS
await_at() {
    local over=''
    so_or_over() { are_at "$@" || { gone "$pid" && over=1; }; }
    if ! wait_until "$DEADLINE" so_or_over "$1" "$2" 2>/dev/null || [[ $over && $1 != gone ]]; then
        complain "ping $1, pong $2, $3" "$(
            both_places
            cat "$run/stderr"
        )"
    fi
}

# assert_turns N: so many lines have come out.
assert_turns() {
    expect "$1 turns so far" assert_equal "$(wc -l <"$run/stdout")" "$1"
}

# assert_played TURNS FILE: each so often, strictly one after the other, begun by
# ping; and two processes.
assert_played() {
    local i
    expect "the turns, with the numbers of two processes" assert_equal \
        "$(sed -E 's/\[[0-9]+\]//' "$2")" "$(for ((i = 1; i <= $1; i++)); do printf 'ping: %d\npong: %d\n' $i $i; done)"
    expect "one number for ping and one for pong" assert_equal \
        "$(sed 's/:.*//' "$2" | sort -u | wc -l)" $(($1 > 0 ? 2 : 0))
}

pong_is_dead() {
    [[ $(state "$pong") == [gZX]* ]]
}

# await_end STATUS WORDS: of ping, by itself.
await_end() {
    if ! wait_until "$DEADLINE" gone "$pid" 2>/dev/null; then
        complain "ping to end $2" "after $DEADLINE s it goes on"$'\n'"$(both_places)"
    fi
    finish_program
    assert_ended "$1" "to end with $1 $2"
}

# assert_death HOW: what ping said of it.
assert_death() {
    expect "the reason on standard error" assert_equal "$(tail -n 1 <<<"$stderr")" "ex2_ping_pong: pong: $1"
}

# bats test_tags=ex:2,points:10
@test "one has the turn, the other sleeps in futex(); and so they change, to the end" {
    likely "a semaphore for each direction, with different values at first; in shared memory, and told so" 'TODO 1 and 2 in ex2_ping_pong.c; sem_init(3)'
    n=$((RANDOM % 4 + 3))
    play ex2_ping_pong -i -n $n
    for ((i = 1; i <= n; i++)); do
        await_at reads waits "in ping's turn $i"
        assert_turns $((2 * i - 2))
        if ((i == 2)); then
            assert_idle
        fi
        type_line
        await_at waits reads "in pong's turn $i"
        assert_turns $((2 * i - 1))
        if ((i == 2)); then
            assert_idle
        fi
        type_line
    done
    await_end "exit 0" "when both have had their turns"
    assert_played $n "$run/stdout"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:8
@test "however slow one is, the other doesn't overtake it" {
    likely "one semaphore for both is no order: who posts it can take it again at once. A sleep is no order either" 'TODO 1 in ex2_ping_pong.c; sem_post(3)'
    play ex2_ping_pong -i -n 4
    for i in 1 2; do
        await_at reads waits "in ping's turn $i"
        freeze "$pong"
        type_line
        await_at waits stopped "after ping's turn $i"
        assert_idle
        assert_turns $((2 * i - 1))
        kill -CONT "$pong"
        await_at waits reads "in pong's turn $i"
        freeze "$pid"
        type_line
        await_at stopped waits "after pong's turn $i"
        assert_turns $((2 * i))
        kill -CONT "$pid"
    done
    await_at reads waits "in ping's turn 3"
    end_input
    await_end "exit 0" "since its input has ended"
    assert_played 4 "$run/stdout"
}

# bats test_tags=ex:2,points:5
@test "a turn isn't over before its line is written" {
    likely "the post is the last that belongs to a turn" 'TODO 2 in ex2_ping_pong.c'
    mkfifo "$work/full"
    exec {full}<>"$work/full"
    size=$(LC_ALL=C dd if=/dev/zero of="$work/full" oflag=nonblock bs=4096 count=1000 2>&1 | sed -n 's/^\([0-9]*\) bytes.*/\1/p')
    play sh -c 'exec ex2_ping_pong -n 2 >full'
    await_at writes waits "when standard output is a pipe that is full"
    assert_idle
    head -c "$size" <&"$full" >/dev/null
    await_end "exit 0" "when the pipe is empty"
    # What is there, and no waiting for what is missing.
    dd if="$work/full" of="$work/lines" iflag=nonblock bs=64K count=1 2>/dev/null || true
    assert_played 2 "$work/lines"
    exec {full}>&-
    rm "$work/lines"
}

# bats test_tags=ex:2,points:8
@test "a signal is no turn, and no death" {
    likely "sem_wait() fails with EINTR; SIGCHLD also comes when a child was stopped, or from a child of somebody else's" 'TODO 1 and 3 in ex2_ping_pong.c; sem_wait(3), waitpid(2)'
    gates 1
    play sh -c 'read -r x <gate1 & exec ex2_ping_pong -i -n 3'
    await_two() { (($(children "$pid" | wc -l) == 2)); }
    await "to run, beside another child of that process" await_two
    for one in $(children "$pid" | cut -d' ' -f1); do
        grep -q gate1 "/proc/$one/cmdline" && stranger=$one || pong=$one
    done
    await_at reads waits "in ping's turn 1"
    kill -CHLD "$pid" "$pong"
    await_at reads waits "when both got SIGCHLD"
    type_line
    await_at waits reads "in pong's turn 1, for ping got SIGCHLD in its own"
    await_taken() { [[ $(field "$pid" ShdPnd) =~ ^0*$ && $(field "$pong" ShdPnd) =~ ^0*$ ]]; }
    for i in 1 2 3; do
        kill -CHLD "$pid" "$pong"
        wait_until "$DEADLINE" await_taken
        await_at waits reads "when both got SIGCHLD"
        freeze "$pong"
        await_at waits stopped "when pong was stopped"
        kill -CONT "$pong"
        await_at waits reads "when pong was continued"
        freeze "$pid"
        kill -CONT "$pid"
        await_at waits reads "when ping was stopped and continued"
    done
    open_gate 1
    wait_until "$DEADLINE" gone "$stranger"
    await_at waits reads "when another child of its process has ended"
    assert_turns 1
    type_line
    await_at reads waits "in ping's turn 2"
    assert_turns 2
    end_input
    await_end "exit 0" "since its input has ended"
    assert_played 3 "$run/stdout"
}

# bats test_tags=ex:2,points:7
@test "when pong has died, ping says how, and ends" {
    likely "nobody posts for the dead; but SIGCHLD comes, and sem_post() may be called by a handler" 'TODO 3 in ex2_ping_pong.c; signal-safety(7), waitpid(2)'
    for sig in KILL TERM SEGV; do
        play ex2_ping_pong -i
        await_at reads waits "in ping's turn 1"
        type_line
        await_at waits reads "in pong's turn 1"
        kill -s $sig "$pong"
        await_end "exit 1" "for pong was killed by SIG$sig"
        assert_death "killed by SIG$sig"
        assert_every_child_waited_for
    done
    play ex2_ping_pong -i
    await_at reads waits "in ping's turn 1"
    kill -KILL "$pong"
    wait_until "$DEADLINE" pong_is_dead
    type_line
    await_end "exit 1" "at its next wait, for pong was killed in ping's turn"
    assert_death "killed by SIGKILL"
    # Only ping's first line fits.
    allow_left 'file \./out .*'
    run_program bash -o pipefail -c 'trap "" XFSZ; prlimit --fsize=20 ex2_ping_pong 2>&1 >out | cat >&2'
    assert_ended "exit 1"
    assert_death "exit 1"
}

# bats test_tags=ex:2,points:4
@test "pong's death isn't missed, if it comes as ping is about to wait, or hasn't left fork()" {
    likely "between a look at a flag and sem_wait() there is time for a signal: a flag doesn't wake anybody, a post does. And a handler may run before pong has a number" 'TODO 3 in ex2_ping_pong.c; sem_post(3), sigprocmask(2)'
    start_held -w ex2_ping_pong -i
    await "a child, pong" find_pong
    await_at reads waits "in ping's turn 1"
    type_line
    await_at waits reads "in pong's turn 1"
    hold
    kill -KILL "$pong"
    wait_until "$DEADLINE" pong_is_dead
    let_go
    await_end "exit 1" "for pong was killed just before it waited"
    assert_death "killed by SIGKILL"
    start_held -p ex2_ping_pong
    await "a child, pong" find_pong
    await_at stopped waits "as ping is held in fork()"
    kill -KILL "$pong"
    wait_until "$DEADLINE" pong_is_dead
    let_go
    await_end "exit 1" "for pong was killed before fork() had returned"
    assert_death "killed by SIGKILL"
}

# bats test_tags=ex:2,points:5
@test "pong doesn't outlive ping, and nothing is left" {
    likely "the kernel can send a signal when the parent ends; if it has ended already, it won't. What has a name stays" 'TODO 4 in ex2_ping_pong.c; PR_SET_PDEATHSIG in prctl(2)'
    # A shell, so that not all ends with ping.
    start_both() {
        start bash -c 'exec 5<&0; "$@" <&5 5<&- & wait $!; echo "status $?"; read -r x' - "$@"
        shell=$pid
    }
    ping_runs() {
        pid=$(children "$1" | awk '{ print $1 }')
        [[ $pid ]] && find_pong
    }
    assert_both_gone() {
        if ! wait_until "$DEADLINE" gone "$pong" 2>/dev/null; then
            complain "pong to be gone, $1" "it is still there"$'\n'"$(both_places)"
        fi
        pid=$shell
        await "ping's status" written "status $((128 + $(kill -l $2)))"
        end_input
        finish_program
        expect "turns" assert_equal "$(grep -c '^p' "$run/stdout")" "$3"
    }
    for when in waits:KILL reads:KILL reads:TERM; do
        sig=${when#*:}
        start_both ex2_ping_pong -i
        if ! wait_until "$DEADLINE" ping_runs "$shell" 2>/dev/null; then
            complain "two processes, ping and pong" "$(children "$shell")"
        fi
        await_at reads waits "in ping's turn 1"
        turns=0
        if [[ $when == reads* ]]; then
            type_line
            await_at waits reads "in pong's turn 1"
            turns=1
        fi
        kill -s $sig "$pid"
        assert_both_gone "when ping was killed by SIG$sig" $sig $turns
    done

    # Ping is gone before pong has done anything. (valgrind would be held itself.)
    if [[ ! ${UNDER:-} ]]; then
        "$top/build/tools/hold" -p true 2>/dev/null || skip "no program can be held still here (ptrace(2))"
        start_both "$top/build/tools/hold" -c ex2_ping_pong -i
        wait_until "$DEADLINE" eval 'holder=$(child_of "$shell" hold)' &&
            wait_until "$DEADLINE" ping_runs "$holder" &&
            wait_until "$DEADLINE" are_at reads stopped
        kill -KILL "$pid"
        assert_both_gone "when ping was killed as it had just begun" KILL 0
    fi
}

# bats test_tags=ex:2,points:3
@test "no turn, one, or many: in strict order, by two processes" {
    likely "the first value of each semaphore, and what the last post is for" 'TODO 1 to 3 in ex2_ping_pong.c'
    run_program ex2_ping_pong -n 0
    assert_ended "exit 0"
    assert_output ""
    for n in 1 3000; do
        run_program ex2_ping_pong -n $n
        assert_ended "exit 0"
        assert_played $n "$run/stdout"
        assert_every_child_waited_for
    done
    n=$((RANDOM % 5 + 2))
    traced_well ex2_ping_pong -n $n
    expect "writes by two processes, one after the other" assert_equal \
        "$(sed -nE 's/^write (\S+) stdout.*/\1/p' "$run/facts" | xargs)" "$(for ((i = 0; i < n; i++)); do echo parent child.1; done | xargs)"
    assert_fact "reap parent child.1"
    assert_nothing_wrong
}
