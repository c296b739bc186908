/* histogram.c: see histogram.h. */
#include "histogram.h"

/*
 * 64 buckets for each power of two: a time's highest bit picks the row,
 * the 6 bits after it the bucket. Below 64 each time has its own.
 */
static unsigned bucket_of(uint64_t ns)
{
    unsigned shift;

    if (ns >> HISTOGRAM_BITS == 0)
        return (unsigned)ns;
    if (ns >> HISTOGRAM_TOP != 0)
        return HISTOGRAM_BUCKETS - 1;
    shift = 63 - HISTOGRAM_BITS - (unsigned)__builtin_clzll(ns);
    return ((shift + 1) << HISTOGRAM_BITS) +
           (unsigned)((ns >> shift) - (1 << HISTOGRAM_BITS));
}

/* The greatest time that belongs to it. */
static uint64_t top_of(unsigned bucket)
{
    unsigned row = bucket >> HISTOGRAM_BITS;
    uint64_t place = bucket & ((1 << HISTOGRAM_BITS) - 1);

    if (row == 0)
        return place;
    return (((place + (1 << HISTOGRAM_BITS)) + 1) << (row - 1)) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
    h->buckets[bucket_of(ns)]++;
    h->count++;
    if (ns > h->max)
        h->max = ns;
}

void histogram_merge(struct histogram *h, const struct histogram *more)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        h->buckets[i] += more->buckets[i];
    h->count += more->count;
    if (more->max > h->max)
        h->max = more->max;
}

uint64_t histogram_percentile(const struct histogram *h, double part)
{
    uint64_t seen = 0, wanted = (uint64_t)(part * (double)h->count);

    /* The first `wanted` of them, rounded up; at least one. */
    if ((double)wanted < part * (double)h->count || wanted == 0)
        wanted++;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= wanted) {
            uint64_t top = top_of(i);

            /* The last one has no upper end. */
            return top < h->max && i < HISTOGRAM_BUCKETS - 1 ? top : h->max;
        }
    }
    return h->max;
}
