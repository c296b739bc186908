# Lab 08: FIFOs.

load lib/lab

fifo() { [[ -p $work/f ]]; }

# waits_in_open PROGRAM [ARG...]: starts it; it makes the FIFO f, and waits: the
# descriptor that open() will return isn't there yet.
waits_in_open() {
    held ", and waits" "$@"
    await "to sleep" in_state "$pid" S
    expect "no descriptor for the FIFO yet" assert_equal "$(descriptors "$pid")" "0 1 2"
    assert fifo
}

@test "fifo_writer: open waits for a reader, and only then there is a descriptor" {
    text="some words $RANDOM"
    waits_in_open fifo_writer -p f "$text"
    assert_idle
    got=$(timeout "$DEADLINE" cat "$work/f")
    assert_equal "$got" "$text"
    finish_program
    assert_ended "exit 0"
    refute fifo # it has made it, and removed it
}

@test "fifo_reader: open waits for a writer, the end of file for the last writer" {
    waits_in_open fifo_reader -p f
    text="words-$RANDOM"
    exec {one}>"$work/f" {two}>"$work/f"
    echo "$text" >&"$one"
    exec {one}>&-
    await "to get what was written" written ": $text"
    await "to sleep" in_state "$pid" S # for there is one more writer
    echo "$text too" >&"$two"
    await "to get that, too" written ": $text too"
    refute written "end of file"
    exec {two}>&-
    finish_program
    assert_ended "exit 0"
    assert_line --partial "end of file"
    refute fifo
}

@test "fifo_writer, fifo_reader: the open of each returns when both have opened it" {
    traced bash -c 'mkfifo f; fifo_writer -p f & fifo_reader -p f; wait; ls -i f; rm f'
    assert_ended "exit 0"
    assert_fact_before "open * fifo:f write" "read * fifo:f = 6"
    # Whoever opened it last goes on first, and may have written already.
    assert_fact_before "open * fifo:f read" "read * fifo:f = 6"
    assert_fact_before "gone fifo:f write" "read * fifo:f = 0"
    # It was there before, so neither removes it.
    assert_equal "$(facts_of '^unlink .* fifo:f')" 1
    assert_line --regexp '^[0-9]+ f$'
    # Whoever comes first makes it, and removes it.
    run_program bash -c 'fifo_writer -p f & fifo_reader -p f; wait; ls'
    assert_ended "exit 0"
    assert_equal "$(grep -c 'made it' "$run/stdout")" 1
    assert_line --partial "got 6 bytes: hello"
}

@test "fifo_writer: the umask takes bits of the mode away, chmod does not" {
    # Its owner has to be able to open it.
    printf -v mask %04o $((RANDOM % 128))
    printf -v mode %04o $((RANDOM % 128 + 0600))
    held "waits" bash -c "umask $mask; exec fifo_writer -k -m $mode -p f"
    assert_equal "$(stat -c %a "$work/f")" "$(printf %o $((mode & ~mask)))"
    ends_by TERM "$pid" "signal TERM"
    rm "$work/f"
    held "waits" bash -c "umask $mask; exec fifo_writer -x -m $mode -p f"
    assert_equal "$(stat -c %a "$work/f")" "$(printf %o $((mode)))"
    ends_by TERM "$pid" "signal TERM"
    refute fifo
    allow_left 'file \./f \(FIFO\)'
}

@test "the name outlives both, and the data outlive neither" {
    waits_in_open fifo_writer -k -p f "$RANDOM"
    inode=$(stat -c %i "$work/f")
    exec {reader}<"$work/f"
    finish_program
    assert_ended "exit 0" # its bytes are written, though nobody has read them
    exec {reader}<&-
    assert fifo
    assert_equal "$(stat -c '%i %s' "$work/f")" "$inode 0"
    assert_equal "$(dd if="$work/f" iflag=nonblock status=none | wc -c)" 0
    rm "$work/f"
    allow_left 'file \./f \(FIFO\)'
}

