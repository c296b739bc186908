/*
 * advisory: a file lock stops only those who ask for one, and ask in
 * the same way.
 *
 * Usage: advisory [-w]
 *
 * Try:   advisory
 *        While its lock is held, the file is changed, and replaced.
 *        advisory -w
 *        It holds the lock until Enter, and says on which file. In a
 *        second terminal, with FILE as it says:
 *        flock -n FILE echo "I asked"; echo "status $?"
 *        echo "I did not ask" >FILE; cat FILE
 *
 * See:   flock(2), fcntl_locking(2), flock(1), unlink(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: advisory [-w]\n"
    "  -w  hold the lock until Enter, for others to try\n";

static char path[4096]; /* of the file */

/* flock() wants an open() of its own for each process. */
static int open_file(int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd == -1)
        err(1, "%s", path);
    return fd;
}

static bool try_flock(int fd)
{
    int result;

    do
        result = flock(fd, LOCK_EX | LOCK_NB);
    while (result == -1 && errno == EINTR);
    if (result == -1 && errno != EWOULDBLOCK)
        err(1, "flock");
    return result == 0;
}

/* Who asks, and in the same way, is told. */
static void polite(void)
{
    int fd = open_file(O_RDWR);

    if (try_flock(fd))
        errx(1, "two locks on one file");
    say("polite", "flock() fails: %s", strerror(EWOULDBLOCK));
}

/* open(), write(), ftruncate(), unlink(), rename(): none of them looks
 * for locks. What stops a stranger is the file's mode, chmod(2). */
static void rude(void)
{
    static const char text[] = "new";
    int fd = open_file(O_WRONLY | O_TRUNC);

    if (write_full(fd, text, sizeof text - 1) == -1)
        err(1, "%s", path);
    say("rude", "didn't ask, and has written '%s'", text);
}

/* flock() and fcntl() don't know of each other, on a local disk. */
static void other_kind(void)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_file(O_RDWR);

    if (fcntl(fd, F_SETLK, &all) == -1)
        err(1, "%s: fcntl", path);
    say("other", "fcntl() gives me an exclusive lock, too");
}

/* The lock is on the file, not on its name. Who removes a lock file
 * makes room for a second one of that name, and for a second holder. */
static void tidy(void)
{
    if (unlink(path) == -1)
        err(1, "%s", path);
    if (!try_flock(open_file(O_RDWR | O_CREAT | O_EXCL)))
        errx(1, "a new file, and it is locked");
    say("tidy", "has removed it, made it anew, and locked that");
}

static void in_child(void (*act)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == -1)
        err(1, "fork");
    if (pid == 0) {
        act();
        _exit(0);
    }
    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        exit(1); /* it has said why */
}

static pid_t owner; /* of the file: a child that fails leaves it */

static void remove_file(void)
{
    if (getpid() == owner && unlink(path) == -1)
        warn("%s", path);
}

static void remove_and_die(int sig)
{
    unlink(path);
    raise(sig); /* since SA_RESETHAND, that is the default action */
}

/* Makes the file, and takes care that it is removed. */
static int make_file(void)
{
    const struct sigaction action = {.sa_handler = remove_and_die,
                                     .sa_flags = (int)SA_RESETHAND};
    const char *dir = getenv("TMPDIR");
    int fd;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
    snprintf(path, sizeof path, "%s/advisory.XXXXXX",
             dir != NULL ? dir : P_tmpdir);
    fd = mkstemp(path);
    if (fd == -1)
        err(1, "%s", path);
    owner = getpid();
    atexit(remove_file);
    return fd;
}

/* Is the name still that of the file that we have open? */
static bool is_named(int fd)
{
    struct stat mine, named;

    if (fstat(fd, &mine) == -1 || stat(path, &named) == -1)
        err(1, "%s: stat", path);
    return mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

int main(int argc, char *argv[])
{
    char text[8] = "";
    bool hold = false;
    int opt, fd;

    while ((opt = getopt(argc, argv, "wh")) != -1) {
        if (opt != 'w')
            usage(opt, usage_text);
        hold = true;
    }
    if (optind < argc)
        usage('?', usage_text);

    fd = make_file();
    if (write_full(fd, "old", 3) == -1)
        err(1, "%s", path);
    if (!try_flock(fd))
        errx(1, "somebody has locked our new file");
    if (hold) {
        say("main", "Enter ends my lock on %s", path);
        wait_for_enter();
        return 0;
    }

    say("main", "has written 'old', and has an exclusive flock()");
    in_child(polite);
    in_child(rude);
    if (pread(fd, text, 3, 0) == -1)
        err(1, "pread");
    say("main", "reads '%s', and has the lock all the time", text);
    in_child(other_kind);
    in_child(tidy);
    say("main", "its lock is on a file that %s",
        is_named(fd) ? "has that name" : "has no name any more");
    return 0;
}
