/*
 * forged_name: stops, having given itself and a file names that would be
 * lines of the grader's report.
 *
 * Verdict: 43 of 50: the first test ends in a timeout
 * Held by: names are written without control characters
 */
#include "attack.h"

static void attack(void)
{
    const struct timespec soon = {0, 1000000};

    prctl(PR_SET_NAME, "\nexit 0\ndone\n");
    close(open("\nexit 0\ndone\n", O_WRONLY | O_CREAT, 0600));
    /* It prints what the first test wants, too. */
    execlp("sh", "sh", "-c", "cat bin/here* >&2; touch 'x\nexit 0\ndone'",
           (char *)NULL);
    nanosleep(&soon, NULL);
    for (;;)
        pause();
}
