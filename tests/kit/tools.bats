# The tools, on a copy of the kit in a folder with a space in its name.

load ../lib/lab

setup_file() {
    # An outer make must not tell the inner ones what to do.
    unset MAKEFLAGS MAKELEVEL MFLAGS LAB EX N BUILD SAN UNDER CI
    # Nor an outer bats the inner ones: it puts its own parts into PATH.
    PATH=${PATH//"$BATS_LIBEXEC:"/}
    export JOBS=1 kit="$BATS_FILE_TMPDIR/a kit"
    mkdir -p "$kit/build/tools"
    cp -R "$top"/{.gitignore,Makefile,README.md,common,labs,solutions,tests,tools} "$kit"
    cp -p "$top/build/tools/init" "$kit/build/tools"
    cd "$kit" || exit
    # These tests are about one small lab; another shows that it isn't alone.
    for lab in labs/*; do
        [[ $lab == labs/01-* ]] || rm -r "$lab" "solutions/${lab#*/}"
    done
    grep -lF '"../../labs/' tests/kit/*.c | xargs rm # these belong to one of those
    make -s new-lab NAME=98-demo
}

setup() {
    cd "$kit" || exit
}

teardown() {
    true
}

@test "make help has a line for every target that is meant to be called" {
    run make help
    assert_success
    for target in deps all tour check hint unlock reset gates grade gradescope autolab soak dist test stubs \
        lint timings new-lab clean clean-ipc xray pictures fuzz faults \
        model bench-ring bench-net bench-ipc bench-plots figures verdicts docs docs-check docs-browser; do
        assert_line --regexp "^  $target +[a-z]"
    done
}

@test "make with nothing to do does nothing" {
    make -s LAB=98
    run make LAB=98
    assert_success
    assert_output ""
}

@test "a lab builds from its own folder, and from anywhere by its path" {
    make -s clean
    (cd labs/98-demo && make -s)
    assert_file_executable build/98-demo/greeting
    rm -r build
    cd /
    make -s -C "$kit/labs/98-demo"
    assert_file_executable "$kit/build/98-demo/greeting"
}

@test "builds with another compiler or sanitizer stand beside each other" {
    make -s LAB=98 SAN=address,undefined
    assert_file_executable build/address-undefined/98-demo/greeting
    run make -s LAB=98 CC=gcc
    assert_file_executable build/gcc/98-demo/greeting
}

# wrong WORDS MESSAGE: "make WORDS" fails and says just that, in one line.
wrong() {
    local words
    read -ra words <<<"$1"
    run make "${words[@]}"
    assert_failure
    assert_equal "${#lines[@]}" 1
    assert_output --partial "$2"
}

@test "a wrong LAB, EX, JOBS, SAN or CC is one line that says what would be right" {
    wrong "tour LAB=55" "LAB=55: no such lab; there are 01-processes"
    wrong "check EX=98/7" "EX=98/7: no such exercise; there are"
    wrong "check EX=98/7" "98-demo/ex1_double"
    wrong "test JOBS=many" "JOBS=many: not a number from 1 up"
    wrong "hint" "EX= is missing"
    wrong "unlock EX=98/1" "TODO= is missing"
    wrong "new-lab" "NAME= is missing"
    wrong "all SAN=adress" "SAN=adress: not known here; say SAN=address,undefined or"
    wrong "all SAN=address CC=musl-gcc" "musl has no sanitizers"
    wrong "all CC=nosuchcc" "CC=nosuchcc: no such compiler here"
}

@test "a picture that isn't of what the program does is found, and drawn again" {
    needs strace strace
    needs dot graphviz
    local lab=labs/98-demo
    printf '%s\n' '<!-- xray graph: greeting -->' '![it](pictures/it.svg)' >>$lab/README.md
    run tools/pictures 98-demo
    assert_failure
    make -s pictures LAB=98
    tools/pictures 98-demo

    sed -i 's/greeting/changed/' $lab/pictures/it.svg
    run tools/pictures 98-demo
    assert_failure
    make -s pictures LAB=98
    cp $lab/greeting.c "$BATS_TEST_TMPDIR"
    sed -i '/say(/i\        if (chdir("/") == -1)\n            return 1;' $lab/greeting.c
    make -s examples LAB=98
    run tools/pictures 98-demo
    assert_failure
    assert_output --partial "$lab/pictures/it.svg isn't what 'greeting' does now"
    cp "$BATS_TEST_TMPDIR/greeting.c" $lab
}

@test "new-lab refuses names that can't be, and labs that are there" {
    run tools/new-lab 9-x
    assert_failure 2
    assert_output "new-lab: NAME=9-x: a lab is named like 17-topic: two digits, a dash, lower-case letters"
    run tools/new-lab ../x
    assert_failure 2
    run tools/new-lab 98-other
    assert_failure 2
    assert_output "new-lab: NAME=98-other: there is 98-demo already"
}

@test "a new lab passes its tests and gates, and its tour" {
    run make test LAB=98
    assert_success
    assert_line "4 passed, 0 failed, 0 skipped"
    run make gates LAB=98
    assert_success
    assert_line "gates: 5 passed, 0 failed"
    run make tour LAB=98
    assert_success
    assert_line "1 examples ran as they should, 0 did not."
}

@test "the tour fails when an example misbehaves" {
    cp labs/98-demo/greeting.c "$BATS_TEST_TMPDIR"
    sed -i 's/^ \* Try: .*/ * Try:   greeting; sleep 99 \& exit 4/' labs/98-demo/greeting.c
    run make tour LAB=98
    cp "$BATS_TEST_TMPDIR/greeting.c" labs/98-demo
    assert_failure
    assert_line "not as it should: 98-demo/greeting"
    assert_output --partial "left process"
    assert_output --partial "it should have ended with exit 0"
}

