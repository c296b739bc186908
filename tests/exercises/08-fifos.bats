# The exercises of lab 08: ex1_logger and ex2_rpc.
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2059,SC2154,SC2317  # code for shells; names that fifo.bash shares

load ../lib/lab
load ../lib/fifo

# ---- ex1_logger ----

# bats test_tags=ex:1,points:4
@test "the FIFO is made for all to write, lines come out at once, and it goes with the logger" {
    likely "mkfifo() with 0622, less the umask; what comes is written when its newline is there" 'TODO 1 and 2 in ex1_logger.c; mkfifo(3), umask(2)'
    start_listener sh -c 'umask 002; exec ex1_logger q'
    expect "the FIFO's mode" assert_equal "$(stat -c %a "$work/q")" 620
    open_q
    out=''
    for word in $RANDOM '' " $RANDOM  \\r" $RANDOM; do
        printf %b "$word\n" >&"$q"
        out+="$word\n"
        await_out "$out"
    done
    close_q
    stop_by TERM
    expect "no message" assert_equal "$stderr" ""
}

# bats test_tags=ex:1,points:5
@test "with many writers at once no line is lost, torn or mixed" {
    likely "a line may begin in one read() and end in the next" 'TODO 2 in ex1_logger.c; PIPE_BUF in pipe(7)'
    for w in {1..8}; do
        for i in {1..60}; do
            printf "$w.$i %0$((RANDOM % (i % 9 ? 300 : 4000) + 1))d\n" $RANDOM
        done >"$work/in.$w"
    done
    mkfifo "$work/q"
    start_listener ex1_logger q
    freeze "$pid"
    for w in {1..8}; do
        sh -c 'while read -r line; do echo "$line"; done' <"$work/in.$w" >"$work/q" 3>&- &
        writers[w]=$!
    done
    # Full, so that a read() ends within a line.
    waits_or_gone() { in_state "$1" S || gone "$1"; }
    for w in {1..8}; do
        wait_until "$DEADLINE" waits_or_gone "${writers[w]}"
    done
    kill -CONT "$pid"
    for w in {1..8}; do
        if ! wait_until "$DEADLINE" gone "${writers[w]}" 2>/dev/null; then
            kill "${writers[@]}" 2>/dev/null || true
            complain "to read what is written" "a writer still waits for room in the FIFO"
        fi
    done
    open_q
    await "to read all that is there" q_is_empty
    close_q
    stop_by TERM
    for w in {1..8}; do
        expect "each line of writer $w, in order" cmp "$work/in.$w" <(grep "^$w\." "$run/stdout")
    done
    expect "no line more" assert_equal "$(wc -l <"$run/stdout")" 480
    rm "$work"/in.*
}

# bats test_tags=ex:1,points:5
@test "a line is written when it is complete, with one write" {
    likely "keep what has no newline yet; then write the line and its newline together" '"Lines" of ex1_logger in the README; write(2)'
    start_listener ex1_logger q
    open_q
    for piece in a1 b2 c3; do
        printf $piece >&"$q"
        await "to read the piece" q_is_empty
        await "to wait for more" in_state "$pid" S
        expect "nothing on standard output, since the line isn't complete" assert_equal "$(<"$run/stdout")" ""
    done
    printf 'd4\nsecond\n\nfour' >&"$q"
    await_out 'a1b2c3d4\nsecond\n\n'
    printf '\n' >&"$q"
    await_out 'a1b2c3d4\nsecond\n\nfour\n'
    close_q
    stop_by INT
    # The sizes: a trace tells them.
    traced sh -c 'mkfifo q; ex1_logger q & exec 3>q; printf "%s\n" 1 22 "" 4444 >&3; printf 5 >&3; printf "5555\n" >&3; kill $!; wait $!'
    assert_ended "exit 0"
    expect "the bytes of each write" assert_equal \
        "$(sed -n 's/^write child.2 stdout = //p' "$run/facts" | xargs)" "2 3 1 5 6"
}

