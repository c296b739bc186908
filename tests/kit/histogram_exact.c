/*
 * histogram_exact: percentiles of ipcbench's histogram beside the exact ones of
 * the same samples, which are all kept, and sorted.
 *
 * Usage: histogram_exact SEED
 *
 * Exits with 0 if each is at least the exact one and too large by less than 1/64
 * of it; if two histograms of halves make that of the whole; and if nothing gets
 * lost at both ends. Prints of each distribution how far it was off.
 */
#include <err.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Itself, not an object: nothing else of ipcbench is needed. */
#include "../../labs/15-choosing/ipcbench/histogram.c"
#include "lab.h"

enum { MOST = 200000 };

static uint64_t samples[MOST], state;
static struct histogram whole, half[2];

static uint64_t random64(void) /* splitmix64 */
{
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static double uniform(void) /* above 0, up to 1 */
{
    return (double)((random64() >> 11) + 1) / 9007199254740992.0;
}

static uint64_t up_to(uint64_t top)
{
    return random64() % (top + 1);
}

static uint64_t small(void) /* where every ns counts for itself */
{
    return up_to(200);
}

static uint64_t constant(void)
{
    return 4567;
}

static uint64_t exponential(void)
{
    return (uint64_t)(-5000 * log(uniform()));
}

/* As round trips are: most alike, some much longer. */
static uint64_t lognormal(void)
{
    double normal = sqrt(-2 * log(uniform())) * cos(6.283185307 * uniform());

    return (uint64_t)(5000 * exp(0.7 * normal));
}

/* Awake or asleep: nothing between, and p50 may be on either side. */
static uint64_t two_humps(void)
{
    return up_to(1) ? 4000 + up_to(400) : 49000 + up_to(5000);
}

static uint64_t heavy_tail(void) /* Pareto's, up to the top */
{
    double x = 1000 / pow(uniform(), 2);

    return x < 4e12 ? (uint64_t)x : (uint64_t)4e12;
}

/* Where one bucket ends and the next begins. */
static uint64_t edges(void)
{
    return ((uint64_t)1 << up_to(HISTOGRAM_TOP - 1)) - up_to(1);
}

static const struct {
    const char *name;
    uint64_t (*draw)(void);
} kinds[] = {
    {"small", small},         {"constant", constant},
    {"lognormal", lognormal}, {"exponential", exponential},
    {"two_humps", two_humps}, {"heavy_tail", heavy_tail},
    {"edges", edges},
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Returns by which part of itself it is too large. */
static double check(const char *name, uint64_t count, uint64_t per_mille)
{
    uint64_t rank = (per_mille * count + 999) / 1000;
    uint64_t exact = samples[rank > 0 ? rank - 1 : 0];
    uint64_t got = histogram_percentile(&whole, (double)per_mille / 1000);

    /* Where count * part is a whole number, a double may be a bit above. */
    if (per_mille * count % 1000 == 0 && rank < count && got > exact &&
        got >= samples[rank])
        exact = samples[rank];
    if (got < exact || (got > exact && (got - exact) * 64 >= exact) ||
        got > whole.max)
        errx(1, "%s: of %llu, %llu per mille are up to %llu, not %llu", name,
             (unsigned long long)count, (unsigned long long)per_mille,
             (unsigned long long)exact, (unsigned long long)got);
    return exact > 0 ? (double)(got - exact) / (double)exact : 0;
}

static double check_kind(const char *name, uint64_t (*draw)(void),
                         uint64_t count)
{
    static const uint64_t parts[] = {0, 1, 250, 500, 900, 990, 999, 1000};
    double worst = 0;

    memset(&whole, 0, sizeof whole);
    memset(half, 0, sizeof half);
    for (uint64_t i = 0; i < count; i++) {
        samples[i] = draw();
        histogram_add(&whole, samples[i]);
        histogram_add(&half[up_to(1)], samples[i]);
    }
    qsort(samples, count, sizeof *samples, compare);
    if (whole.count != count || whole.max != samples[count - 1])
        errx(1, "%s: count or max is wrong", name);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double off = check(name, count, parts[i]);

        worst = off > worst ? off : worst;
    }
    histogram_merge(&half[0], &half[1]);
    if (memcmp(&half[0], &whole, sizeof whole) != 0)
        errx(1, "%s: two halves don't make the whole", name);
    return worst;
}

/* No sample at all; zeros; and more than there is room for. */
static void check_ends(void)
{
    uint64_t top = (uint64_t)1 << HISTOGRAM_TOP, over = top + up_to(top * 1000);
    uint64_t got;

    memset(&whole, 0, sizeof whole);
    if (histogram_percentile(&whole, 0.5) != 0)
        errx(1, "without a sample there is a percentile");
    histogram_add(&whole, 0);
    if (histogram_percentile(&whole, 0) != 0 ||
        histogram_percentile(&whole, 1) != 0 || whole.count != 1)
        errx(1, "a zero isn't counted as one");
    histogram_add(&whole, over);
    histogram_add(&whole, UINT64_MAX);
    got = histogram_percentile(&whole, 1);
    if (whole.count != 3 || whole.buckets[HISTOGRAM_BUCKETS - 1] != 2 ||
        whole.max != UINT64_MAX || got != UINT64_MAX)
        errx(1, "over the top: count %llu, p100 %llu",
             (unsigned long long)whole.count, (unsigned long long)got);
    if (histogram_percentile(&whole, 0.5) < over)
        errx(1, "what is over the top is said to be less than it was");
}

int main(int argc, char *argv[])
{
    if (argc != 2)
        usage('?', "Usage: histogram_exact SEED\n");
    state = (uint64_t)parse_number("SEED", argv[1], 0, 1LL << 62);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        double worst = check_kind(kinds[i].name, kinds[i].draw, MOST);

        /* A few samples, too: there each rank is another sample. */
        for (uint64_t count = 1; count <= 300; count++) {
            double off = check_kind(kinds[i].name, kinds[i].draw, count);

            worst = off > worst ? off : worst;
        }
        printf("%s %.5f\n", kinds[i].name, worst);
    }
    check_ends();
    return 0;
}
