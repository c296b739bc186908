/*
 * signal_grader: sends every other process the signals that stop, end or
 * wake it.
 *
 * Verdict: 43 of 50: the first test was ended by it
 * In the fallback: 50 of 50: it may signal none of them
 * Held by: the first process of the sandbox takes no SIGKILL or SIGSTOP
 * from inside, and asked to stop by SIGTERM it ends the sandbox; or another
 * user's processes
 */
#include "attack.h"

static void signal_it(pid_t pid)
{
    static const int signals[] = {SIGSTOP, SIGINT,  SIGHUP, SIGUSR1,
                                  SIGCHLD, SIGKILL, SIGTERM};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        kill(pid, signals[i]);
}

static void attack(void)
{
    never_as_host_root();
    for_others(signal_it);
}
