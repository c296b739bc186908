load ../lib/lab

# bats test_tags=ex:1,points:60
@test "each byte is written twice" {
    likely "a byte is written once, or something else is written" "write(2)"
    digit=$((RANDOM % 10))
    echo "a$digit" >"$work/input"
    run_program -i "$work/input" ex1_double
    assert_ended "exit 0"
    expect "each byte twice" assert_output "aa$digit$digit"
}

# bats test_tags=ex:1,points:40
@test "a write that fails is reported" {
    likely "the result of write_full isn't looked at" "write(2)"
    run_program sh -c 'echo a | ex1_double >/dev/full'
    assert_ended "exit 1"
    expect "the reason on standard error" \
        assert_regex "$stderr" 'No space left on device'
}
