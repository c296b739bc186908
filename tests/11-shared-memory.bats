# Lab 11: shared memory.

load lib/lab

# An object of a test's own, or its key. A killed program may leave it, but not
# beyond the sandbox: so only there is one killed that would.
n=/labtest-$RANDOM-$RANDOM key=$((RANDOM * 32768 + RANDOM + 1))

# shared_map PID NAME: how it is mapped, from /proc/PID/maps: "rw-s (deleted)".
shared_map() {
    sed -nE "s|^[0-9a-f-]+ (....) .* /dev/shm$2( .*)?\$|\1\2|p" "/proc/$1/maps"
}

# The mode and size of an object, as seen by a running program.
object() {
    stat -c '%a %s' "/proc/$pid/root/dev/shm$1"
}

# programs_asleep NAME COUNT: whether so many children of that name sleep.
programs_asleep() {
    [[ $(children "$pid" | grep -c "^[0-9]* $1 S\$") == "$2" ]]
}

# assert_in_futex PID: that it sleeps there. The shell itself reads the file.
assert_in_futex() {
    local call
    read -r call _ <"/proc/$1/syscall"
    assert_equal "$(state "$1") ${call_name[$call]:-$call}" "S futex"
}

# Ends it so that nothing of what it does at its end is seen.
kill_program() {
    kill -KILL "$pid"
    wait "$program_pid"
    finish_program
}

@test "shm_writer, shm_reader: the text is in memory that both have mapped, and in no call" {
    text="text $RANDOM $RANDOM"
    traced sh -c "shm_writer -k -n $n '$text'; shm_reader -n $n; shm_reader -r -n $n"
    assert_ended "exit 0"
    assert_line --regexp "^reader\[[0-9]+\]: $text\$"
    assert_fact "map child.1 shm:$n both"
    assert_fact_before "map child.2 shm:$n read" "unlink child.3 shm:$n"
    assert_equal "$(facts_of "^(read|write) .* shm:")" 0
    assert_nothing_wrong
}

@test "shm_writer: mode, size and name are in /dev/shm, until Enter or a signal" {
    text=${RANDOM}x$RANDOM
    start bash -c 'umask 027; shm_writer -n $0 -m 666 $1; echo "ended $?"; shm_writer -n $0 $1
        echo "ended $?"; shm_reader -n $0' $n $text
    await "to write" written "writer["
    assert_equal "$(object $n)" "640 $((8 + ${#text}))"
    assert_equal "$(shared_map "$(child_of "$pid" shm_writer)" $n)" ""
    type_line
    await "the name to go" written "ended 0"
    await "the second" lines_written "writer[" 2
    assert_equal "$(object $n)" "600 $((8 + ${#text}))"
    kill "$(child_of "$pid" shm_writer)"
    finish_program
    assert_line "ended 143"
    assert_ended "exit 1"
    assert_equal "$(grep -v Terminated "$run/stderr")" "shm_reader: $n (shm_writer makes it): No such file or directory"
}

@test "the name goes at once, the memory with the last who has it mapped" {
    text=${RANDOM}x$RANDOM
    start bash -c 'shm_writer -k -n $0 $1; shm_reader -e -n $0; ls -A /dev/shm | grep -c ${0#/}' $n $text
    await "to read" written ": $text"
    reader=$(child_of "$pid" shm_reader)
    rm "/proc/$pid/root/dev/shm$n"
    assert_equal "$(shared_map "$reader" $n)" "r--s (deleted)"
    type_line
    finish_program
    assert_equal "$(grep -c ": $text\$" "$run/stdout")" 2
    assert_line 0
}

@test "shm_writer, shm_reader: what exists, what isn't ready, what isn't theirs" {
    run_program bash -c 'shm_writer -k -n $0 text >out; shm_writer -n $0 text; echo $?
        : >/dev/shm$0; shm_reader -n $0; echo $?
        head -c 100 /dev/zero >/dev/shm$0; shm_reader -n $0; echo $?
        head -c 100 /dev/zero | tr "\0" "\1" >/dev/shm$0; shm_reader -n $0; echo $?
        rm /dev/shm$0 out' $n
    assert_equal "$(grep -cx 1 "$run/stdout")" 4
    assert_equal "$stderr" "shm_writer: $n: File exists
shm_reader: $n isn't ready: it has 0 bytes
shm_reader: it isn't ready: its writer is at it, or died
shm_reader: what is in there isn't from shm_writer"
}

