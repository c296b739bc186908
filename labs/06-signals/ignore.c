/*
 * ignore: an ignored signal is thrown away when it comes; SIGKILL and
 * SIGSTOP can't be ignored.
 *
 * Usage: ignore [-s SIGNAL]
 *
 * Try:   ignore
 *        In a terminal it waits for Enter: press Ctrl-C before that. In
 *        /proc/PID/status, SigIgn has a bit for each ignored signal.
 *        ignore -s TERM, and kill it from another terminal.
 *        ignore -s KILL: refused.
 *
 * See:   sigaction(2), sigpending(2), signal(7), nohup(1)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: ignore [-s SIGNAL]\n"
    "  -s SIGNAL  which to ignore, such as TERM or 15 (INT)\n";

static const struct sigaction ignored = {.sa_handler = SIG_IGN};

/* Otherwise nothing could end or stop a program that doesn't want to.
 * Nor can these two be blocked; an attempt at that isn't reported. */
static void try_the_two(void)
{
    static const int sigs[] = {SIGKILL, SIGSTOP};

    for (int i = 0; i < 2; i++) {
        if (sigaction(sigs[i], &ignored, NULL) == 0)
            errx(1, "%s can be ignored", signal_name(sigs[i]));
        say("ignorer", "%s: refused: %s", signal_name(sigs[i]),
            strerror(errno));
    }
}

/* A blocked signal would be kept until it is unblocked. An ignored one
 * isn't kept. */
static void show_pending(int sig)
{
    sigset_t pending;

    if (sigpending(&pending) == -1)
        err(1, "sigpending");
    say("ignorer", "%s is %spending", signal_name(sig),
        sigismember(&pending, sig) ? "" : "not ");
}

int main(int argc, char *argv[])
{
    int sig = SIGINT;
    int opt;

    while ((opt = getopt(argc, argv, "hs:")) != -1) {
        if (opt != 's')
            usage(opt, help);
        sig = parse_signal("-s", optarg);
    }
    if (optind < argc)
        usage('?', help);

    if (sigaction(sig, &ignored, NULL) == -1)
        err(1, "%s can't be ignored", signal_name(sig));
    say("ignorer", "%s: ignored from now on", signal_name(sig));
    try_the_two();

    if (kill(getpid(), sig) == -1)
        err(1, "kill");
    say("ignorer", "I sent myself %s, and live", signal_name(sig));
    show_pending(sig);

    say("ignorer", "Enter ends me; %s doesn't", signal_name(sig));
    wait_for_enter();
    return 0;
}
