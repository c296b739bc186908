/*
 * ex2_single_instance: runs a command, but never twice at the same time.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_single_instance [-w] LOCKFILE COMMAND [ARG...]
 *
 * Try:   ex2_single_instance lock ls -l lock; rm lock
 *        ex2_single_instance lock sleep 60
 *        The same in another terminal. Look with lslocks and cat lock,
 *        there; then with -w.
 *
 * See:   fcntl(2) and F_SETLK(2const), execvp(3), stat(2), proc_locks(5)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex2_single_instance [-w] LOCKFILE COMMAND [ARG...]\n"
    "Runs COMMAND while it has a lock on LOCKFILE.\n"
    "  -w  if another has it, wait\n";

static const char *path;

/* Returns a descriptor of LOCKFILE that COMMAND will have, too. */
static int open_lock_file(void)
{
    int fd = -1;

    /* TODO 1: open it to read and write. If it isn't there, it is
     * made. What is in it may be another's. Would O_CLOEXEC do? */
    return fd;
}

/* Ends the program if another process has a lock on the file. */
static void refuse_if_in_use(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    /* TODO 2: ask with F_GETLK for whoever is in the way. If that
     * process has just gone, nobody is. */
    (void)fd;
    (void)lock;
}

/* Returns when the whole file is locked for us alone. If another has a
 * lock, waits for it; or, without -w, says whose it is, and ends. */
static void take_lock(int fd, bool wait)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    /* TODO 1: F_SETLKW waits, F_SETLK fails with EAGAIN or, says
     * POSIX, EACCES if another is in the way. Then see who it is, and
     * try again if nobody is there any more. */
    (void)fd;
    (void)wait;
    (void)lock;
    (void)refuse_if_in_use;
}

/* Whether the file that we have open is the one that LOCKFILE names
 * now: somebody may have removed it while we waited. */
static bool is_current(int fd)
{
    /* TODO 3: one file has one number on one device. */
    (void)fd;
    return true;
}

/* Writes our PID into the file: that, a newline, and nothing else. */
static void write_pid(int fd)
{
    /* TODO 3: through this descriptor: if you closed another one
     * of the file, the lock would be gone. */
    (void)fd;
}

/* Becomes the command. */
static _Noreturn void become(char *argv[])
{
    /* TODO 1: this process keeps its locks when it executes
     * another program; a child has none of them. If there is no such
     * program, the status is 127 as in a shell, otherwise 126. */
    errx(1, "%s: not yet", argv[0]);
}

int main(int argc, char *argv[])
{
    bool wait = false;
    int opt, fd;

    /* '+': what comes after COMMAND belongs to that. */
    while ((opt = getopt(argc, argv, "+hw")) != -1) {
        if (opt != 'w')
            usage(opt, usage_text);
        wait = true;
    }
    if (argc - optind < 2)
        usage('?', usage_text);
    path = argv[optind];

    fd = open_lock_file();
    take_lock(fd, wait);
    while (!is_current(fd)) {
        close(fd);
        fd = open_lock_file();
        take_lock(fd, wait);
    }
    write_pid(fd);
    become(&argv[optind + 1]);
}
