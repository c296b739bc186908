/*
 * stolen_broken: a thread that was woken, and doesn't look again, takes
 * what isn't there any more.
 *
 * Usage: stolen_broken [-n CONSUMERS]
 *
 * Try:   stolen_broken
 *        Two consumers wait, one item comes, both are woken. Then run
 *        stolen, the repair, and look at both with diff: one word.
 *
 * Ends:  exit 1
 *
 * See:   pthread_cond_wait(3), pthread_cond_broadcast(3)
 */
#include <err.h>
#include <pthread.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_CONSUMERS = 1000 };

static const char usage_text[] =
    "Usage: stolen_broken [-n CONSUMERS]\n"
    "  -n CONSUMERS  how many wait for the first item (2)\n";

/* All of this belongs to whoever holds the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t item_put = PTHREAD_COND_INITIALIZER;
static pthread_cond_t noted = PTHREAD_COND_INITIALIZER;
static int items;   /* that are there to be taken */
static int waiting; /* consumers that began to wait */
static int woken;   /* times that one came back from its wait */

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&mutex), "pthread_mutex_lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&mutex), "pthread_mutex_unlock");
}

/* Counts, and tells main so. */
static void note(int *counter)
{
    (*counter)++;
    check_pthread(pthread_cond_signal(&noted), "pthread_cond_signal");
}

/* Main waits until a counter has come that far. */
static void await(const int *counter, int wanted)
{
    int error = 0;

    while (*counter < wanted && error == 0)
        error = pthread_cond_wait(&noted, &mutex);
    check_pthread(error, "pthread_cond_wait");
}

static void *consume(void *unused)
{
    int error;

    lock();
    note(&waiting);
    /* The mistake: the wait gave the mutex away. When it comes back
     * with it, others may have had it, and taken the item. */
    if (items == 0) {
        error = pthread_cond_wait(&item_put, &mutex);
        check_pthread(error, "pthread_cond_wait");
        note(&woken);
    }
    items--;
    say("consumer", "takes an item: %d left", items);
    unlock();
    return unused;
}

/* Puts items for consumers that wait, and wakes them all. */
static void put(int count)
{
    int error;

    say("main", "puts %d, wakes all", count);
    items += count;
    error = pthread_cond_broadcast(&item_put);
    check_pthread(error, "pthread_cond_broadcast");
}

int main(int argc, char *argv[])
{
    static pthread_t threads[MAX_CONSUMERS];
    int n = 2, left, opt, error;

    while ((opt = getopt(argc, argv, "n:h")) != -1) {
        if (opt != 'n')
            usage(opt, usage_text);
        n = (int)parse_number("-n", optarg, 2, MAX_CONSUMERS);
    }
    if (optind < argc)
        usage('?', usage_text);

    for (int i = 0; i < n; i++) {
        error = pthread_create(&threads[i], NULL, consume, NULL);
        check_pthread(error, "pthread_create");
    }

    lock();
    await(&waiting, n);
    put(1);
    await(&woken, n);
    left = items;
    if (left == 0)
        put(n - 1); /* one for each of the others */
    unlock();

    for (int i = 0; i < n; i++)
        check_pthread(pthread_join(threads[i], NULL), "pthread_join");
    if (left < 0)
        errx(1, "1 item was put, but %d were taken", 1 - left);
    return 0;
}
