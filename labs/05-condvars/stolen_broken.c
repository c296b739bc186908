/*
 * stolen_broken: a thread that was woken, and doesn't look again, takes
 * what isn't there any more.
 *
 * Usage: stolen_broken [-n CONSUMERS] [-s]
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
#include <stdbool.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_CONSUMERS = 1000 };

static const char usage_text[] =
    "Usage: stolen_broken [-n CONSUMERS] [-s]\n"
    "  -n CONSUMERS  how many wait for the first item (2)\n"
    "  -s            wake only one, and be faster than it\n";

/* All of this belongs to whoever holds the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t item_put = PTHREAD_COND_INITIALIZER;
static pthread_cond_t noted = PTHREAD_COND_INITIALIZER;
static int items;   /* that are there to be taken */
static int taken;   /* by consumers */
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
    taken++;
    say("consumer", "takes an item: %d left", items);
    unlock();
    return unused;
}

static void wake_all(void)
{
    int error = pthread_cond_broadcast(&item_put);

    check_pthread(error, "pthread_cond_broadcast");
}

/* Wakes one. It can't return from its wait before we unlock, and until
 * then, and even after, any other thread may take the item. */
static void wake_one_and_take(void)
{
    int error = pthread_cond_signal(&item_put);

    check_pthread(error, "pthread_cond_signal");
    items--;
    say("main", "takes it, being faster");
}

int main(int argc, char *argv[])
{
    static pthread_t threads[MAX_CONSUMERS];
    int n = 2, left, opt, error;
    bool one = false;

    while ((opt = getopt(argc, argv, "n:sh")) != -1) {
        switch (opt) {
        case 'n':
            n = (int)parse_number("-n", optarg, 2, MAX_CONSUMERS);
            break;
        case 's':
            one = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    for (int i = 0; i < n; i++) {
        error = pthread_create(&threads[i], NULL, consume, NULL);
        check_pthread(error, "pthread_create");
    }

    lock();
    await(&waiting, n);
    items = 1;
    say("main", "puts 1, wakes %s", one ? "one" : "all");
    if (one)
        wake_one_and_take();
    else
        wake_all();
    await(&woken, one ? 1 : n);
    left = items;

    /* The others shall get theirs, and end. */
    items = n - taken;
    if (items > 0)
        say("main", "puts %d, wakes all", items);
    wake_all();
    unlock();

    for (int i = 0; i < n; i++)
        check_pthread(pthread_join(threads[i], NULL), "pthread_join");
    if (left < 0)
        errx(1, "1 item was put first, but %d were taken", 1 - left);
    return 0;
}
