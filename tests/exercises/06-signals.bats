# Lab 06: signals, the exercises.

load ../lib/lab

readme=labs/06-signals/README.md

# asleep WORDS: waits until the program sleeps: with nothing left that it could
# do, it waits for more, or for a signal.
asleep() {
    await "$1" in_state "$pid" S
}

# assert_silent: that it has written nothing.
assert_silent() {
    expect "nothing on standard output, nothing on standard error" \
        assert_equal "$(cat "$run/stdout" "$run/stderr")" ""
}

# ---- ex1_graceful ----

# random_file NAME BYTES: makes a file in the folder where the program runs.
random_file() {
    head -c "$2" /dev/urandom >"$work/$1"
    allow_left "file ./$1(\\.copy)? .*"
}

# assert_copied ORIGINAL NAME: that NAME.copy holds what the file ORIGINAL does.
assert_copied() {
    local difference
    if ! difference=$(cmp "$1" "$work/$2.copy" 2>&1); then
        complain "$2.copy to hold all that was in $2" "${difference//"$work/"/}"
    fi
}

refute_copied() {
    if [[ -e $work/$1.copy ]]; then
        complain "no $1.copy${2:+: $2}" "a file of $(wc -c <"$work/$1.copy") bytes"
    fi
}

# start_worker start|start_held PROGRAM...: starts it, and has it do a job: so
# we know that it works.
start_worker() {
    random_file "first$$" 100
    "$@"
    type_line "first$$"
    await "the first file to be copied" test -e "$work/first$$.copy"
}

# begin_job: gives it a job that isn't done before we say so: a FIFO, which it
# can open, and half of what will be in it. Then another job.
begin_job() {
    head -c $((RANDOM % 3000 + 2000)) /dev/urandom >"$BATS_TEST_TMPDIR/whole"
    rm -f "$work/job$$" "$work/job$$.copy"
    mkfifo "$work/job$$"
    allow_left "file ./job$$(\\.copy)? .*"
    random_file "next$$" 100
    exec {job}<>"$work/job$$"
    head -c 1500 "$BATS_TEST_TMPDIR/whole" >&"$job"
    printf '%s\n' "job$$" "next$$" >&"$stdin"
    ran+=", and the job at hand is job$$, a FIFO of which only the first half has come"
    asleep "to wait for the second half of the file"
}

# begin_opening: the same, but nobody has opened the FIFO for writing yet.
begin_opening() {
    rm -f "$work/job$$.copy" "$work/first$$.copy"
    start ex1_graceful
    printf '%s\n' "first$$" "job$$" "next$$" >&"$stdin"
    ran+=", and the job at hand is job$$, a FIFO that nobody has opened for writing yet"
    await "the file before it to be copied" test -e "$work/first$$.copy"
    asleep "to wait in open()"
}

finish_job() {
    tail -c +1501 "$BATS_TEST_TMPDIR/whole" >&"$job"
    exec {job}>&-
}

# assert_ends SIGNAL WORDS: that the program ends now, by that signal.
assert_ends() {
    await "to end $2" gone "$pid"
    finish_program
    assert_ended "signal $1" "to end $2, killed by SIG$1: WIFSIGNALED, no exit()"
}

# bats test_tags=ex:1,points:5
@test "each file that is named is copied, and one that can't be is told" {
    likely "a job that fails is left undone, with a message and nothing left of it; the others go on" "\"ex1_graceful\" in $readme; mkstemp(3), rename(2)"
    random_file "a$$" $((RANDOM + 5000))
    random_file "b$$" 0
    mkdir "$work/folder$$"
    random_file "c$$" 4097
    printf '%s\n' "a$$" "b$$" >"$BATS_TEST_TMPDIR/good"
    printf '%s\n' "missing$$" "folder$$" "./c$$" >"$BATS_TEST_TMPDIR/bad"
    run_program -i "$BATS_TEST_TMPDIR/good" ex1_graceful
    assert_ended "exit 0"
    assert_copied "$work/a$$" "a$$"
    assert_copied "$work/b$$" "b$$"
    assert_silent
    run_program -i "$BATS_TEST_TMPDIR/bad" ex1_graceful
    assert_ended "exit 1" "to end with exit 1: two of the jobs failed"
    assert_copied "$work/c$$" "c$$"
    expect "two messages" assert_equal "$stderr" \
        "ex1_graceful: missing$$: No such file or directory
ex1_graceful: folder$$: Is a directory"
}

