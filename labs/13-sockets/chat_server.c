/*
 * chat_server: a line that one client sends goes to all of them, for
 * hundreds of clients; one that doesn't read delays nobody.
 *
 * Usage: chat_server [-a HOST] [-p PORT] [-q BYTES] [-t SECONDS]
 *                    [COMMAND [ARG...]]
 *
 * Try:   chat_server bash -c 'printf "ann\nhello\n" | nc -N localhost $PORT'
 *        It serves while that runs. Without a command until Ctrl-C:
 *        join from several terminals, with nc and the port it says.
 *
 * See:   epoll(7), send(2), tcp(7)
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "serve.h"

static const char help[] =
    "Usage: chat_server [-a HOST] [-p PORT] [-q BYTES] [-t SECONDS]\n"
    "                   [COMMAND [ARG...]]\n"
    "  -a HOST     the name or address that it serves at (127.0.0.1)\n"
    "  -p PORT     its number or name, or 0 for any (0)\n"
    "  -q BYTES    how much may wait for a client (65536)\n"
    "  -t SECONDS  at the end, how long clients may take what waits (2)\n"
    "The first line of a client is its name. Serves while COMMAND runs,\n"
    "which finds the port in $PORT, or until SIGINT or SIGTERM.\n";

enum { NAME_MAX_ = 32, LINE_MAX_ = 1024 };

struct client {
    struct client *next;
    int fd;
    bool waits;  /* for room in the socket: EPOLLOUT */
    bool leaves; /* as soon as its queue is empty */
    bool gone;   /* to be freed when nobody looks at the list */
    char name[NAME_MAX_ + 1];
    size_t in_len, begin, end; /* its queue is out[begin..end) */
    char in[LINE_MAX_ + 1];
    char out[];
};

static struct client *clients;
static size_t queue_max = 65536;
static int events;

static void watch(int fd, void *what, uint32_t wanted, int change)
{
    struct epoll_event event = {.events = wanted, .data.ptr = what};

    if (epoll_ctl(events, change, fd, &event) == -1)
        err(1, "epoll_ctl");
}

/* Sends what waits for a client, as far as the kernel takes it. */
static void send_queue(struct client *c)
{
    while (!c->gone && c->begin < c->end) {
        ssize_t n = send(c->fd, c->out + c->begin, c->end - c->begin, 0);

        if (n >= 0)
            c->begin += (size_t)n;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            c->gone = true; /* it has vanished: EPIPE, ECONNRESET */
    }
    if (c->begin == c->end)
        c->begin = c->end = 0;
    if (c->leaves && c->end == 0)
        c->gone = true;
    if (!c->gone && c->waits != (c->end > 0)) {
        c->waits = c->end > 0;
        watch(c->fd, c, (c->leaves ? 0U : EPOLLIN) | (c->waits ? EPOLLOUT : 0U),
              EPOLL_CTL_MOD);
    }
}

/* Nothing more is read of it; what is in its queue it still gets, if it
 * takes it in time: else the kernel gives the connection up. */
static void dismiss(struct client *c)
{
    unsigned int ms = 10000;

    setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
    c->leaves = true;
    watch(c->fd, c, c->waits ? EPOLLOUT : 0U, EPOLL_CTL_MOD);
}

/* Puts a line into the queue of a client. If that is full, the client
 * doesn't read, or too slowly. To wait for it would let all others wait;
 * to keep everything for it would fill the memory. So it has to go; what
 * it has not got it is told. */
static void put(struct client *c, const char *line, size_t len)
{
    static const char farewell[] = "* you read too slowly: bye\n";
    size_t last;

    if (c->leaves || c->gone)
        return;
    if (c->end - c->begin + len <= queue_max) {
        if (c->end + len > queue_max) {
            memmove(c->out, c->out + c->begin, c->end - c->begin);
            c->end -= c->begin;
            c->begin = 0;
        }
        memcpy(c->out + c->end, line, len);
        c->end += len;
        return;
    }
    say("server", "%s reads too slowly: dismissed",
        *c->name ? c->name : "a client");
    /* The line that it has a part of stays whole, the rest goes. */
    for (last = c->begin; last < c->end && c->out[last] != '\n'; last++)
        ;
    last = c->begin == 0 || last == c->end ? c->begin : last + 1;
    memmove(c->out, c->out + c->begin, last - c->begin);
    c->end = last - c->begin;
    c->begin = 0;
    memcpy(c->out + c->end, farewell, sizeof farewell - 1);
    c->end += sizeof farewell - 1;
    dismiss(c);
}

