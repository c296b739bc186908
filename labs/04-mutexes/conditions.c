/*
 * conditions: three locks, measured by what a lock has to give: mutual
 * exclusion, progress, bounded waiting.
 *
 * Usage: conditions [-n COUNT] [-j THREADS] [-g COUNT] [-t SECONDS]
 *                   [mutex | tickets | turns]
 *
 * Try:   conditions
 *        The last thread goes home early. Who takes turns with it then
 *        waits for ever, though nobody is inside: no progress.
 *        taskset -c 0 conditions; conditions -j 100
 *        What holds must hold at any speed, on any number of
 *        processors.
 *
 * See:   pthread_mutex_lock(3), sem_wait(3), futex(7)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: conditions [-n COUNT] [-j THREADS] [-g COUNT]\n"
    "                  [-t SECONDS] [mutex|tickets|turns]\n"
    "  -n COUNT    entries of all threads together (10000)\n"
    "  -j THREADS  how many threads (4)\n"
    "  -g COUNT    the last one goes home after so many entries (10)\n"
    "  -t SECONDS  nobody inside for so long is no progress (0.2)\n"
    "  mutex       only this: whoever gets it when it is free\n"
    "  tickets     only this: in the order in which they asked\n"
    "  turns       only this: thread 1, 2, 3 and so on, then again 1\n";

enum { MAX = 1000 };

static enum kind { MUTEX, TICKETS, TURNS, KINDS } kind;
static const char *const names[KINDS] = {"mutex", "tickets", "turns"};

struct worker {
    pthread_t thread;
    unsigned number;
    long long most;      /* it goes home after so many entries */
    long long entries;   /* how many it has had */
    long long overtaken; /* in one wait, so many others went in */
};

static unsigned threads = 4;
static long long limit = 10000;
static _Atomic(long long) entered; /* entries of all so far */
static _Atomic(int) inside, most_inside;
static atomic_bool over;

static pthread_barrier_t start;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A lock of another kind: a door for each thread. At most one is open,
 * for one to go through, and who leaves opens the next. */
static sem_t doors[MAX];
static _Atomic(unsigned) next_ticket;

/*
 * Where to wait. With tickets, this is the moment that counts: who asks
 * later gets a later door. So at most all the other threads can be
 * before me: the wait is bounded. With turns each has its own door.
 */
static unsigned ask(const struct worker *self)
{
    return (kind == TICKETS ? next_ticket++ : self->number) % threads;
}

static void enter(unsigned door)
{
    if (kind == MUTEX)
        check_pthread(pthread_mutex_lock(&lock), "pthread_mutex_lock");
    else
        while (sem_wait(&doors[door]) == -1)
            if (errno != EINTR)
                err(1, "sem_wait");
}

static void leave(unsigned door)
{
    int error;

    if (kind == MUTEX) {
        error = pthread_mutex_unlock(&lock);
        check_pthread(error, "pthread_mutex_unlock");
    } else if (sem_post(&doors[(door + 1) % threads]) == -1) {
        err(1, "sem_post");
    }
}

static void *come_and_go(void *arg)
{
    struct worker *self = arg;
    char page[64];

    pthread_barrier_wait(&start);
    while (!over && self->entries < self->most) {
        unsigned door = ask(self);
        long long before = entered;

        enter(door);
        if (over) {
            leave(door);
            break;
        }
        if (entered - before > self->overtaken)
            self->overtaken = entered - before;
        /* The critical section, which notices if it isn't one. */
        if (++inside > most_inside)
            most_inside = inside;
        for (int i = 0; i < 20; i++)
            snprintf(page, sizeof page, "%lld: line %d", entered, i);
        self->entries++;
        if (++entered == limit)
            over = true;
        inside--;

        leave(door);
    }
    return NULL;
}

static struct timespec from_now(double seconds)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    seconds += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    t.tv_sec = (time_t)seconds;
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    return t;
}

/* Waits for a thread's end. If there is no progress, sends all home. */
static void join(pthread_t thread, double patience)
{
    long long last = -1;

    for (;;) {
        const struct timespec end = from_now(patience);
        int error = pthread_timedjoin_np(thread, NULL, &end);

        if (error != ETIMEDOUT) {
            check_pthread(error, "pthread_timedjoin_np");
            return;
        }
        if (over || (entered == last && inside == 0)) {
            if (!over)
                say(names[kind], "no progress, %lld entries", last);
            over = true;
            for (unsigned i = 0; i < threads; i++)
                sem_post(&doors[i]);
        }
        last = entered;
    }
}

static void measure(long long goes_home, double patience)
{
    struct worker *workers = calloc(threads, sizeof *workers);
    double begin = monotonic_seconds(), end;
    long long overtaken = 0;

    if (workers == NULL)
        err(1, "calloc");
    entered = 0;
    most_inside = 0;
    next_ticket = 0;
    over = limit == 0;
    check_pthread(pthread_barrier_init(&start, NULL, threads),
                  "pthread_barrier_init");
    for (unsigned i = 0; i < threads; i++) {
        struct worker *w = &workers[i];
        bool last = i > 0 && i == threads - 1;

        if (sem_init(&doors[i], 0, i == 0) == -1)
            err(1, "sem_init");
        w->number = i;
        w->most = last ? goes_home : limit;
        check_pthread(pthread_create(&w->thread, NULL, come_and_go, w),
                      "pthread_create");
    }
    for (unsigned i = 0; i < threads; i++) {
        join(workers[i].thread, patience);
        if (workers[i].overtaken > overtaken)
            overtaken = workers[i].overtaken;
    }
    end = monotonic_seconds();
    say(names[kind], "%lld entries in %.4f s, up to %d inside", entered,
        end - begin, most_inside);
    say(names[kind], "at worst, %lld others went in while one waited",
        overtaken);
    pthread_barrier_destroy(&start);
    free(workers);

    if (most_inside > 1)
        errx(1, "%s: no mutual exclusion", names[kind]);
    if (kind != MUTEX && overtaken >= threads)
        errx(1, "%s: a wait that isn't bounded", names[kind]);
}

int main(int argc, char *argv[])
{
    long long goes_home = 10;
    double patience = 0.2;
    int only = -1, opt;

    while ((opt = getopt(argc, argv, "n:j:g:t:h")) != -1) {
        switch (opt) {
        case 'n':
            limit = parse_number("-n", optarg, 0, 1000000000);
            break;
        case 'j':
            threads = (unsigned)parse_number("-j", optarg, 1, MAX);
            break;
        case 'g':
            goes_home = parse_number("-g", optarg, 0, 1000000000);
            break;
        case 't':
            patience = parse_seconds("-t", optarg, 0.01, 3600);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    for (int i = 0; i < KINDS && optind < argc; i++) {
        if (strcmp(argv[optind], names[i]) == 0)
            only = i;
    }
    if (optind + (only != -1) != argc)
        usage('?', usage_text);

    for (int i = 0; i < KINDS; i++) {
        kind = (enum kind)i;
        if (only == -1 || only == i)
            measure(goes_home, patience);
    }
    return 0;
}
