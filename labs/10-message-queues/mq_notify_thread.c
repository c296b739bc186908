/*
 * mq_notify_thread: instead of a signal, a function is called, in a
 * thread of its own.
 *
 * Usage: mq_notify_thread [-n COUNT] [-t SECONDS]
 *
 * Try:   mq_notify_thread
 *        Each call can be in another thread. It isn't a signal handler:
 *        it may print, lock, allocate.
 *
 * Not under valgrind: it complains of what glibc does in mq_notify().
 *
 * See:   mq_notify(3), sigevent(7), pthread_cond_timedwait(3)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: mq_notify_thread [-n COUNT] [-t SECONDS]\n"
                           "  -n COUNT    messages (3)\n"
                           "  -t SECONDS  give up after (5)\n";

static mqd_t queue;

/* What main waits for. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static int taken;

static void make_queue(void)
{
    const struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = sizeof(int)};
    char usual[40], *name;

    snprintf(usual, sizeof usual, "thread-%d", getpid());
    name = object_name(NULL, usual);
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
    if (queue == -1)
        err(1, "%s", name);
    if (mq_unlink(name) == -1)
        err(1, "mq_unlink %s", name);
    free(name);
}

static void on_message(union sigval value);

static void ask_for_notice(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD};

    event.sigev_notify_function = on_message;
    event.sigev_value.sival_int = queue;
    if (mq_notify(queue, &event) == -1)
        err(1, "mq_notify");
}

/* First ask, then empty, as with a signal. So the next call may come
 * while this one isn't over: two can be here at once. */
static void on_message(union sigval value)
{
    int message;

    ask_for_notice();
    while (mq_receive(value.sival_int, (char *)&message, sizeof message,
                      NULL) >= 0) {
        say("thread", "%s takes message %d",
            gettid() == getpid() ? "main" : "a thread of its own", message);
        check_pthread(pthread_mutex_lock(&mutex), "pthread_mutex_lock");
        taken++;
        check_pthread(pthread_cond_signal(&changed), "pthread_cond_signal");
        check_pthread(pthread_mutex_unlock(&mutex), "pthread_mutex_unlock");
    }
    if (errno != EAGAIN)
        err(1, "mq_receive");
}

/* Waits until so many have been taken, in all. */
static void await_taken(int wanted, const struct timespec *end)
{
    int error = 0;

    check_pthread(pthread_mutex_lock(&mutex), "pthread_mutex_lock");
    while (taken < wanted && error == 0)
        error = pthread_cond_timedwait(&changed, &mutex, end);
    check_pthread(error, "pthread_cond_timedwait");
    check_pthread(pthread_mutex_unlock(&mutex), "pthread_mutex_unlock");
}

int main(int argc, char *argv[])
{
    double seconds = 5;
    struct timespec end;
    pthread_condattr_t attr;
    int count = 3, opt;

    while ((opt = getopt(argc, argv, "hn:t:")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 0, 1000000);
            break;
        case 't':
            seconds = parse_seconds("-t", optarg, 0.01, 100000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    check_pthread(pthread_condattr_init(&attr), "pthread_condattr_init");
    check_pthread(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC),
                  "pthread_condattr_setclock");
    check_pthread(pthread_cond_init(&changed, &attr), "pthread_cond_init");
    seconds += monotonic_seconds();
    end.tv_sec = (time_t)seconds;
    end.tv_nsec = (long)((seconds - (double)end.tv_sec) * 1e9);

    make_queue();
    ask_for_notice();
    for (int i = 1; i <= count; i++) {
        if (mq_send(queue, (const char *)&i, sizeof i, 0) == -1)
            err(1, "mq_send");
        await_taken(i, &end);
    }
    say("main", "%d taken", count);
    return 0;
}
