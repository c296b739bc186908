/*
 * eof: a reader gets end of file once every write end is closed.
 *
 * Usage: eof [-t SECONDS]
 *
 * Try:   eof
 *        Then eof_broken, the same program but for one close(): look
 *        at both with diff.
 *
 * See:   pipe(7), read(2), proc(5), sigtimedwait(2)
 */
#include <err.h>
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char usage_text[] =
    "Usage: eof [-t SECONDS]\n"
    "  -t SECONDS  give up if the reader waits longer (5)\n";

static void receive(int fd)
{
    char buf[256];
    ssize_t n;

    while ((n = read(fd, buf, sizeof buf)) > 0)
        say("reader", "got %zd bytes", n);
    if (n == -1)
        err(1, "read");
    say("reader", "end of file");
}

/* Waits for the end of a child, which SIGCHLD tells. The signal has to
 * be blocked since before the fork: it waits for us, then. */
static bool a_child_ends_within(double seconds)
{
    struct timespec limit = {.tv_sec = (time_t)seconds};
    sigset_t set;
    int sig;

    limit.tv_nsec = (long)((seconds - (double)limit.tv_sec) * 1e9);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    do
        sig = sigtimedwait(&set, NULL, &limit);
    while (sig == -1 && errno == EINTR);
    return sig == SIGCHLD;
}

/*
 * Names every open write end of a pipe. /proc/PID/fd has a link for
 * each descriptor of a process. It leads to the pipe, which has an
 * inode number; the link's own mode says whether one can write to it.
 */
static void name_writers(const struct stat *pipe_end)
{
    glob_t found;

    if (glob("/proc/[0-9]*/fd/*", 0, NULL, &found) != 0)
        errx(1, "glob: can't look into /proc");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        struct stat link, file;

        if (lstat(path, &link) == -1 || stat(path, &file) == -1)
            continue; /* it is closed by now, or not ours to see */
        if (file.st_dev == pipe_end->st_dev &&
            file.st_ino == pipe_end->st_ino && (link.st_mode & S_IWUSR))
            warnx("an open write end: %s", path);
    }
    globfree(&found);
}

int main(int argc, char *argv[])
{
    static const char line[] = "that is all\n";
    double limit = 5;
    struct stat pipe_end;
    sigset_t set;
    int ends[2], status, opt;
    pid_t parent = getpid(), child;

    while ((opt = getopt(argc, argv, "t:h")) != -1) {
        if (opt != 't')
            usage(opt, usage_text);
        limit = parse_seconds("-t", optarg, 0.01, 3600);
    }
    if (optind < argc)
        usage('?', usage_text);

    if (pipe(ends) == -1)
        err(1, "pipe");
    if (fstat(ends[READ_END], &pipe_end) == -1)
        err(1, "fstat");

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    child = fork();
    switch (child) {
    case -1:
        err(1, "fork");
    case 0:
        /* A reader that waits for ever shall not outlive its parent. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            return 1; /* too late: it is dead already */

        close(ends[WRITE_END]);
        receive(ends[READ_END]);
        return 0;
    }

    close(ends[READ_END]);
    if (write_full(ends[WRITE_END], line, sizeof line - 1) == -1)
        err(1, "write");
    say("writer", "sent %zu bytes", sizeof line - 1);
    close(ends[WRITE_END]);

    if (!a_child_ends_within(limit)) {
        warnx("the reader, process %d, still waits after %g s: it gets "
              "no end of file while a write end is open",
              (int)child, limit);
        name_writers(&pipe_end);
        kill(child, SIGKILL);
    }
    if (waitpid(child, &status, 0) == -1)
        err(1, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
