# The exercises of lab 09: ex1_counter and ex2_single_instance.

load ../lib/lab

# locks FILE [KIND]: who has a lock on it and who waits for one: a line "has PID"
# or "waits PID" each.
locks() {
    locks_on "$1" | awk -v kind="${2:-.}" '
        $1 != "waits" { $0 = "has " $0 }
        $3 ~ kind { print $1, $2 }'
}

# so_many_wait N: whether one process has the lock of ex1_counter's file, and N
# wait for it. Sets $holder to the one that has it, $waiters to the others.
so_many_wait() {
    local list
    list=$(locks "$work/number")
    holder=$(sed -n 's/^has //p' <<<"$list")
    waiters=$(sed -n 's/^waits //p' <<<"$list")
    [[ $(awk '{ n[$1]++ } END { print n["has"] + 0, n["waits"] + 0 }' <<<"$list") == "1 $1" ]]
}

# await_locks N WORDS: waits until that is so.
await_locks() {
    if ! wait_until "$DEADLINE" so_many_wait "$1" 2>/dev/null; then
        complain "one process to have the lock, $1 to wait for it${2:+, $2}" \
            "/proc/locks: $(locks "$work/number" | sort | uniq -c | awk '{ n[$2]++ } END { print n["has"] + 0, "have a lock,", n["waits"] + 0, "wait" }')"
    fi
}

# Whether exactly that is in ex1_counter's file.
holds_number() {
    cmp -s "$work/number" <(echo "$1")
}

# assert_number N: that it is, with one newline.
assert_number() {
    holds_number "$1" || complain "in the file: $1 and a newline" "$(cat -A "$work/number" 2>&1)"
}

# What is locked has to stay.
files_stay() {
    allow_left 'file \./(number|lock|left) .*'
}

# ---- ex1_counter ----

# bats test_tags=ex:1,points:5
@test "a new file begins with 0, and what is there is added to" {
    likely "O_CREAT, but neither O_TRUNC nor O_EXCL; read and write from the beginning of the file" 'TODO 1 in ex1_counter.c; open(2), lseek(2)'
    files_stay
    run_program sh -c 'umask 026; ex1_counter -n "$1" number; stat -c %a number; ex1_counter -n "$2" -p 3 number' \
        sh $((a = RANDOM % 50 + 7)) $((b = RANDOM % 50 + 40))
    assert_ended "exit 0"
    expect "the number, the file's mode, the number" assert_output $a$'\n640\n'$((a + 3 * b))
    assert_number $((a + 3 * b))
    : >"$work/number"
    run_program ex1_counter -n 0 number
    assert_ended "exit 0"
    expect "the number in an empty file" assert_output 0
}

