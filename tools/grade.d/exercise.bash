# exercise.bash: grades one exercise of a submission. Sourced by tools/grade.
# shellcheck disable=SC2154  # tools/grade sets what is used here

readonly MOST=600 # seconds for all tests of an exercise

# grade_exercise LAB/EXERCISE: into $work/results.
grade_exercise() {
    local exercise=$1 lab=${1%/*} id=${1//\//.} into=$work/results/${1//\//.}
    local status why='' tests tag late
    tests=("$(tests_of "$exercise")") tag=$(tag_of "$exercise")
    mkdir -p "$into" "$kit/build/src/$lab"
    : >"$into/compiler"
    : >"$into/tap"
    points_of "${tests[0]}" "$tag" >"$into/points"
    if [[ -e $kit/tests/exercises/$lab.hidden.bats ]]; then
        tests+=("tests/exercises/$lab.hidden.bats")
        points_of "$kit/${tests[1]}" "$tag" | sed 's/^/h/' >>"$into/points"
    fi

    find_files
    [[ $status != graded ]] || compile
    if [[ $status == graded ]]; then
        why="This test didn't run to its end: all tests together took too long, or they were ended."
        alone=-s run_tests .
        write_exercise
        late=$(jq -r '.tests[] | select(.status == "timeout") | .name' "$into/result.json" |
            grep -vxF -f <(undisturbed_tests)) || true
        if [[ $late ]]; then # others may have kept the machine busy
            # shellcheck disable=SC2016  # no expansion meant
            alone=-x run_tests "$(sed 's/[][\.*^$(){}?+|/]/\\&/g' <<<"$late" | paste -sd '|' | sed 's/.*/^(&)$/')"
        fi
    fi
    write_exercise
    [[ $quiet ]] || jq -r '"\(.exercise): \(.points) of \(.of)\(if .status == "graded" then "" else ", \(.status)" end)"' "$into/result.json"
}

# Those that failed while the machine had time for them (tests/lib/lab.bash).
undisturbed_tests() {
    sed -nE '/^not ok /{s/^not ok [0-9]+ (.*) in [0-9]+ms$/\1/; h}; /^# undisturbed$/{g; p}' "$into/tap"
}

write_exercise() {
    jq -Rn --arg exercise "$exercise" --arg status "$status" --arg why "$why" \
        --rawfile compiler "$into/compiler" --rawfile points "$into/points" \
        -f tools/grade.d/exercise.jq "$into/tap" >"$into/result.json"
}

# find_files: lays those of the exercise into the kit's copy, or sets status.
find_files() {
    local file reason same=1
    status=graded
    for file in $(files_of labs "$exercise"); do
        file=${file#labs/}
        if [[ ! -f $work/in/files/$file ]]; then
            reason=$(sed -n "s|^\(.*/\)\?labs/$file\t||p" "$work/in/refused" | head -n 1)
            status=missing why="$file is not in the submission."
            if [[ $reason ]]; then
                status=refused why="$file was refused: $reason."
            fi
            return
        fi
        cmp -s "$work/in/files/$file" "labs/$file" || same=''
        cp "$work/in/files/$file" "$kit/build/src/$lab/"
    done
    if [[ $same ]]; then
        status=stub why="This is the exercise as it came: nothing of it has been written."
    fi
}

compile() {
    local out=$kit/build/run/$exercise dir=$work/compile/$id
    mkdir -p "$out" "$dir"
    own "$out"
    [[ $GRADING_USER ]] || own "$dir"
    GRADING="$kit/build/common:$kit/build/$lab:$kit/common:$kit/labs:$kit/tools:$kit/build/src/$lab" \
        sandboxed "$dir" -t 60 -f $((64 << 20)) -w "$out" -- \
        "$kit/tools/grade.d/compile" build/src "$exercise" "build/run/$exercise" || true
    sed -E "s|[^ ]*build/src/$lab/||g; /^make: /d" "$dir/stdout" |
        { head -c 16384 && cat >/dev/null; } >"$into/compiler"
    if ! grep -qsx 'exit 0' "$dir/report"; then
        sed -nE 's/^timeout (.*)/The compiler was ended: it took longer than \1 s./p
            s/^over memory (.*)/The compiler was ended: it used more than \1 bytes of memory./p' \
            "$dir/report" >>"$into/compiler"
        status="compile error" why="It doesn't compile."
    fi
    clean_up_after_user
    find "$out" ! -type f ! -type d -delete
    [[ ! $GRADING_USER ]] || chown -hR root:root "$out"
}

# run_tests FILTER: runs the tests of the exercise, and adds to its tap what they say.
# alone: -s if others may run tests meanwhile, -x if not: the first of these waits
# until the others are done, and the next ones wait for it.
run_tests() {
    local dir=$work/tests/$id words seen patience=$MOST
    if [[ $ends ]]; then
        patience=$((ends - EPOCHSECONDS))
        patience=$((patience > MOST ? MOST : patience))
        ((patience > 0)) || return 0
    fi
    rm -rf "$dir"
    mkdir -p "$dir"
    [[ $GRADING_USER ]] || own "$dir"
    printf -v seen '%s:' "$kit/build/tools" "$kit/build/lib" "$kit/build/13-sockets" \
        "$kit/tests/lib" "$kit/build/run/$exercise"
    words=(env GRADING="$seen" GRADING_USER="$GRADING_USER" GRADE_SEED="$seed"
        SLOWNESS="$slowness" SANDBOX="$SANDBOX" NO_TRACING="$NO_TRACING"
        EXERCISES="$kit/build/run/$exercise"
        bats --tap --timing --filter-tags "$tag" --filter "$1" "${tests[@]/#/$kit/}")
    exec {turn}>"$lock.turn" {running}>"$lock"
    flock "$turn"
    flock "$alone" "$running"
    flock -u "$turn"
    if [[ $SANDBOX == bwrap ]]; then
        GRADING='' TMP_SIZE=$((512 << 20)) sandboxed "$dir" -n -t "$patience" -f $((64 << 20)) \
            -s "$kit" -w "$kit/build/.helpers.lock" -- "${words[@]}" {turn}>&- {running}>&- || true
    else
        TMPDIR=$dir timeout -k 5 "$patience" "${words[@]}" >"$dir/stdout" 2>/dev/null \
            </dev/null {turn}>&- {running}>&- || true
        clean_up_after_user
    fi
    exec {turn}>&- {running}>&-
    cat "$dir/stdout" >>"$into/tap"
}
