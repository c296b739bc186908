# The uploads for sites that grade, in trees like theirs.

load ../lib/lab

setup_file() {
    unset MAKEFLAGS MAKELEVEL MFLAGS LAB EX BUILD SAN UNDER CI SANDBOX BIN NO_TRACING DEADLINE
    PATH=${PATH//"$BATS_LIBEXEC:"/}
    export kit=$BATS_FILE_TMPDIR/kit SLOWNESS=100
    mkdir -p "$kit/build"
    cp -R "$top"/{.gitignore,Makefile,README.md,common,tests,tools} "$kit"
    mkdir "$kit"/{labs,solutions}
    cd "$kit" || exit
    rm -r tests/exercises/* tests/wrong/*
    cp -R "$top/labs/01-processes" labs
    for lab in 97-one 98-two; do
        make -s new-lab NAME=$lab >/dev/null
    done
    rm -rf labs/01-processes
    if command -v git >/dev/null; then # else each test is skipped
        git init -q
        git add .
        git -c user.name=a -c user.email=b commit -qm x
    fi
}

setup() {
    needs jq jq
    needs git git
    ((EUID == 0)) || skip "Gradescope grades as root, and so does this test"
    cd "$kit" || exit
    export AUTOGRADER=$BATS_TEST_TMPDIR/autograder NO_INSTALL=1 SANDBOX=user GRADE_USER=63100
    chmod 711 "$BATS_RUN_TMPDIR"
}

teardown() {
    true
}

@test "Gradescope gets its results, in a tree like its own" {
    needs zip zip
    needs unzip unzip
    mkdir -p "$AUTOGRADER"/{submission,source} more
    printf 'load ../lib/lab\n# bats test_tags=ex:1,points:10\n@%s "hidden" {\n    true\n}\n' test >more/97-one.bats
    echo 'due 2026-01-01 UTC' >policy
    echo 'late 24 10' >>policy
    run make gradescope LAB=97 HIDDEN=more POLICY=policy
    assert_success
    unzip -q build/gradescope.zip -d "$AUTOGRADER/source"
    run find "$AUTOGRADER/source" -name solutions -o -name wrong -o -name .git
    assert_output ""
    assert_file_executable "$AUTOGRADER/source/setup.sh"
    "$AUTOGRADER/source/setup.sh" >/dev/null 2>&1
    cp "$AUTOGRADER/source/run_autograder" "$AUTOGRADER"
    cp solutions/97-one/ex1_double.c "$AUTOGRADER/submission"
    echo '{"users": [{"id": 12}, {"id": 34}], "created_at": "2026-01-01T10:00:00.000000-08:00"}' \
        >"$AUTOGRADER/submission_metadata.json"
    "$AUTOGRADER/run_autograder"
    results=$AUTOGRADER/results/results.json
    assert_equal "$(jq -r '.score' "$results")" 90
    assert_equal "$(jq -r '.tests[] | "\(.number) \(.status) \(.score) \(.visibility)"' "$results" | paste -sd,)" \
        "1.1 passed 60 visible,1.2 passed 40 visible,1.3 passed 10 after_published"
    assert_equal "$(jq -r '.extra_data | "\(.sandbox) \(.seed)"' "$results")" "user $(printf 12-34 | cksum | cut -d' ' -f1)"
}

@test "if the grader itself fails, Gradescope shows that it did" {
    mkdir -p "$AUTOGRADER"/{submission,source/kit}
    bash tools/upload.d/run_autograder 2>/dev/null
    assert_equal "$(jq -r '.output' "$AUTOGRADER/results/results.json")" \
        "The grader itself failed; tell your instructor. This is not your grade."
}

@test "Autolab's make ends with the line of scores" {
    run make autolab
    assert_success
    mkdir "$BATS_TEST_TMPDIR/lab"
    cp build/autolab/{autograde.tar,Makefile} "$BATS_TEST_TMPDIR/lab"
    tar -C solutions -czf "$BATS_TEST_TMPDIR/lab/handin.tgz" --transform 's|^|top/labs/|' 97-one/ex1_double.c
    cd "$BATS_TEST_TMPDIR/lab"
    run make
    assert_success
    assert_equal "${lines[-1]}" '{"scores":{"97-one/ex1_double":100,"98-two/ex1_double":0}}'
    rm -r kit handin.tgz out
    cp "$kit/labs/97-one/ex1_double.c" .
    run make
    assert_success
    assert_equal "${lines[-1]}" '{"scores":{"97-one/ex1_double":0,"98-two/ex1_double":0}}'
}
