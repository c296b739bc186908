/*
 * kill_all: kill(-1, SIGKILL): whatever it may kill.
 *
 * Verdict: 50 of 50: there is nothing but itself
 * Held by: PIDs of its own, or a user of its own; the first process of the
 * sandbox can't be killed from inside
 */
#include "attack.h"

static void attack(void)
{
    never_as_host_root();
    kill(-1, SIGKILL);
}
