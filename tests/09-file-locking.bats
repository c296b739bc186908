# Lab 09: files and file locks.

load lib/lab

one_lock() {
    locks_of "$@" | grep -q .
}

waits() {
    locks_of "$1" | grep -q "^waits"
}

children_of() {
    children "$1" | cut -d' ' -f1
}

has_children() {
    [[ $(children_of "$1" | wc -l) == "$2" ]]
}

@test "lost_update_broken: updates are lost, on one processor and on all" {
    run_program lost_update_broken
    assert_ended "exit 1"
    assert_regex "$output" 'expected 100000, got ([0-9]+): ([0-9]+) lost$'
    assert_equal $((BASH_REMATCH[1] + BASH_REMATCH[2])) 100000
    run_program taskset -c 0 lost_update_broken
    assert_ended "exit 1"
}

@test "lost_update: with the lock none is lost, on one processor and on all" {
    count=$((RANDOM % 3000 + 1000)) processes=$((RANDOM % 4 + 2))
    for on in "" "taskset -c 0"; do
        # shellcheck disable=SC2086
        run_program $on lost_update -n $count -j $processes
        assert_ended "exit 0"
        assert_line --partial "expected $((count * processes)), got $((count * processes)): 0 lost"
        assert_every_child_waited_for
    done
}

@test "lost_update: each process locks what it has opened itself; the broken one never asks" {
    traced_well lost_update -n 7 -j 3
    for child in child.1 child.2 child.3; do
        assert_fact_before "open $child file:*XXXXXX both" "lock $child file:*XXXXXX flock write"
        assert_equal "$(facts_of "^lock $child .* flock write$")" 7
        assert_equal "$(facts_of "^unlock $child .* flock$")" 7
        assert_equal "$(facts_of "^write $child file:.* = 21$")" 7
    done
    assert_nothing_wrong

    traced lost_update_broken -n 7 -j 3
    assert_equal "$(facts_of "^write child.* file:.* = 21$")" 21
    refute_fact "lock *"
}

@test "lost_update: the lock of a process that is killed goes to one that waits" {
    start lost_update -n 100000000 -j 2
    wait_until "$DEADLINE" has_children "$pid" 2
    read -r first other < <(children_of "$pid" | xargs)
    # Stopped at a moment when it has the lock: so the other one has to wait.
    holds() {
        locks_of "$first" | grep -q "^$first FLOCK ADVISORY WRITE"
    }
    stopped_with_it() {
        freeze "$first"
        holds || { kill -CONT "$first" && false; }
    }
    wait_until "$DEADLINE" stopped_with_it
    wait_until "$DEADLINE" waits "$other"
    assert_equal "$(locks_of "$first" "$other")" \
        "$first FLOCK ADVISORY WRITE 0 EOF"$'\n'"waits $other FLOCK ADVISORY WRITE 0 EOF"
    kill -KILL "$first"
    goes_on() { ! one_lock "$first" && one_lock "$other" && ! waits "$other"; }
    wait_until "$DEADLINE" goes_on
    kill -KILL "$other"
    finish_program
    assert_ended "exit 1"
}

