/*
 * catch_int: a handler that only sets a flag; the program sees it when
 * it is at a good place to stop.
 *
 * Usage: catch_int [-i SECONDS]
 *
 * Try:   timeout --foreground -s INT 0.5 catch_int -i 0.1; echo $?
 *        124 is timeout's way to say that it had to send the signal.
 *        Run catch_int by itself, too, and press Ctrl-C.
 *        Look with grep Sig /proc/PID/status while it works: in SigCgt
 *        is a bit for each signal that has a handler.
 *
 * See:   sigaction(2), signal(7), signal-safety(7)
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: catch_int [-i SECONDS]\n"
    "  -i SECONDS  how often it tells how far it is (2)\n";

/* The only type that C lets a handler write and its program read.
 * volatile: the compiler must look at it each time around the loop. */
static volatile sig_atomic_t stop;

/* It may run between any two instructions of the program. So it does
 * as little as it can. */
static void on_sigint(int sig)
{
    stop = sig;
}

static bool is_prime(long n)
{
    for (long i = 2; i * i <= n; i++) {
        if (n % i == 0)
            return false;
    }
    return n > 1;
}

int main(int argc, char *argv[])
{
    /* While the handler runs, SIGINT itself is blocked; sa_mask would
     * block more. SA_RESTART: a write() that the signal interrupts
     * goes on, instead of failing with EINTR. */
    struct sigaction action = {
        .sa_handler = on_sigint,
        .sa_flags = SA_RESTART,
    };
    double interval = 2, next;
    long primes = 0, n;
    int opt;

    while ((opt = getopt(argc, argv, "hi:")) != -1) {
        if (opt != 'i')
            usage(opt, help);
        interval = parse_seconds("-i", optarg, 0.001, 3600);
    }
    if (optind < argc)
        usage('?', help);

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) == -1)
        err(1, "sigaction");

    say("worker", "I count primes; Ctrl-C ends that");
    next = monotonic_seconds() + interval;
    for (n = 1; !stop; n++) {
        if (is_prime(n))
            primes++;
        if (monotonic_seconds() >= next) {
            say("worker", "working: %ld primes up to %ld", primes, n);
            next += interval;
        }
    }

    /* No number was left half done: we chose where to stop. */
    say("worker", "%s: I stop here", signal_name(stop));
    say("worker", "there are %ld primes up to %ld", primes, n - 1);
    return 0;
}
