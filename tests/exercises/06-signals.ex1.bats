# The exercise ex1_graceful of lab 06.

load ../lib/lab

readme=labs/06-signals/README.md

# assert_silent: that it has written nothing.
assert_silent() {
    expect "nothing on standard output, nothing on standard error" \
        assert_equal "$(cat "$run/stdout" "$run/stderr")" ""
}

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
    await "to wait for the second half of the file" in_state "$pid" S
}

# begin_opening: the same, but nobody has opened the FIFO for writing yet.
begin_opening() {
    rm -f "$work/job$$.copy" "$work/first$$.copy"
    start ex1_graceful
    printf '%s\n' "first$$" "job$$" "next$$" >&"$stdin"
    ran+=", and the job at hand is job$$, a FIFO that nobody has opened for writing yet"
    await "the file before it to be copied" test -e "$work/first$$.copy"
    await "to wait in open()" in_state "$pid" S
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
        await "to wait for the rest of the line" in_state "$pid" S
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
    await "to go on with the job after SIG${signals[0]}" in_state "$pid" S
    finish_job
    assert_ends "${signals[0]}" "after the job"
    assert_copied "$BATS_TEST_TMPDIR/whole" "job$$"
    refute_copied "next$$" "it was not begun before the signal"
    assert_silent

    begin_opening
    kill -s "${signals[1]}" "$pid"
    await "to go on with the job after SIG${signals[1]}, and open the file" in_state "$pid" S
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
    await "to go on with the job after SIG${signals[0]}" in_state "$pid" S
    kill -s "${signals[0]}" "$pid"
    assert_ends "${signals[0]}" "in the middle of the job, at the second signal"
    exec {job}>&-
    refute_copied "job$$" "the job wasn't finished"
    assert_silent

    begin_opening # and now one of each
    kill -s "${signals[1]}" "$pid"
    await "to go on with the job after SIG${signals[1]}" in_state "$pid" S
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
        await "to go on with the job after SIG$signal" in_state "$pid" S
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