@test "check gives the untouched stub 0 points, and says where to begin" {
    run make check EX=98/1
    assert_failure
    assert_line "98-demo/ex1_double: 0 of 100 points (0 %)"
    assert_output --partial "Everyone begins at 0"
    assert_line --regexp '^✗ each byte is written twice .* 0/60$'
    assert_line --regexp '^    likely:    a byte is written once'
}

@test "check gives the solution all points" {
    cp solutions/98-demo/ex1_double.c labs/98-demo
    run make check EX=98/1
    make -s reset EX=98/1
    assert_success
    assert_line "98-demo/ex1_double: 100 of 100 points (100 %)"
}

@test "check shows what the compiler says, and goes on with the rest" {
    echo 'int broken' >labs/98-demo/ex1_double.c
    run make check LAB=98
    make -s reset EX=98/1
    assert_failure
    assert_line --partial "It doesn't compile"
    assert_line --partial "ex1_double.c:1"
    assert_line "98-demo/ex1_double: 0 of 100 points (0 %)"
}

@test "a student's broken exercise stops neither the examples nor the tests" {
    echo 'int broken' >labs/98-demo/ex1_double.c
    run make tour test LAB=98
    make -s reset EX=98/1
    assert_success
}

@test "unlock fills in the first steps and keeps what was there" {
    rm -f labs/98-demo/*.bak
    echo '/* mine */' >labs/98-demo/ex1_double.c
    run make unlock EX=98/1 TODO=1
    assert_success
    assert_line "kept yours as labs/98-demo/ex1_double.c.1.bak"
    assert_file_contains labs/98-demo/ex1_double.c 'write_full(STDOUT'
    assert_file_contains labs/98-demo/ex1_double.c 'TODO 2: '
    assert_file_contains labs/98-demo/ex1_double.c.1.bak 'mine'
    run tools/unlock 98-demo/ex1_double 3
    assert_failure 2
    assert_output "unlock: TODO=3: 98-demo/ex1_double has TODO 1 to 2"
    run make reset EX=98/1
    assert_line "kept yours as labs/98-demo/ex1_double.c.2.bak"
    cmp labs/98-demo/ex1_double.c <(awk -v solved=0 -f tools/stub.awk solutions/98-demo/ex1_double.c)
}

@test "hints come one at a time, and there are three" {
    run make hint EX=98/1
    assert_line --partial "read_full"
    refute_output --partial "array of two"
    run make hint EX=98/1 STEP=3
    assert_line --partial "array of two"
    run make hint EX=98/1 STEP=4
    assert_failure
    assert_line "hint: STEP=4: there are hints 1, 2 and 3"
}

