# The helpers of common/lab.h, called by tests/kit/lab_calls.c.

load ../lib/lab

# each WORDS ARG...: runs "lab_calls WORDS" for each ARG, put where WORDS has an
# @. The output is standard error and "status N" of each. One run for all.
each() {
    run_program bash -c 'words=$1; shift
        for arg; do
            lab_calls ${words%@*} "$arg" ${words#*@} 2>&1 || echo "status $?"
        done' bash "$@"
}

@test "say writes one line that names role and PID" {
    start_program sh -c 'read x; exec lab_calls say child "$x"'
    type_line "hello $RANDOM there"
    finish_program
    assert_ended "exit 0"
    assert_output --regexp '^child\[[0-9]+\]: hello [0-9]+ there$'
    assert_equal "${output%%]*}" "child[$(facts pid)"
}

@test "say cuts a long line and keeps its newline" {
    run_program lab_calls say child "$(printf 'x%.0s' {1..2000})"
    assert_ended "exit 0"
    assert_equal "$(wc -c <"$run/stdout")" 512
    assert_equal "$(wc -l <"$run/stdout")" 1
}

@test "say prints a control character as a question mark" {
    run_program lab_calls say child $'a\nb\ec'
    assert_line --index 0 --regexp ': a\?b\?c$'
}

@test "say ends the program when its line can't be written" {
    run_program sh -c 'lab_calls say child hello >/dev/full'
    assert_ended "exit 1"
    assert_equal "$stderr" "lab_calls: standard output: No space left on device"
}

@test "lines of many processes that say something at once are never torn" {
    run_program sh -c 'for i in 1 2 3 4; do
        (for j in 1 2 3 4 5 6 7 8 9 10; do lab_calls say role$i "$(printf %0200d $i)"; done) &
    done | cat; wait'
    assert_ended "exit 0"
    assert_equal "$(grep -cE '^role([1-4])\[[0-9]+\]: 0{199}\1$' "$run/stdout")" 40
}

@test "after line_buffer_stderr a message is one write" {
    needs_tracing
    run_program bash -c 'ASAN_OPTIONS+=:detect_leaks=0 strace -qq -o trace \
        -e trace=write,writev lab_calls warn "two words"; grep -c "(2, " trace; rm trace'
    assert_ended "exit 0"
    assert_equal "$stderr" "lab_calls: two words"
    assert_output 1
}

@test "write_full writes all in spite of short writes and signals" {
    run_program sh -c 'lab_calls write 3000000 |
        { dd bs=1000 count=1 2>/dev/null; sleep 0.05; cat; } | cksum'
    assert_ended "exit 0"
    assert_output "$(awk 'BEGIN { for (i = 0; i < 300000; i++)
        print "0123456789" }' | head -c 3000000 | cksum)"
    refute_regex "$stderr" '^0 interruptions'
}

@test "write_full reports the error of write" {
    run_program sh -c 'lab_calls write 10 >/dev/full'
    assert_ended "exit 1"
    assert_equal "$stderr" "lab_calls: write_full: No space left on device"
}

@test "read_full goes on after short reads and signals" {
    run_program sh -c '{ for i in 1 2 3 4 5; do printf %04d $i; sleep 0.01; done; } |
        lab_calls read 16'
    assert_ended "exit 0"
    assert_output 0001000200030004
    refute_regex "$stderr" '^0 interruptions'
}

@test "read_full stops at end of file" {
    run_program sh -c 'printf abc | lab_calls read 10'
    assert_ended "exit 0"
    assert_output abc
}

@test "read_full reports the error of read" {
    run_program sh -c 'lab_calls read 10 </'
    assert_ended "exit 1"
    assert_equal "${stderr##*$'\n'}" "lab_calls: read_full: Is a directory"
}

@test "parse_number takes whole numbers in bounds and nothing else" {
    each 'number @ -3 10' 0 7 -3 +5 10 007
    assert_output "$(printf '%s\n' 0 7 -3 5 10 7)"

    wrong=("" x 7x " 7" "7 " 1.5 0x10 11 -4 99999999999999999999)
    each 'number @ -3 10' "${wrong[@]}"
    assert_output "$(printf "lab_calls: -n: '%s' is not a whole number from -3 to 10
status 2\n" "${wrong[@]}")"
}

