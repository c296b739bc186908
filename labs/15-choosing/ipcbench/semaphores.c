/*
 * semaphores.c: messages in shared memory, and two semaphores for each
 * direction that count: how many places are free, how many messages are
 * there. See sem_overview(7).
 */
#include <err.h>
#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include "bench.h"

enum { PLACES = 64, LEAST = 4, MEMORY = 256 * 1024 };

struct way {
    _Alignas(128) sem_t places;
    _Alignas(128) sem_t messages;
};

/* This side's place in each, and whether it still reads its last. */
static uint64_t next_out, next_in;
static bool reading;

static size_t places(const struct channel *c)
{
    size_t n = MEMORY / c->size;

    return n < LEAST ? LEAST : n > PLACES ? PLACES : n;
}

/* From the side `from`. */
static struct way *way(struct channel *c, enum side from)
{
    return (struct way *)c->memory + from;
}

static unsigned char *place(struct channel *c, enum side from, uint64_t n)
{
    unsigned char *all = (unsigned char *)((struct way *)c->memory + 2);

    n = n % places(c) + (from == ASKER ? 0 : places(c));
    return all + n * c->size;
}

static int open_ways(struct channel *c)
{
    shared_memory(c, 2 * (sizeof(struct way) + places(c) * c->size));
    for (int i = 0; i < 2; i++) {
        struct way *w = way(c, (enum side)i);

        if (sem_init(&w->places, 1, (unsigned)places(c)) == -1 ||
            sem_init(&w->messages, 1, 0) == -1)
            return -1;
    }
    return 0;
}

static void down(sem_t *sem)
{
    while (sem_wait(sem) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
}

static void up(sem_t *sem)
{
    if (sem_post(sem) == -1)
        err(1, "sem_post");
}

static void put(struct channel *c, const void *message)
{
    struct way *w = way(c, c->side);

    down(&w->places);
    memcpy(place(c, c->side, next_out++), message, c->size);
    up(&w->messages);
}

/* The last message's place is free when the next is asked for. */
static const void *get(struct channel *c)
{
    enum side from = c->side == ASKER ? ANSWERER : ASKER;
    struct way *w = way(c, from);

    if (reading)
        up(&w->places);
    reading = true;
    down(&w->messages);
    return place(c, from, next_in++);
}

const struct mechanism mechanism_semaphores = {
    .name = "shm_semaphores",
    .calls = "sem_wait, sem_post (futex); shared memory",
    .open = open_ways,
    .send = put,
    .receive = get,
};
