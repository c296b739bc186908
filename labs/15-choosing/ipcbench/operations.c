/* operations.c: what an operation costs by itself, without a message. */
#include "bench.h"

static double read_clock(uint64_t count, const int cpus[2])
{
    int64_t start = now_ns();

    (void)cpus;
    for (uint64_t i = 0; i < count; i++)
        now_ns();
    return (double)(now_ns() - start);
}

const struct operation operations[] = {
    {"clock", "read the clock: clock_gettime(2)", read_clock, false},
    {0},
};
