# facts.bash: claims that are no figures: each is tried with the programs of its lab.
# shellcheck disable=SC2317,SC2154  # called by their numbers; claims sets build
#
# try_N says what became of claim N, by verdict VERDICT WORDS. It is run in an empty
# folder of its own, by a shell of its own, and ends by its own. Nothing here knows a
# verdict beforehand: each comes from what happened.

verdict() {
    printf '%s\t%s\n' "$1" "$2"
    exit 0
}

# uses LAB/PROGRAM...: their folders come first in PATH; without one nothing can be said.
uses() {
    local program
    for program; do
        [[ -x $build/$program ]] || verdict undecided "not tried: $program isn't built (make)"
        PATH=$build/${program%/*}:$PATH
    done
}

needs() {
    local tool
    for tool; do
        command -v "$tool" >/dev/null || verdict undecided "not tried: $tool is missing"
    done
}

# number TEXT REGEX: the number in parentheses in the first line that is like this.
number() {
    sed -nE "s/.*$2.*/\1/p" <<<"$1" | head -n 1
}

# until_true COMMAND...: for two seconds at most.
until_true() {
    local i
    for ((i = 0; i < 200; i++)); do
        "$@" && return
        read -r -t 0.01 <> <(:) || true
    done
    return 1
}

# as_somebody COMMAND...: without root's rights, if we have them.
as_somebody() {
    if ((EUID == 0)); then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

try_3() {
    local out lost plain
    uses 04-mutexes/counter_broken
    out=$(counter_broken -r 10 2>&1) || true
    lost=$(number "$out" 'lost in ([0-9]+) of 10 runs')
    out=$(counter_broken -p -r 10 2>&1) || true
    plain=$(number "$out" 'lost in ([0-9]+) of 10 runs')
    [[ $lost && $plain ]] || verdict undecided "counter_broken didn't say how often"
    case $((lost + plain)) in
    20) verdict holds "wrong in 20 of 20 runs" ;;
    0) verdict fails "right in 20 of 20 runs" ;;
    esac
    verdict depends "on the loop and what the compiler made of it: wrong in $lost of 10 runs with work between the two steps, in $plain of 10 with nothing but counter++"
}

try_4() {
    local out died
    uses 03-threads/thread_ends 01-processes/fault
    out=$(thread_ends fault 2>&1)
    died=$(number "$out" '(SIGSEGV) ended the child, all of it')
    if fault >/dev/null 2>&1 && [[ $died && $out == *neighbour*nothing* ]]; then
        verdict holds "a thread's $died ended its whole process; another process, and the parents, went on"
    fi
    verdict fails "a thread's fault: ${out//$'\n'/; }"
}

try_5() {
    local user
    uses 02-daemons/daemonize 02-daemons/daemonctl
    needs setpriv
    chmod 777 .
    as_somebody daemonize -p pid -l log 2>err || verdict undecided "not tried: $(<err)"
    user=$(sed -nE 's/^Uid:\t[0-9]+\t([0-9]+).*/\1/p' "/proc/$(<pid)/status")
    as_somebody daemonctl -p pid
    if ((user != 0)); then
        verdict fails "a daemon of user $user does all that a daemon does; who needs a privilege can drop it (drop_root)"
    fi
    verdict holds "it ran as root only"
}

# held_by_others FILE: whether any other process has it open.
held_by_others() {
    local fd
    for fd in /proc/[0-9]*/fd/*; do
        if [[ $fd -ef $1 && $fd != /proc/$$/* && $fd != /proc/$BASHPID/* ]]; then
            return
        fi
    done
    return 1
}

not_held() {
    ! held_by_others "$1"
}

try_6() {
    local held=''
    uses 02-daemons/daemonize_broken
    mkfifo out
    exec 9<>out
    daemonize_broken -t 0.3 >&9 2>&9 9>&-
    held_by_others out && held=1
    until_true not_held out
    [[ ! $held ]] || verdict fails "its launcher has ended, and the pipe that was its output is still open in the daemon"
    verdict holds "nobody had its launcher's output open any more"
}

try_7() {
    local victim name=claim$$
    needs pkill
    ln -s "$(command -v cat)" $name
    mkfifo in
    ./$name <>in &
    victim=$!
    until_true eval "[[ \$(</proc/$victim/comm) == $name ]]"
    pkill -s SIGTERM -x $name 2>err || true
    read -r -t 0.2 <> <(:) || true
    if [[ -e /proc/$victim && $(</proc/$victim/stat) != *") Z"* ]]; then
        kill $victim
        wait $victim 2>/dev/null || true
        verdict fails "the process lives on; pkill says: $(head -n 1 err)"
    fi
    verdict holds "the process was ended"
}

try_8() {
    local out status=0
    uses 06-signals/handler_broken 06-signals/handler
    out=$(handler_broken -t 0.5 2>&1) || status=$?
    if ((status == 1)) && [[ $out == *"within its handler"* ]]; then
        verdict fails "a handler that called malloc() waits for a lock that its own process holds; the repair: $(handler | sed 's/.*: //')"
    fi
    verdict undecided "handler_broken ended with $status, which proves nothing: it works most of the time"
}

try_9() {
    local default ignore
    uses 06-signals/child_reaper
    default=$(number "$(child_reaper -a default </dev/null)" 'zombies: ([0-9]+)')
    ignore=$(number "$(child_reaper -a ignore </dev/null)" 'zombies: ([0-9]+)')
    [[ $default && $ignore ]] || verdict undecided "child_reaper didn't say how many"
    if ((default > ignore)); then
        verdict fails "not as SIG_IGN ignores: $default zombies by default, $ignore with SIG_IGN"
    fi
    verdict holds "$default zombies by default, $ignore with SIG_IGN"
}

try_10() {
    local out standard queued
    uses 06-signals/realtime
    out=$(realtime -n 100)
    standard=$(number "$out" 'SIGUSR1: ([0-9]+) received')
    queued=$(number "$out" 'SIGRTMIN: ([0-9]+) received')
    [[ $standard && $queued ]] || verdict undecided "realtime didn't say how many"
    if ((standard < 100 && queued == 100)); then
        verdict depends "on the kind: of 100 SIGUSR1 $standard came, of 100 SIGRTMIN $queued"
    elif ((standard < 100)); then
        verdict holds "of 100 SIGUSR1 $standard came, of 100 SIGRTMIN $queued"
    fi
    verdict fails "all came"
}

try_30() {
    local python=''
    uses 03-threads/detach
    if command -v python3 >/dev/null; then
        python=$(python3 -c 'import threading; print("has" if hasattr(threading.Thread, "detach") else "has no")')
    fi
    detach -e join -n 1 -c 1 >out 2>&1 || true
    if ! grep -q EINVAL out; then
        verdict undecided "$(tail -n 1 out)"
    elif [[ $python == has ]]; then
        verdict fails "Python's Thread has a detach()"
    fi
    python=${python:+"; in Python a Thread $python detach()"}
    verdict depends "on the language: in C one is detached, and a join is refused then$python"
}
