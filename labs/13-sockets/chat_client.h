/*
 * chat_client.h: what chat_server knows of each client: the line that is
 * coming from it, and the lines that it hasn't taken yet.
 */
#ifndef CHAT_CLIENT_H
#define CHAT_CLIENT_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "serve.h"

enum { NAME_MAX_ = 32, LINE_MAX_ = 1024 };

struct client {
    struct client *next;
    int fd;
    bool waits;  /* for room in the socket: EPOLLOUT */
    bool leaves; /* as soon as its queue is empty */
    bool gone;   /* to be freed when nobody looks at the list */
    bool within; /* a line: it has the first part of it */
    char name[NAME_MAX_ + 1];
    size_t in_len, begin, end; /* its queue is out[begin..end) */
    char in[LINE_MAX_ + 1];
    char out[];
};

static struct client *clients;
static size_t queue_max = 65536;
static int events;

static inline int watch(int fd, void *what, uint32_t wanted, int change)
{
    struct epoll_event event = {.events = wanted, .data.ptr = what};

    return epoll_ctl(events, change, fd, &event);
}

static inline void change_watch(struct client *c)
{
    uint32_t wanted = (c->leaves ? 0U : EPOLLIN) | (c->waits ? EPOLLOUT : 0U);

    if (watch(c->fd, c, wanted, EPOLL_CTL_MOD) == -1)
        err(1, "epoll_ctl");
}

/* Sends what waits for a client, as far as the kernel takes it. */
static inline void send_queue(struct client *c)
{
    while (!c->gone && c->begin < c->end) {
        ssize_t n = send(c->fd, c->out + c->begin, c->end - c->begin, 0);

        if (n > 0) {
            c->begin += (size_t)n;
            c->within = c->out[c->begin - 1] != '\n';
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            c->gone = true; /* it has vanished: EPIPE, ECONNRESET */
        }
    }
    if (c->begin == c->end)
        c->begin = c->end = 0;
    if (c->leaves && c->end == 0)
        c->gone = true;
    if (!c->gone && c->waits != (c->end > 0)) {
        c->waits = c->end > 0;
        change_watch(c);
    }
}

/* Nothing more is read of it; what is in its queue it still gets, if it
 * takes it in time: else the kernel gives the connection up. */
static inline void dismiss(struct client *c)
{
    unsigned int ms = 10000;

    setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
    c->leaves = true;
    change_watch(c);
}

/* Makes room in a queue for len bytes, if there is any. */
static inline bool has_room(struct client *c, size_t len)
{
    if (c->end - c->begin + len > queue_max)
        send_queue(c); /* many lines may have come since it last was */
    if (c->end - c->begin + len > queue_max)
        return false;
    if (c->end + len > queue_max) {
        memmove(c->out, c->out + c->begin, c->end - c->begin);
        c->end -= c->begin;
        c->begin = 0;
    }
    return true;
}

static inline void append(struct client *c, const char *bytes, size_t len)
{
    memcpy(c->out + c->end, bytes, len);
    c->end += len;
}

/* Puts a line into the queue of a client. If that is full, the client
 * doesn't read, or too slowly. To wait for it would let all others wait;
 * to keep everything for it would fill the memory. So it has to go; what
 * it has not got it is told. */
static inline void put(struct client *c, const char *line, size_t len)
{
    static const char farewell[] = "* you read too slowly: bye\n";

    if (c->leaves || c->gone)
        return;
    if (has_room(c, len)) {
        append(c, line, len);
        return;
    }
    if (c->gone)
        return;
    say("server", "%s reads too slowly: dismissed",
        *c->name ? c->name : "a client");
    /* The line that it has a part of stays whole, the rest goes. */
    len = 0;
    if (c->within)
        len = (size_t)((char *)memchr(c->out + c->begin, '\n',
                                      c->end - c->begin) +
                       1 - (c->out + c->begin));
    memmove(c->out, c->out + c->begin, len);
    c->begin = 0;
    c->end = len;
    append(c, farewell, sizeof farewell - 1);
    dismiss(c);
}

#endif
