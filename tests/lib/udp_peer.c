/*
 * udp_peer: UDP sockets that a shell script uses. For tests of programs that
 * speak UDP (see udp.bash).
 *
 * Usage: udp_peer
 *
 * Reads commands from standard input until that ends, and does each at once:
 *   open NAME [PORT]  a socket at PORT, or any; NAME is one letter.
 *                     Prints "NAME PORT".
 *   close NAME
 *   NAME PORT HEX     sends these bytes from that socket to PORT: 00ff.
 *                     No digits at all are a datagram without bytes.
 *   mark TEXT         prints "mark TEXT", after all datagrams that have come
 * Prints each datagram that comes, "NAME PORT HEX TIME": to which socket, from
 * which port, "-" for no bytes, and when it came by the kernel's clock, in us.
 *
 * See: SO_TIMESTAMP in socket(7), cmsg(3)
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lab.h"

enum { SOCKETS = 26, SIZE = 65536 };

static int sockets[SOCKETS]; /* -1: closed */

static struct sockaddr_in address(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)port)};
}

static void open_socket(char name, int port)
{
    struct sockaddr_in at = address(port);
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), yes = 1;

    if (fd == -1 || bind(fd, (struct sockaddr *)&at, len) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &yes, sizeof yes) == -1 ||
        getsockname(fd, (struct sockaddr *)&at, &len) == -1)
        err(1, "open %c %d", name, port);
    sockets[name - 'a'] = fd;
    printf("%c %d\n", name, ntohs(at.sin_port));
}

static void send_bytes(char name, int port, const char *hex)
{
    static unsigned char bytes[SIZE];
    struct sockaddr_in to = address(port);
    size_t n = 0;

    for (; n < SIZE && sscanf(hex + 2 * n, "%2hhx", &bytes[n]) == 1; n++)
        continue;
    if (sendto(sockets[name - 'a'], bytes, n, 0, (struct sockaddr *)&to,
               sizeof to) == -1)
        err(1, "send");
}

/* Prints one datagram, if there is one. */
static bool take(int i)
{
    static unsigned char bytes[SIZE];
    _Alignas(struct cmsghdr) char control[256];
    struct sockaddr_in from;
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *extra;
    struct timeval when = {0};
    ssize_t n = recvmsg(sockets[i], &message, MSG_DONTWAIT);

    if (n == -1)
        return false;
    extra = CMSG_FIRSTHDR(&message);
    if (extra != NULL && extra->cmsg_type == SO_TIMESTAMP)
        memcpy(&when, CMSG_DATA(extra), sizeof when);
    printf("%c %d %s", 'a' + i, ntohs(from.sin_port), n == 0 ? "-" : "");
    for (ssize_t j = 0; j < n; j++)
        printf("%02x", bytes[j]);
    printf(" %lld\n",
           (long long)when.tv_sec * 1000000 + (long long)when.tv_usec);
    fflush(stdout); /* a line, one write */
    return true;
}

static void take_all(void)
{
    for (int i = 0; i < SOCKETS; i++)
        while (sockets[i] != -1 && take(i))
            continue;
}

/* Returns false at the end of the input. */
static bool obey(void)
{
    static char *line;
    static size_t size;
    char name;
    int port = 0, at = 0;

    if (getline(&line, &size, stdin) == -1) {
        free(line);
        return false;
    }
    if (sscanf(line, "open %c %d", &name, &port) >= 1) {
        open_socket(name, port);
    } else if (sscanf(line, "close %c", &name) == 1) {
        close(sockets[name - 'a']);
        sockets[name - 'a'] = -1;
    } else if (strncmp(line, "mark ", 5) == 0) {
        take_all();
        fputs(line, stdout);
    } else if (sscanf(line, "%c %d %n", &name, &port, &at) == 2) {
        send_bytes(name, port, line + at);
    } else {
        errx(2, "what is %s?", line);
    }
    return true;
}

int main(void)
{
    struct pollfd files[1 + SOCKETS];
    bool more = true;

    memset(sockets, -1, sizeof sockets);
    setvbuf(stdout, NULL, _IOFBF, 4 * SIZE);
    setvbuf(stdin, NULL, _IONBF, 0); /* poll() knows of no buffer */
    while (more) {
        files[0] = (struct pollfd){.events = POLLIN};
        for (int i = 0; i < SOCKETS; i++)
            files[1 + i] = (struct pollfd){.fd = sockets[i], .events = POLLIN};
        if (poll(files, 1 + SOCKETS, -1) == -1 && errno != EINTR)
            err(1, "poll");
        take_all();
        if (files[0].revents != 0)
            more = obey();
        fflush(stdout);
    }
    return 0;
}
