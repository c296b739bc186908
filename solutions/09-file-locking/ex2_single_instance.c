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

    /* TODO 1 BEGIN: open it to read and write. If it isn't there, it is
     * made. What is in it may be another's. Would O_CLOEXEC do? */
    struct stat info;

    fd = open(path, O_RDWR | O_CREAT, 0644);
    if (fd == -1 || fstat(fd, &info) == -1)
        err(1, "%s", path);
    if (!S_ISREG(info.st_mode))
        errx(1, "%s: not a regular file", path);
    /* TODO 1 END */
    return fd;
}

/* Ends the program if another process has a lock on the file. */
static void refuse_if_in_use(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    /* TODO 2 BEGIN: ask with F_GETLK for whoever is in the way. If that
     * process has just gone, nobody is. */
    if (fcntl(fd, F_GETLK, &lock) == -1)
        err(1, "%s", path);
    if (lock.l_type != F_UNLCK)
        errx(1, "%s: in use by %d", path, (int)lock.l_pid);
    /* TODO 2 STAND-IN: (void)fd; */
    /* TODO 2 STAND-IN: (void)lock; */
    /* TODO 2 END */
}

/* Returns when the whole file is locked for us alone. If another has a
 * lock, waits for it; or, without -w, says whose it is, and ends. */
static void take_lock(int fd, bool wait)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    /* TODO 1 BEGIN: F_SETLKW waits, F_SETLK fails with EAGAIN or, says
     * POSIX, EACCES if another is in the way. Then see who it is, and
     * try again if nobody is there any more. */
    while (fcntl(fd, wait ? F_SETLKW : F_SETLK, &lock) == -1) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EACCES)
            err(1, "%s", path);
        refuse_if_in_use(fd);
    }
    /* TODO 1 STAND-IN: (void)fd; */
    /* TODO 1 STAND-IN: (void)wait; */
    /* TODO 1 STAND-IN: (void)lock; */
    /* TODO 1 STAND-IN: (void)refuse_if_in_use; */
    /* TODO 1 END */
}

/* Whether the file that we have open is the one that LOCKFILE names
 * now: somebody may have removed it while we waited. */
static bool is_current(int fd)
{
    /* TODO 3 BEGIN: one file has one number on one device. */
    struct stat ours, named;

    if (fstat(fd, &ours) == -1)
        err(1, "%s", path);
    if (stat(path, &named) == -1) {
        if (errno != ENOENT)
            err(1, "%s", path);
        return false;
    }
    return ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
    /* TODO 3 STAND-IN: (void)fd; */
    /* TODO 3 STAND-IN: return true; */
    /* TODO 3 END */
}

/* Writes our PID into the file: that, a newline, and nothing else. */
static void write_pid(int fd)
{
    /* TODO 3 BEGIN: through this descriptor: if you closed another one
     * of the file, the lock would be gone. */
    char text[32];
    int len = snprintf(text, sizeof text, "%d\n", (int)getpid());

    if (ftruncate(fd, 0) == -1 || write_full(fd, text, (size_t)len) == -1)
        err(1, "%s", path);
    /* TODO 3 STAND-IN: (void)fd; */
    /* TODO 3 END */
}

/* Becomes the command. */
static _Noreturn void become(char *argv[])
{
    /* TODO 1 BEGIN: this process keeps its locks when it executes
     * another program; a child has none of them. If there is no such
     * program, the status is 127 as in a shell, otherwise 126. */
    int status;

    execvp(argv[0], argv);
    status = errno == ENOENT ? 127 : 126;
    warn("%s", argv[0]);
    exit(status);
    /* TODO 1 STAND-IN: errx(1, "%s: not yet", argv[0]); */
    /* TODO 1 END */
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
