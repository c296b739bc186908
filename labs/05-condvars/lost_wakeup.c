/*
 * lost_wakeup: what happened is kept as a state under the mutex, so
 * nobody comes too late for it.
 *
 * Usage: lost_wakeup [-t SECONDS]
 *
 * Try:   lost_wakeup
 *        The waiter comes too late, and doesn't wait. Then run
 *        lost_wakeup_broken, and look at both with diff.
 *
 * See:   pthread_cond_signal(3), pthread_cond_wait(3), futex(2)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: lost_wakeup [-t SECONDS]\n"
    "  -t SECONDS  give up if the waiter waits longer (5)\n";

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static bool is_told;

/* For the watchdog. */
static pthread_cond_t over;
static pid_t tid;
static bool is_over;

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&mutex), "pthread_mutex_lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&mutex), "pthread_mutex_unlock");
}

static void *wait_until_told(void *unused)
{
    int error;

    lock();
    tid = gettid();
    while (!is_told) {
        say("waiter", "waits");
        error = pthread_cond_wait(&told, &mutex);
        check_pthread(error, "pthread_cond_wait");
    }

    say("waiter", "goes on");
    is_over = true;
    check_pthread(pthread_cond_signal(&over), "pthread_cond_signal");
    unlock();
    return unused;
}

static void tell(void)
{
    lock();
    say("main", "tells it");
    is_told = true;
    check_pthread(pthread_cond_signal(&told), "pthread_cond_signal");
    unlock();
}

/* The watchdog's time must not depend on the time of day. */
static void init_over(void)
{
    pthread_condattr_t a;

    check_pthread(pthread_condattr_init(&a), "pthread_condattr_init");
    check_pthread(pthread_condattr_setclock(&a, CLOCK_MONOTONIC),
                  "pthread_condattr_setclock");
    check_pthread(pthread_cond_init(&over, &a), "pthread_cond_init");
    pthread_condattr_destroy(&a);
}

/* Waits for the waiter to be done, but not for ever. */
static bool is_over_within(double seconds)
{
    double end = monotonic_seconds() + seconds;
    struct timespec deadline = {.tv_sec = (time_t)end};
    bool result;
    int error = 0;

    deadline.tv_nsec = (long)((end - (double)deadline.tv_sec) * 1e9);
    lock();
    while (!is_over && error == 0)
        error = pthread_cond_timedwait(&over, &mutex, &deadline);
    result = is_over;
    unlock();
    if (error != ETIMEDOUT)
        check_pthread(error, "pthread_cond_timedwait");
    return result;
}

/* The kernel tells the number of the call in which a thread sleeps. */
static void say_where_it_is(void)
{
    char path[64];
    FILE *file;
    long call;

    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    file = fopen(path, "r");
    if (file == NULL)
        err(1, "%s", path);
    if (fscanf(file, "%ld", &call) == 1)
        warnx("the waiter, TID %d, sleeps in %s", tid,
              call == SYS_futex ? "futex" : "another call");
    fclose(file);
}

int main(int argc, char *argv[])
{
    double limit = 5;
    pthread_t waiter;
    int opt, error;

    while ((opt = getopt(argc, argv, "t:h")) != -1) {
        if (opt != 't')
            usage(opt, usage_text);
        limit = parse_seconds("-t", optarg, 0.01, 3600);
    }
    if (optind < argc)
        usage('?', usage_text);
    init_over();

    /* Any thread may come late: it has other work, or has to wait for a
     * processor. Here it is started late, so that it happens always. */
    tell();
    error = pthread_create(&waiter, NULL, wait_until_told, NULL);
    check_pthread(error, "pthread_create");

    if (!is_over_within(limit)) {
        warnx("stuck after %g s: nobody will tell it again", limit);
        say_where_it_is();
        return 1; /* which ends all threads */
    }
    check_pthread(pthread_join(waiter, NULL), "pthread_join");
    return 0;
}
