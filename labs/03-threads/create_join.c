/*
 * create_join: a thread gets its part of the work as an argument, and
 * its result comes back when it is joined.
 *
 * Usage: create_join [-n THREADS] [-m LIMIT] [-w]
 *
 * Try:   create_join -n 4 -m 100000
 *        Run it a few times: the threads come in any order, the results
 *        are always added up in the same one.
 *        time create_join -n 1 -m 5000000; then with -n 2
 *        As much work in either case (user), but on two processors.
 *        create_join -w: all are joined, and /proc has no thread left.
 *
 * See:   pthread_create(3), pthread_join(3), pthreads(7)
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: create_join [-n THREADS] [-m LIMIT] [-w]\n"
    "  -n THREADS  how many share the work (4)\n"
    "  -m LIMIT    count the primes below this number (100000)\n"
    "  -w          wait for Enter when all are joined\n";

/* A thread takes one pointer and returns one. What is more than that
 * goes into a structure: one for each thread. */
struct part {
    int from, to; /* in: the numbers from..to-1 */
    int primes;   /* out: how many of them are primes */
};

static bool is_prime(int n)
{
    for (int d = 2; d <= n / d; d++) {
        if (n % d == 0)
            return false;
    }
    return n >= 2;
}

/* Where a new thread begins. Its variables are on a stack of its own:
 * that is gone with the thread, so a pointer into it would be useless
 * as a result. The structure belongs to main(), and stays. */
static void *work(void *arg)
{
    struct part *part = arg;
    int primes = 0;

    for (int n = part->from; n < part->to; n++)
        primes += is_prime(n);
    part->primes = primes;
    say("worker", "%d primes from %d on, below %d", primes, part->from,
        part->to);
    return part; /* the thread ends here: by itself */
}

int main(int argc, char *argv[])
{
    int count = 4, limit = 100000, primes = 0, opt, error;
    bool hold = false;
    pthread_t *threads;
    struct part *parts;

    while ((opt = getopt(argc, argv, "n:m:wh")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, 1000);
            break;
        case 'm':
            limit = (int)parse_number("-m", optarg, 0, 50000000);
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    threads = calloc((size_t)count, sizeof *threads);
    parts = calloc((size_t)count, sizeof *parts);
    if (threads == NULL || parts == NULL)
        err(1, "calloc");

    for (int i = 0; i < count; i++) {
        /* long long: the product can be more than an int holds. */
        parts[i].from = (int)((long long)limit * i / count);
        parts[i].to = (int)((long long)limit * (i + 1) / count);

        /* pthread functions return their error. errno, and -1, have
         * nothing to do with it. */
        error = pthread_create(&threads[i], NULL, work, &parts[i]);
        check_pthread(error, "pthread_create");
    }

    /* Join waits for the end of one thread, takes what it returned, and
     * gives its stack back. What a thread wrote can be read after its
     * join without a lock: it has ended. */
    for (int i = 0; i < count; i++) {
        void *result;

        error = pthread_join(threads[i], &result);
        check_pthread(error, "pthread_join");
        primes += ((struct part *)result)->primes;
    }
    say("main", "%d primes below %d", primes, limit);

    if (hold) {
        say("main", "look: ls /proc/%d/task", (int)getpid());
        say("main", "Enter ends me");
        wait_for_enter();
    }
    free(parts);
    free(threads);
    return 0;
}
