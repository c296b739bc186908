# run.bash: running a program under test, and waiting for it.
# shellcheck disable=SC2034,SC2154  # the tests read what is set here by name
#
# After a run these hold what is known of it:
#   ended     "exit 3", "signal SEGV", "timeout 5"
#   status    the same as a shell gives it: 3, 139, 124
#   output    standard output; lines, its lines     (bats-assert uses these)
#   stderr    standard error; both up to 64 KiB, whole in $run/stdout, stderr
#   adopted   how many processes ended without a parent that waited for them
#   report    the file with every fact of the run (see tools/init.c)
# So a test must not use these names for anything else.

source "$top/tests/lib/words.bash"

# Makes the words that run a program, in $launch, and $run, a folder of its own.
prepare_run() {
    local limits=(-t "$DEADLINE") option
    local OPTIND=1
    input=/dev/null
    while getopts t:a:f:i: option; do
        case $option in
        t | a | f) limits+=("-$option" "$OPTARG") ;;
        i) input=$OPTARG ;;
        *) return 2 ;;
        esac
    done
    shift $((OPTIND - 1))
    run=$BATS_TEST_TMPDIR/run
    if ((runs++)); then
        rm -rf "$run/earlier.$runs"
        mkdir -m 755 "$run/earlier.$runs"
        mv "$run"/{stdout,stderr,report,san} "$run/earlier.$runs"
        rm -rf "$run"/{trace,log,facts}
    fi
    report=$run/report
    ran="$*"
    ran=${ran#"$top"/build/tools/hold -[wpc] }
    local program=$1
    if [[ -x $BIN/$1 ]]; then
        program=$BIN/$1
    fi
    launch=("$top/tools/sandbox" "${limits[@]}" -o "$run" "${unkind[@]}" "$program" "${@:2}")
}

# Reads the first 64 KiB of a file, without the newlines at its end, as $(...)
# would, into a variable: a program that doesn't stop writing must not make us
# read it all.
slurp() { # slurp VARIABLE FILE
    local text
    IFS= LC_ALL=C read -r -N 65536 -d '' text <"$2" || true
    while [[ $text == *$'\n' ]]; do
        text=${text%$'\n'}
    done
    printf -v "$1" %s "$text"
}

# facts WORD [FILE]: what the report says after that word, a line each.
facts() {
    local word rest
    while read -r word rest; do
        if [[ $word == "$1" ]]; then
            printf '%s\n' "$rest"
        fi
    done <"${2:-$report}"
}

