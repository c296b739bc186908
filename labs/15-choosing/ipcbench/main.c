/*
 * ipcbench: what a message costs, by every mechanism of the labs, on
 * this machine.
 *
 * Usage: ipcbench [-m NAMES] [-s SIZES] [-w WHAT] [-p CPUS]
 *                 [-r ROUNDS] [-t SECONDS | -n COUNT] [--quick]
 *                 [--spinner] [--nagle] [--rate N]
 *                 [--table | --csv | --json] [-o FILE]
 *        ipcbench -l
 *
 * Try:   ipcbench -m pipe,clock -s 64 -n 50 -r 3
 *        ipcbench --quick
 *        All of them, by few sizes. Without --quick it takes minutes,
 *        and the figures are better.
 *        ipcbench -m pipe -s 1 -p one,two; the same with --spinner
 *        How much of a round trip is the other CPU's waking up?
 *        ipcbench -m tcp -s 64 -p two -w latency --rate 300000
 *        More than it can do: who asks waits ever longer.
 *
 * See:   bench.h, which a mechanism begins with; clock_gettime(2)
 */
#include <stdio.h>

#include "lab.h"
#include "run.h"

int main(int argc, char *argv[])
{
    static struct options o;
    static struct table t;
    int cpus[2];

    line_buffer_stderr();
    parse_options(&o, argc, argv);
    make_pattern();
    plan(&t, &o);
    prepare_trials();
    open_output(o.file);
    collect_facts();
    t.clock_cost = clock_cost();
    if (o.spinner)
        start_spinners();
    noise_begin(o.spinner ? pick_cpus(cpus) : 0);
    measure_all(&t, &o);
    t.noise = noise_end();
    for (int i = 0; i < t.count && t.noise.too_much; i++)
        t.rows[i].noisy = true; /* whoever reads CSV learns it so */
    stop_spinners();
    print_output(&t, &o);
    return 0;
}
