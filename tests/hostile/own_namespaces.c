/*
 * own_namespaces: makes namespaces of its own, in which it is root, and
 * mounts there file systems without a limit.
 *
 * Verdict: 50 of 50: it can't
 * Held by: namespaces can't be made inside the sandbox
 */
#include <sys/mount.h>

#include "attack.h"

static void fill(void)
{
    static char block[1 << 20];
    char name[64];
    int mb = 0;

    memset(block, 1, sizeof block);
    for (; mb < MOST_MB; mb++) {
        int fd;

        snprintf(name, sizeof name, "%s/%d", "/tmp", mb);
        fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd == -1 || write(fd, block, sizeof block) <= 0)
            return;
        close(fd);
    }
    escaped("%d MB in a file system of its own", mb);
}

static void attack(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
            mount("none", "/tmp", "tmpfs", 0, NULL) == 0)
            fill();
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}
