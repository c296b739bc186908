# facts_ipc.bash: the tries of what labs 08 to 14 are about. See facts.bash.
# shellcheck disable=SC2317,SC2154  # called by their numbers; claims sets build

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
    uses 10-message-queues/mq_control 10-message-queues/mq_send 10-message-queues/mq_receive
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
    local key=$((1000000 + $$)) id used marked after holder
    uses 11-shared-memory/sysv_shm
    sysv_shm -k $key create >/dev/null 2>err || verdict undecided "not tried: $(<err)"
    id=$(awk -v key=$key '$1 == key { print $2 }' /proc/sysvipc/shm)
    mkfifo in
    sysv_shm -k $key hold <>in >/dev/null &
    holder=$! # until_true starts others
    until_true eval "[[ \$(segment $id) == *' 1' ]]"
    used=$(segment "$id")
    sysv_shm -k $key remove >/dev/null
    marked=$(segment "$id")
    kill $holder
    wait $holder 2>/dev/null || true
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

# timer_runs NAME ACCURACY: a timer that is due in two seconds. Prints how many ms later
# its job ran; nothing if it hadn't after 1.5 s.
timer_runs() {
    local due=$((EPOCHSECONDS + 2)) unit=ipclab-claims$$-$1
    systemd-run --user -q --unit="$unit" --on-calendar="$(date -ud "@$due" '+%F %T UTC')" \
        --timer-property=AccuracySec="$2" sh -c "date +%s%3N >'$PWD/$1'"
    while [[ ! -s $1 ]] && ((${EPOCHREALTIME/[.,]/} < due * 1000000 + 1500000)); do
        read -r -t 0.05 <> <(:) || true
    done
    # First: to stop it wakes the manager, which then runs what is due.
    [[ ! -s $1 ]] || echo $(($(<"$1") - due * 1000))
    systemctl --user -q stop "$unit.timer" 2>/dev/null || true
}

try_28() {
    local kit=$here beside=() kind exact usual
    needs systemd-run
    until [[ -x $kit/tools/manager || ! $kit ]]; do
        kit=${kit%/*}
    done
    kind=$("$kit/tools/manager" -q 2>&1) || true
    case $kind in
    user) ;;
    private) beside=("$kit/tools/manager") ;;
    *) verdict undecided "not tried: no manager: $kind" ;;
    esac
    export -f timer_runs
    # One after the other: a manager that one timer wakes runs all that are due.
    # shellcheck disable=SC2016  # it expands there
    IFS=, read -r exact usual < <("${beside[@]}" bash -c 'echo "$(timer_runs exact 1us),$(timer_runs usual 1min)"')
    if [[ ! $exact ]]; then
        verdict undecided "with AccuracySec=1us its job didn't run in time: is the machine busy?"
    elif [[ $usual ]]; then
        verdict undecided "it ran $usual ms after it was due; by AccuracySec=1min it could be any moment of the next minute"
    fi
    verdict depends "on AccuracySec: with 1us it ran $exact ms after it was due; with 1min, as it is if nothing is said, it hadn't run 1500 ms later"
}

try_29() {
    local wants=root/etc/systemd/system
    needs systemctl
    mkdir -p "$wants"
    printf '%s\n' '[Service]' Type=oneshot ExecStart=/bin/true '[Install]' WantedBy=multi-user.target >"$wants/job.service"
    printf '%s\n' '[Timer]' OnCalendar=daily '[Install]' WantedBy=timers.target >"$wants/job.timer"
    systemctl -q --root="$PWD/root" enable job.timer job.service ||
        verdict undecided "not tried: systemctl --root enables nothing here"
    if [[ -L $wants/multi-user.target.wants/job.service && -L $wants/timers.target.wants/job.timer ]]; then
        verdict fails "the timer is wanted by timers.target already; by that line each boot would run the job, too"
    fi
    verdict holds "without it there is no link, and the timer isn't started"
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
