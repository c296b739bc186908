# fifo.bash: programs that listen at a FIFO, for the tests of lab 08. It lies in
# $work, where we can open it, too. We do so to read and write: that never waits.
# For a test file to load after lab.bash.
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2059,SC2154,SC2317  # code for shells; names that the tests share

# ends_at PID FILE: which ends of this FIFO a process has: "read write".
ends_at() {
    local fd
    for fd in "/proc/$1/fd"/*; do
        if [[ $fd -ef $work/$2 ]]; then
            access "$1" "${fd##*/}" | sed 's/both/read\nwrite/'
        fi
    done 2>/dev/null | sort | xargs
}

# Whether the process reads from the FIFO.
listens() {
    [[ -p $work/q && $(ends_at "$pid" q) == *read* ]]
}

# start_listener PROGRAM [ARG...]: starts it, and waits until it listens at q.
start_listener() {
    start "$@"
    await "a FIFO q, and to have it open to read" listens
}

# Opens q for us; close_q closes it.
open_q() {
    exec {q}<>"$work/q"
}

close_q() {
    exec {q}>&-
}

# Whether nothing waits in the FIFO: all has been read.
q_is_empty() {
    ! read -r -t 0 -u "$q"
}

# await_end HOW: waits until it has ended, by itself.
await_end() {
    if ! wait_until "$DEADLINE" gone "$pid" 2>/dev/null; then
        complain "to end" "still running after $DEADLINE s"$'\n'"$(doing "$pid")"
    fi
    finish_program
    assert_ended "$1"
}

# stop_by SIGNAL: and it has to end with 0, and leave no FIFO.
stop_by() {
    kill -s "$1" "$pid"
    await_end "exit 0"
    [[ ! -e $work/q ]] || complain "the FIFO removed" "it is still there"
}

# Whether standard output is exactly this.
is_out() {
    printf %b "$1" | cmp -s - "$run/stdout"
}

await_out() {
    await "on standard output: ${1@Q}" is_out "$1"
}

# who_locks FILE: the PIDs of those that have it by flock().
who_locks() {
    locks_on "$work/$1" | sed -n 's/^\([0-9]*\) FLOCK ADVISORY WRITE .*/\1/p'
}

# be_stopped_at_open PROGRAM [ARG...]: starts it so that it is stopped as soon as
# it has opened (or tried to open) $at for the first time. $pid is its number.
be_stopped_at_open() {
    not_under_valgrind
    needs_tracing
    start bash -c 'export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0; [ -e "$0" ] || mkfifo "$0"
        program=$(command -v "$1"); exec strace -f -o /dev/null -P "$0" -e inject=openat,open:signal=STOP:when=1 "$program" "${@:2}"' "$at" "$@"
    tracer=$pid
    traced_runs() { pid=$(child_of "$tracer" "$1"); }
    await "to run" traced_runs "$1"
}

# start_server: a shell, which starts the server and runs what is typed. $pid is
# the server. Lines that begin with "server" are the shell's.
start_server() {
    start bash -c '{ bash -c "echo server \$\$; exec ex2_rpc -s q"; echo "server ended $?"; } &
        while IFS= read -r line; do eval "$line"; done; wait'
    serves() { pid=$(outside "$(sed -n 's/^server \([0-9]*\)$/\1/p' "$run/stdout")") && listens; }
    serves_or_ended() { serves 2>/dev/null || written "server ended"; }
    if ! wait_until "$DEADLINE" serves_or_ended 2>/dev/null || ! serves; then
        complain "a server that has a FIFO q open to read" "$(<"$run/stdout") $(<"$run/stderr")"
    fi
    open_q
}

# stop_server [SIGNAL]: it has to end with 0, and leave no FIFO.
stop_server() {
    kill -s "${1:-TERM}" "$pid" 2>/dev/null || true # it may have ended
    if ! wait_until "$DEADLINE" written "server ended" 2>/dev/null; then
        complain "the server to end" "still running after $DEADLINE s"$'\n'"$(doing "$pid")"
    fi
    close_q
    finish_program
    expect "the server's status" assert_equal "${lines[*]: -1}" "server ended 0"
    [[ -z $(compgen -G "$work/q*") ]] || complain "no FIFO left" "$(ls "$work")"
}

# in_shell LINE: lets the shell run it, and waits for the end of that.
in_shell() {
    type_line "$1; echo server answered $((turn = RANDOM))"
    if ! wait_until "$DEADLINE" written "server answered $turn" 2>/dev/null; then
        complain "to end: $1" "still running after $DEADLINE s"$'\n'"the server: $(doing "$pid")"
    fi
}

# as_client NAME: makes and opens q.NAME, as a client would; $reply.
as_client() {
    mkfifo "$work/q.$1"
    exec {reply}<>"$work/q.$1"
}

# no_client NAME: ends that.
no_client() {
    exec {reply}>&-
    rm "$work/q.$1"
}

# request BYTES...: into the server's FIFO, with one write.
request() {
    printf "$@" >&"$q"
}

# assert_reply TEXT: that this is the next answer.
assert_reply() {
    if ! IFS= read -r -t "$DEADLINE" -u "$reply" text; then
        complain "the answer ${1@Q} in the client's FIFO" "none after $DEADLINE s; the server: $(doing "$pid")"
    fi
    expect "this answer" assert_equal "$text" "$1"
}

# still_answers: the server.
still_answers() {
    as_client "alive$((n = RANDOM))"
    request "\nalive$n abc$n\n"
    assert_reply "$(rev <<<"abc$n")"
    no_client "alive$n"
}

# ask WORD...: starts a client whose server we are. $asked is its request, $name
# its name.
ask() {
    [[ -p $work/q ]] || mkfifo "$work/q"
    open_q
    start ex2_rpc q "$@"
    next_request
}

next_request() {
    local end=$((SECONDS + DEADLINE + 1))
    asked=''
    until [[ $asked ]]; do
        if ! IFS= read -r -t 0.1 -u "$q" asked && { gone "$pid" || ((SECONDS > end)); }; then
            complain "a request in the server's FIFO" "none; $(doing "$pid")"
        fi
    done
    name=${asked%% *}
}
