/*
 * realtime: of a standard signal one is kept, however many are sent;
 * real-time signals queue, each with a value, in order.
 *
 * Usage: realtime [-n COUNT] [-l LIMIT]
 *
 * Try:   realtime
 *        realtime -l 10
 *        The queue isn't endless: the kernel counts what is pending for
 *        each user. ulimit -i shows the limit.
 *
 * See:   sigqueue(3), sigwaitinfo(2), signal(7), getrlimit(2)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: realtime [-n COUNT] [-l LIMIT]\n"
    "  -n COUNT  send each signal so many times (100)\n"
    "  -l LIMIT  let only so many be pending (as ulimit -i says)\n";

enum { READ_END, WRITE_END };
enum { SIG_COUNT = 3 };

/* What has been received of one signal. */
struct tally {
    int sig, count, last;
    bool in_order;
};

static void tell(const struct tally *t)
{
    if (t->count > 0)
        say("receiver", "%s: %d received, the last has value %d, %s",
            signal_name(t->sig), t->count, t->last,
            t->in_order ? "in order" : "not in order");
}

/* Takes what is pending, without waiting. The kernel decides on the
 * order: we only count how many of the same follow each other. */
static void take_all(const sigset_t *set)
{
    const struct timespec at_once = {0};
    struct tally t = {0};
    siginfo_t info;
    int sig;

    for (;;) {
        sig = sigtimedwait(set, &info, &at_once);
        if (sig == -1 && errno == EINTR)
            continue;
        if (sig == -1)
            break; /* EAGAIN: nothing is pending any more */
        if (sig != t.sig) {
            tell(&t);
            t = (struct tally){sig, 0, -1, true};
        }
        if (info.si_value.sival_int <= t.last)
            t.in_order = false;
        t.last = info.si_value.sival_int;
        t.count++;
    }
    tell(&t);
}

/* The receiver begins when all is sent: at the end of the pipe. */
static _Noreturn void receive(const sigset_t *set, int fd)
{
    char nothing;

    if (read_full(fd, &nothing, 1) == -1)
        err(1, "read");
    take_all(set);
    _exit(0);
}

/* A standard signal is sent in any case, at most without its value. For
 * a real-time signal there has to be room. */
static void send_all(pid_t receiver, int sig, int count)
{
    for (int i = 0; i < count; i++) {
        const union sigval value = {.sival_int = i};

        if (sigqueue(receiver, sig, value) == 0)
            continue;
        if (errno != EAGAIN)
            err(1, "sigqueue");
        say("sender", "%s: %d sent; the queue is full: EAGAIN, %s",
            signal_name(sig), i, strerror(EAGAIN));
        return;
    }
    say("sender", "%s: %d sent", signal_name(sig), count);
}

int main(int argc, char *argv[])
{
    const int sigs[SIG_COUNT] = {SIGUSR1, SIGRTMIN, SIGRTMIN + 1};
    int count = 100, ends[2], status, opt;
    struct rlimit limit;
    long long room;
    sigset_t set;
    pid_t child;

    if (getrlimit(RLIMIT_SIGPENDING, &limit) == -1)
        err(1, "getrlimit");
    while ((opt = getopt(argc, argv, "hn:l:")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 'l':
            room = parse_number("-l", optarg, 0, 1000000);
            limit.rlim_cur = (rlim_t)room;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    /* The limit that counts is the receiver's, who inherits it; what
     * counts are the pending signals of all processes of its user. */
    if (setrlimit(RLIMIT_SIGPENDING, &limit) == -1)
        err(1, "RLIMIT_SIGPENDING");

    /* Blocked before the fork, so the child never runs without. */
    sigemptyset(&set);
    for (int i = 0; i < SIG_COUNT; i++)
        sigaddset(&set, sigs[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (pipe(ends) == -1)
        err(1, "pipe");
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        close(ends[WRITE_END]);
        receive(&set, ends[READ_END]);
    }

    close(ends[READ_END]);

    /* The highest number first. It will come last: of those that are
     * pending, the kernel delivers the lowest. */
    for (int i = SIG_COUNT - 1; i >= 0; i--)
        send_all(child, sigs[i], count);
    close(ends[WRITE_END]);
    if (waitpid(child, &status, 0) == -1)
        err(1, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
