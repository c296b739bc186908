# The exercise ex2_philosophers of lab 04.

load ../lib/lab
load ../lib/threads
load ../lib/places

helgrind=()

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
