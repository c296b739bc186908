/*
 * mask: a blocked signal isn't lost: it is pending, once, however often
 * it was sent, and comes when it is unblocked.
 *
 * Usage: mask [-n COUNT] [-s SIGNAL]
 *
 * Try:   mask
 *        In a terminal it waits for Enter: send it more, look with grep
 *        Sig /proc/PID/status at SigBlk, the mask, and at ShdPnd, what
 *        is pending; each has a bit for every signal.
 *        mask -s RTMIN: real-time signals do count.
 *        mask -s KILL: can't be blocked. Then echo $?
 *
 * See:   sigprocmask(2), sigpending(2), signal(7)
 */
#include <err.h>
#include <signal.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: mask [-n COUNT] [-s SIGNAL]\n"
                           "  -n COUNT   how often it is sent (3)\n"
                           "  -s SIGNAL  such as TERM or 15 (INT)\n";

static volatile sig_atomic_t delivered;

static void on_signal(int sig)
{
    (void)sig;
    delivered = delivered + 1;
}

static void show(int sig)
{
    sigset_t pending;

    if (sigpending(&pending) == -1)
        err(1, "sigpending");
    say("masker", "%s is %spending; calls of its handler so far: %d",
        signal_name(sig), sigismember(&pending, sig) ? "" : "not ",
        (int)delivered);
}

int main(int argc, char *argv[])
{
    struct sigaction action = {.sa_handler = on_signal};
    int count = 3, sig = SIGINT, opt;
    sigset_t set;

    while ((opt = getopt(argc, argv, "hn:s:")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 0, 1000);
            break;
        case 's':
            sig = parse_signal("-s", optarg);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    sigemptyset(&action.sa_mask);
    if (sigaction(sig, &action, NULL) == -1)
        err(1, "%s can't have a handler", signal_name(sig));

    /* SIG_BLOCK adds to the mask; SIG_UNBLOCK takes away; SIG_SETMASK
     * replaces it. Each thread has a mask of its own: a program that
     * has several calls pthread_sigmask(). */
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_BLOCK, &set, NULL);
    say("masker", "%s is blocked", signal_name(sig));

    for (int i = 0; i < count; i++)
        kill(getpid(), sig);
    say("masker", "I have sent it %d times", count);
    show(sig);

    say("masker", "Enter makes me unblock it");
    wait_for_enter();

    /* What is pending comes before this call returns. */
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    show(sig);
    return 0;
}
