# tools/plot-ipc: the CSV of lab 15's ipcbench as pictures.

load ../lib/lab

@test "plot-ipc draws what the CSV has, and names each mechanism at its line" {
    needs gnuplot gnuplot-nox
    local csv=$BATS_TEST_TMPDIR/some.csv out=$BATS_TEST_TMPDIR/out name kind
    cat >"$csv" <<'END'
what,mechanism,size,cpus,mode,unit,median,least,greatest,p50,p90,p99,p999,max,cpu_us,switches,rounds,note
latency,pipe,1,one,blocking,ns,7000.00,6900.00,7100.00,6900,7000,9000,12000,50000,7.000,2.000,5,""
latency,pipe,64,one,blocking,ns,7000.00,6900.00,7100.00,6900,7000,9000,12000,50000,7.000,2.000,5,"noisy"
latency,ring_spin,64,two,spinning,ns,120.00,110.00,150.00,115,130,200,,5000,0.200,0.000,5,""
latency,eventfd,64,one,blocking,ns,,,,,,,,,,,0,"n/a: an eventfd is ""one number"""
latency,tcp,64,one,blocking,ns,9000000.00,1.00,9000001.00,1,2,3,4,9000000,1.0,1.0,5,"300000/s, from the intended start"
latency,tcp,64,one,blocking,ns,9000.00,1.00,9000001.00,1,2,3,4,9000000,1.0,1.0,5,"300000/s, from the actual start"
throughput,mine,65536,free,blocking,MB/s,3000.00,2900.00,3100.00,,,,,,20.000,1.000,5,""
cost,fork,0,one,blocking,ns,158000.00,150000.00,160000.00,,,,,,0.000,0.000,5,""
END
    run "$top/tools/plot-ipc" -o "$out" "$csv"
    assert_success
    assert_equal "$(cd "$out" && echo *)" "some-cost.svg some-distribution-one.svg some-distribution-two.svg \
some-latency-one.svg some-latency-two.svg some-throughput-free.svg"
    for name in cost:fork distribution-one:pipe "distribution-one:tcp (actual)" \
        "distribution-two:ring_spin, spinning" latency-one:tcp latency-two:ring_spin throughput-free:mine; do
        kind=${name%%:*}
        grep -qF ">${name#*:}<" "$out/some-$kind.svg" || complain "$kind: not a word of ${name#*:}"
    done
    refute_regex "$(cat "$out"/*.svg)" "eventfd"
}

@test "plot-ipc refuses what isn't ipcbench's" {
    echo "a,b,c" >"$BATS_TEST_TMPDIR/other.csv"
    run "$top/tools/plot-ipc" "$BATS_TEST_TMPDIR/other.csv"
    assert_failure 2
    run "$top/tools/plot-ipc" "$BATS_TEST_TMPDIR/none.csv"
    assert_failure 2
}
