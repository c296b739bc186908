# Holding a program still at a moment of the test's choice: tools/hold.

load ../lib/lab

@test "a signal that comes just before pause() is lost; before sigsuspend() it isn't" {
    start_held -w two_waits pause
    hold
    kill -TERM "$pid"
    let_go
    await "the handler to run" written handled
    await "to wait for ever" in_state "$pid" S
    kill -TERM "$pid" # the handler runs again, and pause() returns
    await "to end" gone "$pid"
    finish_program
    assert_ended "exit 7"

    start_held -w two_waits suspend
    hold
    kill -TERM "$pid"
    let_go
    await "to end" gone "$pid"
    finish_program
    assert_ended "exit 8"
}

@test "a parent is held in fork() until its child is dead" {
    start_held -p sh -c '(exit 7) & echo $!; wait $!; echo $?'
    await "a dead child" eval '[[ $(children "$pid") == *Z ]]'
    assert_equal "$(state "$pid") $(cat "$run/stdout")" "t "
    let_go
    finish_program
    assert_ended "exit 0"
    assert_line --index 1 7
}

@test "a child is held before it does anything, while its parent goes on" {
    start_held -c sh -c 'echo born >&2 & echo parent; wait; exit 3'
    await "its parent to go on" written parent
    await "to wait for the child" in_state "$pid" S
    assert_equal "$(children "$pid" | cut -d ' ' -f 3) $(cat "$run/stderr")" "t "
    let_go
    finish_program
    assert_ended "exit 3"
    assert_equal "$stderr" born
}

@test "a child of the command is held just before it waits" {
    start_held -w -n 2 sh -c 'two_waits pause & two_waits suspend; echo "ended $?"; kill $!; kill $!; wait'
    parent=$pid
    second() { pid=$(children "$parent" | awk '$2 == "two_waits" && ++n == 2 { print $1 }') && [[ $pid ]]; }
    await "two children" second
    hold
    await "the others to wait" in_state "$parent" S
    assert_equal "$(children "$parent" | cut -d ' ' -f 3 | xargs)" "S t"
    kill -TERM "$pid"
    let_go
    await "to end" gone "$pid"
    finish_program
    expect "how it ended" assert_line "ended 8"
}

@test "hold ends as the command does" {
    run_program "$top/build/tools/hold" -w sh -c 'exit 37'
    assert_ended "exit 37"
    run_program "$top/build/tools/hold" -w sh -c 'kill -TERM $$'
    assert_ended "exit 143"
    run_program "$top/build/tools/hold" -w /does/not/exist
    assert_ended "exit 127"
    run_program "$top/build/tools/hold" true
    assert_ended "exit 2"
}
