/*
 * capacity: how much a pipe holds before a write blocks, and which
 * writes stay in one piece.
 *
 * Usage: capacity [-s SIZE] [-b BYTES]
 *        capacity -a [-s SIZE] [-b BYTES] [-n COUNT] [-w WRITERS]
 *
 * Try:   capacity
 *        capacity -b 3000
 *        Less fits: a write of up to a page isn't spread over two.
 *        capacity -s 100000
 *        The kernel rounds up; without privilege it allows as much as
 *        /proc/sys/fs/pipe-max-size says.
 *        capacity -a; capacity -a -b 10000
 *        Up to PIPE_BUF bytes nothing mixes. Above, it may.
 *
 * See:   pipe(7), fcntl(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum { MAX_WRITERS = 26 }; /* a letter each */

static const char usage_text[] =
    "Usage: capacity [-s SIZE] [-b BYTES]\n"
    "       capacity -a [-s SIZE] [-b BYTES] [-n COUNT] [-w WRITERS]\n"
    "  -s SIZE     set the size of the pipe (the kernel's default)\n"
    "  -b BYTES    bytes in each write (1; with -a: PIPE_BUF)\n"
    "  -a          several writers at once: do their writes mix?\n"
    "  -n COUNT    with -a: writes of each writer (200)\n"
    "  -w WRITERS  with -a: how many (4)\n";

/* Writes until the pipe is full, and counts. */
static void fill(int fd, char *buf, size_t len)
{
    size_t total = 0;
    ssize_t n;

    /* A write that would wait for room shall fail instead. */
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
        err(1, "fcntl O_NONBLOCK");

    /* Above PIPE_BUF, a write may succeed in part: add what it took. */
    memset(buf, 'x', len);
    while ((n = write(fd, buf, len)) >= 0)
        total += (size_t)n;
    if (errno != EAGAIN)
        err(1, "write");
    say("writer", "%zu bytes fit, in writes of %zu", total, len);
    say("writer", "the next would wait: EAGAIN, %s", strerror(EAGAIN));
}

/* A writer: each of its writes is a block of one letter, its own. */
static void write_blocks(int fd, const char *block, size_t len, int n)
{
    for (int i = 0; i < n; i++) {
        if (write_full(fd, block, len) == -1)
            err(1, "write");
    }
}

/* Cuts the stream into blocks; returns how many have mixed letters. */
static int count_mixed(int fd, char *buf, size_t len, int expected)
{
    int mixed = 0;

    for (int i = 0; i < expected; i++) {
        ssize_t n = read_full(fd, buf, len);

        if (n == -1)
            err(1, "read");
        if ((size_t)n < len)
            errx(1, "end of file after %d of %d blocks", i, expected);
        /* All alike, if each byte equals the one after it. */
        if (memcmp(buf, buf + 1, len - 1) != 0)
            mixed++;
    }
    return mixed;
}

/* Several writers do n writes each. Returns the exit status. */
static int mix(int ends[2], char *buf, size_t len, int writers, int n)
{
    pid_t pids[MAX_WRITERS];
    int total = writers * n, mixed;

    for (int i = 0; i < writers; i++) {
        pids[i] = fork();
        switch (pids[i]) {
        case -1:
            err(1, "fork"); /* SIGPIPE ends those that run already */
        case 0:
            close(ends[READ_END]);
            memset(buf, 'A' + i, len);
            write_blocks(ends[WRITE_END], buf, len, n);
            exit(0);
        }
    }
    close(ends[WRITE_END]);
    mixed = count_mixed(ends[READ_END], buf, len, total);
    for (int i = 0; i < writers; i++) {
        if (waitpid(pids[i], NULL, 0) == -1)
            err(1, "waitpid");
    }

    say("reader", "%d of %d blocks are mixed", mixed, total);
    if (len > PIPE_BUF) {
        say("reader", "above PIPE_BUF, they may mix at any time");
        return 0;
    }
    say("reader", "up to PIPE_BUF they never mix");
    return mixed == 0 ? 0 : 1;
}

int main(int argc, char *argv[])
{
    int size = 0, count = 200, writers = 4, result = 0, ends[2], opt;
    size_t len = 0;
    bool several = false;
    char *buf;

    while ((opt = getopt(argc, argv, "s:b:an:w:h")) != -1) {
        switch (opt) {
        case 's':
            size = (int)parse_number("-s", optarg, 1, 1 << 24);
            break;
        case 'b':
            len = (size_t)parse_number("-b", optarg, 1, 1 << 20);
            break;
        case 'a':
            several = true;
            break;
        case 'n':
            count = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 'w':
            writers = (int)parse_number("-w", optarg, 1, MAX_WRITERS);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);
    if (len == 0)
        len = several ? PIPE_BUF : 1;
    buf = malloc(len);
    if (buf == NULL)
        err(1, "malloc");

    if (pipe(ends) == -1)
        err(1, "pipe");
    if (size != 0 && fcntl(ends[WRITE_END], F_SETPIPE_SZ, size) == -1)
        err(1, "F_SETPIPE_SZ %d", size);
    size = fcntl(ends[WRITE_END], F_GETPIPE_SZ);
    if (size == -1)
        err(1, "F_GETPIPE_SZ");
    say("pipe", "F_GETPIPE_SZ is %d", size);
    say("pipe", "PIPE_BUF is %d", PIPE_BUF);

    if (several)
        result = mix(ends, buf, len, writers, count);
    else
        fill(ends[WRITE_END], buf, len);
    free(buf);
    return result;
}
