# Lab 12: System V semaphores, who dies inside, who is first, and what it costs.

load lib/lab
load lib/sem

@test "sysv_sem: several operations at once, or none of them" {
    a=$((RANDOM % 100 + 1)) b=$((RANDOM % 100))
    in_kernel 's() { sysv_sem -k $key "$@" >out; sed -nE "s/.*value ([0-9]+),.*/\1/p" out | paste -sd " " | grep .; rm out; }
        s create $1 $2; s create 1; s show
        s -d op 0:-$1 1:+7; s show
        s -d op 0:+5 1:-$(($2 + 8)); s show
        s -d op 0:0 1:-7; s show
        s -d op 2:1; s remove; s show' "$a" "$b"
    assert_output "$a $b
0 $((b + 7))
0 $((b + 7))
0 $b"
    assert_equal "$stderr" "sysv_sem: set with key $(printf %#x "$key"): File exists
sysv_sem: semop: Resource temporarily unavailable
sysv_sem: semop: File too large
sysv_sem: set with key $(printf %#x "$key"): No such file or directory"
}

@test "sysv_sem: who waits gets all it wants at once, and is counted; a removed set wakes it" {
    start env key="$key" bash -c 's() { sysv_sem -k $key "$@"; }
        s create 0 0; sysv_sem -k $key op 0:-1 1:-1 & read x; s op 0:+1; s show; read x; s op 1:+1; wait $!; s show
        sysv_sem -k $key op 0:-1 & read x; s remove; wait $!; echo "ended $?"'
    waits() { [[ $(children "$pid" | grep -c 'sysv_sem S$') == 1 ]]; }
    await "a sysv_sem to wait" waits
    type_line
    await "the values" written "semaphore 1: value 0, 1 wait for more"
    # It has taken nothing yet.
    assert_equal "$(sed -nE 's/^semaphore 0: value ([0-9]),.*/\1/p' "$run/stdout")" 1
    type_line
    await "the values" lines_written "semaphore 1: value 0" 2
    assert_equal "$(sed -nE 's/^semaphore 0: value ([0-9]),.*/\1/p' "$run/stdout" | paste -sd ' ')" "1 0"
    await "a sysv_sem to wait" waits
    type_line
    finish_program
    assert_line "ended 1"
    assert_equal "$stderr" "sysv_sem: semop: Identifier removed"
}

@test "sysv_sem: SEM_UNDO gives back what a killed process had, nothing else does" {
    value=$((RANDOM % 100 + 10))
    for undo in '' -u; do
        start env key="$key" undo="$undo" value="$value" bash -c 's() { sysv_sem -k $key "$@"; }
            s create $value; mkfifo f; exec 5<>f; rm f
            sysv_sem -k $key $undo -w op 0:-9 <&5 & read x; s show; read x; s show; s remove; wait $!; true'
        await "it to have taken 9" written "did it"
        type_line
        await "the value" written "value $((value - 9)),"
        child=$(child_of "$pid" sysv_sem)
        kill -KILL "$child"
        await "it to be dead" gone "$child"
        type_line
        finish_program
        assert_line --partial "value $([[ $undo ]] && echo $value || echo $((value - 9))),"
        assert_equal "$(grep -c 'value' "$run/stdout")" 2
    done
}

@test "holder_dies_broken: who dies inside takes one along, until nobody gets in" {
    k=$((RANDOM % 4 + 1))
    start holder_dies_broken -k $k -t 100
    await_rest 1 0
    assert_equal "$(children "$pid" | wc -l)" 1
    assert_idle
    ends_by KILL "$pid" "signal KILL"
    traced holder_dies_broken -k $k -t 0.2
    assert_ended "exit 1"
    assert_equal "$(facts_of '^killed child[.].* SIGKILL')" $((k + 1))
    assert_fact "stuck child.$((k + 1)) futex* *"
    assert_equal "$stderr" "holder_dies_broken: stuck after 0.2 s: nobody is inside, the counter is 0, and person $((k + 1)) sleeps in futex"
    assert_every_child_waited_for
}

@test "holder_dies: the kernel undoes what the dead did, or a parent does; the next gets in" {
    k=$((RANDOM % 4 + 1))
    traced_well holder_dies -k $k -s "$key"
    assert_equal "$(facts_of '^killed child[.].* SIGKILL')" $((2 * k))
    assert_fact "semop child.$((k + 1)) sysvsem:1 -1 undo"
    assert_equal "$(facts_of '^semop parent')" 0
    assert_fact "exit child.$((k + 1)) = 0"
    assert_fact "exit child.$((2 * k + 2)) = 0"
    # Who takes for others starts nobody before one has died.
    assert_fact_before "killed child.$((k + 2)) SIGKILL" "fork parent child.$((2 * k + 2))"
    assert_fact "remove parent sysvsem:1"
    assert_every_child_waited_for
    # The next waits as long as they live; and the set isn't left.
    start holder_dies -w -k $k -s "$key" undo
    await "$((k + 1)) children to sleep" eval '[[ $(children "$pid" | grep -c " S$") == '$((k + 1))' ]]'
    refute written "got in"
    ends_by TERM "$pid" "signal TERM"
}

@test "doors: the kernel opens the lock of one who died; the next is told, by a robust mutex" {
    k=$((RANDOM % 4 + 1))
    start doors -w -k $k record
    await "$((k + 1)) children to sleep" eval '[[ $(children "$pid" | grep -c " S$") == '$((k + 1))' ]]'
    mapfile -t pids < <(children "$pid" | cut -d' ' -f1)
    # Each has a byte of its own, and one more waits for one of them.
    expect "$k locks, each on its byte" assert_equal \
        "$(locks_of "${pids[@]}" | grep -v ^waits | awk '{ print $4, $5, $6 }' | sort)" \
        "$(for ((i = 0; i < k; i++)); do echo "WRITE $i $i"; done)"
    assert_equal "$(locks_of "${pids[@]}" | grep -c ^waits)" 1
    refute written "got in"
    type_line
    finish_program
    assert_ended "exit 0"
    assert_line --partial "person $((k + 1)) got in"
    not_under_sanitizers
    traced_well doors -k $k robust
    assert_equal "$(facts_of '^killed child[.].* SIGKILL')" $k
    assert_fact "exit child.$((k + 1)) = 0"
    assert_line --regexp "^robust.*has died"
    assert_every_child_waited_for
}

@test "init_race_broken: two where one may be, and one lost of four" {
    traced init_race_broken -s "$key"
    assert_ended "exit 1"
    # Both got in without a wait, and neither has left.
    assert_equal "$(facts_of '^semop child[.][12] [^ ]*sysvsem:1 -1$')" 2
    assert_fact_before "setval child.2 child.1/sysvsem:1 = 1" "semop child.2 child.1/sysvsem:1 -1"
    assert_fact_before "semop child.4 child.3/sysvsem:1 1" "setval child.3 child.3/sysvsem:1 = 2"
    assert_equal "$stderr" "init_race_broken: each: two are inside, where one may be
init_race_broken: first: 2 and one and one are 3"
    assert_every_child_waited_for
}

@test "init_race: of many who come at once one makes it, and nothing is lost" {
    n=$((RANDOM % 10 + 2))
    traced_well init_race -n $n -s "$key"
    assert_equal "$(facts_of '^create child.* .*sysvsem')" 1
    assert_equal "$(facts_of '^open child.* sysvsem both = EEXIST')" $((n - 1))
    # Under its name, it's there once: whole from the beginning.
    assert_equal "$(facts_of '^link child.* s[eh]m:[^ ]* s[eh]m:[^ ]*$')" 1
    assert_line --regexp "^sysv.*: $((n + 2))$"
    assert_line --regexp "^posix.*: $((n + 2))$"
    assert_nothing_wrong
    for _ in {1..5}; do
        run_program init_race -n 100 -s "$key"
        assert_ended "exit 0"
    done
    # A set that is there already is refused, and stays.
    in_kernel 'sysv_sem -k $key create 5; holder_dies -s $key undo; echo $?
        init_race -s $key; echo $?; init_race_broken -s $key; echo $?
        sysv_sem -k $key show; sysv_sem -k $key remove'
    assert_equal "$(grep -cx 1 "$run/stdout")" 3
    assert_line --partial "value 5,"
}

@test "no_owner: anybody may give a semaphore, only its owner a mutex" {
    any=(take give other:take other:give) value=1 owner='' steps=() want=()
    for ((i = 0; i < 12; i++)); do
        steps+=("${any[RANDOM % 4]}")
        case ${steps[i]}:$value in
        *give:*) value=$((value + 1)) result=ok ;;
        *take:0) result=EAGAIN ;;
        *) value=$((value - 1)) result=ok ;;
        esac
        want+=("${steps[i]}: $result")
    done
    results() { sed -nE 's/^[a-z]+\[[0-9]+\]: ([a-z:]+): ([A-Za-z]+).*/\1: \2/p' "$run/stdout"; }
    run_program no_owner sem "${steps[@]}"
    assert_ended "exit 0"
    assert_equal "$(results)" "$(printf '%s\n' "${want[@]}")"
    # Of a mutex that another process took nobody is the owner any more.
    want=()
    for ((i = 0; i < 12; i++)); do
        case ${steps[i]}:$owner in
        take:) owner=me result=ok ;;
        other:take:) owner=dead result=ok ;;
        *take:*) result=EBUSY ;;
        give:me) owner='' result=ok ;;
        *give:*) result=EPERM ;;
        esac
        want+=("${steps[i]}: $result")
    done
    run_program no_owner mutex "${steps[@]}"
    assert_ended "exit 0"
    assert_equal "$(results)" "$(printf '%s\n' "${want[@]}")"
    assert_every_child_waited_for
}

