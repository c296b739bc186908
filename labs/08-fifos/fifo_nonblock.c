/*
 * fifo_nonblock: what open(), read() and write() say of a FIFO when
 * they mustn't wait: ENXIO, EAGAIN, EPIPE, and end of file.
 *
 * Usage: fifo_nonblock
 *
 * Try:   fifo_nonblock
 *        One process opens both ends, one after the other, so nobody
 *        else changes anything in between. Each line is a call that was
 *        made just now: strace -e openat,read,write,poll fifo_nonblock.
 *
 * See:   fifo(7), pipe(7), open(2), poll(2), mkdtemp(3)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: fifo_nonblock\n";

static char *folder, *path;
static int surprises;

static void remove_fifo(void)
{
    if (path != NULL)
        unlink(path);
    rmdir(folder);
}

/* In a folder of its own, whose name mkdtemp() makes up. */
static void make_fifo(void)
{
    const char *dir = getenv("TMPDIR");

    if (dir == NULL)
        dir = P_tmpdir;
    if (asprintf(&folder, "%s/lab08.XXXXXX", dir) == -1)
        err(1, "asprintf");
    if (mkdtemp(folder) == NULL)
        err(1, "%s", folder);
    atexit(remove_fifo);
    if (asprintf(&path, "%s/fifo", folder) == -1)
        err(1, "asprintf");
    if (mkfifo(path, 0600) == -1)
        err(1, "%s", path);
}

static const char *error_name(int error)
{
    switch (error) {
    case EAGAIN:
        return "EAGAIN";
    case ENXIO:
        return "ENXIO";
    case EPIPE:
        return "EPIPE";
    default:
        return strerror(error);
    }
}

/* Prints a call and its result, and checks that: 0 or more, or an error
 * with a minus sign. The kernel itself returns errors like this. */
static void expect(ssize_t expected, ssize_t result, const char *call)
{
    if (result == -1)
        result = -errno;
    if (result >= 0)
        say("fifo", "%-40s = %zd", call, result);
    else
        say("fifo", "%-40s = %s", call, error_name((int)-result));
    if (result != expected) {
        surprises++;
    }
}

/* An open() that has to succeed. It can't wait, in any mode. */
static int open_it(int mode, const char *call)
{
    int fd = open(path, mode | O_NONBLOCK | O_CLOEXEC);

    if (fd == -1)
        err(1, "%s: %s", path, call);
    say("fifo", "%-40s : open", call);
    return fd;
}

/* The same for what poll() tells at once of a read end. */
static void expect_events(short expected, int fd, const char *call)
{
    struct pollfd asked = {.fd = fd, .events = POLLIN};
    const char *what;

    if (poll(&asked, 1, 0) == -1)
        err(1, "poll");
    if (asked.revents & POLLIN)
        what = asked.revents & POLLHUP ? "POLLIN, POLLHUP" : "POLLIN";
    else
        what = asked.revents & POLLHUP ? "POLLHUP" : "0";
    say("fifo", "%-40s = %s", call, what);
    if (asked.revents != expected)
        surprises++;
}

int main(int argc, char *argv[])
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    char buf[16];
    int in, out, both, opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    if (optind < argc)
        usage('?', help);

    /* Nothing here waits. So signals may, until the FIFO is removed. */
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    make_fifo();

    /* A writer without a reader would have nowhere to write to. A
     * reader without a writer may hope. */
    expect(-ENXIO, open(path, O_WRONLY | O_NONBLOCK),
           "no reader: open for writing");
    in = open_it(O_RDONLY, "no writer: open for reading");

    /* 0 is "nobody who could write", EAGAIN is "nothing yet". */
    expect(0, read(in, buf, sizeof buf), "no writer: read");
    out = open_it(O_WRONLY, "a reader: open for writing");
    expect(-EAGAIN, read(in, buf, sizeof buf), "a writer: read");
    expect(5, write(out, "hello", 5), "a reader: write 5 bytes");
    close(out);

    /* What was written stays, for this reader still has it open. Only
     * then the end of file; and it isn't for ever. */
    expect_events(POLLIN | POLLHUP, in, "the writer has left: poll");
    expect(5, read(in, buf, sizeof buf), "the writer has left: read");
    expect_events(POLLHUP, in, "nothing, no writer: poll");
    expect(0, read(in, buf, sizeof buf), "nothing, no writer: read");
    out = open_it(O_WRONLY, "the next writer: open");
    expect_events(0, in, "the next writer is there: poll");
    expect(-EAGAIN, read(in, buf, sizeof buf),
           "the next writer is there: read");

    close(in);
    expect(-EPIPE, write(out, "x", 1), "the reader has left: write");
    close(out);

    /* Linux: opened for both, it finds itself at the other end. */
    both = open_it(O_RDWR, "nobody else: open for both");
    expect(-EAGAIN, read(both, buf, sizeof buf), "for both: read");
    expect(2, write(both, "me", 2), "for both: write 2 bytes");
    expect(2, read(both, buf, sizeof buf), "for both: read");
    close(both);

    remove_fifo();
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* one may end us now */
    if (surprises > 0)
        errx(1, "%d lines aren't as the manual says", surprises);
    return 0;
}
