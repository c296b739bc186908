# The exercise ex1_histogram of lab 11.

# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2086,SC2154

load ../lib/lab
load ../lib/shared

# bats test_tags=ex:1,points:6
@test "the bytes of all files are counted, each file once" {
    likely "each worker must see the others' table, and add to it what it has counted" 'TODO 1 and 3 in ex1_histogram.c; mmap(2)'
    : >"$work/empty"
    head -c $((150000 + RANDOM)) /dev/urandom >"$work/big"
    head -c $((RANDOM % 900 + 100)) /dev/urandom >"$work/some file"
    printf '\0\377\0' >"$work/few"
    cd "$work"
    args=(big empty few "some file" empty few /dev/null)
    for j in 1 3 20; do
        run_program ex1_histogram -j $j "$table" "${args[@]}"
        assert_ended "exit 0"
        assert_counts "${args[@]}"
        expect "nothing on standard error" assert_equal "$stderr" ""
        assert_every_child_waited_for
    done
    run_program ex1_histogram "$table" empty
    assert_ended "exit 0"
    expect "no byte in an empty file" assert_output ""
    many=()
    for ((i = 0; i < 1000; i++)); do
        many+=(few)
    done
    run_program ex1_histogram -j 7 "$table" "${many[@]}"
    assert_ended "exit 0"
    expect "1000 files" assert_output $'0 2000\n255 1000'
    rm "$work"/*
}

# bats test_tags=ex:1,points:3
@test "a file that can't be read isn't counted, and the others are" {
    likely "read_file() says whether it worked; only then add()" 'TODO 3 and 4 in ex1_histogram.c'
    head -c 5000 /dev/urandom >"$work/good"
    mkdir "$work/dir"
    cd "$work"
    run_program ex1_histogram -j 2 "$table" nowhere good dir "no way" good
    assert_ended "exit 1"
    assert_counts good good
    expect "these messages" assert_equal "$(sort <<<"$stderr")" "$(printf 'ex1_histogram: %s\n' \
        "dir: Is a directory" "nowhere: No such file or directory" "no way: No such file or directory" \
        "dir: not counted" "no way: not counted" "nowhere: not counted" | sort)"
    rm -r "${work:?}"/*
}

# bats test_tags=ex:1,points:6
@test "the table is new, for one user alone, as large as it must be, shared, and removed at the end" {
    likely "O_CREAT without O_EXCL takes what is there; an object is 0 bytes long until ftruncate()" 'TODO 1 in ex1_histogram.c; shm_open(3)'
    fifos 3
    launch -j 3 "$table" f1 f2 f3
    await_shell "three workers, who read f1, f2 and f3" all_open 1 2 3
    [[ -e $object ]] || complain "shared memory called $table, while it runs" "$(ls "${object%/*}")"
    expect "its mode" assert_equal "$(stat -c %a "$object")" 600
    size=$(stat -c %s "$object") least=$((copies + 2 * counts + 24))
    ((size >= least && size <= least + 64)) || complain "the size of a struct table" "$size bytes"
    inode=$(stat -c %i "$object")
    for one in $pid $(workers); do
        saw=$(awk -v inode="$inode" '$5 == inode { print $2 }' "/proc/$one/maps")
        expect "how each process has mapped it" assert_equal "$saw" "rw-s"
    done
    cp "$object" "$work/before"
    type_line "ex1_histogram $table /dev/null 2>n1; echo second \$?"
    await_shell "a second one to fail" written "second 1"
    expect "its message" assert_equal "$(<"$work/n1")" "ex1_histogram: $table: File exists"
    expect "the first one's table, untouched" cmp "$work/before" "$object"
    rm "$work/before"
    feed 1 abc
    finish_fifo 1 2 3
    await_launched 0
    [[ ! -e $object ]] || complain "no $table any more" "it is still there"
    end_shell
    fifo=()
    rm "$work"/f?
    for sig in TERM INT; do
        fifos 2
        launch "$table" f1 f2
        await_shell "f1 and f2 to be read" all_open 1 2
        them=$(workers)
        kill -s $sig "$pid"
        await_launched $((128 + $(kill -l $sig))) "by SIG$sig"
        for worker in $them; do
            await_shell "the workers to end" gone "$worker"
        done
        [[ ! -e $object ]] || complain "no $table any more" "it is still there"
        finish_fifo 1 2
        end_shell
        rm "$work"/f?
    done
}

# bats test_tags=ex:1,points:6
@test "each worker takes the next file, and what it has counted is in the table at once" {
    likely "next and current are for all workers; a worker asks for its next file when it is done with one" 'TODO 3 in ex1_histogram.c; "The table" in the README'
    fifos 3
    head -c 3000 /dev/urandom >"$work/n4"
    head -c 2000 /dev/urandom >"$work/n5"
    launch -j 3 "$table" f1 f2 f3 n4 n5 nowhere
    await_shell "f1, f2 and f3 to be read" all_open 1 2 3
    expect "how many files are taken" assert_equal "$(word 4)" 3
    expect "which copy is valid" assert_equal "$(word 0)" 0
    assert_copy 0 ""
    for i in 1 2 3; do
        feed $i "$(head -c 400 /dev/urandom | base64)"
    done
    two=$(opener f2)
    finish_fifo 2
    await "the worker of f2 to end, for no file is left" gone "$two"
    expect "how many files are taken" assert_equal "$(word 4)" 6
    expect "which copy is valid, after three updates" assert_equal "$(word 0)" 1
    assert_copy 1 "1 3 4" "$work"/n{2,4,5}
    assert_copy 0 "1 3" "$work"/n{2,4}
    finish_fifo 1
    await_shell "f1's counts" current_is 0
    assert_copy 0 "0 1 3 4" "$work"/n{1,2,4,5}
    finish_fifo 3
    await_launched 1
    expect "the counts" assert_equal "$(<"$work/out")" "$(counts_of "$work"/n?)"
    end_shell
}

# Starts it with four workers, a FIFO each, of which the fourth has been counted.
read_four() {
    local i
    fifos 4
    launch -j 4 "$table" f1 f2 f3 f4
    await_shell "f1 to f4 to be read" all_open 1 2 3 4
    for i in 1 2 3 4; do
        feed $i "$(head -c 300 /dev/urandom | base64)"
    done
    finish_fifo 4
    await_shell "the counts of f4" current_is 1
}

# bats test_tags=ex:1,points:8
@test "the table is changed only by who has the mutex, and others wait for it asleep" {
    likely "every process must take the mutex before it looks at current, and the mutex must be one for processes" 'TODO 2 and 3 in ex1_histogram.c; pthread_mutexattr_setpshared(3)'
    read_four
    three_left() { (($(workers | wc -l) == 3)); }
    await_shell "the worker of f4 to end" three_left
    hold_mutex
    head -c $((copies + 2 * counts)) "$object" >"$work/n9"
    them=$(workers)
    finish_fifo 1 2 3
    for worker in $them; do
        await_shell "all workers to wait for the mutex, asleep in futex()" waits_for_lock "$worker"
    done
    expect "the table as before, while another process has the mutex" \
        cmp "$work/n9" <(head -c $((copies + 2 * counts)) "$object")
    rm "$work/n9"
    give_back
    await_launched 0 "when the mutex is free again"
    expect "the counts" assert_equal "$(<"$work/out")" "$(counts_of "$work"/n?)"
    end_shell
}

# bats test_tags=ex:1,points:4
@test "a file, too, is taken only by who has the mutex" {
    likely "next++ is a read, an addition and a write: two workers may get the same file" 'TODO 3 in ex1_histogram.c'
    needs_hold
    echo "$RANDOM$RANDOM" >"$work/n1"
    in_shell "$top/build/tools/hold" -c ex1_histogram -j 1 "$table" n1
    keeper=$pid
    held_child() {
        pid=$(children "$keeper" | awk '$2 != "hold" { print $1; exit }')
        [[ $pid ]] && worker=$(children "$pid" | awk '$3 == "t" { print $1 }') && [[ $worker ]]
    }
    if ! wait_until "$DEADLINE" held_child 2>/dev/null; then
        complain "a worker" "none: $(head -c 1000 "$work/err")"
    fi
    await_shell "the table" test -s "$object"
    hold_mutex
    kill -USR2 "$keeper"
    await_shell "the worker to wait for the mutex, asleep in futex()" waits_for_lock "$worker"
    expect "how many files are taken" assert_equal "$(word 4)" 0
    give_back
    pid=$keeper
    await_launched 0 "when the mutex is free again"
    expect "the counts" assert_equal "$(<"$work/out")" "$(counts_of "$work/n1")"
    end_shell
}

# bats test_tags=ex:1,points:6
@test "who is killed with the mutex, in the middle of a change, spoils nothing" {
    likely "EOWNERDEAD is not an error: you have the mutex; say that what it protects is consistent" 'TODO 2 and 3 in ex1_histogram.c; pthread_mutex_consistent(3)'
    read_four
    for i in 1 2; do
        hold_mutex
        # As if it were adding just now: the other copy is half written.
        head -c $counts /dev/urandom |
            dd of="$object" oflag=seek_bytes seek=$((copies + (1 - $(word 0)) * counts)) conv=notrunc status=none
        worker=$(opener f$i)
        finish_fifo $i
        await_shell "a worker to wait for the mutex, asleep in futex()" waits_for_lock "$worker"
        kill -KILL "$holder"
        exec {hand}>&-
        await_shell "the next change, after the owner of the mutex was killed" current_is $((1 - i % 2))
    done
    finish_fifo 3
    await_launched 0 "well, though the mutex had dead owners"
    expect "the counts" assert_equal "$(<"$work/out")" "$(counts_of "$work"/n?)"
    end_shell
}

# bats test_tags=ex:1,points:6
@test "a killed worker is reported, and what the others count is right" {
    likely "waitpid() tells how a child ended; what a worker has counted must not be in the table before it has read the whole file" 'TODO 4 in ex1_histogram.c; waitpid(2)'
    fifos 2
    allow_left "file \./n[12] .*"
    head -c 3000 /dev/urandom >"$work/n3"
    for all in '' yes; do
        sig=$([[ $((RANDOM % 2)) == 0 ]] && echo KILL || echo SEGV)
        if [[ $all ]]; then
            finish_fifo 1
            rm "$work"/f?
            fifos 2
        fi
        start ex1_histogram -j 2 "$table" f1 f2 n3
        await "f1 and f2 to be read" all_open 1 2
        rm -f "$work"/n[12]
        feed 1 "$(head -c 60000 /dev/urandom | base64)" # more than a buffer
        feed 2 "$(head -c 300 /dev/urandom | base64)"
        no_input() { ! read -r -t 0 -u "${fifo[1]}" && ! read -r -t 0 -u "${fifo[2]}"; }
        await "both to be read as far as they go" no_input
        one=$(opener f1) two=$(opener f2)
        kill -s $sig "$one"
        messages=("a worker was killed by SIG$sig" "f1: not counted")
        counted=("$work/n2" "$work/n3")
        if [[ $all ]]; then
            kill -s TERM "$two"
            messages+=("a worker was killed by SIGTERM" "f2: not counted" "n3: not counted")
            counted=(/dev/null)
        fi
        if [[ ! $all ]]; then
            finish_fifo 2
        fi
        if ! wait_until "$DEADLINE" gone "$pid" 2>/dev/null; then
            complain "to end, for no worker is left" "still running after $DEADLINE s; $(where)"
        fi
        finish_program
        assert_ended "exit 1"
        expect "these messages" assert_equal "$(sort <<<"$stderr")" "$(printf 'ex1_histogram: %s\n' "${messages[@]}" | sort)"
        assert_counts "${counted[@]}"
        assert_every_child_waited_for
    done
    rm "$work"/*
}
