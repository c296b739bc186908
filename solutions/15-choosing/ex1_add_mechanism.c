/*
 * ex1_add_mechanism: ipcbench with one more mechanism: messages in
 * shared memory, counted and waited for by eventfds.
 *
 * Usage: ex1_add_mechanism [OPTION]..., as ipcbench
 *
 * Try:   ex1_add_mechanism -m eventfd_shm,pipe -s 64 -n 50 -r 3
 *        make xray P='15-choosing/ex1_add_mechanism -m eventfd_shm
 *            -w latency -p one -s 64 -n 2 -r 1'
 *
 * See:   ex1_add_mechanism in README.md; ipcbench/bench.h; eventfd(2)
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ipcbench/bench.h"

enum {
    SLOT = 65536, /* bytes: no message is larger */
    SLOTS = 8,    /* of each way */
};

/* The two ways, called by the side that receives. An eventfd is a
 * number that the kernel keeps: write() adds to it, and read() waits
 * until it isn't 0. With EFD_SEMAPHORE read() takes one away. */
static struct way {
    int items; /* how many messages wait there */
    int room;  /* how many slots are free */
} ways[2] = {{-1, -1}, {-1, -1}};

/* Each side counts for itself; a fork made these its own. */
static uint64_t sent, received;

/* Of that way, where message number n is. */
static char *slot(struct channel *c, enum side way, uint64_t n)
{
    size_t number = (size_t)way * SLOTS + n % SLOTS;

    return (char *)c->memory + number * SLOT;
}

/* In the first process, when the others have gone, or open() failed:
 * nothing may stay open. */
static void close_ways(struct channel *c)
{
    (void)c;
    /* TODO 1 BEGIN: close all four, as far as they are open; -1 then
     * says that they aren't. */
    for (int i = 0; i < 2; i++) {
        if (ways[i].items != -1)
            close(ways[i].items);
        if (ways[i].room != -1)
            close(ways[i].room);
        ways[i] = (struct way){-1, -1};
    }
    /* TODO 1 END */
}

/* Before the fork: so both sides have them, and the memory. Returns 0,
 * or -1 with errno if there are no eventfds here. */
static int open_ways(struct channel *c)
{
    /* TODO 1 BEGIN: for each way, two eventfds that count as semaphores
     * do: of items there are none yet, of room there are SLOTS. If one
     * can't be had, close the others, and leave errno as it was. Then
     * shared_memory(), for the slots of both ways. */
    for (int i = 0; i < 2; i++) {
        ways[i].items = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
        if (ways[i].items != -1)
            ways[i].room = eventfd(SLOTS, EFD_SEMAPHORE | EFD_CLOEXEC);
        if (ways[i].room == -1) {
            int error = errno;

            close_ways(c);
            errno = error;
            return -1;
        }
    }
    shared_memory(c, (size_t)2 * SLOTS * SLOT);
    return 0;
    /* TODO 1 STAND-IN: (void)c; */
    /* TODO 1 STAND-IN: (void)ways; */
    /* TODO 1 STAND-IN: errno = ENOSYS; */
    /* TODO 1 STAND-IN: return -1; */
    /* TODO 1 END */
}

/* The largest message, and in c->why what forbids more. */
static size_t largest(struct channel *c)
{
    /* TODO 2 BEGIN: it is the slot: say so in c->why, with its size. */
    snprintf(c->why, sizeof c->why, "a slot has %d bytes", SLOT);
    return SLOT;
    /* TODO 2 STAND-IN: (void)c; */
    /* TODO 2 STAND-IN: return LARGEST; */
    /* TODO 2 END */
}

/* Takes one away; waits, asleep, while there is none. */
static void take_one(struct channel *c, int fd)
{
    /* TODO 3 BEGIN: read() 8 bytes, once more if a signal interrupts;
     * any other failure ends the process: err(). */
    uint64_t one;

    while (read(fd, &one, sizeof one) == -1) {
        if (errno != EINTR)
            err(1, "%s: read", c->mechanism->name);
    }
    /* TODO 3 STAND-IN: (void)c; */
    /* TODO 3 STAND-IN: (void)fd; */
    /* TODO 3 END */
}

static void add_one(struct channel *c, int fd)
{
    /* TODO 3 BEGIN: write() 8 bytes, a uint64_t with the number 1. */
    const uint64_t one = 1;

    while (write(fd, &one, sizeof one) == -1) {
        if (errno != EINTR)
            err(1, "%s: write", c->mechanism->name);
    }
    /* TODO 3 STAND-IN: (void)c; */
    /* TODO 3 STAND-IN: (void)fd; */
    /* TODO 3 END */
}

static void send_message(struct channel *c, const void *message)
{
    enum side to = c->side == ASKER ? ANSWERER : ASKER;

    /* TODO 4 BEGIN: wait for room, copy the message into the next slot,
     * and only then say that there is one more. */
    take_one(c, ways[to].room);
    memcpy(slot(c, to, sent++), message, c->size);
    add_one(c, ways[to].items);
    /* TODO 4 STAND-IN: (void)to; */
    /* TODO 4 STAND-IN: (void)message; */
    /* TODO 4 STAND-IN: (void)slot; */
    /* TODO 4 STAND-IN: (void)sent; */
    /* TODO 4 STAND-IN: take_one(c, -1); */
    /* TODO 4 STAND-IN: add_one(c, -1); */
    /* TODO 4 END */
}

/* The message stays where it is until the next one is asked for. */
static const void *receive_message(struct channel *c)
{
    enum side me = c->side;

    /* TODO 5 BEGIN: if there was a message before, its slot is free now,
     * and no sooner. Wait for the next one, and return where it is. */
    if (received > 0)
        add_one(c, ways[me].room);
    take_one(c, ways[me].items);
    return slot(c, me, received++);
    /* TODO 5 STAND-IN: (void)me; */
    /* TODO 5 STAND-IN: (void)received; */
    /* TODO 5 STAND-IN: errx(1, "no receive_message() yet"); */
    /* TODO 5 END */
}

const struct mechanism added_mechanism = {
    .name = "eventfd_shm",
    .calls = "read, write of 8 bytes",
    .limit = largest,
    .open = open_ways,
    .send = send_message,
    .receive = receive_message,
    .close = close_ways,
};
