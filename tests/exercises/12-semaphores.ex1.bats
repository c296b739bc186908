# The exercise ex1_stalls of lab 12.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2086,SC2154

load ../lib/lab
load ../lib/threads
load ../lib/inside

key=$((RANDOM * 32768 + RANDOM + 1))

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
