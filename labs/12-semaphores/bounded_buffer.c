/*
 * bounded_buffer: producers and consumers share a buffer. One semaphore
 * counts its empty places, one its full ones, and a third is a lock.
 *
 * Usage: bounded_buffer [-p PRODUCERS] [-c CONSUMERS] [-n ITEMS]
 *            [-k PLACES] [-d SECONDS]
 *
 * Try:   bounded_buffer -n 4 -k 2
 *        Items of one producer are taken in their order.
 *        bounded_buffer -n 10000 | cut -d' ' -f3 | sort -n | uniq -d
 *        Nothing comes twice.
 *
 * See:   sem_wait(3), sem_post(3), sem_init(3)
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: bounded_buffer [-p PRODUCERS] [-c CONSUMERS] [-n ITEMS]\n"
    "           [-k PLACES] [-d SECONDS]\n"
    "  -p PRODUCERS  how many processes (2)\n"
    "  -c CONSUMERS  how many processes (2)\n"
    "  -n ITEMS      each producer makes so many (5)\n"
    "  -k PLACES     of the buffer (3)\n"
    "  -d SECONDS    a consumer takes so long for each item (0)\n";

enum { MOST = 100, MAX_ITEMS = 1000000, NO_MORE = -1 };

static struct {
    sem_t empty; /* so many places are free */
    sem_t full;  /* so many places have an item */
    sem_t mutex; /* 1: nobody is at what follows */
    int first, end, places;
    int buffer[MOST];
    atomic_uchar taken[]; /* of each item, how often */
} * shared;

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

/* First a place, then the lock. The other way round, who has the lock
 * would wait for somebody who needs it: see bounded_buffer_broken. */
static void put(int item)
{
    down(&shared->empty);
    down(&shared->mutex);
    shared->buffer[shared->end] = item;
    shared->end = (shared->end + 1) % shared->places;
    up(&shared->mutex);
    up(&shared->full);
}

static int get(void)
{
    int item;

    down(&shared->full);
    down(&shared->mutex);
    item = shared->buffer[shared->first];
    shared->first = (shared->first + 1) % shared->places;
    up(&shared->mutex);
    up(&shared->empty);
    return item;
}

static void consume(int number, double seconds)
{
    int item, ms = (int)(seconds * 1000);
    char role[24];

    snprintf(role, sizeof role, "consumer %d", number);
    while ((item = get()) != NO_MORE) {
        shared->taken[item]++;
        say(role, "%d", item);
        if (poll(NULL, 0, ms) == -1 && errno != EINTR)
            err(1, "poll"); /* this was its work */
    }
}

static void produce(int number, int items)
{
    for (int i = 0; i < items; i++)
        put(number * items + i);
}

static pid_t start(pid_t parent)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork"); /* the others end with us: PR_SET_PDEATHSIG */
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            exit(1); /* too late: it is dead already */
    }
    return child;
}

/* Waits for so many children. If one doesn't end well, the others might
 * wait for it for ever: that is the end of all. */
static void wait_for(int children)
{
    int status;

    while (children > 0) {
        pid_t child = wait(&status);

        if (child == -1 && errno != EINTR)
            err(1, "wait");
        if (child == -1)
            continue;
        if (status != 0)
            errx(1, "process %d didn't end well", (int)child);
        children--;
    }
}

static void make_shared(int places, int items)
{
    size_t size = sizeof *shared + (size_t)items; /* a byte for each */

    shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    shared->places = places;
    if (sem_init(&shared->empty, 1, (unsigned)places) == -1 ||
        sem_init(&shared->full, 1, 0) == -1 ||
        sem_init(&shared->mutex, 1, 1) == -1)
        err(1, "sem_init");
}

int main(int argc, char *argv[])
{
    int producers = 2, consumers = 2, items = 5, places = 3, once = 0;
    pid_t parent = getpid();
    double seconds = 0;
    int opt, all;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hp:c:n:k:d:")) != -1) {
        switch (opt) {
        case 'p':
            producers = (int)parse_number("-p", optarg, 1, MOST);
            break;
        case 'c':
            consumers = (int)parse_number("-c", optarg, 1, MOST);
            break;
        case 'n':
            items = (int)parse_number("-n", optarg, 1, MAX_ITEMS);
            break;
        case 'k':
            places = (int)parse_number("-k", optarg, 1, MOST);
            break;
        case 'd':
            seconds = parse_seconds("-d", optarg, 0, 1000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    all = producers * items;
    make_shared(places, all);

    for (int i = 0; i < consumers; i++) {
        if (start(parent) == 0) {
            consume(i + 1, seconds);
            exit(0);
        }
    }
    for (int i = 0; i < producers; i++) {
        if (start(parent) == 0) {
            produce(i, items);
            exit(0);
        }
    }

    /* A consumer ends only after its end, and that comes after all
     * items: so the first to end are the producers. We don't put the
     * ends in ourselves: who waits for a place sees no child die. */
    wait_for(producers);
    if (start(parent) == 0) {
        for (int i = 0; i < consumers; i++)
            put(NO_MORE);
        exit(0);
    }
    wait_for(consumers + 1);

    for (int i = 0; i < all; i++)
        once += shared->taken[i] == 1;
    say("parent", "%d of %d items were taken, each once", once, all);
    return once == all ? 0 : 1;
}
