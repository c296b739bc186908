# Programs that attack the grader, a few of each kind: make hostile grades them all.

load ../lib/lab

setup() {
    unset MAKEFLAGS MAKELEVEL MFLAGS GRADING GRADE_USER
    PATH=${PATH//"$BATS_LIBEXEC:"/}
    needs jq jq
    needs parallel parallel
    cd "$top" || exit
    export TMPDIR=/tmp
}

teardown() {
    true
}

quick=(honest_solution honest_mistake honest_stub borrow daemon forged_report forged_tap
    include_solution kill_all own_kit spy_environment spy_files symlinked_source trace_grader)

@test "what attacks the grader is held in the sandbox, and its neighbours' grades are what they are without it" {
    run tools/hostile -j 2 "${quick[@]}"
    assert_success
}

@test "without namespaces a second user holds it, but for what is listed" {
    ((EUID == 0)) || skip "it takes root, or newuidmap (package uidmap)"
    run tools/hostile -u -j 2 "${quick[@]}"
    assert_success
}

@test "each hostile program says its verdict and what holds it; the list of what isn't held names only those" {
    for file in tests/hostile/*.c tests/hostile/*.sh; do
        assert_regex "$(<"$file")" 'Verdict: [0-9]+ of 50: '
        assert_regex "$(<"$file")" 'Held by: '
    done
    while IFS=$'\t' read -r name reason; do
        assert [ -e "tests/hostile/$name.c" ]
        assert [ -n "$reason" ]
    done <tests/hostile/not-held
}
