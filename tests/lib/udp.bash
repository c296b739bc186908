# udp.bash: tests of programs that speak UDP. For a test file to load after lab.bash,
# and sourced again in the sandbox by what script runs there: nobody outside can
# send anything to a program in a network namespace of its own.
# shellcheck disable=SC2034,SC2154  # the scripts read what is set here by name

# build_udp [PROGRAM...]: builds udp_peer, and examples of the lab; for setup_file.
# Not several at the same time: gates runs many tests side by side.
build_udp() {
    local top=${BATS_TEST_FILENAME%/tests/*} out=${BUILD:-build} lab=13-sockets
    mkdir -p "$top/$out"
    {
        flock 9
        make -s -C "$top/labs/$lab" LAB=$lab SRC=../../tests/lib OUT="../../$out/lib" \
            "../../$out/lib/udp_peer"
        if (($#)); then
            make -s -C "$top/labs/$lab" LAB=$lab "${@/#/../../$out/$lab/}"
        fi
    } 9>"$top/$out/.udp.lock" 3>&- 4>&-
}

# talk [OPTION OF run_program] SCRIPT: bash runs it in the sandbox, with the
# functions below. What it misses there is a failure here.
talk() {
    run_program -t $((4 * DEADLINE)) "${@:1:$#-1}" bash -c "DEADLINE=$DEADLINE
        PATH=\$PATH:$top/$BUILD/lib:$top/$BUILD/$LAB; source '$top/tests/lib/udp.bash'; ${*: -1}"
    ran=$(sed -n 's/^! ran //p' "$run/stdout" | tail -n 1)
    if grep -q '^! expected ' "$run/stdout"; then
        complain "$(sed -n 's/^! expected //p' "$run/stdout")" \
            "$(sed -n 's/^! saw //p' "$run/stdout")"
    fi
    assert_ended "exit 0"
}

# ---- in the sandbox ----

# miss EXPECTED SAW: ends the script; talk makes a failure of it.
miss() {
    printf '! %s %s\n' expected "${1//$'\n'/; }" saw "${2//$'\n'/; }"
    exit 0
}

# peer NAME... [-6]: sockets, each of one letter; $a is the port of a.
peer() {
    local name
    if [[ ! ${PEER_PID:-} ]]; then
        coproc PEER { exec udp_peer $six; }
        trap 'kill $(jobs -p) 2>/dev/null; wait 2>/dev/null' EXIT
    fi
    for name; do
        tell "open $name"
        read -r -t "$DEADLINE" -u "${PEER[0]}" _ "${name?}"
    done
}

tell() {
    echo "$*" >&"${PEER[1]}"
}

# program WORDS...: the program under test, for messages.
program() {
    echo "! ran $*"
}

# name_of HEX: what a datagram is, for people.
name_of() {
    local number=$((16#0${1:2:8}))
    case $1 in
    44????????*) echo "DATA $number with $((${#1} / 2 - 5)) bytes ${1:10:32}" ;;
    45????????) echo "END $number" ;;
    41????????) echo "ACK $number" ;;
    *) echo "$1" ;;
    esac
}

# DATA N HEX, END N, ACK N: the bytes of datagrams, in $datagram.
DATA() { printf -v datagram '44%08x%s' "$1" "$2"; }
END() { printf -v datagram '45%08x' "$1"; }
ACK() { printf -v datagram '41%08x' "$1"; }

# say_to NAME PORT KIND N [HEX], or NAME PORT HEX: sends it.
say_to() {
    datagram=${3:-}
    [[ $# -lt 4 ]] || "${@:3}"
    tell "$1 $2 $datagram"
}

# await_any WORDS: waits for a datagram. Sets to (a socket's name), from (a port),
# got, when.
await_any() {
    if ! read -r -t "$DEADLINE" -u "${PEER[0]}" to from got when; then
        miss "$1" "nothing came in $DEADLINE s"
    fi
}

# await_one NAME KIND N [HEX]: waits for one, and it must be that.
await_one() {
    "${@:2}"
    await_any "$(name_of "$datagram")"
    if [[ $to $got != "$1 $datagram" ]]; then
        miss "$(name_of "$datagram")" "$(name_of "$got")"
    fi
}

# none_came WORDS: that no datagram waits.
none_came() {
    tell "mark $1"
    await_any "$1"
    [[ $to == mark ]] || miss "$1" "$(name_of "$got")"
}

# so_soon WORDS COMMAND...: waits until the command succeeds.
so_soon() {
    local end=$((SECONDS + DEADLINE + 1))
    until "${@:2}"; do
        ((SECONDS < end)) || miss "$1" "not so after $DEADLINE s"
        sleep 0.01
    done
}

# ends PID STATUS [FILE]: that it ends, and with that status.
ends() {
    local words status
    gone() { [[ ! -e /proc/$1/status ]] || grep -q '^State:.Z' "/proc/$1/status"; }
    so_soon "the program to end with exit $2" gone "$1"
    wait "$1"
    status=$?
    words=$(head -c 500 "${3:-err}")
    [[ $status == "$2" ]] || miss "to end with exit $2" "exit $status${words:+, standard error: $words}"
}

# said TEXT [FILE]: that this line, and no other, was its standard error.
said() {
    [[ $(<err) == "$1" ]] || miss "on standard error: $1" "$(head -c 500 err)"
}

# asleep PID: that it runs at most for an instant, in a quarter of a second.
asleep() {
    local time turns time_after turns_after
    sleeps() { grep -q '^State:.S' "/proc/$1/status"; }
    so_soon "to sleep" sleeps "$1"
    read -r time _ turns <"/proc/$1/schedstat"
    sleep 0.25
    read -r time_after _ turns_after <"/proc/$1/schedstat"
    if ((turns_after - turns > 5 || time_after - time > 20000000)); then
        miss "to sleep while nothing can be done" \
            "in a quarter of a second it ran $((turns_after - turns)) times, for $(((time_after - time) / 1000)) us"
    fi
}

# hex_of FILE [SKIP COUNT]: its bytes.
hex_of() {
    tail -c +$((${2:-0} + 1)) "$1" | head -c "${3:-1000000}" | od -An -v -tx1 | tr -d ' \n'
}
