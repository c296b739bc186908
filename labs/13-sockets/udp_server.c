/*
 * udp_server: answers datagrams. Says what it received in part only, and
 * loses answers on purpose, if told to.
 *
 * Usage: udp_server [-a HOST] [-p PORT] [-b BYTES] [-d COUNT]
 *                   [COMMAND [ARG...]]
 *
 * Try:   udp_server -d 1 udp_client hello
 *        The client asks again, since the first answer didn't come.
 *        Without a command it serves until Ctrl-C: nc -u 127.0.0.1 PORT.
 *
 * See:   udp(7), recv(2), send(2), bind(2)
 */
#include <ctype.h>
#include <poll.h>

#include "serve.h"

enum { LONGEST = 65536 };

static const char help[] =
    "Usage: udp_server [-a HOST] [-p PORT] [-b BYTES] [-d COUNT]\n"
    "                  [COMMAND [ARG...]]\n"
    "  -a HOST   the name or address that it serves at (127.0.0.1)\n"
    "  -p PORT   its number or name, or 0 for any (0)\n"
    "  -b BYTES  room for so many of a datagram (512)\n"
    "  -d COUNT  drop the first COUNT answers\n"
    "Serves while COMMAND runs, which finds the port in $PORT, or until\n"
    "SIGINT or SIGTERM.\n";

static size_t room = 512;
static long long to_drop;

/* No listen(), no accept(): one socket for all clients. Each datagram
 * says by itself where it comes from. */
static int open_socket(const char *host, const char *port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM,
                                    .ai_flags = AI_PASSIVE};
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    struct addrinfo *list, *one;
    const char *text;
    int fd = -1, error = getaddrinfo(host, port, &wanted, &list);

    if (error != 0)
        errx(1, "host %s, port %s: %s", host, port, gai_strerror(error));
    for (one = list; one != NULL; one = one->ai_next) {
        fd = socket(one->ai_family,
                    one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    one->ai_protocol);
        if (fd == -1 && errno == EAFNOSUPPORT)
            continue;
        if (fd == -1)
            err(1, "socket");
        /* No SO_REUSEADDR: there is no TIME_WAIT, and for UDP it would
         * let somebody else take the same port. */
        if (bind(fd, one->ai_addr, one->ai_addrlen) == 0)
            break;
        if (errno != EADDRNOTAVAIL || one->ai_next == NULL)
            err(1, "%s", address_text(one->ai_addr, one->ai_addrlen));
        close(fd);
    }
    if (one == NULL)
        errx(1, "%s: no address of a family that is known here", host);
    freeaddrinfo(list);
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == -1)
        err(1, "getsockname");
    text = address_text((struct sockaddr *)&bound, len);
    say("server", "receives at %s", text);
    if (setenv("PORT", strrchr(text, ':') + 1, 1) == -1)
        err(1, "setenv");
    return fd;
}

/* Takes one datagram, and answers. False if none waits. */
static bool answer(int fd)
{
    static char buf[LONGEST];
    struct sockaddr_storage peer;
    struct iovec data = {.iov_base = buf, .iov_len = room};
    struct msghdr message = {.msg_name = &peer,
                             .msg_namelen = sizeof peer,
                             .msg_iov = &data,
                             .msg_iovlen = 1};
    const char *from;
    ssize_t n;

    /* What there is no room for is gone: the next call gets the next
     * datagram. MSG_TRUNC as a flag asks for its whole length, and as a
     * result says that it was cut. */
    n = recvmsg(fd, &message, MSG_TRUNC);
    if (n == -1) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            warn("receive");
        return false;
    }
    from = address_text((struct sockaddr *)&peer, message.msg_namelen);
    if (message.msg_flags & MSG_TRUNC) {
        say("server", "%s: %zd bytes, cut to %zu", from, n, room);
        n = (ssize_t)room;
    } else {
        say("server", "%s: %zd bytes", from, n);
    }
    if (to_drop > 0) {
        to_drop--;
        say("server", "%s: the answer is dropped", from);
        return true;
    }
    for (ssize_t i = 0; i < n; i++)
        buf[i] = (char)toupper((unsigned char)buf[i]);
    /* All or nothing, there are no short writes. What the network can't
     * take it drops, and so do we: who misses it asks again. */
    if (sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&peer,
               message.msg_namelen) == -1)
        warn("send to %s", from);
    return true;
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = "0";
    struct serving serving = {0};
    struct pollfd fds[2];
    int opt;

    while ((opt = getopt(argc, argv, "+a:p:b:d:h")) != -1) {
        switch (opt) {
        case 'a':
            host = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'b':
            room = (size_t)parse_number("BYTES", optarg, 1, LONGEST);
            break;
        case 'd':
            to_drop = parse_number("COUNT", optarg, 0, 1000000000);
            break;
        default:
            usage(opt, help);
        }
    }
    open_signals(&serving);
    fds[0] = (struct pollfd){.fd = serving.signals, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = open_socket(host, port), .events = POLLIN};
    start_command(&serving, argv + optind);

    while (!serving.ends) {
        if (poll(fds, 2, -1) == -1) {
            if (errno != EINTR)
                err(1, "poll");
            continue;
        }
        if (fds[0].revents != 0)
            read_signal(&serving);
        /* Also at the end: what has come is answered. A client that asks
         * without a pause can't keep us from seeing a signal. */
        for (int i = 0; i < 1000 && answer(fds[1].fd); i++)
            ;
    }
    return end_serving(&serving);
}
