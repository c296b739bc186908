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
    /* TODO 1: close all four, as far as they are open; -1 then
     * says that they aren't. */
}

/* Before the fork: so both sides have them, and the memory. Returns 0,
 * or -1 with errno if there are no eventfds here. */
static int open_ways(struct channel *c)
{
    /* TODO 1: for each way, two eventfds that count as semaphores
     * do: of items there are none yet, of room there are SLOTS. If one
     * can't be had, close the others, and leave errno as it was. Then
     * shared_memory(), for the slots of both ways. */
    (void)c;
    (void)ways;
    errno = ENOSYS;
    return -1;
}

/* The largest message, and in c->why what forbids more. */
static size_t largest(struct channel *c)
{
    /* TODO 2: it is the slot: say so in c->why, with its size. */
    (void)c;
    return LARGEST;
}

/* Takes one away; waits, asleep, while there is none. */
static void take_one(struct channel *c, int fd)
{
    /* TODO 3: read() 8 bytes, once more if a signal interrupts;
     * any other failure ends the process: err(). */
    (void)c;
    (void)fd;
}

static void add_one(struct channel *c, int fd)
{
    /* TODO 3: write() 8 bytes, a uint64_t with the number 1. */
    (void)c;
    (void)fd;
}

static void send_message(struct channel *c, const void *message)
{
    enum side to = c->side == ASKER ? ANSWERER : ASKER;

    /* TODO 4: wait for room, copy the message into the next slot,
     * and only then say that there is one more. */
    (void)to;
    (void)message;
    (void)slot;
    (void)sent;
    take_one(c, -1);
    add_one(c, -1);
}

/* The message stays where it is until the next one is asked for. */
static const void *receive_message(struct channel *c)
{
    enum side me = c->side;

    /* TODO 5: if there was a message before, its slot is free now,
     * and no sooner. Wait for the next one, and return where it is. */
    (void)me;
    (void)received;
    errx(1, "no receive_message() yet");
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
