# lib.bash: what several tools need. Sourced; sets $top and goes there.
#
# The Makefile checks LAB= and EX= and passes names that exist: "07-pipes" or
# "07-pipes/ex1_pipeline". Used by hand, a tool takes the same names.

set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"
BUILD=${BUILD:-build}

# fail WORDS: one line on standard error, exit status 2.
fail() {
    echo "${0##*/}: $*" >&2
    exit 2
}

# live_awk ARG...: awk that shows each line at once: mawk would first wait for
# all of its input.
live_awk() {
    if awk -W version 2>&1 </dev/null | grep -q mawk; then
        awk -W interactive "$@"
    else
        awk "$@"
    fi
}

# job_count FACTOR: how much may run at the same time: JOBS, or that many for each
# processor, if the jobs mostly wait. Without a sandbox every run sees
# the others' processes and IPC objects, and would take them for its leftovers.
job_count() {
    if [[ $SANDBOX == bwrap ]] && command -v parallel >/dev/null; then
        echo "${JOBS:-$(($(nproc) * $1))}"
    else
        echo 1
    fi
}

# labs [NAME...]: those labs, or all.
labs() {
    if (($# > 0)); then
        printf '%s\n' "$@"
    else
        find labs -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort
    fi
}

# exercises FOLDER [NAME...]: NAME is a lab or an exercise; prints LAB/EXERCISE
# for each that FOLDER, labs or solutions, has.
exercises() {
    local name path folder=$1
    shift
    for name in $(labs "$@"); do
        for path in "$folder/${name%/*}"/ex*_*.c; do
            path=${path#"$folder"/} path=${path%.c}
            if [[ -e $folder/$path.c && ($name == "$path" || $name != */*) ]]; then
                echo "$path"
            fi
        done
    done
}

# files_of LAB/EXERCISE: its files, "LAB/NAME.c".
files_of() {
    echo "$1.c"
}

# tag_of LAB/EXERCISE: the tag that its tests have.
tag_of() {
    local number=${1#*/ex}
    echo "ex:${number%%_*}"
}

# tests_of LAB/EXERCISE: the file that has its tests. Where those of a lab would
# be too long a file, each exercise has its own: LAB.ex1.bats.
tests_of() {
    local file tag
    tag=$(tag_of "$1")
    file=tests/exercises/${1%/*}.${tag/:/}.bats
    [[ -e $file ]] || file=tests/exercises/${1%/*}.bats
    echo "$file"
}

# build_exercise LAB EXERCISE SRC OUT: compiles one exercise found in folder
# SRC into folder OUT, both from the top. Prints what the compiler says, if it
# says anything.
build_exercise() {
    # shellcheck disable=SC2069  # only its standard error is wanted
    make -s -C "labs/$1" LAB="$1" SRC="../../$3" OUT="../../$4" "../../$4/$2" \
        2>&1 >/dev/null
}

# points_of FILE.bats [TAG]: "POINTS<tab>TEST NAME" of each test in it (that
# has the tag), from the comment before it: "# bats test_tags=ex:1,points:10".
points_of() {
    awk -v tag="${2:-}" '
        /^# bats test_tags=/ {
            tags = "," substr($0, length("# bats test_tags=") + 1) ","
        }
        /^@test "/ {
            name = $0
            sub(/^@test "/, "", name)
            sub(/" *\{ *$/, "", name)
            points = tags
            if (!sub(/.*,points:/, "", points))
                points = 0
            if (tag == "" || index(tags, "," tag ","))
                printf "%d\t%s\n", points, name
            tags = ""
        }' "$1"
}

# spread FILE: of the numbers in it, a line each, the median, least and greatest.
spread() {
    sort -g "$1" | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)], t[1], t[NR] }'
}
