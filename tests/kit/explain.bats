#!/usr/bin/env bats
# What 'xray explain' says of every program of the kit: the fault of each
# *_broken one, and nothing of the others, unless they show a fault on purpose.

load ../lib/lab

# The examples that do wrong on purpose, without "broken" in their names.
shows_a_fault=" sigpipe daemon3 "

# The broken examples whose mistake no trace can show, and why:
# arg_race_broken, counter_broken: which value a thread reads from memory, and
# when, is seen by ThreadSanitizer (tests/03-threads.bats, tests/04-mutexes.counters.bats).
# stolen_broken: what it takes twice is a number in memory; no call is wrong.
# lost_update_broken: a file that others write, too, is read and written: each
# call is right, and often meant so.
# fifo_two_way_broken: whose bytes a read takes out of a FIFO.
# mq_notify_broken, mq_workers_broken: that nobody comes for what is in a queue.
# publish_broken, shm_counter_broken, shm_first_broken, traffic_broken: what is read
# from memory that processes share, and when.
# shm_mutex_broken, holder_dies_broken, bounded_buffer_broken, sem_unnamed_broken:
# who has a lock or a semaphore that was free makes no call to take it.
# partial_io_broken: where a message in a stream ends.
# init_race_broken: that a number was given between two calls of another.
leaves_no_trace=" arg_race_broken counter_broken stolen_broken lost_update_broken
    fifo_two_way_broken mq_notify_broken mq_workers_broken
    publish_broken shm_counter_broken shm_first_broken traffic_broken shm_mutex_broken
    holder_dies_broken bounded_buffer_broken sem_unnamed_broken init_race_broken
    partial_io_broken "

# explained FOLDER NAME COMMAND: what xray finds in a run of it.
explained() {
    export BIN=$top/$BUILD/$1
    local start=exec
    [[ $3 != *[\;\|\&]* ]] || start=''
    traced sh -c "exec 2>&1; $start $3"
    has_fact "exec * $2" || echo "$3: it didn't run"
    "$top/tools/xray" explain -s "$run/log"
}

# A program's first Try line. To fill a pipe takes fewer writes if it is small, and
# what others lose needn't be lost here.
try_line() {
    sed -nE 's/^ \* Try: +//p' "$1" | head -n 1 | sed 's/^capacity$/& -s 4096/; s/-n 20000 -j 3/-n 20/'
}

@test "each example: nothing is wrong, but where something is" {
    needs_tracing
    local source name found
    for source in "$top"/labs/*/*.c; do
        name=$(basename "$source" .c)
        [[ $name != ex[0-9]_* ]] || continue
        found=$(explained "$(basename "$(dirname "$source")")" "$name" "$(try_line "$source")")
        if [[ ${leaves_no_trace//$'\n'/ } == *" $name "* ]]; then
            [[ -z $found ]] || echo "$name: $found"
        elif [[ $name == *_broken || $shows_a_fault == *" $name "* ]]; then
            [[ $found ]] || echo "$name: no finding"
        else
            [[ -z $found ]] || echo "$name: $found"
        fi
    done >"$BATS_TEST_TMPDIR/wrong"
    run cat "$BATS_TEST_TMPDIR/wrong"
    assert_output ""
}

@test "each solution: nothing is wrong" {
    needs_tracing
    local lab name command found
    while read -r lab name command; do
        found=$(explained "solutions/$lab" "$name" "$command")
        [[ -z $found ]] || echo "$command: $found"
    done >"$BATS_TEST_TMPDIR/wrong" <<'END'
01-processes ex1_spawn ex1_spawn ls
01-processes ex1_spawn ex1_spawn sh -c 'kill -TERM $$'
01-processes ex1_spawn ex1_spawn nosuchcommand
01-processes ex2_minips ex2_minips
02-daemons ex1_daemonize ex1_daemonize true
02-daemons ex1_daemonize ex1_daemonize nosuchcommand
02-daemons ex2_heartbeat ex2_heartbeat $PWD/pid $PWD/log; kill $(cat pid)
02-daemons ex2_heartbeat ex2_heartbeat $PWD/pid /dev/full
06-signals ex1_graceful cp /etc/passwd job; echo job | ex1_graceful
06-signals ex2_reaper seq 20 | sed 's/^/exit /' | ex2_reaper
06-signals ex3_courier echo hello | ex3_courier
09-file-locking ex1_counter ex1_counter -p 3 -n 2 number
09-file-locking ex2_single_instance ex2_single_instance lock true; ex2_single_instance lock true
07-pipes ex1_pipeline ex1_pipeline yes -- cat -- cat -- head -n 1
07-pipes ex1_pipeline ex1_pipeline nosuchcommand -- cat
07-pipes ex2_coprocess seq 20000 | ex2_coprocess tr 1 2
07-pipes ex2_coprocess seq 20000 | ex2_coprocess head -n 1
END
    run cat "$BATS_TEST_TMPDIR/wrong"
    assert_output ""
}

# Each in a folder of its own, all at once: several wait until their time is up.
@test "each mistake that it knows is named" {
    needs_tracing
    local mistake words said
    cd "$BATS_TEST_TMPDIR"
    while IFS=: read -r mistake words; do
        mkdir "$mistake"
        echo "$words" >"$mistake/words"
        (
            cd "$mistake" || exit
            "$top/tools/xray" record -t 2 -o log -- "$top/build/kit/xray_faults" "$mistake"
        ) >"$mistake/out" 2>&1 3>&- &
    done <<'END'
own_write_end:no other process ever had this pipe: it has to be made before the fork
lock_order:each waits for a lock that another one holds
never_waited:parent never waited for child.1
blocked_signal:SIGTERM was sent to parent, which had blocked it
no_reader:parent was killed by SIGPIPE
full_queue:mqueue:/xray_faults full: nobody in this run ever received a message
dead_holder:child.1, which also used map:1, was killed by SIGKILL: probably while it held the lock
early_wakeup:waits on futex:1 for a wake-up that came before
late_wait:parent/t1 still waits on futex:1 at the end of parent, and nobody ever woke it
no_signal:parent and parent/t1, on futex:1 and futex:2. Probably one has changed what another one waits for, and woke nobody
early_signal:SIGUSR1 came before the wait, and was handled by then
name_left:fifo:left, which parent made, was never removed
END
    wait
    for mistake in */log; do
        mistake=${mistake%/log}
        said=$("$top/tools/xray" explain -s "$mistake/log")
        [[ $said == *"$(<"$mistake/words")"* && $said != *$'\n'* ]] ||
            echo "$mistake: $said"
    done >wrong
    run cat wrong
    assert_output ""
}

