/*
 * trace_grader: traces every other process, and ends it on the way out.
 *
 * Verdict: 50 of 50: none lets it
 * Held by: the first process of the sandbox isn't dumpable; PIDs or a user
 * of its own
 */
#include "attack.h"

static void trace(pid_t pid)
{
    if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_EXITKILL) == 0)
        escaped("traced %d", (int)pid);
}

static void attack(void)
{
    for_others(trace);
}
