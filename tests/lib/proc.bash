# proc.bash: looking at a running program from outside, through /proc.
# shellcheck disable=SC2034,SC2154  # run.bash sets program_pid, tests use what is set here

# These are called again and again while a test waits, and so start no process.

# outside PID: the number that a process of the running program has out here,
# given the number that it has in its sandbox. See NSpid in proc_pid_status(5).
outside() {
    local family=("$program_pid") pid file kids
    while ((${#family[@]})); do
        pid=${family[0]} family=("${family[@]:1}")
        if [[ $(field "$pid" NSpid) =~ (^|[[:space:]])$1$ ]]; then
            echo "$pid"
            return
        fi
        for file in "/proc/$pid/task"/*/children; do
            kids=()
            { read -r -a kids <"$file" || true; } 2>/dev/null
            family+=("${kids[@]}")
        done
    done
    # No such file, in this kernel, or one that changed: see proc_pid_task(5).
    outside_by_parents "$1"
}

outside_by_parents() {
    # cat goes on when a process vanishes; awk would not.
    cat /proc/[0-9]*/status 2>/dev/null | awk -v wanted="$1" -v root="$program_pid" '
        $1 == "Pid:" { pid = $2 }
        $1 == "PPid:" { parent[pid] = $2 }
        $1 == "NSpid:" && $NF == wanted { found[pid] }
        END {
            for (pid in found)
                for (p = pid; p > 0; p = parent[p])
                    if (p == root) { print pid; exit }
            exit 1
        }'
}

# field PID NAME: a line of /proc/PID/status without its name. All of the file is
# read at once: between two lines, "sleeping" may become "running", which is shorter.
field() {
    local text=''
    { read -r -d '' text <"/proc/$1/status" || true; } 2>/dev/null
    if [[ $'\n'$text =~ $'\n'"$2":[[:space:]]*([^$'\n']*) ]]; then
        echo "${BASH_REMATCH[1]}"
    fi
}

# The first processor that we may run on, and all of them, as for taskset.
processors() {
    local all
    all=$(field self Cpus_allowed_list)
    echo "${all%%[,-]*} $all"
}

# stat_field PID N: the N-th field of /proc/PID/stat; 5 is the process group, 6
# the session, 7 the controlling terminal.
stat_field() {
    sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f$(($2 - 2))
}

# leads PID: whether it leads its session.
leads() {
    [[ $(stat_field "$1" 6) == "$1" ]]
}

# has_terminal PID: whether it has a controlling terminal.
has_terminal() {
    [[ $(stat_field "$1" 7) != 0 ]]
}

# signals PID FIELD: the standard signals in SigIgn, SigCgt, SigBlk, as a number.
signals() {
    echo $((0x$(field "$1" "$2") & 0x7fffffff))
}

# same_file PATH PATH: whether both lead to one file. In a sandbox it may have
# another path than out here.
same_file() {
    [[ $(stat -Lc %d:%i "$1") == "$(stat -Lc %d:%i "$2")" ]]
}

# look_at_state PID: sets letter: R, S, D, T, t, X, Z; or "gone".
look_at_state() {
    letter=''
    # Without a number /proc/stat would be read.
    { read -r letter <"/proc/${1:-none}/stat"; } 2>/dev/null || true
    letter=${letter##*) }
    letter=${letter%% *}
    letter=${letter:-gone}
}

# state PID: the same, written out.
state() {
    local letter
    look_at_state "$1"
    echo "$letter"
}

# in_state PID STATE: whether it is in that state; for wait_until.
in_state() {
    local letter
    look_at_state "$1"
    [[ $letter == "$2" ]]
}

# stays_stopped PID: whether a signal has stopped it. Under strace it is in the
# state t then, and for a moment also at each system call: but there strace has
# something to do.
stays_stopped() {
    local look
    for look in 1 2; do
        in_state "$1" T && return
        in_state "$1" t && in_state "$(field "$1" TracerPid)" S || return
        pause
    done
}

# signal_names MASK: the signals in a mask of /proc/PID/status, "SIGINT SIGTERM".
signal_names() {
    local sig names=''
    for ((sig = 1; sig <= 64; sig++)); do
        if ((0x$1 >> (sig - 1) & 1)); then
            names+=" SIG$(kill -l $sig)"
        fi
    done
    echo "${names# }"
}

# doing PID: what a process does, for a failure: whether it sleeps, and which
# signals it doesn't take.
doing() {
    local pending
    case $(state "$1") in
    R) echo "it runs" ;;
    S) echo "it sleeps" ;;
    [Tt]) echo "it is stopped" ;;
    *) echo "its state is $(field "$1" State)" ;;
    esac
    pending=$(signal_names "$(field "$1" ShdPnd)")
    if [[ $pending ]]; then
        echo "pending, for it blocks them: $pending"
    fi
}

# access PID FD: what a descriptor is open for, from /proc/PID/fdinfo: "read",
# "write" or "both".
access() {
    local flags
    flags=$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$1/fdinfo/$2")
    case $((flags & 3)) in
    0) echo read ;;
    1) echo write ;;
    2) echo both ;;
    esac
}

