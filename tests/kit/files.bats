# Exercises of several files, that aren't C, in a copy of the kit.

load ../lib/lab

lab=98-demo

setup_file() {
    unset MAKEFLAGS MAKELEVEL MFLAGS LAB EX N BUILD SAN UNDER CI
    PATH=${PATH//"$BATS_LIBEXEC:"/}
    export JOBS=1 kit="$BATS_FILE_TMPDIR/a kit"
    mkdir -p "$kit/build/tools" "$kit/labs" "$kit/solutions" "$kit/tests/exercises" "$kit/tests/wrong"
    cp -R "$top"/{.gitignore,Makefile,README.md,common,tools} "$kit"
    cp -R "$top/tests/lib" "$kit/tests"
    cp -p "$top/build/tools/"* "$kit/build/tools"
    cd "$kit" || exit
    make -s new-lab NAME=$lab

    cat >solutions/$lab/ex2_pair.left <<'END'
given=1
# TODO 1 BEGIN: the first half,
# in two lines
a=1
# TODO 1 STAND-IN: a=0
# TODO 1 END
END
    cat >solutions/$lab/ex2_pair.right <<'END'
  # TODO 2 BEGIN: the second half

  # a reason
  b=2
  # TODO 2 END
END
    # bats must not take these for tests of this file.
    sed 's/^TEST/@test/' >>tests/exercises/$lab.bats <<'END'

# bats test_tags=ex:2,points:7
TEST "the left half is there" {
    run_program grep -qx a=1 "$BIN/ex2_pair.left"
    assert_ended "exit 0"
}

# bats test_tags=ex:2,points:3
TEST "both halves are there" {
    run_program grep -q b=2 "$BIN/ex2_pair.right"
    assert_ended "exit 0"
    run_program grep -qx a=1 "$BIN/ex2_pair.left"
    assert_ended "exit 0"
}
END
    mkdir tests/wrong/$lab/ex2_pair
    cat >tests/wrong/$lab/ex2_pair/neither.patch <<'END'
Mistake: Both files are wrong.
Caught by: the left half is there
Caught by: both halves are there
--- a/solutions/98-demo/ex2_pair.left
+++ b/solutions/98-demo/ex2_pair.left
@@ -3,4 +3,4 @@
 # in two lines
-a=1
+a=2
 # TODO 1 STAND-IN: a=0
 # TODO 1 END
--- a/solutions/98-demo/ex2_pair.right
+++ b/solutions/98-demo/ex2_pair.right
@@ -3,3 +3,3 @@
   # a reason
-  b=2
+  b=3
   # TODO 2 END
END
    make -s stubs
}

setup() {
    cd "$kit" || exit
}

teardown() {
    true
}

@test "its files are stubs of one exercise, and it is listed once" {
    assert_equal "$(<labs/$lab/ex2_pair.left)" "given=1
# TODO 1: the first half,
# in two lines
a=0"
    assert_equal "$(<labs/$lab/ex2_pair.right)" "  # TODO 2: the second half"
    touch labs/$lab/ex2_pair.left.1.bak labs/$lab/ex3_none.left.1.bak
    run bash -c "source tools/lib.bash; exercises labs; files_of labs $lab/ex2_pair"
    rm labs/$lab/*.bak
    assert_output "$lab/ex1_double
$lab/ex2_pair
labs/$lab/ex2_pair.left
labs/$lab/ex2_pair.right"
}

@test "its TODO numbers go over all files, and marks end with their file" {
    awk_of() {
        printf '%b' "$1" >one
        printf '%b' "$2" >two
        run awk -v solved=0 -v into="$BATS_TEST_TMPDIR" -f tools/stub.awk one two
        rm one two
        assert_failure 2
        assert_output "$3"
    }
    awk_of '# TODO 1 BEGIN: x\n# TODO 1 END\n' '# TODO 3 BEGIN: y\n# TODO 3 END\n' "two:2: TODO 2 is missing"
    awk_of '# TODO 1 BEGIN: x\na\n' 'b\n' "one:2: TODO 1 has no END"
    awk_of '# TODO 1 END\n' 'b\n' "one:1: this END has no BEGIN before it"
    awk_of 'a\n' 'b\n' "two:1: no TODO region"
    awk_of 'a\n' '# TODO 1 BEGIN x\n' "two:1: a mark that isn't whole: # TODO 1 BEGIN x"
}

@test "check tests what the student has, and says in which file to begin" {
    run make check EX=98/2
    assert_failure
    assert_line "$lab/ex2_pair: 0 of 10 points (0 %)"
    assert_line "Everyone begins at 0. Start with TODO 1 in labs/$lab/ex2_pair.left;"
    cp solutions/$lab/ex2_pair.* labs/$lab
    run make check EX=$lab/ex2_pair
    assert_success
    assert_line "$lab/ex2_pair: 10 of 10 points (100 %)"
    # An older file that comes back is tested, and one that is gone is not.
    printf 'a=0\n' >labs/$lab/ex2_pair.left
    touch -d '1 year ago' labs/$lab/ex2_pair.left
    run make check EX=98/2
    assert_line "$lab/ex2_pair: 0 of 10 points (0 %)"
    cp solutions/$lab/ex2_pair.left labs/$lab
    rm labs/$lab/ex2_pair.right
    run make check EX=98/2
    make -s reset EX=98/2
    rm labs/$lab/*.bak
    assert_line "$lab/ex2_pair: 7 of 10 points (70 %)"
}

@test "unlock and reset write all its files and keep what was there" {
    echo mine >labs/$lab/ex2_pair.left
    run make unlock EX=98/2 TODO=1
    assert_output "kept yours as labs/$lab/ex2_pair.left.1.bak
wrote labs/$lab/ex2_pair.left with TODO 1 to 1 filled in
labs/$lab/ex2_pair.right is like that already"
    assert_equal "$(<labs/$lab/ex2_pair.left)" $'given=1\na=1'
    run make unlock EX=98/2 TODO=3
    assert_failure
    assert_line "unlock: TODO=3: $lab/ex2_pair has TODO 1 to 2"
    make -s unlock EX=98/2 TODO=2
    assert_equal "$(<labs/$lab/ex2_pair.right)" $'\n  # a reason\n  b=2'
    run make reset EX=98/2
    assert_line "kept yours as labs/$lab/ex2_pair.left.2.bak"
    assert_line "kept yours as labs/$lab/ex2_pair.right.2.bak"
    tools/stubs -c
    run compgen -G "labs/$lab/.new*"
    assert_failure
    rm labs/$lab/*.bak
}

@test "make solutions copies them, and tests and gates work, with a patch of both files" {
    make -s solutions LAB=98
    assert_equal "$(<build/solutions/$lab/ex2_pair.left)" "$(<solutions/$lab/ex2_pair.left)"
    run make test LAB=98
    assert_line "6 passed, 0 failed, 0 skipped"
    run make gates EX=98/2
    assert_success
    assert_line "ok wrong $lab/ex2_pair (neither): caught"
    assert_line "gates: 4 passed, 0 failed"
    sed -i 's/^-  b=2/-  b=5/' tests/wrong/$lab/ex2_pair/neither.patch
    run make gates EX=98/2
    assert_failure
    assert_line "gates: tests/wrong/$lab/ex2_pair/neither.patch doesn't apply to solutions/$lab/ex2_pair"
    sed -i 's/^-  b=5/-  b=2/' tests/wrong/$lab/ex2_pair/neither.patch
}

@test "students get its stubs, with which they can begin again" {
    needs git git
    git init -q
    git add -A
    git -c user.name=x -c user.email=x@example.org commit -qm x
    make -s dist >/dev/null
    rm -rf .git
    tar -xzf build/ipc-labs.tar.gz -C "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR/ipc-labs"
    cmp "$kit/labs/$lab/ex2_pair.left" labs/$lab/ex2_pair.left
    echo mine >labs/$lab/ex2_pair.right
    make -s reset EX=98/2
    cmp "$kit/labs/$lab/ex2_pair.right" labs/$lab/ex2_pair.right
}
