# The examples of lab 01.

load lib/lab

# start_and_hold PROGRAM [ARG...]: starts it, and returns when it waits for
# Enter.
start_and_hold() {
    start_program -t 20 "$@" # it waits for us, and we may be slow
    wait_until "$DEADLINE" grep -qs "Enter makes me" "$run/stdout"
}

# number REGEX: the number after these words in the output so far.
number() {
    sed -nE "s/.*$1([0-9]+).*/\\1/p" "$run/stdout" | head -n 1
}

# Whether a process has become NAME, and sleeps.
has_become() {
    [[ $(field "$1" Name) == "$2" ]] && in_state "$1" S
}

is_gone() {
    in_state "$1" gone
}

@test "every program answers -h, and refuses options and operands it doesn't know" {
    run_program bash -c '
        for program in fork_wait exec zombie orphan fault proc_tree; do
            "$program" -h >out 2>err && [[ -s out && ! -s err ]] ||
                echo "$program -h: $?"
            for words in -Z surplus; do
                [[ $program$words != execsurplus ]] || words=
                env "$program" $words >out 2>err </dev/null
                [[ $? == 2 && ! -s out && -s err ]] || echo "$program $words: no"
            done
        done
        rm out err' # "exec" is a builtin: env and quotes run the program
    assert_ended "exit 0"
    assert_output ""
}

@test "parent and child have the same address and different values" {
    value=$((RANDOM + 5))
    run_program fork_wait -v $value
    assert_ended "exit 0"
    assert_line --index 0 --regexp "^parent\[$(facts pid)\]: at 0x[0-9a-f]+ there is $value\$"
    assert_line --index 1 --regexp "^child\[[0-9]+\]: .* made it $((value + 1))\$"
    assert_line --index 3 --regexp "^child\[[0-9]+\]: .* made it $((value + 1))\$"
    assert_line --index 5 --regexp "^parent\[.* there is still $value\$"
    assert_equal "$(grep -oE '0x[0-9a-f]+' "$run/stdout" | sort | uniq -c | xargs)" \
        "4 $(grep -oE -m 1 '0x[0-9a-f]+' "$run/stdout")"
}

@test "the parent tells an exit from a death by signal" {
    code=$((RANDOM % 256)) name=$(shuf -n 1 -e HUP INT KILL USR1 SEGV PIPE ALRM)
    run_program fork_wait -x $code -s "$name"
    assert_ended "exit 0"
    child=$(number "child\[")
    assert_line --regexp "^parent.*: child $child exited with $code\$"
    assert_line --regexp "^parent.*: child [0-9]+ was killed by SIG$name\$"
    assert_every_child_waited_for
}

@test "the parent waits for each child, and a signal ends the second" {
    name=$(shuf -n 1 -e HUP INT KILL USR1 TERM ALRM)
    traced fork_wait -x $((code = RANDOM % 256)) -s "$name"
    assert_fact_before "exit child.1 = $code" "reap parent child.1"
    assert_fact_before "deliver child.2 SIG$name default from *" "killed child.2 SIG$name" ||
        [[ $name == KILL ]]
    assert_fact_before "killed child.2 SIG$name" "reap parent child.2"
    assert_nothing_wrong
}

@test "a child that is stopped, or gets a harmless signal, isn't dead" {
    run_program sh -c 'fork_wait -x 5 -s STOP; fork_wait -x 6 -s WINCH'
    assert_ended "exit 0"
    assert_line --regexp "was stopped by SIGSTOP$"
    assert_line --regexp "SIGSTOP didn't end me$"
    assert_line --regexp "SIGWINCH didn't end me$"
    assert_equal "$(grep -c 'exited with 5' "$run/stdout")" 2
    assert_equal "$(grep -c 'exited with 6' "$run/stdout")" 2
    refute_output --partial "killed by"
    assert_every_child_waited_for
}

