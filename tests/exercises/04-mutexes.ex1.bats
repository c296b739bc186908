# The exercise ex1_bank of lab 04.

load ../lib/lab
load ../lib/threads
load ../lib/places

helgrind=()

# open_bank TELLERS [OPTION...]: starts a bank with so many tellers, t1, t2, ...,
# each of which is a FIFO that order and leave write to.
open_bank() {
    local i fd
    tellers=()
    for ((i = 1; i <= $1; i++)); do
        tellers+=("t$i")
    done
    (cd "$work" && mkfifo "${tellers[@]}")
    start "${helgrind[@]}" ex1_bank "${@:2}" "${tellers[@]}"
    await_threads "$1" "one for each teller"
    fifo=()
    for ((i = 1; i <= $1; i++)); do
        exec {fd}<>"$work/t$i"
        fifo[i]=$fd
    done
}

# order TELLER WORD...
order() {
    echo "${*:2}" >&"${fifo[$1]}"
}

# Teller N has no more orders.
leave() {
    local fd=${fifo[$1]}
    exec {fd}>&-
    unset "fifo[$1]"
}

# All tellers go home, and the bank closes.
close_bank() {
    local i
    for i in "${!fifo[@]}"; do
        leave "$i"
    done
    finish
    assert_ended "exit 0"
}

# await_reports LINE...: that all of these come out of a running bank.
await_reports() {
    local line
    for line; do
        await "the report \"$line\"" grep -qxF -- "$line" "$run/stdout"
    done
}

# assert_balances BALANCE...: what the accounts have at the end.
assert_balances() {
    local i=0 sum=0 balance
    for balance; do
        echo "account $((++i)): $balance"
        sum=$((sum + balance))
    done >"$BATS_TEST_TMPDIR/balances"
    echo "total: $sum" >>"$BATS_TEST_TMPDIR/balances"
    expect "these balances" assert_equal "$(grep -E '^(account|total)' <<<"$output")" "$(<"$BATS_TEST_TMPDIR/balances")"
}

# bats test_tags=ex:1,points:3
@test "each teller has a thread of its own, and all of them work at the same time" {
    likely "a thread is waited for before the next one is made; or main doesn't wait at all" 'TODO 1 in ex1_bank.c; pthread_create(3), pthread_join(3)'
    open_bank $((count = RANDOM % 4 + 4)) -n 2 -b $((balance = RANDOM))
    assert_at file $count "$count threads to read orders"
    for i in $(shuf -i 2-$count); do
        leave "$i"
        await_threads $((--count)) "when teller t$i had no more orders"
    done
    close_bank
    expect "what each account has" assert_line "account 2: $balance"
}

# bats test_tags=ex:1,points:5
@test "a transfer moves the whole amount, or is refused and moves nothing" {
    likely "there is enough if the balance is not less than the amount; an int is too small" '"Orders" of ex1_bank in the README; TODO 2 in ex1_bank.c'
    a=$((1000000000000 + RANDOM)) x=$((500000000000 + RANDOM)) y=$((RANDOM + 1))
    cat >"$work/orders" <<END
1 2 $x
1 3 $((a - x + 1))
1 3 $((a - x))
1 2 1
3 2 $y
END
    run_program ex1_bank -n 3 -b $a orders
    assert_ended "exit 0"
    expect "these reports" assert_equal "$(head -n 5 "$run/stdout")" \
        "$(paste -d '\0' "$work/orders" <(printf ': %s\n' 'done' refused 'done' refused 'done') | sed 's/^/orders: /')"
    assert_balances 0 $((a + x + y)) $((a + a - x - y))
}

# bats test_tags=ex:1,points:6
@test "transfers that share no account go on at the same time" {
    likely "one lock for everything, or a transfer that locks more than its two accounts" '"Locks" of ex1_bank in the README'
    open_bank 4 -n 8
    order 1 5 4 10 wait
    assert_at stdin 1 "teller t1 to wait for Enter, in the middle of its transfer"
    order 2 1 8 20 wait
    assert_at stdin 2 "teller t2 to be in the middle of a transfer, too: it has other accounts"
    order 3 6 3 30
    order 4 2 7 40
    await_reports "t3: 6 3 30: done" "t4: 2 7 40: done"
    type_lines '' ''
    await_reports "t1: 5 4 10 wait: done" "t2: 1 8 20 wait: done"
    close_bank
    assert_balances 80 60 130 110 90 70 140 120
}

