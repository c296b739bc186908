load lib/lab

@test "greeting says hello as often as it is told to" {
    count=$((RANDOM % 5 + 1))
    run_program greeting -n $count
    assert_ended "exit 0"
    assert_equal "${#lines[@]}" $count
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
