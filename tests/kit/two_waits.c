/*
 * two_waits: waits for SIGTERM, one way that can miss it and one that can't.
 *
 * Usage: two_waits pause | suspend
 *
 * See:   tests/kit/hold.bats
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static volatile sig_atomic_t came;

static void on_term(int sig)
{
    (void)sig;
    came = 1;
    if (write(STDOUT_FILENO, "handled\n", 8) == -1)
        _exit(1);
}

int main(int argc, char *argv[])
{
    const struct sigaction action = {.sa_handler = on_term};
    sigset_t set, before;

    if (argc != 2)
        usage('?', "Usage: two_waits pause | suspend\n");
    sigaction(SIGTERM, &action, NULL);
    if (strcmp(argv[1], "pause") == 0) {
        while (!came)
            pause();
        return 7;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &before);
    while (!came)
        sigsuspend(&before);
    return 8;
}