# bats test_tags=ex:1,points:6
@test "when the last writer leaves it waits for the next, asleep" {
    likely "without a writer read() gives 0 and poll() POLLHUP, again and again: have a write end of your own" '"Writers come and go" of ex1_logger in the README; fifo(7)'
    start_listener ex1_logger q
    out=''
    for i in 1 2 3; do
        open_q
        out+="$((word = RANDOM))\n"
        printf '%s\n' $word >&"$q"
        await_out "$out"
        close_q
    done
    assert_idle
    expect "to have both ends of the FIFO" assert_equal "$(ends_at "$pid" q)" "read write"
    stop_by TERM
}

# bats test_tags=ex:1,points:5
@test "what the last writer leaves without a newline is a line of its own" {
    likely "an own write end hides that the last writer has gone: close it while a line isn't complete" '"Writers come and go" of ex1_logger in the README; TODO 3 in ex1_logger.c'
    start_listener ex1_logger q
    out=''
    for i in 1 2; do
        open_q
        printf half$i >&"$q"
        await "to read the piece" q_is_empty
        ((i == 1)) || assert_idle # somebody may still complete it
        close_q
        out+="half$i\n"
        await_out "$out"
    done
    assert_idle
    open_q
    printf 'whole\n' >&"$q"
    await_out "${out}whole\n"
    close_q
    stop_by TERM
}

# bats test_tags=ex:1,points:4
@test "a line that is too long is cut, and the next is whole" {
    likely "count what is kept, and drop the rest up to the newline; 4095 bytes and a newline still fit" '"Lines" of ex1_logger in the README; PIPE_BUF in limits.h'
    start_listener ex1_logger q
    open_q
    same() { cmp -s "$work/expected" "$run/stdout"; }
    for n in 4094 4095 4096 4097 8192 20000 50000; do
        printf "%0${n}d\n" 0 >&"$q"
        printf "after $n\n" >&"$q"
        printf "%0$((n < 4095 ? n : 4095))d\nafter $n\n" 0 >>"$work/expected"
        await "a line of $n bytes, up to its 4095th, and the next" same
    done
    # A byte of 0 is one like others.
    printf 'a\0b\n' >&"$q"
    printf 'a\0b\n' >>"$work/expected"
    await "a byte of value 0 in a line" same
    rm "$work/expected"
    close_q
    stop_by TERM
}

# bats test_tags=ex:1,points:4
@test "a FIFO that is there is used; what isn't one is refused and stays" {
    likely "EEXIST of mkfifo() may be all right: look with fstat() at what you have opened. Removing it first cuts off who waits there" '"The FIFO" of ex1_logger in the README; mkfifo(3)'
    mkfifo "$work/q"
    exec {old}<>"$work/q"
    printf 'early\n' >&"$old"
    start_listener ex1_logger q
    await_out 'early\n'
    exec {old}>&-
    stop_by TERM
    mkdir "$work/folder"
    echo "$((word = RANDOM))" >"$work/file"
    for case in "file file: not a FIFO" "folder folder: not a FIFO" "no/q no/q: No such file or directory"; do
        run_program ex1_logger "${case%% *}"
        assert_ended "exit 1"
        expect "the message" assert_equal "$stderr" "ex1_logger: ${case#* }"
    done
    expect "the file as before" assert_equal "$(<"$work/file")" $word
    rm -r "$work/file" "$work/folder"
}

