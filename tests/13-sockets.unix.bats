# Lab 13: Unix sockets: paths, permissions, who is at the other end, descriptors.

load lib/lab

# listening PATH: whether the kernel has a socket of that name that listens (its
# flags say so), in /proc/net/unix of the running program's namespace.
listening() {
    awk -v path="$1" '$NF == path && $4 == "00010000" { found = 1 } END { exit !found }' "/proc/$pid/net/unix"
}

@test "unix_stream: the client is told its own PID and user, by the kernel" {
    # Who connects is the shell, by bash's exec: its PID, and not one that was sent.
    run_program unix_stream -p s serve bash -c 'unix_stream -p s ask & echo "asked $!"; wait; id -u'
    assert_ended "exit 0"
    asked=$(sed -n 's/^asked //p' "$run/stdout")
    assert_line "you are process $asked of user ${lines[-1]}"
    assert_line --regexp "^server\[[0-9]+\]: process $asked of user ${lines[-1]} has connected$"
    # And the server's, at its listen().
    server=$(sed -nE 's/^server\[([0-9]+)\]: listens.*/\1/p' "$run/stdout")
    assert_line --regexp "^client\[$asked\]: process $server of user ${lines[-1]} listens$"
    traced_well unix_stream -p s serve unix_stream -p s ask
    assert_fact_before "bind parent unix:1 s" "listen parent unix:1"
    assert_fact_before "connect child.1 child.1/unix:1 unix:1" "accept parent unix:1 unix:2 child.1/unix:1"
    assert_nothing_wrong
}

@test "unix_stream: the path's mode says who may connect, from the first moment on" {
    mode=$(printf %o $((RANDOM % 0100 | 0600)))
    held "listens on" bash -c "umask 0; exec unix_stream -p s -m $mode serve"
    assert_equal "$(stat -c '%a %F' "$work/s")" "$mode socket"
    listening s || complain "a socket s that listens" "$(cat "/proc/$pid/net/unix")"
    assert_idle
    ends_by TERM "$pid" "exit 0"
    assert_file_not_exists "$work/s"
    # No write permission, no connection. For root there is no such thing.
    run_program unix_stream -p s -m 0 serve bash -c \
        '[[ -w s ]] && echo "root may"; unix_stream -p s ask'
    if [[ $output != *"root may"* ]]; then
        assert_ended "exit 1"
        assert_equal "$stderr" "unix_stream: s: Permission denied"
    fi
    traced_well unix_stream -p s serve true
    # Not bind() and then chmod().
    assert_fact_before "umask parent 177" "bind parent unix:1 s"
}

@test "unix_stream: a dead server's file is replaced, a live one's is not, nor anything else" {
    held "listens on" unix_stream -p s serve
    ends_by KILL "$pid" "signal KILL"
    run_program unix_stream -p s serve bash -c 'stat -c "inode %i" s
        unix_stream -p s serve; echo "second $?"; unix_dgram -p s serve; echo "other $?"
        unix_stream -p s ask; stat -c "inode %i" s'
    assert_ended "exit 0"
    assert_equal "$(sort -u <(grep ^inode "$run/stdout") | wc -l)" 1
    assert_line "second 1"
    assert_line "other 1"
    assert_line --regexp "^you are process"
    assert_equal "$stderr" "unix_stream: s: another server has it
unix_dgram: s: another server has it"
    assert_file_not_exists "$work/s"

    run_program bash -c 'echo precious >s; unix_stream -p s serve; cat s; rm s; mkdir s; unix_stream -p s serve; rmdir s
        ln -s nowhere s; unix_stream -p s serve; readlink s; rm s'
    assert_output $'precious\nnowhere'
    assert_equal "$(grep -c 's: there is something else than a socket$' "$run/stderr")" 3
    allow_left 'file \./s \(socket\)' # of the one that was killed
}

@test "unix_stream: of many that find the same dead server's file, one gets it" {
    run_program bash -c 'coproc unix_stream -p s serve
        read -r x <&${COPROC[0]}; kill -KILL $COPROC_PID; wait; ls
        exec 3< <(for i in {1..20}; do unix_stream -p s serve 2>&1 & done; wait)
        # All but one end, and then it is asked.
        for ((lost = 0; lost < 19;)); do read -r line <&3; [[ $line == *"another server has it" ]] && ((lost++)); done
        unix_stream -p s ask; kill $(pidof unix_stream); cat <&3 >/dev/null; ls -A'
    assert_ended "exit 0"
    assert_equal "$(grep -c '^you are process' "$run/stdout")" 1
    assert_equal "$(grep -cx s "$run/stdout")" 1 # it was left, and the last one left none
}

