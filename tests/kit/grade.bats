# tools/grade, on a copy of the kit that has two small labs.

load ../lib/lab

setup_file() {
    # An outer make, or a test that we are run by, must not tell the inner ones what to do.
    unset MAKEFLAGS MAKELEVEL MFLAGS LAB EX BUILD SAN UNDER CI SANDBOX BIN NO_TRACING DEADLINE
    PATH=${PATH//"$BATS_LIBEXEC:"/}
    export kit=$BATS_FILE_TMPDIR/kit SLOWNESS=100
    mkdir -p "$kit/build"
    cp -R "$top"/{Makefile,README.md,common,tests,tools} "$kit"
    mkdir "$kit"/{labs,solutions}
    cd "$kit" || exit
    rm -r tests/exercises/* tests/wrong/*
    cp -Rp "$top/build/tools" build
    cp -R "$top/labs/01-processes" labs # new-lab takes its first lines from there
    for lab in 97-one 98-two; do
        make -s new-lab NAME=$lab >/dev/null
    done
    rm -rf labs/01-processes
    tools/grade -b 2>/dev/null
    export BUILT=1
}

setup() {
    cd "$kit" || exit
    sub=$BATS_TEST_TMPDIR/sub out=$BATS_TEST_TMPDIR/out
    mkdir -p "$sub"/labs/9{7-one,8-two}
    needs jq jq
    can_protect || skip "nothing protects from what is graded here: no namespaces, and not root"
}

teardown() {
    true
}

can_protect() {
    ((EUID == 0)) || bwrap --unshare-user --ro-bind / / true 2>/dev/null
}

# solve LAB...: puts its solution into the submission.
solve() {
    local lab
    for lab; do
        cp "solutions/$lab/ex1_double.c" "$sub/labs/$lab/"
    done
}

# more: standard input becomes hidden tests of 97-one. This file's own tests are all
# lines that begin as one does.
more() {
    mkdir "$BATS_TEST_TMPDIR/more"
    { echo 'load ../lib/lab' && sed 's/^TEST/@test/'; } >"$BATS_TEST_TMPDIR/more/97-one.bats"
}

# got JQ: what the result says.
got() {
    jq -r "$1" "$out/result.json"
}

@test "a solution gets all points, a stub and what isn't there none" {
    solve 97-one
    cp labs/98-two/ex1_double.c "$sub/labs/98-two"
    run tools/grade "$sub" "$out"
    assert_success
    assert_line "97-one/ex1_double: 100 of 100"
    assert_line "98-two/ex1_double: 0 of 100, stub"
    assert_equal "$(got '"\(.submission) \(.points) \(.of) \(.score) \(.form)"')" "sub 100 200 50 folder"
    assert_equal "$(got '[.exercises[0].tests[].status] | unique[]')" passed
    rm "$sub/labs/98-two/ex1_double.c"
    tools/grade -q "$sub" "$out" 98-two
    assert_equal "$(got '.exercises[] | "\(.exercise) \(.status) \(.points) \(.of)"')" "98-two/ex1_double missing 0 100"
}

@test "the result has just the keys that RESULT.md says" {
    solve 97-one
    echo 'int main(' >"$sub/labs/98-two/ex1_double.c"
    ln -s /etc/passwd "$sub/link"
    tools/grade -q "$sub" "$out"
    run diff <(sed -n 's/^| \(`[^|]*\) |.*/\1/p' tools/grade.d/RESULT.md | grep -o '`[^`]*`' | tr -d '`' | sort -u) \
        <(jq -r '[keys, .exercises[0], .exercises[0].tests[0], .guarantees | if type == "array" then . else keys end] | add[]' \
            "$out/result.json" | sort -u)
    assert_output ""
}

@test "what doesn't compile gets nothing, with the compiler's words; the rest is graded" {
    solve 97-one
    printf '#error "no \\"idea\\"" \033[31m\n' >"$sub/labs/98-two/ex1_double.c"
    tools/grade -q "$sub" "$out"
    assert_equal "$(got '.exercises[] | "\(.status) \(.points)"' | paste -sd,)" "graded 100,compile error 0"
    assert_regex "$(got '.exercises[1].compiler')" '^ex1_double\.c:1:2: error: #error "no \\"idea\\""'
    refute grep -q $'\e' "$out/result.json"
    refute_regex "$(got '.exercises[1].compiler')" $'\e'
}

@test "a test that fails says why, and costs its points" {
    sed 's/byte, byte/byte, (char)(byte + 2)/' solutions/97-one/ex1_double.c >"$sub/labs/97-one/ex1_double.c"
    tools/grade -q "$sub" "$out" 97-one
    assert_equal "$(got '.exercises[0].tests[] | "\(.points) \(.of) \(.status)"' | paste -sd,)" "0 60 failed,40 40 passed"
    run got '.exercises[0].tests[0].words'
    assert_line --regexp '^ran: +ex1_double$'
    assert_line --regexp '^likely: +a byte is written once'
}

