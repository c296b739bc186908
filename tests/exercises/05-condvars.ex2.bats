# The exercise ex2_barrier of lab 05.

load ../lib/lab
load ../lib/threads
load ../lib/fed

# come T...: lets each of these threads come with a random number, which it adds
# to $sum, one after the other.
come() {
    local t number
    for t; do
        number=$((RANDOM - 15000))
        sum=$((sum + number))
        step "$t $number"
    done
}

# assert_round R LAST T...: these threads say that they have gone through round
# R, and thread LAST, that it was the last.
assert_round() {
    local t answers=()
    for t in "${@:3}"; do
        answers+=("$t round $1: $sum$([[ $t != "$2" ]] || echo ', last')")
    done
    assert_said "${answers[@]}"
    sum=0
}

# bats test_tags=ex:2,points:4
@test "there is a thread for each member, all at the same time, and main waits for them" {
    likely "make all threads before you read, each with its own struct member, and join them only after the input has ended" 'TODO 1 in ex2_barrier.c; pthread_create(3), pthread_join(3)'
    start_fed $((count = RANDOM % 20 + 5)) ex2_barrier -n $count
    await_threads $count
    finish
    assert_ended "exit 0"
    expect "that each of them leaves" assert_equal "$(grep -o '^[0-9]* leaves' <<<"$output" | sort -n)" \
        "$(seq -f '%g leaves' $count)"
}

# bats test_tags=ex:2,points:8
@test "nobody goes on before all have come, then all do; with a mutex and a condition variable" {
    likely "all who wait have to be woken; and they sleep in pthread_cond_wait() until their round has ended" 'TODO 2 and 3 in ex2_barrier.c; pthread_cond_broadcast(3)'
    start_fed $((count = RANDOM % 4 + 4)) ex2_barrier -n $count
    for round in 1 2; do
        mapfile -t order < <(shuf -i 1-$count)
        come "${order[@]:1}"
        assert_said
        assert_waiting "$(printf '%s\n' "${order[@]:1}" | sort -n | xargs)"
        [[ $round == 1 ]] || assert_threads_sleep "while one has not come"
        come "${order[0]}"
        assert_waiting ""
        assert_round $round "${order[0]}" "${order[@]}"
    done
    finish
    assert_ended "exit 0"
    if [[ ! ${SAN:-} ]] && grep -qE 'pthread_barrier_(init|wait)' "$BIN/ex2_barrier"; then
        complain "a barrier of its own" "pthread_barrier_wait() or pthread_barrier_init() is in the program"
    fi
}

# assert_rounds COUNT ROUNDS: so many threads go through so many rounds, as fast
# as they can: in each, all see the same sum, and one is told that it was last.
assert_rounds() {
    awk -v count="$1" -v rounds="$2" -v seed=$RANDOM 'BEGIN {
        srand(seed)
        for (t = 1; t <= count; t++) {
            printf "%d", t
            for (r = 1; r <= rounds; r++)
                printf " %d", rand() * 1000
            print ""
        }
    }' >"$work/input"
    run_program -i "$work/input" ex2_barrier -n "$1"
    assert_ended "exit 0"
    expect "in each round, each thread to see the sum of all; one to be told that it was the last" assert_equal \
        "$(awk -v count="$1" -v rounds="$2" '
            FNR == NR { for (r = 1; r <= rounds; r++) sum[r] += $(r + 1); next }
            $2 != "round" { next }
            { r = $3 + 0 }
            r != ++latest[$1] || $4 + 0 != sum[r] { print "wrong: " $0 }
            { lines++ }
            $5 == "last" && last[r]++ { print "not the only one: " $0 }
            $5 == "last" { lasts++ }
            END { print lines + 0 " lines, " lasts + 0 " last" }
        ' "$work/input" "$run/stdout" | tail -n 5)" "$(($1 * $2)) lines, $2 last"
}

# bats test_tags=ex:2,points:7
@test "one thread or hundreds, many rounds: in each, exactly one is told that it was the last" {
    likely "whether it is the last, a thread knows when it comes, with the lock held; afterwards the next round may have begun" 'TODO 2 in ex2_barrier.c'
    assert_rounds 1 $((RANDOM % 50 + 50))
    assert_rounds 3 300
    if [[ ${UNDER:-} ]]; then
        assert_rounds 40 3
    else
        assert_rounds 400 3
    fi
}

