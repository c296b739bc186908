# Lab 15: the benchmark itself. That it measures what it says, and says what it
# doesn't; never how fast anything is.

load lib/lab

moving=read,write,vmsplice,mq_timedsend,msgsnd,sendto,rt_sigqueueinfo,pwrite64,process_vm_readv

# with_log PROGRAM ARG...: runs it to its end; the calls that matter are in $work/log.
with_log() {
    needs_tracing
    allow_left 'file \./log .*'
    run_program -t $((4 * DEADLINE)) strace -f -yy --seccomp-bpf -o log -e "trace=$moving" "$@"
    assert_ended "exit 0"
}

# sent CALL WHERE BYTES: how often this call was begun in the trace with so many
# bytes, on a descriptor that strace shows as WHERE (a regular expression).
sent() {
    grep -cE " $1\([0-9]+(<$2.*)?, .*, $3[ ),]" "$work/log"
}

# json LINES: has Python run them; rows are those of the JSON that was printed.
json() {
    python3 -c "import json, sys
j = json.load(open('$run/stdout'))
rows = j['rows']
$1"
}

# field_of MECHANISM WHAT FIELD: of that row.
field_of() {
    json "print(*[r['$3'] for r in rows if r['mechanism'] == '$1' and r['what'] == '$2'])"
}

# begin_long ARG...: starts a run that would take long; waits for its two sides.
begin_long() {
    start ipcbench -t 60 -r 2 "$@"
    await "two children" two_children
}

two_children() {
    mapfile -t sides < <(children "$pid" | awk '$3 != "Z" { print $1 }')
    ((${#sides[@]} == 2))
}

# cpus_of PID: the CPUs that it may use, "0-1", say.
cpus_of() {
    field "$1" Cpus_allowed_list
}

@test "ipcbench: each mechanism makes its own calls, as often as it counts messages" {
    needs python3 python3
    not_under_sanitizers
    with_log ipcbench -s 7 -n 5 -r 1 -p free -w latency --json
    declare -A messages
    local name call where bytes
    while read -r name count; do
        messages[$name]=$count
    done < <(json "for r in rows: print(r['mechanism'], r['messages'])")
    while read -r name call where bytes; do
        assert_equal "$name: $(sent "$call" "$where" "$bytes")" "$name: $((2 * messages[$name]))"
    done <<'LIST'
pipe write pipe: 7
fifo write [^>]*/(there|back) 7
mqueue mq_timedsend [^>]* 7
sysv_queue msgsnd . 7
tcp write TCP: 7
eventfd write anon_inode:.eventfd. 8
file pwrite64 [^>]*/(there|back) 7
udp sendto UDP: 7
LIST
    # Two are Unix streams, and strace doesn't always tell the other two apart.
    assert_equal "$(sent write UNIX-STREAM: 7)" $((2 * (messages[unix_stream] + messages[socketpair])))
    assert_equal "$(sent sendto UNIX 7)" $((2 * (messages[unix_dgram] + messages[unix_seqpacket])))
    # These say nothing of bytes. The last one is tried once with itself.
    assert_equal "$(grep -cE ' vmsplice\([0-9]+<pipe:' "$work/log")" $((2 * messages[vmsplice]))
    assert_equal "$(grep -c ' rt_sigqueueinfo(' "$work/log")" $((2 * messages[signals]))
    assert_equal "$(grep -c ' process_vm_readv(' "$work/log")" $((2 * messages[vm_readv] + 1))
}

@test "ipcbench: one way, the reader reads what was sent, and short reads are counted" {
    needs python3 python3
    not_under_sanitizers
    # Larger than a pipe, and larger than what a read is given at once.
    with_log ipcbench -m pipe -s 200000 -n 3 -r 1 -p free -w throughput --json
    assert_equal "$(field_of pipe throughput messages)" 3
    # Each read that isn't the message's last was short.
    reads=$(grep -cE ' read\([0-9]+<pipe:.* = [0-9]{3,}|read resumed.* = [0-9]{3,}' "$work/log")
    assert_equal "$(field_of pipe throughput short_reads)" $((reads - 3))
    ((reads > 3))
}

@test "ipcbench: a message that isn't what was sent is noticed" {
    needs_tracing
    not_under_sanitizers
    # The call is said to have been made, but wasn't: the message before it is
    # still there, or the next one comes instead.
    local wrong
    for wrong in mqueue:mq_timedreceive tcp:read sysv_queue:msgsnd pipe:write; do
        run_program strace -f -o /dev/null -e inject=${wrong#*:}:retval=333:when=20 \
            ipcbench -m ${wrong%:*} -s 333 -n 40 -r 1 -p one -w throughput
        assert_ended "exit 1"
        assert_regex "$stderr" "isn't what was sent"
    done
}

@test "ipcbench: lost datagrams are counted" {
    needs python3 python3
    needs_tracing
    not_under_sanitizers
    run_program strace -f -o /dev/null -e inject=sendto:retval=9:when=3+5 \
        ipcbench -m udp -s 9 -n 20 -r 1 -p one -w throughput --json
    assert_ended "exit 0"
    assert_equal "$(field_of udp throughput lost)" 4
}

@test "ipcbench: a size that can't be carried is n/a, with the limit that forbids it" {
    msgsize=$(</proc/sys/fs/mqueue/msgsize_max) msgmax=$(</proc/sys/kernel/msgmax)
    run_program ipcbench --csv -n 2 -r 1 -p free -m mqueue,sysv_queue,udp,signals,eventfd \
        -s "7,8,9,$msgsize,$((msgsize + 1)),$msgmax,$((msgmax + 1)),65507,65508" -w latency,throughput
    assert_ended "exit 0"
    local what mechanism size note
    while IFS=, read -r what mechanism size note; do
        case $mechanism in
        mqueue) most=$msgsize why="/proc/sys/fs/mqueue/msgsize_max is $msgsize" ;;
        sysv_queue) most=$msgmax why="/proc/sys/kernel/msgmax is $msgmax" ;;
        udp) most=65507 why="65507 bytes" ;;
        signals) most=8 why="8 bytes" ;;
        eventfd) most=$([[ $what == latency ]] && echo 7 || echo 0) why="an eventfd " ;;
        esac
        if ((size <= most)); then
            refute_regex "$what $mechanism $size: $note" "n/a"
        else
            assert_regex "$what $mechanism $size: $note" "\"n/a: .*$why"
        fi
    done < <(sed 1d "$run/stdout" | awk -F, -v OFS=, '{ print $1, $2, $3, $NF }')
    assert_equal "$(wc -l <"$run/stdout")" $((1 + 2 * 5 * 9))
}

