/*
 * endless_output: writes without end.
 *
 * Verdict: 43 of 50: SIGXFSZ ends it
 * Held by: the limit on the size of a file
 */
#include "attack.h"

static void attack(void)
{
    char block[65536];

    memset(block, 'y', sizeof block);
    for (long long n = 0; n < (long long)MOST_MB << 20; n += (int)sizeof block)
        if (write(STDOUT_FILENO, block, sizeof block) <= 0)
            return;
    escaped("%d MB of output", MOST_MB);
}
