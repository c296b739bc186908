/*
 * ex1_logger: collects lines that any number of processes write to one
 * FIFO.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_logger FIFO
 *
 * Try:   mkfifo f; ex1_logger f & id | timeout 1 dd of=f; kill $!; wait; rm -f f
 *        ex1_logger f
 *        In other terminals: cat >f, and type lines. End one with
 *        Ctrl-D, in the middle of a line too; at last Ctrl-C here.
 *
 * See:   fifo(7), pipe(7), open(2), poll(2), signalfd(2), flock(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex1_logger FIFO\n"
    "Writes each line that comes through FIFO to standard output,\n"
    "until SIGINT or SIGTERM.\n";

static const char *path;
static int fifo = -1;   /* we read here */
static int keeper = -1; /* a write end of ours, or -1 */

static char line[PIPE_BUF]; /* a line that isn't complete yet */
static size_t length;       /* how much of it there is */

/* Makes the FIFO, if it isn't there, and opens it to read. */
static void open_fifo(void)
{
    /* TODO 1 BEGIN: this open() must not wait for a writer. Whatever is
     * at the path and isn't a FIFO is refused, and stays as it is. An
     * ending logger may remove the FIFO between two calls of yours. */
    const int how = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
    struct stat info;

    do {
        if (mkfifo(path, 0622) == -1 && errno != EEXIST)
            err(1, "%s", path);
        fifo = open(path, how);
    } while (fifo == -1 && errno == ENOENT);
    if (fifo == -1 || fstat(fifo, &info) == -1)
        err(1, "%s", path);
    if (!S_ISFIFO(info.st_mode))
        errx(1, "%s: not a FIFO", path);
    /* TODO 1 STAND-IN: errx(1, "%s: not yet", path); */
    /* TODO 1 END */
}

/* Ends the program if another logger has the lock on the FIFO. */
static void lock_fifo(void)
{
    /* TODO 4 BEGIN: flock() without waiting. */
    if (flock(fifo, LOCK_EX | LOCK_NB) == -1) {
        if (errno == EWOULDBLOCK)
            errx(1, "%s: in use", path);
        err(1, "%s", path);
    }
    /* TODO 4 END */
}

/* Whether the path leads to the FIFO that we have open. */
static bool is_in_place(void)
{
    /* TODO 4 BEGIN: one file has one number on one device. */
    struct stat ours, named;

    return fstat(fifo, &ours) == 0 && lstat(path, &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
    /* TODO 4 STAND-IN: return true; */
    /* TODO 4 END */
}

/* Removes the FIFO, and nothing else. Called at each exit(). */
static void remove_fifo(void)
{
    /* TODO 4 BEGIN: only what is ours. */
    if (is_in_place() && unlink(path) == -1)
        warn("%s", path);
    /* TODO 4 END */
}

/* Writes the line, as it is in line[], and begins a new one. */
static void end_line(void)
{
    /* TODO 2 BEGIN: with its newline, in one write. */
    line[length++] = '\n';
    if (write_full(STDOUT_FILENO, line, length) == -1)
        err(1, "standard output");
    length = 0;
    /* TODO 2 END */
}

/* Takes n bytes that have come. Where a read() ends says nothing about
 * where a line does. */
static void take(const char *bytes, size_t n)
{
    /* TODO 2 BEGIN: add them to line[]. There must always be room for
     * a newline; what doesn't fit is dropped. */
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n')
            end_line();
        else if (length < sizeof line - 1)
            line[length++] = bytes[i];
    }
    /* TODO 2 STAND-IN: (void)line; */
    /* TODO 2 STAND-IN: (void)length; */
    /* TODO 2 STAND-IN: (void)bytes; */
    /* TODO 2 STAND-IN: (void)n; */
    /* TODO 2 STAND-IN: end_line(); */
    /* TODO 2 END */
}

/* Reads once. Returns what read() has. */
static ssize_t collect(void)
{
    char bytes[PIPE_BUF];
    ssize_t n = read(fifo, bytes, sizeof bytes);

    if (n == -1 && errno != EAGAIN && errno != EINTR)
        err(1, "%s", path);
    if (n > 0)
        take(bytes, (size_t)n);
    /* TODO 3 BEGIN: no writer is left who could complete the line. */
    if (n == 0 && length > 0)
        end_line();
    /* TODO 3 END */
    return n;
}

/* Sees to it that we have a write end of our own, or have none. */
static void keep_open(bool wanted)
{
    /* TODO 3 BEGIN: the name may be gone, or another's, by now. What
     * /proc/self/fd/N leads to is what descriptor N has open. */
    char self[32];

    if (!wanted && keeper != -1) {
        close(keeper);
        keeper = -1;
    } else if (wanted && keeper == -1) {
        snprintf(self, sizeof self, "/proc/self/fd/%d", fifo);
        keeper = open(self, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (keeper == -1)
            err(1, "%s", path);
    }
    /* TODO 3 STAND-IN: (void)keeper; */
    /* TODO 3 STAND-IN: (void)wanted; */
    /* TODO 3 END */
}

/* Collects until a signal can be read from signals. */
static void serve(int signals)
{
    for (;;) {
        struct pollfd fds[] = {{signals, POLLIN, 0}, {fifo, POLLIN, 0}};

        /* TODO 3 BEGIN: when do we want to see an end of file? */
        keep_open(length == 0);
        /* TODO 3 STAND-IN: keep_open(true); */
        /* TODO 3 END */
        if (poll(fds, 2, -1) == -1) {
            if (errno == EINTR)
                continue;
            err(1, "poll");
        }
        if (fds[0].revents != 0)
            return;
        collect();
    }
}

/* Takes what has arrived up to now: writers that go on and on must not
 * keep us for ever. */
static void end(void)
{
    /* TODO 4 BEGIN: remove the name first, so nobody comes any more;
     * then ask for the number of bytes with FIONREAD. What is left of a
     * line is written, too. */
    int waiting;
    ssize_t n;

    remove_fifo();
    if (ioctl(fifo, FIONREAD, &waiting) == -1)
        err(1, "%s", path);
    for (; waiting > 0 && (n = collect()) > 0; waiting -= (int)n)
        continue;
    if (length > 0)
        end_line();
    /* TODO 4 END */
}

/* From now on SIGINT and SIGTERM don't end us: they can be read. */
static int open_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    int fd;

    sigaction(SIGPIPE, &ignore, NULL); /* write() gives us EPIPE */
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd == -1)
        err(1, "signalfd");
    return fd;
}

int main(int argc, char *argv[])
{
    int opt, signals;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, usage_text);
    if (argc - optind != 1)
        usage('?', usage_text);
    path = argv[optind];

    signals = open_signals();
    open_fifo();
    lock_fifo();
    while (!is_in_place()) {
        close(fifo);
        open_fifo();
        lock_fifo();
    }
    atexit(remove_fifo);
    serve(signals);
    end();
}