/* The first line is the name; any other goes to all, "NAME: LINE". */
static void take_line(struct client *from, const char *line, size_t len)
{
    char text[NAME_MAX_ + 2 + LINE_MAX_ + 2];
    int size;

    if (len > 0 && line[len - 1] == '\r')
        len--; /* as telnet sends it */
    if (*from->name == '\0') {
        snprintf(from->name, sizeof from->name, "%.*s", (int)len, line);
        if (*from->name == '\0')
            strcpy(from->name, "?");
        return;
    }
    size =
        snprintf(text, sizeof text, "%s: %.*s\n", from->name, (int)len, line);
    for (struct client *c = clients; c != NULL; c = c->next)
        put(c, text, (size_t)size);
}

/* A stream has no lines: a read may end within one, or bring many. */
static void take_input(struct client *c)
{
    static const char too_long[] = "* a line is too long: bye\n";
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
    char *line = c->in, *end;

    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n == -1) {
        c->gone = true;
        return;
    }
    c->in_len += (size_t)n;
    while ((end = memchr(line, '\n', c->in_len)) != NULL) {
        take_line(c, line, (size_t)(end - line));
        c->in_len -= (size_t)(end + 1 - line);
        line = end + 1;
    }
    memmove(c->in, line, c->in_len);
    if (c->in_len == sizeof c->in) {
        put(c, too_long, sizeof too_long - 1);
        n = 0;
    }
    if (n == 0 && !c->leaves)
        dismiss(c); /* it has said all; it may still be listening */
}

static void serve(struct client *c, uint32_t what)
{
    if (!c->leaves && (what & (EPOLLIN | EPOLLERR | EPOLLHUP)))
        take_input(c);
    else if (what & (EPOLLERR | EPOLLHUP))
        c->gone = true;
    if (what & EPOLLOUT)
        send_queue(c);
}

static void welcome(int listener)
{
    int fd, yes = 1;

    while ((fd = accept_client(listener)) != -1) {
        struct client *c = malloc(sizeof *c + queue_max + LINE_MAX_);

        if (c == NULL) {
            close(fd);
            continue;
        }
        *c = (struct client){.next = clients, .fd = fd};
        clients = c;
        /* Of a machine that has lost its power nothing ever comes: the
         * kernel asks from time to time whether it is there. */
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        watch(fd, c, EPOLLIN, EPOLL_CTL_ADD);
    }
}

/* All queues at once, after all lines that have come: many lines leave
 * with one call. */
static void send_queues(void)
{
    struct client **at = &clients, *c;

    while ((c = *at) != NULL) {
        if (!c->waits || c->leaves)
            send_queue(c);
        if (!c->gone) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        /* If a close() left input unread, the client would get a reset,
         * and perhaps not our last lines. */
        while (recv(c->fd, c->in, sizeof c->in, MSG_DONTWAIT) > 0)
            ;
        close(c->fd);
        free(c);
    }
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = "0";
    double patience = 2, deadline = 0;
    struct serving serving = {0};
    struct epoll_event ready[64];
    int opt, listener, n;
    bool told = false;

    while ((opt = getopt(argc, argv, "+a:p:q:t:h")) != -1) {
        switch (opt) {
        case 'a':
            host = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'q':
            queue_max = (size_t)parse_number("BYTES", optarg, 2048, 1 << 30);
            break;
        case 't':
            patience = parse_seconds("SECONDS", optarg, 0, 3600);
            break;
        default:
            usage(opt, help);
        }
    }
    open_signals(&serving);
    listener = listen_on(host, port);
    events = epoll_create1(EPOLL_CLOEXEC);
    if (events == -1)
        err(1, "epoll_create1");
    watch(listener, &listener, EPOLLIN, EPOLL_CTL_ADD);
    watch(serving.signals, &serving, EPOLLIN, EPOLL_CTL_ADD);
    start_command(&serving, argv + optind);

    while (!serving.ends || clients != NULL) {
        double left = deadline - monotonic_seconds();

        if (serving.ends && (told || left <= 0))
            break;
        n = epoll_wait(events, ready, 64,
                       serving.ends ? (int)(left * 1000) + 1 : -1);
        if (n == -1 && errno != EINTR)
            err(1, "epoll_wait");
        for (int i = 0; i < n; i++)
            if (ready[i].data.ptr == &listener)
                welcome(listener);
            else if (ready[i].data.ptr == &serving)
                told = read_signal(&serving);
            else
                serve(ready[i].data.ptr, ready[i].events);
        if (serving.ends && listener != -1) {
            close(listener);
            listener = -1;
            deadline = monotonic_seconds() + patience;
            for (struct client *c = clients; c != NULL; c = c->next)
                if (!c->leaves)
                    dismiss(c);
        }
        send_queues();
    }
    return end_serving(&serving);
}
