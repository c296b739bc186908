/*
 * rounds.c: what is to be measured, and all of it, in turns. Whatever
 * else the machine does then meets all alike; and every other round
 * goes backwards, so that nobody always comes after the same one.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lab.h"
#include "run.h"

enum { USUAL_ROUNDS = 5, QUICK_ROUNDS = 3 };

/* Greatest and least may be so far from each other, beside the median. */
static const double quiet_spread = 0.3;

static bool asked(const bool *set, int n, int which)
{
    bool any = false;

    for (int i = 0; i < n; i++)
        any |= set[i];
    return !any || set[which];
}

static bool named(const struct options *o, const char *name)
{
    for (char **n = o->names; n != NULL && *n != NULL; n++)
        if (strcmp(*n, name) == 0)
            return true;
    return o->names == NULL;
}

static void add_row(struct table *t, const struct options *o, struct row *row)
{
    row->rate = row->what == LATENCY ? o->rate : 0;
    row->spinner = o->spinner;
    t->rows[t->count++] = *row;
    if (row->rate > 0) { /* the same figures, seen otherwise */
        t->rows[t->count] = *row;
        t->rows[t->count++].actual = true;
    }
}

static void add_mechanisms(struct table *t, const struct options *o,
                           enum what what)
{
    for (int cpus = ONE; cpus <= FREE; cpus++)
        for (int i = 0; i < o->size_count; i++)
            for (int m = 0; mechanisms[m] != NULL; m++) {
                struct row row = {.what = what,
                                  .mechanism = mechanisms[m],
                                  .size = o->sizes[i],
                                  .cpus = (enum cpus)cpus};

                if (named(o, mechanisms[m]->name) && (asked(o->cpus, 3, cpus)))
                    add_row(t, o, &row);
            }
}

static void add_operations(struct table *t, const struct options *o)
{
    for (int cpus = ONE; cpus <= TWO; cpus++)
        for (int i = 0; operations[i].name != NULL; i++) {
            struct row row = {.what = COST,
                              .operation = &operations[i],
                              .cpus = (enum cpus)cpus};

            if (named(o, operations[i].name) && asked(o->cpus, 3, cpus) &&
                (cpus == ONE || operations[i].two))
                add_row(t, o, &row);
        }
}

/* The rows are shared memory: of that fork() copies no page tables. Else
 * each process would be dearer than the one before. */
void plan(struct table *t, const struct options *o)
{
    size_t most = 1, bytes;

    for (int m = 0; mechanisms[m] != NULL; m++)
        most += 2 * 2 * 3 * (size_t)o->size_count;
    for (int i = 0; operations[i].name != NULL; i++)
        most += 2;
    bytes = most * sizeof *t->rows;
    t->rows = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t->rows == MAP_FAILED)
        err(1, "mmap");
    if (asked(o->what, 3, LATENCY))
        add_mechanisms(t, o, LATENCY);
    if (asked(o->what, 3, THROUGHPUT) && o->rate == 0)
        add_mechanisms(t, o, THROUGHPUT);
    if (asked(o->what, 3, COST) && o->rate == 0)
        add_operations(t, o);
}

/* A signal that came while nobody waited for one. */
static void look_for_signals(void)
{
    const struct timespec at_once = {0, 0};
    sigset_t set;
    int sig;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sig = sigtimedwait(&set, NULL, &at_once);
    if (sig > 0)
        end_by(sig);
}

static void keep(struct row *row, const struct result *r)
{
    int i = row->rounds++;

    row->values[i] = r->value;
    row->cpu_us[i] = r->cpu_us;
    row->switches[i] = r->switches;
    row->sum.messages += r->messages;
    row->sum.short_reads += r->short_reads;
    row->sum.full += r->full;
    row->sum.lost += r->lost;
    histogram_merge(&row->sum.times, row->actual ? &r->actual : &r->times);
    if (row->actual)
        row->values[i] = (double)histogram_percentile(&r->actual, 0.5);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double middle(const double *values, int count)
{
    double sorted[MAX_ROUNDS];

    if (count == 0)
        return 0;
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static void sum_up(struct row *row)
{
    row->median = middle(row->values, row->rounds);
    for (int i = 0; i < row->rounds; i++) {
        if (i == 0 || row->values[i] < row->least)
            row->least = row->values[i];
        if (i == 0 || row->values[i] > row->greatest)
            row->greatest = row->values[i];
    }
    row->varies = row->rounds > 1 &&
                  row->greatest - row->least > quiet_spread * row->median;
}

/* For one measurement, so that all together take what they may. */
static double time_for_one(const struct table *t, const struct options *o,
                           int rounds)
{
    double all = o->quick ? 5.5 : 300, most = o->quick ? 0.02 : 0.1, each;

    if (o->seconds > 0)
        return o->seconds;
    /* What it takes to begin and to end one. */
    each = all / t->count / rounds - 0.002;
    return each < 0.002 ? 0.002 : each > most ? most : each;
}

void measure_all(struct table *t, const struct options *o)
{
    int rounds = o->rounds > 0 ? o->rounds
                 : o->quick    ? QUICK_ROUNDS
                               : USUAL_ROUNDS;
    double seconds = time_for_one(t, o, rounds);
    double start = monotonic_seconds();
    static struct result result;

    for (int round = 0; round < rounds; round++) {
        double took = monotonic_seconds() - start;

        /* Where others are busy, too, all takes longer. */
        if (o->quick && round > 0 && took / round * (round + 1) > 9)
            break;
        for (int i = 0; i < t->count; i++) {
            int place = round % 2 == 0 ? i : t->count - 1 - i;
            struct row *row = &t->rows[place];

            look_for_signals();
            if (row->why_not[0] != '\0' || row->actual)
                continue;
            progress(round * t->count + i, rounds * t->count, round, row);
            noise_look();
            if (!run_trial(row, o, seconds, &result))
                continue;
            keep(row, &result);
            if (row->rate > 0)
                keep(row + 1, &result);
        }
    }
    progress_end();
    for (int i = 0; i < t->count; i++) {
        sum_up(&t->rows[i]);
        if (t->rows[i].actual)
            memcpy(t->rows[i].why_not, t->rows[i - 1].why_not,
                   sizeof t->rows[i].why_not);
    }
}
