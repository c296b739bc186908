# shared.bash: looking into shared memory that programs use, and at who waits there;
# for the exercises of lab 11: a table with a mutex, and a ring with two futexes.
# For a test file to load after lab.bash.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317  # run.bash, this file and the tests share names

# ---- ex1_histogram ----

table=/labtest-$RANDOM$RANDOM

# Where things are in struct table, in bytes.
counts=$((256 * 8 + 1000)) copies=8

# counts_of FILE...: "BYTE COUNT" for each byte in there, from od, not from C.
counts_of() {
    cat -- "$@" | od -An -v -tu1 -w64 | awk '
        { for (i = 1; i <= NF; i++) n[$i]++ }
        END { for (b = 0; b < 256; b++) if (n[b]) print b, n[b] }'
}

# assert_counts FILE...: that these are what it has printed.
assert_counts() {
    local expected
    expected=$(counts_of "$@")
    expect "the counts of the bytes in: ${*##*/}" assert_output "$expected"
}

# fifos N: f1 to fN, which we hold open; a worker that reads one waits for us.
fifos() {
    local i
    for ((i = 1; i <= $1; i++)); do
        mkfifo "$work/f$i"
        exec {fd}<>"$work/f$i"
        fifo[i]=$fd
    done
}

# feed N WORDS: into that FIFO. We keep a copy, as n1 to nN.
feed() {
    printf %s "$2" | timeout "$DEADLINE" tee -a "$work/n$1" >&"${fifo[$1]}"
}

# finish_fifo N...: its reader comes to the end of the file.
finish_fifo() {
    local i
    for i; do
        fd=${fifo[i]}
        exec {fd}>&-
    done
}

# launch ARG...: ex1_histogram in a sandbox in which there can be others, too.
launch() {
    in_shell ex1_histogram "$@"
    ran="ex1_histogram $*"
}

# in_shell COMMAND...: starts a shell in the sandbox, which starts that. $pid is
# its number out here, $object the table.
in_shell() {
    allow_left 'file \./[a-z]+[0-9]* .*' # our own
    # With set -m: otherwise a shell lets what is in the background ignore SIGINT.
    start bash -c 'set -m; "$@" >out 2>err & echo "pid $!"
        while IFS= read -r line; do eval "$line"; done' sh "$@"
    await "to run" written "pid "
    object=/proc/$pid/root/dev/shm$table
    number=$(sed -n 's/^pid //p' "$run/stdout")
    pid=$(outside "$number" 2>/dev/null) || pid=none
}

# await_launched STATUS [WORDS]: that what was launched ends so.
await_launched() {
    if ! wait_until "$DEADLINE" gone "$pid" 2>/dev/null; then
        complain "to end${2:+ $2}" "still running after $DEADLINE s: $(where)"
    fi
    type_line "wait $number; echo \"ended \$?\""
    await_shell "its status" written "ended "
    if ! written "ended $1"; then
        complain "to end with $1" "$(grep ended "$run/stdout"); standard error: $(head -c 1000 "$work/err")"
    fi
}

await_shell() {
    if ! wait_until "$DEADLINE" "${@:2}" 2>/dev/null; then
        complain "$1" "not so after $DEADLINE s; $(where)"$'\n'"standard error: $(head -c 1000 "$work/err")"
    fi
}

# where: what each process waits for.
where() {
    local one
    for one in $pid $(children "$pid" | cut -d' ' -f1); do
        echo "$(field "$one" Name) ($one): $(state "$one") in $(cat "/proc/$one/wchan" 2>/dev/null)"
    done
}

# end_shell: and with it the test's run.
end_shell() {
    type_line exit
    finish_program
}

workers() {
    children "$pid" | awk '$3 != "Z" { print $1 }'
}