@test "shm_array: what the child writes is in the object, or with MAP_PRIVATE nowhere" {
    numbers=($((RANDOM - 10000)) $RANDOM -$RANDOM $RANDOM)
    # What the object holds: how many there are, and the numbers.
    content() { od -An -td4 "/proc/$pid/fd/3" | xargs; }
    held "array:" shm_array -e -- "${numbers[@]}"
    assert_equal "$(content)" \
        "$((numbers[0] + 10)) 3 $((numbers[1] + 1)) $((numbers[2] + 1)) $((numbers[3] + 1))"
    finish_program
    held "array:" shm_array -e -p -- "${numbers[@]}"
    assert_equal "$(content)" "0 0 0 0 0"
    finish_program
    assert_line --partial "number: ${numbers[0]}, array: ${numbers[*]:1}"
    traced_well shm_array
    assert_line --regexp 'number: 110, array: 2 3 4 5 6$'
    assert_fact_before "unlink parent shm:*" "fork parent child.1"
    assert_nothing_wrong
}

@test "shm_counter_broken loses updates" {
    not_under_valgrind
    run_program bash -c 'for i in 1 2; do shm_counter_broken; echo "= $?"; done'
    assert_equal "$(grep -cx '= 1' "$run/stdout")" 2
    assert_equal "$(grep -c ' steps, counted ' "$run/stdout")" 2
}

@test "shm_counter is exact; a dead holder's change is repaired by who is told of it" {
    workers=$((RANDOM % 4 + 2)) count=$((RANDOM % 500 + 101))
    sum=$((workers * count)) half=$(((count + 1) / 2))
    run_program shm_counter -j $workers -c $count
    assert_output --regexp "^main\[[0-9]+\]: $sum steps, counted $sum; 0 of $workers workers died$"

    # Worker 1 has done a step that it hadn't counted.
    left=$((sum - count + half))
    traced_well shm_counter -k -j $workers -c $count
    assert_fact "killed child.1 SIGKILL"
    assert_equal "$(grep -c EOWNERDEAD "$run/stdout")" 1
    assert_line --partial "EOWNERDEAD: repaired, $half instead of $((half - 1))"
    assert_line --partial "$left steps, counted $left; 1 of $workers workers died"

    # Not made consistent, it is nobody's any more.
    run_program shm_counter -k -x -j 2 -c $count # more may be left asleep
    assert_ended "exit 1"
    assert_equal "$(grep -c EOWNERDEAD "$run/stdout")" 1
    assert_line --regexp '^main.*ENOTRECOVERABLE'
    assert_every_child_waited_for
}

@test "shm_counter: the others sleep while a holder is stopped, and go on when it is killed" {
    count=$((RANDOM + 10000))
    start shm_counter -s -j 3 -c $count
    await "the others to wait" programs_asleep shm_counter 2
    assert_in_futex "$(child_of "$pid" shm_counter S)"
    kill -KILL "$(child_of "$pid" shm_counter T)"
    await "the lock to be taken over" written EOWNERDEAD
    finish_program
    assert_ended "exit 0"
    assert_line --partial "$((2 * count + (count + 1) / 2)) steps, counted $((2 * count + (count + 1) / 2)); 1 of 3"
    assert_every_child_waited_for
}

@test "shm_mutex_broken: nobody learns that the holder is dead" {
    workers=$((RANDOM % 3 + 1))
    start shm_mutex_broken -t 100 -j $workers
    await "the others to wait" programs_asleep shm_mutex_broke $workers
    assert_in_futex "$(child_of "$pid" shm_mutex_broke)"
    kill_program
    run_program shm_mutex_broken -t 0.1 -j $workers
    assert_ended "exit 1"
    assert_equal "$(grep -c 'waits after 0.1 s for the lock of ' "$run/stderr")" $workers
    assert_every_child_waited_for
}