@test "gates find a wrong program that isn't caught, and a test that catches none" {
    patch=tests/wrong/98-demo/ex1_double/adds_two.patch
    cp "$patch" "$BATS_TEST_TMPDIR"
    sed -i 's/^Caught by: .*/Caught by: a write that fails is reported/' $patch
    run make gates LAB=98
    cp "$BATS_TEST_TMPDIR/adds_two.patch" $patch
    assert_failure
    assert_line "FAILED wrong 98-demo/ex1_double (adds_two): it isn't caught by: a write that fails is reported"
    assert_line "FAILED 98-demo/ex1_double: no wrong program is caught by: each byte is written twice"
}

@test "gates find a wrong program that is caught only now and then" {
    patch=tests/wrong/98-demo/ex1_double/adds_two.patch
    cp "$patch" "$BATS_TEST_TMPDIR"
    # The kernel chooses where the stack begins.
    sed -i 's/(byte + 2)/(byte + (unsigned long)\&byte \/ 16 % 2)/' $patch
    run make gates LAB=98 N=30 ONLY=adds
    cp "$BATS_TEST_TMPDIR/adds_two.patch" $patch
    assert_failure
    assert_line "FAILED wrong 98-demo/ex1_double (adds_two): it isn't caught by: each byte is written twice (each of 30 times)"
    assert_line "gates: 1 passed, 1 failed"
    run make gates LAB=98 ONLY=no_such
    assert_failure
    assert_line "FAILED ONLY=no_such: no stub, solution or wrong program of that name"
}

@test "gates find a stub that scores, and a stub that isn't the solution's" {
    cp solutions/98-demo/ex1_double.c "$BATS_TEST_TMPDIR"
    mv tests/wrong/98-demo "$BATS_TEST_TMPDIR"
    # Everything is given, and what is left to do is nothing.
    sed -i '/TODO/d; $a /* TODO 1 BEGIN: rest */\n/* TODO 1 END */' \
        solutions/98-demo/ex1_double.c
    run make gates LAB=98
    cp "$BATS_TEST_TMPDIR/ex1_double.c" solutions/98-demo
    mv "$BATS_TEST_TMPDIR/98-demo" tests/wrong
    assert_failure
    assert_line "labs/98-demo/ex1_double.c isn't the stub of solutions/98-demo/ex1_double.c: make stubs"
    assert_line --partial "FAILED stub 98-demo/ex1_double: it scores 100 of 100 points, in "
}

@test "students get no solutions and no wrong programs" {
    needs git git
    git init -q
    git add -A
    git -c user.name=x -c user.email=x@example.org commit -qm x
    echo 'a student wrote this' >>labs/98-demo/ex1_double.c
    run make dist
    git checkout -q labs/98-demo/ex1_double.c
    rm -rf .git
    assert_success
    tar -xzf build/ipc-labs.tar.gz -C "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR/ipc-labs"
    refute [ -e solutions ]
    refute [ -e tests/wrong ]
    refute grep -rqE 'TODO [0-9]+ (BEGIN|END)|student wrote' labs stubs tests
    run make check EX=98/1
    assert_line "98-demo/ex1_double: 0 of 100 points (0 %)"
    run make reset EX=98/1
    assert_success
    run make unlock EX=98/1 TODO=1
    assert_line "unlock: this copy of the kit has no solutions; ask whoever gave it to you"
    run make test LAB=98
    assert_line "2 passed, 0 failed, 0 skipped"
}

@test "deps takes nothing or all, and says so" {
    run tools/deps -h
    assert_success
    assert_line --partial "Usage: deps [grade | all]"
    run tools/deps everything
    assert_failure 2
    assert_output "deps: 'everything': say nothing, grade or all"
}

@test "the commands of a transcript's session know of each other" {
    make -s examples LAB=98
    sed -i '/^```console/,/^```$/d' labs/98-demo/README.md
    printf '%s\n' '```console session' "\$ word='it is'; touch a" '$ ls' 'a' \
        '$ echo "$word"; greeting; rm a' 'it is' 'greeter[4711]: hello' '```' >>labs/98-demo/README.md
    run tools/transcript 98-demo
    assert_success
    cp labs/98-demo/README.md before
    sed -i '/^it is$/d; s/; rm a$//' labs/98-demo/README.md
    run tools/transcript 98-demo
    assert_failure
    assert_line "expected:  greeter[4711]: hello"
    assert_line "saw:       it is"
    assert_line --regexp "the transcript of: a session that begins with word='it is'; touch a$"
    sed -i 's/greeting$/&; rm a/' labs/98-demo/README.md
    tools/transcript -u 98-demo
    run diff before labs/98-demo/README.md
    assert_success
}
