# tools/grade-class on small classes: whole or not at all, the same every time,
# none stopped by another. That each grade is true: tools/grade-truth. That hostile
# ones are held: hostile.bats.

load ../lib/lab

exercise=01-processes/ex1_spawn

setup() {
    unset MAKEFLAGS MAKELEVEL MFLAGS GRADING GRADE_USER
    PATH=${PATH//"$BATS_LIBEXEC:"/}
    needs jq jq
    needs parallel parallel
    work=$BATS_TEST_TMPDIR/work
    class=$work/class out=$work/out
    mkdir -p "$class" "$work/tmp"
    # The user who runs what was handed in goes through them.
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$work" "$work/tmp"
    export TMPDIR=$work/tmp
    cd "$top" || exit
}

teardown() {
    [[ ! ${BATS_TEST_SKIPPED:-} ]] || return 0
    expect "nothing left in the folder for temporary files" \
        assert_equal "$(ls -A "$work/tmp")" ""
}

# student NAME FROM: hands in FROM's program of the exercise: solutions, labs, or a patch.
student() {
    local file="$class/$1/labs/$exercise.c"
    mkdir -p "${file%/*}"
    if [[ $2 == *.patch ]]; then
        patch --quiet -o "$file" "solutions/$exercise.c" "tests/wrong/$exercise/$2"
    else
        cp "$2/$exercise.c" "$file"
    fi
}

grade_class() {
    run --separate-stderr tools/grade-class "$@" "$class" "$out" $exercise
}

points() { # points STUDENT [OUT]
    jq .points "${2:-$out}/students/$1/result.json"
}

@test "a class is graded: each student's folder, the grades, an overview; one bad submission stops none" {
    student "a b" solutions
    student "=1+'x'\$(id)" labs
    student "ö<b>" always_127.patch
    echo text >"$class/not one.zip"
    ln -s /nowhere "$class/dangling"
    mkdir "$class/empty"
    (cd "$class/a b" && tar -czf ../archive.tar.gz labs)
    grade_class -j 2
    assert_failure 1
    assert_equal "$(points 'a b') $(points "=1+'x'\$(id)") $(points 'ö<b>') $(points archive) $(points empty)" "50 0 45 50 0"
    run cut -d, -f1-3 "$out/grades.csv"
    assert_line "\"student\",\"$exercise\",\"points\""
    assert_line "\"'=1+'x'\$(id)\",0,0"
    assert_line '"a b",50,50'
    assert_regex "$(<"$out/not-graded")" "dangling"
    assert_file_contains "$out/overview.txt" "1 of [23] *a command that can't be run is 126"
    assert_file_contains "$out/overview.txt" "127 is for ENOENT alone"
    assert_file_contains "$out/overview.html" "ö&lt;b&gt;"
    refute grep -q '<b>' "$out/overview.html"
    # Nobody else reads grades.
    assert_equal "$(stat -c %a "$out")" 700
}

@test "two runs give the same grades to the byte, at one at a time and at two" {
    student one solutions
    student two always_127.patch
    student three silent_127.patch
    grade_class -j 1
    assert_success
    mv "$out" "$work/first"
    grade_class -j 2
    assert_success
    for file in grades.csv overview.txt overview.html; do
        cmp "$work/first/$file" "$out/$file"
    done
    grade_class -j 2
    assert_failure 2
    assert_regex "$stderr" "has grades already: RESUME=1"
}

@test "an interrupted run goes on where it was: none is graded twice, and the grades are the same" {
    for n in 1 2 3 4 5 6; do
        student "s$n" solutions
    done
    student s7 always_127.patch
    for signal in TERM INT; do
        rm -rf "$out"
        # A new process group, as make has from a terminal; and SIGINT isn't ignored.
        perl -e '$SIG{INT} = "DEFAULT"; setpgrp; exec @ARGV' tools/grade-class -j 2 "$class" "$out" $exercise >"$work/log" 2>&1 3>&- &
        pid=$!
        some_are_graded() { (($(find "$out/students" -name result.json 2>/dev/null | wc -l) >= 2)); }
        wait_until 60 some_are_graded
        if [[ $signal == INT ]]; then
            kill -s INT -- "-$pid" # as a terminal does: to all
        else
            kill -s TERM "$pid"
        fi
        code=0
        wait "$pid" || code=$?
        assert_equal "$code" 130
        assert_equal "$(ls -A "$work/tmp")" ""
        run pgrep -f "$work/class/s"
        assert_output ""
        before=$(find "$out/students" -name result.json -printf '%P %i %T@\n' | sort)
        (($(wc -l <<<"$before") < 7))
        grade_class -r -j 2
        assert_success
        after=$(find "$out/students" -name result.json -printf '%P %i %T@\n' | sort)
        expect "those graded before to be as they were" assert_equal "$(comm -12 <(echo "$before") <(echo "$after"))" "$before"
        assert_equal "$(wc -l <"$out/grades.csv")" 8
        assert_equal "$(points s7) $(points s1)" "45 50"
    done
    # Handed in anew: only that one is graded again.
    student s1 always_127.patch
    grade_class -r
    assert_line "7 submissions: 1 graded now, 0 not graded; see $out/overview.txt"
    assert_equal "$(points s1)" 45
}

@test "a full disk leaves whole grades or none; there is room again, and it goes on" {
    ((EUID == 0)) || skip "it takes root, or newuidmap (package uidmap)"
    student one solutions
    student two solutions
    run unshare --mount bash -c '
        mkdir -p "$1" && mount -t tmpfs -o size=256k none "$1" && chmod 700 "$1"
        head -c 180K /dev/zero >"$1/filler"
        tools/grade-class -j 1 "$2" "$1" $3
        echo "status $?"
        for file in "$1"/students/*/result.json; do
            [[ ! -e $file ]] || jq -e .points "$file" || echo "not whole: $file"
        done
        head -c 80K /dev/zero >>"$1/filler"; tools/grade-class -r -j 1 "$2" "$1" $3; echo "full: $?"
        for file in "$1"/students/*/result.json; do
            [[ ! -e $file ]] || jq -e .points "$file" || echo "not whole: $file"
        done
        rm "$1/filler"
        tools/grade-class -r -j 1 "$2" "$1" $3 && cat "$1/grades.csv"' - "$out" "$class" $exercise
    refute_line --partial "not whole"
    assert_line '"one",50,50,50,100,""'
    assert_line '"two",50,50,50,100,""'
}

@test "one of a Slurm array grades one, and -s makes the overview of all" {
    student one solutions
    student two labs
    grade_class -n 2
    assert_success
    assert [ ! -e "$out/students/one" ]
    grade_class -n 1
    grade_class -n 3
    assert_failure 2
    grade_class -s
    assert_success
    assert_equal "$(sed 1d "$out/grades.csv" | cut -d, -f1-2)" $'"one",50\n"two",0'
}

@test "hosts over ssh grade their part; one that doesn't answer is left out" {
    PATH+=:/usr/sbin
    needs sshd openssh-server
    local dir=$BATS_TEST_TMPDIR/ssh port=$((RANDOM % 20000 + 20000))
    mkdir -m 700 "$dir"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/user"
    cp "$dir/user.pub" "$dir/keys"
    printf '%s\n' "Port $port" "ListenAddress 127.0.0.1" "HostKey $dir/host" "PidFile $dir/pid" \
        "AuthorizedKeysFile $dir/keys" "StrictModes no" "UsePAM no" "PermitRootLogin yes" \
        "LogLevel ERROR" >"$dir/config"
    [[ $EUID != 0 ]] || mkdir -p /run/sshd
    "$(command -v sshd)" -f "$dir/config" -E "$dir/log" 3>&- || skip "sshd can't be started here: $(tail -n 1 "$dir/log")"
    wait_until 10 test -s "$dir/pid"
    way="ssh -p $port -i $dir/user -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR 127.0.0.1"
    printf '%s\n' "# hosts" "2/$way" "1/:" "1/ssh -o BatchMode=yes -o ConnectTimeout=1 -p 1 127.0.0.1" >"$work/hosts"
    student one solutions
    student two always_127.patch
    student three labs
    student four solutions
    run --separate-stderr env PATH="$PATH" GRADE_THERE="$dir/there" timeout 200 tools/grade-class -H "$work/hosts" "$class" "$out" $exercise
    kill "$(<"$dir/pid")"
    assert_success
    assert_regex "$stderr" "ssh -o BatchMode=yes .* can't be used"
    assert_equal "$(points one) $(points two) $(points three) $(points four)" "50 45 0 50"
    expect "what was copied there" assert [ -d "$dir/there" ]
    mv "$out" "$work/there"
    grade_class
    cmp "$work/there/grades.csv" "$out/grades.csv"
}
