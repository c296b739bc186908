/*
 * contention: one lock that all threads want is a bottleneck; beside it
 * a lock for each thread, and a lock that is asked for less often.
 *
 * Usage: contention [-n COUNT] [-j THREADS] [-b BATCH] [one|near|apart]
 *
 * Try:   contention
 *        contention one -b 100
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

/* Processors take memory from each other in lines of this size. */
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
 * The critical section is small, so nearly all of the time goes into
 * the lock. The threads could work at the same time, but not in there:
 * with one lock, twice the processors do no more than one. They do
 * less, since the lock's memory travels between them, and who doesn't
 * get it has to sleep and be woken.
 */
static void *count_up(void *arg)
{
    const struct worker *self = arg;
    struct counter *counter = self->counter;

    for (long long done = 0, n; done < self->count; done += n) {
        n = self->count - done < self->batch ? self->count - done : self->batch;
        check_pthread(pthread_mutex_lock(&counter->lock), "pthread_mutex_lock");
        counter->value += n;
        check_pthread(pthread_mutex_unlock(&counter->lock),
                      "pthread_mutex_unlock");
    }
    return NULL;
}

/*
 * What the kinds differ in: the distance in memory from one thread's
 * counter to the next one's.
 *
 * side by side, two counters are in one cache line. The threads share no
 * data, and still each write takes the line away from the other
 * processor. This is false sharing.
 */
static const struct kind {
    const char *name;
    size_t distance;
} kinds[] = {
    {"one", 0},
    {"near", sizeof(struct counter)},
    {"apart",
     (sizeof(struct counter) + 2 * CACHE_LINE) / CACHE_LINE *CACHE_LINE},
};

/* Runs the threads, and returns how long they took. */
static double measure(const struct kind *kind, long long count, int threads,
                      long long batch)
{
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    char *memory =
        aligned_alloc(CACHE_LINE, (size_t)threads * kinds[2].distance);
    long long total = 0;
    double start, seconds;

    if (workers == NULL || memory == NULL)
        err(1, "malloc");
    for (int i = 0; i < threads; i++) {
        workers[i].counter =
            (struct counter *)(memory + (size_t)i * kind->distance);
        workers[i].counter->value = 0;
        workers[i].count = count;
        workers[i].batch = batch;
        if (i == 0 || kind->distance > 0)
            check_pthread(pthread_mutex_init(&workers[i].counter->lock, NULL),
                          "pthread_mutex_init");
    }

    start = monotonic_seconds();
    for (int i = 0; i < threads; i++)
        check_pthread(
            pthread_create(&workers[i].thread, NULL, count_up, &workers[i]),
            "pthread_create");
    for (int i = 0; i < threads; i++)
        check_pthread(pthread_join(workers[i].thread, NULL), "pthread_join");
    seconds = monotonic_seconds() - start;

    for (int i = 0; i < threads; i++) {
        if (i == 0 || kind->distance > 0)
            total += workers[i].counter->value;
    }
    if (total != threads * count)
        errx(1, "%s: expected %lld, got %lld", kind->name, threads * count,
             total);
    say("main", "%s: exactly %lld in %.4f s", kind->name, total, seconds);
    free(memory);
    free(workers);
    return seconds;
}

int main(int argc, char *argv[])
{
    enum { KINDS = sizeof kinds / sizeof *kinds };
    long long count = 1000000, batch = 1;
    double took[KINDS] = {0};
    int threads = 2, only = -1, opt;

    while ((opt = getopt(argc, argv, "n:j:b:h")) != -1) {
        switch (opt) {
        case 'n':
            count = parse_number("-n", optarg, 0, 1000000000000);
            break;
        case 'j':
            threads = (int)parse_number("-j", optarg, 1, 1000);
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
            took[i] = measure(&kinds[i], count, threads, batch);
    }
    if (only == -1 && took[2] > 0)
        say("main", "one lock took %.1f times as long as one each",
            took[0] / took[2]);
    return 0;
}
