/*
 * producer_consumer: a buffer of a few slots between the threads that
 * make items and those that use them.
 *
 * Usage: producer_consumer [-p PRODUCERS] [-c CONSUMERS] [-n ITEMS]
 *            [-s SLOTS] [-P WORK] [-C WORK] [-w]
 *
 * Try:   producer_consumer -p 1 -c 1 -n 3 -s 1
 *        With one slot they have to take turns.
 *        producer_consumer -n 20 -C 10000000 | grep has
 *        Consumer 1 is slow. Who takes the others?
 *        producer_consumer -w -n 0 -c 3
 *        Three threads wait for items that don't come, until Enter.
 *
 * See:   pthread_cond_wait(3), pthread_cond_signal(3)
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_THREADS = 500 }; /* of each kind */

static const char usage_text[] =
    "Usage: producer_consumer [-p PRODUCERS] [-c CONSUMERS]\n"
    "           [-n ITEMS] [-s SLOTS] [-P WORK] [-C WORK] [-w]\n"
    "  -p, -c    how many threads of each kind (2, 2)\n"
    "  -n ITEMS  that each producer makes (5)\n"
    "  -s SLOTS  so many items fit into the buffer (4)\n"
    "  -P WORK   producer 1 counts so far for each item (0)\n"
    "  -C WORK   consumer 1 counts so far for each item (0)\n"
    "  -w        close the buffer at Enter; -c may be 0 then\n";

struct item {
    int producer, number;
};

/* All of this belongs to whoever holds the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static struct item *slots; /* a ring: slots[first] is the oldest */
static int first, count, taken;
static bool closed;
static int latest[MAX_THREADS]; /* taken of each producer */

/* What isn't changed once there are threads needs no mutex. */
static int capacity = 4, items = 5;
static struct worker {
    int id;         /* from 0 */
    char name[24];  /* "producer 1" is the first */
    long long work; /* for each item */
    pthread_t thread;
} producers[MAX_THREADS], consumers[MAX_THREADS];

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&mutex), "pthread_mutex_lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&mutex), "pthread_mutex_unlock");
}

/* Waits for room, and puts an item in; false if it is closed. */
static bool put(const struct worker *me, int number)
{
    bool done;
    int error = 0;

    lock();
    while (count == capacity && !closed && error == 0)
        error = pthread_cond_wait(&not_full, &mutex);
    check_pthread(error, "pthread_cond_wait");
    done = !closed;
    if (done) {
        struct item item = {me->id, number};

        slots[(first + count) % capacity] = item;
        if (++count > capacity)
            errx(1, "more items than slots");

        /* One item more is work for one consumer more. */
        error = pthread_cond_signal(&not_empty);
        check_pthread(error, "pthread_cond_signal");

        /* Only so the lines come in the order of what happened; but
         * the others have to wait for our output. */
        say(me->name, "puts item %d: %d in the buffer", number, count);
    }
    unlock();
    return done;
}

/* Waits for an item, and takes the oldest one out; false if there is
 * none and it is closed: what is left can still be taken. */
static bool take(const struct worker *me)
{
    bool done;
    int error = 0;

    lock();
    while (count == 0 && !closed && error == 0)
        error = pthread_cond_wait(&not_empty, &mutex);
    check_pthread(error, "pthread_cond_wait");
    done = count > 0;
    if (done) {
        struct item item = slots[first];

        if (item.number != ++latest[item.producer])
            errx(1, "an item came out of order");
        first = (first + 1) % capacity;
        count--;
        taken++;
        error = pthread_cond_signal(&not_full);
        check_pthread(error, "pthread_cond_signal");
        say(me->name, "takes producer %d's item %d: %d in the buffer",
            item.producer + 1, item.number, count);
    }
    unlock();
    return done;
}

/* This concerns all who wait, on both sides: it wakes them all. */
static void close_buffer(void)
{
    int error;

    lock();
    closed = true;
    error = pthread_cond_broadcast(&not_full);
    check_pthread(error, "pthread_cond_broadcast");
    error = pthread_cond_broadcast(&not_empty);
    check_pthread(error, "pthread_cond_broadcast");
    unlock();
}

/* Keeps a processor busy, and not the mutex. */
static void work(const struct worker *me)
{
    for (volatile long long i = 0; i < me->work; i++)
        continue;
}

static void *produce(void *arg)
{
    const struct worker *me = arg;
    int n;

    for (n = 0; n < items; n++) {
        work(me);
        if (!put(me, n + 1))
            break;
    }
    say(me->name, "has put %d", n);
    return NULL;
}

static void *consume(void *arg)
{
    const struct worker *me = arg;
    int n;

    for (n = 0; take(me); n++)
        work(me);
    say(me->name, "has taken %d", n);
    return NULL;
}

static void start(struct worker *all, int n, const char *kind,
                  void *(*function)(void *))
{
    for (int i = 0; i < n; i++) {
        int error;

        all[i].id = i;
        snprintf(all[i].name, sizeof all[i].name, "%s %d", kind, i + 1);
        error = pthread_create(&all[i].thread, NULL, function, &all[i]);
        check_pthread(error, "pthread_create");
    }
}

static void join(const struct worker *w, int n)
{
    for (int i = 0; i < n; i++)
        check_pthread(pthread_join(w[i].thread, NULL), "pthread_join");
}

int main(int argc, char *argv[])
{
    const long long most = 1LL << 40;
    int p = 2, c = 2, opt;
    bool hold = false;

    while ((opt = getopt(argc, argv, "p:c:n:s:P:C:wh")) != -1) {
        switch (opt) {
        case 'p':
            p = (int)parse_number("-p", optarg, 0, MAX_THREADS);
            break;
        case 'c':
            c = (int)parse_number("-c", optarg, 0, MAX_THREADS);
            break;
        case 'n':
            items = (int)parse_number("-n", optarg, 0, 1000000);
            break;
        case 's':
            capacity = (int)parse_number("-s", optarg, 1, 1000000);
            break;
        case 'P':
            producers[0].work = parse_number("-P", optarg, 0, most);
            break;
        case 'C':
            consumers[0].work = parse_number("-C", optarg, 0, most);
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc || (c == 0 && !hold))
        usage('?', usage_text);
    slots = calloc((size_t)capacity, sizeof *slots);
    if (slots == NULL)
        err(1, "calloc");

    start(consumers, c, "consumer", consume);
    start(producers, p, "producer", produce);
    if (hold) {
        say("main", "look: grep State /proc/%d/task/*/st*", getpid());
        say("main", "Enter makes me close the buffer");
        wait_for_enter();
    } else {
        join(producers, p);
    }
    close_buffer();
    if (hold)
        join(producers, p);
    join(consumers, c);

    say("main", "%d taken, %d left", taken, count);
    free(slots);
    return 0;
}
