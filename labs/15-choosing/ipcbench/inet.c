/*
 * inet.c: TCP and UDP over the loopback. What UDP can't keep is dropped,
 * and nobody is told: the receiver waits a while at most. See tcp(7),
 * udp(7).
 */
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench.h"

/* A socket at a port of the kernel's choice, and its address. */
static int make_socket(int type, struct sockaddr_in *address)
{
    socklen_t len = sizeof *address;
    int fd = socket(AF_INET, type, 0);

    if (fd == -1)
        return -1;
    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)address, len) == -1 ||
        getsockname(fd, (struct sockaddr *)address, &len) == -1)
        err(1, "bind");
    return fd;
}

static void connect_to(int fd, const struct sockaddr_in *address)
{
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == -1)
        err(1, "connect");
}

static void set(int fd, int level, int option, const void *value, socklen_t len)
{
    if (setsockopt(fd, level, option, value, len) == -1)
        err(1, "setsockopt");
}

/* Both sides are connected: the one that asks listens to nobody else. */
static int open_tcp(struct channel *c)
{
    struct sockaddr_in address;
    int listener = make_socket(SOCK_STREAM, &address), yes = 1, fds[2];

    if (listener == -1)
        return -1;
    if (listen(listener, 1) == -1)
        err(1, "listen");
    fds[ASKER] = socket(AF_INET, SOCK_STREAM, 0);
    if (fds[ASKER] == -1)
        err(1, "socket");
    connect_to(fds[ASKER], &address);
    fds[ANSWERER] = accept(listener, NULL, NULL);
    if (fds[ANSWERER] == -1)
        err(1, "accept");
    close(listener);
    for (int i = 0; i < 2; i++) {
        if (!c->nagle)
            set(fds[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        c->ends[i] = (struct ends){.in = fds[i], .out = fds[i]};
    }
    return 0;
}

static int open_udp(struct channel *c)
{
    /* On the way there and back nothing should get lost; in a stream
     * only who waits for more learns that it's over. */
    const struct timeval patience = {.tv_usec =
                                         c->what == LATENCY ? 200000 : 5000};
    struct sockaddr_in addresses[2];
    int fds[2];

    for (int i = 0; i < 2; i++) {
        fds[i] = make_socket(SOCK_DGRAM, &addresses[i]);
        if (fds[i] == -1)
            return -1;
        set(fds[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    for (int i = 0; i < 2; i++) {
        connect_to(fds[i], &addresses[!i]);
        c->ends[i] = (struct ends){.in = fds[i], .out = fds[i]};
    }
    return 0;
}

/* The length of an IPv4 packet has 16 bits; 28 bytes are headers. */
static size_t udp_limit(struct channel *c)
{
    snprintf(c->why, sizeof c->why, "a UDP datagram has at most 65507 bytes");
    return 65507;
}

const struct mechanism mechanism_tcp = {
    .name = "tcp",
    .calls = "write, read",
    .open = open_tcp,
    .send = send_bytes,
    .receive = receive_bytes,
};

const struct mechanism mechanism_udp = {
    .name = "udp",
    .calls = "send, recv",
    .lossy = true,
    .limit = udp_limit,
    .open = open_udp,
    .send = send_datagram,
    .receive = receive_datagram,
};
