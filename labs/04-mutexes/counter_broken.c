/*
 * counter_broken: threads that count together without a lock lose
 * updates.
 *
 * Usage: counter_broken [-p] [-n COUNT] [-j THREADS] [-r RUNS]
 *
 * Try:   counter_broken
 *        taskset -c 0 counter_broken
 *        One processor is enough, if the run lasts some time slices.
 *        counter_broken -p -n 100000000
 *        Only counter++ in the loop. What comes out depends on what the
 *        compiler made of it: nothing is lost at -O2, much at -O0. The
 *        mistake is the same.
 *        Then run counter, the repair, and look at both with diff.
 *
 * Ends:  exit 1
 *
 * Not under valgrind: it runs one thread at a time.
 *
 * See:   pthread_create(3), pthread_mutex_lock(3), taskset(1)
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: counter_broken [-p] [-n COUNT] [-j THREADS] [-r RUNS]\n"
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

/* All threads have this one, and nothing protects it. */
static long long sold;

/*
 * Not thread-safe: right as long as one thread is in here. The load,
 * the work and the store are three steps. What other threads store
 * between the load and the store is overwritten: lost.
 */
static void sell(char *ticket, size_t size)
{
    long long number = sold + 1;

    snprintf(ticket, size, "ticket %lld", number);
    sold = number;
}

static void *sell_tickets(void *arg)
{
    struct seller *self = arg;

    pthread_barrier_wait(&start);
    for (long long i = 0; i < self->count; i++)
        sell(self->ticket, sizeof self->ticket);
    return NULL;
}

/* The same three steps look like one here. At -O0 they are three
 * instructions. At -O2 the compiler makes a single addition of the
 * loop: where there is no lock, it may assume that nobody looks. */
static void count_one(void)
{
    sold++;
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