@test "unix_stream: the path of somebody else is left alone at the end" {
    held "listens on" unix_stream -p s serve
    rm "$work/s"
    echo precious >"$work/s"
    ends_by INT "$pid" "exit 0"
    assert_equal "$(<"$work/s")" precious
    rm "$work/s"
    allow_left 'file \./s \(file\)'
}

@test "unix_stream, unix_dgram: an abstract name is no file, and goes with its socket" {
    name=lab$RANDOM$RANDOM
    held "listens on" unix_stream -p "@$name" serve
    listening "@$name" || complain "a socket @$name that listens" "$(cat "/proc/$pid/net/unix")"
    assert_equal "$(ls -A "$work")" ""
    ends_by KILL "$pid" "signal KILL"
    run_program bash -c "unix_stream -p @$name ask; echo \$?
        unix_stream -p @$name serve bash -c 'unix_stream -p @$name ask; unix_stream -p @$name serve'; echo \$?
        unix_dgram -p @$name serve unix_dgram -p @$name ask hi"
    assert_equal "$stderr" "unix_stream: @$name: Connection refused
unix_stream: @$name: Address already in use"
    assert_line --regexp '^you are process'
    assert_line --regexp '^client.*: HI$'
}

@test "unix_stream: real clients: nc -U, socat; ss shows the path" {
    needs nc netcat-openbsd
    needs socat socat
    needs ss iproute2
    run_program unix_stream -p s serve sh -c 'nc -NU s </dev/null; socat -u UNIX-CONNECT:s -; ss -Hxl src s'
    assert_ended "exit 0"
    assert_equal "$(grep -cE '^you are process [0-9]+ of user [0-9]+$' "$run/stdout")" 2
    assert_line --regexp '^u_str +LISTEN .* s '
}

@test "unix_stream: it survives clients that vanish; its default path is the user's own" {
    run_program bash -c 'mkdir r; export XDG_RUNTIME_DIR=$PWD/r
        unix_stream serve bash -c "kill -STOP \$PPID
            for i in {1..9}; do bash -c \"exec nc -zU r/unix_stream\" & done; wait
            kill -CONT \$PPID; unix_stream ask; stat -c %a r/unix_stream"; rm -r r'
    assert_equal "$(grep -c '^you are process' "$run/stdout")" 1
    assert_line 600
    run_program env -u XDG_RUNTIME_DIR unix_stream ask
    assert_ended "exit 2"
}

@test "unix_stream: it survives a lack of descriptors" {
    not_under_sanitizers
    not_under_valgrind
    run_program bash -c 'ulimit -Sn 6; exec unix_stream -p s serve bash -c \
        "ulimit -Sn 100; unix_stream -p s ask; unix_stream -p s ask; exit 7"'
    assert_ended "exit 7"
    assert_equal "$(grep -c 'refuses a client: no descriptor is left' "$run/stdout")" 2
    assert_equal "$(grep -c '^unix_stream: s: ' "$run/stderr")" 2
}

@test "unix_dgram: whole datagrams from whom the kernel says; the client's name is one that it made" {
    word=w$RANDOM
    run_program unix_dgram -p s serve bash -c "unix_dgram -p s ask $word 'b $word' & wait \$!; echo \"asked \$! \$(id -u)\"; ls -A"
    assert_ended "exit 0"
    read -r _ asked user < <(grep ^asked "$run/stdout")
    assert_line --regexp "^server.*: ${#word} bytes from process $asked of user $user$"
    assert_line --regexp "^client.*: ${word^^}$"
    assert_line --regexp "^client.*: B ${word^^}$"
    assert_line --regexp '^client.*: is @[0-9a-f]{5}$'
    assert_line s
    traced_well unix_dgram -p s serve unix_dgram -p s -n ask "$word"
    assert_line --partial "it has no name: no answer"
    refute_fact "write parent unix:1 = *"
    assert_fact "read parent unix:1 = ${#word}"
}