# bats test_tags=ex:1,points:5
@test "a signal ends it at once while it waits for a job" {
    likely "with SA_RESTART a read() goes on to wait after the handler; and at the end the signal has to get its default action again, and to kill" "\"ex1_graceful\" in $readme; \"Interruption of system calls\" in signal(7)"
    for signal in TERM INT; do
        start_worker start ex1_graceful
        random_file "half$$" 100
        printf 'half%s' $$ >&"$stdin" # a line that isn't whole is no job
        ran="ex1_graceful, which waits for a job: there is half a line"
        [[ $signal == INT ]] || assert_idle # so it is no loop with a timeout
        asleep "to wait for the rest of the line"
        kill -s $signal "$pid"
        assert_ends $signal "at once after SIG$signal"
        refute_copied "half$$"
        assert_silent
        rm "$work/first$$.copy"
    done
}

# bats test_tags=ex:1,points:7
@test "the job at hand is finished after a signal, and none after it is begun" {
    likely "the handler must only note the signal; then open() and read() fail with EINTR, which is neither an error nor the end of the file" "\"ex1_graceful\" in $readme; EINTR in read(2)"
    mapfile -t signals < <(shuf -e TERM INT)
    start_worker start ex1_graceful
    begin_job
    kill -s "${signals[0]}" "$pid"
    asleep "to go on with the job after SIG${signals[0]}"
    finish_job
    assert_ends "${signals[0]}" "after the job"
    assert_copied "$BATS_TEST_TMPDIR/whole" "job$$"
    refute_copied "next$$" "it was not begun before the signal"
    assert_silent

    begin_opening
    kill -s "${signals[1]}" "$pid"
    asleep "to go on with the job after SIG${signals[1]}, and open the file"
    exec {job}<>"$work/job$$"
    cat "$BATS_TEST_TMPDIR/whole" >&"$job"
    exec {job}>&-
    assert_ends "${signals[1]}" "after the job"
    assert_copied "$BATS_TEST_TMPDIR/whole" "job$$"
    refute_copied "next$$" "it was not begun before the signal"
}

# bats test_tags=ex:1,points:5
@test "a second signal ends it in the middle of a job, and nothing of that stays" {
    likely "the second signal comes while the job goes on: its handler has to remove the temporary file, and die" "\"ex1_graceful\" in $readme; unlink() is in the list of signal-safety(7)"
    mapfile -t signals < <(shuf -e TERM INT)
    start_worker start ex1_graceful
    begin_job
    kill -s "${signals[0]}" "$pid"
    asleep "to go on with the job after SIG${signals[0]}"
    kill -s "${signals[0]}" "$pid"
    assert_ends "${signals[0]}" "in the middle of the job, at the second signal"
    exec {job}>&-
    refute_copied "job$$" "the job wasn't finished"
    assert_silent

    begin_opening # and now one of each
    kill -s "${signals[1]}" "$pid"
    asleep "to go on with the job after SIG${signals[1]}"
    kill -s "${signals[0]}" "$pid"
    assert_ends "${signals[0]}" "in the middle of the job, at the second signal"
}

# bats test_tags=ex:1,points:3
@test "a signal that comes just before it waits isn't lost" {
    not_under_sanitizers
    likely "between the look at the flag and the wait the handler may run: only ppoll(), pselect() and sigsuspend() open the mask and wait in one step" "\"ex1_graceful\" in $readme; ppoll in poll(2)"
    start_worker start_held -w ex1_graceful
    ran="ex1_graceful, which has looked for signals and is about to wait for a job"
    hold
    kill -TERM "$pid"
    let_go
    await "to end, for SIGTERM came just before the wait" gone "$pid"
    finish_program
    assert_ended "exit 143" "to end by SIGTERM, or 143"
    rm "$work/first$$.copy"

    start_worker start_held -w ex1_graceful
    begin_job
    kill -TERM "$pid"
    hold # just before the read() for the second half
    kill -INT "$pid"
    let_go
    await "to end, for the second signal came just before it waits for more of the file" gone "$pid"
    finish_program
    assert_ended "exit 130" "to end by SIGINT, or 130"
}