@test "folder, tar, zip and git, one folder around, and files alone are the same" {
    needs unzip unzip
    needs zip zip
    needs git git
    solve 97-one 98-two
    cd "$BATS_TEST_TMPDIR"
    tar -czf a.tar.gz sub
    (cd sub && zip -qr ../b.zip labs && tar -cf ../c.tar labs)
    git init -q --bare d.git
    git -C sub init -q
    git -C sub add . && git -C sub -c user.name=a -c user.email=b commit -qm x
    git -C sub push -q ../d.git HEAD:refs/heads/main
    git -C d.git symbolic-ref HEAD refs/heads/main
    mkdir e
    mv sub/labs/97-one/ex1_double.c e
    rm -rf sub
    for one in a.tar.gz b.zip c.tar d.git; do
        "$kit/tools/grade" -q $one "out $one" 97-one
        out="out $one"
        assert_equal "$(got '"\(.submission) \(.points) \(.ignored) \(.refused) \(.error)"')" "${one:0:1} 100 [] [] "
    done
    "$kit/tools/grade" -q e out 97-one
    out=out
    assert_equal "$(got .points)" 100
}

@test "links, FIFOs, devices, what is large, and paths that climb out are refused by name" {
    solve 97-one
    ln -s "$kit/solutions/98-two/ex1_double.c" "$sub/labs/98-two/ex1_double.c"
    ln "$sub/labs/97-one/ex1_double.c" "$sub/labs/hard.c"
    mkfifo "$sub/fifo"
    head -c 1100000 /dev/zero >"$sub/large"
    ln -s / "$sub/labs/99-root"
    for one in "$sub" "$BATS_TEST_TMPDIR/sub.tar"; do
        if [[ $one == *.tar ]]; then
            tar -C "$sub" -cf "$one" --transform 's|^fifo|labs/97-one/fifo|' labs fifo large
            tar -P -rf "$one" --transform 's|.*|../../climbs|' "$sub/large"
            tar -P -rf "$one" --transform 's|.*|labs/null|' /dev/null
        fi
        tools/grade -q "$one" "$out"
        assert_equal "$(got '.exercises[] | "\(.status) \(.points)"' | paste -sd,)" "refused 0,refused 0"
        run got '.refused[] | "\(.file): \(.reason)"'
        assert_line "labs/97-one/ex1_double.c: a hard link"
        assert_line "labs/98-two/ex1_double.c: a symbolic link"
        assert_line "labs/99-root: a symbolic link"
        assert_line "large: larger than 1 MiB"
        assert_line --regexp "fifo: a FIFO$"
    done
    assert_line "../../climbs: the path climbs out"
    assert_line "labs/null: a device"
    assert_equal "$(got '.exercises[1].tests[0].words')" "98-two/ex1_double.c was refused: a symbolic link."
}

@test "a folder, an archive that is one large file or a million small ones, and none at all end soon" {
    needs zip zip
    cd "$BATS_TEST_TMPDIR"
    head -c 200000000 /dev/zero | gzip >bomb.tar.gz
    head -c 200000000 /dev/zero | zip -q bomb.zip -
    awk 'BEGIN { for (i = 0; i < 5100; i++) print "f" i }' >names
    (mkdir many && cd many && xargs touch <../names)
    tar -czf many.tar.gz many
    echo no >none.zip
    for one in bomb.tar.gz bomb.zip many many.tar.gz none.zip; do
        "$kit/tools/grade" -q $one "$out"
        assert_equal "$one $(got .points) $(got .of)" "$one 0 0"
        got .error
    done >words
    run cat words
    assert_line --index 0 "it is larger than 64 MiB when it is unpacked"
    assert_line --index 1 "it is larger than 64 MiB when it is unpacked"
    assert_line --index 2 "it has more than 5000 files"
    assert_line --index 3 "it has more than 5000 files"
    assert_line --index 4 "unzip can't read it"
}

@test "nothing that the submission brings beside its exercises is used" {
    solve 97-one
    mkdir -p "$sub"/{common,tests/lib}
    echo 'all: ; exit 1' | tee "$sub/Makefile" >"$sub/labs/97-one/Makefile"
    echo '#error' | tee "$sub/common/lab.h" >"$sub/labs/97-one/lab.h"
    echo 'skip() { :; }' >"$sub/tests/lib/lab.bash"
    tools/grade -q "$sub" "$out" 97-one
    assert_equal "$(got .points) $(got '.ignored | sort | join(" ")')" \
        "100 Makefile common/ labs/97-one/Makefile labs/97-one/lab.h tests/"
}

@test "the compiler finds no solution, test or file of this machine, and is ended in time" {
    for include in "$kit/solutions/97-one/ex1_double.c" "$kit/tests/exercises/97-one.bats" \
        ../../../tests/exercises/97-one.bats /etc/hostname; do
        echo "#include \"$include\"" >"$sub/labs/97-one/ex1_double.c"
        tools/grade -q "$sub" "$out" 97-one
        assert_regex "$(got '.exercises[].compiler')" 'No such file or directory'
    done
}

