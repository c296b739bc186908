/*
 * rwlock: a lock that lets readers in together, and writers only alone.
 *
 * Usage: rwlock [-n COUNT] [-r READERS] [-w WRITERS] [-p]
 *
 * Try:   rwlock
 *        rwlock -p
 *        Readers that come all the time keep a writer waiting: it
 *        starves. With -p no reader goes in while a writer waits. That
 *        is glibc's; musl has no such kind.
 *
 * See:   pthread_rwlock_rdlock(3p), pthread_rwlock_wrlock(3p),
 *        pthread_rwlockattr_setkind_np(3)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: rwlock [-n COUNT] [-r READERS] [-w WRITERS] [-p]\n"
    "  -n COUNT    reads or writes of each thread (20000)\n"
    "  -r READERS  how many threads read (3)\n"
    "  -w WRITERS  how many threads write (1)\n"
    "  -p          a writer that waits goes first\n";

static pthread_rwlock_t rw;

/* Under the lock: all lines of it are equal. While a writer is at it
 * they aren't, and nobody may look. */
enum { LINES = 500 };
static long long page[LINES];

/* Who is inside. Atomic: this must be right even if the lock isn't. */
static _Atomic(int) readers_inside, writers_inside, most_readers;
static _Atomic(long long) mistakes, reads;
static long long writes, overtaken; /* under the lock, to write */

static long long count = 20000;
static pthread_barrier_t meeting;

static void take_for_reading(void)
{
    int now;

    check_pthread(pthread_rwlock_rdlock(&rw), "pthread_rwlock_rdlock");
    now = ++readers_inside;
    if (now > most_readers)
        most_readers = now;
    if (writers_inside != 0)
        mistakes++;
}

static void take_for_writing(void)
{
    check_pthread(pthread_rwlock_wrlock(&rw), "pthread_rwlock_wrlock");
    if (++writers_inside != 1 || readers_inside != 0)
        mistakes++;
}

static void give_back(_Atomic(int) *inside)
{
    --*inside;
    check_pthread(pthread_rwlock_unlock(&rw), "pthread_rwlock_unlock");
}

/* Nobody leaves this meeting before all have come, and all hold the
 * lock while they are there. */
static void *meet_inside(void *arg)
{
    take_for_reading();
    pthread_barrier_wait(&meeting);
    pthread_barrier_wait(&meeting); /* main() looks at us meanwhile */
    give_back(&readers_inside);
    return arg;
}

static void *read_page(void *arg)
{
    /* All readers are inside when the writers come. */
    take_for_reading();
    pthread_barrier_wait(&meeting);
    give_back(&readers_inside);

    for (long long i = 0; i < count; i++) {
        take_for_reading();
        for (int k = 1; k < LINES; k++) {
            if (page[k] != page[0])
                mistakes++;
        }
        reads++;
        give_back(&readers_inside);
    }
    return arg;
}

static void *write_page(void *arg)
{
    pthread_barrier_wait(&meeting);
    for (long long i = 0; i < count; i++) {
        long long before = reads;

        take_for_writing();
        if (reads - before > overtaken)
            overtaken = reads - before;
        for (int k = 0; k < LINES; k++)
            page[k]++;
        writes++;
        give_back(&writers_inside);
    }
    return arg;
}

static void init_meeting(int people)
{
    int error = pthread_barrier_init(&meeting, NULL, (unsigned)people);

    check_pthread(error, "pthread_barrier_init");
}

static void start(pthread_t *ids, int threads, void *(*work)(void *))
{
    for (int i = 0; i < threads; i++)
        check_pthread(pthread_create(&ids[i], NULL, work, NULL),
                      "pthread_create");
}

static void join(const pthread_t *ids, int threads)
{
    for (int i = 0; i < threads; i++)
        check_pthread(pthread_join(ids[i], NULL), "pthread_join");
}

/* How an attempt to take the lock went. If well, gives it back. */
static const char *attempt(int error)
{
    if (error == EBUSY)
        return "EBUSY";
    check_pthread(error, "pthread_rwlock_try");
    check_pthread(pthread_rwlock_unlock(&rw), "pthread_rwlock_unlock");
    return "let in";
}

static void *try_both(void *arg)
{
    say("other", "beside a writer: to read, %s; to write, %s",
        attempt(pthread_rwlock_tryrdlock(&rw)),
        attempt(pthread_rwlock_trywrlock(&rw)));
    return arg;
}

/* Who goes first if both wait? POSIX leaves it open. In glibc and musl
 * readers do: as long as one is inside, others join it. */
static void init_lock(bool prefer_writers)
{
    pthread_rwlockattr_t attr;

    int error = pthread_rwlockattr_init(&attr);

    check_pthread(error, "pthread_rwlockattr_init");
    if (prefer_writers) {
#ifdef __GLIBC__
        /* The one without NONRECURSIVE in its name does nothing. */
        enum { KIND = PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP };

        check_pthread(pthread_rwlockattr_setkind_np(&attr, KIND),
                      "pthread_rwlockattr_setkind_np");
#else
        errx(1, "-p: this C library has no such kind of lock");
#endif
    }
    error = pthread_rwlock_init(&rw, &attr);
    check_pthread(error, "pthread_rwlock_init");
    pthread_rwlockattr_destroy(&attr);
}

int main(int argc, char *argv[])
{
    int readers = 3, writers = 1, opt;
    bool prefer_writers = false;
    pthread_t *ids, one;

    while ((opt = getopt(argc, argv, "n:r:w:ph")) != -1) {
        switch (opt) {
        case 'n':
            count = parse_number("-n", optarg, 0, 1000000000);
            break;
        case 'r':
            readers = (int)parse_number("-r", optarg, 0, 500);
            break;
        case 'w':
            writers = (int)parse_number("-w", optarg, 0, 500);
            break;
        case 'p':
            prefer_writers = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);
    ids = calloc((size_t)(readers + writers + 1), sizeof *ids);
    if (ids == NULL)
        err(1, "calloc");
    init_lock(prefer_writers);

    init_meeting(readers + 1);
    start(ids, readers, meet_inside);
    pthread_barrier_wait(&meeting);
    say("main", "%d readers are inside; to write, %s", readers_inside,
        attempt(pthread_rwlock_trywrlock(&rw)));
    pthread_barrier_wait(&meeting);
    join(ids, readers);
    pthread_barrier_destroy(&meeting);

    take_for_writing();
    start(&one, 1, try_both);
    join(&one, 1);
    give_back(&writers_inside);

    init_meeting(readers + writers);
    start(ids, readers, read_page);
    start(ids + readers, writers, write_page);
    join(ids, readers + writers);
    free(ids);
    say("main", "%lld reads, up to %d at once, and %lld writes", reads,
        most_readers, writes);
    say("main", "at worst, %lld reads went first while a writer waited",
        overtaken);
    if (mistakes != 0)
        errx(1, "%lld times, somebody was beside a writer", mistakes);
    if (reads != readers * count || writes != writers * count ||
        page[0] != writes)
        errx(1, "writes were lost");
    return 0;
}
