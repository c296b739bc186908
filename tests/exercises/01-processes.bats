# The exercises of lab 01: ex1_spawn and ex2_minips.

load ../lib/lab

has_written_or_ended() {
    [[ -s $run/stdout ]] || in_state "$pid" gone
}

# start_spawn COMMAND [ARG...]: starts ex1_spawn with a command that says its
# PID first; $child is that PID as seen from here.
start_spawn() {
    child=''
    start_program ex1_spawn "$@" || true
    await "the command to say its PID" has_written_or_ended
    child=$(outside "$(head -n 1 "$run/stdout")") || true
    goes_on_waiting "while its command runs"
}

# Whether a signal that was sent to a process has had its effect, whichever.
has_settled() {
    [[ $(state "$1") != [RD] && $(field "$1" ShdPnd) =~ ^0*$ ]]
}

goes_on_waiting() {
    wait_until "$DEADLINE" has_settled "${pid:=0}"
    # When its command stops or goes on, it is woken for a moment, and sleeps again.
    if ! wait_until "$DEADLINE" waits_or_is_over 2>/dev/null || gone "$pid"; then
        complain "ex1_spawn to wait $1, which is its child" \
            "ex1_spawn: $(state "$pid"); its command: $(state "${child:-0}")"
    fi
}

waits_or_is_over() {
    gone "$pid" || { in_state "$pid" S && [[ $(field "${child:-0}" PPid) == "$pid" ]]; }
}

# row PID PPID STATE NAME: a row as ex2_minips shall print it.
row() {
    printf '%7d %7d %c %s\n' "$@"
}

# fake PID PPID STATE NAME: describes a process in the folder fake, as the
# kernel does in /proc.
fake() {
    mkdir -p "$work/fake/$1"
    printf '%d (%s) %s %d 1 2 0 -1 4194560 107 0 0 0 3 4 0 0 20 0 1 0\n' \
        "$1" "$4" "$3" "$2" >"$work/fake/$1/stat"
}

printed_pids() {
    awk 'NR > 1 { print $1 }' "$run/stdout"
}

header='    PID    PPID S NAME'

# bats test_tags=ex:1,points:7
@test "the command is found in PATH and gets its arguments; standard output is its own" {
    likely "execvp() searches PATH, execv() doesn't; hand on the whole of argv; ex1_spawn itself never writes to standard output" "exec(3)"
    mkdir "$work/bin"
    printf '#!/bin/sh\nprintf "<%%s>" %d "$@"\n' $((word = RANDOM)) >"$work/bin/here$$"
    chmod +x "$work/bin/here$$"
    args=("here$$" "two  words" '' "-h" '*' "\$$RANDOM")
    run_program sh -c 'PATH=$PWD/bin:$PATH exec ex1_spawn "$@"' sh "${args[@]}"
    expect "a script in a folder of PATH to print its arguments, and nothing else" \
        assert_output "$(printf '<%s>' $word "${args[@]:1}")"
}

# bats test_tags=ex:1,points:5
@test "it waits until the command has ended" {
    likely "the parent has to call waitpid() with the child's PID" '"Waiting" in labs/01-processes/README.md; waitpid(2)'
    start_spawn sh -c 'echo $$; exec cat'
    type_line $((word = RANDOM))
    finish_program
    expect "the command's last words before ex1_spawn ends" assert_line $word
    assert_every_child_waited_for
}

# bats test_tags=ex:1,points:4
@test "the command starts with the signal mask that ex1_spawn was started with" {
    likely "the child inherits a mask that holds signals back: set *mask in it before the exec" '"Exec" in labs/01-processes/README.md; sigprocmask(2)'
    look=(grep -E '^Sig(Blk|Ign):' /proc/self/status)
    change=(env --block-signal=USR1 --ignore-signal=USR2)
    run_program "${change[@]}" "${look[@]}"
    before=$output
    run_program "${change[@]}" ex1_spawn "${look[@]}"
    expect "the same as without ex1_spawn" assert_output "$before"
}

# Runs a command for each status, and prints what ex1_spawn returned.
spawn_exits() {
    run_program sh -c 'for n; do ex1_spawn sh -c "exit $n"; echo $?; done' sh "$@"
}