# bats test_tags=ex:1,points:4
@test "a second logger is refused as long as the first runs" {
    likely "flock() with LOCK_EX | LOCK_NB on the FIFO: the kernel ends that lock with the process" '"The FIFO" of ex1_logger in the README; flock(2)'
    start bash -c 'ex1_logger q & read -r x; ex1_logger q; echo "second $?"
        read -r x; kill -KILL %1; wait %1; echo killed; ex1_logger q & read -r x; kill $!; wait $!; echo "third $?"'
    shell=$pid
    logs() { [[ -p $work/q ]] && pid=$(who_locks q) && [[ $pid ]] && listens; }
    wait_until "$DEADLINE" logs 2>/dev/null || complain "one logger, with a lock of flock() on the FIFO" "/proc/locks tells none"
    type_line
    await_out 'second 1\n'
    expect "the message" assert_equal "$(<"$run/stderr")" "ex1_logger: q: in use"
    printf 'still there\n' 1<>"$work/q" >&1
    await_out 'second 1\nstill there\n'
    pid=$shell
    type_line
    await "the first to be killed" written killed
    [[ -p $work/q ]] || complain "the FIFO, as a killed logger leaves it" "it isn't there"
    wait_until "$DEADLINE" logs 2>/dev/null || complain "a third to be let in when the first was killed" "$(<"$run/stderr")"
    pid=$shell
    type_line
    await "the third to end" written "third 0"
    finish_program
}

# bats test_tags=ex:1,points:5
@test "at SIGTERM or SIGINT what has arrived is still written" {
    likely "remove the name, then read what FIONREAD tells, more than one read() if need be; what has no newline gets one" '"The end" of ex1_logger in the README; FIONREAD in pipe(7)'
    for i in {1..15}; do
        printf "$i %04000d\n" $RANDOM
    done >"$work/lines"
    for sig in TERM INT; do
        start_listener ex1_logger q
        open_q
        freeze "$pid"
        cat "$work/lines" >&"$q"
        printf 'the last %s' $sig >&"$q"
        kill -s $sig "$pid"
        kill -CONT "$pid"
        await_end "exit 0"
        close_q
        [[ ! -e $work/q ]] || complain "the FIFO removed" "it is still there"
        expect "all lines, and the last ended by a newline" cmp "$run/stdout" <(cat "$work/lines" && echo "the last $sig")
    done
    rm "$work/lines"
}

# bats test_tags=ex:1,points:2
@test "a signal just before it waits isn't lost" {
    likely "between looking at a handler's variable and poll() the signal may come: ppoll() or a signalfd" 'ppoll() in poll(2); signalfd(2)'
    start_held -w ex1_logger q
    await "a FIFO q, and to have it open to read" listens
    hold
    kill -TERM "$pid"
    let_go
    await_end "exit 0"
}

# bats test_tags=ex:1,points:3
@test "standard output that fails is an error, and no FIFO stays" {
    likely "SIGPIPE ends a program before it can remove anything; look at what write() returns" '"Errors" of ex1_logger in the README; signal(7), write(2)'
    start_listener sh -c 'exec ex1_logger q >/dev/full'
    open_q
    printf '%s\n' $RANDOM >&"$q"
    await_end "exit 1"
    close_q
    expect "the message" assert_equal "$stderr" "ex1_logger: standard output: No space left on device"
    [[ ! -e $work/q ]] || complain "the FIFO removed" "it is still there"
    start bash -c 'sh -c "echo \$\$ >number; exec ex1_logger q" | exec true; echo "${PIPESTATUS[0]}"'
    shell=$pid
    logs() { [[ -s $work/number ]] && pid=$(outside "$(<"$work/number")") && listens; }
    await "a FIFO q, and to have it open to read" logs
    rm "$work/number"
    open_q
    printf '%s\n' $RANDOM >&"$q"
    pid=$shell await_out '1\n'
    close_q
    finish_program
    expect "the message" assert_equal "$stderr" "ex1_logger: standard output: Broken pipe"
    [[ ! -e $work/q ]] || complain "the FIFO removed" "it is still there"
}

