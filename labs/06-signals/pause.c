/*
 * pause: waiting for a signal without a moment in which it could be
 * missed: block it, check, and unblock and wait in one step.
 *
 * Usage: pause [-m METHOD]
 *
 * Try:   pause
 *        Each of the three gets its signal where pause_broken gets it,
 *        between the check and the wait, and wakes up.
 *
 * See:   sigsuspend(2), ppoll(2), signalfd(2), sigprocmask(2)
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: pause [-m METHOD]\n"
                           "  -m METHOD  sigsuspend, ppoll, signalfd\n";

static volatile sig_atomic_t came;

static void on_usr1(int sig)
{
    came = sig;
}

/* The worst moment, as in pause_broken. But now the signal is blocked:
 * the kernel keeps it. */
static void send_it_now(const char *method)
{
    say(method, "SIGUSR1 hasn't come yet");
    kill(getpid(), SIGUSR1);
    say(method, "here it comes, and now I wait for it");
}

/* sigsuspend() sets the mask, waits, and sets the mask back. What was
 * pending is delivered as soon as the mask allows, so it returns. */
static void use_sigsuspend(const sigset_t *unblocked)
{
    while (!came) {
        send_it_now("sigsuspend");
        sigsuspend(unblocked); /* always -1, EINTR */
    }
}

/* ppoll() does the same with a mask of its own, and waits for
 * descriptors and until a time as well: here for neither. */
static void use_ppoll(const sigset_t *unblocked)
{
    while (!came) {
        send_it_now("ppoll");
        if (ppoll(NULL, 0, NULL, unblocked) == -1 && errno != EINTR)
            err(1, "ppoll");
    }
}

/* The signal stays blocked, and no handler runs. It waits until it is
 * read: then, it makes no difference which of the two comes first. */
static void use_signalfd(const sigset_t *set)
{
    struct signalfd_siginfo info;
    int fd = signalfd(-1, set, SFD_CLOEXEC);

    if (fd == -1)
        err(1, "signalfd");
    send_it_now("signalfd");
    if (read_full(fd, &info, sizeof info) != sizeof info)
        err(1, "read");
    came = (int)info.ssi_signo;
    close(fd);
}

static bool chosen(const char *method, const char *only)
{
    came = 0;
    return only == NULL || strcmp(only, method) == 0;
}

static void tell(const char *method)
{
    say(method, "I have got %s", signal_name(came));
}

int main(int argc, char *argv[])
{
    struct sigaction action = {.sa_handler = on_usr1};
    const char *only = NULL;
    sigset_t set, unblocked;
    int opt;

    while ((opt = getopt(argc, argv, "hm:")) != -1) {
        if (opt != 'm')
            usage(opt, help);
        only = optarg;
    }
    if (optind < argc)
        usage('?', help);
    if (only != NULL && strcmp(only, "sigsuspend") != 0 &&
        strcmp(only, "ppoll") != 0 && strcmp(only, "signalfd") != 0)
        errx(2, "-m: no such method: %s", only);

    /* First block it, then let it have a handler, then check. */
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &unblocked);
    sigdelset(&unblocked, SIGUSR1);
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1)
        err(1, "sigaction");

    if (chosen("sigsuspend", only)) {
        use_sigsuspend(&unblocked);
        tell("sigsuspend");
    }
    if (chosen("ppoll", only)) {
        use_ppoll(&unblocked);
        tell("ppoll");
    }
    if (chosen("signalfd", only)) {
        use_signalfd(&set);
        tell("signalfd");
    }
    return 0;
}