@test "record_lock: the kernel knows who has which bytes, and who waits" {
    held "Enter goes on" record_lock -w
    read -r one two three four < <(children_of "$pid" | xargs)
    had="$one POSIX ADVISORY WRITE 64 95
$two POSIX ADVISORY WRITE 160 223
$three POSIX ADVISORY READ 0 31
$four POSIX ADVISORY READ 0 63"
    assert_equal "$(locks_of "$one" "$two" "$three" "$four")" "$(sort <<<"$had")"
    lslocks_agrees() {
        [[ $(lslocks -n -r -o PID,TYPE,MODE,START,END | grep -wE "^($one|$two|$three|$four)" | sort) == "$(sort <<<"${had//ADVISORY /}")" ]]
    }
    await "lslocks to show the same" lslocks_agrees

    type_line
    await "a fifth process that waits" has_children "$pid" 5
    auditor=$(children_of "$pid" | tail -n 1)
    await "it to wait for a lock" waits "$auditor"
    assert_equal "$(locks_of "$auditor")" "waits $auditor POSIX ADVISORY WRITE 0 255"
    assert_equal "$(locks_of "$one" "$two" "$three" "$four")" "$(sort <<<"$had")"
    end_input
    finish_program
    assert_ended "exit 0"
    assert_every_child_waited_for
}

@test "record_lock: F_GETLK names the holder; kill -9 is enough to free a record" {
    traced_well record_lock
    for i in 1 2 3 4; do
        assert_fact "holder parent file:*XXXXXX child.$i"
    done
    # Other records: nobody has had to wait, or to unlock.
    assert_fact_before "lock child.2 file:*XXXXXX posix write" "holder parent file:*XXXXXX child.1"
    assert_fact_before "killed child.1 SIGKILL" "lock child.5 file:*XXXXXX posix write"
    assert_fact_before "exit child.4 = 0" "lock child.5 file:*XXXXXX posix write"
    refute_fact "unlock *"
    refute_fact "lock * = E*"
}

@test "lock_traps: what takes a lock away depends on its kind" {
    traced_well lock_traps
    # The two facts of each trap and kind that show it, in order.
    assert_equal "$(grep -E '^(un)?lock ' "$run/facts" | sed -E 's/file:[^ ]+ //; s/child[.0-9]+/child/')" "\
lock parent posix write
lock child posix write
lock parent ofd write
lock child ofd write = EAGAIN
lock parent flock write
lock child flock write = EAGAIN
lock parent posix write
lock parent posix write
lock parent ofd write
lock parent ofd write = EAGAIN
lock parent flock write
lock parent flock write = EAGAIN
lock parent posix write
lock child posix write = EAGAIN
lock parent ofd write
lock child ofd write
lock parent flock write
lock child flock write
lock parent posix write
unlock child posix
lock child posix write = EAGAIN
lock parent ofd write
unlock child ofd
lock child ofd write
lock parent flock write
unlock child flock
lock child flock write
lock parent posix write
unlock parent posix
lock child posix write
lock child posix write = EAGAIN
lock parent ofd write
unlock parent ofd
lock child ofd write
lock child ofd write = EAGAIN
lock parent flock write
unlock parent flock
lock child flock write
lock child flock write = EAGAIN"
    assert_fact "exec child.13 cat"
    assert_line --regexp '^close .* lost +kept +kept$'
    assert_line --regexp '^twice .* yes +no +no$'
    assert_line --regexp '^fork .* no +yes +yes$'
    assert_line --regexp '^unlock .* kept +lost +lost$'
    assert_line --regexp '^exec .* kept +kept +kept$'
    assert_every_child_waited_for
}

@test "claim 26: a lock stops neither a write, nor a removal, nor another kind of lock" {
    traced_well advisory
    file='file:*/advisory.XXXXXX'
    assert_fact_before "lock parent $file flock write" "lock child.1 $file flock write = EAGAIN"
    assert_fact "write child.2 $file = 3"
    refute_fact "lock child.2 *"
    assert_fact "lock child.3 $file posix write"
    assert_fact_before "unlink child.4 $file" "lock child.4 $file flock write"
    refute_fact "unlock *"
    assert_line --partial "reads 'new', and has the lock"
}

@test "claim 26: flock(1) is refused while advisory holds its lock, echo isn't" {
    word=$RANDOM
    held "Enter ends" env TMPDIR=. advisory -w
    file=$(echo "$work"/advisory.*)
    run -1 flock -n "$file" true
    assert_equal "$(locks_of "$pid")" "$pid FLOCK ADVISORY WRITE 0 EOF"
    echo $word >"$file"
    assert_equal "$(<"$file")" $word
    # Killed, it leaves no file, and the kernel has no lock.
    ends_by TERM "$pid" "signal TERM"
    run ! one_lock "$pid"
}

@test "upgrade_broken: EDEADLK, two that wait for ever, a lost update" {
    traced upgrade_broken -t 0.3
    assert_ended "exit 1"
    for child in 1 2 3 4 5 6; do
        assert_fact "lock child.$child file:*XXXXXX * read"
    done
    assert_equal "$(facts_of '^lock child.[12] .* posix write = EDEADLK$')" 1
    assert_equal "$(facts_of '^lock child.[12] .* posix write$')" 1
    assert_fact "stuck child.3 lock file:*XXXXXX"
    # Neither got it, until one was killed: that may have freed the other.
    refute grep -q ' ofd write' <(sed '/^signal parent child.3 SIGKILL/q' "$run/facts")
    assert_fact "write child.5 file:*XXXXXX = 4"
    assert_fact "write child.6 file:*XXXXXX = 4"
    assert_regex "$stderr" 'ofd: both still wait after 0.3 s'
    assert_regex "$stderr" '/proc/locks says: .*-> OFDLCK ADVISORY  WRITE'
    assert_line --regexp '^posix.* the number is 1$'
    assert_line --regexp '^ofd.* the number is 0$'
    assert_line --regexp '^flock.* the number is 1$'
    assert_every_child_waited_for
}

@test "upgrade_broken: both sleep until somebody ends them" {
    start upgrade_broken -t 60 ofd
    wait_until "$DEADLINE" has_children "$pid" 2
    for child in $(children_of "$pid"); do
        wait_until "$DEADLINE" in_state "$child" S
        # An OFD lock has no PID; where it is held, fdinfo says so.
        has_lock() { grep -qs '^lock:.* OFDLCK *ADVISORY *READ' "/proc/$child"/fdinfo/*; }
        wait_until "$DEADLINE" has_lock
    done
    ends_by KILL "$pid" "signal KILL"
}

@test "upgrade: each gives up its lock, and reads again: nothing is lost" {
    traced_well upgrade
    assert_equal "$(facts_of '^unlock child')" 6
    assert_equal "$(facts_of '^lock child.* write$')" 6
    assert_equal "$(facts_of '^read child.[0-9] file:.* = 4$')" 12
    refute_fact "lock * = E*"
    assert_equal "$(grep -c 'the number is 2$' "$run/stdout")" 3
    assert_nothing_wrong
}

@test "mailbox_file: a polled file is looked for again and again, one that is announced isn't" {
    looks_in_vain='^open child.1 file:.*/message read = ENOENT$'
    traced_well mailbox_file -n 2 -i 0.02 -q 0.4 poll
    polled=$(facts_of "$looks_in_vain")
    assert [ "$polled" -ge 10 ]
    assert [ "$(facts_of '^sleep child.1 = 0$')" -ge 10 ]
    refute_fact "read * inotify:*"

    traced_well mailbox_file -n 2 -q 0.4 inotify
    assert [ "$(facts_of "$looks_in_vain")" -le 7 ]
    refute_fact "sleep child.1 *"
    # The watch before the first look; a whole file, then its name.
    assert_fact_before "watch parent inotify:1 *" "open child.1 file:*/message read*"
    assert_fact_before "write parent file:*/part = 8" "rename parent file:*/part file:*/message"
    assert_fact_before "rename parent file:*/part file:*/message" "read child.1 file:*/message = 8"
    refute_fact "open * file:*/message write*"
}

@test "claim 25: what is read soon comes from memory, and only fsync waits for the disk" {
    start env TMPDIR=. mailbox_file -n 300 -q 60 inotify
    child_has_read() {
        child=$(child_of "$pid" mailbox_file) &&
            chars=$(sed -n 's/^rchar: //p' "/proc/$child/io") && ((chars >= 300 * 8))
    }
    wait_until "$DEADLINE" child_has_read
    # 300 files, each at least a block of 4096 bytes, had they come from the disk.
    from_disk=$(sed -n 's/^read_bytes: //p' "/proc/$child/io")
    assert [ "$from_disk" -lt $((30 * 4096)) ]
    ends_by TERM "$pid" "signal TERM"

    needs_tracing
    for way in inotify fsync; do
        run_program strace -f -e trace=fsync,fdatasync,msync,sync,syncfs mailbox_file -n 2 -q 0 $way
        # Two there, two back, and one of each after the quiet time.
        assert_equal "$way $(grep -c 'sync(' "$run/stderr")" "$way $([[ $way == fsync ]] && echo 6 || echo 0)"
    done
}

@test "mailbox_file: who has lost the other one ends, and leaves no file" {
    start env TMPDIR=. mailbox_file -n 1000000 poll
    await_children mailbox_file
    kill -KILL "$(child_of "$pid" mailbox_file)"
    finish_program
    assert_ended "exit 1"
    assert_equal "$(ls "$work")" ""
}

@test "bad usage is refused, help is given, failed output is noticed" {
    programs=(lost_update_broken lost_update record_lock lock_traps advisory
        upgrade_broken upgrade mailbox_file)
    run_program bash -c '
        for program; do
            "$program" -h | head -n 1
            for bad in -Y "operand operand"; do
                out=$("$program" $bad 2>/dev/null); echo "$? $out"
            done
            "$program" -h >/dev/full 2>/dev/null || echo failed
        done
        lost_update -j 0; lock_traps none >/dev/null; echo $?; upgrade any; echo $?; mailbox_file any; echo $?' \
        bash "${programs[@]}"
    for program in "${programs[@]}"; do
        assert_line --regexp "^Usage: $program"
    done
    assert_equal "$(grep -cx '2 *' "$run/stdout")" 19
    assert_equal "$(grep -cx failed "$run/stdout")" 8
    assert_regex "$stderr" "^lost_update: -j: '0' "
    # Who reads what they print has gone: no file is left.
    run_program bash -c 'exec {gone}> >(:); wait $!; export TMPDIR=.
        for program in advisory "mailbox_file -n 1 -q 0"; do
            $program >&$gone && echo "$program: well"
        done; ls'
    assert_output ""
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