# bats test_tags=ex:1,points:3
@test "a name that is gone, or another's, isn't its own" {
    likely "compare fstat() and lstat(), after the lock and before unlink()" '"The FIFO" of ex1_logger in the README; TODO 4 in ex1_logger.c; stat(2)'
    allow_left 'file \./(q|old) .*'
    start_listener ex1_logger q
    open_q
    mv "$work/q" "$work/old"
    echo "$((word = RANDOM))" >"$work/q"
    printf 'one\nhalf' >&"$q"
    close_q
    await_out 'one\nhalf\n'
    assert_idle
    kill "$pid"
    await_end "exit 0"
    expect "the file that isn't its own, as it was" assert_equal "$(cat "$work/q" 2>&1)" "$word"
    rm "$work/q" "$work/old"
    # Between its open() and its flock() another logger ends.
    at=q be_stopped_at_open ex1_logger q
    await "to open the FIFO q" stays_stopped "$pid"
    rm "$work/q"
    kill -CONT "$pid"
    await "to make the FIFO anew, and read from that" listens
    kill "$pid"
    finish_program
    assert_ended "exit 0"
}

# ---- ex2_rpc ----

# bats test_tags=ex:2,points:4
@test "the server answers in the FIFO whose name the request has" {
    likely "a request ends with its newline, wherever a read() ends; the answer is the text turned round" 'TODO 1 and 2 in ex2_rpc.c; "The protocol" in the README'
    start_server
    as_client A1b
    request '\nA1b hello  %s \n' $((word = RANDOM))
    assert_reply " $(rev <<<$word)  olleh"
    before=$(descriptors "$pid")
    for piece in '\n' 'A1' 'b' ' x' 'yz'; do
        request "$piece"
        await "to read the piece" q_is_empty
    done
    request '\n\n\nA1b two\n\nA1b \n'
    for text in zyx owt ''; do
        assert_reply "$text"
    done
    request "\nA1b %04000d7\n" 0
    assert_reply "$(printf '7%04000d' 0)"
    for i in {1..5}; do
        still_answers
    done
    expect "no more descriptors than before" assert_equal "$(descriptors "$pid")" "$before"
    no_client A1b
    expect "no message" assert_equal "$(<"$run/stderr")" ""
    stop_server
}

# bats test_tags=ex:2,points:5
@test "with many clients at once, each gets its own answers" {
    likely "one reply FIFO for each client, with a name that no other has; a request is one write" '"The client" of ex2_rpc in the README'
    start_server
    for c in {1..25}; do
        printf 'ex2_rpc q %s- -%s third%s "" >out.%s & ' "$c" "$c" "$c" "$c"
    done >"$work/all"
    in_shell 'source ./all; for job in $(jobs -p | tail -n +2); do wait $job || echo "server: a client ended with $?"; done'
    for c in {1..25}; do
        expect "the answers to client $c" assert_equal "$(<"$work/out.$c")" "$(printf '%s\n' "$c-" "-$c" "third$c" | rev)"
        expect "four lines" assert_equal "$(wc -l <"$work/out.$c")" 4
    done
    expect "each client to end with 0" refute_regex "$(<"$run/stdout")" "ended with"
    rm "$work/all" "$work"/out.*
    expect "no message" assert_equal "$(<"$run/stderr")" ""
    stop_server
}

# bats test_tags=ex:2,points:5
@test "clients that are gone, or never read, don't hold the server up" {
    likely "O_NONBLOCK: open() gives ENXIO if nobody reads, write() EAGAIN if there is no room" 'TODO 2 in ex2_rpc.c; fifo(7)'
    start_server
    mkfifo "$work/q.unread"
    request '\ngone %s\n\nunread %s\n' $RANDOM $RANDOM
    still_answers
    as_client full
    printf '%065536d' 0 >&"$reply"
    full=$reply
    request '\nfull %s\n\nfull %s\n' $RANDOM $RANDOM
    still_answers
    reply=$full
    no_client full
    rm "$work/q.unread"
    # We were the last writer.
    close_q
    assert_idle
    expect "to have both ends of the FIFO" assert_equal "$(ends_at "$pid" q)" "read write"
    open_q
    still_answers
    expect "these messages" assert_equal "$(<"$run/stderr")" "ex2_rpc: q.gone: No such file or directory
ex2_rpc: q.unread: No such device or address
ex2_rpc: q.full: Resource temporarily unavailable
ex2_rpc: q.full: Resource temporarily unavailable"
    stop_server
}

