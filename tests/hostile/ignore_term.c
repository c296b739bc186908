/*
 * ignore_term: ignores SIGTERM and everything else, and waits.
 *
 * Verdict: 43 of 50: the first test ends in a timeout
 * Held by: the deadline, and SIGKILL
 */
#include "attack.h"

static void attack(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (;;)
        pause();
}
