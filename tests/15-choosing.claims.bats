# Lab 15: claims: what numbers say of claims, and what tries do.

load lib/lab

# A CSV of ipcbench that says what we want: rows are added by row, or all in turn.
begin_csv() {
    echo "what,mechanism,size,cpus,mode,unit,median,least,greatest,p50,p90,p99,p999,max,cpu_us,switches,rounds,note" >"$work/it.csv"
}

# row WHAT MECHANISM SIZE CPUS MEDIAN LEAST GREATEST [ROUNDS [NOTE [MODE]]]
row() {
    local unit=ns
    [[ $1 != throughput ]] || unit=MB/s
    echo "$1,$2,$3,$4,${10:-blocking},$unit,$5,$6,$7,,,,,,1.0,2.0,${8:-5},\"${9:-}\"" >>"$work/it.csv"
}

# judged NUMBER VERDICT [WORDS]: what claims makes of the CSV.
judged() {
    run_program claims -f it.csv "$1"
    assert_ended "exit 0"
    [[ ${lines[0]} == "$1. "*": $2" ]] || complain "claim $1: $2" "$output"$'\n'"from:"$'\n'"$(<"$work/it.csv")"
    flat=$(tr -s ' \n' ' ' <"$run/stdout")
    [[ $flat == *"${3:-}"* ]] || complain "as its reason: ${3:-}" "$output"
}

# Numbers to begin with: UDP at $x, TCP above it, with room between.
numbers() {
    x=$((RANDOM + 1000)) d=$((RANDOM % 500 + 100)) size=$((1 << RANDOM % 10)) more=$((2048 << RANDOM % 8))
}

teardown() {
    rm -f "$work/it.csv"
    if [[ -n $program_pid ]]; then
        stop_program
    fi
    assert_nothing_left
}

@test "claims: what the rounds keep apart holds or fails; what they don't is undecided" {
    numbers
    begin_csv # 23: slower tcp than udp in latency,throughput
    row latency udp $size one $x $((x - 50)) $((x + 50))
    row latency tcp $size one $((x + 2 * d)) $((x + 51)) $((x + 3 * d))
    judged 23 holds "latency, $size B, one CPU"
    ratio=$(awk -v a=$((x + 2 * d)) -v b=$x 'BEGIN { printf "%.2f", a / b }')
    [[ $flat == *" $ratio times"* ]] || complain "the ratio of the medians: $ratio" "$output"
    # In throughput more is better.
    row throughput udp $size two $((x + 2 * d)) $((x + d + 1)) $((x + 3 * d))
    row throughput tcp $size two $x 1 $((x + d))
    judged 23 holds
    # What isn't pinned, spins, isn't asked for or is of one side only says nothing.
    row latency tcp $size free 1 1 1
    row latency udp $size free $x $x $x
    row latency tcp $size two 1 1 1 5 "" spinning
    row latency udp $size two $x $x $x 5 "" spinning
    row cost tcp 0 one 1 1 1
    row cost udp 0 one $x $x $x
    row latency tcp $more one 1 1 1
    row latency udp $more two $x $x $x
    judged 23 holds
    begin_csv
    row latency tcp $size one $x $((x - 50)) $((x + 50))
    row latency udp $size one $((x + 2 * d)) $((x + 51)) $((x + 3 * d))
    judged 23 fails
    row throughput tcp $size one $((2 * x)) $((x + 1)) $((3 * x))
    row throughput udp $size one $((x / 2)) 1 $x
    judged 23 fails
    # One round of one side meets one of the other.
    begin_csv
    row latency udp $size one $x $((x - 50)) $((x + 50))
    row latency tcp $size one $((x + 2 * d)) $((x + 50)) $((x + 3 * d))
    judged 23 undecided "the rounds overlap"
    # In one place it holds, in another one nobody knows.
    row latency udp $size two $x $x $x
    row latency tcp $size two $((2 * x)) $((2 * x)) $((2 * x))
    judged 23 undecided "holds in 1 of 2"
}

@test "claims -t prints a line for each claim: number, verdict and why, with tabs between" {
    numbers
    begin_csv
    row latency udp $size one $x $((x - 50)) $((x + 50))
    row latency tcp $size one $((x + 2 * d)) $((x + 51)) $((x + 3 * d))
    run_program claims -t -f it.csv 23 18
    assert_ended "exit 0"
    assert_equal "$(cut -f1,2 "$run/stdout")" $'18\tfails\n23\tholds'
    assert_equal "$(awk -F '\t' '{ print NF }' "$run/stdout")" $'3\n3'
}

