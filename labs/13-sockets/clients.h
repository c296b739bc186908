/*
 * clients.h: the clients of ex1_calc_server and ex3_broker, and the loop
 * that waits for all of them. Given: you write what is done when something
 * comes.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <limits.h>
#include <poll.h>
#include <stdint.h>

#include "serve.h"

enum { MAX_LINE = 1000 }; /* bytes of a line, without the newline */

struct client {
    struct client *next;
    int fd;          /* its socket; no call on it waits: EAGAIN */
    bool ended;      /* nothing more is to be read from it */
    bool gone;       /* it is to be closed, and forgotten */
    size_t left;     /* so much is still to be read; SIZE_MAX: no limit */
    size_t line_len; /* of what has come of a line; more: too long */
    char line[MAX_LINE + 2]; /* with room for a byte too many, and a 0 */
    void *own;               /* NULL at first; freed with the client */
    size_t begin, end;       /* what is to be sent to it is queue[begin..end) */
    char queue[];
};

static struct client *clients; /* all of them, as a list */
static size_t queue_room;      /* bytes in a client's queue */

/* What the program that includes this has to have: */

/* Returns what we wait for from a client: POLLIN, POLLOUT, both, or 0. */
static short wanted(const struct client *c);

/* Something came from the client, or there is room for something: revents,
 * as poll() has told it. */
static void serve(struct client *c, short revents);

/* The server is to end: no more clients come. Who was waiting to be taken
 * is in the list now. */
static void begin_end(void);

static nfds_t count;
static struct pollfd *fds; /* room for all clients, and two more */

static inline void add_client(int fd)
{
    struct client *c = malloc(sizeof *c + queue_room);
    void *more = reallocarray(fds, count + 3, sizeof *fds);

    if (more != NULL)
        fds = more;
    if (c == NULL || more == NULL) {
        warn("a client is refused");
        free(c);
        close(fd);
        return;
    }
    *c = (struct client){.next = clients, .fd = fd, .left = SIZE_MAX};
    clients = c;
    count++;
}

/* Closes those who are gone, or all, and forgets them. */
static inline void remove_clients(bool all)
{
    struct client **at = &clients, *c;

    while ((c = *at) != NULL) {
        if (!c->gone && !all) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        /* If input stayed unread, the kernel would send a reset, and the
         * last that we sent might be lost. */
        while (recv(c->fd, c->line, sizeof c->line, 0) > 0)
            ;
        close(c->fd);
        free(c->own);
        free(c);
        count--;
    }
}

/* Waits for whatever comes, and does what is to be done then. Returns true
 * if it was told for a second time that it is to end. */
static inline bool wait_and_serve(struct serving *s, int listener, int ms)
{
    struct client *c;
    nfds_t n = 0;
    int fd;

    fds[n++] = (struct pollfd){s->signals, POLLIN, 0};
    fds[n++] = (struct pollfd){listener, POLLIN, 0}; /* -1 is left out */
    for (c = clients; c != NULL; c = c->next)
        fds[n++] = (struct pollfd){c->fd, wanted(c), 0};
    if (poll(fds, n, ms) == -1) {
        if (errno != EINTR)
            err(1, "poll");
        return false;
    }
    n = 2;
    for (c = clients; c != NULL; c = c->next)
        if (fds[n++].revents != 0)
            serve(c, fds[n - 1].revents);
    if (fds[1].revents != 0)
        while ((fd = accept_client(listener)) != -1)
            add_client(fd);
    return fds[0].revents != 0 && read_signal(s);
}

/* Serves, and COMMAND with it, until a signal comes or COMMAND ends; then
 * those who are still in the list, but not for ever. Returns the status. */
static inline int serve_clients(struct serving *s, int listener,
                                char *command[])
{
    double left = 0, deadline = 0;
    bool told = false;
    int fd;

    fds = calloc(2, sizeof *fds);
    if (fds == NULL)
        err(1, "calloc");
    start_command(s, command);
    while (!s->ends || (clients != NULL && left > 0 && !told)) {
        told =
            wait_and_serve(s, listener, s->ends ? (int)(left * 1000) + 1 : -1);
        if (s->ends && listener != -1) {
            while ((fd = accept_client(listener)) != -1)
                add_client(fd);
            close(listener);
            listener = -1;
            deadline = monotonic_seconds() + 2;
            begin_end();
        }
        remove_clients(false);
        left = deadline - monotonic_seconds();
    }
    remove_clients(true);
    free(fds);
    return end_serving(s);
}

#endif
