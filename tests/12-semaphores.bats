# Lab 12: POSIX semaphores; 12-semaphores.sysv.bats has System V's, and who dies inside.

load lib/lab
load lib/sem

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