@test "claims: noise, too few rounds, n/a and nothing at all are undecided" {
    numbers
    begin_csv
    judged 23 undecided "no figures"
    row latency udp $size one $x $x $x
    judged 23 undecided "no figures"
    row latency tcp $size one "" "" "" 0 "n/a: SOMETHING, $d \"\"it\"\""
    judged 23 undecided "no figures: tcp n/a: SOMETHING, $d \"it\""
    begin_csv
    row latency udp $size one $x $x $x
    row latency tcp $size one $((2 * x)) $((2 * x)) $((2 * x)) 2
    judged 23 undecided "fewer than 3 rounds"
    begin_csv
    row latency udp $size one $x $x $x 5 "noisy; 3 short reads"
    row latency tcp $size one $((2 * x)) $((2 * x)) $((2 * x))
    judged 23 undecided noisy
    # Rounds that go far apart are no reason for doubt, unless they overlap.
    begin_csv
    row latency udp $size one $x $((x / 2)) $((x + d)) 5 varies
    row latency tcp $size one $((2 * x + d)) $((x + d + 1)) $((9 * x)) 5 varies
    judged 23 holds
    # What can't be taken for a CSV is an error, and no verdict.
    sed -i 's/least/worst/' "$work/it.csv"
    run_program claims -f it.csv 23
    assert_ended "exit 1"
    run_program claims -f none.csv 23
    assert_ended "exit 1"
    for words in "-f" "x" "-x" "3-" "3 4x" "-f a -k b"; do
        read -ra words <<<"$words"
        run_program claims "${words[@]}"
        assert_ended "exit 2"
    done
}

@test "claims: it says what a verdict depends on" {
    numbers
    begin_csv # by CPUs
    for s in $size $more; do
        row latency udp "$s" one $x $x $x
        row latency tcp "$s" one $((x + d)) $((x + d)) $((x + d))
        row latency tcp "$s" two $x $x $x
        row latency udp "$s" two $((x + d)) $((x + d)) $((x + d))
    done
    judged 23 depends "on the CPUs: holds for one CPU; fails for two CPUs"
    begin_csv # by size
    for cpus in one two; do
        row latency udp $size $cpus $x $x $x
        row latency tcp $size $cpus $((x + d)) $((x + d)) $((x + d))
        row latency tcp $more $cpus $x $x $x
        row latency udp $more $cpus $((x + d)) $((x + d)) $((x + d))
    done
    judged 23 depends "on the size: holds for $size B; fails for $more B"
    begin_csv # by what is measured
    for what in latency throughput; do
        for s in $size $more; do
            row $what udp "$s" one $x $x $x
            row $what tcp "$s" one $((x + d)) $((x + d)) $((x + d))
        done
    done
    judged 23 depends "on what is measured: holds for latency; fails for throughput"
    begin_csv # by two of them
    for s in $size $more; do
        for cpus in one two; do
            row latency udp "$s" $cpus $x $x $x
            if [[ $s$cpus == ${more}two ]]; then
                row latency tcp "$s" $cpus 1 1 1
            else
                row latency tcp "$s" $cpus $((x + d)) $((x + d)) $((x + d))
            fi
        done
    done
    judged 23 depends "fails for $more B on two CPUs"
    row latency tcp 999999 one $x $x $x
    row latency udp 999999 one $x $x $x
    judged 23 depends "1 of 5 undecided"
    begin_csv # by more: which it is, if it's few
    for what in latency throughput; do
        for s in $size $more; do
            for cpus in one two; do
                row $what udp "$s" $cpus $x $x $x
                row $what tcp "$s" $cpus $((2 * x)) $((2 * x)) $((2 * x))
            done
        done
    done
    sed -i "/latency,tcp,$more,two/s/$((2 * x))/1/g" "$work/it.csv"
    judged 23 depends "on the case: holds in 3 of 8, fails in 5;"
    sed -i "/throughput/s/tcp/TCP/; /throughput/s/udp/tcp/; s/TCP/udp/" "$work/it.csv"
    judged 23 depends "on the case: holds in 7 of 8, fails in 1 (latency, $more B, two CPUs: tcp 1.0 ns against udp"
}

@test "claims: of several the best counts, and how sure that is" {
    numbers
    begin_csv # 20: all others slower than ring_futex,shm_semaphores
    row latency ring_futex $size one $x $x $x
    row latency shm_semaphores $size one $((x + 9 * d)) $((x + 9 * d)) $((x + 9 * d))
    for other in pipe fifo udp; do
        row latency $other $size one $((x + 2 * d)) $((x + d)) $((x + 3 * d))
    done
    judged 20 holds "ring_futex"
    # One of many is enough to be faster, and one that may be, for doubt.
    cp "$work/it.csv" "$BATS_TEST_TMPDIR/before"
    row latency tcp $size one $((x + d)) $((x - 1)) $((x + 2 * d))
    judged 20 undecided
    cp "$BATS_TEST_TMPDIR/before" "$work/it.csv"
    row latency tcp $size one $((x / 2)) 1 $((x - 1))
    judged 20 fails "tcp"
    # Costs, of operations: 1 is on one CPU.
    begin_csv
    row cost switch_processes 0 one $((x + d)) $((x + d)) $((x + d))
    row cost switch_threads 0 one $x $x $x
    judged 1 holds
    run_program claims -f it.csv -m 1 20
    assert_ended "exit 0"
    expect "a table of two rows" assert_equal "$(grep -cE '^\| [0-9]+ \| .* \| (holds|undecided) \| .* \|$' "$run/stdout")" 2
}

