/*
 * tcp_server: takes connections at an address and a port, and sends back
 * in capitals what comes: every call from getaddrinfo() to accept().
 *
 * Usage: tcp_server [-a HOST] [-p PORT] [-b BACKLOG] [-n]
 *                   [COMMAND [ARG...]]
 *
 * Try:   tcp_server tcp_client hello
 *        It serves while that runs. Without a command it serves until
 *        Ctrl-C: connect to the port that it says with nc 127.0.0.1 PORT,
 *        twice, and look with ss -ta.
 *
 * See:   getaddrinfo(3), socket(2), bind(2), listen(2), accept(2), tcp(7)
 */
#include <ctype.h>
#include <poll.h>

#include "serve.h"

enum { SIGNALS, LISTENER, FIRST, CLIENTS_MAX = 500 };
enum { PATIENCE = 2000 }; /* ms, at the end, for who takes no answer */

static const char help[] =
    "Usage: tcp_server [-a HOST] [-p PORT] [-b BACKLOG] [-n]\n"
    "                  [COMMAND [ARG...]]\n"
    "  -a HOST     the name or address that it serves at (127.0.0.1)\n"
    "  -p PORT     its number or name, or 0 for any (0)\n"
    "  -b BACKLOG  so many may wait to be accepted (4096)\n"
    "  -n          no SO_REUSEADDR\n"
    "Serves while COMMAND runs, which finds the port in $PORT, or until\n"
    "SIGINT or SIGTERM.\n";

/* What came from a client, in capitals, and how much of it is sent. We
 * read no more until all is sent: who takes no answers fills its own
 * socket's buffers, and not our memory. */
static struct client {
    size_t used, sent;
    char buf[4096];
} clients[FIRST + CLIENTS_MAX];
static struct pollfd fds[FIRST + CLIENTS_MAX];
static nfds_t count = FIRST;

/* A name may have several addresses, of IPv4 and IPv6: the first that
 * works will do. */
static int open_listener(const char *host, const char *port, int backlog,
                         int reuse)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE};
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    struct addrinfo *list, *one;
    const char *text;
    int fd = -1, error = getaddrinfo(host, port, &wanted, &list);

    if (error != 0) /* not errno: it has errors of its own */
        errx(1, "host %s, port %s: %s", host, port, gai_strerror(error));
    for (one = list; one != NULL; one = one->ai_next) {
        fd = socket(one->ai_family,
                    one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    one->ai_protocol);
        if (fd == -1 && errno == EAFNOSUPPORT)
            continue; /* a kernel without IPv6, say */
        if (fd == -1)
            err(1, "socket");
        /* The end of a connection that we closed first is kept for a
         * minute, TIME_WAIT. Without this the port is taken so long. */
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) ==
            -1)
            err(1, "SO_REUSEADDR");
        if (bind(fd, one->ai_addr, one->ai_addrlen) == 0)
            break;
        if (errno != EADDRNOTAVAIL || one->ai_next == NULL)
            err(1, "%s", address_text(one->ai_addr, one->ai_addrlen));
        close(fd);
    }
    if (one == NULL)
        errx(1, "%s: no address of a family that is known here", host);
    freeaddrinfo(list);

    /* From here on the kernel completes connections by itself. They wait
     * for our accept(), as many as the backlog. */
    if (listen(fd, backlog) == -1)
        err(1, "listen");
    /* For port 0 the kernel has chosen: ask which. */
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == -1)
        err(1, "getsockname");
    text = address_text((struct sockaddr *)&bound, len);
    say("server", "listens on %s", text);
    if (setenv("PORT", strrchr(text, ':') + 1, 1) == -1)
        err(1, "setenv");
    return fd;
}

/* Takes who waits. Each client gets a socket of its own, with the same
 * port: the four numbers of both ends tell connections apart. */