@test "an exec keeps PID, parent, and the files that aren't close-on-exec" {
    start_program -t 20 exec cat
    parent=$(field "$pid" PPid)
    wait_until "$DEADLINE" has_become "$pid" cat
    assert_equal "$(field "$pid" PPid)" "$parent"
    assert_equal "$(number "before\[")" "$(facts pid)"
    assert_equal "$(descriptors "$pid")" "0 1 2 3"
    assert_equal "$(readlink "/proc/$pid/fd/3")" /dev/zero
    assert_file_contains "$run/stdout" "descriptor 4: /dev/null"
    type_line $((word = RANDOM))
    finish_program
    assert_ended "exit 0"
    assert_line $word
}

@test "after an exec a signal that was ignored still is, one that was handled kills" {
    start_program -t 20 exec cat
    wait_until "$DEADLINE" has_become "$pid" cat
    assert_equal $((0x$(field "$pid" SigIgn) & 0xa00)) $((0x800))
    assert_equal $((0x$(field "$pid" SigCgt) & 0xa00)) 0
    kill -s USR2 "$pid"
    kill -s USR1 "$pid"
    wait "$program_pid"
    finish_program
    assert_ended "signal USR1"
    # And before the exec both were as the program says.
    assert_equal $((0x$(sed -n 's/.*ignored: //p' <<<"$output") & 0xa00)) $((0x800))
    assert_equal $((0x$(sed -n 's/.*handled: //p' <<<"$output") & 0xa00)) $((0x200))
}

@test "a failed exec returns 127 or 126, as a shell does" {
    run_program exec "nothing$$"
    assert_ended "exit 127"
    assert_equal "$stderr" "exec: nothing$$: No such file or directory"
    run_program exec /etc
    assert_ended "exit 126"
    assert_equal "$stderr" "exec: /etc: Permission denied"
}

@test "a dead child is a zombie until its parent waits for it" {
    code=$((RANDOM % 256))
    start_and_hold zombie -x $code
    number=$(number "child\[")
    child=$(outside "$number")
    assert_equal "$(state "$child")" Z
    assert_equal "$(field "$child" PPid)" "$pid"
    assert_equal "$(tr -d "\\0" <"/proc/$child/cmdline")" ""
    kill -s KILL "$child"
    assert_equal "$(state "$child")" Z

    finish_program
    assert_ended "exit 0"
    assert_line --regexp "waited: $number exited with $code\$"
    assert_line --index $((${#lines[@]} - 1)) --regexp "kill\($number, 0\): No such process"
    assert_equal "$(state "$child")" gone
    assert_every_child_waited_for
}

@test "a look at a dead child with WNOWAIT leaves it a zombie" {
    traced zombie
    assert_fact_before "exit child.1 = *" "wait parent child.1"
    assert_fact_before "wait parent child.1" "reap parent child.1"
    assert_fact_before "reap parent child.1" "signal parent child.1 0 = ESRCH"
    assert_nothing_wrong
}

@test "when the parent of a zombie dies, its new parent waits for it" {
    start_and_hold zombie
    child=$(outside "$(number "child\[")")
    kill -s TERM "$pid"
    wait_until "$DEADLINE" is_gone "$child"
    finish_program
    assert_ended "signal TERM"
    assert_equal "$adopted" 1
}

@test "an orphan's new parent is PID 1 or the nearest subreaper" {
    start_and_hold orphan
    orphan=$(outside "$(number "orphan\[")")
    wait_until "$DEADLINE" in_state "$orphan" S
    # Which, here, is the one that the launcher has for a parent, too.
    assert_equal "$(field "$orphan" PPid)" "$(field "$pid" PPid)"
    type_line
    finish_program
    assert_ended "exit 0"
    assert_line --regexp "^launcher.*waitpid\([0-9]+\): No child process"
    assert_equal "$adopted" 1
}

@test "a launcher that is a subreaper becomes the orphan's parent" {
    start_and_hold orphan -r
    orphan=$(outside "$(number "orphan\[")")
    wait_until "$DEADLINE" in_state "$orphan" S
    assert_equal "$(field "$orphan" PPid)" "$pid"
    assert_equal "$(number "the new one is ")" "$(facts pid)"
    finish_program
    assert_ended "exit 0"
    assert_line --regexp "^launcher.*: done, it was mine$"
    assert_every_child_waited_for
}

@test "the orphan goes when its launcher is killed" {
    start_and_hold orphan
    orphan=$(outside "$(number "orphan\[")")
    kill -s KILL "$pid"
    wait_until "$DEADLINE" is_gone "$orphan"
    finish_program
    assert_ended "signal KILL"
}

@test "it is the kernel that sends the signal for a fault, and abort its own" {
    traced fault
    assert_fact "deliver child.1 SIGSEGV default from kernel"
    assert_fact "signal child.3 child.3 SIGABRT"
    # Other processors don't stop at a division by zero.
    if [[ $(uname -m) == x86_64 ]]; then
        assert_fact "deliver child.2 SIGFPE default from kernel"
    fi
}

@test "a fault kills the process it happens in, threads and all, and no other" {
    run_program fault
    assert_ended "exit 0"
    assert_equal "$(sed -nE 's/^parent.*: child [0-9]+ //p' "$run/stdout" | xargs)" \
        "was killed by SIGSEGV was killed by SIGFPE was killed by SIGABRT was killed by SIGSEGV"
    assert_equal "$(sed -nE 's/^child\[([0-9]+)\].*/\1/p' "$run/stdout")" \
        "$(sed -nE 's/^parent.*: child ([0-9]+) .*/\1/p' "$run/stdout")"
    assert_line --index 8 "parent[$(facts pid)]: I am still here"
    assert_every_child_waited_for
}

@test "proc_tree shows a process, its children and itself as a tree, whatever their names" {
    names=("a b) R 1 (" ") Z 7" $'x\ty\nz')
    for name in "${names[@]}"; do
        ln -s "$(command -v sleep)" "$work/$name"
    done
    run_program -t 20 bash -c '
        for name; do
            "./$name" 100 &
            until read -r -d "" text <"/proc/$!/comm"
                [[ $text == "$name" && $(<"/proc/$!/stat") == *") S "* ]]; do :; done
            echo "$! $(<"/proc/$!/stat")" | tr "\n" " " | awk "{ print \$1, \$(NF - 28) }"
        done
        proc_tree -p $$; kill $(jobs -p); wait' bash "${names[@]}"
    assert_ended "exit 0"
    assert_line --index 3 "    PID    PPID S  CPU%      RSS COMMAND"
    shell=$(facts pid) page=$(($(getconf PAGESIZE) / 1024))
    assert_line --index 4 --regexp "^ *$shell +[0-9]+ [RS] +[0-9.]+ +[0-9]+ bash\$"
    for i in 0 1 2; do
        read -r child pages <<<"${lines[i]}"
        row=${lines[5 + i]}
        assert_equal "${row:0:17} ${row:33}" "$(printf '%7d %7d S   %s' "$child" "$shell" \
            "$(tr '\t\n' '??' <<<"${names[i]}" | sed 's/?$//')")"
        # The kernel may take pages away meanwhile, but hardly give any.
        assert [ "${row:24:8}" -ge 1 -a "${row:24:8}" -le $((pages * page + 64)) ]
    done
    assert_line --index 8 --regexp "^ *[0-9]+ +$shell R +[0-9.]+ +[0-9]+   proc_tree\$"
}

@test "CPU% is of a process's life at first, then of the time since the last look" {
    # 10 hundredths of a second at work, then asleep.
    run_program bash -c 'while :; do
            read -r -a stat </proc/$$/stat
            ((stat[13] + stat[14] >= 10)) && break
        done
        proc_tree -p $$ -d 0.05 -n 2; exit'
    assert_ended "exit 0"
    mapfile -t percent < <(awk '$NF == "bash" { print $4 * 10 }' "$run/stdout")
    assert_equal "${#percent[@]}" 2
    assert [ "${percent[0]}" -gt 0 ]
    assert [ "${percent[1]}" -lt "${percent[0]}" ]
}

@test "proc_tree doesn't mind processes that vanish while it reads" {
    run_program bash -c '(while :; do (:); done) &
        for i in {1..15}; do proc_tree >tree || echo "$?"; done
        grep -c proc_tree tree
        rm tree; kill $!; wait'
    assert_output 1
    assert_equal "$stderr" ""
}

@test "proc_tree reports a process that isn't there, and a full disk" {
    run_program proc_tree -p 2147483647
    assert_ended "exit 1"
    assert_equal "$stderr" "proc_tree: there is no process 2147483647"
    run_program sh -c 'exec proc_tree >/dev/full'
    assert_ended "exit 1"
    assert_equal "$stderr" "proc_tree: standard output: No space left on device"
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
