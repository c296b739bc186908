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

# An exercise is one file or more, exN_name.EXT. Its name is what stands before
# the first point: a copy that was kept, exN_name.c.1.bak, is none of its files.

# exercises FOLDER [NAME...]: NAME is a lab or an exercise; prints LAB/EXERCISE
# for each that FOLDER, labs or solutions, has.
exercises() {
    local name path folder=$1
    shift
    for name in $(labs "$@"); do
        for path in "$folder/${name%/*}"/ex[0-9]_*.*; do
            path=${path#"$folder"/}
            path=${path%%.*}
            if [[ $(files_of "$folder" "$path") && ($name == "$path" || $name != */*) ]]; then
                echo "$path"
            fi
        done
    done | uniq
}

# files_of FOLDER LAB/EXERCISE: the files that it has there.
files_of() {
    local path
    for path in "$1/$2".*; do
        if [[ $path =~ /ex[^./]*\.[a-z]+$ && -e $path ]]; then
            echo "$path"
        fi
    done
}

# write_stub LAB/EXERCISE K FOLDER: writes its files into that folder, with TODO 1
# to K as they are in the solution, and the others still to do.
write_stub() {
    local paths
    mapfile -t paths < <(files_of solutions "$1")
    mkdir -p "$3"
    awk -v solved="$2" -v into="$3" -f tools/stub.awk "${paths[@]}"
}

# sources FOLDER: the source of each program in a lab's folder: its .c file, or, if
# it is a folder of its own, the main.c in there, whose first comment tells of all.
sources() {
    local path
    for path in "$1"/*.c "$1"/*/main.c; do
        if [[ -e $path ]]; then
            echo "$path"
        fi
    done
}

# program_of SOURCE: the name of the program that it is the source of.
program_of() {
    local path=${1%/main.c}
    path=${path##*/}
    echo "${path%.c}"
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

# folder_for SRC LAB/EXERCISE: where that is built of what lies in SRC: labs,
# solutions, or a folder in build/src.
folder_for() {
    local name=${1#build/src/}/
    echo "$BUILD/${name#labs/}${2%/*}"
}

# build_exercise SRC LAB/EXERCISE OUT: compiles one exercise, found in SRC, into
# folder OUT, both from the top; what isn't C is copied. Prints what the compiler
# says, if it says anything.
build_exercise() {
    local lab=${2%/*} targets copy
    # A file that the student has taken away must not be found there any more.
    while IFS= read -r copy; do
        [[ $copy == *.d || -e $1/$lab/${copy##*/} ]] || rm "$copy"
    done < <(files_of "${3%/*}" "${3##*/}/${2#*/}")
    mapfile -t targets < <(files_of "$1" "$2")
    targets=("${targets[@]##*/}")
    targets=("${targets[@]%.c}")
    # shellcheck disable=SC2069  # only its standard error is wanted
    make -s -C "labs/$lab" LAB="$lab" SRC="../../$1/$lab" OUT="../../$3" \
        "${targets[@]/#/../../$3/}" 2>&1 >/dev/null
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

# read_cpus: sets cpu_list to those that we may use: "0-3,6" is 0 1 2 3 6.
read_cpus() {
    local ranges range i
    cpu_list=()
    IFS=, read -ra ranges < <(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
    for range in "${ranges[@]}"; do
        for ((i = ${range%-*}; i <= ${range#*-}; i++)); do
            cpu_list+=("$i")
        done
    done
}

# The time that this machine's CPUs were taken away by its host, and all time.
steal() {
    awk '$1 == "cpu" { for (i = 2; i <= 9; i++) all += $i; print $9, all }' /proc/stat
}

# noise_begin; then noise_look before each measurement: whether others want a CPU.
# Others don't matter to us under chrt(1): the 39th field after the name.
noise_begin() {
    read -r noise_stolen noise_all < <(steal)
    noise_alone=$(($(sed 's/.*) //' /proc/self/stat | cut -d ' ' -f 39) > 0))
    noise_looks=0 noise_others=0
}

noise_look() {
    local running
    IFS=' /' read -r _ _ _ running _ </proc/loadavg
    noise_looks=$((noise_looks + 1))
    ((noise_alone || running <= 1)) || noise_others=$((noise_others + 1))
}

# noise_end: says so, if it was too noisy to judge.
noise_end() {
    local stolen all
    read -r stolen all < <(steal)
    awk -v stolen=$((stolen - noise_stolen)) -v all=$((all - noise_all)) \
        -v others="$noise_others" -v looks="$noise_looks" 'BEGIN {
        if (others > looks / 10)
            printf "Too noisy to judge: at %d of %d looks others wanted a CPU, too.\n", others, looks
        if (all > 0 && stolen / all > 0.02)
            printf "Too noisy to judge: the host took away %.0f %% of the time.\n", 100 * stolen / all }'
}

# say_distance NS: what a round trip between two that spin tells of the CPUs.
say_distance() {
    awk -v ns="$1" 'BEGIN {
        printf "From CPU to CPU a cache line takes some %.0f ns.", ns / 4
        if (ns > 400)
            printf " That is far: the two share no cache,\nand no ring can be fast between them."
        print "" }'
}

# stoppable COMMAND...: runs it, and ends it when we are asked to end: bash itself
# would first wait for it. Returns 130 then, and only when it has ended.
stoppable() {
    local child status=0 asked=''
    "$@" </dev/stdin &
    child=$!
    # Twice: the first time GNU parallel only begins nothing new.
    trap 'asked=1; kill -TERM "$child" 2>/dev/null; kill -TERM "$child" 2>/dev/null' INT TERM HUP
    while
        wait "$child" || status=$?
        [[ $asked ]] && kill -0 "$child" 2>/dev/null
    do
        pause_a_bit
        kill -TERM "$child" 2>/dev/null || true
    done
    trap - INT TERM HUP
    [[ ! $asked ]] || status=130
    return "$status"
}

pause_a_bit() {
    read -r -t 0.2 <> <(:) || true
}