@test "a SIGCHLD that stays blocked is no fault, neither in words nor in the picture" {
    cd "$BATS_TEST_TMPDIR"
    for signal in TERM CHLD; do
        printf '%s\n' '# xray log 1' '# folder /x' '1 1.0 execve("/bin/a", ["a"], 0x1) = 0' \
            "1 1.1 rt_sigprocmask(SIG_BLOCK, [$signal], [], 8) = 0" "1 1.2 kill(1, SIG$signal) = 0" \
            '1 1.3 exit_group(0) = ?' '1 1.4 +++ exited with 0 +++' '# exit 0' '# end' >log
        "$top/tools/xray" explain -s log
        "$top/tools/xray" graph -T ascii log | grep '^  !!' || true
    done >words
    run cut -f 1 words
    assert_output "$(printf '%s\n' \
        'SIGTERM was sent to parent, which had blocked it and never unblocked or took it.' \
        '  !! SIGTERM was sent to parent, which blocked it to the end')"
}

@test "who is ended within an fcntl that takes no lock doesn't wait for one" {
    cd "$BATS_TEST_TMPDIR"
    for command in F_GETFL 'F_SETLKW, {l_type=F_WRLCK}'; do
        printf '%s\n' '# xray log 1' '# folder /x' '1 1.0 execve("/bin/a", ["a"], 0x1) = 0' \
            "1 1.1 fcntl(3</x/f>, $command <unfinished ...>" '# timeout 1' '# end' >log
        "$top/tools/xray" explain -s log
    done >words
    run cut -f 1 words
    assert_output "$(printf '%s\n' \
        'parent still ran, and waited for nothing, when the time was up: an endless loop?' \
        'parent still waits for a lock on file:f when the time was up.')"
}

@test "a daemon that keeps a pipe for nothing is named, and no other" {
    needs_tracing
    traced sh -c 'setsid -f bash -c "sleep 0.1; :" | cat'
    assert_explained "(cat) had to wait for an end of file on pipe:1 until child.1.1 (bash) ended"
    run "$top/tools/xray" graph -T ascii "$run/log"
    assert_line --partial "!! child.1.1 never closed the write end of pipe:1"
    traced -t 0.3 sh -c 'setsid -f bash -c "sleep 9; :" | cat'
    assert_explained "child.2 (cat) waits for data or an end of file on pipe:1 until child.1.1 (bash) ends"
    # One that logs to it, one that let it go, one whose launcher stays.
    for command in 'setsid -f bash -c "sleep 0.1; echo x" | cat' \
        'setsid -f bash -c "sleep 0.1; :" >/dev/null | cat' 'setsid bash -c "sleep 0.1; :" | cat'; do
        traced sh -c "$command"
        assert_nothing_wrong
        run "$top/tools/xray" graph -T ascii "$run/log"
        refute_output --partial "!!"
    done
}

@test "make check says what xray found in a run that failed" {
    needs_tracing
    local lab=07-pipes name=ex2_coprocess folder=build/explained/07-pipes
    cd "$top"
    rm -rf "$folder"
    mkdir -p "$folder"
    patch -s -o "$folder/$name.c" "solutions/$lab/$name.c" "tests/wrong/$lab/$name/no_wait.patch"
    unset BUILD BIN
    PATH=${PATH//"$BATS_LIBEXEC:"/} run tools/check -s build/explained -f "exit status is" $lab/$name
    assert_failure
    assert_line --regexp '^    likely:    parent never waited for child.1 \(sh\), which had ended'
    refute_output --partial 'waitpid(2); "Exit status"' # no page twice
}