# ends PID PIPE: the descriptors that a process has of a pipe, as in
# "3 read 4 write", from /proc/PID/fd and /proc/PID/fdinfo.
ends() {
    local fd
    for fd in "/proc/$1/fd"/*; do
        if [[ $(readlink "$fd") == "$2" ]]; then
            echo "${fd##*/} $(access "$1" "${fd##*/}")"
        fi
    done
}

# descriptors PID: the numbers that are open, in order, in one line.
descriptors() {
    find "/proc/$1/fd" -mindepth 1 -printf '%f\n' | sort -n | xargs
}

has_descriptors() {
    [[ $(descriptors "$1") == "$2" ]]
}

# children PID: each of its children, a line "PID NAME STATE", the eldest first. In
# the sandbox's PID namespace a later one has a higher number; outside they begin
# again at 300 some time.
children() {
    cat /proc/[0-9]*/status 2>/dev/null | awk -v parent="$1" '
        $1 == "Name:" { name = $2 }
        $1 == "State:" { state = $2 }
        $1 == "Pid:" { pid = $2 }
        $1 == "PPid:" { is_child = $2 == parent }
        $1 == "NSpid:" && is_child {
            for (i = n++; i > 0 && number[i - 1] > $NF + 0; i--) {
                number[i] = number[i - 1]
                line[i] = line[i - 1]
            }
            number[i] = $NF + 0
            line[i] = pid " " name " " state
        }
        END { for (i = 0; i < n; i++) print line[i] }'
}

# child_of PID NAME [STATE]: the child that runs the program of that name, once
# it does.
child_of() {
    children "$1" | awk -v name="$2" -v state="${3:-}" '
        $2 == name && (state == "" || $3 == state) { print $1; found = 1; exit }
        END { exit !found }'
}

gone() {
    local letter
    look_at_state "$1"
    [[ $1 && $letter == [XZg]* ]]
}

# assert_only_standard PID NAME: that it has no descriptor but 0 to 2 open, once
# it runs: a program that has just begun may have a library's file open.
assert_only_standard() {
    if ! wait_until "$DEADLINE" has_descriptors "$1" "0 1 2" 2>/dev/null; then
        complain "$2 to have these descriptors open: 0 1 2" "$(descriptors "$1")"
    fi
}

# look_at_time TIME TURNS: how long it has run, and how often, into two variables.
look_at_time() {
    if ! read -r "$1" _ "$2" 2>/dev/null <"/proc/$pid/schedstat"; then
        complain "to go on" "it has ended"
    fi
}

# assert_idle [TURNS]: that the program runs at most for an instant while we look,
# for a quarter of a second, and no more often than that. The kernel counts how
# long it ran, in ns, and how often, in /proc/PID/schedstat.
assert_idle() {
    local before before_turns after after_turns i end
    await "to sleep" in_state "$pid" S
    look_at_time before before_turns
    end=$((${EPOCHREALTIME/./} + 250000))
    for ((i = 0; i < 5 || ${EPOCHREALTIME/./} < end; i++)); do
        pause
    done
    look_at_time after after_turns
    local turns=$((after_turns - before_turns)) time=$(((after - before) / 1000))
    if ((turns > ${1:-5} || time > 20000)); then
        complain "to sleep while nothing can be done" \
            "in a quarter of a second it ran $turns times, for $time µs"
    fi
}

# in_set PID FIELD SIGNAL: whether a set in /proc/PID/status, SigBlk say, has it.
in_set() {
    (((0x$(field "$1" "$2") >> ($(kill -l "$3") - 1)) & 1))
}

# The names of some system calls by the numbers that /proc/PID/syscall tells
# (unistd.h). The shell itself has to read that file: one may look at what one has
# started, but Yama lets no helper do so (ptrace(2)).
declare -gA call_name
case $HOSTTYPE in
x86_64) call_name=([0]=read [1]=write [19]=readv [65]=semop [202]=futex [220]=semtimedop) ;;
i?86) call_name=([3]=read [4]=write [117]=semop [145]=readv [240]=futex [420]=semtimedop [422]=futex) ;;
*) call_name=([63]=read [64]=write [65]=readv [98]=futex [192]=semtimedop [193]=semop [420]=semtimedop [422]=futex) ;;
esac

# locks_on FILE, locks_of PID...: the locks on this file, or of these processes, from
# /proc/locks, a line each: "PID KIND ADVISORY MODE FIRST LAST", with "waits" before
# it for one that waits. While others lock and unlock, a reader may miss an entry, or
# see one twice: so we look until two looks agree, and take equal ones for one.
locks_on() {
    settled_locks "$(stat -c %i "$1")" ''
}

locks_of() {
    settled_locks none " $* "
}

settled_locks() {
    local before after
    until [[ ${after-none} == "${before-}" ]]; do
        before=$(look_at_locks "$@")
        after=$(look_at_locks "$@")
    done
    [[ ! $after ]] || echo "$after"
}

look_at_locks() {
    awk -v inode="$1" -v pids="$2" '
        { waits = $2 == "->"; if (waits) { sub(/-> /, ""); $0 = $0 } }
        { split($6, place, ":") }
        place[3] == inode || index(pids, " " $5 " ") {
            print (waits ? "waits " : "") $5, $2, $3, $4, $7, $8
        }' /proc/locks | sort -u
}
