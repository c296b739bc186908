/*
 * daemon: leaves a process in a session of its own that ignores every
 * signal it can, and has lost its parent.
 *
 * Verdict: 43 of 50: the process that was left is seen
 * Held by: the end of the PID namespace, or reaping by user
 */
#include "attack.h"

static void attack(void)
{
    if (fork() != 0) {
        wait(NULL);
        return;
    }
    setsid();
    if (fork() != 0)
        _exit(0);
    setsid();
    for (int sig = 1; sig <= SIGRTMAX; sig++)
        signal(sig, SIG_IGN);
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
    prctl(PR_SET_PDEATHSIG, 0);
    prctl(PR_SET_NAME, "ex1_daemon");
    for (;;)
        pause();
}
