# The exercise ex1_queue of lab 05.

load ../lib/lab
load ../lib/threads
load ../lib/fed

# words COUNT: different random ones, in word[1] to word[COUNT].
words() {
    local i
    for ((i = 1; i <= $1; i++)); do
        word[i]="item $i of $RANDOM"
    done
}

# puts T I...: lines that let thread T put word[I]; oks T I...: what it says then.
puts() {
    local i
    for i in "${@:2}"; do
        echo "$1 put ${word[i]}"
    done
}

oks() {
    puts "$@" | sed 's/$/: ok/'
}

# turns: how often each of the threads that wait has run (schedstat).
turns() {
    local i times
    for i in $(threads_in waits); do
        read -r _ _ times <"${task[i]}/schedstat"
        echo "t$i has run $times times"
    done
}

# bats test_tags=ex:1,points:5
@test "items come out in the order in which they were put, also when the ring has wrapped" {
    likely "the next free slot is (first + count) % slots; and it gets a copy, since the thread reads its next line over the text" 'TODO 1 and 2 in ex1_queue.c; strdup(3)'
    slots=$((RANDOM % 4 + 3))
    words $((2 * slots))
    start_fed 2 ex1_queue -s $slots -t 2
    mapfile -t orders < <(puts 1 $(seq $slots))
    step "${orders[@]}"
    step "2 get" "2 get"
    assert_said "${orders[@]/%/: ok}" "2 get: took ${word[1]}" "2 get: took ${word[2]}"
    mapfile -t orders < <(puts 2 $((slots + 1)) $((slots + 2)))
    step "${orders[@]}"
    assert_said "${orders[@]/%/: ok}"
    for ((i = 3; i <= slots + 2; i++)); do
        step "1 get"
        assert_said "1 get: took ${word[i]}"
    done
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:5
@test "a put sleeps while there is no room, a get while there is no item" {
    likely "who can't go on waits in pthread_cond_wait(): it doesn't look again and again, with or without a pause" '"Waiting" of ex1_queue in the README; pthread_cond_wait(3)'
    slots=$((RANDOM % 4 + 1))
    words $((slots + 5))
    start_fed 6 ex1_queue -s $slots -t 6
    mapfile -t orders < <(puts 6 $(seq $slots))
    step "${orders[@]}"
    assert_waiting ""
    for i in {1..5}; do step "$(puts "$i" $((slots + i)))"; done
    assert_waiting "1 2 3 4 5"
    assert_said "${orders[@]/%/: ok}"
    assert_threads_sleep "while there is no room"
    mapfile -t orders < <(for ((i = 0; i < slots + 5; i++)); do echo "6 get"; done)
    step "${orders[@]}"
    assert_waiting ""
    assert_said "${word[@]/#/6 get: took }" "$(for i in {1..5}; do oks "$i" $((slots + i)); done)"
    for i in {1..5}; do step "$i get"; done
    assert_waiting "1 2 3 4 5"
    assert_threads_sleep "while there is no item"
    for i in {1..5}; do step "$(puts 6 "$i")"; done
    assert_waiting ""
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:3
@test "an item wakes one who waits for it, a free place too, and nobody else wakes up" {
    likely "pthread_cond_broadcast() wakes all, and all but one go back to sleep; and not only a put, a get has somebody to wake, too" '"Waiting" of ex1_queue in the README; pthread_cond_signal(3)'
    words 6
    start_fed 6 ex1_queue -s 1 -t 6
    for i in {1..5}; do step "$i get"; done
    before=$(turns)
    step "$(puts 6 6)"
    expect "four to wait on" assert_equal "$(threads_in waits | wc -w)" 4
    expect "them not to have been woken" assert_equal "$(turns)" "$(grep -f <(turns) <<<"$before")"
    for i in {1..4}; do step "$(puts 6 6)"; done
    assert_waiting ""

    step "$(puts 6 6)"
    for i in {1..5}; do step "$(puts "$i" "$i")"; done
    before=$(turns)
    step "6 get"
    expect "four to wait on" assert_equal "$(threads_in waits | wc -w)" 4
    expect "them not to have been woken" assert_equal "$(turns)" "$(grep -f <(turns) <<<"$before")"
    for i in {1..5}; do step "6 get"; done
    assert_waiting ""
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:5
@test "two items that come at once wake two, also if the first has not woken up yet" {
    likely "to signal only when the queue was empty, or was full, isn't enough: the second item has somebody to wake, too" 'TODO 1 and 2 in ex1_queue.c; pthread_cond_signal(3)'
    hold_woken
    words 4
    start_fed 3 ex1_queue -s 2 -t 3
    step "1 get"
    step "2 get"
    mapfile -t orders < <(puts 3 1 2)
    step "${orders[@]}"
    assert_in held "1 2"
    let_woken_go 2
    assert_waiting ""
    assert_equal "$(grep -o 'took.*' "$run/stdout" | sort)" "$(printf 'took %s\n' "${word[@]:1:2}" | sort)"

    step "${orders[@]}"
    step "$(puts 1 3)"
    step "$(puts 2 4)"
    assert_waiting "1 2"
    step "3 get" "3 get"
    assert_in held "1 2"
    let_woken_go 2
    assert_waiting ""
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:5
@test "a thread that was woken, but finds that another was faster, waits on" {
    likely "look at the state again after each pthread_cond_wait(): while, not if" '"Why while, and not if" in the README; pthread_cond_wait(3p)'
    hold_woken
    words 5
    start_fed 2 ex1_queue -s 1 -t 2
    step "1 get"
    step "$(puts 2 1)" "2 get"
    assert_said "$(oks 2 1)" "2 get: took ${word[1]}"
    assert_in held 1
    let_woken_go
    assert_waiting 1
    step "$(puts 2 2)"
    let_woken_go
    assert_said "$(oks 2 2)" "1 get: took ${word[2]}"

    step "$(puts 2 3)"
    step "$(puts 1 4)"
    step "2 get" "$(puts 2 5)"
    assert_said "$(oks 2 3)" "2 get: took ${word[3]}" "$(oks 2 5)"
    assert_in held 1
    let_woken_go
    assert_waiting 1
    step "2 get"
    let_woken_go
    step "2 get"
    assert_said "2 get: took ${word[5]}" "$(oks 1 4)" "2 get: took ${word[4]}"
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:4
@test "the one who is woken is one who can use it: a get by an item, a put by a free place" {
    likely "if both sides wait on one condition variable, a signal may wake a get where a put was meant, and all sleep on" '"Producers and consumers" in the README; pthread_cond_signal(3)'
    hold_woken
    words 2
    start_fed 3 ex1_queue -s 1 -t 3
    step "1 get"
    step "2 get"
    mapfile -t orders < <(puts 3 1 2) # the second one has to wait for a place
    step "${orders[@]}"
    expect "the put and a get to wait" assert_equal "$(threads_in waits | wc -w)" 2
    let_woken_go 50 # all, from now on
    assert_waiting ""
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:5
@test "closing wakes all who wait, on both sides" {
    likely "those who wait for room have to be woken, too; and all of them; and what they look at when they wake up must say that it is closed" 'TODO 3 in ex1_queue.c; pthread_cond_broadcast(3)'
    words 5
    start_fed 5 ex1_queue -s 1 -t 5
    step "$(puts 5 5)"
    for i in {1..4}; do step "$(puts "$i" "$i")"; done
    assert_waiting "1 2 3 4"
    step "5 close"
    assert_waiting ""
    assert_said "$(oks 5 5)" "5 close: ok" "$(for i in {1..4}; do puts "$i" "$i"; done | sed 's/$/: closed/')"
    finish
    assert_ended "exit 0"

    start_fed 5 ex1_queue -t 5
    for i in 1 2 3; do step "$i get"; done
    step "4 get 1000"
    assert_in waits "1 2 3"
    step "5 close"
    assert_waiting ""
    assert_said "5 close: ok" {1..3}" get: closed" "4 get 1000: closed"
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:4
@test "what is in it when it is closed is still taken, in order; nothing more is put" {
    likely "a get looks for an item first, and only then whether the queue is closed; a put looks whether it is closed, even if there is room" '"Closing" of ex1_queue in the README'
    words 5
    start_fed 3 ex1_queue -s 4 -t 3
    mapfile -t orders < <(puts 1 1 2 3)
    step "${orders[@]}"
    step "2 close" "2 close"
    assert_said "${orders[@]/%/: ok}" "2 close: ok" "2 close: ok"
    step "$(puts 1 4)"
    assert_said "$(puts 1 4): closed"
    for i in 1 2 3; do
        step "3 get"
        assert_said "3 get: took ${word[i]}"
    done
    step "3 get" "$(puts 3 5)" "3 get 1000" "3 get"
    assert_said "3 get: closed" "$(puts 3 5): closed" "3 get 1000: closed" "3 get: closed"
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:4
@test "a thread that was woken before the close, but goes on after it, sees the state of then" {
    likely "look whether it is closed after the wait, too, not only before; and take an item that is there, closed or not" '"Closing" of ex1_queue in the README'
    hold_woken
    words 3
    start_fed 3 ex1_queue -s 1 -t 3
    step "$(puts 1 1)"
    step "$(puts 2 2)"
    step "1 get" "1 close" # there is room, but it is closed
    assert_in held 2
    let_woken_go
    step "3 get"
    assert_said "$(oks 1 1)" "1 get: took ${word[1]}" "1 close: ok" "$(puts 2 2): closed" "3 get: closed"
    finish
    assert_ended "exit 0"

    rm "$work/hold"
    hold_woken
    start_fed 2 ex1_queue -s 1 -t 2
    step "1 get"
    step "$(puts 2 3)" "2 close" # it is closed, but there is an item
    let_woken_go
    assert_said "$(oks 2 3)" "2 close: ok" "1 get: took ${word[3]}"
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:5
@test "a get with a limit sleeps until a point in time on CLOCK_MONOTONIC, or until an item comes" {
    likely "the deadline is a point in time, on the clock that the condition variable was made with; tv_nsec stays below 1000000000" 'TODO 4 in ex1_queue.c; pthread_condattr_setclock(3), clock_gettime(2)'
    words 2
    start_fed 2 ex1_queue -t 2
    step "1 get 1000.999999999"
    assert_said
    assert_in waits-until 1
    if ! grep -q ld-musl "$BIN/ex1_queue"; then # musl gives the kernel a length
        read -r _ _ op _ <"${task[1]}/syscall"
        expect "futex() without FUTEX_CLOCK_REALTIME (linux/futex.h)" assert_equal $((op & 256)) 0
    fi
    assert_threads_sleep "until the time is up"
    step "$(puts 2 1)"
    assert_said "1 get 1000.999999999: took ${word[1]}" "$(oks 2 1)"

    for limit in 0 0.2; do
        begin=${EPOCHREALTIME/./}
        type_line "1 get $limit"
        await "the get to end" written "1 get $limit: too late"
        took=$((${EPOCHREALTIME/./} - begin))
        [[ $limit == 0 ]] || ((took > 199000)) || complain "to wait $limit s" "it was too late after $took µs"
    done
    step "$(puts 2 2)" "2 get 0"
    assert_said "1 get "{0,0.2}": too late" "$(oks 2 2)" "2 get 0: took ${word[2]}"
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:1,points:4
@test "wakeups don't move the deadline, and an item that is there counts when it has passed" {
    likely "compute the deadline once, before the loop; and decide by the state, not by ETIMEDOUT" '"Deadlines" in the README; pthread_cond_timedwait(3)'
    hold_woken
    words 2
    certain=0
    start_fed 2 ex1_queue -t 2
    type_line "1 get 0.01"
    await "the deadline to pass" places_are idle held idle
    step "$(puts 2 1)"
    let_woken_go
    assert_said "1 get 0.01: took ${word[1]}" "$(oks 2 1)"

    # t1 is woken for nothing, and held until after its deadline. Then it looks
    # for the time, is held for that, too, and doesn't sleep again. But if the
    # deadline has passed before, or we look too late to know, we try again.
    until ((certain)); do
        certain=0
        step "1 get 0.3"
        end=$((${EPOCHREALTIME/./} + 300000))
        step "$(puts 2 2)" "2 get"
        while ((${EPOCHREALTIME/./} < end)); do pause; done
        end=$((${EPOCHREALTIME/./} + 150000))
        let_woken_go
        assert_in waits-until ""
        if [[ ${place[1]} == held ]]; then
            certain=$((${EPOCHREALTIME/./} < end))
            let_woken_go
        fi
        assert_said "$(oks 2 2)" "2 get: took ${word[2]}" "1 get 0.3: too late"
    done
    finish
    assert_ended "exit 0"
}

# start_watched PROGRAM [ARG...]: start, where helgrind looks for races.
start_watched() {
    look_for_races "$1"
    start "${helgrind[@]}" "$@"
}

# do_line LINE ANSWER...: types it, and waits until each answer is written.
do_line() {
    local answer
    type_line "$1"
    for answer in "${@:2}"; do
        await "the line '$answer' after '$1'" written "$answer"
    done
}

# bats test_tags=ex:1,points:3
@test "what the threads share is used with the lock held" {
    likely "whether there is room, or an item, and whether it is closed: look with the lock held, too" '"Sharing" of ex1_queue in the README; pthread_mutex_lock(3)'
    words 4
    start_watched ex1_queue -s 1 -t 5
    do_line "$(puts 1 1)" "$(oks 1 1)" # each line by a thread that has not
    do_line "2 get" "took ${word[1]}"  # had the lock since the last change
    type_line "3 get"
    do_line "$(puts 1 2)" "took ${word[2]}" "$(oks 1 2)"
    do_line "$(puts 2 3)" "$(oks 2 3)"
    type_line "$(puts 3 4)"
    do_line "4 get 9" "took ${word[3]}" "$(oks 3 4)"
    do_line "5 close" "5 close: ok"
    do_line "$(puts 1 2)" "$(puts 1 2): closed"
    do_line "2 get" "2 get: took ${word[4]}"
    do_line "4 get" "4 get: closed"
    finish
    assert_ended "exit 0"
    assert_no_race_found
}