@test "unix_dgram: nothing is lost, the sender waits for room; a client that takes nothing stops nobody" {
    # More than its queue takes, while it is stopped: the sender sleeps in send().
    run_program -t $((2 * DEADLINE)) bash -c 'coproc unix_dgram -p s serve; exec 4<&${COPROC[0]}; server=$COPROC_PID
        read -r x <&4; kill -STOP $server; count=$(($(</proc/sys/net/unix/max_dgram_qlen) + 20))
        unix_dgram -p s -n ask $(seq $count) & client=$!
        kill -CONT $server; wait $client; echo $?; kill $server; echo $count $(grep -c "bytes from" <&4)'
    assert_equal "${lines[0]}" 0
    read -r sent received <<<"${lines[1]}"
    assert_equal "$received" "$sent"
}

@test "socketpair: two ways over one descriptor each; a stream keeps no messages apart, SOCK_SEQPACKET does" {
    count=$((RANDOM % 8 + 2))
    traced_well socketpair -n $count
    assert_fact "connect parent unix:1 unix:2"
    assert_equal "$(facts_of '^write parent unix:1 = 9')" $count
    assert_fact "read child.1 unix:2 = $((9 * count))"
    # Half a close: the child still answers.
    assert_fact_before "shutdown parent unix:1 write" "read child.1 unix:2 = 0"
    assert_fact_before "shutdown parent unix:1 write" "read parent unix:1 = $((9 * count))"
    assert_fact "read parent unix:1 = 0"
    refute_fact "bind * *"
    assert_nothing_wrong
    traced_well socketpair -q -n $count
    assert_equal "$(facts_of '^read child.1 unix:2 = 9$')" $count
    assert_equal "$(facts_of '^read parent unix:1 = 9$')" $count
    assert_fact "read child.1 unix:2 = 0"
}

@test "fd_passing: a pipe reaches a process that isn't related, and so does a file that is gone" {
    seq $((RANDOM + 1000)) >"$work/f"
    size=$(stat -c %s "$work/f")
    start bash -c 'fd_passing -p s give f & read x
        fd_passing -p s take & wait; read x'
    await "to listen" written "listens on"
    # Nobody can open it any more, and no process has the pipe yet.
    rm "$work/f"
    giver=$(child_of "$pid" fd_passing)
    refute compgen -G "/proc/$giver/fd/*pipe*"
    type_line
    type_line
    finish_program
    assert_ended "exit 0"
    assert_line --regexp "^taker.*: read $size bytes from the file, descriptor [0-9]+$"
    assert_line --regexp '^taker.*: written into the pipe$'
    # One open file, one offset.
    assert_line --regexp "^giver.*: read nothing, and is at byte $size of the file$"
    assert_file_not_exists "$work/s"

    echo "$RANDOM" >"$work/f"
    traced_well fd_passing -p s give f fd_passing -p s take
    rm "$work/f"
    assert_fact_before "fork parent child.1" "create parent pipe:1"
    assert_fact_before "pass parent unix:2 pipe:1" "receive child.1 child.1/unix:1 pipe:1"
    assert_fact_before "pass parent unix:2 file:f" "receive child.1 child.1/unix:1 file:f"
    assert_fact_before "write parent pipe:1 = 22" "read child.1 pipe:1 = 22"
    assert_fact "read child.1 pipe:1 = 0"
    assert_nothing_wrong
    allow_left 'file \./f \(file\)'
}

@test "fd_passing: without a taker it ends with its command, or by a signal; without a giver it says so" {
    run_program fd_passing -p s give /dev/null false
    assert_ended "exit 1"
    held "listens on" fd_passing -p s give /dev/null
    assert_idle
    ends_by TERM "$pid" "exit 0"
    run_program bash -c 'fd_passing -p s take; echo $?; fd_passing -p s give nosuchfile; echo $?; ls -A
        unix_stream -p s serve fd_passing -p s take; echo $?'
    assert_equal "$(grep -v '^server' "$run/stdout" | xargs)" "1 1 1"
    assert_equal "$stderr" "fd_passing: s: No such file or directory
fd_passing: nosuchfile: No such file or directory
fd_passing: no 2 descriptors came"
}
