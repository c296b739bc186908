/*
 * beneath.h: opens what is in a folder, and nothing else, whatever the
 * path says that somebody else has sent.
 */
#ifndef BENEATH_H
#define BENEATH_H

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Opens what a path means under root. The kernel itself sees to it that
 * the way never leads out of there, by "..", by a link, or by a folder
 * that is moved meanwhile: no check of the text could. Returns -1 with
 * errno from openat2(2); EXDEV if it does lead out. Never waits for the
 * other end of a FIFO.
 */
static inline int open_beneath(int root, const char *path, int flags)
{
    /* As <linux/openat2.h> has it, which isn't everywhere. */
    const struct {
        uint64_t flags, mode, resolve;
    } how = {(uint64_t)(flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), 0,
             0x08 /* RESOLVE_BENEATH */ | 0x02 /* ..._NO_MAGICLINKS */};

    path += strspn(path, "/");
    if (*path == '\0')
        path = ".";
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

#endif
