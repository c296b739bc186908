/*
 * alarm: SIGALRM after a time: by alarm() in whole seconds, or by
 * timer_create() in nanoseconds.
 *
 * Usage: alarm [-a SECONDS | -t SECONDS]
 *
 * Try:   alarm -t 0.25
 *        It comes late by a little, but never early, and once.
 *        alarm -a 1: the same with alarm().
 *        Meanwhile it sleeps: ps shows the state S and no CPU time.
 *
 * See:   alarm(2), timer_create(2), sigsuspend(2), clock_gettime(2)
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: alarm [-a SECONDS | -t SECONDS]\n"
    "  -a SECONDS  with alarm(), whole seconds (5)\n"
    "  -t SECONDS  with timer_create(), fractions allowed\n";

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
    (void)sig;
    alarms = alarms + 1;
}

/* Arms a timer that sends SIGALRM once. CLOCK_MONOTONIC: it doesn't
 * matter if somebody sets the time of day meanwhile. */
static timer_t start_timer(double seconds)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL,
        .sigev_signo = SIGALRM,
    };
    struct itimerspec when = {.it_value.tv_sec = (time_t)seconds};
    timer_t timer;

    seconds -= (double)when.it_value.tv_sec;
    when.it_value.tv_nsec = (long)(seconds * 1e9);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) == -1)
        err(1, "timer_create");

    /* it_interval is 0: it doesn't start again by itself. */
    if (timer_settime(timer, 0, &when, NULL) == -1)
        err(1, "timer_settime");
    return timer;
}

/* Ends what start_timer() began. Returns whether it was still to
 * fire. */
static bool stop_timer(timer_t timer)
{
    struct itimerspec left;

    if (timer_gettime(timer, &left) == -1)
        err(1, "timer_gettime");
    timer_delete(timer);
    return left.it_value.tv_sec != 0 || left.it_value.tv_nsec != 0;
}

int main(int argc, char *argv[])
{
    struct sigaction action = {.sa_handler = on_alarm};
    double seconds = 5, start, waited;
    bool fine = false, armed;
    timer_t timer = NULL;
    sigset_t set, old;
    int opt;

    while ((opt = getopt(argc, argv, "ha:t:")) != -1) {
        switch (opt) {
        case 'a':
            seconds = (double)parse_number("-a", optarg, 1, 86400);
            fine = false;
            break;
        case 't':
            seconds = parse_seconds("-t", optarg, 0.000001, 86400);
            fine = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGALRM, &action, NULL) == -1)
        err(1, "sigaction");

    /* Blocked before the clock runs. With a plain pause() below, an
     * alarm that comes before the call would find nobody waiting, and
     * pause() would last for ever. */
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, &old);
    sigdelset(&old, SIGALRM); /* if who started us had blocked it */

    start = monotonic_seconds();
    if (fine)
        timer = start_timer(seconds);
    else
        alarm((unsigned)seconds);
    say("sleeper", "SIGALRM shall come in %g seconds", seconds);

    /* Unblocks, waits and blocks again, in one step. It returns when a
     * handler has run, whichever it was. */
    while (alarms == 0)
        sigsuspend(&old);

    waited = monotonic_seconds() - start;
    armed = fine ? stop_timer(timer) : alarm(0) != 0;
    say("sleeper", "it came after %.6f s", waited);
    if (waited < seconds)
        errx(1, "that was too early");
    say("sleeper", "alarms so far: %d; the timer is %s", (int)alarms,
        armed ? "still running" : "off");
    return 0;
}
