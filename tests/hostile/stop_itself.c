/*
 * stop_itself: stops itself with SIGSTOP.
 *
 * Verdict: 43 of 50: the first test ends in a timeout
 * Held by: the deadline
 */
#include "attack.h"

static void attack(void)
{
    raise(SIGSTOP);
}
