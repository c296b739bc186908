/*
 * http_connection.h: what http_server knows of each client, which of
 * them is late, and what epoll is to watch for it.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "http_request.h"
#include "lab.h"

enum {
    OUT_MAX = 16384, /* a small file goes with its header at once */
    CHUNK = 1 << 20, /* of a large file, before others have a turn */
};

/* What is being done for a client. Those that are longest without
 * progress stand first in a list: the first one's deadline is next. */
struct connection {
    struct connection *before, *after;
    double deadline;
    int fd;
    enum { READS, ANSWERS, LINGERS } state;
    bool persist;   /* after the answer, another request */
    bool waits;     /* for room in the socket: EPOLLOUT */
    long long skip; /* bytes of a body still to be thrown away */
    size_t in_len, out_len, out_sent;
    int file; /* what follows `out`, or -1 */
    off_t at;
    long long left;
    char in[REQUEST_MAX + 1], out[OUT_MAX];
};

static struct connection all = {&all, &all, .fd = -1}; /* the list */
static int events;
static double patience = 10;

static inline void leave_list(struct connection *c)
{
    c->before->after = c->after;
    c->after->before = c->before;
}

/* Something has happened: it goes to the list's end. */
static inline void renew(struct connection *c)
{
    leave_list(c);
    c->deadline = monotonic_seconds() + patience;
    c->after = &all;
    c->before = all.before;
    all.before->after = c;
    all.before = c;
}

static inline int watch(int fd, void *what, uint32_t wanted, int change)
{
    struct epoll_event event = {.events = wanted, .data.ptr = what};

    return epoll_ctl(events, change, fd, &event);
}

static inline void wait_for_room(struct connection *c, bool wait)
{
    if (c->waits != wait &&
        watch(c->fd, c, wait ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD) == -1)
        err(1, "epoll_ctl");
    c->waits = wait;
}

static inline void drop(struct connection *c)
{
    leave_list(c);
    if (c->file != -1)
        close(c->file);
    close(c->fd); /* epoll forgets it */
    free(c);
}

/* For epoll_wait(2): -1 if there is no client. */
static inline int milliseconds_to_deadline(void)
{
    double left = all.after->deadline - monotonic_seconds();

    if (all.after == &all)
        return -1;
    return left <= 0 ? 0 : (int)(left * 1000) + 1;
}

#endif
