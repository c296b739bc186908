/*
 * histogram.h: how often each time came, in little memory: exact below
 * 64 ns; above that within 1/64 of the time (log-linear).
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BITS = 6, HISTOGRAM_TOP = 42 }; /* 2^42 ns: 73 min */
enum {
    HISTOGRAM_BUCKETS = (HISTOGRAM_TOP - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS
};

struct histogram {
    uint64_t count, max; /* max is exact */
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

/* A time in ns. What is over the top is in the last bucket. */
void histogram_add(struct histogram *h, uint64_t ns);

/* Adds all that is in `more`. */
void histogram_merge(struct histogram *h, const struct histogram *more);

/*
 * The time that `part` of all don't exceed, 0.5 say: the upper end of
 * the bucket that holds it, but never more than max. 0 if it is empty.
 */
uint64_t histogram_percentile(const struct histogram *h, double part);

#endif