# bats test_tags=ex:1,points:2
@test "a signal that was ignored from the start stays ignored" {
    likely "whoever starts a program with SIGINT ignored doesn't want Ctrl-C to end it: ask sigaction() before you install the handler" "\"ex1_graceful\" in $readme; nohup(1)"
    start_worker start env --ignore-signal=INT ex1_graceful
    ran="ex1_graceful, started with SIGINT ignored"
    begin_job
    for signal in INT TERM INT; do
        kill -s $signal "$pid"
        asleep "to go on with the job after SIG$signal"
    done
    finish_job
    assert_ends TERM "after the job"
    assert_copied "$BATS_TEST_TMPDIR/whole" "job$$"
}

# bats test_tags=ex:1,points:3
@test "a second signal while the temporary file is being made leaves none" {
    not_under_sanitizers
    not_under_valgrind
    likely "the file is there already, but your handler doesn't know its name yet: block the signals around the two" "\"ex1_graceful\" in $readme; sigprocmask(2)"
    needs_tracing
    random_file "a$$" 100
    echo "a$$" >"$BATS_TEST_TMPDIR/input"
    # strace can send a signal to who makes a call. The last two files that are
    # opened are the one to copy and the temporary one, in any order.
    opens='?open,openat,?creat'
    run_program -i "$BATS_TEST_TMPDIR/input" strace -qq -o opens -e "trace=$opens" ex1_graceful
    allow_left "file \\./opens .*"
    assert_ended "exit 0"
    assert_copied "$work/a$$" "a$$"
    rm "$work/a$$.copy"
    count=$(grep -c open "$work/opens")
    run_program -i "$BATS_TEST_TMPDIR/input" strace -qq -o /dev/null \
        -e "inject=$opens:signal=TERM:when=$((count - 1))..$count" ex1_graceful
    ran="ex1_graceful, and SIGTERM comes when it opens a$$ and when it makes its temporary file"
    assert_ended "signal TERM" "to be killed by SIGTERM"
}

# ---- ex2_reaper ----

# A command for ex2_reaper that stops itself, and ends when it is continued.
stops_then() {
    echo "kill -STOP \$\$; $*"
}

stopped_children() {
    children "$pid" | awk '$3 == "T" { print $1 }'
}

# as_many STATE COUNT: whether that many children are in that state.
as_many() {
    (($(children "$pid" | awk -v state="$1" '$3 == state' | wc -l) == $2))
}

told() {
    (($(wc -l <"$run/stdout") >= $1))
}

# assert_reports LINE...: that these reports were written, in any order.
assert_reports() {
    expect "a line for each child, as each ended" assert_equal \
        "$(sort "$run/stdout")" "$(printf '%s\n' "$@" | sort)"
}

# bats test_tags=ex:2,points:5
@test "each child is reported once, with how it ended" {
    likely "the status is told by WIFEXITED() and its like; children that run when the input ends are waited for, too" "\"ex2_reaper\" in $readme; waitpid(2)"
    codes=(0 $((RANDOM % 100 + 2)) 143 255)
    signal=$(shuf -n 1 -e TERM HUP USR1 SEGV)
    mkfifo "$work/last$$"
    {
        # The first ends last, when the input has long been at its end.
        echo "read x <last$$; exit ${codes[1]}"
        printf 'exit %s\n' "${codes[@]}"
        printf 'kill -%s $$; exec sleep 60\n' "$signal" KILL
        printf 'cat; exec sh -c ": >last%s"' $$ # no newline at its end
    } >"$BATS_TEST_TMPDIR/input"
    # It has a child already that it doesn't know.
    run_program -i "$BATS_TEST_TMPDIR/input" sh -c '(exit 9) & exec ex2_reaper'
    ran=ex2_reaper
    assert_ended "exit 1" "to end with exit 1: not all of them were exit 0"
    assert_reports "1: exit ${codes[1]}" "2: exit 0" "3: exit ${codes[1]}" \
        "4: exit 143" "5: exit 255" "6: killed by SIG$signal" "7: killed by SIGKILL" "8: exit 0"
    expect "nothing on standard error" assert_equal "$stderr" ""
    rm "$work/last$$"
    run_program sh -c "printf 'exit 0\n:\n' | ex2_reaper"
    assert_ended "exit 0"
    assert_reports "1: exit 0" "2: exit 0"
    assert_every_child_waited_for
}

