# lab.bash: what every test file loads. The file's name, up to the first point,
# says which lab it is about, and where it lies whether it tests examples or exercises.
#
# shellcheck disable=SC2034  # several variables here are for the tests to read
#
# Every program under test is run through run_program or start_program, and so
# through tools/sandbox. Nothing else may run one.

bats_require_minimum_version 1.8.0

# bats loads a test's file anew for each test: bats_load_library, with the many
# processes it starts, would take longer than the tests themselves.
load_library() {
    local folder file
    for folder in ${BATS_LIB_PATH//:/ } /usr/lib/bats /usr/lib /usr/share/bats \
        /usr/local/lib/node_modules /usr/lib/node_modules; do
        if [[ -d $folder/$1/src ]]; then
            for file in "$folder/$1"/src/*.bash; do
                # shellcheck disable=SC1090
                source "$file"
            done
            return
        fi
    done
    echo "$1 is missing: install it with 'make deps'" >&2
    return 1
}
load_library bats-support
load_library bats-assert
load_library bats-file

top=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
LAB=${BATS_TEST_FILENAME##*/}
LAB=${LAB%%.*}
BUILD=${BUILD:-build}

source "$top/tests/lib/run.bash"
source "$top/tests/lib/proc.bash"
source "$top/tests/lib/trace.bash"
source "$top/tests/lib/hold.bash"

case ${BATS_TEST_FILENAME#"$top/tests/"} in
kit/*) export BIN=$top/$BUILD/kit ;;
exercises/*) export BIN=${EXERCISES:-$top/$BUILD/solutions/$LAB} ;;
*) export BIN=$top/$BUILD/$LAB ;;
esac
export SANDBOX=${SANDBOX:-$("$top/tools/sandbox" -q)}
# Why nothing can be traced here, if so.
export NO_TRACING=${NO_TRACING-$(strace -o /dev/null true 2>&1)}

# How many seconds a program may take. Nothing here is slow, but the machine may
# be: more when others want to run, too (proc_loadavg(5)).
read -r load _ </proc/loadavg
# But no more for one who makes the machine busy to be waited for.
[[ ! ${GRADING+set} ]] || load=$((${load%.*} < 20 ? ${load%.*} : 20))
DEADLINE=${DEADLINE:-$(((2 * ${load%.*} + $([[ ${UNDER:-}${SAN:-} ]] && echo 30 || echo 5)) * ${SLOWNESS:-100} / 100))}

# For make gates N=: a test that fails is repeated, until it has failed so often. If it
# passes once, it has passed.
BATS_TEST_RETRIES=$((${FAILURES:-1} - 1))

# A grade can be looked at again: with the same numbers. What a subshell draws from
# RANDOM doesn't follow.
if [[ ${GRADE_SEED:-} ]]; then
    RANDOM=$GRADE_SEED
    shuf() {
        command shuf --random-source=<(awk -v seed="$GRADE_SEED" 'BEGIN {
            srand(seed); for (i = 0; i < 4096; i++) printf "%f", rand() }') "$@"
    }
fi

setup() {
    begin_test
}

teardown() {
    end_test
}

# For a file, too, that has a setup and a teardown of its own: manager.bash, say.
begin_test() {
    work=$BATS_TEST_TMPDIR/run/work
    mkdir -p "$work"
    # bats follows each step that a function takes: that would be most of the work.
    set +T
    if [[ ${GRADING_USER:-} ]]; then
        # The program is another user's, and may have to write to what we make.
        umask 0
        chmod 711 "$BATS_RUN_TMPDIR"
    fi
    [[ ! ${GRADING+set} ]] || began_at=${EPOCHREALTIME/[.,]/} pressure_then=$(pressure)
    runs=0 ran='' likely='' read_more='' allowed='' program_pid='' stdin='' unkind=()
}

end_test() {
    if [[ -n $program_pid ]]; then
        stop_program
    fi
    local code=0
    [[ ! ${GRADING+set} || ${BATS_TEST_COMPLETED:-} ]] || say_if_undisturbed
    assert_nothing_left || code=1
    # What is there would count for the next program, too, when it is graded.
    [[ ! ${GRADING+set} ]] || rm -rf "$work" 2>/dev/null || true
    return $code
}

# For how many microseconds, ever, somebody on this machine has waited for a CPU, for
# memory, or for a disk; and the host has taken a CPU away. Nothing where the kernel
# doesn't count that. See Documentation/accounting/psi.rst of the kernel, proc_stat(5).
pressure() {
    cat "${PRESSURE:-/proc/pressure}"/{cpu,memory,io} /proc/stat 2>/dev/null | awk '
        $1 == "some" { sub(/.*total=/, ""); sum += $0; files++ }
        $1 == "cpu" { sum += $9 * 10000 }
        END { if (files == 3) printf "%d", sum }'
}

# For the grader, of a test that has failed: if it took too long, the machine isn't to
# blame, for most of that time everybody had all that there was to have.
say_if_undisturbed() {
    local now
    now=$(pressure)
    if [[ $now ]] && ((2 * (now - pressure_then) < ${EPOCHREALTIME/[.,]/} - began_at)); then
        echo undisturbed
    fi
}

# Says what a failure of the assertions that follow would most likely come
# from, and what to read. Shown with the failure.
likely() {
    likely=$1
    read_more=${2:-}
}

# Fails the test with what ran, what was expected and what was seen instead.
complain() {
    local field found
    found=$(why)
    if [[ $found ]]; then
        likely=${found%%$'\t'*}${likely:+$'\n'$likely}
        found=${found%%$'\n'*}
        found=${found#*$'\t'}
        if [[ $read_more != *"$found"* ]]; then
            read_more=$found${read_more:+; $read_more}
        fi
    fi
    for field in "ran:$ran" "expected:$1" "saw:$2" "likely:$likely" \
        "read:$read_more"; do
        if [[ -n ${field#*:} ]]; then
            printf '%-10s %s\n' "${field%%:*}:" \
                "${field#*:}" | sed '2,$s/^/           /'
        fi
    done >&2
    return 1
}

# expect WORDS ASSERTION...: runs the assertion, of bats-assert, say, and puts
# its message where it belongs in ours.
expect() {
    local message
    if ! message=$("${@:2}" 2>&1); then
        complain "$1" "$message"
    fi
}

# assert_ended "exit 0": how the program ended. A timeout shows who waited.
assert_ended() {
    if [[ $ended != "$1" ]]; then
        local saw=$ended
        case $ended in
        timeout*)
            saw="still running after ${ended#timeout } s"$'\n'$(
                facts stuck
            )
            ;;
        signal\ XFSZ) saw+=": it wrote more than it is allowed to" ;;
        esac
        if [[ -n $stderr ]]; then
            saw+=$'\n'"standard error: $(head -c 2000 "$run/stderr")"
        fi
        complain "${2:-to end with $1}" "$saw"
    fi
}

# assert_same_bytes FILE: that the program has written exactly what is in it.
assert_same_bytes() {
    local difference
    if ! difference=$(cmp "$1" "$run/stdout" 2>&1); then
        complain "on standard output, $(wc -c <"$1") bytes, as from a shell's pipe" \
            "$(wc -c <"$run/stdout") bytes; ${difference/"$1"/expected}"
    fi
}

# Every process that the program started was also waited for by its parent.
assert_every_child_waited_for() {
    if ((adopted > 0)); then
        complain "every child waited for by its parent" \
            "$adopted ended, or had ended, when their parent was gone already"
    fi
}

# allow_left REGEX: what the report may say was left, "file ./log .*", say.
allow_left() {
    allowed="$allowed${allowed:+|}$1"
}

# Called after every test: no process, file, queue or other object stayed.
assert_nothing_left() {
    local file left
    for file in "$BATS_TEST_TMPDIR"/run/report "$BATS_TEST_TMPDIR"/run/*/report; do
        [[ -e $file ]] || continue
        left=$(facts left "$file")
        if [[ $left ]]; then
            left=$(grep -vxE "${allowed:-nothing}" <<<"$left") || continue
            complain "nothing left behind" "$left" || return 1
        fi
    done
}

# Skips a test, visibly, of what valgrind has its own of: descriptors, limits and
# the name of a process.
not_under_valgrind() {
    if [[ ${UNDER:-} == valgrind ]]; then
        skip "valgrind has descriptors and a name of its own"
    fi
}

# Skips a test, visibly, that counts system calls: sanitizers make their own.
not_under_sanitizers() {
    if [[ ${SAN:-} ]]; then
        skip "sanitizers make system calls of their own"
    fi
}

# only_tools TOOL...: sets only, a folder for PATH that has these, and those of
# earlier calls in this test, and no others.
only_tools() {
    local tool
    only=$BATS_TEST_TMPDIR/only
    mkdir -p "$only"
    for tool; do
        ln -s "$(type -P "$tool")" "$only"
    done
}

# needs COMMAND PACKAGE: skips a test, visibly, where a tool is missing.
needs() {
    if ! command -v "$1" >/dev/null; then
        skip "$1 is missing: install $2"
    fi
}
