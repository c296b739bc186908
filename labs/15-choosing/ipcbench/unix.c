/*
 * unix.c: sockets of one machine, with a connection: a stream; datagrams
 * one by one; datagrams that keep their order and know of an end. And a
 * pair of them from the beginning. See unix(7).
 *
 * Their names are of no folder: asked to bind an address without any
 * name, the kernel makes up an abstract one, which goes with the socket.
 */
#include <err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

static int make_socket(int type, struct sockaddr_un *address, socklen_t *len)
{
    const struct sockaddr_un nameless = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type, 0);

    if (fd == -1)
        return -1;
    *len = sizeof *address;
    if (bind(fd, (const struct sockaddr *)&nameless,
             sizeof nameless.sun_family) == -1 ||
        getsockname(fd, (struct sockaddr *)address, len) == -1)
        err(1, "bind");
    return fd;
}

static void connect_to(int fd, const struct sockaddr_un *address, socklen_t len)
{
    if (connect(fd, (const struct sockaddr *)address, len) == -1)
        err(1, "connect");
}

static int open_sockets(struct channel *c, int type)
{
    struct sockaddr_un addresses[2];
    socklen_t lens[2];
    int fds[2];

    for (int i = 0; i < 2; i++) {
        fds[i] = make_socket(type, &addresses[i], &lens[i]);
        if (fds[i] == -1)
            return -1;
    }
    if (type != SOCK_DGRAM && listen(fds[ANSWERER], 1) == -1)
        err(1, "listen");
    connect_to(fds[ASKER], &addresses[ANSWERER], lens[ANSWERER]);
    if (type == SOCK_DGRAM) {
        connect_to(fds[ANSWERER], &addresses[ASKER], lens[ASKER]);
    } else {
        int listener = fds[ANSWERER];

        fds[ANSWERER] = accept(listener, NULL, NULL);
        if (fds[ANSWERER] == -1)
            err(1, "accept");
        close(listener);
    }
    for (int i = 0; i < 2; i++)
        c->ends[i] = (struct ends){.in = fds[i], .out = fds[i]};
    return 0;
}

static int open_stream(struct channel *c)
{
    return open_sockets(c, SOCK_STREAM);
}

static int open_dgram(struct channel *c)
{
    return open_sockets(c, SOCK_DGRAM);
}

static int open_seqpacket(struct channel *c)
{
    return open_sockets(c, SOCK_SEQPACKET);
}

static int open_pair(struct channel *c)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
        return -1;
    for (int i = 0; i < 2; i++)
        c->ends[i] = (struct ends){.in = fds[i], .out = fds[i]};
    return 0;
}

/* A message has to fit in what may be on its way; 32 bytes are for the
 * kernel. */
static size_t limit(struct channel *c)
{
    socklen_t len = sizeof(int);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), most;

    if (fd == -1)
        err(1, "%s: socket", c->mechanism->name);
    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &most, &len) == -1)
        err(1, "%s: SO_SNDBUF", c->mechanism->name);
    close(fd);
    snprintf(c->why, sizeof c->why, "SO_SNDBUF is %d", most);
    return (size_t)most - 32;
}

const struct mechanism mechanism_unix_stream = {
    .name = "unix_stream",
    .calls = "write, read",
    .open = open_stream,
    .send = send_bytes,
    .receive = receive_bytes,
};

const struct mechanism mechanism_unix_dgram = {
    .name = "unix_dgram",
    .calls = "send, recv",
    .limit = limit,
    .open = open_dgram,
    .send = send_datagram,
    .receive = receive_datagram,
};

const struct mechanism mechanism_unix_seqpacket = {
    .name = "unix_seqpacket",
    .calls = "send, recv",
    .limit = limit,
    .open = open_seqpacket,
    .send = send_datagram,
    .receive = receive_datagram,
};

const struct mechanism mechanism_socketpair = {
    .name = "socketpair",
    .calls = "write, read",
    .open = open_pair,
    .send = send_bytes,
    .receive = receive_bytes,
};
