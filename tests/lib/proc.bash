# proc.bash: looking at a running program from outside, through /proc.
# shellcheck disable=SC2154  # run.bash sets program_pid

# outside PID: the number that a process of the running program has out here,
# given the number that it has in its sandbox. See NSpid in proc_pid_status(5).
outside() {
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

# field PID NAME: a line of /proc/PID/status without its name.
field() {
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" 2>/dev/null
}

# state PID: R, S, D, T, Z; or "gone".
state() {
    local letter
    letter=$(field "$1" State)
    echo "${letter:-gone}" | cut -d' ' -f1
}

# in_state PID STATE [NAME]: whether it is in that state; for wait_until.
in_state() {
    [[ $(state "$1") == "$2" ]]
}

# ends PID PIPE: the descriptors that a process has of a pipe, as in
# "3 read 4 write", from /proc/PID/fd and /proc/PID/fdinfo.
ends() {
    local fd flags
    for fd in "/proc/$1/fd"/*; do
        if [[ $(readlink "$fd") == "$2" ]]; then
            flags=$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$1/fdinfo/${fd##*/}")
            case $((flags & 3)) in
            0) echo "${fd##*/} read" ;;
            1) echo "${fd##*/} write" ;;
            2) echo "${fd##*/} both" ;;
            esac
        fi
    done
}

# descriptors PID: the numbers that are open, in order, in one line.
descriptors() {
    find "/proc/$1/fd" -mindepth 1 -printf '%f\n' | sort -n | xargs
}