# Sets status, output and the rest from what the run left.
collect() {
    local word rest
    ended='' adopted=0
    while read -r word rest; do
        case $word in
        exit | timeout | signal | stopped) ended="$word${rest:+ $rest}" ;;
        adopted) adopted=$((adopted + 1)) ;;
        esac
    done <"$report"
    case $ended in
    exit\ *) status=${ended#exit } ;;
    signal\ *) status=$((128 + $(kill -l "${ended#signal }"))) ;;
    *) status=124 ;;
    esac
    if [[ $BUILD == *musl* ]]; then
        for word in stdout stderr; do
            in_glibcs_words <"$run/$word" >"$run/words"
            cat "$run/words" >"$run/$word"
        done
    fi
    slurp output "$run/stdout"
    slurp stderr "$run/stderr"
    mapfile -t lines <<<"$output"
    local logs=("$run"/san/*)
    # After "--", valgrind says what itself can't do; and so, when it looks for leaks
    # in a process that is just ended, does the sanitizer.
    if [[ -s ${logs[0]} ]] && grep -qvE '^--[0-9]*-- |was not suspended[.] False leaks' "${logs[@]}"; then
        complain "no report of a sanitizer or of valgrind" "$(cat "${logs[@]}")"
    fi
}

# run_program [-t SECONDS] [-f BYTES] [-i FILE] PROGRAM [ARG...]: runs it to its end,
# with FILE as its standard input, or /dev/null. No file may get larger than BYTES.
run_program() {
    prepare_run "$@"
    "${launch[@]}" <"$input" 3>&- 4>&-
    collect
}

# start_program [-t SECONDS] PROGRAM [ARG...]: starts it and returns as soon as
# it runs. type_line writes to its standard input, end_input closes that. $pid
# is its number as seen from here, which isn't the number it sees itself.
start_program() {
    # A program that is held still for us must not be ended because we are slow.
    # But when its input has ended, it has no longer than others.
    prepare_run -t $((6 * DEADLINE)) -a "$DEADLINE" "$@"
    input=typed
    rm -f "$run/stdin" "$report"
    mkfifo "$run/stdin"
    exec {stdin}<>"$run/stdin"
    # The subshell must not keep our end: the program would never see its end.
    (
        exec {stdin}>&-
        exec "${launch[@]}"
    ) <"$run/stdin" 3>&- 4>&- &
    program_pid=$!
    wait_until "$DEADLINE" has_begun
    init=''
    # Fails if it has ended already: who waits for something would wait in vain.
    pid=$(outside "$(facts pid)") || return
    init=$(field "$pid" PPid)
}

has_begun() {
    [[ -e $report && $(<"$report") =~ (^|$'\n')pid\  ]]
}

type_line() {
    printf '%s\n' "$*" >&"$stdin"
}

end_input() {
    if [[ -n $stdin ]]; then
        exec {stdin}>&-
        stdin=''
    fi
}

# Waits for the end of what start_program started. Its input ends first.
finish_program() {
    end_input
    kill -s ALRM "$init" 2>/dev/null || true # its time runs from now on
    wait "$program_pid"
    program_pid=''
    collect
}

stop_program() {
    kill "$program_pid" 2>/dev/null || true
    # Only then its input: what it leaves at its end of that isn't its fault.
    wait "$program_pid" || true
    end_input
    program_pid=''
}

exec {never}<> <(:)
pause() { # pause [SECONDS]
    read -r -t "${1:-0.01}" -u "$never" || true
}

# wait_until SECONDS COMMAND...: runs the command again and again until it
# succeeds. Fails when that takes longer than SECONDS. What hasn't come soon is
# looked for less often: a wait in vain shall leave the processor to others.
wait_until() {
    local end=$((SECONDS + $1 + 1)) looks=0
    until "${@:2}"; do
        if ((SECONDS >= end)); then
            complain "within $1 s: ${*:2}" "not so after $1 s"
            return 1
        fi
        case $((looks++)) in
        ?) pause 0.01 ;;
        [1-4]?) pause 0.05 ;;
        *) pause 0.2 ;;
        esac
    done
}

# written TEXT: whether it has come out of the running program.
written() {
    grep -qF -- "$1" "$run/stdout"
}

# start PROGRAM [ARG...]: start_program for one that should go on running.
start() {
    if ! start_program "$@"; then
        finish_program
        complain "to run until its input ends" "$(how_it_ended)"
    fi
}

how_it_ended() {
    echo "it ended with $ended${stderr:+, standard error: $stderr}"
}

# Whether the command succeeds, or the program has ended: then nothing changes
# any more, and it is no use to wait.
is_so_or_over() {
    "$@" && return
    gone "$pid" && over=1
}

# await WORDS COMMAND...: waits until the command succeeds, or complains.
await() {
    local saw over=''
    if ! wait_until "$DEADLINE" is_so_or_over "${@:2}" 2>/dev/null ||
        { [[ $over ]] && ! "${@:2}"; }; then
        saw="not so after $DEADLINE s"$'\n'"$(doing "$pid")"
        if [[ -s $run/stdout ]]; then
            saw+=$'\n'"standard output: $(head -c 500 "$run/stdout" | cat -v)"
        fi
        if gone "$pid"; then
            finish_program
            saw=$(how_it_ended)
        fi
        complain "$1" "$saw"
    fi
}

# await_children NAME...: waits until those run, as children of the program.
await_children() {
    local name
    for name; do
        await "a child that runs $name" child_of "$pid" "$name" >/dev/null
    done
}

# lines_written TEXT N: whether N lines that have it have come out, at least.
lines_written() {
    (($(grep -cF -- "$1" "$run/stdout") >= $2))
}

# held WORDS PROGRAM [ARG...]: starts it, and waits until it has written that.
held() {
    start "${@:2}"
    await "to write: $1" written "$1"
}

# ends_by SIGNAL PID HOW: sends it; then the program has to end like that.
ends_by() {
    kill -s "$1" "$2"
    wait "$program_pid"
    finish_program
    assert_ended "$3"
}
