/*
 * way.h: a way for messages of one size from one process to another: a
 * ring in shared memory, or, to compare, a pipe. The calls are those of
 * ring.h; see there for what isn't said here.
 *
 * A pipe's slots are memory of each process's own: it is write() and
 * read() that copy the messages into the kernel, and out again.
 */
#ifndef WAY_H
#define WAY_H

#include <err.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "lab.h"
#include "ring.h"

enum way_kind { WAY_RING, WAY_PIPE };

struct way {
    enum way_kind kind;
    size_t size;
    int batch;         /* at most so many are waited for at once */
    struct ring *ring; /* WAY_RING */
    int ends[2];       /* WAY_PIPE: the descriptor of each role */
};

/* One side of a way, for one thread. */
struct port {
    enum way_kind kind;
    enum ring_role role;
    size_t size;
    struct ring_end end;
    int fd;
    unsigned char *slots;
};

/* Makes a way; capacity and looks are for a ring, see ring_init(). The
 * children inherit it, nobody else can use it. Ends the program with
 * status 2 if no ring can be like that, 1 if a call fails. */
static inline struct way way_make(enum way_kind kind, uint32_t size, int batch,
                                  uint32_t capacity, uint32_t looks)
{
    struct way way = {.kind = kind, .size = size, .batch = batch};
    size_t bytes = ring_bytes(capacity, size);
    int fds[2];

    if (kind == WAY_PIPE) {
        if (pipe(fds) == -1)
            err(1, "pipe");
        way.ends[RING_PRODUCER] = fds[1];
        way.ends[RING_CONSUMER] = fds[0];
        return way;
    }
    if (bytes == 0)
        err(2, "a ring of %u times %u bytes", capacity, size);
    /* Populate: let no page be missing while somebody measures. */
    way.ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (way.ring == MAP_FAILED)
        err(1, "mmap");
    ring_init(way.ring, capacity, size, looks);
    return way;
}

/* Opens one side. Ends the program with status 1 if there is no memory.
 * To be given back with port_free(). */
static inline struct port way_open(const struct way *way, enum ring_role role)
{
    struct port port = {
        .kind = way->kind,
        .role = role,
        .size = way->size,
        .fd = way->ends[role],
    };

    if (way->kind == WAY_RING) {
        port.end = ring_attach(way->ring, role);
        return port;
    }
    port.slots = calloc((size_t)way->batch, way->size);
    if (port.slots == NULL)
        err(1, "calloc");
    return port;
}

static inline void port_free(struct port *port)
{
    free(port->slots);
}

/* As ring_wait(). A pipe's consumer waits for `most` messages, or the
 * end of file; its producer doesn't wait here. */
static inline int port_wait(struct port *port, int most)
{
    ssize_t n;

    if (port->kind == WAY_RING)
        return ring_wait(&port->end, most);
    if (port->role == RING_PRODUCER)
        return most;
    n = read_full(port->fd, port->slots, (size_t)most * port->size);
    return n == -1 ? -1 : (int)((size_t)n / port->size);
}

static inline void *port_slot(const struct port *port, int i)
{
    if (port->kind == WAY_RING)
        return ring_slot(&port->end, i);
    return port->slots + (size_t)i * port->size;
}

/* As ring_pass(), but returns -1 with errno from write(2); SIGPIPE, if
 * nobody reads the pipe any more. */
static inline int port_pass(struct port *port, int n)
{
    size_t bytes = (size_t)n * port->size;

    if (port->kind == WAY_RING)
        ring_pass(&port->end, n);
    else if (port->role == RING_PRODUCER)
        return write_full(port->fd, port->slots, bytes);
    return 0;
}

/* Closes one role's end of a pipe in this process; for a ring, nothing.
 * Who keeps a pipe's other end would never see it end. */
static inline void way_close(const struct way *way, enum ring_role role)
{
    if (way->kind == WAY_PIPE)
        close(way->ends[role]);
}

/* As ring_close(): one role has ended. For a pipe, nothing: the kernel
 * knows who has it open, and does this however a process ends. */
static inline void way_hang_up(const struct way *way, enum ring_role who)
{
    if (way->kind == WAY_RING)
        ring_close(way->ring, who);
}

#endif