@test "ipcbench: CSV and JSON have the same rows, and each its figures in order" {
    needs python3 python3
    args=(-m "pipe,ring_futex,signals,clock" -s "8,64" -n 400 -r 3 -p "one,free")
    run_program ipcbench --csv "${args[@]}"
    assert_ended "exit 0"
    cp "$run/stdout" "$BATS_TEST_TMPDIR/csv"
    run_program ipcbench --json "${args[@]}"
    assert_ended "exit 0"
    json "
import csv
lines = list(csv.DictReader(open('$BATS_TEST_TMPDIR/csv')))
columns = 'what mechanism size cpus mode unit median least greatest p50 p90 p99 p999 max cpu_us switches rounds note'
assert list(lines[0]) == columns.split(), lines[0]
assert len(lines) == len(rows) == 2 * 2 * 3 * 2 + 1, len(lines)
for l, r in zip(lines, rows):
    assert None not in l and None not in l.values(), l
    for name in 'what mechanism size cpus mode unit rounds'.split():
        assert l[name] == str(r[name]), (name, l, r)
    for row in l, r:
        na = 'n/a' in row['note']
        assert na == (row['mechanism'] == 'signals' and str(row['size']) == '64'), row
        assert int(row['rounds']) == (0 if na else 3), row
        if na:
            assert not row['median'], row
            continue
        assert float(row['least']) <= float(row['median']) <= float(row['greatest']), row
        if row['what'] == 'latency':
            parts = [int(row[p]) for p in 'p50 p90 p99 p999 max'.split()]
            assert parts == sorted(parts), row
        else:
            assert not row['p50'], row
for name in 'cpu cpus kernel mitigations governor idle clocksource'.split():
    assert j['machine'][name], name
import platform
assert platform.release() in j['machine']['kernel']
assert j['clock_ns'] > 0 and 0 <= j['noise']['others'] <= 100
"
}

@test "ipcbench: the output goes to a file whole, or not at all" {
    run_program sh -c 'ipcbench -m pipe -s 8 -n 5 -r 1 -p one --csv -o out.csv && cat out.csv && rm out.csv'
    assert_ended "exit 0"
    assert_equal "$(wc -l <"$run/stdout")" 3
    begin_long -m pipe -s 8 -p one -o out.csv
    assert_file_exist "$work/out.csv"
    ends_by INT "$pid" "signal INT" # and it is gone, as the library sees
    # What was there before stays.
    run_program sh -c 'echo old >out.csv; ! ipcbench -m pipe -s 8 -n 5 -o out.csv --rate 0
        timeout -s INT 0.2 ipcbench -m pipe -s 8 -t 60 -o out.csv; cat out.csv; rm out.csv'
    assert_output old
}