@test "a seed makes the same random numbers again" {
    more <<'T'
# bats test_tags=ex:1,points:5
TEST "one more" {
    fail "numbers $RANDOM $RANDOM $(shuf -i 1-1000 -n 3 | xargs)"
}
T
    solve 97-one
    for seed in 5 5 6; do
        tools/grade -q -S $seed -t "$BATS_TEST_TMPDIR/more" "$sub" "$out" 97-one
        assert_equal "$(got '"\(.points) \(.of) \(.seed)"')" "100 105 $seed"
        assert_equal "$(got '.exercises[0].tests[2] | "\(.name) \(.hidden) \(.points)"')" "one more true 0"
        got '.exercises[0].tests[2].words'
    done >"$BATS_TEST_TMPDIR/words"
    run uniq -c "$BATS_TEST_TMPDIR/words"
    assert_line --index 0 --regexp '^ +2 numbers [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+$'
    assert_line --index 1 --regexp '^ +1 numbers [0-9]+'
}

@test "a test that took too long on a busy machine is run again alone before it counts" {
    local spinners=() i
    for ((i = 0; i <= $(nproc); i++)); do
        timeout 60 bash -c 'while :; do :; done' 3>&- &
        spinners+=($!)
    done
    # What stays from one run to the next is only this file, which tests may lock.
    more <<'T'
# bats test_tags=ex:1,points:5
TEST "slow once" {
    [[ -s $top/build/.helpers.lock ]] && return
    echo x >"$top/build/.helpers.lock"
    complain "to end" "still running after 5 s"
}
# bats test_tags=ex:1,points:7
TEST "slow (always)" {
    complain "to end" "still running after 5 s"
}
T
    solve 97-one
    tools/grade -q -t "$BATS_TEST_TMPDIR/more" "$sub" "$out" 97-one
    kill "${spinners[@]}"
    assert_equal "$(got '.exercises[0].tests[2:][] | "\(.name) \(.status) \(.points)"')" \
        "slow once passed 5"$'\n'"slow (always) timeout 0"
}

@test "weights, and what is off for being late" {
    solve 97-one
    printf '%s\n' '# ours' 'weight 97-one 3' 'weight 98-two 1' 'due 2026-11-01 12:00 UTC' \
        'grace 30' 'late 24 10' 'most 25' >"$BATS_TEST_TMPDIR/policy"
    for when in 11-01T12:29 11-01T13:00 11-02T13:00 11-29T13:00; do
        tools/grade -q -c "$BATS_TEST_TMPDIR/policy" -T "2026-${when}Z" "$sub" "$out"
        got '"\(.score) \(.late.off)"'
    done >"$BATS_TEST_TMPDIR/scores"
    assert_equal "$(paste -sd, "$BATS_TEST_TMPDIR/scores")" "75 0,67.5 10,60 20,56.25 25"
    echo 'late tomorrow' >>"$BATS_TEST_TMPDIR/policy"
    run tools/grade -q -c "$BATS_TEST_TMPDIR/policy" "$sub" "$out"
    assert_failure 2
    assert_output --partial "not understood: late tomorrow"
}

@test "where nothing protects the machine it takes --unsafe" {
    solve 97-one
    SANDBOX=none run tools/grade "$sub" "$out" 97-one
    assert_failure 3
    assert_output --partial "nothing protects this machine from the submission"
    assert_file_not_exist "$out/result.json"
    SANDBOX=none run tools/grade -q --unsafe "$sub" "$out" 97-one
    assert_success
    assert_equal "$(got '"\(.sandbox) \(.points) \(.guarantees["own files"])"')" "none 100 false"
}

@test "without namespaces a second user runs it, and nothing of his stays" {
    ((EUID == 0)) || skip "a second user takes root"
    solve 97-one
    cat >"$sub/labs/98-two/ex1_double.c" <<'C'
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/shm.h>
#include <unistd.h>
int main(void)
{
    kill(-1, SIGKILL);
    shmget(IPC_PRIVATE, 100, 0600);
    close(open("/dev/shm/hostile", O_CREAT | O_WRONLY, 0600));
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            pause();
    }
    printf("%d", getuid());
}
C
    SANDBOX=user GRADE_USER=63000 tools/grade -q "$sub" "$out"
    assert_equal "$(got '"\(.sandbox) \(.points) \(.guarantees["own user"])"')" "user 100 true"
    run got '.exercises[1].tests[0].words'
    assert_output --regexp 'saw: +process [0-9]+ ex1_double'
    # Others come and go meanwhile.
    assert_equal "$(find /proc /dev/shm -maxdepth 1 -uid 64000 2>/dev/null)" ""
    run awk '$7 == 64000' /proc/sysvipc/shm
    assert_output ""
}
