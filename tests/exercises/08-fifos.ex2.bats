# The exercise ex2_rpc of lab 08.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2059,SC2154,SC2317  # code for shells; names that fifo.bash shares

load ../lib/lab
load ../lib/fifo

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
