# Lab 15: decide, and the tree of its questions.

load lib/lab

# The graph that it prints, as lines: "node NAME LAB", "edge FROM WORD TO".
graph() {
    run_program decide -g
    assert_ended "exit 0"
    cp "$run/stdout" "$BATS_TEST_TMPDIR/dot"
    sed -nE 's/^    (\w+) -> (\w+) \[label="(\w+)"\]$/edge \1 \3 \2/p
        s/^    (\w+) \[fillcolor=.*\\nlab ([0-9]+)"\]$/node \1 \2/p
        s/^    (\w+) \[fillcolor=.*"\]$/node \1 -/p' "$run/stdout"
}

# ways: for each mechanism, the answers that lead there from the first question.
ways() {
    graph >"$BATS_TEST_TMPDIR/graph"
    awk '$1 == "node" { lab[$2] = $3; if (first == "") first = $2 }
        $1 == "edge" { words[$2] = words[$2] " " $3; to[$2, $3] = $4 }
        function walk(name, way, depth,    n, i, word) {
            if (!(name in lab)) print "nowhere", name, way
            else if (lab[name] != "-") print "way", name, lab[name] way
            else if (depth > 20) print "circle", name, way
            else {
                n = split(words[name], word, " ")
                if (n < 2) print "no choice at", name
                for (i = 1; i <= n; i++)
                    walk(to[name, word[i]], way " " name "=" word[i], depth + 1)
            }
        }
        END { walk(first, "", 0) }' "$BATS_TEST_TMPDIR/graph"
}

@test "decide: every mechanism can be reached, and each way ends at one" {
    ways >"$BATS_TEST_TMPDIR/ways"
    refute grep -v "^way " "$BATS_TEST_TMPDIR/ways"
    # Every row of the table is on some way.
    awk '$1 == "node" && $3 != "-" { print $2 }' "$BATS_TEST_TMPDIR/graph" | sort >"$BATS_TEST_TMPDIR/all"
    expect "each mechanism at the end of a way" assert_equal "$(cut -d' ' -f2 "$BATS_TEST_TMPDIR/ways" | sort -u)" \
        "$(<"$BATS_TEST_TMPDIR/all")"
    expect "each question on a way" assert_equal "$(grep -o ' [a-z_]*=' "$BATS_TEST_TMPDIR/ways" | tr -d ' =' | sort -u)" \
        "$(awk '$1 == "node" && $3 == "-" { print $2 }' "$BATS_TEST_TMPDIR/graph" | sort)"
    # What labs 06 to 13 are about is all there.
    expect "every mechanism of labs 06 to 13" assert_equal "$(
        printf '%s\n' signal rt_signal signalfd pipe fifo file flock record_lock inotify posix_queue sysv_queue \
            anonymous shm sysv_shm ring robust_mutex semaphore sysv_semaphore tcp udp raw unix_stream \
            unix_dgram unix_seqpacket socketpair fd_passing | sort | comm -23 - "$BATS_TEST_TMPDIR/all"
    )" ""
}

@test "decide: answers lead where the tree says, typed or given, and the lab is there" {
    # Of all ways, some; each leaf comes at random.
    ways >"$BATS_TEST_TMPDIR/all"
    shuf -n 6 "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/ways"
    while read -r _ name _ way; do
        read -ra answers <<<"$way"
        label=$(sed -nE "s/^    $name \\[.*label=\"(.*)\\\\nlab .*/\\1/p" "$BATS_TEST_TMPDIR/dot")
        run_program decide "${answers[@]}"
        assert_ended "exit 0"
        assert_line "Take:  ${label//\\n/ }"
        given=$output
        place=$(sed -nE 's/^Lab: *([^;]*);.*/\1/p' "$run/stdout")
        assert_file_exist "$top/$place"
        program=$(sed -nE 's/^Lab:.*; //p' "$run/stdout")
        compgen -G "$top/${place%/*}/$program*" >/dev/null || complain "a program $program in ${place%/*}" "none"
        printf '%s\n' "${answers[@]#*=}" >"$BATS_TEST_TMPDIR/typed"
        run_program -i "$BATS_TEST_TMPDIR/typed" decide
        assert_ended "exit 0"
        expect "the same, typed" assert_equal "${output##*= Take:}" "${given#Take:}"
        # The beginning of a word will do; what isn't an answer is asked again.
        { echo "x$RANDOM" && cat "$BATS_TEST_TMPDIR/typed"; } >"$BATS_TEST_TMPDIR/wrong"
        run_program -i "$BATS_TEST_TMPDIR/wrong" decide
        assert_ended "exit 0"
        expect "the same" assert_equal "${output##*= Take:}" "${given#Take:}"
    done <"$BATS_TEST_TMPDIR/ways"
    # Of every mechanism, the lab.
    while read -r place; do
        assert_file_exist "$top/labs/$place/README.md"
    done < <(sed -nE 's/^ +"([0-9]{2}-[a-z-]+)", "\w+", "\w*"\),$/\1/p' "$top/labs/15-choosing/decide_tree.h" | sort -u)
}

@test "decide: the figure comes from the CSV" {
    figure=$RANDOM other=$RANDOM
    cat >"$work/it.csv" <<END
what,mechanism,size,cpus,mode,unit,median,least,greatest,p50,p90,p99,p999,max,cpu_us,switches,rounds,note
latency,pipe,64,two,blocking,ns,$figure.5,9,99,,,,,,,,5,
latency,pipe,1,two,blocking,ns,$other,9,99,,,,,,,,5,
throughput,pipe,65536,one,blocking,MB/s,7$figure,9,99,,,,,,,,5,
latency,udp,64,two,blocking,ns,$other,9,99,,,,,,,,5,
throughput,udp,65536,one,blocking,MB/s,,,,,,,,,,,0,n/a: too long
END
    answers=(for=data machine=same stay=no readers=one size=some related=child child_ways=one)
    run_program decide -f it.csv "${answers[@]}"
    assert_ended "exit 0"
    expect "its figures" assert_equal "$(grep -c '^Here' "$run/stdout")" 2
    assert_line --regexp "64 B, CPUs: two.* $figure.5 ns \(9 to 99\)"
    assert_line --regexp "65536 B, CPUs: one.* 7$figure MB/s"
    run_program decide -f it.csv for=turn turn=order
    assert_ended "exit 0"
    assert_line "Here:  no figure in it.csv"
    run_program decide -f none "${answers[@]}"
    assert_ended "exit 1"
    echo "a,b" >"$work/it.csv"
    run_program decide -f it.csv "${answers[@]}"
    assert_ended "exit 1"
    assert_equal "$stderr" "decide: it.csv: not a CSV of ipcbench"
    rm "$work/it.csv"
}

@test "decide: bad usage is 2; no answer, or none that can be written, is 1" {
    for words in "for=nothing" "nothing=data" "for=" "pipe=one" "for" "-x" "-g for=data" "for=s for=d"; do
        read -ra words <<<"$words"
        run_program decide "${words[@]}"
        [[ ${words[*]} == "for=s for=d" ]] || assert_ended "exit 2"
    done
    assert_ended "exit 1" # state: who shares it?
    run_program sh -c 'decide for=file >/dev/full'
    assert_ended "exit 1"
    run_program sh -c 'decide -g >/dev/full'
    assert_ended "exit 1"
}

# bats test_tags=readme
@test "the README's transcripts are what really happens" {
    run "$top/tools/transcript" "$LAB"
    assert_success
}