# bats test_tags=ex:1,points:6
@test "transfers that share an account wait for each other, asleep" {
    likely "only one of the two accounts is locked, or a copy of the lock; it is unlocked before all is done; or pthread_mutex_trylock() is called again and again" '"Locks" of ex1_bank in the README; pthread_mutex_lock(3)'
    # From or to an account that is being taken from, or paid into.
    for orders in "4 5 1 wait:6 5 2:5 2 4:1 4 8:4 3 16" "5 4 1 wait:4 6 2:2 4 4:5 1 8:3 5 16"; do
        IFS=: read -ra orders <<<"$orders"
        open_bank 5 -n 6
        order 1 "${orders[0]}"
        assert_at stdin 1 "teller t1 to wait for Enter, in the middle of its transfer"
        for i in {2..5}; do
            order "$i" "${orders[i - 1]}"
            assert_at lock $((i - 1)) "teller t$i to wait for an account of teller t1: order ${orders[i - 1]@Q} after ${orders[0]@Q}"
        done
        [[ ${orders[0]} == 5* ]] || assert_threads_sleep "while they wait for an account"
        type_line
        for i in {1..5}; do
            await_reports "t$i: ${orders[i - 1]}: done"
        done
        close_bank
        rm "$work"/t?
    done
}

# bats test_tags=ex:1,points:8
@test "transfers in a circle don't wait for each other for ever" {
    likely "two accounts must be locked in the same order by all, whatever the direction of the transfer" '"A deadlock" in the README; TODO 2 in ex1_bank.c'
    # Each takes what it locks first, and finds the second one taken, whether it
    # begins with FROM or with TO. Whoever waits longest gets a lock first.
    for ring in "3 1:2 3:1 2" "1 3:3 2:2 1"; do
        IFS=: read -ra ring <<<"$ring"
        open_bank 4 -n 4
        order 4 3 4 50 wait
        assert_at stdin 1 "teller t4 to wait for Enter, in the middle of its transfer"
        for i in 1 2; do
            order $i "${ring[i - 1]} 10"
            assert_at lock $i "teller t$i to wait for account 3"
        done
        order 3 "${ring[2]} 10" # it may wait, or be done
        await_still
        type_line
        for i in 1 2 3; do
            await_reports "t$i: ${ring[i - 1]} 10: done"
        done
        close_bank
        assert_balances 100 100 50 150
        rm "$work"/t?
    done
}

# bats test_tags=ex:1,points:3
@test "from an account to itself is a transfer like any other" {
    likely "a thread that locks a mutex twice waits for itself; and a balance that was read before the other one was changed is an old one" '"Orders" of ex1_bank in the README; pthread_mutex_lock(3)'
    open_bank 2 -n 2
    order 1 2 2 60
    order 1 2 2 101
    await_reports "t1: 2 2 60: done" "t1: 2 2 101: refused"
    order 1 2 2 100 wait
    assert_at stdin 1 "teller t1 to wait for Enter, in the middle of its transfer"
    order 2 1 2 7
    assert_at lock 1 "teller t2 to wait for account 2"
    type_line
    await_reports "t1: 2 2 100 wait: done" "t2: 1 2 7: done"
    close_bank
    assert_balances 93 107
}

# bats test_tags=ex:1,points:5
@test "what counts is the money that is there when the account is locked" {
    likely "the balance is looked at before the account is locked, or the lock is given back between the look and the change" '"Orders" of ex1_bank in the README; "Atomic variables" there: a look and an act'
    open_bank 3 -n 4
    order 1 2 1 50 wait
    assert_at stdin 1 "teller t1 to wait for Enter, in the middle of its transfer"
    order 2 1 3 120
    assert_at lock 1 "teller t2 to wait for account 1: it has 100, and 50 are on their way"
    type_line
    await_reports "t2: 1 3 120: done"

    order 1 2 1 10 wait
    assert_at stdin 1 "teller t1 to wait for Enter once more"
    order 2 1 3 25
    assert_at lock 1 "teller t2 to wait for account 1"
    order 3 1 4 25
    assert_at lock 2 "teller t3 to wait for account 1"
    type_line
    await_still
    close_bank
    expect "one of two transfers of 25 to be refused, as there are 40" \
        assert_equal "$(sed -n 's/^t.* 25: //p' <<<"$output" | sort | xargs)" "done refused"
    expect "no account below zero" assert_line "account 1: 15"
}