# opened FILE: the worker that has that file open.
opener() {
    local worker fd
    for worker in $(workers); do
        for fd in "/proc/$worker/fd"/*; do
            if [[ $fd -ef $work/$1 ]]; then
                echo "$worker"
                return
            fi
        done
    done
    return 1
}

opened() {
    opener "$1" >/dev/null
}

# Whether the worker sleeps in futex(2), with no time limit; the shell reads
# that file itself (ptrace(2), Yama).
waits_for_lock() {
    local call='' limit=''
    read -r call _ _ _ limit _ 2>/dev/null <"/proc/$1/syscall"
    [[ ${call_name[${call:-none}]:-} == futex && $limit == 0x0 && $(state "$1") == S ]]
}

# word OFFSET: a 32-bit number in the table.
word() {
    od -An -tu4 -j "$1" -N4 "$object" 2>/dev/null | tr -d ' '
}

# marks COPY: the indices of the files that are counted there.
marks() {
    od -An -v -tu1 -w1 -j $((copies + $1 * counts + 2048)) -N1000 "$object" |
        awk '$1 != 0 { printf "%s%d", n++ ? " " : "", NR - 1 }'
}

# bytes COPY: "BYTE COUNT" of each that is counted there.
bytes() {
    od -An -v -tu8 -w8 -j $((copies + $1 * counts)) -N2048 "$object" |
        awk '$1 != 0 { print NR - 1, $1 }'
}

# assert_copy COPY MARKS FILE...: that it has exactly these files.
assert_copy() {
    expect "the files counted in copy $1" assert_equal "$(marks "$1")" "$2"
    expect "the counts in copy $1" assert_equal "$(bytes "$1")" "$(counts_of "${@:3}")"
}

# current_is N: which copy is valid; for await_shell.
current_is() {
    [[ $(word 0) == "$1" ]]
}

next_is() {
    [[ $(word 4) == "$1" ]]
}

# all_open N...: whether all of these FIFOs have a reader.
all_open() {
    local i
    for i; do
        opened "f$i" || return
    done
}

# hold_mutex: someone else takes it; sets holder.
hold_mutex() {
    held=$((${held:-0} + 1))
    mkfifo "$work/h$held"
    exec {hand}<>"$work/h$held"
    type_line "ex1_histogram -l $table <h$held & echo holder \$!"
    await_shell "ex1_histogram -l to get the mutex" lines_written "has the mutex" "$held"
    holder=$(outside "$(sed -n 's/^holder \([0-9]*\)$/\1/p' "$run/stdout" | tail -n 1)")
}

# A line of input, and it gives the mutex back.
give_back() {
    echo >&"$hand"
    exec {hand}>&-
}

# Skips a test, visibly, where nothing can be held by tools/hold.
needs_hold() {
    local words
    if ! words=$("$top/build/tools/hold" -p true 2>&1); then
        skip "no program can be held still here (ptrace(2)): ${words##*: }"
    fi
}

# ---- ex2_ring ----

# start_ring CAPACITY [OUTPUT]: ex2_ring, whose output goes to that FIFO; waits
# until its two children are there. Sets main, producer, consumer.
start_ring() {
    if [[ ${2:-} ]]; then
        start sh -c 'exec ex2_ring -c "$1" >"$0"' "$2" "$1"
    else
        start ex2_ring -c "$1"
    fi
    find_ring "$pid"
}

# find_ring PID: the same for one that runs already.
find_ring() {
    main=$1
    both() {
        producer=$(child_of "$main" producer) && consumer=$(child_of "$main" consumer) && memory
    }
    await "two children, called producer and consumer" both
}

# Whether main has memory without a name open; sets ring.
memory() {
    for ring in "/proc/$main/fd"/*; do
        [[ $(readlink "$ring") != /memfd:* ]] || return 0
    done
    return 1
}

# in_ring OFFSET LENGTH: numbers of that length in its memory.
in_ring() {
    od -An -v -tu"$2" -j "$1" -N"$2" "$ring" | tr -d ' '
}

# bytes_put_is N: whether so many were put in, ever; bytes_taken_is N.
bytes_put_is() {
    [[ $(in_ring 0 8) == "$1" ]]
}

bytes_taken_is() {
    [[ $(in_ring 8 8) == "$1" ]]
}

# rests PID CALL: whether it sleeps in that system call, and, in futex(2), without
# a time limit.
rests() {
    local call='' limit=''
    read -r call _ _ _ limit _ 2>/dev/null <"/proc/$1/syscall"
    [[ ${call_name[${call:-none}]:-} == "$2" && $(state "$1") == S && ($2 != futex || $limit == 0x0) ]]
}

# await_rest WHO CALL WORDS: waits until the producer or consumer sleeps there.
await_rest() {
    if ! wait_until "$DEADLINE" rests "${!1}" "$2" 2>/dev/null; then
        complain "the $1 to sleep in $2() without a time limit${3:+, $3}" "$(doing_in_ring)"
    fi
}

doing_in_ring() {
    local who
    for who in main producer consumer; do
        echo "$who: $(state "${!who}") in $(cat "/proc/${!who}/wchan" 2>/dev/null)"
    done
    echo "standard error: $(head -c 500 "$run/stderr")"
}

await_ring() {
    if ! wait_until "$DEADLINE" "${@:2}" 2>/dev/null; then
        complain "$1" "not so after $DEADLINE s:"$'\n'"$(doing_in_ring)"
    fi
}

# await_ring_end HOW [WORDS]: that it ends, by itself.
await_ring_end() {
    await_ring "to end${2:+ $2}" gone "$main"
    finish_program
    assert_ended "$1"
}

# Its output, as a FIFO that we hold open, so that it can be full.
make_out() {
    allow_left 'file \./(got|in) .*'
    mkfifo "$work/out"
    exec {out}<>"$work/out"
}

# read_out N: reads so many bytes of it, and keeps them in $work/got.
read_out() {
    timeout $((2 * DEADLINE)) head -c "$1" <&"$out" >>"$work/got" || true
}

# line_of LENGTH: such a line, of random text.
line_of() {
    head -c "$1" /dev/urandom | base64 -w 0 | head -c "$1"
    echo
}

# Waits for the end of a program that hold has started.
await_held_end() {
    await_ring "to end" gone "$main"
    finish_program
    assert_ended "exit 0"
}
