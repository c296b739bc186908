# Lab 12: semaphores.

load lib/lab
load lib/sem

# A semaphore of a test's own, and the key of a set.
name=/labtest-$RANDOM$RANDOM key=$((RANDOM * 32768 + RANDOM + 1))

# in_kernel LINES [ARG...]: has bash run them, with $key and the arguments.
in_kernel() {
    run_program env key="$key" bash -c "$1" bash "${@:2}"
}

@test "stalls: as many are inside as the semaphore begins with, the others sleep" {
    k=$((RANDOM % 4 + 1)) n=$((k + RANDOM % 5 + 1))
    start stalls -k $k -n $n -d 100 -s "$name"
    await_rest $((n - k)) $k
    assert_equal "$(grep -c 'enters stall' "$run/stdout")" $k
    assert_equal "$(sed -n 's/.*enters stall //p' "$run/stdout" | sort -nu | wc -l)" $k
    # It has a name, and is nobody else's business.
    file=$(compgen -G "/proc/$pid/root/dev/shm/*${name#/}") # musl has no sem.
    assert_equal "$(stat -c '%F %a' "$file")" "regular file 600"
    # The counter is the first thing in it; for musl -1 is: 0, and somebody waits.
    assert_regex "$(od -An -td4 -N4 "$file")" '^ +(0|-1)$'
    ends_by TERM "$pid" "signal TERM" # and nothing may be left, as always
    # Everybody gets in at last.
    run_program stalls -k $k -n $n -d 0.001
    assert_ended "exit 0"
    assert_equal "$(awk -v most=$k '/enters/ { if (++now > most) bad++ } /leaves/ { now--; left++ } END { print left, bad + 0 }' "$run/stdout")" "$n 0"
    assert_every_child_waited_for
}

@test "stalls: a semaphore at 3 admits three; who is killed inside takes a place along" {
    start stalls -n 5 -d 100
    await_rest 2 3
    freeze "$pid" # it shan't learn of it yet: the counter is all there is
    kill -KILL "${who_stays[0]}"
    await "one to be dead" gone "${who_stays[0]}"
    for _ in {1..10}; do
        at_rest 2 2 || complain "nobody to get in instead" "${#who_waits[@]} wait, ${#who_stays[@]} stay"
        pause
    done
    kill -CONT "$pid"
    finish_program
    assert_ended "exit 1"
    assert_regex "$stderr" "^stalls: person with PID [0-9]+ didn't end well$"
    assert_every_child_waited_for
}

@test "stalls: a name that is there is refused, and stays" {
    in_kernel 'stalls -n 2 -d 100 -s $1 >entered & first=$!
        until [[ $(grep -cs enters entered) == 2 ]]; do :; done
        stalls -n 2 -s $1; echo "$? $(ls /dev/shm | grep -c ${1#/})"
        kill -TERM $first; wait $first; echo "$? $(ls /dev/shm | grep -c ${1#/})"; rm entered' "$name"
    refute_line --partial enters
    assert_line "1 1"
    assert_line "143 0"
}