# bats test_tags=ex:1,points:4
@test "it returns the status that the command exited with" {
    likely "a wait status isn't an exit status: WEXITSTATUS() takes that out of it" '"Waiting" in labs/01-processes/README.md; waitpid(2)'
    statuses=(0 $((RANDOM % 120 + 2)) 143 255)
    spawn_exits "${statuses[@]}"
    expect "the statuses that the commands exited with: ${statuses[*]}" \
        assert_output "$(printf '%s\n' "${statuses[@]}")"
}

# bats test_tags=ex:1,points:4
@test "the last line on standard error says with what the command exited" {
    likely "after the wait, print one line, \"exit N\", with fprintf(stderr, ...)" '"ex1_spawn" in labs/01-processes/README.md'
    spawn_exits 0 143
    expect "a line for each of two commands, and no other" \
        assert_equal "$stderr" $'exit 0\nexit 143'
    run_program ex1_spawn sh -c 'echo words >&2; exit 7'
    expect "the command's words, then one line" assert_equal "$stderr" $'words\nexit 7'
}

# bats test_tags=ex:1,points:5
@test "a command killed by a signal is reported by the signal's name, and returned as 128 + its number" {
    likely "ask WIFSIGNALED() first; WTERMSIG() is the signal, signal_name() its name. WEXITSTATUS() means something only after an exit" '"Waiting" in labs/01-processes/README.md; waitpid(2)'
    signals=(KILL SEGV "$(shuf -n 1 -e HUP INT QUIT TERM USR1 ALRM PIPE)")
    run_program sh -c 'for s; do ex1_spawn sh -c "kill -$s \$\$"; echo $?; done' \
        sh "${signals[@]}"
    expect "the names of the signals" assert_equal "$stderr" \
        "$(printf 'killed by SIG%s\n' "${signals[@]}")"
    expect "128 and the number of the signal, for ${signals[*]}" assert_output \
        "$(for s in "${signals[@]}"; do echo $((128 + $(kill -l "$s"))); done)"
}

# bats test_tags=ex:1,points:4
@test "it waits for its own command, and leaves other children alone" {
    likely "wait() takes any child; and this process had one before it became ex1_spawn" '"Waiting" in labs/01-processes/README.md; waitpid(2)'
    own=$((RANDOM % 50 + 2)) other=$((RANDOM % 50 + 60))
    # The command ends only when the other child is dead.
    run_program sh -c '(exit $2) &
        exec ex1_spawn sh -c "
            while read -r pid name state rest </proc/$!/stat &&
                [ \$state != Z ]; do :; done 2>/dev/null
            exit $1"' sh $own $other
    assert_ended "exit $own" "exit $own, its command's; exit $other is another child's"
    expect "the line for its own command" assert_equal "$stderr" "exit $own"
    expect "one child, the other one, not waited for" assert_equal "$adopted" 1
}

# bats test_tags=ex:1,points:7
@test "it goes on waiting when the command is stopped, and when a signal is passed on" {
    mapfile -t signals < <(shuf -e HUP INT TERM)
    likely "the handler makes waitpid() fail with EINTR: the command hasn't ended, so wait again. And a command with these signals blocked never gets them" '"Waiting" in labs/01-processes/README.md; signal(7)'
    # The command ignores the first signal, and dies of the second.
    start_spawn sh -c "trap '' ${signals[0]}; echo \$\$; kill -STOP \$\$; exec cat"
    wait_until "$DEADLINE" in_state "$child" T
    goes_on_waiting "while its command is stopped (with WUNTRACED, waitpid() returns)"
    kill -s CONT "$child"
    kill -s "${signals[0]}" "$pid"
    goes_on_waiting "after a SIG${signals[0]} that its command ignores"
    kill -s "${signals[1]}" "$pid"
    await "to end when the command has died of SIG${signals[1]}" gone "$pid"
    finish_program
    assert_ended "exit $((128 + $(kill -l "${signals[1]}")))" \
        "to end when the command has died of SIG${signals[1]}"
    expect "the name" assert_equal "$stderr" "killed by SIG${signals[1]}"
}