# bats test_tags=ex:1,points:6
@test "a total is exact, also while transfers go on" {
    likely "it must be the sum of one moment: lock all accounts, in the order that everybody keeps, before you unlock the first one" '"Total" of ex1_bank in the README; TODO 3 in ex1_bank.c'
    for money in "6 1" "1 6"; do
        open_bank 3 -n 6 -b $((balance = RANDOM + 20))
        order 1 3 4 10 wait
        assert_at stdin 1 "teller t1 to wait for Enter, with money on its way"
        order 2 total
        assert_at lock 1 "teller t2 to wait for that money"
        order 3 "$money" 20 # it may wait, or be done
        await_still
        type_line
        await_reports "t1: 3 4 10 wait: done" "t2: total: $((6 * balance))" "t3: $money 20: done"
        close_bank
        rm "$work"/t?
    done
}

# busy TELLERS ORDERS ACCOUNTS: as many files of random orders, b1, b2, ...
busy() {
    local i
    for ((i = 1; i <= $1; i++)); do
        awk -v seed=$RANDOM$i -v orders="$2" -v accounts="$3" 'BEGIN {
            srand(seed)
            for (i = 1; i <= orders; i++)
                print i % 10 == 0 ? "total" : int(1 + accounts * rand()) \
                    " " int(1 + accounts * rand()) " " int(1 + 60 * rand())
        }' >"$work/b$i"
    done
}

# assert_busy_day TELLERS ORDERS SUM: what must be so after any order of events.
assert_busy_day() {
    assert_ended "exit 0"
    expect "each total" assert_equal "$(sed -n 's/.*total: //p' <<<"$output" | sort -u)" "$3"
    expect "no account below zero" refute_line --regexp '^account .*-'
    expect "the sum of the accounts" assert_equal "$(awk '/^account/ { sum += $3 } END { print sum }' <<<"$output")" "$3"
    expect "all that was reported to be counted" assert_line \
        "done: $(grep -c ': done$' <<<"$output"), refused: $(grep -c ': refused$' <<<"$output")"
    expect "a report of each order" assert_equal "$(grep -c '^b' <<<"$output")" $(($1 * $2))
}

# bats test_tags=ex:1,points:3
@test "on a busy day nothing is lost, and every order is counted" {
    likely "what all tellers change needs a lock, and the same one for all of them; every way out must unlock" 'TODO 4 in ex1_bank.c; "A mutex" in the README'
    busy 6 100 5
    run_program ex1_bank -n 5 -b 40 b1 b2 b3 b4 b5 b6
    assert_busy_day 6 100 200
}

# bats test_tags=ex:1,points:4
@test "no two tellers use the same data without a lock between them" {
    likely "volatile is no lock; neither is reading only; a counter that is shared by all needs one, too" '"A race" and "A mutex" in the README'
    look_for_races ex1_bank
    open_bank 5 -n 8
    order 1 2 1 5 wait
    assert_at stdin 1 "teller t1 to wait for Enter, in the middle of its transfer"
    order 2 1 3 10
    order 3 total
    await_still
    # These have no account in common with anybody, but the day's counters.
    for i in "4 5 6 1" "4 6 5 1" "5 7 8 500" "5 8 7 1"; do
        order "${i%% *}" "${i#* }"
        await_still
    done
    type_line
    await_reports "t1: 2 1 5 wait: done" "t2: 1 3 10: done" "t3: total: 800" \
        "t4: 6 5 1: done" "t5: 7 8 500: refused"
    close_bank
    assert_no_race_found
}

# bats test_tags=ex:1,points:1
@test "a teller's thread that can't be made is an error" {
    needs_little_memory
    likely "pthread_create() returns its error: never -1, and errno says nothing of it" 'check_pthread() in common/lab.h; pthread_create(3)'
    run_program bash -c 'set -- $(yes /dev/null | head -n 100); ulimit -v 10000; exec ex1_bank "$@"'
    assert_ended "exit 1"
    expect "the message" assert_equal "$stderr" "ex1_bank: pthread_create: Resource temporarily unavailable"
    expect "no closing of a bank that has never opened" assert_output ""
}
