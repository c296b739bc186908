# udp.bash: tests of programs that speak UDP. For a test file to load after lab.bash,
# and sourced again in the sandbox by what script runs there: nobody outside can
# send anything to a program in a network namespace of its own.
# shellcheck disable=SC2034,SC2154,SC2317  # the scripts read what is set here by name

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
    } 9>"$top/$out/.helpers.lock" 3>&- 4>&-
}

# talk [OPTION OF run_program] SCRIPT: bash runs it in the sandbox, with the
# functions below. What it misses there is a failure here.
talk() {
    local under=''
    # Bash has leaks of its own: only the program itself is run under valgrind.
    if [[ ${UNDER:-} == valgrind ]]; then
        under="valgrind --quiet --vgdb=no --leak-check=full --errors-for-leak-kinds=definite
            --show-leak-kinds=definite --run-libc-freeres=no --error-exitcode=99"
    fi
    UNDER='' run_program -t $((4 * DEADLINE)) "${@:1:$#-1}" bash -c "DEADLINE=$DEADLINE under='$under'
        PATH=\$PATH:$top/$BUILD/lib:$top/$BUILD/$LAB; source '$top/tests/lib/words.bash'; source '$top/tests/lib/udp.bash'; ${*: -1}"
    ran=$(sed -n 's/^! ran //p' "$run/stdout" | tail -n 1)
    if grep -q '^! expected ' "$run/stdout"; then
        allow_left 'file \./.*' # it had no time to clean up
        complain "$(sed -n 's/^! expected //p' "$run/stdout")" \
            "$(sed -n 's/^! saw //p' "$run/stdout")"
    fi
    assert_ended "exit 0"
}

# ---- in the sandbox ----

host=127.0.0.1 part=''

# miss EXPECTED SAW: ends the script; talk makes a failure of it.
miss() {
    printf '! %s %s\n' expected "${1//$'\n'/; }" saw "${2//$'\n'/; }"
    exit 0
}

# peer NAME...: sockets, each of one letter; $a is the port of a.
peer() {
    local name
    if [[ ! ${PEER_PID:-} ]]; then
        coproc PEER { exec udp_peer; }
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

# comes_within SECONDS: whether a line comes from udp_peer. Sets to (a socket's
# name), from (a port), got, when. A line that has come in part isn't lost.
comes_within() {
    local line
    if ! IFS= read -r -t "$1" -u "${PEER[0]}" line; then
        part+=$line
        return 1
    fi
    read -r to from got when <<<"$part$line"
    part=''
}

# await_any WORDS: waits for a datagram, but not longer than the program $pid lives.
await_any() {
    local end=$((SECONDS + DEADLINE + 1)) over=''
    until comes_within 0.2; do
        [[ ! $over ]] || miss "$1" "nothing came, and the program has ended: $(head -c 500 err)"
        if [[ ${pid:-} ]] && has_ended "$pid"; then
            over=1
        fi
        ((SECONDS < end)) || miss "$1" "nothing came in $DEADLINE s"
    done
}

has_ended() {
    [[ ! -e /proc/$1/status ]] || grep -qs '^State:.Z' "/proc/$1/status"
}

# await_one NAME KIND N [HEX]: waits for one, and it must be that.
await_one() {
    "${@:2}"
    await_any "$(name_of "$datagram")"
    if [[ "$to $got" != "$1 $datagram" ]]; then
        miss "$(name_of "$datagram")" "$(name_of "$got")"
    fi
}

# none_came WORDS: that no datagram waits.
none_came() {
    local to from got when
    marked || miss "$1" "$(name_of "$got")"
}

# marked: waits until udp_peer has done all that it was told. Returns 1 if a
# datagram came before that, and has it in to, from, got, when.
marked() {
    local one four
    tell mark 0 0 0
    await_any "the mark of udp_peer"
    [[ $to != mark ]] || return 0
    one=$to four=("$from" "$got" "$when")
    while [[ $to != mark ]]; do
        await_any "the mark of udp_peer"
    done
    to=$one from=${four[0]} got=${four[1]} when=${four[2]}
    return 1
}

now() {
    echo "${EPOCHREALTIME/[.,]/}"
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
    so_soon "the program to end with exit $2" has_ended "$1"
    wait "$1"
    status=$?
    words=$(head -c 500 "${3:-err}")
    [[ $status == "$2" ]] || miss "to end with exit $2" "exit $status${words:+, standard error: $words}"
}

# said TEXT [FILE]: that this line, and no other, was its standard error.
said() {
    [[ $(in_glibcs_words <err) == "$1" ]] || miss "on standard error: $1" "$(head -c 500 err)"
}

# asleep PID...: that they run at most for an instant, in a quarter of a second.
asleep() {
    local one i=0 time turns times=() counts=()
    for one; do
        settled "$one"
    done
    for one; do
        read -r "times[i]" _ "counts[i]" <"/proc/$one/schedstat"
        i=$((i + 1))
    done
    sleep 0.25
    i=0
    for one; do
        read -r time _ turns <"/proc/$one/schedstat"
        time=$((time - times[i])) turns=$((turns - counts[i]))
        if ((turns > 5 || time > 20000000)); then
            miss "to sleep while nothing can be done: $(tr '\0' ' ' <"/proc/$one/cmdline")" \
                "in a quarter of a second it ran $turns times, for $((time / 1000)) us"
        fi
        i=$((i + 1))
    done
}

# hex_of FILE [SKIP COUNT]: its bytes.
hex_of() {
    tail -c +$((${2:-0} + 1)) "$1" | head -c "${3:-1000000}" | od -An -v -tx1 | tr -d ' \n'
}

# settled PID: waits until it sleeps: what it does without waiting is done then.
settled() {
    is_asleep() { grep -q '^State:.[SZ]' "/proc/$1/status"; }
    so_soon "to wait for something" is_asleep "$1"
}

# again SECONDS KIND N [HEX]: waits for a copy of the last datagram; it must not
# come earlier than so much after that.
again() {
    local last=$when
    await_one "$to" "${@:2}"
    not_before "$last" "$1" "$2 $3 again"
}

not_before() { # not_before LAST SECONDS WORDS
    local gap=$((when - $1)) least
    least=$(awk -v s="$2" 'BEGIN { printf "%d", s * 1000000 - 2000 }')
    ((gap >= least)) || miss "$3 after $2 s" "after $gap us"
}

# then_comes SECONDS NAME KIND N [HEX]: waits for that. If we were so slow to
# acknowledge the last one that it came again meanwhile, that is all right.
then_comes() {
    local last=$when copy=$got
    while
        "${@:3}"
        await_any "$(name_of "$datagram")"
        [[ "$to $got" == "$2 $copy" && $copy != "$datagram" ]]
    do
        not_before "$last" "$1" "no copy of $(name_of "$copy") before it"
        last=$when
    done
    [[ "$to $got" == "$2 $datagram" ]] || miss "$(name_of "$datagram")" "$(name_of "$got")"
}

# receiver [OPTION...]: starts one, whose output goes to the file out. $pid, $port.
receiver() {
    program ex2_reliable_udp "$@" receive 0
    rm -f err
    $under ex2_reliable_udp "$@" receive 0 >"${out:-out}" 2>err &
    pid=$!
    so_soon "to say where it listens" grep -qs 'listens on port' err
    port=$(sed -n 's/.*listens on port //p' err)
}

# sender FILE [OPTION...]: starts one that sends to the port a.
sender() {
    program ex2_reliable_udp "${@:2}" send "$host" "$a" "<$1"
    $under ex2_reliable_udp "${@:2}" send "$host" "$a" <"$1" 2>err &
    pid=$!
}