# bats test_tags=ex:2,points:7
@test "children that die together are all reported, though one SIGCHLD comes" {
    likely "a standard signal that is pending already isn't sent again: after each SIGCHLD call waitpid() until there is nobody left" "\"ex2_reaper\" in $readme; \"Queueing\" in signal(7); WNOHANG in waitpid(2)"
    count=$((RANDOM % 15 + 15)) wanted=()
    start ex2_reaper
    for ((i = 1; i <= count; i++)); do
        code=$((RANDOM % 256))
        type_line "$(stops_then "exit $code")"
        wanted+=("$i: exit $code")
    done
    ran+=", and $count children that stop themselves"
    await "to have started $count children" as_many T "$count"
    asleep "to wait"
    expect "no report: they have stopped, not ended" assert_equal "$(cat "$run/stdout")" ""
    freeze "$pid"
    # shellcheck disable=SC2046  # one word each
    kill -CONT $(stopped_children)
    wait_until "$DEADLINE" as_many Z "$count"
    kill -CONT "$pid"
    ran="ex2_reaper, and $count children that died while it was stopped"
    await "$count reports" told $count
    expect "no child left, as a zombie or otherwise, while the input goes on" \
        assert_equal "$(children "$pid")" ""
    finish_program
    assert_reports "${wanted[@]}"
}

# bats test_tags=ex:2,points:6
@test "an end is reported at once, while others run and more may be started" {
    likely "a wait for a child keeps it from its input, or a wait for input from its children; and EINTR is not the end of the input" "\"ex2_reaper\" in $readme; ppoll in poll(2)"
    start ex2_reaper
    type_line "$(stops_then "exit 11")"
    await "to have started a child" as_many T 1
    first=$(stopped_children)
    ran+=", whose child 1 has stopped and stays alive"
    for i in 2 3; do
        type_line "$(stops_then "exit 1$i")"
        await "to start child $i when its line comes" as_many T 2
        kill -CONT "$(stopped_children | grep -vx "$first")"
        await "to report child $i when it has ended" written "$i: exit 1$i"
    done
    likely "it looks for dead children again and again: SIGCHLD will end the wait" "\"ex2_reaper\" in $readme; ppoll in poll(2)"
    assert_idle
    kill -CONT "$first"
    await "to report child 1 when it has ended, last" written "1: exit 11"
    expect "no child left" assert_equal "$(children "$pid")" ""
    finish_program
    assert_ended "exit 1"
    assert_reports "1: exit 11" "2: exit 12" "3: exit 13"
}

# bats test_tags=ex:2,points:4
@test "a child that has died before fork() returns is reported" {
    likely "the handler looks for a PID that isn't in the table yet: block SIGCHLD before fork(), until the child is in it" "\"ex2_reaper\" in $readme; sigprocmask(2)"
    start_held -p ex2_reaper
    type_line "exit 23"
    ran="ex2_reaper, whose child is dead before fork() returns"
    await "to have started a child" as_many Z 1
    let_go
    await "to report it" written "1: exit 23"
    finish_program
    assert_ended "exit 1"
}

# bats test_tags=ex:2,points:4
@test "a SIGCHLD that comes just before it waits isn't lost" {
    not_under_sanitizers
    likely "between the last waitpid() and the wait the handler may run: block SIGCHLD, and let ppoll() or sigsuspend() open the mask" "\"ex2_reaper\" in $readme; ppoll in poll(2)"
    start_held -w ex2_reaper
    type_line "$(stops_then "exit 31")"
    type_line "$(stops_then "exit 32")"
    for i in 1 2; do
        await "to have started its children" as_many T $((3 - i))
        ran="ex2_reaper, which has called waitpid() and is about to wait, and now a child dies"
        hold
        kill -CONT "$(stopped_children | head -n 1)"
        wait_until "$DEADLINE" as_many Z 1
        let_go
        await "to report it" told $i
        end_input # the second time there are only children to wait for
    done
    finish_program
    assert_ended "exit 1"
}

