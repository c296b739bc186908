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

try_11() {
    local out
    uses 13-sockets/fd_passing
    echo data >file
    out=$(fd_passing -p s give file fd_passing -p s take 2>&1) || true
    out=$(number "$out" 'read ([0-9]+) bytes from the pipe')
    if ((out > 0)); then
        verdict fails "a pipe's end went over a Unix socket: $out bytes through it, to a process that didn't inherit it"
    fi
    verdict holds "nothing came through a pipe that was passed on"
}

try_12() {
    local one two
    uses 08-fifos/fifo_two_way_broken 08-fifos/fifo_two_way
    one=$(number "$(fifo_two_way_broken -t 0.3 2>&1)" ' ([0-9]+) questions answered')
    two=$(number "$(fifo_two_way 2>&1)" ' ([0-9]+) questions answered')
    [[ $one && $two ]] || verdict undecided "fifo_two_way didn't say how many"
    if ((one < 1000 && two == 1000)); then
        verdict fails "through one FIFO $one of 1000 questions were answered: each takes its own bytes back; through two, $two"
    fi
    verdict holds "through one FIFO $one of 1000 questions were answered"
}

try_13() {
    local left=''
    uses 08-fifos/fifo_writer 08-fifos/fifo_persist
    fifo_writer -k -p f -t 0.05 >/dev/null 2>&1 || true
    [[ ! -p f ]] || left=yes
    rm -f f
    case $left,$(number "$(fifo_persist)" 'then opened again: *([0-9]+) bytes') in
    yes,0) verdict depends "on what: the name outlives its maker, the data doesn't outlive the last one who has it open" ;;
    yes,*) verdict holds "name and data stayed" ;;
    *) verdict fails "the name was gone" ;;
    esac
}

# "Because of the file system": only a FIFO has a file whose times have to be noted.
try_14() {
    local out blocks
    uses 08-fifos/fifo_cost
    out=$(fifo_cost -n 100)
    blocks=$(number "$out" 'through it, ([0-9]+) are on a disk')
    if [[ $out == *"pipe no, FIFO yes"* ]]; then
        verdict holds "each write to a FIFO also notes the time in its file, and $blocks bytes of the data go to a disk"
    fi
    verdict fails "a FIFO's file isn't touched by a write, and $blocks bytes of the data go to a disk"
}

try_15() {
    local mask modes=''
    uses 08-fifos/fifo_writer
    for mask in 000 022 027 077; do
        (umask $mask && fifo_writer -k -m 666 -p f -t 0.05 >/dev/null 2>&1) || true
        modes+="${modes:+, }$(stat -c %a f) with umask $mask"
        rm -f f
    done
    case $modes in
    666*666*666*666*) verdict holds "$modes" ;;
    *666*) verdict depends "on the umask: $modes" ;;
    *) verdict fails "$modes" ;;
    esac
}

try_16() {
    local queue=/ipclab-$UID-claims$$ got
    uses 10-message-queues/mq_control
    mq_control -q $queue create 2>err || verdict undecided "not tried: $(<err)"
    mq_send -q $queue "claim $$" >/dev/null
    got=$(mq_receive -q $queue 2>&1) || true
    mq_control -q $queue remove
    if [[ $got == *"claim $$"* ]]; then
        verdict holds "the message was there after its sender had ended. It is kept by the kernel, not on a disk: a reboot ends it"
    fi
    verdict fails "the message was gone: $got"
}

try_17() {
    local out status=0
    uses 10-message-queues/mq_workers_broken 10-message-queues/mq_workers
    out=$(mq_workers_broken -d 0.05 2>&1) || status=$?
    if ((status == 1)); then
        verdict fails "$(sed -n 's/^producer.*: //p' <<<"$out"), when it is slow; told when to end: $(mq_workers -d 0.01 | sed -n 's/^producer.*: //p')"
    fi
    verdict holds "$(tail -n 1 <<<"$out")"
}

try_18() {
    local first
    uses 10-message-queues/mq_priority
    first=$(number "$(mq_priority 1:low 9:high)" 'receiver.* priority ([0-9]+)')
    case $first in
    9) verdict fails "of 1 and 9 the 9 came first" ;;
    1) verdict holds "of 1 and 9 the 1 came first" ;;
    *) verdict undecided "mq_priority didn't say" ;;
    esac
}

# segment ID: mode and attachments of a System V segment. 1000 in its mode: "dest".
segment() {
    awk -v id="$1" '$2 == id { print $3, $7 }' /proc/sysvipc/shm
}

