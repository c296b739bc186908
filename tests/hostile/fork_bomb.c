/*
 * fork_bomb: forks as often as it can, and so does each child.
 *
 * Verdict: 43 of 50: the first test ends in a timeout
 * Held by: the limit on processes; the end of the sandbox, or reaping, for
 * what it made
 */
#include "attack.h"

enum { MOST = 3000 };

static void attack(void)
{
    atomic_int *made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    never_as_host_root();
    if (made == MAP_FAILED)
        return;
    /* When it is too many already they stay: there is no use in computing. */
    while (atomic_load(made) < MOST) {
        pid_t pid = fork();

        if (pid == -1)
            break;
        if (pid > 0 && atomic_fetch_add(made, 1) == MOST - 1)
            escaped("%d processes", MOST);
    }
    for (;;)
        pause();
}
