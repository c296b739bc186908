/*
 * cpu_spin: computes without end, in four processes.
 *
 * Verdict: 43 of 50: the first test ends in a timeout
 * Held by: the deadline, and the limit on CPU time
 */
#include "attack.h"

static void attack(void)
{
    volatile unsigned n = 0;

    fork();
    fork();
    for (;;)
        n++;
}
