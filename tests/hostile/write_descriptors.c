/*
 * write_descriptors: writes to every descriptor that it has inherited.
 *
 * Verdict: 50 of 50: there are 0 to 2 only
 * Held by: all others are closed before it starts
 */
#include "attack.h"

static void attack(void)
{
    for (int fd = 3; fd < 65536; fd++)
        if (dprintf(fd, "ok 1 forged\n") > 0 || fcntl(fd, F_GETFD) != -1)
            escaped("descriptor %d", fd);
}
