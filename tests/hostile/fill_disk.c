/*
 * fill_disk: fills its current folder, in many files.
 *
 * Verdict: 43 of 50: files are left
 * Held by: a file system of a limited size
 */
#include "attack.h"

#define WHERE "."

static void attack(void)
{
    static char block[1 << 20];
    char name[PATH_MAX];
    int fd, mb = 0;

    signal(SIGXFSZ, SIG_IGN);
    memset(block, 1, sizeof block);
    while (mb < MOST_MB) {
        snprintf(name, sizeof name, "%s/fill-%d-%d", WHERE, (int)getpid(), mb);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd == -1 || write(fd, block, sizeof block) <= 0)
            return;
        close(fd);
        mb++;
    }
    escaped("%d MB in %s", mb, WHERE);
}