try_21() {
    local key=$((1000000 + $$)) id used marked after
    uses 11-shared-memory/sysv_shm
    sysv_shm -k $key create >/dev/null 2>err || verdict undecided "not tried: $(<err)"
    id=$(awk -v key=$key '$1 == key { print $2 }' /proc/sysvipc/shm)
    mkfifo in
    sysv_shm -k $key hold <>in >/dev/null &
    until_true eval "[[ \$(segment $id) == *' 1' ]]"
    used=$(segment "$id")
    sysv_shm -k $key remove >/dev/null
    marked=$(segment "$id")
    kill $!
    wait $! 2>/dev/null || true
    after=$(segment "$id")
    case "$used,$marked,$after" in
    *" 1,1"*" 1,") verdict fails "System V marks it while one has it attached (mode $marked), and it goes when the last one leaves. POSIX has no mark: the name goes, the memory stays as long as it is used" ;;
    *" 1,,"*) verdict fails "it was gone while one had it attached" ;;
    *) verdict undecided "used: $used; marked: $marked; after: $after" ;;
    esac
}

# Five rounds, all in memory, where there is no disk. A span is "least greatest".
try_25() {
    local way spans
    uses 09-file-locking/mailbox_file
    [[ -w /dev/shm ]] || verdict undecided "not tried: no folder in memory"
    for _ in 1 2 3 4 5; do
        for way in poll inotify pipe; do
            number "$(TMPDIR=/dev/shm mailbox_file -n 20 -q 0 $way)" ': ([0-9.]+) us one way' >>"$way.us"
        done
    done
    spans=$(for way in poll inotify pipe; do sort -g $way.us | sed -n '1p;$p'; done | paste -sd ' ')
    awk -v spans="$spans" 'BEGIN {
        split(spans, s, " ")
        words = sprintf("a message takes %.0f to %.0f us by looking every 10 ms, %.0f to %.0f by inotify, %.0f to %.0f through a pipe", s[1], s[2], s[3], s[4], s[5], s[6])
        if (s[1] > s[6] && s[3] > s[6])
            printf "depends\ton what is meant: slow it is, but there is no disk in it: all in memory, %s\n", words
        else if (s[2] < s[5] && s[4] < s[5])
            printf "fails\t%s\n", words
        else
            printf "undecided\t%s\n", words
    }'
}

try_26() {
    local out
    uses 09-file-locking/advisory
    out=$(advisory 2>&1) || true
    if [[ $out == *"didn't ask, and has written"*"has the lock all the time"* ]]; then
        verdict fails "who asks for the lock is kept out; who doesn't has written the file meanwhile"
    fi
    verdict holds "$(tail -n 1 <<<"$out")"
}

try_27() {
    local most status=0 stuck
    uses 12-semaphores/stalls 12-semaphores/holder_dies_broken
    most=$(number "$(stalls -k 3 -n 6 -d 0.02 -s "/ipclab-$UID-claims$$")" 'at most ([0-9]+) of 6')
    stuck=$(holder_dies_broken -t 0.3 2>&1 >/dev/null) || status=$?
    if ((most != 3)); then
        verdict fails "at most $most were inside"
    elif ((status == 1)) && [[ $stuck == *"nobody is inside"* ]]; then
        verdict depends "on who dies inside: at most $most at once; but after three were killed inside nobody gets in any more"
    fi
    verdict holds "at most $most at once"
}

try_28() {
    verdict undecided "not tried here: it takes some minutes and a manager; labs/14-systemd does"
}

try_29() {
    verdict undecided "not tried here: it takes a boot; labs/14-systemd shows what is started then"
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

try_31() {
    local own packet='' plain
    uses 13-sockets/raw_monitor
    needs unshare ip setpriv
    plain=$(as_somebody timeout 1 "$build/13-sockets/raw_monitor" -c 1 true 2>&1) && plain=allowed
    [[ $plain == allowed || $plain == *CAP_NET_RAW* ]] || verdict undecided "not tried: $plain"
    own="unshare -rn"
    $own true 2>/dev/null || own="unshare -Un --keep-caps"
    $own true 2>/dev/null || verdict undecided "not tried: no user namespaces here"
    packet=$($own bash -c 'ip link set lo up
        raw_monitor -c 1 bash -c "echo claim >/dev/udp/127.0.0.1/9" 2>&1' | grep -m 1 -i udp) || true
    [[ $packet ]] || verdict fails "it saw no packet"
    if [[ $plain == allowed ]]; then
        verdict holds "it saw a packet that wasn't for it"
    fi
    verdict holds "it saw a packet that wasn't for it, in a namespace of its own; without CAP_NET_RAW it is refused"
}

try_32() {
    local closed open
    uses 11-shared-memory/shm_permissions
    ((EUID == 0)) || verdict undecided "not tried: only root can become another user"
    closed=$(shm_permissions -m 600 -n "/ipclab-$UID-claims$$" | sed -n 's/.*open to read: //p')
    open=$(shm_permissions -m 644 -n "/ipclab-$UID-claims$$" | sed -n 's/.*open to read: //p')
    case $closed,$open in
    allowed,allowed) verdict holds "another user may, with mode 600, too" ;;
    *,allowed) verdict depends "on its mode: another user may with 644; with 600: $closed" ;;
    *) verdict fails "another user may not, with neither mode: $closed" ;;
    esac
}
