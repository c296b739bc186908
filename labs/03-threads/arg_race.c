/*
 * arg_race: every thread gets the address of a variable of its own, so
 * each has the number that was meant for it.
 *
 * Usage: arg_race [-n THREADS] [-r ROUNDS] [-w]
 *
 * Try:   arg_race -n 8
 *        Then arg_race_broken, the mistake: look at both with diff.
 *
 * See:   pthread_create(3)
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: arg_race [-n THREADS] [-r ROUNDS] [-w]\n"
    "  -n THREADS  in each round (8)\n"
    "  -r ROUNDS   how often (20)\n"
    "  -w          one round, and wait for Enter while all are alive\n";

enum { MAX_THREADS = 500 };

/* Where all threads, main too, wait for each other. */
static pthread_barrier_t meeting;

static void meet(void)
{
    int error = pthread_barrier_wait(&meeting);

    if (error != PTHREAD_BARRIER_SERIAL_THREAD)
        check_pthread(error, "pthread_barrier_wait");
}

/* A thread takes its number from where its argument points, takes its
 * name from that, and returns it. */
static void *worker(void *arg)
{
    int number = *(const int *)arg;
    char name[16];

    snprintf(name, sizeof name, "worker %hd", (short)number);
    check_pthread(pthread_setname_np(pthread_self(), name),
                  "pthread_setname_np");
    meet(); /* all have read their number */
    meet(); /* main has looked */
    return (void *)(intptr_t)number;
}

/* One round: count threads, which should have the numbers from 0 up.
 * What they had goes into had. */
static void run_threads(int count, int had[], bool hold)
{
    pthread_t threads[MAX_THREADS];
    int numbers[MAX_THREADS];
    int i, error;

    for (i = 0; i < count; i++) {
        /* Each has a variable of its own, which nobody changes while
         * the thread lives. */
        numbers[i] = i;
        error = pthread_create(&threads[i], NULL, worker, &numbers[i]);
        check_pthread(error, "pthread_create");
    }
    meet();
    if (hold) {
        say("main", "look: ps -L -o lwp,comm -p %d", (int)getpid());
        say("main", "Enter goes on");
        wait_for_enter();
    }
    meet();
    for (int k = 0; k < count; k++) {
        void *result;

        error = pthread_join(threads[k], &result);
        check_pthread(error, "pthread_join");
        had[k] = (int)(intptr_t)result;
    }
}

/* Whether each of the numbers 0 to count - 1 is there, and once. */
static bool is_complete(const int had[], int count)
{
    bool seen[MAX_THREADS + 1] = {false};

    for (int k = 0; k < count; k++) {
        if (had[k] >= count || seen[had[k]])
            return false;
        seen[had[k]] = true;
    }
    return true;
}

static void print(const int had[], int count)
{
    char line[500] = "";
    int len = 0;

    for (int k = 0; k < count && len < (int)sizeof line - 12; k++)
        len += snprintf(line + len, 12, " %d", had[k]);
    say("main", "the threads had the numbers%s", line);
}

int main(int argc, char *argv[])
{
    int count = 8, rounds = 20, wrong = 0, opt, error;
    int had[MAX_THREADS];
    bool hold = false;

    while ((opt = getopt(argc, argv, "n:r:wh")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, MAX_THREADS);
            break;
        case 'r':
            rounds = (int)parse_number("-r", optarg, 1, 100000);
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
    if (hold)
        rounds = 1;
    error = pthread_barrier_init(&meeting, NULL, (unsigned)count + 1);
    check_pthread(error, "pthread_barrier_init");

    for (int r = 0; r < rounds; r++) {
        bool first;

        run_threads(count, had, hold);
        first = wrong == 0;
        if (!is_complete(had, count))
            wrong++;
        /* Show the first bad round, or the last one if all are good. */
        if (first && (wrong > 0 || r == rounds - 1))
            print(had, count);
    }
    say("main", "%d of %d rounds went wrong", wrong, rounds);
    error = pthread_barrier_destroy(&meeting);
    check_pthread(error, "pthread_barrier_destroy");
    return wrong == 0 ? 0 : 1;
}