# bats test_tags=ex:2,points:3
@test "a client that dies just before its answer is written doesn't kill the server" {
    likely "a write without a reader brings SIGPIPE; ignore it, and write() says EPIPE" 'TODO 2 in ex2_rpc.c; signal(7)'
    allow_left 'file \./q.*'
    at=q.dying be_stopped_at_open ex2_rpc -s q
    await "a FIFO q, and to have it open to read" listens
    open_q
    exec {reply}<>"$work/q.dying"
    request '\ndying %s\n' $RANDOM
    await "to open the client's FIFO" stays_stopped "$pid"
    no_client dying
    kill -CONT "$pid"
    still_answers
    kill "$pid"
    close_q
    finish_program
    assert_ended "exit 0"
    expect "the message" assert_equal "$(grep -v ^strace: <<<"$stderr")" "ex2_rpc: q.dying: Broken pipe"
}

# bats test_tags=ex:2,points:5
@test "no name leads the server to write elsewhere" {
    likely "only letters and digits in a name; O_NOFOLLOW; and fstat() before the write" '"The protocol" of ex2_rpc in the README; open(2)'
    start_server
    mkdir "$work/q.d"
    mkfifo "$work/victim" "$work/q.a.b" "$work/q." "$work/q.$(printf 'x%.0s' {1..33})"
    exec {victim}<>"$work/victim"
    exec {other}<>"$work/q.a.b" {empty}<>"$work/q." {long}<>"$work/q.$(printf 'x%.0s' {1..33})"
    echo unchanged >"$work/file"
    cp "$work/file" "$work/q.file"
    ln -s victim "$work/q.link"
    ln -s file "$work/q.link2"
    names=(d/../victim ../victim /victim a.b '' "$(printf 'x%.0s' {1..33})")
    for name in "${names[@]}"; do
        request '\n%s %s\n' "$name" $RANDOM
    done
    request '\nnospace\n\nlink x\n\nlink2 x\n\nfile x\n\nnew x\n'
    still_answers
    for fd in "$victim" "$other" "$empty" "$long"; do
        ! read -r -t 0 -u "$fd" || complain "nothing written elsewhere" "$(timeout 1 head -n 1 <&"$fd") in a FIFO"
        exec {fd}>&-
    done
    exec {victim}>&- {other}>&- {empty}>&- {long}>&-
    expect "the files to be as before" assert_equal "$(cat "$work/file" "$work/q.file")" $'unchanged\nunchanged'
    [[ ! -e $work/q.new ]] || complain "no file made by the server" "q.new is there"
    # The C libraries have words of their own for ELOOP.
    expect "a message for each" assert_equal "$(sed 's/: Symbolic link loop/: Too many levels of symbolic links/' "$run/stderr")" "$(
        printf 'ex2_rpc: not a request\n%.0s' {0..6}
        printf 'ex2_rpc: q.%s\n' 'link: Too many levels of symbolic links' 'link2: Too many levels of symbolic links' 'file: not a FIFO' 'new: No such file or directory'
    )"
    rm -r "$work"/q.* "$work/victim" "$work/file"
    stop_server
}

# bats test_tags=ex:2,points:4
@test "too long a request, or half a one, doesn't harm those that follow" {
    likely "drop the rest of too long a line, up to its newline; the newline in front of a request ends what others left" '"The protocol" of ex2_rpc in the README'
    start_server
    as_client me
    for n in 4096 4097 8200 30000; do
        request "\nme %0${n}d\n\nme after%d\n" 0 $n
        assert_reply "$(rev <<<after$n)"
    done
    close_q
    open_q
    request 'me half'
    request '\nme whole\n'
    assert_reply flah
    assert_reply elohw
    request 'junk'
    in_shell 'ex2_rpc q real'
    written laer || complain "the answer to a client after somebody's half a line" "$(<"$run/stdout")"
    no_client me
    expect "one message each" assert_equal "$(<"$run/stderr")" "$(printf 'ex2_rpc: not a request\n%.0s' {1..5})"
    stop_server
}

