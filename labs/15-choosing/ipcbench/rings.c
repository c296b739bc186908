/*
 * rings.c: lab 11's ring of messages in shared memory, one for each
 * direction. Who finds nothing either looks again, and again, or sleeps
 * in futex(2). See ring.h in 11-shared-memory.
 */
#include <err.h>
#include <string.h>

#include "../../11-shared-memory/ring.h"
#include "bench.h"

/* Of round trips one message is on its way at a time: a small ring stays
 * in the first level of both caches. For a stream more than the second
 * one holds: so messages wait in the third, which both CPUs share. */
enum { STREAM = 2 << 20, LEAST = 4, MOST = 32768, BATCH = 64 };

/* A side's ends of both rings, and how it stands with them: `mine` slots
 * belong to it, `used` of those are used. */
static struct way {
    struct ring_end end;
    int mine, used;
} out, in;
static int batch;

static uint32_t capacity(const struct channel *c)
{
    uint32_t n = c->what == THROUGHPUT ? MOST : LEAST;

    while (n > LEAST && n * c->size > STREAM)
        n /= 2;
    return n;
}

static struct ring *ring(struct channel *c, int which)
{
    size_t bytes = ring_bytes(capacity(c), (uint32_t)c->size);

    bytes = (bytes + RING_LINE - 1) / RING_LINE * RING_LINE;
    return (struct ring *)((char *)c->memory + (size_t)which * bytes);
}

static int open_rings(struct channel *c)
{
    uint32_t looks = c->mechanism->mode == SPINNING ? RING_NEVER_SLEEP : 0;
    size_t bytes = ring_bytes(capacity(c), (uint32_t)c->size);

    shared_memory(c, 2 * (bytes + RING_LINE));
    for (int i = 0; i < 2; i++)
        ring_init(ring(c, i), capacity(c), (uint32_t)c->size, looks);
    return 0;
}

/* The asker's way out is ring 0. One message by itself is passed on at
 * once; in a stream as many together as is good for it: half a ring at
 * most, so that the other side has something to do meanwhile. */
static void begin(struct channel *c)
{
    out = (struct way){
        .end = ring_attach(ring(c, c->side == ANSWERER), RING_PRODUCER)};
    in = (struct way){
        .end = ring_attach(ring(c, c->side == ASKER), RING_CONSUMER)};
    batch = (int)capacity(c) / 2;
    if (c->what == LATENCY)
        batch = 1;
    else if (batch > BATCH)
        batch = BATCH;
}

static void wait_for_slots(const struct channel *c, struct way *w)
{
    w->mine = ring_wait(&w->end, batch);
    if (w->mine == -1)
        err(1, "%s", c->mechanism->name);
    if (w->mine == 0)
        errx(1, "%s: the other side is gone", c->mechanism->name);
}

static void pass_on(struct way *w)
{
    if (w->used > 0)
        ring_pass(&w->end, w->used);
    w->mine = w->used = 0;
}

static void put(struct channel *c, const void *message)
{
    if (out.mine == 0)
        wait_for_slots(c, &out);
    /* A length that the compiler knows is copied without a call. */
    if (c->size == 64)
        memcpy(ring_slot(&out.end, out.used), message, 64);
    else
        memcpy(ring_slot(&out.end, out.used), message, c->size);
    if (++out.used == out.mine)
        pass_on(&out);
}

static void flush(struct channel *c)
{
    (void)c;
    pass_on(&out);
}

/* The last one was read when the next is asked for. */
static const void *get(struct channel *c)
{
    if (in.used == in.mine) {
        pass_on(&in);
        wait_for_slots(c, &in);
    }
    return ring_slot(&in.end, in.used++);
}

const struct mechanism mechanism_ring_spin = {
    .name = "ring_spin",
    .calls = "none: shared memory",
    .mode = SPINNING,
    .open = open_rings,
    .begin = begin,
    .send = put,
    .receive = get,
    .flush = flush,
};

const struct mechanism mechanism_ring_futex = {
    .name = "ring_futex",
    .calls = "futex, where a side has to wait; shared memory",
    .open = open_rings,
    .begin = begin,
    .send = put,
    .receive = get,
    .flush = flush,
};