@test "parse_seconds takes fractions and no other kind of number" {
    each 'seconds @ 0 2' 0 .25 1.5 2
    assert_output "$(printf '%s\n' 0 0.25 1.5 2)"

    wrong=("" x 1s nan inf 0x1 1e0 -1 2.1 1.2.3 -)
    each 'seconds @ 0 2' "${wrong[@]}"
    assert_output "$(printf "lab_calls: -t: '%s' is not a time from 0 to 2 seconds
status 2\n" "${wrong[@]}")"
}

@test "signals are known by name, short name and number" {
    each 'signal @' TERM sigterm 15
    assert_output "$(printf '%s\n' 15 15 15)"
    run_program lab_calls signal rtmin+3 # which number that is, is libc's affair
    run_program lab_calls name "$output"
    assert_output SIGRTMIN+3

    wrong=("" TERMX 0 65 -1 "nal 32" 15x)
    each 'signal @' "${wrong[@]}"
    assert_output "$(printf "lab_calls: -s: '%s' is not a signal: \
give a name such as TERM, or a number from 1 to 64
status 2\n" "${wrong[@]}")"
}

@test "every signal has the name that the shell gives it" {
    each 'name @' {1..31} 99
    assert_output "$(
        for i in {1..31}; do echo "SIG$(kill -l "$i")"; done
        echo "signal 99"
    )"
}

@test "check_pthread names the call and the error" {
    run_program lab_calls pthread 0
    assert_ended "exit 0"
    run_program lab_calls pthread 11
    assert_ended "exit 1"
    assert_equal "$stderr" \
        "lab_calls: pthread_create: Resource temporarily unavailable"
}

@test "usage goes to standard output when asked for, else to standard error" {
    run_program lab_calls usage h
    assert_ended "exit 0"
    assert_output "usage: like this"
    run_program lab_calls usage x
    assert_ended "exit 2"
    assert_output ""
    assert_equal "$stderr" "usage: like this"
}

@test "wait_for_enter takes one line and no more, in spite of signals" {
    start_program lab_calls enter -
    was_interrupted() { (($(field "$pid" voluntary_ctxt_switches) > 5)); }
    wait_until "$DEADLINE" was_interrupted
    printf 'one\ntwo\n' >&"$stdin"
    finish_program
    assert_ended "exit 0"
    assert_output "4 left"
    assert_regex "$stderr" '^[1-9][0-9]* interruptions$'

    printf 'no newline' >"$BATS_TEST_TMPDIR/input"
    run_program -i "$BATS_TEST_TMPDIR/input" lab_calls enter -
    assert_output "0 left"
}

@test "whole_path leads to the file from every folder, or to one of the user's own" {
    run_program sh -c 'export XDG_RUNTIME_DIR=/run/mine
        mkdir "a b"; cd "a b"
        lab_calls path some/file usual; lab_calls path /a/file usual; lab_calls path "" usual
        rmdir "../a b"; lab_calls path file usual; echo "status $?"
        XDG_RUNTIME_DIR=here lab_calls path "" usual; echo "status $?"
        unset XDG_RUNTIME_DIR; lab_calls path "" usual; echo "status $?"'
    assert_output "$(printf '%s\n' "$work/a b/some/file" /a/file /run/mine/usual \
        "status 1" "status 2" "status 2")"
    assert_equal "$stderr" "lab_calls: getcwd: No such file or directory
lab_calls: where shall usual be? XDG_RUNTIME_DIR doesn't say
lab_calls: where shall usual be? XDG_RUNTIME_DIR doesn't say"
}

@test "object_name and object_key are one user's own, a name that can't be is refused" {
    run_program sh -c 'lab_calls object "" usual; lab_calls object /mine usual; id -u
        lab_calls object /"$(printf %0255d 1)" usual | wc -L
        for bad in mine / /a/b /"$(printf %0256d 1)"; do
            lab_calls object "$bad" usual 2>/dev/null; echo "status $?"
        done'
    local user=${lines[2]} key
    printf -v key '%#x' $((0x4c0a0000 | user & 0xffff))
    assert_output "$(printf '%s\n' "/ipclab-$user-usual $key" "/mine $key" "$user" $((257 + ${#key})) \
        "status 2" "status 2" "status 2" "status 2")"
}

@test "close_all_from closes all from a number up, with close_range and without" {
    needs_tracing
    for without in '' 'strace -qq -o /dev/null -e inject=close_range:error=ENOSYS'; do
        run_program bash -c 'exec 3</dev/null 5</dev/null 77</dev/null
            ulimit -n 60; exec $1 lab_calls close 5' bash "$without"
        assert_ended "exit 0"
        assert_output "$(printf '%s\n' 0 1 2 3 4)" # 4 is that of ls
    done
}
