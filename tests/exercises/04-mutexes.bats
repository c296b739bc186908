# The exercises of lab 04: ex1_bank and ex2_philosophers.

load ../lib/lab
load ../lib/threads
load ../lib/places

helgrind=()

# ---- ex1_bank ----

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

# ---- ex2_philosophers ----

# sit PHILOSOPHERS: starts a table of so many, whose days are the FIFOs p1, p2, ...
# Each line that is written to one, by nudge, ends a thought or a meal.
sit() {
    local i fd
    seats=$1 fifo=() day_of=() days=()
    for ((i = 1; i <= $1; i++)); do
        days+=("p$i")
        [[ -p $work/p$i ]] || mkfifo "$work/p$i"
    done
    start "${helgrind[@]}" ex2_philosophers "${days[@]}"
    await_threads "$1" "one for each philosopher"
    for ((i = 1; i <= $1; i++)); do
        exec {fd}<>"$work/p$i"
        fifo[i]=$fd
    done
    assert_at file "$1" "$1 threads to read the days of philosophers"
    # Which descriptor of the program is whose day?
    for ((fd = 3; fd < seats + 9; fd++)); do
        i=$(readlink "/proc/$pid/fd/$fd") || continue
        # shellcheck disable=SC2034  # places.bash uses it
        [[ $i != */p* ]] || day_of[fd]=${i##*/p}
    done
}

# nudge PHILOSOPHER...: they become hungry, or full.
nudge() {
    local i
    for i; do
        echo >&"${fifo[$i]}"
    done
}

# assert_waits "PHILOSOPHER...": these, in numerical order, wait asleep, and all
# the others eat or think: they read.
assert_waits() {
    local wanted
    read -ra wanted <<<"$1"
    await_still
    if [[ $waiting != "$1" ]] || ((at_lock != ${#wanted[@]})); then
        complain "of $seats philosophers, these to wait for their forks, asleep: ${1:-none}" \
            "waiting: ${waiting:-none}"$'\n'"$(where_threads_wait)"$'\n'"the last lines:"$'\n'"$(tail -n 12 "$run/stdout")"
    fi
}

# set_seats NAME=N...: sets each variable to the seat N around the table.
set_seats() {
    local one
    for one; do
        printf -v "${one%%=*}" %d $(((${one#*=} - 1 + seats) % seats + 1))
    done
}

# All go home; nobody may be hungry any more when nobody eats.
end_table() {
    local fd
    for fd in "${fifo[@]}"; do
        exec {fd}>&-
    done
    fifo=()
    finish
    assert_ended "exit 0"
}

# bats test_tags=ex:2,points:3
@test "each philosopher has a thread of its own, and all of them live at the same time" {
    likely "a thread is waited for before the next one is made; or main doesn't wait at all" 'TODO 1 in ex2_philosophers.c; pthread_create(3), pthread_join(3)'
    sit $((count = RANDOM % 4 + 4))
    for i in $(shuf -i 2-$count); do
        fd=${fifo[i]}
        exec {fd}>&-
        unset "fifo[i]"
        await_threads $((--count)) "when the day of philosopher $i was over"
    done
    end_table
}

# bats test_tags=ex:2,points:8
@test "neighbours never eat at the same time, and a fork that is free again is taken" {
    likely "both forks must be free: look at both neighbours, also across the end of the table; and look for both of them when forks are put down" '"Eating" of ex2_philosophers in the README; TODO 2 and 3 in ex2_philosophers.c'
    # Once around the table: the next one, or the one before, waits and then eats.
    for step in 1 -1; do
        sit $((step == 1 ? 4 : 5))
        nudge $((i = RANDOM % seats + 1))
        assert_waits ""
        for ((n = 0; n < seats; n++)); do
            set_seats next=$((i + step))
            nudge "$next"
            assert_waits "$next"
            nudge "$i"
            assert_waits ""
            i=$next
        done
        end_table
    done

    sit 2
    nudge $((i = RANDOM % 2 + 1))
    assert_waits ""
    nudge $((3 - i))
    assert_waits $((3 - i))
    assert_threads_sleep "while one eats, and the other is hungry"
    nudge $i
    assert_waits ""
    end_table
    expect "these lines" assert_equal "$output" "$i is hungry
$i eats
$((3 - i)) is hungry
$i thinks
$((3 - i)) eats
$((3 - i)) thinks"
}

# bats test_tags=ex:2,points:8
@test "whoever has both forks free eats at once, whatever others wait for" {
    likely "one who waits holds a fork, or a place in a queue, that another one could use: wait with nothing in your hands" '"Eating" of ex2_philosophers in the README; "A deadlock" there'
    sit 8
    nudge 1 3 5 7
    assert_waits ""
    nudge 2 4 6 8
    assert_waits "2 4 6 8"
    nudge 3
    assert_waits "2 4 6 8"
    nudge 5
    assert_waits "2 6 8"
    nudge 1 7
    assert_waits ""
    end_table

    # One eats; on both sides of it, one is hungry; and beside those, too.
    for i in 3 6; do
        sit 8
        nudge $i
        assert_waits ""
        nudge $((i - 1))
        assert_waits "$((i - 1))"
        nudge $((i + 1))
        assert_waits "$((i - 1)) $((i + 1))"
        nudge $((i - 2))
        assert_waits "$((i - 1)) $((i + 1))"
        nudge $((i + 2))
        assert_waits "$((i - 1)) $((i + 1))"
        nudge $i $((i - 2))
        assert_waits "$((i + 1))"
        nudge $((i + 2))
        assert_waits ""
        end_table
    done
}

# bats test_tags=ex:2,points:9
@test "nobody is passed twice by the same neighbour" {
    likely "two neighbours can take turns for ever, so that the one between them never has both forks. Note who has passed whom" '"Waiting" of ex2_philosophers in the README; TODO 4 in ex2_philosophers.c; "Four conditions" there'
    for step in 1 -1; do
        sit $((RANDOM % 3 + 5))
        b=$((RANDOM % seats + 1))
        set_seats a=$((b - step)) c=$((b + step))
        nudge "$a"
        assert_waits ""
        nudge $b
        assert_waits $b
        nudge "$c" # the first time
        assert_waits $b
        nudge "$a"
        assert_waits $b
        nudge "$a" # the first time: the meal before had begun when b wasn't hungry yet
        assert_waits $b
        nudge "$c"
        assert_waits $b
        nudge "$c" # that would be the second time
        assert_waits "$((b < c ? b : c)) $((b < c ? c : b))"
        nudge "$a"
        assert_waits "$c" # b eats
        nudge "$a"
        assert_waits "$((a < c ? a : c)) $((a < c ? c : a))"
        nudge $b
        assert_waits ""
        # From now on, all begins anew.
        nudge $b
        assert_waits $b
        nudge "$a" "$c"
        assert_waits ""
        nudge "$a"
        assert_waits "$a"
        nudge $b
        assert_waits ""
        end_table
    done
}

# bats test_tags=ex:2,points:4
@test "of three at a table, the one that is hungry for longer goes first" {
    likely "when forks are put down, both neighbours may want to begin, and here they share a fork" '"Waiting" of ex2_philosophers in the README; TODO 3 in ex2_philosophers.c'
    for step in 1 -1; do
        sit 3
        a=$((RANDOM % 3 + 1))
        set_seats b=$((a + step)) c=$((a - step))
        nudge "$a"
        assert_waits ""
        nudge "$b"
        assert_waits "$b"
        nudge "$c"
        await_still
        nudge "$a"
        assert_waits "$c"
        nudge "$b"
        assert_waits ""
        end_table
    done
}

# The rules of the README, for one table: does[i] is "" (thinks), hungry or eats;
# passed[i by k] says that k has passed i.
may_eat() {
    local k left right
    set_seats left=$(($1 - 1)) right=$(($1 + 1))
    for k in $left $right; do
        if [[ ${does[k]} == eats || (${does[k]} == hungry && ${passed["$k by $1"]:-}) ]]; then
            return 1
        fi
    done
}

begin_if_possible() {
    if [[ ${does[$1]} == hungry ]] && may_eat "$1"; then
        local left right
        set_seats left=$(($1 - 1)) right=$(($1 + 1))
        does[$1]=eats passed["$left by $1"]=1 passed["$right by $1"]=1
    fi
}

# bats test_tags=ex:2,points:6
@test "whatever happens, those eat that should, and the others wait" {
    likely "after each event, look at all whom it may let begin; what was noted of earlier meals is over when a philosopher becomes hungry again" '"Eating" and "Waiting" of ex2_philosophers in the README'
    declare -A passed
    sit $((RANDOM % 4 + 4))
    for ((i = 1; i <= seats; i++)); do
        does[i]=''
    done
    for ((n = 0; n < 30; n++)); do
        i=$((n < 3 ? n + 1 : RANDOM % seats + 1)) # the first three are neighbours
        while [[ ${does[i]} == hungry ]]; do
            i=$((RANDOM % seats + 1))
        done
        nudge $i
        set_seats left=$((i - 1)) right=$((i + 1))
        if [[ ${does[i]} == eats ]]; then
            does[i]=''
            begin_if_possible "$left"
            begin_if_possible "$right"
        else
            does[i]=hungry
            passed["$i by $left"]='' passed["$i by $right"]=''
            begin_if_possible $i
        fi
        hungry=()
        for ((i = 1; i <= seats; i++)); do
            [[ ${does[i]} != hungry ]] || hungry+=("$i")
        done
        assert_waits "${hungry[*]}"
    done
    # Those that are still hungry eat when the others leave.
    end_table
}

# dine SEATS MEALS: a table where everybody has a file of so many meals.
dine() {
    yes '' | head -n $((2 * $2)) >"$work/day"
    mapfile -t days < <(yes day | head -n "$1")
}

# assert_good_table SEATS MEALS: that all meals were eaten, and in what order.
assert_good_table() {
    local found
    assert_ended "exit 0"
    found=$(awk -v seats="$1" -v meals="$2" '
        function bad(words) { print "line " NR ", \"" $0 "\": " words; failed = 1; exit }
        function seat(i) { return (i + seats - 1) % seats + 1 }
        function pass(i, neighbour) {
            if (does[neighbour] == "hungry" && ++passed[neighbour, i] > 1)
                bad(neighbour " is hungry, and was passed by " i " before")
        }
        { i = $1; what = $NF; left = seat(i - 1); right = seat(i + 1) }
        what == "hungry" {
            if (does[i]) bad("it was " does[i] " before")
            passed[i, left] = passed[i, right] = 0
        }
        what == "eats" {
            if (does[i] != "hungry") bad("it was not hungry")
            if (does[left] == "eats") bad(left " eats")
            if (does[right] == "eats") bad(right " eats")
            pass(i, left)
            if (left != right) pass(i, right)
            eaten[i]++
        }
        { does[i] = what == "thinks" ? "" : what }
        END {
            for (i = 1; i <= seats && !failed; i++)
                if (eaten[i] != meals || does[i])
                    bad(i " has eaten " eaten[i] + 0 " of " meals " times")
        }' "$run/stdout")
    [[ ! $found ]] || complain "these lines to keep the rules, and $2 meals for each of $1" "$found"
}

# bats test_tags=ex:2,points:4
@test "two, three or hundreds eat as often as they want" {
    likely "with two at the table, both neighbours are the same one; nobody may be forgotten who could eat" '"Table" and "Waiting" of ex2_philosophers in the README'
    for table in "2 9" "3 9" "5 30" "$((RANDOM % 100 + 401)) 3"; do
        read -r seats meals <<<"$table"
        dine "$seats" "$meals"
        run_program ex2_philosophers "${days[@]}"
        assert_good_table "$seats" "$meals"
    done
}

# bats test_tags=ex:2,points:3
@test "a wait that ends though nobody has ended it changes nothing" {
    likely "pthread_cond_wait() may return without a reason: look again, in a while" 'pthread_cond_wait(3)'
    be_unkind early
    sit 5
    nudge 1
    assert_waits ""
    nudge 2
    assert_waits "2"
    nudge 5
    assert_waits "2 5"
    nudge 1
    assert_waits ""
    end_table
}

# bats test_tags=ex:2,points:4
@test "what the philosophers know of each other is used with the lock held" {
    likely "who looks at a neighbour needs the same lock as the neighbour who changes; volatile is no lock" '"A race" and "A mutex" in the README'
    look_for_races ex2_philosophers
    sit 4
    nudge 1
    assert_waits ""
    nudge 2
    await_still
    nudge 4
    await_still
    nudge 1
    await_still
    nudge 3 2
    assert_waits "3"
    end_table
    assert_no_race_found
}

# bats test_tags=ex:2,points:1
@test "a philosopher's thread that can't be made is an error" {
    needs_little_memory
    likely "pthread_create() returns its error: never -1, and errno says nothing of it" 'check_pthread() in common/lab.h; pthread_create(3)'
    run_program bash -c 'set -- $(yes /dev/null | head -n 100); ulimit -v 10000; exec ex2_philosophers "$@"'
    assert_ended "exit 1"
    expect "the message" assert_equal "$stderr" "ex2_philosophers: pthread_create: Resource temporarily unavailable"
    expect "nothing else" assert_output ""
}
