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
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "run.h"

static void print(FILE *out, const struct table *t, const struct options *o)
{
    if (o->format == TABLE)
        print_table(out, t);
    else if (o->format == CSV)
        print_csv(out, t);
    else
        print_json(out, t, o);
}

int main(int argc, char *argv[])
{
    static struct options o;
    static struct table t;
    FILE *out = stdout;
    int cpus[2];

    setvbuf(stderr, NULL, _IOLBF, 0); /* a message is one write */
    parse_options(&o, argc, argv);
    if (o.file != NULL && (out = fopen(o.file, "we")) == NULL)
        err(1, "%s", o.file);
    make_pattern();
    plan(&t, &o);
    prepare_trials();
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
    print(out, &t, &o);
    if (fflush(out) == EOF || (out != stdout && fclose(out) == EOF))
        err(1, "%s", o.file != NULL ? o.file : "standard output");
    return 0;
}
