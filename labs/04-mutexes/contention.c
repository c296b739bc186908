/*
 * contention: one lock that all threads want is a bottleneck; beside it
 * a lock for each thread, and a lock that is asked for less often.
 *
 * Usage: contention [-n COUNT] [-j THREADS] [-b BATCH] [one|near|apart]
 *
 * Try:   contention
 *        contention -b 100 one
 *        Each thread counts a hundred by itself and then adds them:
 *        the same lock, hardly contended.
 *        strace -f -e trace=futex contention apart
 *        A lock that nobody else holds takes no system call.
 *
 * See:   pthread_mutex_lock(3), futex(7), aligned_alloc(3), perf-c2c(1)
 */
#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: contention [-n COUNT] [-j THREADS] [-b BATCH] "
    "[one|near|apart]\n"
    "  -n COUNT    steps of each thread (1000000)\n"
    "  -j THREADS  how many threads (2)\n"
    "  -b BATCH    steps for which the lock is taken once (1)\n"
    "  one         only this: one lock for all threads\n"
    "  near        only this: a lock each, side by side in memory\n"
    "  apart       only this: a lock each, each on cache lines of its "
    "own\n";

/* Processors take memory from each other in pieces of this size. */
enum { CACHE_LINE = 64 };

struct counter {
    pthread_mutex_t lock;
    long long value; /* under the lock */
};

struct worker {
    pthread_t thread;
    struct counter *counter;
    long long count, batch;
};

/*
 * What the kinds differ in: how far it is in memory from one thread's
 * counter to the next one's. Side by side, two are partly in the same
 * cache line. The threads share no data, and still each write takes the
 * line away from the other's processor: false sharing.
 */
static const struct kind {
    const char *name;
    size_t distance;
} kinds[] = {
    {"one", 0},
    {"near", sizeof(struct counter)},
    {"apart", 2 * CACHE_LINE},
};
enum { KINDS = sizeof kinds / sizeof *kinds };
_Static_assert(sizeof(struct counter) <= 2 * CACHE_LINE, "too near");

static void add(struct counter *c, long long n)
{
    int error = pthread_mutex_lock(&c->lock);

    check_pthread(error, "pthread_mutex_lock");
    c->value += n;
    error = pthread_mutex_unlock(&c->lock);
    check_pthread(error, "pthread_mutex_unlock");
}

/* There is nothing to do outside the lock. So with one lock, threads on
 * two processors can't be faster than one thread. They are slower: the
 * lock travels from processor to processor, and who doesn't get it goes
 * to sleep and has to be woken. */
static void *count_up(void *arg)
{
    const struct worker *self = arg;
    long long n;

    for (long long left = self->count; left > 0; left -= n) {
        n = left < self->batch ? left : self->batch;
        add(self->counter, n);
    }
    return NULL;
}

/* Gives each of the threads its counter. Returns the first one. */
static void *init_counters(struct worker *workers, size_t threads,
                           size_t distance)
{
    char *memory = aligned_alloc(CACHE_LINE, threads * 2 * CACHE_LINE);

    if (memory == NULL)
        err(1, "aligned_alloc");
    for (size_t i = 0; i < threads; i++) {
        struct counter *c = (void *)(memory + i * distance);

        workers[i].counter = c;
        if (i > 0 && distance == 0)
            continue; /* it is the first one again */
        c->value = 0;
        c->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    }
    return memory;
}

/* Lets the threads work. Returns how long they took. */
static double measure(size_t threads, long long count, long long batch,
                      const struct kind *kind)
{
    struct worker *workers = calloc(threads, sizeof *workers), *w;
    struct counter *counters, *last = NULL;
    long long expected = (long long)threads * count, total = 0;
    double start, seconds;

    if (workers == NULL)
        err(1, "calloc");
    counters = init_counters(workers, threads, kind->distance);

    start = monotonic_seconds();
    for (w = workers; w < workers + threads; w++) {
        w->count = count;
        w->batch = batch;
        check_pthread(pthread_create(&w->thread, NULL, count_up, w),
                      "pthread_create");
    }
    for (w = workers; w < workers + threads; w++)
        check_pthread(pthread_join(w->thread, NULL), "pthread_join");
    seconds = monotonic_seconds() - start;

    for (w = workers; w < workers + threads; w++) {
        if (w->counter != last)
            total += w->counter->value;
        last = w->counter;
    }
    free(counters);
    free(workers);
    if (total != expected)
        errx(1, "%s: counted %lld instead of %lld", kind->name, total,
             expected);
    say("main", "%s: counted exactly %lld in %.4f s", kind->name, total,
        seconds);
    return seconds;
}

int main(int argc, char *argv[])
{
    long long count = 1000000, batch = 1;
    double took[KINDS] = {0};
    size_t threads = 2;
    int only = -1, opt;

    while ((opt = getopt(argc, argv, "n:j:b:h")) != -1) {
        switch (opt) {
        case 'n':
            count = parse_number("-n", optarg, 0, 1000000000000);
            break;
        case 'j':
            threads = (size_t)parse_number("-j", optarg, 1, 1000);
            break;
        case 'b':
            batch = parse_number("-b", optarg, 1, 1000000000000);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    for (int i = 0; i < KINDS && optind < argc; i++) {
        if (strcmp(argv[optind], kinds[i].name) == 0)
            only = i;
    }
    if (optind + (only != -1) != argc)
        usage('?', usage_text);

    for (int i = 0; i < KINDS; i++) {
        if (only == -1 || only == i)
            took[i] = measure(threads, count, batch, &kinds[i]);
    }
    if (only == -1 && took[2] > 0)
        say("main", "one lock took %.1f times as long as one each",
            took[0] / took[2]);
    return 0;
}
