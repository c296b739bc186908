/*
 * file.c: messages in a file, at whose beginning the reader looks until
 * a counter there has changed. The bytes are in the page cache, not on
 * the disk; but nobody is woken: between two looks the reader only lets
 * others run. See pread(2), sched_yield(2).
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

/* Where in the file the counters are: of written and of read messages.
 * Each has one byte: that can't be seen half changed. */
enum { WRITTEN = 0, READ = 64, MESSAGES = 4096 };
enum { PLACES = 64, MEMORY = 256 * 1024 };

static uint64_t written, taken;

static off_t place(const struct channel *c, uint64_t n, uint64_t *places)
{
    *places = MEMORY / c->size;
    if (*places > PLACES)
        *places = PLACES;
    if (*places == 0)
        *places = 1;
    return (off_t)(MESSAGES + n % *places * c->size);
}

static int open_file(const char *name)
{
    char *path = in_folder(name);
    const unsigned char zero = 0;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

    if (fd == -1)
        err(1, "%s", path);
    if (pwrite(fd, &zero, 1, WRITTEN) != 1 || pwrite(fd, &zero, 1, READ) != 1)
        err(1, "%s", path);
    free(path);
    return fd;
}

static int open_files(struct channel *c)
{
    int there = open_file("there"), back = open_file("back");

    c->ends[ASKER] = (struct ends){.in = back, .out = there};
    c->ends[ANSWERER] = (struct ends){.in = there, .out = back};
    remove_folder();
    return 0;
}

static void whole(ssize_t n, size_t size)
{
    if (n == -1)
        err(1, "file");
    if ((size_t)n != size)
        errx(1, "file: only %zd bytes of %zu", n, size);
}

static unsigned char look(int fd, off_t where)
{
    unsigned char count;

    whole(pread(fd, &count, 1, where), 1);
    return count;
}

static void tell(int fd, off_t where, uint64_t count)
{
    unsigned char byte = (unsigned char)count;

    whole(pwrite(fd, &byte, 1, where), 1);
}

static void put(struct channel *c, const void *message)
{
    uint64_t places;
    off_t where = place(c, written, &places);

    while ((unsigned char)(written - look(c->out, READ)) >= places)
        sched_yield();
    whole(pwrite(c->out, message, c->size, where), c->size);
    tell(c->out, WRITTEN, ++written);
}

static const void *get(struct channel *c)
{
    uint64_t places;
    off_t where = place(c, taken, &places);

    while (look(c->in, WRITTEN) == (unsigned char)taken)
        sched_yield();
    whole(pread(c->in, c->buf, c->size, where), c->size);
    tell(c->in, READ, ++taken);
    return c->buf;
}

const struct mechanism mechanism_file = {
    .name = "file",
    .calls = "pwrite, pread, sched_yield",
    .mode = SPINNING,
    .open = open_files,
    .send = put,
    .receive = get,
};
