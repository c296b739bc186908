/*
 * counter_atomic: threads that only add to one number need no lock if
 * the addition is atomic; and what a mutex costs beside that.
 *
 * Usage: counter_atomic [-n COUNT] [-j THREADS] [add | mutex | take]
 *
 * Try:   counter_atomic
 *        counter_atomic -j 1
 *        With nobody else about, both are cheap.
 *        strace -f -e trace=futex counter_atomic add
 *        The same with mutex: only who waits for a lock ever sleeps.
 *
 * See:   pthread_mutex_lock(3), futex(7); C17, 7.17, on <stdatomic.h>
 */
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: counter_atomic [-n COUNT] [-j THREADS] [add|mutex|take]\n"
    "  -n COUNT    steps for each thread (1000000)\n"
    "  -j THREADS  how many threads (2)\n"
    "  add         only this: an atomic addition\n"
    "  mutex       only this: the same under a lock\n"
    "  take        only this: taking one while there is one\n";

struct worker {
    pthread_t thread;
    long long count; /* what it shall do */
    long long done;  /* what it did */
};

static _Atomic(long long) number;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long long locked_number; /* under the lock */

/*
 * Load, addition and store as one step: nobody gets between them, on
 * any processor. relaxed means that it promises nothing about other
 * variables. For a mere count that is enough: main() looks at it after
 * pthread_join(), which does promise that.
 */
static void *add(void *arg)
{
    struct worker *self = arg;

    for (; self->done < self->count; self->done++)
        atomic_fetch_add_explicit(&number, 1, memory_order_relaxed);
    return NULL;
}

static void add_one_locked(void)
{
    check_pthread(pthread_mutex_lock(&lock), "pthread_mutex_lock");
    locked_number++;
    check_pthread(pthread_mutex_unlock(&lock), "pthread_mutex_unlock");
}

static void *add_under_mutex(void *arg)
{
    struct worker *self = arg;

    for (; self->done < self->count; self->done++)
        add_one_locked();
    return NULL;
}

/*
 * Here it isn't enough that each access is atomic. "If there is one,
 * take it" are two, and between them somebody else can take the last.
 * Compare-and-exchange makes one step of them: it stores left - 1 only
 * if there still is what we have seen. If not, it tells us what there
 * is now, and we think again.
 */
static void *take(void *arg)
{
    struct worker *self = arg;
    long long left = atomic_load(&number);

    while (left > 0) {
        if (atomic_compare_exchange_weak(&number, &left, left - 1)) {
            self->done++;
            left--;
        }
    }
    return NULL;
}

static const struct kind {
    const char *name;
    void *(*work)(void *);
} kinds[] = {{"add", add}, {"mutex", add_under_mutex}, {"take", take}};

/* Lets the threads work. Returns how long they took. */
static double measure(const struct kind *kind, long long count,
                      int number_of_threads)
{
    size_t threads = (size_t)number_of_threads;
    struct worker *workers = calloc(threads, sizeof *workers), *w;
    long long expected = number_of_threads * count, got, done = 0;
    double start, seconds;

    if (workers == NULL)
        err(1, "calloc");
    number = kind->work == take ? expected : 0;
    locked_number = 0;

    start = monotonic_seconds();
    for (w = workers; w < workers + threads; w++) {
        w->count = count;
        check_pthread(pthread_create(&w->thread, NULL, kind->work, w),
                      "pthread_create");
    }
    for (w = workers; w < workers + threads; w++) {
        check_pthread(pthread_join(w->thread, NULL), "pthread_join");
        done += w->done;
    }
    seconds = monotonic_seconds() - start;
    free(workers);

    got = kind->work == add               ? number
          : kind->work == add_under_mutex ? locked_number
                                          : expected - number;
    if (done != expected || got != expected)
        errx(1, "%s: %lld steps counted %lld", kind->name, done, got);
    say("main", "%s: exactly %lld, %.1f ns each", kind->name, got,
        expected > 0 ? seconds * 1e9 / (double)expected : 0);
    return seconds;
}

int main(int argc, char *argv[])
{
    enum { KINDS = sizeof kinds / sizeof *kinds };
    double took[KINDS] = {0};
    long long count = 1000000;
    int threads = 2, only = -1, opt;

    while ((opt = getopt(argc, argv, "n:j:h")) != -1) {
        switch (opt) {
        case 'n':
            count = parse_number("-n", optarg, 0, 1000000000000);
            break;
        case 'j':
            threads = (int)parse_number("-j", optarg, 1, 1000);
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
            took[i] = measure(&kinds[i], count, threads);
    }
    if (only == -1 && took[0] > 0)
        say("main", "the mutex took %.1f times as long as the atomic",
            took[1] / took[0]);
    return 0;
}
