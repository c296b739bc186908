# Lab 13: sockets, the web server.

load lib/lab

# with_server [OPTION...] SCRIPT: runs http_server while bash runs the script, with
# the functions of http_client.bash.
with_server() {
    run_program -t $((3 * DEADLINE)) http_server "${@:1:$#-1}" \
        bash -c "source '$top/tests/lib/http_client.bash'; ${*: -1}"
}

# assert_told [LINE...]: that this is what it and the script have written, but for
# where it listens.
assert_told() {
    assert_ended "exit 0"
    expect "on standard output: $*" \
        assert_equal "$(sed '/listens on/d; s/^server\[[0-9]*\]/server/' "$run/stdout")" \
        "$(printf '%s\n' "$@")"
}

@test "http_server: each request gets the status that RFC 9110 has for it" {
    mkdir -p "$work/d" "$work/e"
    echo "$RANDOM" | tee "$work/f" >"$work/d/index.html"
    : >"$work/unreadable"
    mkfifo "$work/fifo"
    ln -s f "$work/inside"
    ln -s "$top/README.md" "$work/outside"
    ln -s / "$work/rootdir"
    # Its status, whether the connection goes on, and the request: A is a line that
    # must be there, LONG are 5000 bytes.
    cat >"$work/requests" <<'END'
200 on GET /f HTTP/1.1\r\nA\r\n\r\n
200 on GET /%66?x=%zz HTTP/1.1\r\nA\r\n\r\n
200 on \r\nGET //f HTTP/1.1\nA\n\n
200 on GET http://a/f HTTP/1.1\r\nA\r\n\r\n
200 on GET /inside HTTP/1.1\r\nA\r\n\r\n
200 on GET /d/../f HTTP/1.1\r\nA\r\n\r\n
200 on GET /d/ HTTP/1.1\r\nA\r\n\r\n
200 on GET /f HTTP/1.1\r\nA\r\nContent-Length: 4\r\n\r\nbody
200 on GET /f HTTP/1.9\r\nA\r\nx-y:\t z \r\n\r\n
200 close GET /f HTTP/1.1\r\nA\r\nConnection: x, Close\r\n\r\n
200 close GET /f HTTP/1.0\r\n\r\n
200 on GET /f HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n
301 on GET /d HTTP/1.1\r\nA\r\n\r\n
404 on GET /nothing HTTP/1.1\r\nA\r\n\r\n
404 on GET /f/ HTTP/1.1\r\nA\r\n\r\n
404 on GET /e/ HTTP/1.1\r\nA\r\n\r\n
404 on GET /fifo HTTP/1.1\r\nA\r\n\r\n
404 on GET /outside HTTP/1.1\r\nA\r\n\r\n
404 on GET /rootdir/etc/passwd HTTP/1.1\r\nA\r\n\r\n
404 on GET /../../../../../../etc/passwd HTTP/1.1\r\nA\r\n\r\n
404 on GET /d/%2e%2e/..%2f..%2f..%2f..%2fetc/passwd HTTP/1.1\r\nA\r\n\r\n
404 on GET /d/index.html/. HTTP/1.1\r\nA\r\n\r\n
400 close GET /f%00 HTTP/1.1\r\nA\r\n\r\n
400 close GET /f%4 HTTP/1.1\r\nA\r\n\r\n
400 close GET f HTTP/1.1\r\nA\r\n\r\n
400 close GET * HTTP/1.1\r\nA\r\n\r\n
400 close GET /f HTTP/1.1\r\n\r\n
400 close GET /f HTTP/1.1\r\nA\r\nA\r\n\r\n
400 close GET /f HTTP/1.1\r\nA\r\nx : y\r\n\r\n
400 close GET /f HTTP/1.1\r\nA\r\n folded\r\n\r\n
400 close GET /f HTTP/1.1\r\nA\r\nx: \001\r\n\r\n
400 close GET /f HTTP/1.1\r\nA\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n
400 close GET /f HTTP/1.1\r\nA\r\nContent-Length: -4\r\n\r\n
400 close GET /f  HTTP/1.1\r\nA\r\n\r\n
400 close GET /f\r\nA\r\n\r\n
400 close GET\r\n\r\n
400 close GET /f HTTP/1.x\r\nA\r\n\r\n
400 close G(T /f HTTP/1.1\r\nA\r\n\r\n
405 on POST /f HTTP/1.1\r\nA\r\nContent-Length: 4\r\n\r\nbody
405 on OPTIONS * HTTP/1.1\r\nA\r\n\r\n
411 close GET /f HTTP/1.1\r\nA\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
413 close GET /f HTTP/1.1\r\nA\r\nContent-Length: 99999999999999999999\r\n\r\n
414 close GET /LONG HTTP/1.1\r\nA\r\n\r\n
414 close LONG
431 close GET /f HTTP/1.1\r\nA\r\nx: LONG\r\ny: LONG\r\n\r\n
431 close GET /f HTTP/1.1\r\nA\r\nx: LONGLONG
501 on BREW /f HTTP/1.1\r\nA\r\n\r\n
505 close GET /f HTTP/2.0\r\nA\r\n\r\n
END
    with_server -t 60 'printf -v long "%05000d" 0
        while read -r status goes request; do
            sent=${request//LONG/$long}
            ask "${sent//"\nA"/"\nHost: a"}"
            fields
            [[ $code == "$status" && $then == "$goes" ]] ||
                echo "$status $goes $request: saw $code $then"
        done <requests'
    assert_told
}

@test "http_server: a file comes whole, whatever its size; HEAD is the same without it" {
    local size
    for size in 0 1 16000 17000 3000000; do
        head -c $size /dev/urandom >"$work/$size.bin"
    done
    echo "<p>" >"$work/a.html"
    with_server 'for size in 0 1 16000 17000 3000000; do
            get /$size.bin | cmp - $size.bin && echo same
            ask "HEAD /$size.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            fields
            echo "$size $type $(wc -c <&3)"
        done
        ask "GET /a.html HTTP/1.1\r\nHost: a\r\n\r\n"; fields; echo "$type $date"'
    local type=application/octet-stream
    lines[-1]=${lines[-1]% *:*:* GMT}
    printf '%s\n' "${lines[@]}" >"$run/stdout"
    assert_told same "0 $type 0" same "1 $type 0" same "16000 $type 0" same \
        "17000 $type 0" same "3000000 $type 0" \
        "text/html; charset=utf-8 $(LC_ALL=C date -u +'%a, %d %b %Y')"
}

@test "http_server: requests that come together, a byte at a time, or with a body, are told apart" {
    for name in a b c; do
        printf '%s' "$name$RANDOM" | tee "$work/$name"
    done >"$BATS_TEST_TMPDIR/all"
    with_server 'rest=" HTTP/1.1\r\nHost: a\r\n"
        last="GET /c${rest}Connection: close\r\n\r\n"
        bodies() {
            for i in 1 2 3; do fields; head -c "$size" <&3 >part; cat part; done
            rm part
        }
        ask "GET /a$rest\r\nGET /b$rest\r\n$last"; bodies; cat <&3; echo
        ask ""; printf %b "GET /a$rest\r\nGET /b$rest\r\n$last" |
            while IFS= LC_ALL=C read -r -N 1 byte; do printf %s "$byte" >&3; done; bodies; echo
        ask "GET /a${rest}Content-Length: 64\r\n\r\nGET /c$rest\r\n"; printf "%036d" 0 >&3
        printf %b "GET /b$rest\r\n$last" >&3; bodies; cat <&3; echo'
    local all
    all=$(<"$BATS_TEST_TMPDIR/all")
    assert_told "$all" "$all" "$all"
}

@test "http_server: who is slow is told so, who is idle is left, and neither delays others" {
    echo "$RANDOM" >"$work/f"
    truncate -s 50M "$work/large"
    with_server -t 0.3 'exec 4<>/dev/tcp/127.0.0.1/$PORT # idle
        ask "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"; exec 5<&3 # takes nothing
        ask "GET /f HTTP/1.1\r\nHost:"; exec 6<&3              # drips
        while sleep 0.02 && printf " " >&6; do :; done 2>/dev/null &
        get /f
        exec 3<&6; fields; echo $code $then; wait
        cat <&4 | wc -c
        (($(cat <&5 | wc -c) < 50 << 20)) && echo cut'
    assert_told "$(<"$work/f")" "408 close" 0 cut
}

@test "http_server: it survives who vanishes, and a lack of descriptors" {
    head -c 3000000 /dev/zero >"$work/large"
    echo "$RANDOM" >"$work/f"
    run_program bash -c 'ulimit -Sn 14; exec http_server -t 60 bash -c "$@"' bash \
        "source '$top/tests/lib/http_client.bash'"';
        ask "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"; exec 3<&-
        ask "GET /f HTTP/1.1\r\nHost: a\r\n\r\nGET"; exec 3<&-
        get /f
        ulimit -Sn 100
        fds=()
        for i in {1..8}; do exec {fds[i]}<>/dev/tcp/127.0.0.1/$PORT; done
        read -r -t 20 -u ${fds[8]}; echo $?
        for i in {1..7}; do exec {fds[i]}<&-; done
        until got=$(get /f 2>&9) && [[ $got ]]; do :; done 9>/dev/null; echo $got'
    assert_line --regexp "^server\[[0-9]+\]: refuses a client: no descriptor is left$"
    sed -i '/refuses/d' "$run/stdout"
    assert_told "$(<"$work/f")" 1 "$(<"$work/f")"
}

@test "http_server: at SIGTERM those who have asked are served, and nobody else" {
    head -c 3000000 /dev/urandom >"$work/large"
    with_server -t 60 'exec 4<>/dev/tcp/127.0.0.1/$PORT
        ask "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
        fields
        exec 5<>/dev/tcp/127.0.0.1/$PORT; printf "GET /la" >&5
        trap "" TERM
        kill -TERM $PPID
        cat <&4
        (ask x) 2>/dev/null || echo refused
        head -c "$size" <&3 | cmp - large && echo same
        printf "rge HTTP/1.1\r\nHost: a\r\n\r\n" >&5
        exec 3<&5; fields; echo $code $then'
    assert_told "server: SIGTERM: ends" refused same "200 close"
}