# bats test_tags=ex:2,points:4
@test "there is one server: a FIFO that was left is used, a second server refused" {
    likely "flock() on the FIFO, without waiting; fstat() on what was opened" '"The server" of ex2_rpc in the README; flock(2)'
    mkfifo "$work/q"
    exec {old}<>"$work/q"
    start_server
    exec {old}>&-
    expect "to have a lock of flock() on the FIFO" assert_equal "$(who_locks q)" "$pid"
    in_shell 'ex2_rpc -s q; echo "second $?"'
    echo unchanged >"$work/file"
    in_shell 'ex2_rpc -s file; echo "other $?"'
    expect "these statuses" assert_equal "$(grep -v ^server "$run/stdout")" $'second 1\nother 1'
    expect "these messages" assert_equal "$(<"$run/stderr")" $'ex2_rpc: q: in use\nex2_rpc: file: not a FIFO'
    expect "the file as before" assert_equal "$(<"$work/file")" unchanged
    rm "$work/file"
    still_answers
    stop_server
}

# bats test_tags=ex:2,points:4
@test "at SIGTERM or SIGINT the server still answers what has arrived" {
    likely "remove the name, then read what FIONREAD tells, more than one read() if need be" '"The end" of ex2_rpc in the README; FIONREAD in pipe(7)'
    for sig in TERM INT; do
        start_server
        as_client me
        freeze "$pid"
        for i in {1..12}; do
            request "\nme %0$((RANDOM % 500 + 3500))d$i\n" 0
        done
        kill -s $sig "$pid"
        kill -CONT "$pid"
        for i in {1..12}; do
            IFS= read -r -t "$DEADLINE" -u "$reply" text || complain "12 answers" "$((i - 1)) after $DEADLINE s"
            expect "the number of the request, turned round" assert_equal "${text%%00*}" "$(rev <<<"$i")"
        done
        no_client me
        stop_server $sig
    done
}

# bats test_tags=ex:2,points:5
@test "a client makes its FIFO and opens it before it asks, with one write" {
    likely "a server that gets the request at once must find a reader: open to read first, with O_NONBLOCK" '"The client" of ex2_rpc in the README; fifo(7)'
    allow_left 'file \./q .*'
    ask "$((word = RANDOM))  b" second
    expect "the request" assert_regex "$asked" "^[a-zA-Z0-9]{1,32} $word  b\$"
    [[ -p $work/q.$name ]] || complain "a FIFO q.$name" "$(ls "$work")"
    expect "to have its FIFO open to read" assert_regex "$(ends_at "$pid" "q.$name")" read
    first=$name
    exec {reply}<>"$work/q.$name"
    printf abc >&"$reply"
    exec {reply}>&-
    assert_idle
    q_is_empty || complain "one request at a time" "a second before the first was answered"
    expect "nothing on standard output, since the answer isn't whole" assert_equal "$(<"$run/stdout")" ""
    exec {reply}<>"$work/q.$name"
    printf 'def\n' >&"$reply"
    exec {reply}>&-
    next_request
    expect "the second request" assert_equal "$asked" "$first second"
    is_out 'abcdef\n' || complain "the first answer before the second request" "$(<"$run/stdout")"
    exec {reply}<>"$work/q.$name"
    printf 'x\n' >&"$reply"
    exec {reply}>&-
    await_end "exit 0"
    is_out 'abcdef\nx\n' || complain "both answers" "$(<"$run/stdout")"
    expect "its FIFO removed" assert_equal "$(cd "$work" && echo q*)" q
    close_q
    rm "$work/q"
    traced sh -c 'mkfifo q; exec 3<>q; ex2_rpc q hello & read -r x <&3; read -r name x <&3; echo hi >q.$name; wait; rm q'
    assert_ended "exit 0"
    expect "its FIFO made and opened, then one write of the whole request" assert_regex \
        "$(grep -E '^(create|open|write) child.2 (fifo:q|= )' "$run/facts" | sed -E 's/q\.[^ ]*/reply/; s/child.2 //' | paste -sd ';')" \
        '^open fifo:q write;create fifo:reply;open fifo:reply [^;]*;([^;]*reply[^;]*;)*write fifo:q = [0-9]+$'
}