# bats test_tags=ex:2,points:2
@test "with SIGCHLD blocked or ignored from the start it works, too; its children keep the mask" {
    likely "the mask and what is ignored survive exec: set the mask of the child as it was, and SIGCHLD as you need it" "\"ex2_reaper\" in $readme; signal(7)"
    echo "exec grep ^SigBlk: /proc/self/status" >"$BATS_TEST_TMPDIR/input"
    run_program -i "$BATS_TEST_TMPDIR/input" env --block-signal=USR1 --ignore-signal=CHLD ex2_reaper
    assert_ended "exit 0"
    assert_reports $'SigBlk:\t0000000000000200' "1: exit 0"
    run_program -i "$BATS_TEST_TMPDIR/input" env --block-signal=CHLD ex2_reaper
    assert_ended "exit 0"
    assert_reports $'SigBlk:\t0000000000010000' "1: exit 0"
}

# bats test_tags=ex:2,points:2
@test "if a fork or a write fails, the children that run are still waited for" {
    not_under_valgrind
    likely "fork() returns -1: no PID, and no child; then start no more, and wait for those that run" "\"ex2_reaper\" in $readme; fork(2)"
    needs_tracing
    # strace makes the third fork fail, as if there were no memory.
    start strace -qq -o /dev/null \
        -e inject=?fork,?vfork,?clone,?clone3:error=EAGAIN:when=3 ex2_reaper
    await "to be run" child_of "$pid" ex2_reaper >/dev/null # strace has other children, too
    pid=$(child_of "$pid" ex2_reaper)
    for i in 41 42 43 44; do
        type_line "$(stops_then "exit $i")"
    done
    ran="ex2_reaper, whose third fork() fails"
    await "to say so" grep -q fork "$run/stderr"
    await "two children" as_many T 2
    asleep "to wait for the two"
    # shellcheck disable=SC2046  # one word each
    kill -CONT $(stopped_children)
    await "to end" gone "$pid"
    finish_program
    assert_ended "exit 1"
    assert_reports "1: exit 41" "2: exit 42"
    expect "a message" assert_equal "$stderr" \
        "ex2_reaper: fork: Resource temporarily unavailable"
    assert_every_child_waited_for

    likely "look at what write() returns, and say only once that it failed" "\"ex2_reaper\" in $readme; write(2)"
    printf 'exit %d\n' 41 42 43 44 >"$BATS_TEST_TMPDIR/input"
    run_program -i "$BATS_TEST_TMPDIR/input" sh -c 'exec ex2_reaper >/dev/full'
    assert_ended "exit 1"
    expect "one message" assert_equal "$stderr" \
        "ex2_reaper: standard output: No space left on device"
    assert_every_child_waited_for
}

# ---- ex3_courier ----

# real_time: a real-time signal that nobody can have guessed.
real_time() {
    echo $((RANDOM % 20 + 40))
}

queued() {
    local queued
    queued=$(field "${1:-self}" SigQ)
    echo "${queued%/*}"
}

# start_courier start|start_held...: $receiver is the child that it forks.
start_courier() {
    "$@"
    await "a child, the receiver" has_receiver
}

has_receiver() {
    receiver=$(children "$pid" | awk '{ print $1; exit }')
    [[ $receiver ]]
}

# send_file FILE: makes its content the program's input.
send_file() {
    cat "$1" >&"$stdin"
}

random_bytes() {
    head -c "$1" /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
}

# assert_delivered: that all bytes arrive, in their order, and it ends well.
assert_delivered() {
    end_input
    await "to deliver all, and to end" gone "$pid"
    finish_program
    assert_ended "exit 0"
    assert_same_bytes "$BATS_TEST_TMPDIR/bytes"
    expect "nothing on standard error" assert_equal "$stderr" ""
}