# cannot_run STATUS COMMAND REASON
cannot_run() {
    run_program ex1_spawn "$2"
    assert_ended "exit $1"
    expect "a message, then the status" assert_equal "$stderr" "ex1_spawn: $2: $3"$'\n'"exit $1"
}

# bats test_tags=ex:1,points:5
@test "a command that isn't there is 127, and the message says so" {
    likely "execvp() returns only when it has failed: then the child says why, and ends itself with _exit(127)" '"What a shell returns" in labs/01-processes/README.md; exec(3)'
    cannot_run 127 "nothing$$" "No such file or directory"
}

# bats test_tags=ex:1,points:5
@test "a command that can't be run is 126, and the message says why" {
    likely "127 is for ENOENT alone; every other error of execvp() is 126" '"What a shell returns" in labs/01-processes/README.md; execve(2)'
    echo 'exit 0' >"$work/file$$"
    cannot_run 126 "./file$$" "Permission denied"
    cannot_run 126 "./file$$/x" "Not a directory"
}

# bats test_tags=ex:2,points:4
@test "the first line names the columns" {
    likely "print that line once, before the rows" '"ex2_minips" in labs/01-processes/README.md'
    run_program ex2_minips -p .
    assert_ended "exit 0"
    expect "only this line" assert_equal "$(cat -A "$run/stdout")" "$header\$"
}

# bats test_tags=ex:2,points:5
@test "every folder with a number for a name is a process, and nothing else is" {
    likely "look at every character of the name: atoi() takes \"12x\" for 12" "readdir(3); strspn(3)"
    pids=($((RANDOM % 90 + 10)) $((RANDOM % 900 + 100)) $((RANDOM + 1000)))
    for pid in "${pids[@]}" self "x${pids[0]}" "${pids[0]}x" 7.5 -8; do
        fake "$pid" 1 S name 2>/dev/null || true
    done
    run_program ex2_minips -p fake
    expect "these PIDs, in any order, and no other" \
        assert_equal "$(printed_pids | sort -n | xargs)" "${pids[*]}"
}

# bats test_tags=ex:2,points:5
@test "it finds the processes that are running, itself among them" {
    not_under_valgrind
    likely "without -p, DIR is /proc; there ex2_minips is a process like any other" '"What /proc tells" in labs/01-processes/README.md; proc(5)'
    cp "$(command -v bash)" "$work/shell$$"
    run_program "./shell$$" -c 'ex2_minips; exit 0'
    shell=$(facts pid)
    expect "the shell that has started ex2_minips" \
        assert_line --regexp "^ *$shell +[0-9]+ [RS] shell$$\$"
    expect "ex2_minips itself: a running child of process $shell" \
        assert_line --regexp "^ *[0-9]+ +$shell R ex2_minips\$"
}

# bats test_tags=ex:2,points:6
@test "a row has PID, parent, state and name, each in its column" {
    likely "after the name come the state and the parent; a row is printed with \"%7d %7d %c %s\\n\"" "proc_pid_stat(5); printf(3)"
    small=("$((RANDOM % 9 + 2))" 4194303 Z "kworker/u$RANDOM:3-events_unbound_of_some_kind")
    large=(4194304 $((RANDOM + 3)) D "name$RANDOM")
    fake "${small[@]}"
    fake "${large[@]}"
    run_program ex2_minips -p fake
    expect "this row" assert_line "$(row "${small[@]}")"
    expect "this row" assert_line "$(row "${large[@]}")"
}

# bats test_tags=ex:2,points:5
@test "a name may hold spaces and parentheses" {
    likely "the name ends before the last \")\", which strrchr() finds; %s of scanf() stops at a space" '"What /proc tells" in labs/01-processes/README.md; proc_pid_stat(5)'
    names=("two words" "a b) R 1 (" ") Z 7" "((sd-pam))" "(" ")")
    for i in "${!names[@]}"; do
        fake $((500 + i)) $((parent = RANDOM + 1)) S "${names[i]}"
        wanted[i]=$(row $((500 + i)) $parent S "${names[i]}")
    done
    run_program ex2_minips -p fake
    for i in "${!names[@]}"; do
        expect "this row, for the name: ${names[i]}" assert_line "${wanted[i]}"
    done
}