@test "anonymous: a page is copied when it is written to, a shared one never" {
    pages=$((RANDOM % 50 + 10)) writes=$((RANDOM % 9 + 1))
    start anonymous -p $pages -w $writes -e
    await "the child to have written" written "after:"
    child=$(child_of "$pid" anonymous)
    # The pages that are the child's alone, of the mapping with these rights and that
    # size, behind a page without any.
    own() {
        awk -v page=$(($(getconf PAGESIZE) / 1024)) -v pages=$pages -v rights="$1" '
            $2 ~ /^[r-][w-][x-][ps]$/ { before = now; now = $2 }
            $1 == "Size:" { at = now == rights && before ~ /^---/ && last == page && $2 == pages * page; last = $2 }
            at && $1 == "Private_Dirty:" { print $2 / page }' "/proc/$child/smaps"
    }
    assert_equal "$(own rw-s) $(own rw-p)" "0 $writes"
    finish_program
    assert_ended "exit 0"
    assert_line --regexp "^child.*before: of its own, 0 pages in the shared, 0 in"
    assert_line --regexp "^parent.*sees $writes changes in the shared, 0 in"
}

@test "sysv_shm: marked at once, gone with the last who has it attached" {
    text=${RANDOM}x$RANDOM size=$((RANDOM + 100))
    start env key=$key bash -c 's() { sysv_shm -k $key "$@"; }
        s -s $1 create; s create; s write $0; id=$(s show | grep -o "[0-9]*" | head -n 1)
        mkfifo f; exec 9<>f; rm f; for i in 1 2; do sysv_shm -k $key hold <&9 & done; read x; s show; s remove; s show; sysv_shm -i $id show
        ipcs -m | grep -c "0x00000000 *$id .* 2 *dest"; sysv_shm -i $id read
        read x; kill -KILL $!; wait $!; sysv_shm -i $id show; kill -KILL %1; wait %1
        sysv_shm -i $id show; ipcs -m | grep -c " $id "' "$text" $size
    await "both to have it attached" lines_written "has it attached" 2
    type_line
    await "the reader" written ": $text"
    # SYSV and the key in the file's name, of which the mark is the end.
    holder=$(child_of "$pid" sysv_shm)
    assert_equal "$(sed -nE 's|^[^ ]* (....) .*/SYSV([0-9a-f]+) \(deleted\)|\1 \2|p' "/proc/$holder/maps")" \
        "r--s $(printf %08x "$key")"
    type_line
    finish_program
    id=$(sed -nE 's/^segment ([0-9]+): .*/\1/p' "$run/stdout" | head -n 1)
    assert_equal "$(grep -v '^holder' "$run/stdout" | sed -E 's/^reader.*: //')" \
        "segment $id: $size bytes, mode 600, attached 2 times
segment $id: $size bytes, mode 600, attached 2 times, to be destroyed
1
$text
segment $id: $size bytes, mode 600, attached 1 times, to be destroyed
0"
    assert_equal "$(grep ^sysv_shm: "$run/stderr")" \
        "sysv_shm: segment with key $(printf %#x "$key"): File exists
sysv_shm: segment with key $(printf %#x "$key"): No such file or directory
sysv_shm: shmctl: Invalid argument"
}

@test "sysv_shm: what fits, and a size that a segment never changes" {
    traced sh -c "sysv_shm -k $key -s 3 create; sysv_shm -k $key write abc; sysv_shm -k $key read
        sysv_shm -k $key write abcd; sysv_shm -k $key remove; sysv_shm -k $key -s 0 create"
    assert_ended "exit 1"
    assert_output --regexp "^reader\[[0-9]+\]: abc\$"
    assert_fact_before "attach child.2 child.1/sysvshm:1" "detach child.2 child.1/sysvshm:1"
    assert_fact_before "detach child.3 child.1/sysvshm:1" "remove child.5 child.1/sysvshm:1"
    assert_equal "$stderr" "sysv_shm: 4 bytes don't fit into 3
sysv_shm: segment with key $(printf %#x "$key"): Invalid argument"
}

@test "shm_first_broken: a reader that comes early finds no name, no bytes, no numbers" {
    not_under_valgrind
    value=$((RANDOM + 1))
    run_program bash -c 'for m in 0 1 2 3; do shm_first_broken -m $m -v $0 -n $1; echo "= $?"; done' $value $n
    assert_equal "$(grep -v '^writer' "$run/stdout" | sed -E 's/\[[0-9]+\]//')" "= 1
reader: dies of SIGBUS
= 1
reader: sum 0, where $((1000 * value)) is right
= 1
reader: sum $((500 * value)), where $((1000 * value)) is right
= 1"
    assert_equal "$stderr" "shm_first_broken: $n: No such file or directory"
    traced shm_first_broken -n $n
    assert_fact "killed child.1 SIGBUS"
    assert_fact "unlink parent shm:$n"
    refute_fact "left name *"
}

@test "shm_first: whoever comes first, the reader sleeps until all is there" {
    for m in 0 1 2 3; do
        value=$((RANDOM + 1))
        traced_well shm_first -m $m -v $value -n $n
        assert_line --partial "sum $((1000 * value)), where $((1000 * value)) is right"
        # It comes while the writer waits at that moment, and asks once or twice.
        (($(facts_of '^futexwait child.1 ') <= 2))
        assert_fact "futexwake child.2 *"
        assert_fact_before "map child.1 shm:$n both" "futexwake child.2 *"
        assert_nothing_wrong
    done
    run_program bash -c 'for m in 0 1 2 3; do shm_first -d -m $m -n $0; echo "= $?"; done' $n
    assert_output "$(printf '= 1\n%.0s' 1 2 3 4)"
    assert_equal "$(grep -c 'the writer died before it was done' "$run/stderr")" 4
    run_program bash -c 'shm_writer -k -n $0 x >out; shm_first -n $0; echo $?; shm_reader -n $0; shm_reader -r -n $0; rm out' $n
    assert_line 1
    assert_line --regexp ': x$'
}

@test "shm_first: told to end while it waits, it removes the name" {
    needs_tracing
    not_under_valgrind
    not_under_sanitizers
    run_program strace -f -o /dev/null -e inject=wait4:signal=TERM:when=1 shm_first -n $n
    assert_nothing_left
    # The signal waits until then.
    assert_ended "exit 0"
}

@test "shm_sizes: SIGBUS begins with the page after the object's last" {
    not_under_valgrind
    page=$(getconf PAGESIZE)
    size=$((page * (RANDOM % 3) + RANDOM % (page - 2) + 1))
    traced_well shm_sizes -s $size
    # Its children: the last byte, the byte after it, the next page, the next page.
    assert_fact "exit child.1 = 0"
    assert_fact "exit child.2 = 0"
    assert_fact "killed child.3 SIGBUS"
    assert_fact "exit child.4 = 0"
    assert_line --partial "read() after the end: 0 bytes"
    assert_line --partial "mapping of 0 bytes: Invalid argument"
    traced_well shm_sizes -s $((page * (RANDOM % 3 + 1)))
    assert_fact "exit child.1 = 0"
    assert_fact "killed child.2 SIGBUS"
}

@test "shm_sizes: a size can be had that isn't there; SIGBUS tells it late, posix_fallocate at once" {
    not_under_valgrind
    export SANDBOX=none
    unshare --user --map-root-user --mount true 2>/dev/null ||
        skip "user namespaces aren't allowed here (unshare --user)"
    run_program unshare --user --map-root-user --mount sh -c \
        'mount -t tmpfs -o size=1m none /dev/shm; shm_sizes'
    assert_ended "exit 0"
    assert_line --partial "ftruncate to more than there is: done, 0 bytes used"
    assert_line --partial "all of it: SIGBUS"
    assert_line --partial "posix_fallocate of as much: No space left on device"
}

@test "shm_cut: who touches what was cut dies, or has a handler, reads, or had sealed it" {
    not_under_valgrind
    for way in plain handler read seal; do
        traced_well shm_cut $way
        case $way in
        plain) assert_fact "killed child.1 SIGBUS" ;;
        handler) assert_fact "deliver child.1 SIGBUS handled from kernel" ;;
        *) refute_fact "deliver child.1 SIGBUS *" ;;
        esac
        [[ $way == plain ]] || assert_fact "exit child.1 = 0"
    done
    assert_line --partial "nobody can cut it: Operation not permitted"
    assert_line --partial "sum 0"
}