static void welcome(void)
{
    struct sockaddr_storage peer;
    static int reserve = -1;

    if (reserve == -1)
        reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (count < FIRST + CLIENTS_MAX) {
        socklen_t len = sizeof peer;
        int fd = accept4(fds[LISTENER].fd, (struct sockaddr *)&peer, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd != -1) {
            say("server", "%s has connected",
                address_text((struct sockaddr *)&peer, len));
            clients[count].used = clients[count].sent = 0;
            fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
        } else if ((errno == EMFILE || errno == ENFILE) && reserve != -1) {
            /* Who waits would be told of for ever. The descriptor that
             * we keep for this takes it, and lets it go. */
            close(reserve);
            fd = accept(fds[LISTENER].fd, NULL, NULL);
            if (fd != -1)
                close(fd);
            reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
            if (fd == -1)
                return;
            say("server", "refuses a client: no descriptor is left");
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            warn("accept");
            return;
        }
    }
}

/* After a call failed: whether we can go on with this client. */
static bool goes_on(void)
{
    if (errno == EAGAIN || errno == EINTR)
        return true;
    /* ECONNRESET or EPIPE: it has vanished. That is its own affair. */
    say("server", "a client is lost: %s", strerror(errno));
    return false;
}

/* Reads, or sends on, what can be without waiting. False if it's over. */
static bool serve(int fd, struct client *c)
{
    ssize_t n;

    if (c->sent == c->used) {
        n = recv(fd, c->buf, sizeof c->buf, 0);
        if (n == 0) /* it says no more, and has all its answers */
            return false;
        if (n == -1)
            return goes_on();
        for (ssize_t i = 0; i < n; i++)
            c->buf[i] = (char)toupper((unsigned char)c->buf[i]);
        c->used = (size_t)n;
        c->sent = 0;
    }
    /* Perhaps not all of it: a short write. */
    n = send(fd, c->buf + c->sent, c->used - c->sent, 0);
    if (n == -1)
        return goes_on();
    c->sent += (size_t)n;
    return true;
}

static void serve_all(void)
{
    for (nfds_t i = FIRST; i < count; i++) {
        if (fds[i].revents != 0 && !serve(fds[i].fd, &clients[i])) {
            say("server", "a client has gone");
            close(fds[i].fd);
            count--;
            fds[i] = fds[count];
            clients[i] = clients[count];
            i--;
            continue;
        }
        fds[i].events = clients[i].sent < clients[i].used ? POLLOUT : POLLIN;
    }
}

/* No new clients; of the others, what has come is still answered. */
static void begin_end(void)
{
    welcome();
    close(fds[LISTENER].fd);
    fds[LISTENER].fd = -1; /* poll() passes it over */
    for (nfds_t i = FIRST; i < count; i++)
        shutdown(fds[i].fd, SHUT_RD); /* after that: end of file */
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = "0";
    struct serving serving = {0};
    int opt, backlog = SOMAXCONN, reuse = 1;
    bool told = false;

    while ((opt = getopt(argc, argv, "+a:p:b:nh")) != -1) {
        switch (opt) {
        case 'a':
            host = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'b':
            backlog = (int)parse_number("BACKLOG", optarg, 0, 65535);
            break;
        case 'n':
            reuse = 0;
            break;
        default:
            usage(opt, help);
        }
    }
    open_signals(&serving);
    fds[SIGNALS] = (struct pollfd){.fd = serving.signals, .events = POLLIN};
    fds[LISTENER].fd = open_listener(host, port, backlog, reuse);
    start_command(&serving, argv + optind);

    while (!serving.ends || count > FIRST) {
        int ready;

        fds[LISTENER].events = count < FIRST + CLIENTS_MAX ? POLLIN : 0;
        ready = poll(fds, count, serving.ends ? PATIENCE : -1);
        if (ready == -1 && errno != EINTR)
            err(1, "poll");
        if (ready == 0)
            break; /* who is left takes nothing */
        if (ready == -1)
            continue;
        serve_all();
        if (fds[LISTENER].revents != 0)
            welcome();
        if (fds[SIGNALS].revents != 0)
            told = read_signal(&serving);
        if (told)
            break; /* for the second time: at once */
        if (serving.ends && fds[LISTENER].fd != -1)
            begin_end();
    }
    return end_serving(&serving);
}
