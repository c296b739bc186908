# Lab 13: sockets, file_transfer.

load lib/lab

# with_server [OPTION...] SCRIPT: runs a server, whose folder is "there", while bash
# runs the script in "here", with the functions of transfer_client.bash.
with_server() {
    mkdir -p "$work/here" "$work/there"
    run_program -t $((3 * DEADLINE)) -f $((8 << 30)) file_transfer serve -r there "${@:1:$#-1}" \
        bash -c "source '$top/tests/lib/transfer_client.bash'; cd here; ${*: -1}"
}

# names FOLDER: all that is in it, hidden or not.
names() {
    find "$work/$1" -mindepth 1 -printf '%P\n' | sort | xargs -d '\n'
}

assert_names() { # assert_names FOLDER NAME...
    expect "in the folder '$1'" assert_equal "$(names "$1")" "${*:2}"
}

assert_same() {
    cmp "$work/$1" "$work/$2" || complain "$1 and $2 to be the same" "they differ"
}

@test "file_transfer: a file comes whole, to and fro, whatever its size" {
    mkdir -p "$work/there/sub" "$work/here/up"
    local size
    for size in 0 1 65536 3000001; do
        head -c $size /dev/urandom >"$work/there/sub/$size"
        head -c $size /dev/urandom >"$work/here/up/x $size"
    done
    with_server 'file_transfer get sub/0 sub/1 sub/65536 /sub/3000001 &&
        file_transfer put up/*; echo $?'
    assert_ended "exit 0"
    assert_equal "$stderr" ""
    assert_line 0
    for size in 0 1 65536 3000001; do
        assert_same here/$size there/sub/$size
        assert_same "here/up/x $size" "there/x $size"
    done
    assert_names here 0 1 3000001 65536 up "up/x 0" "up/x 1" "up/x 3000001" "up/x 65536"
}

@test "file_transfer: more than 4 GiB come, and holes stay holes" {
    mkdir -p "$work/there" "$work/here"
    truncate -s 5G "$work/there/large"
    local text=$RANDOM$RANDOM place
    for place in 0 4294967290 4500000000; do
        printf %s "$text" | dd of="$work/there/large" bs=1 seek=$place conv=notrunc status=none
    done
    with_server 'file_transfer get -n large && mv large copy && file_transfer put -n copy'
    assert_ended "exit 0"
    for file in here/copy there/copy; do
        assert_equal "$(stat -c %s "$work/$file")" $((5 << 30))
        assert [ "$(stat -c %b "$work/$file")" -lt 1000 ]
        for place in 0 4294967290 4500000000; do
            assert_equal "$(tail -c +$((place + 1)) "$work/$file" | head -c ${#text})" "$text"
        done
    done
}

@test "file_transfer: who is interrupted says so, leaves no half file, and goes on from there" {
    mkdir -p "$work/there"
    head -c 3000000 /dev/urandom >"$work/there/x"
    with_server '(ulimit -f 1000; file_transfer get x); echo $?
        ls -A >seen; stat -c %s .x.part >>seen
        file_transfer get x; echo $?'
    assert_ended "exit 0"
    assert_equal "$(grep -v '[[]' "$run/stdout")" "$(printf '%s\n' 1 0)"
    assert_equal "$(<"$work/here/seen")" "$(printf '%s\n' .x.part seen 1024000)"
    assert_regex "$stderr" "x: File too large; 1024000 bytes of it are kept"
    assert_line --partial "3000000 bytes from 1024000 on"
    assert_same here/x there/x
    assert_names here seen x
}

@test "file_transfer: a part survives a kill; that it is of another file its checksum tells" {
    mkdir -p "$work/here"
    head -c 100000 /dev/urandom >"$work/here/x"
    mkdir -p "$work/there"
    with_server 'begin "FILE 100000 0 sha256 x"; hear; echo "$heard"
        tell "DATA 0 100000"; head -c 60000 x >&3
        until [[ $(stat -c %s ../there/.x.part) == 60000 ]]; do :; done
        workers | xargs kill -KILL; cat <&3
        until begin "FILE 100000 0 sha256 x"; hear; [[ $heard == "FROM 60000" ]]; do :; done
        tell "DATA 60000 40000"; tail -c 40000 x | head -c 10000 >&3; exec 3<&-
        until begin "FILE 100000 0 sha256 x"; hear; [[ $heard == "FROM 70000" ]]; do :; done; exec 3<&-
        ls -A ../there
        printf "%06d" 0 | dd of=../there/.x.part bs=1 seek=30000 conv=notrunc status=none
        until file_transfer put x 2>words; ! grep -q "somebody else" words; do :; done; cat words
        ls -A ../there; rm words
        file_transfer put x; echo $?'
    assert_ended "exit 0"
    assert_equal "$(grep -v '[[]' "$run/stdout")" "$(printf '%s\n' "FROM 0" .x.part \
        "file_transfer: x: the other side says: not the bytes that were sent: none are kept" 0)"
    assert_same here/x there/x
    assert_names there x
}

@test "file_transfer: no name that a client sends leads out of the folder" {
    mkdir -p "$work/there/sub" "$work/here"
    echo "$RANDOM" | tee "$work/secret" >"$work/there/inside"
    ln -s ../secret "$work/there/out"
    ln -s .. "$work/there/up"
    ln -s "$work" "$work/there/whole"
    ln -s inside "$work/there/link"
    mkfifo "$work/there/fifo"
    with_server 'ask() { begin "$1"; hear; echo "${heard%% *}"; exec 3<&-; }
        for name in ../secret /../secret sub/../../secret out up/secret whole/secret \
            "$OLDPWD/secret" fifo sub . .. / "" nothing; do
            ask "GET none $name"
        done | sort | uniq -c
        ask "GET none link"; ask "GET none sub/../inside"
        for name in ../new up/new whole/new sub/../../new nothing/new sub/ sub/. sub/.. "" \
            "$(printf %0300d 0)" ; do
            ask "FILE 0 0 none $name"
        done | sort | uniq -c
        ask "FILE 0 0 none sub/new"'
    assert_ended "exit 0"
    assert_equal "$(grep -v '[[]' "$run/stdout")" \
        "$(printf '%s\n' "     14 NO" FILE FILE "     10 NO" FROM)"
    assert_equal "$(names .)" "here secret there there/fifo there/inside there/link there/out there/sub there/up there/whole"
    echo "$(<"$work/secret")" | diff - "$work/there/inside"
}

@test "file_transfer: what is there already is replaced only if that is asked for, and by one at a time" {
    mkdir -p "$work/here" "$work/there"
    echo old | tee "$work/here/x" >"$work/there/y"
    echo "new $RANDOM" | tee "$work/here/y" >"$work/there/x"
    with_server 'file_transfer get x; echo $?; file_transfer put y; echo $?; cat x ../there/y
        file_transfer get -f x; echo $?
        begin "FILE 5 0 sha256 z"; hear; echo "$heard"
        cp y z; file_transfer put z; echo $?
        tell "DATA 0 5"; printf "12345" >&3; tell "END $(printf 12345 | sha256sum | head -c 64)"
        hear; echo "$heard"; file_transfer put z; echo $?'
    assert_ended "exit 0"
    assert_equal "$(grep -v '[[]' "$run/stdout")" \
        "$(printf '%s\n' 1 1 old old 0 "FROM 0" 1 DONE 1)"
    assert_same here/x there/x
    assert_equal "$(<"$work/there/z")" 12345
    assert_names there x y z
    with_server -f 'file_transfer put y z; echo $?'
    assert_line 0
    assert_same here/z there/z
}

@test "file_transfer: whatever comes that is no message, the server refuses it and goes on" {
    mkdir -p "$work/here"
    head -c 300000 /dev/urandom >"$work/here/x"
    with_server -t 0.5 '
        for text in "" "GET" "GET " "GET sha256" "PUT x" "FILE" "FILE x" "FILE 1 1 none" "FILE -1 0 none a" \
            "FILE 99999999999999999999 0 none a" "FILE 1 99999999999999999999 none a"; do
            begin "$text"; cat <&3 >reply; [[ $(tail -c +5 reply) == "NO "* ]] || echo "$text: $(<reply)"
        done
        begin "FILE 10 0 none a"; hear; echo "$heard"
        for part in "DATA 0 11" "DATA 11 0" "DATA -1 1" "DATA 5 9223372036854775807" "DATA 9" "END" "HE"; do
            begin "FILE 10 0 sha256 a"; hear; tell "$part"; head -c 50 /dev/zero >&3; cat <&3 >/dev/null
        done 2>/dev/null
        exec 3<>/dev/tcp/127.0.0.1/$PORT; printf "\xff\xff\xff\xffGET" >&3; cat <&3
        exec 3<>/dev/tcp/127.0.0.1/$PORT; printf "\0\0\0\x0cGET none a\0b" >&3; cat <&3
        exec 4<>/dev/tcp/127.0.0.1/$PORT; exec 3<>/dev/tcp/127.0.0.1/$PORT
        while printf "\0\0\0" >&3; do read -r -t 0.05 <> <(:); done 2>/dev/null # drips
        cat <&4; rm reply
        file_transfer put x; echo $?; file_transfer put -p 1 x; echo $?; chat_server file_transfer get -t 0.2 x; echo $?'
    assert_ended "exit 0"
    assert_equal "$(grep -v '[[]' "$run/stdout" | xargs)" "FROM 0 0 1 1"
    assert_same here/x there/x
    assert_names there x
}

@test "file_transfer: at SIGTERM who has asked is served, and nobody else" {
    mkdir -p "$work/here" "$work/there"
    head -c 9000000 /dev/urandom >"$work/there/x"
    with_server 'exec 4<>/dev/tcp/127.0.0.1/$PORT
        begin "GET none x"; hear; echo "${heard%% *}"
        tell "FROM 0"; hear; echo "$heard"; exec 5<&3
        begin "FILE 3 0 none y"; hear; echo "$heard"
        trap "" TERM; kill -TERM $PPID
        cat <&4 | tail -c +5
        (begin "GET none x") 2>/dev/null || echo refused
        head -c 9000000 <&5 | cmp - ../there/x
        tell "DATA 0 3"; printf abc >&3; tell "END none"; hear; echo "$heard"
        exec 3<&5; hear; echo "${heard%% *}"; tell DONE'
    assert_ended "exit 0"
    assert_equal "$(grep -v '[[]' "$run/stdout" | xargs)" \
        "FILE DATA 0 9000000 FROM 0 refused DONE END"
    assert_equal "$(<"$work/there/y")" abc
    assert_line --regexp '^server\[[0-9]+\]: SIGTERM: ends$'
}

@test "file_transfer: it survives who vanishes, and a lack of descriptors" {
    mkdir -p "$work/here" "$work/there"
    head -c 9000000 /dev/urandom >"$work/there/x"
    with_server -t 60 'begin "GET none x"; exec 3<&-
        begin "GET none x"; hear; tell "FROM 0"; head -c 100 <&3 | tail -c 50 >part; exec 3<&-
        exec 4<>/dev/tcp/127.0.0.1/$PORT; printf "\0\0" >&4; exec 4<&-
        file_transfer get x; echo $?
        prlimit --pid $PPID --nofile=9:100; (begin "GET none x"; hear; echo "$heard."); (begin "GET none x"; cat <&3)
        prlimit --pid $PPID --nofile=100:100; file_transfer get -f x; echo $?
        rm part'
    assert_ended "exit 0"
    assert_equal "$(grep -v '[[]' "$run/stdout" | xargs)" "0 . 0"
    assert_equal "$(grep -c 'refuses a client: no descriptor is left' "$run/stdout")" 2
    assert_same here/x there/x
    assert_names here x
}

@test "file_transfer: who waits in vain, or is interrupted, says so" {
    # chat_server never says a word; on_stop() ends the wait whenever it comes.
    run_program chat_server bash -c 'file_transfer get -t 0.2 x; echo $?
        file_transfer get x & until [[ $(sed -n "s/^SigCgt:.*\(.\)...$/\1/p" /proc/$!/status) == [4567cdef] ]]; do :; done
        kill -TERM $!; wait $!; echo $?'
    assert_ended "exit 0"
    assert_equal "$(grep -v '[[]' "$run/stdout" | xargs)" "1 1"
    assert_equal "$stderr" "$(printf 'file_transfer: x: %s\n' "nothing came for 0.2 s" SIGTERM)"
}

@test "file_transfer: a disk without room is noticed before anything is sent" {
    if [[ $SANDBOX == none ]]; then
        skip "without a sandbox /dev/shm is the machine's own: install bubblewrap"
    fi
    mkdir -p "$work/there"
    fallocate -l 100M "$work/there/x" || skip "this file system has no fallocate(2)"
    with_server 'file_transfer get -r /dev/shm x; echo $?; ls -A /dev/shm'
    assert_ended "exit 0"
    assert_regex "$stderr" "no room: it takes 104857600 bytes more, [0-9]+ are free"
    assert_equal "$(grep -v '[[]' "$run/stdout")" 1
}
