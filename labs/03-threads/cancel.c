/*
 * cancel: a thread that is cancelled ends at its next cancellation
 * point, and its cleanup handlers release what it holds.
 *
 * Usage: cancel [-x] [-t SECONDS] [-w]
 *
 * Try:   cancel
 *        One thread is cancelled in a read() that would never end. The
 *        other one is cancelled in the middle of something, and
 *        finishes that first.
 *        cancel -x
 *        The same without a cleanup handler: the mutex stays locked by
 *        a thread that is no more.
 *        cancel -w: look at the thread that waits in read().
 *
 * See:   pthread_cancel(3), pthread_cleanup_push(3), pthreads(7) on
 *        cancellation points, pthread_setcancelstate(3),
 *        pthread_testcancel(3), pthread_mutex_timedlock(3)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char help[] =
    "Usage: cancel [-x] [-t SECONDS] [-w]\n"
    "  -x          no cleanup handler unlocks the mutex\n"
    "  -t SECONDS  give up if it can't be locked for so long (0.5)\n"
    "  -w          wait for Enter before the first is cancelled\n";

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static sem_t ready;
static bool careless;
static long sum;

static void post_ready(void)
{
    if (sem_post(&ready) == -1)
        err(1, "sem_post");
}

static void wait_ready(void)
{
    while (sem_wait(&ready) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
}

/* A cleanup handler runs in the thread that ends, before it ends. */
static void unlock(void *arg)
{
    if (!careless)
        check_pthread(pthread_mutex_unlock(arg), "unlock");
}

/* Holds the mutex, and waits for a byte that never comes. read() is a
 * cancellation point: calls that may wait for long mostly are. */
static void *read_locked(void *arg)
{
    const int *ends = arg;
    char byte;

    check_pthread(pthread_mutex_lock(&mutex), "lock");
    /* push and pop are a pair of braces: they belong in one block, and
     * nothing may jump or return out of it. */
    pthread_cleanup_push(unlock, &mutex);
    post_ready();
    if (read(ends[READ_END], &byte, 1) == -1)
        err(1, "read");
    pthread_cleanup_pop(1); /* 1: run it now, too */
    return NULL;
}

/* Is told to end while it waits at the gate: main sees to that. */
static void *finish_first(void *arg)
{
    int old, error;

    post_ready();
    check_pthread(pthread_mutex_lock(&gate), "lock");
    check_pthread(pthread_mutex_unlock(&gate), "unlock");

    /* A mutex is no cancellation point, and arithmetic even less. The
     * request is pending: that it comes late is what "deferred", the
     * default, means. */
    for (long i = 1; i <= 1000; i++)
        sum += i;

    /* write(), and with it say() and printf(), is one: not now. */
    error = pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    check_pthread(error, "pthread_setcancelstate");
    say("worker", "I was cancelled, but this I finish: %ld", sum);
    error = pthread_setcancelstate(old, NULL);
    check_pthread(error, "pthread_setcancelstate");

    /* A cancellation point that does nothing else. A loop that computes
     * for long should have one. */
    pthread_testcancel();
    say("worker", "never seen");
    return arg;
}

static void join_cancelled(pthread_t thread, const char *who)
{
    void *result;

    check_pthread(pthread_join(thread, &result), "pthread_join");
    say("main", "%s %s", who,
        result == PTHREAD_CANCELED ? "was cancelled" : "has returned");
}

/* Whether the mutex can be had within some seconds. */
static bool is_free(double seconds)
{
    struct timespec end;
    int error;

    /* Until then, by the clock on the wall: this call has no other. */
    if (clock_gettime(CLOCK_REALTIME, &end) == -1)
        err(1, "clock_gettime");
    end.tv_sec += (time_t)seconds;
    end.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    error = pthread_mutex_timedlock(&mutex, &end);
    if (error != ETIMEDOUT)
        check_pthread(error, "pthread_mutex_timedlock");
    if (error == 0)
        check_pthread(pthread_mutex_unlock(&mutex), "unlock");
    return error == 0;
}

int main(int argc, char *argv[])
{
    double limit = 0.5;
    bool hold = false, free_again;
    pthread_t thread;
    int ends[2], error, opt;

    while ((opt = getopt(argc, argv, "xt:wh")) != -1) {
        switch (opt) {
        case 'x':
            careless = true;
            break;
        case 't':
            limit = parse_seconds("-t", optarg, 0.01, 3600);
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
    if (sem_init(&ready, 0, 0) == -1)
        err(1, "sem_init");
    if (pipe(ends) == -1)
        err(1, "pipe");

    error = pthread_create(&thread, NULL, read_locked, ends);
    check_pthread(error, "pthread_create");
    wait_ready(); /* now it holds the mutex */
    if (hold) {
        say("main", "look: cat /proc/%d/task/*/wchan", (int)getpid());
        say("main", "Enter goes on");
        wait_for_enter();
    }
    check_pthread(pthread_cancel(thread), "pthread_cancel");
    join_cancelled(thread, "the one that held the mutex");
    free_again = is_free(limit);
    if (free_again)
        say("main", "the mutex is free");
    else
        warnx("the mutex is still locked after %g s: by a thread that "
              "is no more",
              limit);

    check_pthread(pthread_mutex_lock(&gate), "lock");
    error = pthread_create(&thread, NULL, finish_first, NULL);
    check_pthread(error, "pthread_create");
    wait_ready();
    check_pthread(pthread_cancel(thread), "pthread_cancel");
    check_pthread(pthread_mutex_unlock(&gate), "unlock");
    join_cancelled(thread, "the one that was busy");
    return free_again ? 0 : 1;
}
