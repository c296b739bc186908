# peers.bash: how bench-peers measures, by ipcbench and by others. Sourced by it;
# needs its $bench, $work, $seconds, $servers and the CPUs $a and $b.
# shellcheck shell=bash disable=SC2154
#
# What the others print, and what it is (from their sources and manuals):
# - perf bench sched pipe: "usecs/op", where an operation is a round trip: in each,
#   both processes write 4 bytes and read 4. It counts the fork and the child's end,
#   too: under 0.1 % of what is asked for here.
# - sockperf ping-pong: half a round trip, unless --full-rtt. Each message has its
#   own two looks at the TSC. The mean, as ours is one.
# - qperf tcp_lat, udp_lat: the time over all messages received on both sides: half
#   a round trip. Its clock, times(2), goes by 10 ms: hence 2 s for each at least.
#   tcp_bw: bytes per second that came; a write and a read for each message; Nagle
#   is as the system has it, on. Nothing is ever looked at.
# - iperf3: bits per second that came, decimal; buffers of -l bytes, whose contents
#   are never looked at.

# ---- the others' servers ----

# in_use HEX: somebody on this machine has that port, of TCP or UDP.
in_use() {
    grep -qE "^ *[0-9]+: [0-9A-F]+:$1 " /proc/net/{tcp,udp}{,6} 2>/dev/null
}

# free_port: sets port, and hex. Below those that the kernel gives away itself.
free_port() {
    while
        port=$((20000 + RANDOM % 10000))
        printf -v hex %04X "$port"
        in_use "$hex"
    do :; done
}

# serve COMMAND...: starts a server on $port and waits until it listens there.
serve() {
    local tries
    "$@" >"$work/server" 2>&1 &
    servers+=($!)
    for ((tries = 0; tries < 500; tries++)); do
        if in_use "$hex"; then
            return
        fi
        kill -0 "${servers[-1]}" 2>/dev/null || break
        read -r -t 0.01 <> <(:) || true
    done
    cat "$work/server" >&2
    fail "$1 doesn't listen"
}

end_last_server() {
    kill "${servers[-1]}" 2>/dev/null || true
    wait "${servers[-1]}" || true
    unset 'servers[-1]'
}

# ---- what is measured: each prints ns ----

# ours WHAT MECHANISM BYTES CPUS [OPTION...]
ours() {
    "$bench" -w "$1" -m "$2" -s "$3" -p "$4" -r 1 -t 0.5 --csv "${@:5}" 2>"$work/log" |
        awk -F , -v bytes="$3" 'NR == 2 && $7 > 0 {
            print ($6 == "MB/s" ? bytes * 1e3 / $7 : $7); found = 1 }
            END { exit !found }'
}

# perf_pipe one|two: so many round trips take $seconds or a bit more.
perf_pipe() {
    local loops=$((seconds * 200000))
    local to=()
    if [[ $1 == two ]]; then
        loops=$((seconds * 40000))
        to=(PIN_CHILD_TO="$b" LD_PRELOAD="$work/pin_child.so")
    fi
    env "${to[@]}" taskset -c "$a" perf bench sched pipe -l "$loops" 2>"$work/log" |
        awk '$2 == "usecs/op" { print $1 * 1e3 }'
}

# here_and_there one|two: sets here and there.
here_and_there() {
    here=$a there=$([[ $1 == one ]] && echo "$a" || echo "$b")
}

# sockperf_trip tcp|udp BYTES one|two
sockperf_trip() {
    local tcp=()
    [[ $1 == udp ]] || tcp=(--tcp)
    here_and_there "$3"
    free_port
    serve taskset -c "$there" sockperf server "${tcp[@]}" -i 127.0.0.1 -p "$port"
    taskset -c "$here" sockperf ping-pong "${tcp[@]}" --full-rtt -i 127.0.0.1 -p "$port" \
        -m "$2" -t "$seconds" >"$work/log" 2>&1 || return 1
    end_last_server
    grep -q 'dropped messages = 0; # duplicated messages = 0; # out-of-order messages = 0' "$work/log" || return 1
    sed -n 's/.*Summary: Round trip is \([0-9.]*\) usec.*/\1/p' "$work/log" | awk '{ print $1 * 1e3 }'
}

# ask_qperf TEST BYTES one|two: its whole answer, in units without prefixes. Its own
# options -lca and -rca take 1 for CPU 0 (0.4.11, whatever its help says).
ask_qperf() {
    local data
    here_and_there "$3"
    free_port
    data=$port
    free_port
    serve taskset -c "$there" qperf -lp "$port"
    taskset -c "$here" qperf 127.0.0.1 -lp "$port" -ip "$data" -t $((seconds > 2 ? seconds : 2)) \
        -m "$2" -uu -e 6 "$1" 2>"$work/log" || return 1
    end_last_server
}

qperf_trip() { # qperf_trip tcp_lat|udp_lat BYTES one|two
    ask_qperf "$@" >"$work/answer" || return 1
    awk '$1 == "latency" && $4 == "ns" { print 2 * $3 }' "$work/answer"
}

qperf_stream() { # qperf_stream BYTES one|two
    ask_qperf tcp_bw "$@" >"$work/answer" || return 1
    awk -v bytes="$1" '$1 == "bw" && $4 == "bytes/sec" { print bytes * 1e9 / $3 }' "$work/answer"
}

# Its first second is left out (-O): a connection's window has to grow first.
iperf_stream() { # iperf_stream BYTES one|two
    here_and_there "$2"
    free_port
    serve taskset -c "$there" iperf3 -s -p "$port"
    taskset -c "$here" iperf3 -c 127.0.0.1 -p "$port" -l "$1" -t $((seconds + 1)) -O 1 -J >"$work/log" 2>&1 ||
        return 1
    end_last_server
    awk -v bytes="$1" '/"sum_received"/ { sum = 1 }
        sum && /"bits_per_second"/ { print bytes * 8e9 / ($2 + 0); sum = 0 }' "$work/log"
}
