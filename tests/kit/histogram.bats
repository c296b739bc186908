# The histogram of lab 15's ipcbench, beside samples that are kept and sorted.

load ../lib/lab

@test "the histogram's percentiles are the exact ones of all samples, within 1/64" {
    local name worst
    run_program "$top/$BUILD/kit/histogram_exact" $((RANDOM * RANDOM))
    assert_ended "exit 0"
    # It was put to the test: where buckets are wide, they are off by something.
    for name in lognormal exponential two_humps heavy_tail edges; do
        worst=$(sed -n "s/^$name //p" <<<"$output")
        awk -v worst="$worst" 'BEGIN { exit !(worst > 0.01 && worst < 1 / 64) }' ||
            complain "$name: off by $worst"
    done
}
