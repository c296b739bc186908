/* calls.c: operations of one thread that waits for nobody. */
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "operations.h"
#include "run.h"

enum { COPIED = 64 << 10 };

/* Mostly no system call: the kernel lends its code and the figures for
 * it to every process. See vdso(7). */
double read_clock(uint64_t count, const int cpus[2])
{
    int64_t start;

    pin(cpus[0]);
    start = now_ns();
    for (uint64_t i = 0; i < count; i++)
        now_ns();
    return (double)(now_ns() - start);
}

/* The same clock from the kernel itself. */
double ask_clock(uint64_t count, const int cpus[2])
{
    struct timespec t;
    int64_t start;

    pin(cpus[0]);
    start = now_ns();
    for (uint64_t i = 0; i < count; i++)
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (double)(now_ns() - start);
}

/* As good as empty: what is left is the way into the kernel and out. */
double get_parent(uint64_t count, const int cpus[2])
{
    int64_t start;

    pin(cpus[0]);
    start = now_ns();
    for (uint64_t i = 0; i < count; i++)
        (void)getppid();
    return (double)(now_ns() - start);
}

/* The bytes of a message, copied as a sender does into shared memory:
 * to 16 places in turn, so that not one stays in the nearest cache. */
double copy_64KiB(uint64_t count, const int cpus[2])
{
    static unsigned char places[16][COPIED];
    int64_t start;

    pin(cpus[0]);
    memset(places, 1, sizeof places); /* pages come now */
    start = now_ns();
    for (uint64_t i = 0; i < count; i++) {
        memcpy(places[i % 16], pattern(i), COPIED);
        /* The compiler has to think that somebody reads it. */
        __asm__ volatile("" : : "r"(places[i % 16]) : "memory");
    }
    return (double)(now_ns() - start);
}