@test "fifo_writer, fifo_reader: what waits in open is ended, and leaves no FIFO" {
    sigs=(HUP INT TERM)
    for program in fifo_writer fifo_reader; do
        sig=${sigs[RANDOM % ${#sigs[@]}]}
        waits_in_open bash -c "trap - INT; exec $program -p f"
        ends_by "$sig" "$pid" "signal $sig"
        refute fifo
    done
    run_program bash -c 'for program in fifo_writer fifo_reader; do
            $program -p f -t 0.05; echo $?
        done'
    assert_equal "$(grep -cx 1 "$run/stdout")" 2
    assert_regex "$stderr" "f: nobody reads from it.*f: nobody writes to it"
    refute fifo
}

@test "fifo_writer: a signal just before open isn't lost, nor one that was ignored" {
    start_held -w fifo_writer -p f
    hold
    assert fifo
    kill -s TERM "$pid"
    let_go
    finish_program
    assert_ended "exit 143"
    refute fifo

    waits_in_open bash -c 'trap "" HUP; exec fifo_writer -p f'
    assert in_set "$pid" SigIgn HUP
    # A FIFO that somebody else has put there isn't removed.
    rm "$work/f"
    mkfifo "$work/f"
    ends_by TERM "$pid" "signal TERM"
    assert fifo
    rm "$work/f"
    allow_left 'file \./f \(FIFO\)'
}

@test "fifo_writer: a reader that leaves early is an error, and no FIFO is left" {
    waits_in_open fifo_writer -p f "$(head -c 100000 /dev/zero | tr '\0' x)"
    exec {reader}<"$work/f"
    await "to fill the pipe" in_state "$pid" S
    exec {reader}<&-
    finish_program
    assert_ended "exit 1"
    assert_equal "$stderr" "fifo_writer: f: write: Broken pipe"
    refute fifo
}

@test "what isn't a FIFO is refused by its name, and left alone" {
    echo "$RANDOM" | tee "$work/f" >"$BATS_TEST_TMPDIR/same"
    mkdir "$work/d"
    run_program bash -c '
        for path in f d /dev/null; do
            for program in fifo_writer fifo_reader fifo_server "fifo_client hi"; do
                set -- $program
                $1 -p $path $2; echo "$? $1"
            done
        done; rmdir d'
    for program in fifo_writer fifo_reader fifo_server fifo_client; do
        assert_equal "$(grep -cx "1 $program" "$run/stdout")" 3
        for path in f d /dev/null; do
            assert_equal "$(grep -cx "$program: $path: there is something else than a FIFO" "$run/stderr")" 1
        done
    done
    assert_files_equal "$work/f" "$BATS_TEST_TMPDIR/same"
    rm "$work/f"
    allow_left 'file \./f \(file\)'
}

@test "fifo_nonblock: each call returns at once, with what the manual says" {
    traced_well fifo_nonblock
    assert_equal "$(sed -nE 's/^((open|read|write) parent) fifo:[^ ]*/\1/p' "$run/facts")" \
        "$(printf '%s\n' "open parent write = ENXIO" "open parent read" \
            "read parent = 0" "open parent write" "read parent = EAGAIN" \
            "write parent = 5" "read parent = 5" "read parent = 0" \
            "open parent write" "read parent = EAGAIN" "write parent = EPIPE" \
            "open parent both" "read parent = EAGAIN" "write parent = 2" "read parent = 2")"
    assert_line --regexp 'nothing, no writer: poll += POLLHUP'
}

@test "fifo_persist: the data last as long as somebody has it open, the name until removed" {
    bytes=$((RANDOM % 4000 + 1))
    traced_well fifo_persist -n $bytes
    expect "so many bytes to read" assert_equal \
        "$(sed -nE 's/.* ([0-9]+) bytes to read, size 0$/\1/p' "$run/stdout" | xargs)" \
        "$bytes $bytes 0 $bytes 0"
    assert_equal "$(facts_of '^(create|unlink) parent fifo:')" 4
    assert_fact_before "gone fifo:* write" "gone fifo:* read"
}

@test "fifo_two_way: through one FIFO the questions come back; through two, answers" {
    traced_well fifo_two_way -n $((count = RANDOM % 20 + 5))
    assert_equal "$(facts_of "^write parent fifo:.*/there = 8")" $count
    assert_equal "$(facts_of "^read child.1 fifo:.*/there = 8")" $count
    assert_equal "$(facts_of "^write child.1 fifo:.*/back = 8")" $count
    assert_equal "$(facts_of "^read parent fifo:.*/back = 8")" $count
    assert_fact_before "gone fifo:*/there write" "read child.1 fifo:*/there = 0"
    assert_line --partial "$count questions answered"

    run_program fifo_two_way_broken -t 0.1
    assert_ended "exit 1"
    assert_line --regexp 'read its own (question|answer)$'
    assert_every_child_waited_for
    for program in fifo_two_way fifo_two_way_broken; do # stuck or not
        start bash -c "trap - INT; TMPDIR=. exec $program -n 1000000 -t 100"
        await_children "${program:0:15}"
        ends_by INT "$pid" "signal INT"
    done
}

@test "fifo_cost: more to make than a pipe, the same calls to use, no disk" {
    not_under_sanitizers
    run_program fifo_cost -n 300 -b $((RANDOM % 4000 + 1))
    assert_ended "exit 0"
    assert_line --regexp 'write\(\) notes the time: pipe (yes|no), FIFO yes'
    assert_line --regexp 'of [0-9]+ bytes through it, 0 are on a disk'
    read -r setup transfer < <(sed -nE 's/.*: ([0-9.]+) times$/\1/p' "$run/stdout" | xargs)
    expect "a FIFO dearer to make, and at most 3 times as dear to use" \
        awk "BEGIN { exit !($setup > 1.2 && $transfer > 0.5 && $transfer < 3) }"
    traced_well fifo_cost -n 3
    assert_equal "$(facts_of '^write parent fifo:.* = 4096$')" 60
    assert_equal "$(facts_of '^write parent pipe:.* = 4096$')" 60
    assert_equal "$(facts_of '^unlink parent fifo:')" 4
}

@test "bad usage is refused, help is given, failed output is noticed" {
    run_program bash -c '
        for program in fifo_writer fifo_reader fifo_server fifo_client fifo_nonblock \
            fifo_persist fifo_two_way fifo_two_way_broken fifo_cost; do
            "$program" -h >out 2>err && [[ $(<out) == "Usage: $program"* && ! -s err ]] ||
                echo "$program -h: $?"
            for words in -Z "-n 1x" "-t -1" "one two"; do
                [[ $program == fifo_server && $words == one* ]] && continue
                "$program" $words >out 2>err </dev/null
                [[ $? == 2 && ! -s out && -s err ]] || echo "$program $words: no"
            done
            "$program" -h >/dev/full 2>/dev/null && echo "$program: a full disk"
        done
        unset XDG_RUNTIME_DIR
        for program in fifo_writer fifo_reader fifo_server "fifo_client hi"; do
            $program >out 2>err; [[ $? == 2 && -s err ]] || echo "$program: where?"
        done
        for mode in 8 1000 "" x 0x1 20000000000000; do
            fifo_writer -m "$mode" -p f -t 0.1 >out 2>err; [[ $? == 2 ]] || echo "mode $mode"
        done
        exec {gone}> >(:); wait $!; export TMPDIR=.
        for program in "fifo_writer -t 1 -p f" "fifo_reader -t 1 -p f" "fifo_server -p f" fifo_nonblock \
            fifo_persist fifo_two_way fifo_two_way_broken "fifo_cost -n 9"; do
            $program >/dev/full 2>err; [[ $? == 1 && $(echo *) == "err out" ]] && grep -q "No space" err || echo "$program: no"
            $program >&$gone 2>err; [[ $? != 0 && $(echo *) == "err out" ]] || echo "$program: left"
        done
        rm out err'
    assert_ended "exit 0"
    assert_output ""
}

@test "without -p the FIFO is in the user's own folder" {
    mkdir "$work/run"
    run_program bash -c 'XDG_RUNTIME_DIR=$PWD/run fifo_server fifo_client "so be it"'
    assert_ended "exit 0"
    assert_line "SO BE IT"
    held "waits" bash -c 'XDG_RUNTIME_DIR=$PWD/run exec fifo_writer'
    assert [ -p "$work/run/lab08.fifo" ]
    ends_by TERM "$pid" "signal TERM"
    rmdir "$work/run"
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