# bats test_tags=ex:2,points:8
@test "a thread that comes round again neither overtakes the slow ones nor shuts them in" {
    likely "who has been woken must see that its own round is over, even if others are in the next one already: a count that begins anew doesn't tell, the number of the round does" 'TODO 2 and 3 in ex2_barrier.c'
    hold_woken
    start_fed 3 ex2_barrier -n 3
    sum=0
    come 1 2 3
    assert_in held "1 2"
    first=$sum
    assert_round 1 3 3
    come 3 # again, while the others have not noticed that they may go on
    assert_said
    assert_in waits 3
    second=$sum sum=$first
    let_woken_go 2
    assert_waiting 3
    assert_round 1 0 1 2
    sum=$second
    come 2
    assert_waiting "2 3"
    come 1
    assert_in held "2 3"
    let_woken_go 2
    assert_round 2 1 1 2 3
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:2,points:5
@test "a wakeup for nothing isn't the end of a round" {
    likely "look after each pthread_cond_wait() whether the round has ended: while, not if" '"Why while, and not if" in the README; pthread_cond_wait(3p)'
    be_unkind early
    start_fed 3 ex2_barrier -n 3
    sum=0
    for round in 1 2; do
        come 1
        assert_waiting 1
        come 2
        assert_waiting "1 2"
        assert_said
        come 3
        assert_round $round 3 1 2 3
    done
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:2,points:6
@test "who leaves isn't waited for any more, also by those who wait already" {
    likely "leaving changes how many are needed, under the lock: if that many have come already, it ends their round" 'TODO 4 in ex2_barrier.c'
    start_fed 5 ex2_barrier -n 5
    sum=0
    come 1 2
    step "5 leave"
    assert_said "5 leaves"
    expect "thread t5 to end" assert_equal "${place[5]}" gone
    assert_waiting "1 2" # since two are still missing
    come 3
    step "4 leave"
    assert_waiting ""
    answers=("4 leaves, last" {1..3}" round 1: $sum")
    assert_said "${answers[@]}"
    sum=0
    come 2 3
    assert_waiting "2 3"
    come 1
    assert_round 2 1 1 2 3
    step "2 leave"
    assert_said "2 leaves"
    come 3
    assert_waiting 3
    come 1
    assert_round 3 1 1 3
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:2,points:3
@test "at the end of input all leave, and who waits isn't left alone" {
    likely "where nobody waits, leaving ends no round: 0 have come, and 0 are needed, but there is no last" 'TODO 4 in ex2_barrier.c; "Leaving" of ex2_barrier in the README'
    start_fed 3 ex2_barrier -n 3
    sum=0
    come 2
    finish
    assert_ended "exit 0"
    expect "one of the two that leave to end the round of t2" assert_equal "$(printf '%s\n' "${lines[@]/#[13] /T }" | sort)" \
        "$(printf '%s\n' "2 leaves" "2 round 1: $sum" "T leaves" "T leaves, last")"
}

# bats test_tags=ex:2,points:4
@test "main waits for a thread that is still on its way out of the barrier" {
    likely "return from main ends the process, and all threads with it: join each one first, and only once" 'TODO 1 in ex2_barrier.c; pthread_join(3)'
    hold_woken
    start_fed 2 ex2_barrier -n 2
    sum=0
    come 1
    end_input
    await "main to wait for t1, which has not got the lock yet" places_are waits held gone
    head -c 1 /dev/zero >&"$holding"
    finish
    assert_ended "exit 0"
    assert_output "2 leaves, last"$'\n'"1 round 1: $sum"$'\n'"1 leaves"
}

# bats test_tags=ex:2,points:3
@test "what the threads share is used with the lock held, or before and after the barrier" {
    likely "how many have come, and how many are needed: look and change with the lock held" '"Sharing" of ex2_barrier in the README; pthread_mutex_lock(3)'
    printf '%s\n' "4 leave" "1 1 2 3" "2 10 20 30" "5 leave" "3 100 200 300" >"$work/input"
    assert_no_race "$work/input" ex2_barrier -n 5
    assert_ended "exit 0"
    expect "these rounds" assert_equal "$(grep -o 'round .: [0-9]*' <<<"$output" | sort | uniq -c | xargs)" \
        "3 round 1: 111 3 round 2: 222 3 round 3: 333"
}
