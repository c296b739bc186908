/*
 * kill_group: kill(0, SIGKILL): its own process group, in which a shell
 * would have its grader.
 *
 * Verdict: 43 of 50: it has killed itself
 * Held by: a session and a process group of its own
 */
#include "attack.h"

static void attack(void)
{
    kill(0, SIGKILL);
}