# bats test_tags=ex:1,points:6
@test "nothing is lost, with many processes and several programs at once" {
    likely "read, add and write have to be one step to all others" 'TODO 2 in ex1_counter.c; flock(2)'
    echo $((begin = RANDOM)) >"$work/number"
    run_program sh -c 'ex1_counter -p 9 -n 150 number >/dev/null & ex1_counter -p 40 -n 20 number >/dev/null & wait; cat number'
    expect "the number" assert_output $((begin + 9 * 150 + 40 * 20))
    assert_number $((begin + 9 * 150 + 40 * 20))
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:8
@test "one process has the lock, and all others sleep until they get it" {
    likely "flock() locks for all who share an open file description, and fork() shares it: each process has to open the file itself" 'TODO 2 and 3 in ex1_counter.c; flock(2)'
    echo $((begin = RANDOM)) >"$work/number"
    count=$((RANDOM % 4 + 3))
    start ex1_counter -w -p $count -n 2 number
    await_locks $((count - 1)) "before the first Enter"
    assert_number $begin
    for other in $waiters; do
        [[ $(state "$other") == S ]] || complain "a process that waits for the lock to sleep" "state $(state "$other")"
    done
    turns() {
        xargs -I{} cat /proc/{}/schedstat <<<"$waiters" | awk '{ n += $3 } END { print n }'
    }
    before=$(turns)
    assert_idle
    after=$(turns)
    ((after - before < 5)) || complain "the processes that wait to sleep" "in a quarter of a second they ran $((after - before)) times"
    for i in 1 2; do
        type_line
        await "the number to grow by 1 at each Enter" holds_number $((begin + i))
    done
    end_input
    finish_program
    assert_ended "exit 0"
    expect "the number" assert_output $((begin + 2 * count))
}

# bats test_tags=ex:1,points:8
@test "the number is read when the lock is held, and the lock is flock's" {
    likely "what is read before the lock is held, or with a shared lock, may be old when it is written. fcntl() has locks of its own, which flock() doesn't see" 'TODO 2 in ex1_counter.c; flock(2)'
    for how in s x; do
        echo 10 >"$work/number"
        # Whose maker has ended isn't in /proc/locks of a container: flock lives on.
        exec {ours}> >(exec flock -$how "$work/number" cat 3>&-)
        await_locks 0 "flock -$how"
        start ex1_counter -n 3 number
        await_locks 1 "which we have locked with flock -$how"
        echo $((new = RANDOM + 100)) >"$work/number"
        exec {ours}>&-
        finish_program
        assert_ended "exit 0"
        assert_number $((new + 3))
    done
}

# bats test_tags=ex:1,points:8
@test "the lock of a killed process goes, the number stays whole, and the others go on" {
    likely "a lock that is a file stays when its owner is killed; O_TRUNC, or a write that begins too early, takes the number along" '"Killed" of ex1_counter in the README; waitpid(2)'
    echo $((begin = RANDOM + 1000)) >"$work/number"
    start ex1_counter -w -p 3 number
    await_locks 2 "before the first Enter"
    kill -KILL "$holder"
    await_locks 1 "after the first was killed"
    assert_number $begin
    end_input
    finish_program
    assert_ended "exit 1"
    assert_number $((begin + 2))
    expect "to say who was killed" assert_regex "$stderr" '^ex1_counter: process [0-9]+: killed by SIGKILL$'
    assert_every_child_waited_for
    echo $begin >"$work/number"
    run_program ex1_counter number
    assert_ended "exit 0"
    assert_number $((begin + 1))
}

# bats test_tags=ex:1,points:6
@test "the number is written with the lock, with one write, into the same file" {
    likely "write, then unlock. A new file under the old name has another lock: who waits for the old one's changes a file that nobody sees" '"The file" of ex1_counter in the README; flock(2), rename(2)'
    echo $((begin = RANDOM)) >"$work/number"
    exec {same}<"$work/number"
    traced ex1_counter -n 3 number
    assert_ended "exit 0"
    expect "the file to be the same as before" assert_equal "$(stat -c %i "$work/number")" "$(stat -Lc %i /proc/self/fd/$same)"
    exec {same}<&-
    saw=$(sed -nE 's/^(lock|unlock|write) child\.1 file:[^ ]*number (.*)/\1 \2/p' "$run/facts" | sed -E 's/ = .*//; s/ flock//')
    expect "lock, write, unlock, three times" assert_equal "$(grep -o '^[a-z]*' <<<"$saw" | paste -sd ' ')" \
        "lock write unlock lock write unlock lock write unlock"
}

# bats test_tags=ex:1,points:5
@test "what isn't a number, or can't become larger, is an error that changes nothing" {
    likely "parse() says what isn't a number; whoever writes it over has lost it" '"Errors" of ex1_counter in the README; TODO 1 in ex1_counter.c'
    bad=('12' '12\n\n' ' 12\n' '+1\n' '-1\n' "-$((RANDOM + 2))\\n" '-0\n' '012\n' '1x\n' '\n' '12\n13\n' '12\0000\n' '9223372036854775808\n' "$(printf '1%.0s' {1..60})\n")
    for i in "${!bad[@]}"; do
        printf %b "${bad[i]}" >"$work/bad$i"
    done
    mkdir "$work/before"
    cp "$work"/bad* "$work/before"
    echo 9223372036854775806 >"$work/large"
    run_program sh -c 'for i; do s=$(ex1_counter bad$i 2>&1); echo "status $?, $s"; done
        s=$(ex1_counter -n 2 large 2>&1); echo "status $?, $s"; cat large' sh "${!bad[@]}"
    for i in "${!bad[@]}"; do
        # shellcheck disable=SC2034
        ran="ex1_counter bad$i, which holds ${bad[i]@Q}"
        expect "this status and message" assert_equal "${lines[i]}" "status 1, ex1_counter: bad$i: not a number"
        expect "the file to be as before" cmp "$work/bad$i" "$work/before/bad$i"
    done
    expect "this of -n 2 and 9223372036854775806" assert_equal "${lines[*]: -2}" \
        "status 1, ex1_counter: large: the number can't become larger 9223372036854775807"
}

# bats test_tags=ex:1,points:4
@test "a file that can't be opened or written is an error, and nothing hangs" {
    likely "look at what each call returns; and at how each child has ended" '"Errors" of ex1_counter in the README; fstat(2), waitpid(2)'
    mkfifo "$work/fifo"
    for case in "no/number no/number: No such file or directory" ". .: Is a directory" \
        "fifo fifo: not a regular file"; do
        run_program ex1_counter "${case%% *}"
        assert_ended "exit 1"
        expect "one message" assert_equal "$stderr" "ex1_counter: ${case#* }"
        expect "nothing on standard output" assert_output ""
    done
    rm "$work/fifo"
    echo 5 >"$work/number"
    not_under_valgrind
    run_program sh -c '(ulimit -f 0; ex1_counter number; echo status $?) 2>&1 | cat'
    expect "message and status" assert_output --regexp '^ex1_counter: process [0-9]+: killed by SIGXFSZ
status 1$'
    assert_number 5
}

# ---- ex2_single_instance ----

# assert_locked PID: that this process, and no other, has a POSIX write lock on
# the whole lock file.
assert_locked() {
    expect "one lock on the whole file, of process $1" assert_equal "$(locks_on "$work/lock")" "$1 POSIX ADVISORY WRITE 0 EOF"
}

# bats test_tags=ex:2,points:8
@test "the command runs in its place, with the lock and nothing else" {
    likely "a child has none of its parent's locks: exec in this process; and the lock goes when a descriptor of the file is closed, by O_CLOEXEC, too" '"The command" of ex2_single_instance in the README; fcntl(2)'
    files_stay
    printf '%s\nold\n' 99999999999 >"$work/lock"
    start ex2_single_instance lock cat
    await "to become cat" eval '[[ $(field "$pid" Name) == cat ]]'
    assert_locked "$pid"
    expect "no other process" assert_equal "$(children "$pid")" ""
    not_under_valgrind
    expect "0 to 2, and the lock file" assert_equal "$(descriptors "$pid")" "0 1 2 3"
    expect "descriptor 3 to be the lock file" assert_equal "$(stat -Lc %i "/proc/$pid/fd/3")" "$(stat -c %i "$work/lock")"
    expect "its PID and a newline in the lock file" cmp "$work/lock" <(facts pid)
    type_line $((word = RANDOM))
    finish_program
    assert_ended "exit 0"
    expect "what cat copies" assert_output $word
    assert [ -e "$work/lock" ]
}

# bats test_tags=ex:2,points:8
@test "a second start is refused, says who has the lock, and changes nothing" {
    likely "F_GETLK tells whose lock is in the way; a lock for reading keeps nobody out; O_TRUNC empties the file before you know whether it is yours" '"Refused" of ex2_single_instance in the README; fcntl(2)'
    files_stay
    run_program sh -c 'ex2_single_instance lock sh -c "echo \$\$; cat lock
        ex2_single_instance lock echo twice; echo status \$?; cat lock; echo 1 | tee lock; ex2_single_instance lock echo twice; cat lock"'
    assert_ended "exit 0"
    first=${lines[0]}
    expect "PID, file, status, file, 1, file" assert_output "$first"$'\n'"$first"$'\nstatus 1\n'"$first"$'\n1\n1'
    expect "who has it, twice" assert_equal "$stderr" "$(printf "ex2_single_instance: lock: in use by $first\n%.0s" 1 2)"
}

# bats test_tags=ex:2,points:6
@test "only the lock counts: a file that was left is no obstacle" {
    likely "what is in the file may be old, and its number another process's by now" '"The lock" of ex2_single_instance in the README'
    echo 1 >"$work/lock" # always alive
    chmod 600 "$work/lock"
    run_program sh -c 'ex2_single_instance lock sh -c "echo \$\$; cat lock"; echo $?; ex2_single_instance lock cat lock'
    assert_ended "exit 0"
    expect "PID, the same from the file, status" assert_equal "${lines[1]} ${lines[2]}" "${lines[0]} 0"
    refute_line --index 3 "${lines[0]}"
}

# bats test_tags=ex:2,points:6
@test "when the command ends or is killed the lock is gone, whatever it leaves running" {
    likely "a lock of flock() belongs to all that have the descriptor, children of the command too; one of fcntl() to one process" '"The lock" of ex2_single_instance in the README; fcntl(2)'
    files_stay
    run_program sh -c 'ex2_single_instance lock sh -c "sleep 1000 & echo \$! >left"
        ex2_single_instance lock echo again; ex2_single_instance lock sh -c "sleep 1000 & echo \$! >>left; kill -KILL \$\$"
        ex2_single_instance lock echo again; kill $(cat left)'
    expect "each to run" assert_output $'again\nagain'
    expect "no message of ex2_single_instance" refute_regex "$stderr" ex2_single
}

# one_waits: starts a shell that has the lock, and its child that waits for it
# with -w, to become sleep. That shell ends at Enter. $waiter is the child.
one_waits() {
    start sh -c 'ex2_single_instance lock sh -c "ex2_single_instance -w lock sleep 1000 & read -r word"
        read -r word'
    waits() { waiter=$(locks "$work/lock" POSIX | sed -n 's/waits //p') && [[ $waiter ]]; }
    await "the second, with -w, to wait for the lock" waits
    # init ends what is left, and that is no fault.
    allow_left "process .*"
}

is_sleep() {
    [[ $(field "$waiter" Name) == sleep ]]
}

# bats test_tags=ex:2,points:7
@test "with -w it waits for the lock, asleep" {
    likely "F_SETLKW waits in the kernel; a loop with F_SETLK doesn't" '"-w" of ex2_single_instance in the README; fcntl(2)'
    files_stay
    one_waits
    pid=$waiter assert_idle
    type_line
    wait_until "$DEADLINE" is_sleep || complain "the second to run its command when the first has ended" "$(doing "$waiter")"
    assert_locked "$waiter"
    expect "its PID in the lock file, and not the first one's" assert_equal "$(<"$work/lock")" "$(awk '$1 == "NSpid:" { print $NF }' "/proc/$waiter/status")"
    kill "$waiter"
    finish_program
}

# bats test_tags=ex:2,points:6
@test "the lock is on the file that has that name when it is got" {
    likely "who waits has an open file; if somebody removes that, those who come later lock another. fstat() and stat() must agree once you have the lock" '"The lock" of ex2_single_instance in the README; TODO 3 in ex2_single_instance.c; stat(2)'
    files_stay
    one_waits
    rm "$work/lock"
    [[ $((RANDOM % 2)) == 0 ]] || : >"$work/lock"
    type_line
    wait_until "$DEADLINE" is_sleep || complain "the second to run its command when the first has ended" "$(doing "$waiter")"
    [[ -e $work/lock ]] || complain "the lock file to be made again" "it isn't there"
    assert_locked "$waiter"
    kill "$waiter"
    finish_program
}

# bats test_tags=ex:2,points:4
@test "if the other has gone before it could be asked for, all is well" {
    likely "F_GETLK sets l_type to F_UNLCK if nobody is in the way: then take the lock" '"Refused" of ex2_single_instance in the README; fcntl(2)'
    files_stay
    not_under_valgrind
    needs_tracing
    # The first lock fails as if another had it.
    run_program sh -c 'strace -o /dev/null -e inject=fcntl:error=EAGAIN:when=1 "$(command -v ex2_single_instance)" lock echo "$1"' sh $((word = RANDOM))
    assert_ended "exit 0"
    expect "the command to run" assert_output $word
}

# bats test_tags=ex:2,points:5
@test "its status is the command's; what can't be run or locked is an error" {
    likely "127: no such program; 126: it can't be executed; 1: our own errors" '"Status" of ex2_single_instance in the README; execvp(3)'
    files_stay
    : >"$work/text"
    mkfifo "$work/fifo"
    run_program sh -c 'try() { ex2_single_instance "$@"; echo $?; }
        try lock sh -c "exit $1"; try lock sh -c "kill -TERM \$\$"; try lock nothing; try lock ./text
        try . true; try fifo true; try no/lock true' sh $((code = RANDOM % 100 + 2))
    rm "$work/fifo"
    expect "these statuses" assert_equal "${lines[*]}" "$code 143 127 126 1 1 1"
    expect "these messages" assert_equal "$(grep -v Terminated <<<"$stderr")" "ex2_single_instance: nothing: No such file or directory
ex2_single_instance: ./text: Permission denied
ex2_single_instance: .: Is a directory
ex2_single_instance: fifo: not a regular file
ex2_single_instance: no/lock: No such file or directory"
}