@test "publish: every message whole, and nobody waits awake; ThreadSanitizer has nothing to say" {
    count=$((RANDOM % 3000 + 1))
    run_program bash -c 'publish -c $0; publish -a -c $0' $count
    assert_equal "$(grep -c ": $count messages, 0 of them not whole" "$run/stdout")" 2
    start publish -c 1000000000
    child=''
    has_child() { child=$(child_of "$pid" publish); }
    await "the writer to run" has_child
    freeze "$child"
    await "the reader to wait" in_state "$pid" S
    assert_in_futex "$pid"
    kill_program
}

@test "publish_broken: ThreadSanitizer finds what this processor hides" {
    [[ ${SAN:-} == thread ]] ||
        skip "ThreadSanitizer looks only at what is built with it: make test LAB=11 SAN=thread CC=clang"
    run_program env -u UBSAN_OPTIONS TSAN_OPTIONS=exitcode=66 publish_broken -a -c $((RANDOM % 100 + 10))
    assert_ended "exit 66"
    assert_regex "$stderr" 'WARNING: ThreadSanitizer: data race'
    assert_regex "$stderr" 'data race [^ ]*publish_broken.c:[0-9]+(:[0-9]+)? in (read_all|write_all)'
}

@test "false_sharing: the counters are where it says, and exact" {
    count=$((RANDOM * 10 + 1))
    run_program false_sharing -c $count
    assert_line --regexp "near: offsets 0 and 8, $count each, [0-9.]+ ns\$"
    assert_line --regexp "apart: offsets 128 and 256, $count each, [0-9.]+ ns\$"
}

