# What the awk programs in tools make of their input.

load ../lib/lab

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

teardown() {
    true
}

# stub K LINES...: the stub of a solution that has these lines.
stub() {
    printf '%s\n' "${@:2}" >solution.c
    run awk -v solved="$1" -f "$top/tools/stub.awk" solution.c
}

marked=(
    'int a;'
    '    /* TODO 1 BEGIN: first,'
    '     * in two lines */'
    '    one();'
    '    /* TODO 1 END */'
    '/* TODO 2 BEGIN: second */'
    'two();'
    '/* TODO 2 STAND-IN: return -1; */'
    '/* TODO 2 END */'
    'int b;'
)

@test "a stub has comments and stand-ins for the marked regions" {
    stub 0 "${marked[@]}"
    assert_success
    assert_output "int a;
    /* TODO 1: first,
     * in two lines */
/* TODO 2: second */
return -1;
int b;"
}

@test "the first regions can be left in, without their marks" {
    stub 1 "${marked[@]}"
    assert_output "int a;
    one();
/* TODO 2: second */
return -1;
int b;"
    stub 2 "${marked[@]}"
    assert_output "int a;
    one();
two();
int b;"
}

@test "marks that don't fit together are refused with file and line" {
    stub 0 '/* TODO 1 BEGIN: x */' '/* TODO 2 BEGIN: y */'
    assert_failure 2
    assert_line "solution.c:2: TODO 1 isn't ended yet; regions don't nest"
    stub 0 '/* TODO 1 BEGIN: x */'
    assert_failure 2
    assert_line "solution.c:1: TODO 1 has no END"
    stub 0 '/* TODO 1 END */'
    assert_line "solution.c:1: this END has no BEGIN before it"
    stub 0 '/* TODO 2 BEGIN: x */' '/* TODO 2 END */'
    assert_line "solution.c:2: TODO 1 is missing"
    stub 0 '/* TODO 1 BEGIN x */'
    assert_failure 2
    stub 0 'int a;'
    assert_line "solution.c:1: no TODO region"
}

# same EXPECTED SEEN: compares two outputs, given as printf formats.
same() {
    # shellcheck disable=SC2059
    printf "$1" >expected
    # shellcheck disable=SC2059
    printf "$2" >seen
    run awk -v unordered="${3:-}" -f "$top/tools/same.awk" expected seen
}

@test "in a transcript a PID stands for one number, everywhere the same" {
    same 'a[4711]: 4712\nb[4712]: 4711\n' 'a[21]: 22\nb[22]: 21\n'
    assert_success
    same 'a[4711]: 4712\nb[4712]: 4711\n' 'a[21]: 22\nb[22]: 22\n'
    assert_failure
    assert_line --index 0 "expected:  b[4712]: 4711"
    assert_line --index 1 "saw:       b[22]: 22"
    same 'a[4711]: 4712\n' 'a[21]: 21\n'
    assert_failure
    same 'at 0x55c0ffee00\nat 0x55c0ffee00\n' 'at 0x7f1\nat 0x7f2\n'
    assert_failure
}

@test "PIDs become 4711, 4712 and so on, wherever they are told" {
    run awk -f "$top/tools/pids.awk" <<'END'
lock3[815]: of 3, PID 9042, and 815
process 815 isn't 8150; pipe:[9042] is 9042
END
    assert_output "lock3[4711]: of 3, PID 4712, and 4711
process 4711 isn't 8150; pipe:[4712] is 4712"
}

@test "in a transcript a time is any time, any other number is itself" {
    same 'took 0.25 s, 3 times\n' 'took 12.5 s, 3 times\n'
    assert_success
    same 'took 0.25 s, 3 times\n' 'took 0.25 s, 4 times\n'
    assert_failure
    same 'took 0.25 s\n' 'took 1 s\n'
    assert_failure
    same '0.25 seconds too many\n' 'none\n'
    assert_failure
}

@test "a transcript's lines are all there, and no others, in order unless said" {
    same 'a\nb\n' 'a\n'
    assert_failure
    assert_line "saw:       (nothing more)"
    same 'a\n' 'a\nb\n'
    assert_failure
    same '' 'b\n'
    assert_failure
    same 'a\nb\n' 'b\na\n'
    assert_failure
    same 'a\nb\n' 'b\na\n' 1
    assert_success
    same 'a[4711]\nb[4712]\n4711 ended\n' '7 ended\nb[8]\na[7]\n' 1
    assert_success
}

# score TAP: what a student sees of it; three tests are worth 10, 20 and 30.
score() {
    printf '10\tone\n20\ttwo\n30\tthree, at #3\n' >points
    run awk -v exercise=07-x/ex1_y -f "$top/tools/score.awk" points - <<<"$1"
}

@test "points are those of the tests that passed" {
    score $'1..3\nok 1 one\nnot ok 2 two\n# (in test file x, line 3)\n#   `y\' failed\n# ran: z\nok 3 three, at #3'
    assert_failure
    assert_line "07-x/ex1_y: 40 of 60 points (66 %)"
    assert_line "    ran: z"
    refute_line --partial "in test file"
    score $'1..3\nok 1 one\nok 2 two\nok 3 three, at #3'
    assert_success
    assert_line "07-x/ex1_y: 60 of 60 points (100 %)"
}

@test "a skipped test counts neither for nor against, and says why" {
    score $'1..2\nok 1 one\nok 2 two # skip no bubblewrap'
    assert_success
    assert_line "07-x/ex1_y: 10 of 10 points (100 %)"
    assert_line "    no bubblewrap"
}

@test "no test, or a test without points, is an error" {
    score '1..0'
    assert_failure
    assert_line "07-x/ex1_y: bats ran no test"
    score 'ok 1 four'
    assert_failure
    assert_line "07-x/ex1_y: a test without points: four"
}
