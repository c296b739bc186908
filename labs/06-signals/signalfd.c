/*
 * signalfd: signals as input: one poll() waits for them and for other
 * descriptors, and no handler is needed.
 *
 * Usage: signalfd
 *
 * Try:   echo hi | timeout --foreground --preserve-status 0.5 signalfd
 *        In a terminal: signalfd; type lines, press Ctrl-C, send SIGHUP
 *        from elsewhere. SIGTERM ends it. The set of signals is shown
 *        in /proc/PID/fdinfo/3.
 *
 * See:   signalfd(2), poll(2), sigprocmask(2)
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: signalfd\n";

enum { SIGNALS, INPUT };

static int open_signals(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);

    /* Blocked: else their default actions would come first. */
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd == -1)
        err(1, "signalfd");
    return fd;
}

/* Each read gives whole records, one a signal, with all that a handler
 * with SA_SIGINFO would be told. Returns whether to go on. */
static bool take_signal(int fd)
{
    struct signalfd_siginfo info;

    if (read_full(fd, &info, sizeof info) != sizeof info)
        err(1, "signalfd");
    say("loop", "%s from process %d", signal_name((int)info.ssi_signo),
        (int)info.ssi_pid);
    return info.ssi_signo != SIGTERM;
}

/* Returns false at the end of the input. */
static bool take_input(int fd)
{
    char buf[256];
    ssize_t n = read(fd, buf, sizeof buf);

    if (n == -1)
        err(1, "standard input");
    if (n == 0) {
        say("loop", "end of the input");
        return false;
    }
    say("loop", "%zd bytes of input", n);
    return true;
}

int main(int argc, char *argv[])
{
    struct pollfd fds[] = {
        [SIGNALS] = {.events = POLLIN},
        [INPUT] = {.fd = STDIN_FILENO, .events = POLLIN},
    };
    bool go_on = true;
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    if (optind < argc)
        usage('?', help);

    fds[SIGNALS].fd = open_signals();
    say("loop", "I wait for input and for signals");
    while (go_on) {
        /* EINTR is left to a signal that isn't in the set, has a
         * handler, or stops us. */
        if (poll(fds, 2, -1) == -1) {
            if (errno == EINTR)
                continue;
            err(1, "poll");
        }
        if (fds[INPUT].revents != 0 && !take_input(fds[INPUT].fd))
            fds[INPUT].fd = -1; /* poll() leaves it out from now on */
        if (fds[SIGNALS].revents != 0)
            go_on = take_signal(fds[SIGNALS].fd);
    }
    return 0;
}
