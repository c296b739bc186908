# Making happen what is allowed but rare: tools/unkind.c.

load ../lib/lab
load ../lib/threads

# took INDEX: how many milliseconds the command of that line took.
took() {
    echo "${lines[$1]##* }"
}

@test "a thread that nobody signals is woken early, every other time" {
    be_unkind early
    run_program -t 1 patience wait wait
    assert_ended "timeout 1"
    assert_equal "${#lines[@]}" 1

    be_unkind late=1
    run_program -t 1 patience wait
    assert_ended "timeout 1"
    assert_output ""
}

@test "threads are held up where it was asked for" {
    be_unkind late=50
    run_program patience woken
    assert_ended "exit 0"
    assert [ "$(took 0)" -ge 50 ]

    be_unkind second=50
    run_program patience nest
    assert [ "$(took 0)" -ge 50 ]

    be_unkind lock=20 second=70
    run_program patience unlock nest
    assert [ "$(took 0)" -ge 20 ]
    assert [ "$(took 1)" -ge 90 ]

    be_unkind unlock=50
    run_program patience unlock
    assert [ "$(took 0)" -ge 50 ]
}

@test "a thread that was woken is held until it is let go" {
    be_unkind hold
    mkfifo "$work/hold"
    exec {holding}<>"$work/hold"
    start patience woken
    in_readv() {
        read -r call _ <"/proc/$pid/syscall" && [[ ${call_name[$call]:-} == readv ]]
    }
    await "to be held" in_readv
    [[ ! -s $run/stdout ]]
    head -c 1 /dev/zero >&"$holding"
    finish_program
    assert_ended "exit 0"
    assert_output --partial woken
}
