/*
 * descriptors.c: what mechanisms share: whole messages through
 * descriptors, shared memory, limits.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "lab.h"

void send_bytes(struct channel *c, const void *message)
{
    const char *p = message;
    size_t left = c->size;

    for (;;) {
        ssize_t n = write(c->out, p, left);

        if (n == (ssize_t)left)
            return;
        if (n == -1 && errno != EINTR)
            err(1, "%s: write", c->mechanism->name);
        if (n > 0) {
            p += n;
            left -= (size_t)n;
        }
    }
}

const void *receive_bytes(struct channel *c)
{
    size_t got = 0;

    for (;;) {
        ssize_t n = read(c->in, c->buf + got, c->size - got);

        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            err(1, "%s: read", c->mechanism->name);
        if (n == 0)
            errx(1, "%s: the other side is gone", c->mechanism->name);
        got += (size_t)n;
        if (got == c->size)
            return c->buf;
        c->short_reads++;
    }
}

void send_datagram(struct channel *c, const void *message)
{
    ssize_t n;

    while ((n = send(c->out, message, c->size, 0)) == -1) {
        if (errno == ENOBUFS)
            c->full++;
        else if (errno != EINTR)
            err(1, "%s: send", c->mechanism->name);
    }
    if (n != (ssize_t)c->size)
        errx(1, "%s: sent %zd bytes of %zu", c->mechanism->name, n, c->size);
}

/* MSG_TRUNC: the datagram's own length, should it be longer. */
const void *receive_datagram(struct channel *c)
{
    ssize_t n;

    while ((n = recv(c->in, c->buf, c->size, MSG_TRUNC)) == -1) {
        if (errno == EAGAIN && c->mechanism->lossy)
            return NULL;
        if (errno != EINTR)
            err(1, "%s: recv", c->mechanism->name);
    }
    if (n == 0)
        errx(1, "%s: the other side is gone", c->mechanism->name);
    if (n != (ssize_t)c->size)
        errx(1, "%s: %zd bytes came, not %zu", c->mechanism->name, n, c->size);
    return c->buf;
}

/* MAP_POPULATE: pages come now, not in the first messages. */
void *shared_memory(struct channel *c, size_t bytes)
{
    c->memory_bytes = bytes;
    c->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (c->memory == MAP_FAILED) {
        c->memory = NULL;
        err(1, "%s: mmap", c->mechanism->name);
    }
    return c->memory;
}

long limit_from(struct channel *c, const char *file)
{
    FILE *f = fopen(file, "re");
    long limit;

    if (f == NULL || fscanf(f, "%ld", &limit) != 1)
        limit = -1;
    if (f != NULL)
        fclose(f);
    snprintf(c->why, sizeof c->why, "%s is %ld", file, limit);
    return limit;
}
