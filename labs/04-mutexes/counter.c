/*
 * counter: a mutex around load and store, and every update counts.
 *
 * Usage: counter [-p] [-n COUNT] [-j THREADS] [-r RUNS]
 *
 * Try:   counter
 *        Then counter_broken, the same program without the lock: look
 *        at both with diff.
 *        time counter; time counter -j 1
 *        A lock that nobody else wants costs some nanoseconds and no
 *        system call: strace -f -c counter -j 1
 *
 * See:   pthread_create(3), pthread_mutex_lock(3), futex(7)
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: counter [-p] [-n COUNT] [-j THREADS] [-r RUNS]\n"
    "  -n COUNT    tickets that each thread sells (1000000)\n"
    "  -j THREADS  how many threads (2)\n"
    "  -r RUNS     do all of it this often (1)\n"
    "  -p          plain: only counter++ in the loop, no tickets\n";

/* All threads begin together: else one may be done before the other
 * exists. In a program that runs for long, that is so anyway. */
static pthread_barrier_t start;

struct seller {
    pthread_t thread;
    long long count; /* how many to sell */
    char ticket[40]; /* the last one that it sold */
};

/* All threads have this one. Whoever touches it holds the lock. That is
 * an agreement: the mutex doesn't know what it protects. */
static long long sold;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * Thread-safe: any number of threads may call it at the same time. The
 * lock is inside, so that no caller can forget it. Between lock and
 * unlock is the critical section: one thread at a time is in there, and
 * it sees all that the one before it has stored.
 */
static void sell(char *ticket, size_t size)
{
    long long number;

    check_pthread(pthread_mutex_lock(&lock), "pthread_mutex_lock");
    number = sold + 1;
    snprintf(ticket, size, "ticket %lld", number);
    sold = number;
    check_pthread(pthread_mutex_unlock(&lock), "pthread_mutex_unlock");
}

static void *sell_tickets(void *arg)
{
    struct seller *self = arg;

    pthread_barrier_wait(&start);
    for (long long i = 0; i < self->count; i++)
        sell(self->ticket, sizeof self->ticket);
    return NULL;
}

/* No compiler moves the addition out of the lock, or makes one of many:
 * for all it knows, these two calls change what others see. */
static void count_one(void)
{
    check_pthread(pthread_mutex_lock(&lock), "pthread_mutex_lock");
    sold++;
    check_pthread(pthread_mutex_unlock(&lock), "pthread_mutex_unlock");
}

static void *count_plainly(void *arg)
{
    const struct seller *self = arg;

    pthread_barrier_wait(&start);
    for (long long i = 0; i < self->count; i++)
        count_one();
    return NULL;
}

/* One run. Returns whether something was lost. */
static bool run(struct seller *sellers, int threads, bool plain)
{
    void *(*work)(void *) = plain ? count_plainly : sell_tickets;
    long long expected = threads * sellers[0].count;

    sold = 0;
    check_pthread(pthread_barrier_init(&start, NULL, (unsigned)threads),
                  "pthread_barrier_init");
    for (int i = 0; i < threads; i++) {
        struct seller *s = &sellers[i];

        check_pthread(pthread_create(&s->thread, NULL, work, s),
                      "pthread_create");
    }
    for (int i = 0; i < threads; i++) {
        int error = pthread_join(sellers[i].thread, NULL);

        check_pthread(error, "pthread_join");
    }

    pthread_barrier_destroy(&start);

    /* Who has joined a thread sees all that it stored. */
    say("main", "expected %lld, got %lld: %lld lost", expected, sold,
        expected - sold);
    return sold != expected;
}

int main(int argc, char *argv[])
{
    long long count = 1000000, runs = 1, wrong = 0;
    int threads = 2, opt;
    bool plain = false;
    struct seller *sellers;

    while ((opt = getopt(argc, argv, "pn:j:r:h")) != -1) {
        switch (opt) {
        case 'p':
            plain = true;
            break;
        case 'n':
            count = parse_number("-n", optarg, 0, 1000000000000);
            break;
        case 'j':
            threads = (int)parse_number("-j", optarg, 1, 1000);
            break;
        case 'r':
            runs = parse_number("-r", optarg, 1, 1000000);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    sellers = calloc((size_t)threads, sizeof *sellers);
    if (sellers == NULL)
        err(1, "calloc");
    for (int i = 0; i < threads; i++)
        sellers[i].count = count;

    for (long long i = 0; i < runs; i++)
        wrong += run(sellers, threads, plain);
    if (!plain && count > 0) {
        for (int i = 0; i < threads && i < 8; i++)
            say("main", "thread %d sold %s", i + 1, sellers[i].ticket);
    }
    say("main", "updates lost in %lld of %lld runs", wrong, runs);
    free(sellers);
    return wrong == 0 ? 0 : 1;
}