@test "ipcbench: both sides are where they should be" {
    all=$(cpus_of $$)
    begin_long -m pipe -s 8 -p one -w latency
    assert_regex "$(cpus_of "${sides[0]}")" '^[0-9]+$'
    assert_equal "$(cpus_of "${sides[1]}")" "$(cpus_of "${sides[0]}")"
    assert_equal "$(cpus_of "$pid")" "$all" # it only waits
    ends_by TERM "$pid" "signal TERM"
    begin_long -m ring_futex -s 8 -p free -w throughput
    assert_equal "$(cpus_of "${sides[0]}") $(cpus_of "${sides[1]}")" "$all $all"
    ends_by INT "$pid" "signal INT"
    if [[ $all != *[-,]* ]]; then
        skip "one CPU only: nothing to see of two"
    fi
    begin_long -m mqueue -s 8 -p two -w latency
    apart() {
        [[ $(cpus_of "${sides[0]}") =~ ^[0-9]+$ && $(cpus_of "${sides[1]}") =~ ^[0-9]+$ &&
        $(cpus_of "${sides[0]}") != "$(cpus_of "${sides[1]}")" ]]
    }
    await "to be on two CPUs" apart
    ends_by HUP "$pid" "signal HUP"
}

@test "ipcbench: whatever ends it half-way, nothing is left" {
    # Those that have a name, or would stay: the library looks for them.
    for mechanism in sysv_queue fifo; do
        begin_long -m $mechanism -s 8 -p free -w throughput
        ends_by INT "$pid" "signal INT"
        assert_every_child_waited_for
    done
    # It can't do anything against this; its children end with it.
    begin_long -m pipe -s 8 -p free -w latency
    ends_by KILL "$pid" "signal KILL"
}

@test "ipcbench: one side dies, and all ends, with a word" {
    begin_long -m sysv_queue -s 8 -p free -w latency
    kill -KILL "${sides[RANDOM % 2]}"
    await "to end" gone "$pid"
    finish_program
    assert_ended "exit 1"
    assert_regex "$stderr" "^ipcbench: sysv_queue: a side was ended by SIGKILL"
    assert_every_child_waited_for
}

@test "ipcbench: --spinner keeps a CPU awake with processes that stand back for all others" {
    start ipcbench --spinner -t 60 -r 2 -m pipe -s 8 -p one -w latency
    spinners=$(($(nproc) > 1 ? 2 : 1))
    idle_class() { # 41 is the policy; 5 is SCHED_IDLE
        local child n=0
        for child in $(children "$pid" | awk '{ print $1 }'); do
            if [[ $(stat_field "$child" 41) == 5 && $(cpus_of "$child") =~ ^[0-9]+$ ]]; then
                n=$((n + 1))
            fi
        done
        ((n == spinners))
    }
    await "$spinners children of the class SCHED_IDLE, each on a CPU" idle_class
    ends_by TERM "$pid" "signal TERM"
    run_program ipcbench --spinner -n 5 -r 1 -m pipe -s 8 -p one -w latency --csv
    assert_ended "exit 0"
    assert_line --regexp '^latency,.*spinner"$'
    assert_every_child_waited_for
}

@test "ipcbench: at a rate that is too high the wait is seen from the intended start only" {
    needs python3 python3
    run_program ipcbench --rate 50000000 -n 2000 -r 1 -m pipe -s 8 -p one --json
    assert_ended "exit 0"
    json "
intended, actual = rows
assert 'intended' in intended['note'] and 'actual' in actual['note'], rows
assert intended['p50'] > 100 * actual['p50'] > 0, rows
assert intended['what'] == actual['what'] == 'latency'"
}

@test "ipcbench: bad usage is status 2" {
    wrong="-m nosuch;-m pipe,;-s 0;-s 2M;-s 1K,;-w speed;-p three;-r 0;-t 0;-n 0;--rate 0;--fast;pipe"
    run_program bash -c 'IFS=";"; for args in $0; do
        IFS=" "; ipcbench $args </dev/null; echo "$? $args"; done' "$wrong"
    expect "each to end with 2" assert_output "$(sed "s/^/2 /; s/;/\n2 /g" <<<"$wrong")"
    run_program ipcbench -l
    assert_ended "exit 0"
    assert_line --regexp '^pipe +write, read'
    run_program ipcbench -m pipe -n 1 -r 1 -o /nowhere/file
    assert_ended "exit 1"
}
