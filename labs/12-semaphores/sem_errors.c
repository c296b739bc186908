/*
 * sem_errors: every error that a semaphore's calls can return, caused
 * on purpose.
 *
 * Usage: sem_errors [-t SECONDS]
 *
 * Try:   sem_errors
 *        The wait with a time limit is interrupted even if SA_RESTART
 *        is set. So EINTR has to be handled in any case.
 *
 * See:   sem_wait(3), sem_clockwait(3), sem_post(3), sem_init(3),
 *        sem_open(3), signal(7) on restarted calls
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: sem_errors [-t SECONDS]\n"
                           "  -t SECONDS  how long to wait (0.1)\n";

static sem_t sem; /* only this process uses it: no memory is shared */
static volatile sig_atomic_t alarms;
static bool surprised;

/* Says what came of a call, and whether that was expected. */
static void say_result(const char *call, int result, int wanted,
                       const char *why)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {EAGAIN, "EAGAIN"}, {ETIMEDOUT, "ETIMEDOUT"},
        {EINTR, "EINTR"},   {EOVERFLOW, "EOVERFLOW"},
        {EINVAL, "EINVAL"}, {ENOENT, "ENOENT"},
        {EEXIST, "EEXIST"}, {ENAMETOOLONG, "ENAMETOOLONG"},
    };
    int error = result == -1 ? errno : 0;
    const char *name = error == 0 ? "0" : strerror(error);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].error == error)
            name = names[i].name;
    }
    say(call, "%s, %s", name, why);
    if (error != wanted)
        surprised = true;
}

static void set(unsigned value)
{
    if (sem_init(&sem, 0, value) == -1)
        err(1, "sem_init");
}

static struct timespec from_seconds(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};

    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    return t;
}

static struct timespec from_now(clockid_t clock, double seconds)
{
    struct timespec t;

    if (clock_gettime(clock, &t) == -1)
        err(1, "clock_gettime");
    seconds += (double)t.tv_nsec / 1e9;
    t.tv_sec += (time_t)seconds;
    t.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9);
    return t;
}

/* A wait that shall end by its time: EINTR is no end, and the moment
 * remains the same. */
static void wait_until(struct timespec end, int wanted, const char *why)
{
    int result;

    do
        result = sem_timedwait(&sem, &end);
    while (result == -1 && errno == EINTR);
    say_result("sem_timedwait", result, wanted, why);
}

static void time_limits(double seconds)
{
    struct timespec end;

    set(0);
    say_result("sem_trywait", sem_trywait(&sem), EAGAIN, "it is 0");
    wait_until(from_now(CLOCK_REALTIME, seconds), ETIMEDOUT,
               "the moment has come");
    end = (struct timespec){.tv_sec = (time_t)seconds + 1};
    wait_until(end, ETIMEDOUT, "a duration is a moment in 1970");
    set(1);
    wait_until(end, 0, "it is 1: the moment doesn't matter");
    end.tv_nsec = 1000000000;
    wait_until(end, EINVAL, "a whole second of nanoseconds");

#ifdef __GLIBC__
    /* By a clock that nobody sets: glibc has that since 2.30. */
    set(0);
    end = from_now(CLOCK_MONOTONIC, seconds);
    int result;

    do
        result = sem_clockwait(&sem, CLOCK_MONOTONIC, &end);
    while (result == -1 && errno == EINTR);
    say_result("sem_clockwait", result, ETIMEDOUT,
               "the moment on CLOCK_MONOTONIC");
#endif
}

/* Only the third alarm posts: a wait that is restarted ends then. Only
 * async-signal-safe functions may be called here: sem_post() is one. */
static void on_alarm(int sig)
{
    (void)sig;
    if (++alarms == 3)
        sem_post(&sem);
}

/* Waits while SIGALRM comes every now and then. */
static void interrupted(double s, int flags, bool timed, int want,
                        const char *why)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct timespec end = from_now(CLOCK_REALTIME, 1000);
    struct itimerspec spec = {0};
    const char *call;
    timer_t timer;
    int result;

    set(0);
    alarms = 0;
    action.sa_flags = flags;
    if (sigaction(SIGALRM, &action, NULL) == -1)
        err(1, "sigaction");
    spec.it_value = from_seconds(s);
    spec.it_interval = spec.it_value;
    if (timer_create(CLOCK_MONOTONIC, NULL, &timer) == -1)
        err(1, "timer_create");
    if (timer_settime(timer, 0, &spec, NULL) == -1)
        err(1, "timer_settime");
    if (timed)
        result = sem_timedwait(&sem, &end);
    else
        result = sem_wait(&sem);
    call = timed ? "sem_timedwait" : "sem_wait";
    say_result(call, result, want, why);
    timer_delete(timer);
}

static void numbers(void)
{
    int result;

    set(SEM_VALUE_MAX);
    say_result("sem_post", sem_post(&sem), EOVERFLOW,
               "it is SEM_VALUE_MAX already");
    result = sem_init(&sem, 0, SEM_VALUE_MAX + 1U);
    say_result("sem_init", result, EINVAL, "more than SEM_VALUE_MAX");
}

static void try(const char *name, int how, int want, const char *why)
{
    sem_t *named = sem_open(name, how, 0600, 1U);

    say_result("sem_open", named == SEM_FAILED ? -1 : 0, want, why);
    if (named != SEM_FAILED)
        sem_close(named);
}

/* The name is that of a file, and glibc puts "sem." before it. */
#ifdef __GLIBC__
enum { TOO_LONG = NAME_MAX - 3 };
#else
enum { TOO_LONG = NAME_MAX + 1 };
#endif

static void names(void)
{
    char usual[40], *name, long_name[TOO_LONG + 2];

    snprintf(usual, sizeof usual, "errors-%d", getpid());
    name = object_name(NULL, usual);
    try(name, 0, ENOENT, "nobody has made it");
    try(name, O_CREAT | O_EXCL, 0, "now it's made");
    try(name, O_CREAT | O_EXCL, EEXIST, "it is there already");
    try(name, O_CREAT, 0, "without O_EXCL: the old one, as it is");
    say_result("sem_unlink", sem_unlink(name), 0, "its name is gone");
    say_result("sem_unlink", sem_unlink(name), ENOENT, "no such name");
    try("/a/b", O_CREAT, EINVAL, "only one slash, the first");
    memset(long_name, 'x', sizeof long_name);
    long_name[0] = '/';
    long_name[TOO_LONG + 1] = '\0';
    try(long_name, O_CREAT, ENAMETOOLONG, "too long for a file");
    free(name);
}

int main(int argc, char *argv[])
{
    double seconds = 0.1;
    int opt;

    while ((opt = getopt(argc, argv, "ht:")) != -1) {
        if (opt != 't')
            usage(opt, help);
        seconds = parse_seconds("-t", optarg, 0.01, 1000);
    }
    if (optind < argc)
        usage('?', help);

    time_limits(seconds);
    interrupted(seconds, 0, false, EINTR, "a handler ran");
    interrupted(seconds, SA_RESTART, false, 0, "SA_RESTART, three ran");
    interrupted(seconds, SA_RESTART, true, EINTR, "the same: one ran");
    numbers();
    names();
    return surprised ? 1 : 0;
}