# bats test_tags=ex:3,points:7
@test "every byte arrives, and in its order" {
    likely "the value that means the end is also one of a byte; a char from 128 on is negative; or the last signals are lost at the end" "\"ex3_courier\" in $readme; sigqueue(3)"
    for size in 0 1 2 5 100000; do
        random_bytes $size
        ((size < 5)) || printf '\0\377\0\0\0\0\377\377\377\377' >>"$BATS_TEST_TMPDIR/bytes"
        run_program -i "$BATS_TEST_TMPDIR/bytes" ex3_courier
        assert_ended "exit 0"
        assert_same_bytes "$BATS_TEST_TMPDIR/bytes"
        expect "nothing on standard error" assert_equal "$stderr" ""
    done
}

# bats test_tags=ex:3,points:5
@test "the bytes travel in real-time signals, and in nothing else" {
    not_under_sanitizers
    likely "each value is sent with sigqueue(), in the signal that -s says; no pipe, file or shared memory joins the two" "\"ex3_courier\" in $readme; sigqueue(3)"
    signal=$(real_time)
    random_bytes 60
    traced -i "$BATS_TEST_TMPDIR/bytes" ex3_courier -s "$signal"
    assert_ended "exit 0"
    assert_same_bytes "$BATS_TEST_TMPDIR/bytes"
    carried=$(grep -c "^signal parent child.1 SIGRT_$((signal - 32))\$" "$run/facts") || true
    if ((carried < 60 / 8 + 1)); then
        complain "60 bytes in signals number $signal, at most 8 in each" \
            "$carried such signals"$'\n'"$(facts_like 'signal *')"
    fi
    if made=$(grep "^create " "$run/facts" | grep -v " = E"); then
        complain "nothing made that could carry bytes" "$made"
    fi
    refute_fact "map *"
    refute_fact "write parent stdout*"
    assert_fact "reap parent child.1" # the sender has waited for it
}

# bats test_tags=ex:3,points:7
@test "while the receiver can't take them, 64 signals at most wait for it" {
    likely "the sender is faster than the receiver, and has to wait for its answer from time to time" "\"ex3_courier\" in $readme; \"Real-time signals\" in signal(7)"
    signal=$(real_time)
    random_bytes 20000
    start_courier start ex3_courier -s "$signal"
    ran+=", whose receiver is stopped while 20000 bytes come"
    await "a receiver that waits" in_state "$receiver" S
    freeze "$receiver"
    before=$(queued "$pid")
    send_file "$BATS_TEST_TMPDIR/bytes"
    asleep "to wait for the receiver"
    underway=$(($(queued "$pid") - before))
    if ((underway > 66)); then
        complain "no more than 64 signals that wait for the receiver" \
            "$underway, as SigQ in /proc/PID/status tells"
    fi
    likely "the answer is looked for again and again: sigwaitinfo() waits for it" "sigwaitinfo(2)"
    assert_idle
    # Somebody else uses the same signal: that is no data.
    for i in 1 2 3; do
        kill -s "$signal" "$receiver"
    done
    kill -CONT "$receiver"
    ran+="; then it gets signal $signal three times by kill(), and goes on"
    likely "a standard signal merges, of two real-time signals the lower number comes first; what kill() sent is no data; who was stopped gets EINTR, and its parent SIGCHLD" "\"ex3_courier\" in $readme; signal(7)"
    assert_delivered
}

