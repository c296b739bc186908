/*
 * udp_client: asks by datagrams, and asks again if no answer comes in
 * time: either of them may be lost.
 *
 * Usage: udp_client [-a HOST] [-p PORT] [-n TRIES] [-t SECONDS] [-u]
 *                   TEXT...
 *
 * Try:   udp_server -d 2 udp_client -t 0.1 hello
 *        udp_client -p 9 hello, with nobody at that port: told at once.
 *        With -u the socket isn't connected, and it waits in vain.
 *
 * See:   udp(7), connect(2), send(2), recv(2), poll(2)
 */
#include <poll.h>

#include "serve.h"

static const char help[] =
    "Usage: udp_client [-a HOST] [-p PORT] [-n TRIES] [-t SECONDS] [-u]\n"
    "                  TEXT...\n"
    "  -a HOST     the name or address of the server (127.0.0.1)\n"
    "  -p PORT     its number or name ($PORT)\n"
    "  -n TRIES    ask so often (4)\n"
    "  -t SECONDS  wait so long for the first time, then twice that (0.5)\n"
    "  -u          leave the socket unconnected\n";

static struct addrinfo *server;
static bool connected = true;

static int open_socket(const char *host, const char *port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;
    int fd = -1, error = getaddrinfo(host, port, &wanted, &list);

    if (error != 0)
        errx(1, "host %s, port %s: %s", host, port, gai_strerror(error));
    for (server = list; server != NULL; server = server->ai_next) {
        fd = socket(server->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd != -1)
            break;
        if (errno != EAFNOSUPPORT)
            err(1, "socket");
    }
    if (server == NULL)
        errx(1, "%s: no address of a family that is known here", host);
    /* Nothing is sent by that. The kernel notes the peer: only its
     * datagrams are for us, and an ICMP message that nobody is at that
     * port becomes our next call's ECONNREFUSED. */
    if (connected && connect(fd, server->ai_addr, server->ai_addrlen) == -1)
        err(1, "%s", address_text(server->ai_addr, server->ai_addrlen));
    return fd;
}

/* Whether an answer comes in time; buf has it then. */
static bool await(int fd, double until, const char *number, char *buf,
                  size_t size)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    for (;;) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        double left = until - monotonic_seconds();
        ssize_t n;

        /* poll() says 0 only if it has waited for all of that. */
        n = poll(&one, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
        if (n == 0)
            return false;
        if (n == -1 && errno != EINTR)
            err(1, "poll");
        if (n == -1)
            continue;
        n = recvfrom(fd, buf, size - 1, MSG_DONTWAIT, (struct sockaddr *)&from,
                     &len);
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            err(1, "receive");
        if (n == -1) /* its checksum was wrong, say */
            continue;
        buf[n] = '\0';
        /* Anybody can send to a socket that isn't connected. */
        if (!connected &&
            (len != server->ai_addrlen || memcmp(&from, server->ai_addr, len)))
            say("client", "from a stranger: %s",
                address_text((struct sockaddr *)&from, len));
        else if (strncmp(buf, number, strlen(number)) != 0)
            /* We asked twice, the first answer was only late. */
            say("client", "an answer to an earlier question: %s", buf);
        else
            return true;
    }
}

static void ask(int fd, int question, const char *text, int tries,
                double patience)
{
    static char buf[65536];
    char number[20], *request;
    int len;

    /* The number, so that the answer can be told from another one. */
    snprintf(number, sizeof number, "%d ", question);
    len = asprintf(&request, "%s%s", number, text);
    if (len == -1)
        err(1, "asprintf");
    for (int i = 1; i <= tries; i++, patience *= 2) {
        ssize_t n = connected ? send(fd, request, (size_t)len, 0)
                              : sendto(fd, request, (size_t)len, 0,
                                       server->ai_addr, server->ai_addrlen);

        if (n == -1)
            err(1, "send");
        if (await(fd, monotonic_seconds() + patience, number, buf,
                  sizeof buf)) {
            say("client", "%s", buf + strlen(number));
            free(request);
            return;
        }
        say("client", "no answer to question %d, try %d", question, i);
    }
    /* Was the question lost, or the answer? We can't know. */
    errx(1, "no answer, whatever the reason");
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = getenv("PORT");
    double patience = 0.5;
    int opt, fd, tries = 4;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "a:p:n:t:uh")) != -1) {
        switch (opt) {
        case 'a':
            host = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'n':
            tries = (int)parse_number("TRIES", optarg, 1, 15);
            break;
        case 't':
            patience = parse_seconds("SECONDS", optarg, 0.001, 60);
            break;
        case 'u':
            connected = false;
            break;
        default:
            usage(opt, help);
        }
    }
    if (port == NULL || optind == argc)
        usage('?', help);
    fd = open_socket(host, port);
    for (int i = optind; i < argc; i++)
        ask(fd, i - optind + 1, argv[i], tries, patience);
    return 0;
}
