# notify.bash: services that speak the readiness protocol, and the test in the
# manager's place. For a test file to load after lab.bash; it needs build_ear in
# setup_file. notify_ear.c is what listens.
#
# shellcheck disable=SC2016,SC2034,SC2154,SC2317  # names that the tests share

# build_ear: builds notify_ear. Not several at the same time: gates runs many tests
# side by side.
build_ear() {
    mkdir -p "$top/$BUILD"
    (
        flock 9
        make -s -C "$top/labs/01-processes" LAB=01-processes SRC=../../tests/lib \
            OUT="../../$BUILD/lib" "../../$BUILD/lib/notify_ear"
    ) 9>"$top/$BUILD/.helpers.lock" 3>&- 4>&-
}

# The service's command: writes its number to the file runs, and waits for the
# status that it is to end with.
do_work='echo $$ >>runs; read -r code <gate; exit $code'

# serve [-w USEC] [-n NAME] [-e WORDS] [COMMAND...]: starts the service, and
# listens at NAME for what it tells. Without a COMMAND it has do_work. The words of
# -e run it: "env -u WATCHDOG_PID".
serve() {
    local options=() name="$work/socket" before=() OPTIND=1 option
    while getopts w:n:e: option; do
        case $option in
        w) options=(-w "$OPTARG") ;;
        n) name=$OPTARG ;;
        e) read -ra before <<<"$OPTARG" ;;
        *) return 2 ;;
        esac
    done
    shift $((OPTIND - 1))
    (($#)) || set -- sh -c "$do_work"
    rm -f "$work/runs" "$work/gate"
    mkfifo "$work/gate"
    exec {gate}<>"$work/gate"
    allow_left 'file \./(runs|gate|never).*'
    heard=1 ran_times=0
    start "$top/$BUILD/lib/notify_ear" "${options[@]}" "$name" "${before[@]}" ex2_notify "$@"
    ran="ex2_notify $*"
}

# find_service: sets $service, its number out here.
find_service() {
    await "to run" written "pid "
    service=$(outside "$(sed -n 's/^pid //p' "$run/stdout")")
}

# works: waits until the command runs once more.
works() {
    ran_times=$((ran_times + 1))
    has_worked() { [[ $(grep -c . "$work/runs" 2>/dev/null) == "$ran_times" ]]; }
    await "the command to run for the ${ran_times}. time" has_worked
}

open_gate() {
    echo "$1" >&"$gate"
}

# Whether there is a line that we haven't looked at, other than WATCHDOG=1.
comes() {
    local all line
    mapfile -t all <"$run/stdout"
    for line in "${all[@]:heard}"; do
        heard=$((heard + 1))
        if [[ $line != *' WATCHDOG=1' ]]; then
            read -r sender sent came text <<<"$line"
            return
        fi
    done
    return 1
}

# tells FIELD...: waits for the next datagram; it has to have these fields, regular
# expressions, in any order, and be from the service itself. Sets text, sent, came.
tells() {
    local wanted
    wanted=$(printf '%s\n' "$@" | sort | paste -sd '|')
    await "to tell: ${wanted//|/, }" comes
    if [[ $sender == ended ]]; then
        finish_program
        complain "to tell: ${wanted//|/, }" "it ended with status $sent${stderr:+, standard error: $stderr}"
    fi
    if [[ ! $(tr '|' '\n' <<<"$text" | sort | paste -sd '|') =~ ^${wanted//|/[|]}$ ]]; then
        complain "in one datagram: ${wanted//|/, }" "${text//|/, }"
    fi
    [[ $sender == main ]] ||
        complain "to tell it itself" "another process told: ${text//|/, }"
}

# says_nothing WORDS: it has told nothing, but for WATCHDOG=1, up to now. Sets came.
says_nothing() {
    type_line time
    await "an answer of notify_ear" comes
    if [[ $sender != time ]]; then
        complain "$1" "$([[ $sender == ended ]] && echo "it ended with status $sent" || echo "it told: ${text//|/, }")"
    fi
    came=$sent
}

# ends_with STATUS: the service ends so, and has told no more.
ends_with() {
    await "to end" comes
    if [[ $sender != ended ]]; then
        complain "to end, and tell nothing more" "it told: ${text//|/, }"
    fi
    end_input
    wait "$program_pid"
    finish_program
    exec {gate}>&-
    expect "its status" assert_equal "$sent" "$1"
    assert_every_child_waited_for
}

# is_stopped_by SIGNAL: and tells so.
is_stopped_by() {
    type_line "$1"
    tells STOPPING=1
    ends_with 0
}