@test "shm_permissions: another user is refused by the mode, but not by an old descriptor" {
    if [[ $SANDBOX == bwrap || $EUID != 0 ]]; then
        run_program shm_permissions
        assert_line --partial "can't become the user nobody: Operation not permitted"
    fi
    export SANDBOX=none
    as_root=()
    if ! setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
        as_root=(unshare --map-root-user --map-auto)
        "${as_root[@]}" true 2>/dev/null || skip "it takes root, or newuidmap (package uidmap)"
    fi
    run_program "${as_root[@]}" sh -c 'umask 022; for mode in 600 640 604 666; do shm_permissions -m $mode; done
        umask 0; shm_permissions -m 606'
    assert_ended "exit 0"
    # asked got read write
    assert_equal "$(sed -nE 's/^owner.*mode ([0-7]+), got ([0-7]+),.*/\1 \2/p; s/^nobody.*open to (read|write): (.*)/\2/p' "$run/stdout" |
        sed 's/Permission denied/no/; s/allowed/yes/' | paste -d ' ' - - -)" \
        "600 600 no no
640 640 no no
604 604 yes no
666 644 yes no
606 606 yes yes"
    assert_equal "$(grep -c 'by an inherited descriptor: allowed' "$run/stdout")" 5
    assert_equal "$(grep -cE 'remove: (Operation not permitted|Permission denied)' "$run/stdout")" 5
}

@test "bad usage is refused, help is given, failed output is noticed" {
    run_program bash -c '
        for program in shm_writer shm_reader shm_array shm_counter_broken shm_counter shm_mutex_broken \
            anonymous sysv_shm shm_permissions shm_first_broken shm_first shm_sizes shm_cut publish \
            publish_broken false_sharing; do
            "$program" -h | head -n 1
            out=$("$program" -Y 2>/dev/null); echo "$? $out"
            "$program" -h >/dev/full 2>/dev/null || echo failed
        done
        for bad in "shm_writer" "shm_writer a b" "shm_writer -m 8 a" "shm_writer -n board a" "shm_reader x" \
            "shm_array a" "shm_counter x" "shm_counter_broken -j 0" "anonymous -p 1 -w 2" "sysv_shm" \
            "sysv_shm create x" "sysv_shm write" "sysv_shm x" "shm_permissions -m 1000" "shm_first -m 4" \
            "shm_first_broken -m 4" "shm_sizes -s 0" "shm_cut x" "shm_cut seal seal" "publish x" \
            "publish_broken x" "false_sharing -c 0" "shm_mutex_broken x"; do
            out=$($bad 2>/dev/null); echo "$? $out"
        done'
    assert_equal "$(grep -c '^Usage: ' "$run/stdout")" 16
    assert_equal "$(grep -cx failed "$run/stdout")" 16
    assert_equal "$(grep -cx '2 *' "$run/stdout")" 39
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
