# daemon.bash: starting daemons, and looking at them. For a test file to load
# after lab.bash.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317  # run.bash, this file and the tests share names
#
# A daemon outlives its launcher, and a sandbox ends with the command that it was
# given. So that command is a shell here, which runs what launch sends it, each in
# a process group of its own, as an interactive shell would.
#
#   place     the shell's current folder
#   code      the status of the last thing that the shell ran
#   daemon    the PID of the daemon, as seen from here
#   log       its log, if it has one

# begin: starts the shell.
begin() {
    place="$work/a place $RANDOM"
    mkdir "$place"
    in_shell=0 log=''
    start bash -c 'set -m; cd "$0"; umask 022; while IFS= read -r line; do
        eval "$line"; echo "= $?"; done' "$place"
    keeper=$(field "$pid" PPid) # whom orphans are given to
}

# tell_shell LINE: lets the shell run it, and waits for the end of that.
tell_shell() {
    type_line "$*"
    in_shell=$((in_shell + 1))
    wait_until "$DEADLINE" shell_is_done 2>/dev/null || return
    code=$(sed -n 's/^= //p' "$run/stdout" | tail -n 1)
}

shell_is_done() {
    [[ $(grep -c '^= ' "$run/stdout") -ge $in_shell ]]
}

# try COMMAND [ARG...]: runs a launcher to its end. Its output goes to the files
# out and err in $place.
try() {
    local words
    ran="$*"
    ran=${ran//"$place"/\$PWD}
    printf -v words '%q ' "$@"
    if ! tell_shell "$words >out 2>err"; then
        likely="it waits for a process that goes on, or for the end of a pipe that it, or that process, can still write to"
        complain "the launcher to end, while the daemon goes on" \
            "still there after $DEADLINE s:"$'\n'"$(processes)"
    fi
}

# launch COMMAND [ARG...]: the same, and it must work: then there is $daemon.
launch() {
    local words
    try "$@"
    words=$(head -c 1000 "$place/err")
    assert_code 0 "${words:+; standard error: $words}"
    if ! wait_until "$DEADLINE" find_daemon 2>/dev/null; then
        complain "once the launcher has ended, one process that goes on without a parent" \
            "$(processes)"
    fi
}

# assert_code STATUS [WORDS]: that of the launcher.
assert_code() {
    if [[ $code != "$1" ]]; then
        complain "the launcher to end with exit $1" "exit $code${2:-}"
    fi
}

# Whether there is exactly one; sets $daemon.
find_daemon() {
    local found
    mapfile -t found < <(children "$keeper" | grep -v -e "^$pid " -e ' Z$')
    daemon=${found[0]%% *}
    ((${#found[@]} == 1))
}

# Who there is but the shell, and in which function of the kernel it waits.
processes() {
    local number name letter words child
    {
        children "$keeper" | sed 's/$/ its parent has ended/'
        children "$pid" | sed 's/$/ a child of the shell/'
        for child in $(children "$pid" | cut -d' ' -f1); do
            children "$child" | sed 's/$/ a child of that/'
        done
    } | while read -r number name letter words; do
        if [[ $number != "$pid" ]]; then
            echo "$name, state $letter in $(cat "/proc/$number/wchan" 2>/dev/null): $words"
        fi
    done | grep . || echo "no process but the shell that started it"
}

assert_alive() {
    ! gone "$daemon" || complain "the daemon to go on" "it has ended; $(end_of_log)"
}

end_of_log() {
    if [[ -f $log ]]; then
        echo "the log ends with: $(tail -n 1 "$log" | head -c 200)"
    else
        echo "there is no log of that name"
    fi
}

signal_daemon() { # signal_daemon NAME
    assert_alive
    kill -s "$1" "$daemon" 2>/dev/null || true
}

# await_daemon WORDS COMMAND...: waits until the command succeeds, or complains, at
# once if the daemon has ended meanwhile.
await_daemon() {
    so_or_gone() { "$@" || gone "$daemon"; }
    wait_until "$DEADLINE" so_or_gone "${@:2}" 2>/dev/null || true
    if ! "${@:2}"; then
        assert_alive
        complain "$1" "not so after $DEADLINE s; $(end_of_log)"
    fi
}

# stop_daemon: by SIGTERM.
stop_daemon() {
    signal_daemon TERM
    if ! wait_until "$DEADLINE" gone "$daemon" 2>/dev/null; then
        complain "the daemon to end at once, after SIGTERM" \
            "still there after $DEADLINE s; $(end_of_log)"
    fi
}

# kill_daemon: by SIGKILL. So nothing that it does at its end is seen.
kill_daemon() {
    kill -KILL "$daemon" 2>/dev/null || true
    await "the daemon to end" gone "$daemon"
}

# finish: ends the daemon, if it's still there, and then the shell.
finish() {
    kill_daemon
    finish_program
    assert_ended "exit 0"
}

# inner PID: the number that the process itself sees.
inner() {
    field "$1" NSpid | tr '\t' '\n' | tail -n 1
}

# signals PID SigIgn: their names, or numbers; also SigBlk, SigCgt.
signals() {
    local bits sig
    bits=0x$(field "$1" "$2")
    for sig in {1..64}; do
        if ((bits >> (sig - 1) & 1)); then
            kill -l "$sig"
        fi
    done | paste -sd' '
}