# bats test_tags=ex:2,points:3
@test "without a server a client ends at once, and writes nowhere" {
    likely "O_WRONLY | O_NONBLOCK gives ENXIO when nobody reads; O_CREAT would make a file" '"Errors" of ex2_rpc in the README; open(2)'
    allow_left 'file \./left .*'
    mkfifo "$work/left"
    echo unchanged >"$work/file"
    for case in "left left: No such device or address" "file file: not a FIFO" "none none: No such file or directory"; do
        run_program ex2_rpc "${case%% *}" $RANDOM
        assert_ended "exit 1"
        expect "the message" assert_equal "$stderr" "ex2_rpc: ${case#* }"
    done
    expect "the file as before" assert_equal "$(<"$work/file")" unchanged
    expect "nothing new" assert_equal "$(cd "$work" && echo *)" "file left"
    rm "$work/file" "$work/left"
}

# bats test_tags=ex:2,points:3
@test "a client whose server goes doesn't wait for ever" {
    likely "poll() tells POLLERR of the write end of the server's FIFO when nobody reads there; an answer may have come before that" 'TODO 4 in ex2_rpc.c; poll(2)'
    allow_left 'file \./q .*'
    ask $RANDOM
    assert_idle
    close_q
    await_end "exit 1"
    expect "the message" assert_equal "$stderr" "ex2_rpc: q: the server is gone"
    expect "its FIFO removed" assert_equal "$(cd "$work" && echo q*)" q
    ask $RANDOM
    await "to wait" in_state "$pid" S
    freeze "$pid"
    exec {reply}<>"$work/q.$name"
    echo last >&"$reply"
    exec {reply}>&-
    close_q
    kill -CONT "$pid"
    await_end "exit 0"
    expect "the answer that had come" assert_output last
    rm "$work/q"
}

# bats test_tags=ex:2,points:3
@test "a client that is ended by a signal leaves no FIFO" {
    likely "SIGINT and SIGTERM are awaited together with the answer; before the end the FIFO is removed" '"The client" of ex2_rpc in the README; signalfd(2)'
    allow_left 'file \./q .*'
    for sig in TERM INT; do
        ask $RANDOM
        await "to wait" in_state "$pid" S
        kill -s $sig "$pid"
        await_end "exit $((128 + $(kill -l $sig)))"
        close_q
        expect "its FIFO removed" assert_equal "$(cd "$work" && echo q*)" q
    done
    rm "$work/q"
}

# bats test_tags=ex:2,points:2
@test "a text that is no line, or too long, is bad usage; an output that fails an error" {
    likely "check all before anything is made; 4000 bytes are allowed" '"Errors" of ex2_rpc in the README'
    start_server
    in_shell 't=$(printf "%04000d" 0); ex2_rpc q ok "x${t}"; echo $?; ex2_rpc q ok "$(printf "a\nb")"; echo $?; ex2_rpc q ok >/dev/full; echo $?; ex2_rpc q "${t%0}7" ""'
    expect "these statuses, then two answers" assert_equal "$(grep -v ^server "$run/stdout")" \
        $'2\n2\n1\n'"$(printf '7%03999d' 0)"
    expect "these messages" assert_equal "$(<"$run/stderr")" "ex2_rpc: a TEXT is one line of up to 4000 bytes
ex2_rpc: a TEXT is one line of up to 4000 bytes
ex2_rpc: standard output: No space left on device"
    stop_server
}
