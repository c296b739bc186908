/*
 * forged_report: writes into whatever other processes have open: the
 * grader's report among it.
 *
 * Verdict: 50 of 50: it can't open any of them
 * Held by: the first process of the sandbox isn't dumpable; PIDs of its
 * own, or another user
 */
#include "attack.h"

static void write_into(pid_t pid)
{
    char path[PATH_MAX];

    for (int n = 0; n < 64; n++) {
        int fd;

        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, n);
        fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK);
        if (fd != -1 && dprintf(fd, "exit 0\ndone\n") > 0)
            escaped("wrote into %s", path);
        close(fd);
    }
}

static void attack(void)
{
    for_others(write_into);
}
