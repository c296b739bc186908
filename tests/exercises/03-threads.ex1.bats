# The exercise ex1_parallel_sum of lab 03.

load ../lib/lab
load ../lib/threads

# let_one_go COUNT: Enter for one thread, until COUNT are left.
let_one_go() {
    type_line
    await_threads "$1" "one thread to go on and end after each Enter, and $1 to wait"
}

# numbers COUNT: random numbers of one digit to eleven, one a line, the last
# without a newline, into $work/numbers; their sum into $sum.
numbers() {
    local i n
    sum=0
    for ((i = 1; i <= $1; i++)); do
        n=$((RANDOM * 10 ** (RANDOM % 8) / 10 ** (RANDOM % 5) - RANDOM % 2 * RANDOM))
        sum=$((sum + n))
        echo $n
    done >"$work/numbers"
    printf '7\n7\n7' >>"$work/numbers" # even a small rest has a number in it
    sum=$((sum + 21))
}

# assert_sums SUM FILE N...: that ex1_parallel_sum prints it, with N threads.
assert_sums() {
    local i wanted
    run_program sh -c 'file=$1; shift; for n; do s=$(ex1_parallel_sum -j $n $file 2>&1)
        echo "status $? of -j $n: $s"; done' sh "${@:2}"
    ran="ex1_parallel_sum -j N $2, for N in ${*:3}"
    for ((i = 3; i <= $#; i++)); do
        wanted="status 0 of -j ${!i}: $1"
        if [[ ${lines[i - 3]} != "$wanted" ]]; then
            complain "$wanted" "${lines[i - 3]:-nothing more}"$'\n'"$ended"
        fi
    done
}

# How many bytes it has read, and in how many calls, with threads that have ended.
reads() {
    sed -nE 's/^(rchar|syscr): //p' "/proc/$pid/io" | xargs
}

# bats test_tags=ex:1,points:5
@test "as many threads as asked for exist at the same time, even for two numbers" {
    likely "a thread is waited for before the next one is made; or main doesn't wait at all" 'TODO 2 in ex1_parallel_sum.c; pthread_join(3)'
    printf '%s\n' $RANDOM $RANDOM >"$work/numbers"
    start ex1_parallel_sum -w -j $((count = RANDOM % 20 + 10)) numbers
    await_threads $count "which wait for Enter"
    expect "no other process" assert_equal "$(children "$pid")" ""
    let_one_go $((count - 1))
}

# bats test_tags=ex:1,points:6
@test "each thread reads its own part and no more, with pread, in blocks" {
    not_under_valgrind
    likely "a thread reads what belongs to others; one byte at a time; or with read(), which moves the one file position that all threads share" 'TODO 3 in ex1_parallel_sum.c; pread(2)'
    seq $((RANDOM + 10000)) 50000 >"$work/numbers"
    count=$((RANDOM % 3 + 3))
    part=$(($(wc -c <"$work/numbers") / count))
    start ex1_parallel_sum -w -j $count numbers
    await_threads $count "which wait for Enter"
    for ((left = count - 1; left > 0; left--)); do
        read -r bytes calls < <(reads)
        let_one_go $left
        read -r bytes_after calls_after < <(reads)
        bytes=$((bytes_after - bytes - 1)) calls=$((calls_after - calls - 1)) # less the Enter
        ((bytes > part - 25 && bytes < part + 100 && calls <= part / 4096 + 3)) ||
            complain "a thread to read its part, $part bytes, in no more than $((part / 4096 + 3)) calls" "$bytes bytes in $calls calls"
    done
    expect "one descriptor besides 0 to 2" assert_equal "$(descriptors "$pid")" "0 1 2 3"
    expect "its file position not to move" assert_equal "$(grep pos: /proc/"$pid"/fdinfo/3)" $'pos:\t0'
}

# bats test_tags=ex:1,points:7
@test "every number is added once, wherever the file is cut" {
    likely "a line that is cut belongs to the part where it begins; the last part ends where the file does; each thread has arguments of its own" '"Parts" of ex1_parallel_sum in the README; pthread_create(3)'
    numbers $((RANDOM % 99 + 200))
    assert_sums $sum numbers "${thread_counts[@]}"

    # Now all threads have begun, and wait, before one looks at its arguments.
    start ex1_parallel_sum -w -j 9 numbers
    await_threads 9 "which wait for Enter"
    finish
    expect "the sum" assert_output $sum
}

# bats test_tags=ex:1,points:4
@test "a file may have fewer numbers than threads, none, or fewer bytes than it had" {
    likely "a part may be empty; pread() returns 0 where the file ends, and not only at the end of a part" '"Parts" of ex1_parallel_sum in the README; pread(2)'
    printf %s $((few = RANDOM)) >"$work/few"
    : >"$work/none"
    assert_sums $few few "${thread_counts[@]}"
    assert_sums 0 none "${thread_counts[@]}"
    short=/sys/devices/system/cpu/kernel_max # of 4096 bytes, says stat(2)
    [[ ! -r $short ]] || assert_sums "$(<$short)" $short "${thread_counts[@]}"
}

# bats test_tags=ex:1,points:4
@test "64 bits are enough for the sum, whatever the order" {
    likely "an int is too small; and the sum of a part may need more than 64 bits where the whole sum doesn't" '"Numbers" of ex1_parallel_sum in the README; TODO 3 and 4 in ex1_parallel_sum.c'
    max=9223372036854775807 min=-9223372036854775808 small=$((RANDOM + 1))
    printf '%s\n' $max $max $max $min -$max $min $small >"$work/high-first"
    tac "$work/high-first" >"$work/low-first"
    printf '%s\n' $min $small -$small >"$work/lowest"
    printf '%s\n' -$small $max $small >"$work/highest"
    counts=(1 2 3 4 7)
    for file in "high-first $((small - 2))" "low-first $((small - 2))" "lowest $min" "highest $max"; do
        assert_sums "${file#* }" "${file% *}" "${counts[@]}"
    done
}

# assert_error MESSAGE: the program says this, prints nothing, and ends with 1.
assert_error() {
    assert_ended "exit 1"
    expect "one message" assert_equal "$stderr" "ex1_parallel_sum: $1"
    expect "nothing on standard output" assert_output ""
}

# bats test_tags=ex:1,points:4
@test "a sum that needs more than 64 bits, or can't be written, is an error" {
    likely "compare the sum with LLONG_MIN and LLONG_MAX before it becomes a long long; see what fflush() returns" '"Errors" of ex1_parallel_sum in the README; fflush(3)'
    printf '%s\n' 9223372036854775807 $((small = RANDOM + 1)) >"$work/high"
    printf '%s\n' -$small -9223372036854775808 >"$work/low"
    for file in high low; do
        run_program ex1_parallel_sum -j $((RANDOM % 2 + 1)) $file
        assert_error "$file: the sum doesn't fit in 64 bits"
    done
    run_program sh -c 'echo 1 >n; ex1_parallel_sum n >/dev/full; s=$?; rm n; exit $s'
    assert_error "standard output: No space left on device"
}

# bats test_tags=ex:1,points:4
@test "a line that is no number is an error, which says where it begins" {
    likely "every byte of a line counts, and an empty line is none; the offset is counted from the beginning of the file" '"Numbers" of ex1_parallel_sum in the README; strtoll(3)'
    bad=('' - 12x ' 5' '5 ' +5 --5 5-5 1.5 0x1 $'5\r' '5\0' 9223372036854775808
        -9223372036854775809 000000000000000000005 "$(printf '1%.0s' {1..99})")
    offset=$((RANDOM % 100 * 2))
    for i in "${!bad[@]}"; do
        yes 1 | head -c $offset >"$work/bad$i"
        printf '%b\n4\n' "${bad[i]}" >>"$work/bad$i"
    done
    run_program sh -c 'for i; do
        s=$(ex1_parallel_sum -j $((i % 5 + 1)) bad$i 2>&1); echo "status $?, $s"; done' sh "${!bad[@]}"
    for i in "${!bad[@]}"; do
        # shellcheck disable=SC2034
        ran="ex1_parallel_sum -j $((i % 5 + 1)) bad$i; at offset $offset of bad$i is the line ${bad[i]@Q}"
        expect "this status and message" assert_equal "${lines[i]}" \
            "status 1, ex1_parallel_sum: bad$i: bad line at offset $offset"
    done
}

# bats test_tags=ex:1,points:5
@test "the first bad line of the file is reported, when all threads have ended" {
    likely "a thread must not end the program: it leaves what is wrong for main, which looks after all joins, in the order of the parts" '"Errors" of ex1_parallel_sum in the README; TODO 4 in ex1_parallel_sum.c'
    first=$((RANDOM % 50 * 2))
    (yes 1 | head -c $first && yes x | head -c 1000) >"$work/bad" # in every part
    start ex1_parallel_sum -w -j 8 bad
    await_threads 8 "which wait for Enter"
    let_one_go 7
    let_one_go 6
    finish
    assert_error "bad: bad line at offset $first"
}

# bats test_tags=ex:1,points:4
@test "a file that can't be opened or read is an error" {
    likely "look at what open(), fstat() and pread() return; a folder can be opened, but has no lines" '"Errors" of ex1_parallel_sum in the README; fstat(2); err(3)'
    run_program ex1_parallel_sum none$$
    assert_error "none$$: No such file or directory"
    run_program ex1_parallel_sum .
    assert_error ".: not a regular file"
    # This file can be opened, but for the loopback device it has no answer.
    odd=/sys/class/net/lo/speed
    if [[ -e $odd ]] && reason=$(LC_ALL=C cat $odd 2>&1 >/dev/null || true) && [[ $reason ]]; then
        run_program ex1_parallel_sum -j 3 $odd
        assert_error "$odd: ${reason##*: }"
    fi
}

# bats test_tags=ex:1,points:4
@test "a thread that can't be made is an error" {
    needs_little_memory
    likely "pthread_create() returns its error: never -1, and errno says nothing of it" 'check_pthread() in common/lab.h; pthread_create(3)'
    numbers 10
    run_program bash -c 'ulimit -v 40000; exec ex1_parallel_sum -j 500 numbers'
    assert_error "pthread_create: Resource temporarily unavailable"
}

# bats test_tags=ex:1,points:3
@test "threads that add don't change what another one uses" {
    likely "a total that all threads add to: two may read the same old value, and one addition is lost. Give each a sum of its own, which main adds up after the joins" '"Threads" of ex1_parallel_sum in the README; pthread_join(3)'
    numbers 300
    assert_no_race /dev/null ex1_parallel_sum -j 3 numbers
    assert_ended "exit 0"
    expect "the sum" assert_output $sum
}
