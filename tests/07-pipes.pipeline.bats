# Lab 07: two commands and the pipe between them.

load lib/lab

@test "pipeline: the same bytes as from the shell's pipe" {
    run_program pipeline seq "$RANDOM" 40000 -- grep 7
    read -r _ _ first _ <<<"$ran"
    assert_ended "exit 0"
    assert_equal "$(cksum <"$run/stdout")" "$(seq "$first" 40000 | grep 7 | cksum)"
    assert_every_child_waited_for
}

@test "pipeline: each command has one end of the pipe, nobody else has any" {
    start_program -t 60 pipeline cat -- tr a b
    wait_until "$DEADLINE" child_of "$pid" cat >/dev/null
    wait_until "$DEADLINE" child_of "$pid" tr >/dev/null
    left=$(child_of "$pid" cat) right=$(child_of "$pid" tr)
    pipe=$(readlink "/proc/$left/fd/1")
    assert_equal "$(ends "$left" "$pipe")" "1 write"
    assert_equal "$(ends "$right" "$pipe")" "0 read"
    only_standard() { [[ $(descriptors "$1") == "0 1 2" ]]; }
    for process in "$left" "$right" "$pid"; do
        wait_until "$DEADLINE" only_standard "$process"
    done
    type_line "a $RANDOM"
    finish_program
    assert_ended "exit 0"
    assert_output --regexp '^b [0-9]+$'
}

@test "pipeline: the end of both commands is reported, the right one's counts" {
    left=$((RANDOM % 100 + 2)) right=$((RANDOM % 100 + 2))
    run_program pipeline sh -c "exit $left" -- sh -c "exit $right"
    assert_ended "exit $right"
    assert_regex "$stderr" "^pipeline: sh\[[0-9]+\]: exit $left"$'\n'"pipeline: sh\[[0-9]+\]: exit $right$"
}

@test "pipeline: a command that nobody reads from ends by SIGPIPE" {
    run_program pipeline yes "$RANDOM" -- head -n 1
    assert_ended "exit 0"
    assert_output "${ran:13:${#output}}"
    assert_regex "$stderr" 'pipeline: yes\[[0-9]+\]: killed by SIGPIPE'
    assert_every_child_waited_for
}

@test "pipeline: a command that nobody reads from is told when the last read end is gone" {
    traced pipeline yes "$RANDOM" -- head -n 1
    assert_ended "exit 0"
    assert_fact_before "close child.1 pipe:1 write" "exec child.1 yes"
    assert_fact_before "close child.2 pipe:1 write" "exec child.2 head"
    assert_fact_before "gone pipe:1 read" "write child.1 pipe:1 = EPIPE"
    assert_fact_before "deliver child.1 SIGPIPE default from kernel" "killed child.1 SIGPIPE"
    assert_nothing_wrong
}

@test "pipeline: 126, 127 and 128 + N as from a shell" {
    run_program bash -c '
        for command in nosuchcommand /etc/passwd "sh -c kill\${IFS}-TERM\${IFS}\$\$"; do
            pipeline true -- $command
            echo $?
        done'
    assert_output "$(printf '%s\n' 127 126 143)"
    assert_regex "$stderr" 'pipeline: nosuchcommand: No such file or directory'
    assert_regex "$stderr" 'pipeline: /etc/passwd: Permission denied'
    assert_regex "$stderr" 'pipeline: sh\[[0-9]+\]: killed by SIGTERM'
}

@test "pipeline: other than two commands are bad usage, and nothing runs" {
    run_program bash -c '
        pipeline; echo $?
        pipeline echo; echo $?
        pipeline -- echo; echo $?
        pipeline echo --; echo $?
        pipeline echo -- -- cat; echo $?
        pipeline echo -- cat -- cat; echo $?'
    assert_output "$(printf '2\n%.0s' {1..6})"
    assert_equal "$(grep -c '^Usage: pipeline' "$run/stderr")" 6
}

@test "pipeline: killing it ends its commands" {
    start_program -t 60 pipeline cat -- tr a b
    wait_until "$DEADLINE" child_of "$pid" cat >/dev/null
    wait_until "$DEADLINE" child_of "$pid" tr >/dev/null
    kill -KILL "$pid"
    # Our end of their input stays open: end of file isn't what ends them.
    wait "$program_pid"
    finish_program
    assert_ended "signal KILL"
    assert_equal "$adopted" 2
}
