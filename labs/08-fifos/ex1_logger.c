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
    /* TODO 1: this open() must not wait for a writer. Whatever is
     * at the path and isn't a FIFO is refused, and stays as it is. An
     * ending logger may remove the FIFO between two calls of yours. */
    errx(1, "%s: not yet", path);
}

/* Ends the program if another logger has the lock on the FIFO. */
static void lock_fifo(void)
{
    /* TODO 4: flock() without waiting. */
}

/* Whether the path leads to the FIFO that we have open. */
static bool is_in_place(void)
{
    /* TODO 4: one file has one number on one device. */
    return true;
}

/* Removes the FIFO, and nothing else. Called at each exit(). */
static void remove_fifo(void)
{
    /* TODO 4: only what is ours. */
}

/* Writes the line, as it is in line[], and begins a new one. */
static void end_line(void)
{
    /* TODO 2: with its newline, in one write. */
}

/* Takes n bytes that have come. Where a read() ends says nothing about
 * where a line does. */
static void take(const char *bytes, size_t n)
{
    /* TODO 2: add them to line[]. There must always be room for
     * a newline; what doesn't fit is dropped. */
    (void)line;
    (void)length;
    (void)bytes;
    (void)n;
    end_line();
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
    /* TODO 3: no writer is left who could complete the line. */
    return n;
}

/* Sees to it that we have a write end of our own, or have none. */
static void keep_open(bool wanted)
{
    /* TODO 3: the name may be gone, or another's, by now. What
     * /proc/self/fd/N leads to is what descriptor N has open. */
    (void)keeper;
    (void)wanted;
}

/* Collects until a signal can be read from signals. */
static void serve(int signals)
{
    for (;;) {
        struct pollfd fds[] = {{signals, POLLIN, 0}, {fifo, POLLIN, 0}};

        /* TODO 3: when do we want to see an end of file? */
        keep_open(true);
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
    /* TODO 4: remove the name first, so nobody comes any more;
     * then ask for the number of bytes with FIONREAD. What is left of a
     * line is written, too. */
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