# bats test_tags=ex:2,points:4
@test "a control character in a name is printed as a question mark" {
    likely "a name may even hold a newline: read the whole file, not one line; then look at each character with iscntrl()" "isalpha(3)"
    fake 31 $((parent = RANDOM + 1)) S $'a\nb\tc\e[1m'
    run_program ex2_minips -p fake
    expect "the columns, and one row" \
        assert_output "$header"$'\n'"$(row 31 $parent S 'a?b?c?[1m')"
}

# bats test_tags=ex:2,points:5
@test "the rows are sorted by PID, as numbers" {
    likely "compare numbers, not texts: as a text, 10 comes before 9" "qsort(3)"
    mapfile -t pids < <(shuf -e 7 8 9 10 70 80 99 100 999 1000 4194304 $((RANDOM + 1001)))
    for pid in "${pids[@]}"; do
        fake "$pid" 1 S name
    done
    run_program ex2_minips -p fake
    expect "the PIDs in this order" assert_equal "$(printed_pids | xargs)" \
        "$(printf '%s\n' "${pids[@]}" | sort -n | xargs)"
}

# bats test_tags=ex:2,points:5
@test "a process that ends while it is looked at is left out without a word" {
    likely "open() or read() may fail, or read() return 0 bytes: no row then, and no message" '"What /proc tells" in labs/01-processes/README.md; open(2)'
    fake 40 1 R "first$$"
    fake 46 40 S "last$$"
    # 41 has no stat, and 45 one that can be opened, but not read.
    mkdir -p "$work"/fake/{41,42,43,44,45/stat}
    ln -s nowhere "$work/fake/42/stat"
    : >"$work/fake/43/stat"
    printf '44 (half' >"$work/fake/44/stat"
    run_program ex2_minips -p fake
    assert_ended "exit 0"
    expect "the two processes that can be read, and no other" \
        assert_equal "$(sort <<<"$output")" "$(printf '%s\n' "$header" \
            "$(row 40 1 R "first$$")" "$(row 46 40 S "last$$")" | sort)"
    expect "no message" assert_equal "$stderr" ""
}

# bats test_tags=ex:2,points:4
@test "any number of processes needs only a few descriptors" {
    likely "each open() needs its close(), on every way out of the function; and the list of PIDs has to grow" "close(2); getrlimit(2) on RLIMIT_NOFILE"
    count=$((RANDOM % 100 + 300))
    eval "mkdir -p '$work/fake/'{1..$count}"
    for ((pid = 1; pid <= count; pid++)); do
        # Every tenth has nothing to read: that needs a descriptor, too.
        printf '%.*s' $((pid % 10 * 20)) "$pid (p) S 1 1 0" >"$work/fake/$pid/stat"
    done
    run_program bash -c 'ulimit -n 16; exec ex2_minips -p fake'
    expect "a row for each process, with no more than 16 descriptors" \
        assert_equal "$(grep -c ' S p' "$run/stdout")" $((count - count / 10))
}

# bats test_tags=ex:2,points:4
@test "a folder that can't be read is an error: 1, a message, and no output" {
    likely "look at what chdir() and opendir() return, before anything is printed" "err(3); opendir(3)"
    : >"$work/file$$"
    for name in "missing$$: No such file or directory" "file$$: Not a directory"; do
        run_program ex2_minips -p "${name%%:*}"
        assert_ended "exit 1"
        expect "DIR and the reason" assert_equal "$stderr" "ex2_minips: $name"
        expect "nothing on standard output" assert_output ""
    done
}

# bats test_tags=ex:2,points:3
@test "output that can't be written is an error: 1, and a message" {
    likely "printf() fills a buffer; that the disk is full only fflush(stdout) can tell" "fflush(3); ferror(3)"
    run_program sh -c 'exec ex2_minips -p . >/dev/full'
    assert_ended "exit 1" "to end with exit 1 when the disk is full"
    expect "the reason" assert_equal "$stderr" "ex2_minips: standard output: No space left on device"
}
