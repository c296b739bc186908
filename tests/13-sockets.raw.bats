# Lab 13: sockets, raw_monitor.

load lib/lab

# in_own_network SCRIPT: bash runs it in a network of its own, whose loopback is up,
# and where it may have raw sockets without being root. To be root in there, as
# "unshare -rn" makes you, isn't allowed to root in a sandbox: then it is nobody.
in_own_network() {
    needs unshare util-linux
    needs ip iproute2
    run_program bash -c 'own="unshare -rn"; $own true 2>/dev/null || own="unshare -Un --keep-caps"
        if ! $own true 2>/dev/null; then echo "no namespace"; exit; fi
        exec $own bash -c "ip link set lo up; eval \"\$0\"" "$0"' "$1"
    if [[ $output == "no namespace" ]]; then
        skip "it takes a user namespace, and those aren't allowed here (user_namespaces(7))"
    fi
}

# A packet as \x.. for printf; numbers are hexadecimal.
b() { # b BYTE...
    printf '\\x%s' "$@"
}

n() { # n NUMBER: two bytes
    printf '\\x%02x\\x%02x' $(($1 >> 8)) $(($1 & 255))
}

# Makes packets of random ports, and what is to be said of them.
make_packets() {
    local from=$((RANDOM + 1)) to=$((RANDOM + 1)) seq=$((RANDOM + 1)) host=$((RANDOM & 255))
    local mac four six tcp udp
    mac="$(b 00 00 00 00 00 00 00 00 00 00 00 00)"
    four="$(b 0a 01 02)\x$(printf %02x $host)$(b 7f 00 00 01)"
    six="$(b 20 01 0d b8 00 00 00 00 00 00 00 00)$(b 00 00)$(n "$host")$(b 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01)"
    tcp="$(n $from)$(n $to)$(b 00 00)$(n $seq)$(b 00 00 00 07 60 12 ff ff 00 00 00 00 02 04 05 b4)hi"
    udp="$(n $from)$(n $to)$(n 11)$(b 00 00)abc"
    packets=(
        "$mac$(b 08 00 45 00)$(n 46)$(b 00 00 40 00 40 06 00 00)$four$tcp"
        "$mac$(b 08 00 46 00)$(n 35)$(b 00 00 40 00 40 11 00 00)$four$(b 01 01 01 01)$udp"
        "$mac$(b 81 00 00 05 08 00 45 00)$(n 28)$(b 00 00 00 00 40 01 00 00)$four$(b 08 00 00 00 00 09)$(n $seq)"
        "$mac$(b 86 dd 60 00 00 00)$(n 19)$(b 00 40)$six$(b 11 00 00 00 00 00 00 00)$udp"
        "$mac$(b 86 dd 60 00 00 00)$(n 8)$(b 3a 40)$six$(b 01 04 00 00 00 00 00 00)"
        "$mac$(b 08 06 00 01 08 00 06 04 00 01 00 00 00 00 00 00)${four:0:16}$(b 00 00 00 00 00 00)${four:16}"
    )
    local where="10.1.2.$host > 127.0.0.1" where6
    where6="2001:db8::$(printf %x $host) > ::1"
    said=(
        "60 bytes: IPv4 $where, TCP $from > $to SYN ACK seq $seq ack 7, 2 bytes: \"hi\""
        "49 bytes: IPv4 $where, UDP $from > $to, 3 bytes: \"abc\""
        "46 bytes: VLAN 5 IPv4 $where, ICMP echo request id 9 seq $seq"
        "73 bytes: IPv6 $where6, UDP $from > $to, 3 bytes: \"abc\""
        "62 bytes: IPv6 $where6, ICMPv6 port unreachable"
        "42 bytes: ARP $where, who has it?"
    )
}

@test "raw_monitor: says what a packet is, and what of it is missing" {
    make_packets
    local i
    for i in "${!packets[@]}"; do
        LC_ALL=C printf '%b' "${packets[i]}" >"$work/$i"
    done
    run_program bash -c 'for file in [0-9]; do
            raw_monitor -f $file || echo "$?"
            for ((n = $(stat -c %s $file) - 1; n >= 0; n--)); do
                head -c $n $file | raw_monitor -f - || echo "$?"
            done
        done'
    assert_ended "exit 0"
    # What was cut off anywhere, was missed.
    assert_equal "$(sed 's/^monitor\[[0-9]*\]: //; /, cut short or wrong$/d' "$run/stdout")" \
        "$(printf '%s\n' "${said[@]}")"
}

@test "raw_monitor: sees packets of a network of its own, without root" {
    local port=$((RANDOM + 20000)) text=$RANDOM$RANDOM
    in_own_network 'raw_monitor bash -c "echo '$text' >/dev/udp/127.0.0.1/'$port'; echo '$text' >/dev/udp/::1/'$port'
        chat_server -p '$((port + 1))' bash -c \"exec 3<>/dev/tcp/127.0.0.1/'$((port + 1))'\"; : 2>/dev/null"'
    assert_ended "exit 0"
    local data="$((${#text} + 1)) bytes: \"$text.\"" from='[0-9]+' seq='seq [0-9]+'
    for line in "IPv4 127.0.0.1 > 127.0.0.1, UDP $from > $port, $data" \
        "IPv6 ::1 > ::1, UDP $from > $port, $data" \
        "IPv4 127.0.0.1 > 127.0.0.1, ICMP port unreachable" \
        "IPv6 ::1 > ::1, ICMPv6 port unreachable" \
        "TCP $from > $((port + 1)) SYN $seq" "TCP $((port + 1)) > $from SYN ACK $seq ack [0-9]+" \
        "TCP $from > $((port + 1)) FIN ACK $seq ack [0-9]+"; do
        assert_equal "$line: $(grep -cE "$line\$" "$run/stdout")" "$line: 1"
    done
    in_own_network 'raw_monitor -c 3 bash -c "for i in 1 2 3 4; do echo >/dev/udp/127.0.0.1/'$port'; done 2>/dev/null"; echo $?
        raw_monitor -i nothing; echo $?'
    assert_equal "$(grep -c 'IPv4' "$run/stdout")" 3
    assert_equal "${lines[-2]} ${lines[-1]}" "0 1"
    assert_regex "$stderr" "nothing: No such device"
}

@test "raw_monitor: without the privilege it says how to have it" {
    local without=()
    if [[ $SANDBOX == none && $EUID == 0 ]]; then
        without=(setpriv --bounding-set=-all)
    fi
    run_program "${without[@]}" "$BIN/raw_monitor"
    assert_ended "exit 1"
    assert_regex "$stderr" "unshare -rn.*setcap cap_net_raw\+ep"
}
