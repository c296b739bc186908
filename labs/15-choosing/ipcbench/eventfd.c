/*
 * eventfd.c: two numbers in the kernel to add to and to wait for. It
 * tells that something has happened; a message can only be as long as
 * the number, and a second one would be added to the first. See
 * eventfd(2).
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench.h"

/* A byte that no message has: so the number is never 0, for which a
 * reader would wait, nor the largest, which isn't allowed. */
static const uint64_t mark = (uint64_t)1 << 56;

static size_t limit(struct channel *c)
{
    if (c->what == THROUGHPUT) {
        snprintf(c->why, sizeof c->why,
                 "an eventfd adds: two messages would be one number");
        return 0;
    }
    snprintf(c->why, sizeof c->why,
             "an eventfd is one number of 8 bytes and never 0");
    return 7;
}

static int open_events(struct channel *c)
{
    int there = eventfd(0, 0), back;

    if (there == -1)
        return -1;
    back = eventfd(0, 0);
    if (back == -1)
        err(1, "eventfd");
    c->ends[ASKER] = (struct ends){.in = back, .out = there};
    c->ends[ANSWERER] = (struct ends){.in = there, .out = back};
    return 0;
}

static void put(struct channel *c, const void *message)
{
    uint64_t number = 0;

    memcpy(&number, message, c->size);
    number |= mark;
    while (write(c->out, &number, sizeof number) == -1) {
        if (errno != EINTR)
            err(1, "eventfd: write");
    }
}

static const void *get(struct channel *c)
{
    uint64_t number;

    while (read(c->in, &number, sizeof number) == -1) {
        if (errno != EINTR)
            err(1, "eventfd: read");
    }
    if (number >> 56 != 1)
        errx(1, "eventfd: %llx isn't one message", (unsigned long long)number);
    memcpy(c->buf, &number, c->size);
    return c->buf;
}

const struct mechanism mechanism_eventfd = {
    .name = "eventfd",
    .calls = "write, read",
    .limit = limit,
    .open = open_events,
    .send = put,
    .receive = get,
};
