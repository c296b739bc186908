/*
 * timedwait: a wait with a deadline, on a clock that nobody can set.
 *
 * Usage: timedwait [-t SECONDS] [-e] [-x]
 *
 * Try:   timedwait -t 0.3
 *        ETIMEDOUT comes at the deadline or soon after, never before.
 *        timedwait -t 5 -e
 *        Press Enter within 5 s, and it happens what is waited for.
 *        timedwait -t 0.3 -x
 *        The deadline is one clock's, and is taken for another one's.
 *
 * See:   pthread_cond_timedwait(3), pthread_condattr_setclock(3),
 *        clock_gettime(2)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: timedwait [-t SECONDS] [-e] [-x]\n"
    "  -t SECONDS  wait at most this long (0.5)\n"
    "  -e          wait for Enter, or the end of the input\n"
    "  -x          leave the condition variable its default clock\n";

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t event;
static bool has_happened;

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&mutex), "pthread_mutex_lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&mutex), "pthread_mutex_unlock");
}

/* By default a condition variable takes deadlines for CLOCK_REALTIME,
 * the time of day. That can be set, back or forth, at any moment. */
static void init(bool default_clock)
{
    pthread_condattr_t a;

    check_pthread(pthread_condattr_init(&a), "pthread_condattr_init");
    if (!default_clock)
        check_pthread(pthread_condattr_setclock(&a, CLOCK_MONOTONIC),
                      "pthread_condattr_setclock");
    check_pthread(pthread_cond_init(&event, &a), "pthread_cond_init");
    pthread_condattr_destroy(&a);
}

static struct timespec now(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) == -1)
        err(1, "clock_gettime");
    return t;
}

/* tv_nsec has to stay below 1e9, or the wait fails with EINVAL. */
static struct timespec add(struct timespec t, double seconds)
{
    t.tv_sec += (time_t)seconds;
    t.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

static double between(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) +
           (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void *make_it_happen(void *unused)
{
    wait_for_enter();
    lock();
    has_happened = true;
    check_pthread(pthread_cond_signal(&event), "pthread_cond_signal");
    unlock();
    return unused;
}

/*
 * Returns whether it happened by then. The deadline is a point in time,
 * not a length: however often the wait returns for nothing, it doesn't
 * move. And what has happened counts, even if the time is up as well.
 */
static bool happens_by(const struct timespec *deadline)
{
    bool result;
    int error = 0;

    lock();
    while (!has_happened && error == 0)
        error = pthread_cond_timedwait(&event, &mutex, deadline);
    result = has_happened;
    unlock();
    if (error != ETIMEDOUT)
        check_pthread(error, "pthread_cond_timedwait");
    return result;
}

int main(int argc, char *argv[])
{
    struct timespec start, deadline, end;
    bool with_event = false, mistake = false;
    double limit = 0.5;
    pthread_t other;
    int opt, error;

    while ((opt = getopt(argc, argv, "t:exh")) != -1) {
        switch (opt) {
        case 't':
            limit = parse_seconds("-t", optarg, 0, 3600);
            break;
        case 'e':
            with_event = true;
            break;
        case 'x':
            mistake = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    init(mistake);
    start = now();
    deadline = add(start, limit);
    say("main", "waits until %.3f s on CLOCK_MONOTONIC",
        between((struct timespec){0, 0}, deadline));
    if (with_event) {
        error = pthread_create(&other, NULL, make_it_happen, NULL);
        check_pthread(error, "pthread_create");
    }

    if (happens_by(&deadline)) {
        say("main", "it happened after %.3f s", between(start, now()));
        check_pthread(pthread_join(other, NULL), "pthread_join");
        return 0;
    }
    end = now();
    say("main", "ETIMEDOUT after %.3f s", between(start, end));
    if (between(end, deadline) > 0)
        errx(1, "that is too early by %.3f s", between(end, deadline));
    return 0; /* which ends the other thread, if there is one */
}