# bats test_tags=ex:3,points:6
@test "where the user has used up all queued signals, it tries again" {
    likely "sigqueue() fails with EAGAIN: that value wasn't sent; the limit counts the signals of all processes of a user, so nothing tells when there is room" "\"ex3_courier\" in $readme; RLIMIT_SIGPENDING in getrlimit(2)"
    random_bytes 500
    # No child of this shell may end later: its SIGCHLD would take room, too.
    start bash -c 'while read -r word used; do
            [[ $word != SigQ: ]] || break
        done </proc/self/status
        ulimit -i $((${used%/*} + 8))
        (env --block-signal=40 sleep 600 & echo $! >other)
        exec ex3_courier'
    ran="ex3_courier, with ulimit -i 8 and another process that uses up all of that"
    allow_left "file ./other .*"
    await "another process of the same user" other_runs
    wait_until "$DEADLINE" all_room_is_used
    send_file "$BATS_TEST_TMPDIR/bytes"
    asleep "to wait until there is room for a signal"
    if [[ $SANDBOX == bwrap ]]; then # else others of this user make room
        assert_idle 60
        if [[ -s $run/stdout ]]; then
            complain "nothing delivered: all room is in use" "$(wc -c <"$run/stdout") bytes"
        fi
    fi
    likely "the value that sigqueue() has refused is lost if it isn't sent again, before the next" "sigqueue(3)"
    ran+=", for a while"
    kill -KILL "$other"
    assert_delivered
}

other_runs() {
    [[ -s $work/other ]] && other=$(outside "$(<"$work/other")") &&
        [[ $(field "$other" Name) == sleep ]]
}

# A signal that a process blocks stays queued.
all_room_is_used() {
    local used limit
    kill -s 40 "$other"
    IFS=/ read -r used limit <<<"$(field "$other" SigQ)"
    ((used >= limit))
}

# bats test_tags=ex:3,points:4
@test "a byte that is typed comes out at once, and both sleep until the next" {
    likely "bytes are held back until there are enough for a value, or for a buffer of stdio" "\"ex3_courier\" in $readme; setvbuf(3)"
    start_courier start ex3_courier
    : >"$BATS_TEST_TMPDIR/bytes"
    for i in {1..4}; do
        printf '%s' "$i" >&"$stdin"
        printf '%s' "$i" >>"$BATS_TEST_TMPDIR/bytes"
        await "byte $i before another is typed" written "$i"
    done
    pid=$receiver assert_idle
    assert_delivered
}

# bats test_tags=ex:3,points:4
@test "when the receiver is killed, the sender ends and says so" {
    likely "who waits only for an answer waits for ever: wait for SIGCHLD, too, and ask waitpid()" "\"ex3_courier\" in $readme; sigtimedwait(2)"
    random_bytes 2000
    start_courier start ex3_courier
    freeze "$receiver"
    send_file "$BATS_TEST_TMPDIR/bytes"
    asleep "to wait for the receiver"
    ran+=", whose receiver is killed while 2000 bytes are on their way"
    kill -KILL "$receiver"
    await "to end: there is nobody to wait for" gone "$pid"
    finish_program
    assert_ended "exit 1"
    expect "who was killed, and how" assert_equal "$stderr" \
        "ex3_courier: receiver: killed by SIGKILL"
    assert_every_child_waited_for
}

# bats test_tags=ex:3,points:2
@test "what can't be read or written is told, and the status is 1" {
    likely "the receiver has told why; its exit status is for the sender to look at" "\"ex3_courier\" in $readme; waitpid(2)"
    run_program sh -c "echo $RANDOM | ex3_courier >/dev/full"
    assert_ended "exit 1"
    expect "one message" assert_equal "$stderr" \
        "ex3_courier: standard output: No space left on device"
    likely "read() returns -1, not 0; the receiver has to be told the end all the same" "\"ex3_courier\" in $readme; read(2)"
    run_program sh -c 'exec ex3_courier </'
    assert_ended "exit 1"
    expect "one message" assert_equal "$stderr" "ex3_courier: standard input: Is a directory"
    assert_every_child_waited_for
}

# bats test_tags=ex:3,points:5
@test "whoever of the two is late, nothing is lost" {
    likely "what comes before the receiver waits must be blocked already, from before the fork; and a standard signal overtakes real-time ones that wait" "\"ex3_courier\" in $readme; sigprocmask(2), signal(7)"
    # The receiver is born, but doesn't run before the sender has sent all.
    random_bytes 30
    start_courier start_held -c ex3_courier
    send_file "$BATS_TEST_TMPDIR/bytes"
    end_input
    ran="ex3_courier, whose receiver hasn't done anything before all is sent"
    asleep "to wait for the receiver"
    let_go
    assert_delivered

    likely "an answer that comes between the look at a flag and pause() is lost: block it, and take it with sigwaitinfo()" "\"ex3_courier\" in $readme; sigwaitinfo(2)"
    random_bytes 2000
    start_courier start_held -w ex3_courier
    ran="ex3_courier, whose sender is about to wait when the answer has come already"
    await "a receiver that waits" in_state "$receiver" S
    freeze "$receiver"
    send_file "$BATS_TEST_TMPDIR/bytes"
    hold
    kill -CONT "$receiver"
    await "the receiver to take all that was sent" in_state "$receiver" S
    let_go
    assert_delivered
}
