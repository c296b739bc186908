# hold.bash: holding a program still at the moment that a test is about, where
# chance would give that moment only once in a million runs (see tools/hold.c).
# shellcheck disable=SC2034,SC2154  # run.bash and lab.bash set what is used here

# start_held -w|-p|-c PROGRAM [ARG...]: start, under tools/hold. $pid is the
# program's number, as always, $holder the one of hold. How it ended is told by
# hold: "exit 143" also stands for a program that SIGTERM has ended.
start_held() {
    local words
    if [[ $(uname -m) != x86_64 ]]; then
        skip "no program can be held still on this kind of machine: $(uname -m)"
    fi
    if ! words=$("$top/build/tools/hold" -p true 2>&1); then
        skip "no program can be held still here (ptrace(2)): ${words##*: }"
    fi
    start "$top/build/tools/hold" "$@"
    holder=$pid
    wait_until "$DEADLINE" held_program_runs
}

held_program_runs() {
    pid=$(children "$holder" | awk '$2 != "hold" { print $1 }')
    [[ $pid ]]
}

# Holds it just before the call in which it sleeps (after start_held -w).
hold() {
    await "to wait, for nothing can be done" in_state "$pid" S
    kill -USR1 "$holder"
    wait_until "$DEADLINE" holds
}

holds() {
    [[ $(<"/proc/$holder/comm") == held ]]
}

let_go() {
    kill -USR2 "$holder"
}

# freeze PID: stops a process, and returns when it has stopped.
freeze() {
    kill -STOP "$1"
    wait_until "$DEADLINE" in_state "$1" T
}
