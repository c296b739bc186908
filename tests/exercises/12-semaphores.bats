# The exercises of lab 12: ex1_stalls and ex2_ping_pong.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2086,SC2154

load ../lib/lab
load ../lib/threads
load ../lib/inside

key=$((RANDOM * 32768 + RANDOM + 1))

# ---- ex1_stalls ----

# bats test_tags=ex:1,points:8
@test "never more than K are inside, all K places are used, and who waits sleeps" {
    likely "semop() waits by itself until it can take one; the process that has the place becomes the command" 'TODO 3 in ex1_stalls.c; semop(2)'
    k=$((RANDOM % 4 + 2)) n=$((k + 3))
    begin $n
    come $k $(seq $n)
    await_there $k 3 "of $n who came at once"
    pid=${pid_of[${waiting##* }]}
    assert_idle
    pid=$shell
    for waits in 2 1 0; do
        leave ${inside##* }
        await_there $k $waits "when one has left"
    done
    assert_set "600 0 $k"
    leave $inside
    done_with $k
}

# bats test_tags=ex:1,points:8
@test "whatever kills who is inside: the place is free again, and no other" {
    likely "with SEM_UNDO the kernel does it, when the process ends that took it; so the command must be that process" 'TODO 3 in ex1_stalls.c; semop(2), execve(2)'
    k=$((RANDOM % 2 + 2))
    begin 7
    come $k {1..7}
    await_there $k $((7 - k)) "at first"
    for sig in KILL TERM SEGV; do
        n=${inside%% *}
        kill -s $sig ${pid_of[n]}
        assert_one $n $((128 + $(kill -l $sig)))
        await_there $k $((6 - k)) "when one inside was killed by SIG$sig"
        come $k $n # for the next
        await_there $k $((7 - k)) "and another has come"
    done
    for sig in KILL TERM; do
        n=${waiting%% *}
        waiting=${waiting#* }
        kill -s $sig ${pid_of[n]}
        assert_one $n $((128 + $(kill -l $sig)))
    done
    await_there $k $((5 - k)) "when two who waited were killed"
    while [[ $inside ]]; do
        leave ${inside%% *}
        count left $inside $waiting
        left=$((left - 1))
        await_there $((left < k ? left : k)) $((left < k ? 0 : left - k)) "when one has left"
    done
    done_with $k
}

# bats test_tags=ex:1,points:6
@test "who is stopped and continued while it waits is still not inside" {
    likely "semop() fails with EINTR then, whether there is a handler or not" 'TODO 1 in ex1_stalls.c; "Interruption of system calls and library functions by stop signals" in signal(7)'
    k=$((RANDOM % 3 + 1)) n=$((k + 2))
    begin $n
    come $k $(seq $n)
    await_there $k 2 "at first"
    stops=$waiting
    for i in 1 2; do
        for one in $stops; do
            freeze ${pid_of[one]}
        done
        await_there $k 0 "and two stopped" 2
        for one in $stops; do
            kill -CONT ${pid_of[one]}
        done
        await_there $k 2 "when they were stopped and continued"
    done
    expect "the same to wait" assert_equal "$(xargs -n 1 <<<"$waiting" | sort)" "$(xargs -n 1 <<<"$stops" | sort)"
    leave $inside
    await_there $((k < 2 ? k : 2)) $((k < 2 ? 1 : 0)) "when all others have left"
    leave $inside
    [[ ! $waiting ]] || leave $waiting
    done_with $k
}

# bats test_tags=ex:1,points:10
@test "who makes the set may be slow, or die: its values are given once, and nobody waits for them" {
    likely "between two calls of yours another may do all of its own: ask whether there are values, and give them, in one semop()" 'TODO 2 in ex1_stalls.c; semget(2), semop(2)'
    not_under_valgrind
    needs_tracing
    k=2
    begin 3
    for call in semget:1 semctl:1 semop,semtimedop:1; do
        for end in CONT KILL; do
            where="when ${call%%[,:]*}() of the first is done"
            come_stopped ${call%:*} ${call#*:} -n $k $(command_of 1)
            await_there 0 0 "$where" 1
            come $k 2 3
            # Has the first taken a place? If not, there is one for each.
            if ! wait_until "$DEADLINE" eval 'are_there 2 0 1 || are_there 1 1 1' 2>/dev/null; then
                complain "the other two inside, $where and it's stopped" "$(whereabouts)"
            fi
            kill -$end ${pid_of[1]}
            if [[ $end == CONT ]]; then
                await_there $k 1 "when the first goes on"
                leave $inside
                await_there 1 0 "when they have left"
                leave $inside
            else
                await_there $k 0 "when the first was killed, as its call was done: ${call%%[,:]*}"
                leave $inside
            fi
            assert_set "600 $k $k"
            tell 'ipcrm -S $key'
        done
    done
    end_input
    finish_program
}

# bats test_tags=ex:1,points:6
@test "a set that is left is used again, by whoever agrees on K" {
    likely "what gives a set its values isn't undone when that process ends; who comes later finds them, and compares" 'TODO 2 in ex1_stalls.c; semop(2)'
    k=$((RANDOM % 3 + 2))
    begin $((k + 1))
    for bad in 0 -1 32768 "${k}x" "''"; do
        tell "ex1_stalls -k \$key -n $bad touch err.came 2>err.1"
        expect "the status with -n $bad" assert_equal "$code" 2
    done
    assert_set ""
    tell "for i in 1 2 3; do ex1_stalls -k \$key -n $k true || break; done"
    expect "the status of true" assert_equal "$code" 0
    assert_set "600 $k $k"
    come $k $(seq $((k + 1)))
    await_there $k 1 "in a set that was left"
    for other in $((k - 1)) $((k + 1)) 32767; do
        tell "ex1_stalls -k \$key -n $other touch err.came 2>err.0"
        expect "the status with another K" assert_equal "$code" 1
        assert_error 0 "key $key: there are $k stalls, not $other"
        assert_set "600 0 $k"
    done
    assert_file_not_exist "$work/err.came"
    leave $inside
    await_there 1 0 "when all others have left"
    leave $inside
    assert_set "600 $k $k"
    tell 'ipcrm -S $key; ex1_stalls -k $key -n 32767 true'
    expect "the status of true" assert_equal "$code" 0
    done_with 32767
}

# bats test_tags=ex:1,points:4
@test "the status is the command's; what can't be run is 127 or 126, and its place is free" {
    likely "execvp() returns only if it fails; errno says why" 'TODO 3 in ex1_stalls.c; execvp(3), "EXIT STATUS" in sh(1)'
    begin 0
    status_is() { # STATUS COMMAND...
        tell "ex1_stalls -k \$key -n 1 ${*:2} 2>err.0"
        expect "the status of ${*:2}" assert_equal "$code" "$1"
    }
    n=$((RANDOM % 120 + 3))
    status_is $n "sh -c 'exit $n'"
    status_is 0 "test 'a  b' = 'a  b' -a -n -n"
    status_is 143 "sh -c 'kill \$\$'"
    status_is 127 "./no-such-$n" # in PATH there may be folders that are closed to us
    assert_error 0 "./no-such-$n: No such file or directory"
    status_is 126 ./
    assert_error 0 "./: Permission denied"
    done_with 1
}

# removal_is STATUS [ERROR]: what -r ends with.
removal_is() {
    tell 'ex1_stalls -k $key -r 2>err.0'
    expect "the status of -r" assert_equal "$code" "$1"
    [[ ! ${2:-} ]] || assert_error 0 "key $key: $2"
}

# bats test_tags=ex:1,points:4
@test "-r removes the set only if nobody is inside; who waits then is told" {
    likely "who can take all places, without waiting, is alone; EIDRM is for who waits" 'TODO 1 and 4 in ex1_stalls.c; semop(2)'
    k=$((RANDOM % 3 + 2))
    begin $((k + 1))
    removal_is 1 "No such file or directory"
    assert_set ""
    come $k 1
    await_there 1 0 "alone"
    removal_is 1 "in use"
    assert_set "600 $((k - 1)) $k"
    leave 1
    assert_set "600 $k $k"
    removal_is 0
    assert_set ""
    # Somebody else removes it, as one waits.
    come $k $(seq $((k + 1)))
    await_there $k 1 "of those who came"
    one=$waiting
    tell 'ipcrm -S $key'
    assert_one $one 1
    assert_error $one "key $key: the set was removed"
    leave $inside
    assert_set ""
    end_input
    finish_program
}

# bats test_tags=ex:1,points:4
@test "nobody gets inside between the look of -r and the removal; killed, it leaves all free" {
    likely "between two calls of yours another may come in: take all places first, with SEM_UNDO" 'TODO 4 in ex1_stalls.c; semop(2)'
    not_under_valgrind
    needs_tracing
    begin 2
    for moment in semctl:1:CONT semctl:2:CONT semop,semtimedop:{1,2}:{CONT,KILL}; do
        IFS=: read -r call n end <<<"$moment"
        where="when ${call%%,*}() number $n of -r is done"
        tell 'ex1_stalls -k $key -n 2 true'
        assert_set "600 2 2"
        come_stopped $call $n -r
        wait_until "$DEADLINE" eval 'are_there 0 0 1 || are_there 0 0 0' 2>/dev/null || true
        if [[ ! $stopped ]]; then # it doesn't make so many
            assert_one 0 0
            assert_set ""
            continue
        fi
        come 2 1
        wait_until "$DEADLINE" eval 'are_there 1 0 1 || are_there 0 1 1' 2>/dev/null ||
            complain "another to come in, or to wait, $where" "$(whereabouts)"
        waited=$waiting
        kill -$end ${pid_of[0]}
        tell 'wait ${one[0]}'
        if [[ $end == CONT && $waited ]]; then
            assert_one 1 1
            assert_error 1 "key $key: the set was removed"
        else
            await_there 1 0 "as -r went on by SIG$end, $where"
            assert_set "600 1 2"
            leave 1
            removal_is 0
        fi
        assert_set ""
    done
    end_input
    finish_program
}

# ---- ex2_ping_pong ----

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
    head -n 4 <&"$full" >"$work/lines"
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
