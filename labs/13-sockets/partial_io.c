/*
 * partial_io: a stream has no messages. With its length before each one
 * they come whole, however small the pieces are in which they come.
 *
 * Usage: partial_io [-c CHUNK] [-m BYTES] [TEXT...]
 *
 * Try:   partial_io -c 1 hello world
 *        Each byte is sent and received by a call of its own. With -m
 *        1000000 a message is larger than the socket's buffer: sends
 *        are short.
 *
 * See:   send(2), recv(2), poll(2), unix(7), endian(3)
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"

enum { HEADER = 4, LONGEST = 1 << 24 };

static const char help[] =
    "Usage: partial_io [-c CHUNK] [-m BYTES] [TEXT...]\n"
    "  -c CHUNK  send at most so many bytes at a time (as many as go)\n"
    "  -m BYTES  one more message, of so many bytes\n";

/* ---- the sender: messages one after the other, and how far it is ---- */

static struct {
    char *bytes;
    size_t used, sent, chunk;
    long long messages, calls, partial;
} out = {.chunk = SIZE_MAX};

/* The length goes first, in the order of bytes that all agree on. */
static void add_message(const char *text, size_t len)
{
    uint32_t header = htonl((uint32_t)len);
    char *larger = realloc(out.bytes, out.used + HEADER + len);

    if (larger == NULL)
        err(1, "realloc");
    out.bytes = larger;
    memcpy(out.bytes + out.used, &header, HEADER);
    memcpy(out.bytes + out.used + HEADER, text, len);
    out.used += HEADER + len;
    out.messages++;
}

static void send_some(int fd)
{
    size_t len = out.used - out.sent;
    ssize_t n;

    if (len > out.chunk)
        len = out.chunk;
    n = send(fd, out.bytes + out.sent, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n == -1 && errno != EAGAIN && errno != EINTR)
        err(1, "send");
    if (n == -1)
        return;
    out.calls++;
    out.partial += (size_t)n < len; /* a short one: go on from there */
    out.sent += (size_t)n;
}

/* ---- the receiver: what it has of the message that it's in ---- */

static struct {
    char header[HEADER];
    char *body;
    size_t got, len;
    long long messages, reads;
} in;

static void end_message(void)
{
    bool plain = true;

    for (size_t i = 0; i < in.len; i++)
        plain = plain && in.body[i] != '\0';
    say("receiver", "message %lld, %zu bytes in %lld reads: %.*s",
        ++in.messages, in.len, in.reads,
        plain && in.len <= 60 ? (int)in.len : 0, in.body);
    free(in.body);
    in.body = NULL;
    in.got = 0;
    in.reads = 0;
}

/* Takes what came: a part of a message, or several. */
static void take(const char *buf, size_t n)
{
    in.reads++;
    while (n > 0) {
        size_t wanted =
            in.got < HEADER ? HEADER - in.got : HEADER + in.len - in.got;
        size_t some = n < wanted ? n : wanted;
        uint32_t len;

        if (in.got < HEADER)
            memcpy(in.header + in.got, buf, some);
        else
            memcpy(in.body + in.got - HEADER, buf, some);
        in.got += some;
        buf += some;
        n -= some;
        if (in.got == HEADER && in.body == NULL) {
            memcpy(&len, in.header, HEADER);
            in.len = ntohl(len);
            /* Never trust a number that comes from elsewhere. */
            if (in.len > LONGEST)
                errx(1, "a message of %zu bytes is refused", in.len);
            in.body = malloc(in.len + 1);
            if (in.body == NULL)
                err(1, "malloc");
        }
        if (in.got == HEADER + in.len && in.body != NULL) {
            end_message();
            in.reads += n > 0; /* the rest belongs to the next one */
        }
    }
}

/* False at the end of file. */
static bool receive_some(int fd)
{
    static char buf[65536];
    ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

    if (n == -1 && errno != EAGAIN && errno != EINTR)
        err(1, "receive");
    if (n > 0)
        take(buf, (size_t)n);
    return n != 0;
}

int main(int argc, char *argv[])
{
    long long large = -1;
    int ends[2], opt;
    char *text;

    while ((opt = getopt(argc, argv, "c:m:h")) != -1) {
        switch (opt) {
        case 'c':
            out.chunk = (size_t)parse_number("CHUNK", optarg, 1, LONGEST);
            break;
        case 'm':
            large = parse_number("BYTES", optarg, 0, LONGEST);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind == argc && large == -1)
        usage('?', help);
    for (char **arg = argv + optind; *arg != NULL; arg++)
        add_message(*arg, strlen(*arg));
    if (large != -1) {
        text = calloc(1, (size_t)large + 1);
        if (text == NULL)
            err(1, "calloc");
        add_message(text, (size_t)large);
        free(text);
    }
    /* Both ends are ours: so they can take turns, as poll() says. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
        err(1, "socketpair");
    for (bool more = true; more;) {
        struct pollfd fds[] = {{.fd = ends[0], .events = POLLOUT},
                               {.fd = ends[1], .events = POLLIN}};

        if (poll(fds, 2, -1) == -1) {
            if (errno != EINTR)
                err(1, "poll");
            continue;
        }
        if (out.sent < out.used)
            send_some(ends[0]);
        else if (shutdown(ends[0], SHUT_WR) == -1)
            err(1, "shutdown");
        more = receive_some(ends[1]);
    }
    say("sender", "%lld calls, %lld of them short", out.calls, out.partial);
    free(out.bytes);
    /* An end of file within a message is an error. */
    if (in.got != 0 || in.messages != out.messages)
        errx(1, "%lld of %lld messages came", in.messages, out.messages);
    return 0;
}
