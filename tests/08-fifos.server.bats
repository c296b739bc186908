# Lab 08: a FIFO for a server and its clients.

load lib/lab

# serve COMMAND: runs a server for what bash does with that command.
serve() { run_program fifo_server -p s bash -c "$1"; }

@test "fifo_server: many clients at once, and each gets its own answer, whole" {
    salt=$RANDOM
    serve "for ((i = 0; i < 30; i++)); do
            text=\$(printf '%0*d' \$((i % 3 * 2000 + 10)) \$i)x$salt
            [[ \$(fifo_client -p s \$text) == \${text^^} ]] && echo right &
        done; wait"
    assert_ended "exit 0"
    assert_equal "$(grep -cx right "$run/stdout")" 30
    assert_equal "$(grep -c 'a request: ' "$run/stdout")" 30
    refute_line --partial "not a request"
}

@test "fifo_client: a request has up to PIPE_BUF bytes, one more is refused" {
    most=$(($(getconf PIPE_BUF /) - 8)) # a name, a space, a newline
    serve "
        text=\$(printf '%0${most}d' $RANDOM)
        [[ \$(fifo_client -p s \$text) == \$text ]] && echo right
        fifo_client -p s 1\$text; echo \$?
        fifo_client -p s 'two
lines'; echo \$?; ls -d s*"
    assert_ended "exit 0"
    expect "the longest answered, the others refused, nothing left" assert_equal \
        "$(grep -v '^server' "$run/stdout" | xargs)" "right 2 2 s"
    assert_equal "$(grep -c 'a request: ' "$run/stdout")" 1
}

@test "fifo_server: several requests in one read, one in several, and nonsense" {
    serve '
        for name in aaaaaa bbbbbb cccccc; do mkdir s.$name; mkfifo s.$name/reply; done
        exec {a}<>s.aaaaaa/reply {b}<>s.bbbbbb/reply {c}<>s.cccccc/reply {s}>s
        printf "nonsense\n\naaaaaa one\nbbbbbb two\n../../ x\ncccc" >&$s
        head -c 9000 /dev/zero | tr "\0" x >&$s; printf "\ncccc" >&$s
        printf "cc three\n" >&$s
        for fd in $a $b $c; do read -t 5 -r text <&$fd; echo "$text"; done
        rm -r s.*'
    assert_ended "exit 0"
    assert_equal "$(grep -v '^server' "$run/stdout" | xargs)" "ONE TWO THREE"
    assert_equal "$(grep -c 'not a request' "$run/stdout")" 4
}

@test "fifo_server: a client that is dead, or doesn't take its answers, stops nobody" {
    serve '
        mkdir s.{dead00,stuck0,file00}; mkfifo s.{dead00,stuck0}/reply; touch s.file00/reply
        echo dead00 hello >s
        echo nobody hello >s
        echo file00 hello >s
        exec {never_read}<>s.stuck0/reply
        text=$(printf %04000d 0)
        for i in {1..30}; do echo stuck0 $text >s; done
        timeout 10 fifo_client -p s "still there"
        cat s.file00/reply
        rm -r s.*'
    assert_ended "exit 0"
    assert_line "STILL THERE"
    refute_line "HELLO"
    for what in "open says: No such device or address" "open says: No such file" \
        "that is no FIFO" "write says: Resource temporarily unavailable"; do
        assert_line --partial "no answer, for $what"
    done
}

@test "fifo_server: EPIPE, of a client that dies before the write, is survived" {
    needs_tracing
    # Its third write is the first answer. The kernel sends the signal, too.
    run_program strace -qq -o trace -e inject=write:error=EPIPE:signal=SIGPIPE:when=3 \
        fifo_server -p s bash -c 'fifo_client -p s first; fifo_client -p s second; rm trace'
    assert_ended "exit 0"
    assert_line --partial "write says: Broken pipe"
    assert_regex "$stderr" "fifo_client: s: no answer will come"
    assert_line SECOND
}

@test "fifo_server: it holds both ends, so no client is the last, and it sleeps" {
    held "takes requests" fifo_server -p s
    path=$(readlink "/proc/$pid/fd/4")
    assert_equal "$(ends "$pid" "$path")" $'4 read\n5 write'
    for i in 1 2; do
        echo "nobody" >"$work/s"
        await "to read it" lines_written "not a request" $i
    done
    assert_idle
    sig=$( ((RANDOM % 2)) && echo INT || echo TERM)
    ends_by "$sig" "$pid" "exit 0"
    assert_file_not_exists "$work/s"
}

@test "fifo_server: a second one is refused; a killed one's FIFO is taken over" {
    held "takes requests" bash -c 'exec fifo_server -p s'
    inode=$(stat -c %i "$work/s")
    ends_by KILL "$pid" "signal KILL"
    assert_equal "$(stat -c %i "$work/s")" "$inode"
    serve 'stat -c "inode %i" s; fifo_server -p s; echo $?; fifo_client -p s alive'
    assert_ended "exit 0"
    assert_line "inode $inode"
    assert_line 1
    assert_line ALIVE
    assert_equal "$stderr" "fifo_server: s: another server reads from it"
    assert_file_not_exists "$work/s"
    allow_left 'file \./s \(FIFO\)'
}

@test "fifo_server: its command's status is its own, its end the command's" {
    status=$((RANDOM % 200 + 1))
    serve "exit $status"
    assert_ended "exit $status"
    run_program bash -c 's() { fifo_server -p s "$@"; echo $?; }; s nosuchcommand; s /; s sh -c "kill -9 \$\$"'
    assert_equal "$(grep -v ^server "$run/stdout" | xargs)" "127 126 137"
    held "takes requests" fifo_server -p s cat
    await_children cat
    ends_by TERM "$pid" "exit 0"
    assert_every_child_waited_for
}

@test "fifo_client: without a server it says so at once; if that ends, too" {
    run_program bash -c 'fifo_client -p s hi; mkfifo s; fifo_client -p s hi; echo $?; rm s'
    assert_output 1
    assert_equal "$stderr" "$(printf 'fifo_client: s: no server: %s\n' \
        'No such file or directory' 'No such device or address')"

    # A server that takes no requests: stopped, until it is killed.
    run_program bash -c '
        asks() { fifo_client -p s "$@" & until compgen -G "s.*/reply" >/dev/null; do :; done; }
        exec {out}< <(exec fifo_server -p s); server=$!
        read -r line <&$out
        kill -STOP $server
        fifo_client -p s -t 0.05 hi; echo "late $?"
        asks hi; kill -TERM $!; wait $!; echo "terminated $?"; ls -d s*
        timeout 1 head -c 65536 /dev/zero >s; fifo_client -p s -t 0.05 hi; echo "full $?"
        asks hi; kill -KILL $server; wait $!; echo "ended $?"; ls -d s*; rm s'
    assert_ended "exit 0"
    assert_equal "$(xargs <"$run/stdout")" "late 1 terminated 143 s full 1 ended 1 s"
    assert_regex "$stderr" "no answer within 0.05 s"
    assert_regex "$stderr" "no answer will come"
}
