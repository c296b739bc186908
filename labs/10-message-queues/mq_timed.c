/*
 * mq_timed: how a wait for a message ends without one: at a time of
 * day, or by a signal whose handler doesn't ask to go on.
 *
 * Usage: mq_timed [-t SECONDS]
 *
 * Try:   mq_timed
 *        The end of a wait is a moment, not a duration. Whoever passes
 *        a duration, or monotonic time, means a moment in 1970, and
 *        doesn't wait at all.
 *
 * See:   mq_receive(3), signal(7), clock_gettime(2), poll(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: mq_timed [-t SECONDS]\n"
                           "  -t SECONDS  how long to wait (0.2)\n";

static mqd_t queue;

/* That it ran is all that matters here. */
static void do_nothing(int sig)
{
    (void)sig;
}

/* A queue that nobody sends anything to, without a name. */
static void make_queue(void)
{
    const struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};
    char usual[40], *name;

    snprintf(usual, sizeof usual, "timed-%d", getpid());
    name = object_name(NULL, usual);
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    if (queue == -1)
        err(1, "%s", name);
    if (mq_unlink(name) == -1)
        err(1, "mq_unlink %s", name);
    free(name);
}

static struct timespec from_seconds(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};

    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    return t;
}

/* The moment so many seconds from now, as a time of day. */
static struct timespec in_seconds(double seconds)
{
    struct timespec t = from_seconds(seconds), now;

    if (clock_gettime(CLOCK_REALTIME, &now) == -1)
        err(1, "clock_gettime");
    t.tv_sec += now.tv_sec;
    t.tv_nsec += now.tv_nsec;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Waits until `end`; repeats an interrupted wait if it shall. Nothing
 * has to be computed anew for that: the moment remains the same. */
static void wait_until(const char *what, struct timespec end, bool repeat)
{
    double start = monotonic_seconds();
    char byte;

    do {
        if (mq_timedreceive(queue, &byte, 1, NULL, &end) >= 0)
            errx(1, "a message, from nobody");
    } while (errno == EINTR && repeat);
    if (errno != EINTR && errno != ETIMEDOUT)
        err(1, "mq_timedreceive");
    say(what, "%s after %.2f s", errno == EINTR ? "EINTR" : "ETIMEDOUT",
        monotonic_seconds() - start);
}

/* Lets SIGALRM come every so many seconds; 0: no longer. */
static void alarm_every(double seconds, int flags)
{
    struct sigaction action = {.sa_handler = do_nothing, .sa_flags = flags};
    struct itimerspec spec = {.it_value = from_seconds(seconds),
                              .it_interval = from_seconds(seconds)};
    static timer_t timer;
    static bool made;

    if (sigaction(SIGALRM, &action, NULL) == -1)
        err(1, "sigaction");
    if (!made && timer_create(CLOCK_MONOTONIC, NULL, &timer) == -1)
        err(1, "timer_create");
    made = true;
    if (timer_settime(timer, 0, &spec, NULL) == -1)
        err(1, "timer_settime");
}

/* To wait for a duration, by a clock that nobody sets: on Linux, a
 * queue is a descriptor. poll() is never restarted, and then what is
 * left has to be computed. */
static void wait_by_poll(double seconds)
{
    struct pollfd wanted = {.fd = queue, .events = POLLIN};
    double start = monotonic_seconds(), left = seconds;
    int ready;

    do {
        ready = poll(&wanted, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
        left = start + seconds - monotonic_seconds();
    } while (ready == -1 && errno == EINTR);
    if (ready == -1)
        err(1, "poll");
    say("poll", "%d ready after %.2f s", ready, seconds - left);
}

int main(int argc, char *argv[])
{
    double seconds = 0.2;
    int opt;

    while ((opt = getopt(argc, argv, "ht:")) != -1) {
        if (opt != 't')
            usage(opt, help);
        seconds = parse_seconds("-t", optarg, 0.01, 1000);
    }
    if (optind < argc)
        usage('?', help);
    make_queue();

    wait_until("time of day", in_seconds(seconds), true);
    wait_until("duration", from_seconds(seconds), true);
    wait_until("monotonic", from_seconds(monotonic_seconds() + seconds), true);

    alarm_every(seconds / 4, 0);
    wait_until("handler", in_seconds(1000), false);
    wait_until("repeated", in_seconds(seconds), true);
    alarm_every(seconds / 4, SA_RESTART);
    wait_until("SA_RESTART", in_seconds(seconds), false);
    alarm_every(0, 0);

    wait_by_poll(seconds);
    mq_close(queue);
    return 0;
}