@test "traffic: three at once lose what they share, unless a second semaphore admits one" {
    k=$((RANDOM % 5 + 2)) n=$((RANDOM % 5 + 1))
    run_program traffic_broken -k $k -n $n
    assert_ended "exit 1"
    assert_line --partial "$((k * n)) cars have crossed, and paid $n"
    run_program traffic_broken -k 1 -n $n
    assert_ended "exit 0"
    run_program traffic -k $k -n $n
    assert_ended "exit 0"
    assert_line --partial "$((k * n)) cars have crossed, and paid $((k * n))"
    assert_every_child_waited_for
}

@test "sem_cost: a semaphore that is free is taken without the kernel" {
    not_under_sanitizers
    count=$((RANDOM % 50 + 20))
    traced_well sem_cost -n $count
    # Alone: take and give; in turn: two processes that do so. Twice, and with undo.
    assert_equal "$(facts_of '^semop child')" $((2 * count + 4 * count + 2 * count))
    refute_fact "futexwait child.1 *"
    assert_fact "futexwait child.1.*"
    not_under_valgrind
    run_program sem_cost -n 5000
    assert_ended "exit 0"
    cost() { awk -v kind="$1" 'index($0, kind) == 1 { sub(kind, ""); print int($1) }' "$run/stdout"; }
    (($(cost "System V semaphore") > 5 * $(cost "POSIX semaphore"))) || complain "System V to cost more" "$output"
    start sem_cost -n 100000000
    await "it to measure" child_of "$pid" sem_cost R >/dev/null
    ends_by TERM "$pid" "signal TERM"
}