@test "claims: what is no figure is tried, and the verdict is what came of it" {
    run_program -t 60 claims 9-11 13 15 18 21
    assert_ended "exit 0"
    verdicts() { sed -nE 's/^([0-9]+)\. .*: ([a-z]+)$/\1 \2/p' "$run/stdout" | paste -sd ,; }
    expect "verdicts" assert_equal "$(verdicts)" \
        "9 fails,10 depends,11 fails,13 depends,15 depends,18 fails,21 fails"
    # With programs that behave in another way the verdicts are others; what isn't there
    # is undecided. Nothing may be known beforehand.
    places="$work/b"
    mkdir -p "$places"/{06-signals,08-fifos,10-message-queues,12-semaphores,13-sockets}
    cp -r "$BIN" "$places/15-choosing"
    fake() { # fake PROGRAM LINE
        printf '#!/bin/sh\n%s\n' "$2" >"$places/$1"
        chmod +x "$places/$1"
    }
    fake 06-signals/child_reaper 'echo "main[1]: zombies: 0"'
    fake 06-signals/realtime 'echo "receiver[1]: SIGUSR1: 100 received"; echo "receiver[1]: SIGRTMIN: 100 received"'
    fake 13-sockets/fd_passing 'exit 1'
    fake 08-fifos/fifo_writer 'mkfifo -m 666 f; chmod 666 f'
    fake 08-fifos/fifo_persist 'echo "everybody left, then opened again: 7 bytes"'
    fake 10-message-queues/mq_priority 'echo "receiver[1]: priority 1: low"; echo "receiver[1]: priority 9: high"'
    BIN=$places/15-choosing run_program -t 60 "$places/15-choosing/claims" 9-11 13 15 18 21 27
    assert_ended "exit 0"
    expect "other verdicts" assert_equal "$(verdicts)" \
        "9 holds,10 fails,11 holds,13 holds,15 holds,18 holds,21 undecided,27 undecided"
    rm -rf "$places"
}

@test "claims: each of the table has a lab, and a way to be judged" {
    awk -F ' *[|] *' '!/^#/ && NF { print $1, NF, $3 }' "$top/labs/15-choosing/claims.data/table" >"$BATS_TEST_TMPDIR/rows"
    expect "claims 1 to 32, whole" assert_equal "$(cut -d' ' -f1,2 "$BATS_TEST_TMPDIR/rows")" "$(seq -f '%.0f 4' 32)"
    while read -r _ _ lab; do
        assert_file_exist "$top/labs/$lab/README.md"
    done <"$BATS_TEST_TMPDIR/rows"
    # What a rule names is measured by ipcbench; what is tried has a try.
    run_program ipcbench -l
    assert_ended "exit 0"
    sed -nE 's/^([a-z][a-zA-Z0-9_]*) .*/\1/p' "$run/stdout" | sort >"$BATS_TEST_TMPDIR/known"
    sed -n 's/.*|//p' "$top/labs/15-choosing/claims.data/table" | tr ';' '\n' | sed -nE 's/.*slower ([^ ]*) than ([^ ]*).*/\1,\2/p' |
        tr , '\n' | sort -u >"$BATS_TEST_TMPDIR/named"
    expect "names that ipcbench knows" assert_equal "$(comm -23 "$BATS_TEST_TMPDIR/named" "$BATS_TEST_TMPDIR/known")" ""
    while read -r number; do
        grep -q "^try_$number()" "$top"/labs/15-choosing/claims.data/facts*.bash || complain "a try_$number" "none"
    done < <(sed -nE 's/^([0-9]+) .*fact$/\1/p' "$top/labs/15-choosing/claims.data/table")
}

# bats test_tags=readme
@test "the README's figures are those of the run that is kept" {
    run "$top/tools/figures"
    assert_success
    # Others aren't taken for them.
    cp -r "$top/labs/15-choosing/figures" "$BATS_TEST_TMPDIR/kept"
    awk -F , -v OFS=, '$1 == "latency" && $2 == "pipe" && $7 != "" { $7 *= 2 } { print }' \
        "$BATS_TEST_TMPDIR/kept/run.csv" >"$BATS_TEST_TMPDIR/other.csv"
    run diff -q "$top/labs/15-choosing/README.md" <(awk -v machine="$BATS_TEST_TMPDIR/kept/machine.txt" \
        -f "$top/tools/figures.d/fill.awk" "$BATS_TEST_TMPDIR/other.csv" "$top/labs/15-choosing/README.md")
    assert_failure
}