@test "sem_unnamed: an order is forced, whoever was started first" {
    words=("a$RANDOM" "b$RANDOM" "c$RANDOM" "d$RANDOM") rounds=$((RANDOM % 5 + 1))
    run_program sem_unnamed -r $rounds "${words[@]}"
    assert_ended "exit 0"
    expect "the words in turn" assert_equal "$(sed 's/.*: //' "$run/stdout")" \
        "$(for ((i = 0; i < rounds; i++)); do printf '%s\n' "${words[@]}"; done)"
    assert_equal "$(sed 's/:.*//' "$run/stdout" | sort -u | wc -l)" "${#words[@]}"
    assert_every_child_waited_for
    traced_well sem_unnamed -r $rounds "${words[@]}"
    assert_equal "$(facts_of '^write child[.].* stdout')" $((rounds * ${#words[@]}))
    assert_fact_before "write child.${#words[@]} stdout*" "write child.1 stdout*"
    assert_nothing_wrong
    # One that is killed doesn't keep the others.
    start sem_unnamed -r 1000000 a b
    await "the children to run" lines_written a 2
    kill -KILL "$(children "$pid" | awk '{ print $1; exit }')"
    finish_program
    assert_ended "exit 1"
    assert_every_child_waited_for
}

@test "sem_unnamed_broken: a private semaphore wakes nobody, a copied one is another one" {
    not_under_valgrind
    for way in private copied; do
        start sem_unnamed_broken -t 100 $way
        await_rest 1 0
        await "the parent to wait" in_state "$pid" S
        at_rest 1 0 # it has posted, for it doesn't look any more
        ends_by KILL "$pid" "signal KILL"
    done
    run_program sem_unnamed_broken -t 0.3
    assert_ended "exit 1"
    assert_regex "$stderr" "private: stuck after 0.3 s: the parent sees a counter of 1.*copied: stuck after 0.3 s: "
    assert_every_child_waited_for
}

@test "early: a semaphore counts what came before the wait, a condition variable doesn't" {
    count=$((RANDOM % 50))
    traced_well early -n $count -t 0.1
    assert_line --regexp "^child.* semaphore let it through $count times"
    assert_line --regexp "^child.* condition variable let it through 0 times"
    # Only after all of them it slept, and nobody was woken.
    assert_equal "$(facts_of '^futexwait child.1 [^ ]* = ETIMEDOUT')" 2
    refute_fact "futexwake parent *"
    assert_every_child_waited_for
}

@test "bounded_buffer: every item once, those of one producer in order" {
    p=$((RANDOM % 4 + 1)) c=$((RANDOM % 4 + 1)) n=$((RANDOM % 50 + 1)) k=$((RANDOM % 5 + 1))
    run_program bounded_buffer -p $p -c $c -n $n -k $k
    assert_ended "exit 0"
    items() { sed -n 's/^consumer.*: //p' "$run/stdout"; }
    assert_equal "$(items | sort -n)" "$(seq 0 $((p * n - 1)))"
    assert_every_child_waited_for
    run_program bounded_buffer -p $p -c 1 -n $n -k $k
    assert_ended "exit 0"
    for ((i = 0; i < p; i++)); do
        assert_equal "$(items | awk -v n=$n -v i=$i 'int($1 / n) == i')" "$(seq $((i * n)) $((i * n + n - 1)))"
    done
}

@test "bounded_buffer: producers sleep when it is full, consumers when it is empty" {
    start bounded_buffer -p 3 -c 2 -n 20 -k 4 -d 100
    await_rest 3 2
    assert_equal "$(grep -c '^consumer' "$run/stdout")" 2
    ends_by KILL "$pid" "signal KILL"
    # One item, three consumers: two have nothing; and the end comes to all.
    start bounded_buffer -p 1 -c 3 -n 1 -d 100
    await "two to have ended" at_rest 0 1
    # A process that is killed may be the one for which all wait.
    kill -KILL "${who_stays[0]}"
    finish_program
    assert_ended "exit 1"
    assert_regex "$stderr" "process [0-9]+ didn't end well"
}

@test "bounded_buffer_broken: who waits with the lock waits for ever" {
    start bounded_buffer_broken -t 100
    await_rest 2 0
    assert_idle
    ends_by KILL "$pid" "signal KILL"
    traced bounded_buffer_broken -t 0.2
    assert_ended "exit 1"
    assert_equal "$(facts_of '^stuck child[.][12] futex')" 2
    assert_regex "$stderr" "stuck after 0.2 s: empty 0, full 0, mutex 0"
    assert_every_child_waited_for
}

@test "sem_errors: each errno, from the call that it belongs to" {
    traced_well sem_errors -t 0.05
    said() { sed -nE "s/^$1\[[0-9]+\]: ([A-Z0]+),.*/\1/p" "$run/stdout" | paste -sd ' '; }
    assert_equal "$(said sem_trywait)" EAGAIN
    assert_equal "$(said sem_timedwait)" "ETIMEDOUT ETIMEDOUT 0 EINVAL EINTR"
    assert_equal "$(said sem_wait)" "EINTR 0"
    assert_equal "$(said sem_post)" EOVERFLOW
    assert_equal "$(said sem_init)" EINVAL
    assert_equal "$(said sem_open)" "ENOENT 0 EEXIST 0 EINVAL ENAMETOOLONG"
    assert_equal "$(said sem_unlink)" "0 ENOENT"
    assert_fact "open parent s*:/ipclab* both = ENOENT"
    (($(facts_of '^futexwait parent [^ ]* = EINTR') >= 3))
    (($(facts_of '^futexwait parent [^ ]* = ETIMEDOUT') >= 1))
    assert_nothing_wrong
}

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
    run_program sem_cost -n 20000
    assert_ended "exit 0"
    cost() { awk -v kind="$1" 'index($0, kind) == 1 { sub(kind, ""); print int($1) }' "$run/stdout"; }
    (($(cost "System V semaphore") > 5 * $(cost "POSIX semaphore"))) || complain "System V to cost more" "$output"
    start sem_cost -n 100000000
    await "it to measure" child_of "$pid" sem_cost R >/dev/null
    ends_by TERM "$pid" "signal TERM"
}

@test "bad usage is refused, help is given, failed output is noticed" {
    run_program bash -c '
        for program in stalls sem_unnamed sem_unnamed_broken early bounded_buffer bounded_buffer_broken \
            sem_errors sysv_sem holder_dies holder_dies_broken doors init_race init_race_broken \
            no_owner traffic traffic_broken sem_cost; do
            "$program" -h | head -n 1
            out=$("$program" -Y 2>/dev/null); echo "$? $out"
            "$program" -h >/dev/full 2>/dev/null || echo failed
        done
        for bad in "stalls -k 0" "stalls -s stalls" "stalls x" "sem_unnamed" "sem_unnamed_broken x" "early x" \
            "bounded_buffer -k 0" "bounded_buffer_broken x" "sem_errors x" "sysv_sem" "sysv_sem create" \
            "sysv_sem op" "sysv_sem op 1" "sysv_sem op :1" "sysv_sem op 0:" "sysv_sem show x" "holder_dies x" \
            "doors x" "init_race x" "init_race_broken each first" "no_owner x" "no_owner sem x" "traffic x" "sem_cost x"; do
            out=$($bad 2>/dev/null); echo "$? $out"
        done'
    assert_equal "$(grep -c '^Usage: ' "$run/stdout")" 17
    assert_equal "$(grep -cx failed "$run/stdout")" 17
    assert_equal "$(grep -cx '2 *' "$run/stdout")" 41
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
