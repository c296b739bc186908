/*
 * lossy_proxy: stands between UDP clients and a server, and does on
 * purpose what a network may do: it loses, doubles, delays datagrams.
 *
 * Usage: lossy_proxy [-a HOST] [-p PORT] [-s PORT] [-d WHICH] [-u WHICH]
 *                    [-l WHICH] [-D WHICH] [-U WHICH] [-L WHICH]
 *                    [-k COUNT] [-t SECONDS] [-r SEED] [-q]
 *                    [COMMAND [ARG...]]
 *
 * Try:   lossy_proxy -u 1 bash -c 'echo hi >/dev/udp/127.0.0.1/$PORT'
 *        Without -s it is the server, too, and sends everything back.
 *        Without a command it serves until Ctrl-C: join it with
 *        nc -u 127.0.0.1 PORT, and see what -d 30% does.
 *
 * See:   udp(7), connect(2), poll(2)
 */
#include <poll.h>

#include "lossy_fates.h"
#include "serve.h"

static const char help[] =
    "Usage: lossy_proxy [OPTION...] [COMMAND [ARG...]]\n"
    "  -a HOST     where it and the server are (127.0.0.1)\n"
    "  -p PORT     where it takes datagrams, or 0 for any (0)\n"
    "  -s PORT     the server's port (none: all is sent back)\n"
    "  -d WHICH    drop these on the way to the server; -D to the client\n"
    "  -u WHICH    send these twice; -U to the client\n"
    "  -l WHICH    these come late; -L to the client\n"
    "  -k COUNT    late: after so many more of the same direction (1),\n"
    "  -t SECONDS  or after that time (0.5)\n"
    "  -r SEED     for what is left to chance (1)\n"
    "  -q          don't tell of every datagram\n"
    "WHICH is a list of numbers, 3,7 say, or a chance, 20%. Serves while\n"
    "COMMAND runs, which finds the port in $PORT, or until SIGTERM.\n";

enum { CLIENTS = 64 };

struct client {
    struct sockaddr_storage address;
    socklen_t len;
    int fd; /* a socket of its own, connected to the server */
};
/* A datagram that has to wait. */
struct late {
    struct late *next;
    struct client *client;
    int way;
    long number, after; /* it goes when that one has gone, */
    double until;       /* or then */
    size_t size;
    char bytes[];
};

static struct client clients[CLIENTS];
static int client_count;
static struct late *waiting;
static struct addrinfo *server; /* NULL: none */
static int proxy;               /* the socket for all clients */
static long count[2], late_count = 1;
static double late_seconds = 0.5;

static void arrive(int way, struct client *c, const char *bytes, size_t n);

/* What can't be sent is lost: with UDP that may always be. But where no
 * server is, send() fails for the sake of an EARLIER datagram, and hasn't
 * sent this one: so try again. */
static void deliver(int way, struct client *c, const char *bytes, size_t size)
{
    const int fd = way == TO_CLIENT ? proxy : c->fd;
    const struct sockaddr *to = (struct sockaddr *)&c->address;

    if (way == TO_SERVER && server == NULL) {
        arrive(TO_CLIENT, c, bytes, size);
        return;
    }
    for (int tries = 1; tries <= 3; tries++) {
        if (sendto(fd, bytes, size, MSG_DONTWAIT, way == TO_CLIENT ? to : NULL,
                   way == TO_CLIENT ? c->len : 0) != -1)
            return;
        if (errno != EINTR && errno != ECONNREFUSED)
            break;
    }
    warn("to %s", way == TO_SERVER ? "server" : "client");
}

/* Sends what has been late for long enough; at the end, everything. */
static void deliver_late(bool all)
{
    struct late **at = &waiting, *one;
    const double now = monotonic_seconds();

    while ((one = *at) != NULL) {
        if (!all && count[one->way] < one->after && now < one->until) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        tell(one->way, one->number, one->bytes, one->size, "sent late");
        deliver(one->way, one->client, one->bytes, one->size);
        free(one);
        at = &waiting; /* where nothing is as it was */
    }
}

static void keep(int way, struct client *c, const char *bytes, size_t size)
{
    struct late **end = &waiting, *one = malloc(sizeof *one + size);

    if (one == NULL)
        err(1, "malloc");
    *one = (struct late){.client = c,
                         .way = way,
                         .number = count[way],
                         .after = count[way] + late_count,
                         .until = monotonic_seconds() + late_seconds,
                         .size = size};
    memcpy(one->bytes, bytes, size);
    while (*end != NULL)
        end = &(*end)->next;
    *end = one;
}

/* A datagram has come: what becomes of it? */
static void arrive(int way, struct client *c, const char *bytes, size_t size)
{
    static const char *const words[] = {"dropped", "sent twice", "kept",
                                        "sent"};
    const long number = ++count[way];
    const int fate = fate_of(way, number);

    tell(way, number, bytes, size, words[fate]);
    if (fate == LATE)
        keep(way, c, bytes, size);
    if (fate == TWICE || fate == FATES)
        deliver(way, c, bytes, size);
    if (fate == TWICE)
        deliver(way, c, bytes, size);
    deliver_late(false);
}

/* Returns the client with this address; a new one gets a socket of its
 * own: by that the server tells it from others, and we its replies. */
static struct client *find_client(const struct sockaddr_storage *address,
                                  socklen_t len)
{
    struct client *c = clients;
    int fd = -1;

    for (; c < clients + client_count; c++)
        if (c->len == len && memcmp(&c->address, address, len) == 0)
            return c;
    if (client_count == CLIENTS) {
        say("proxy", "no room for more than %d clients", CLIENTS);
        return NULL;
    }
    if (server != NULL) {
        fd = socket(server->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd == -1) {
            warn("a socket for a new client"); /* it may try again */
            return NULL;
        }
        if (connect(fd, server->ai_addr, server->ai_addrlen) == -1)
            err(1, "%s", address_text(server->ai_addr, server->ai_addrlen));
    }
    *c = (struct client){.address = *address, .len = len, .fd = fd};
    client_count++;
    return c;
}

/* Takes one datagram from the socket of a client, or, if c is NULL, of all
 * clients. Returns whether there was one, or news of one that was refused. */
static bool take(struct client *c)
{
    static char bytes[65536];
    struct sockaddr_storage from = {0};
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(c == NULL ? proxy : c->fd, bytes, sizeof bytes,
                         MSG_DONTWAIT, (struct sockaddr *)&from, &len);

    if (n == -1) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)
            err(1, "recvfrom");
        return errno != EAGAIN;
    }
    if (c != NULL)
        arrive(TO_CLIENT, c, bytes, (size_t)n);
    else if ((c = find_client(&from, len)) != NULL)
        arrive(TO_SERVER, c, bytes, (size_t)n);
    return true;
}

/* Takes one datagram from each socket that has one. */
static bool take_each(void)
{
    bool some = take(NULL);

    for (int i = 0; server != NULL && i < client_count; i++)
        some |= take(&clients[i]);
    return some;
}

static void wait_for_something(struct serving *s)
{
    struct pollfd files[2 + CLIENTS] = {{.fd = s->signals, .events = POLLIN},
                                        {.fd = proxy, .events = POLLIN}};
    double left = 3600;

    for (int i = 0; i < client_count; i++)
        files[2 + i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
    for (struct late *one = waiting; one != NULL; one = one->next)
        if (one->until - monotonic_seconds() < left)
            left = one->until - monotonic_seconds();
    if (poll(files, 2 + (nfds_t)client_count,
             left < 0 ? 0 : (int)(left * 1000) + 1) == -1 &&
        errno != EINTR)
        err(1, "poll");
    if (files[0].revents != 0)
        read_signal(s);
}

/* Returns the first address; there is one, or the program ends. */
static struct addrinfo *look_up(const char *host, const char *port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;
    int error = getaddrinfo(host, port, &wanted, &list);

    if (error != 0)
        errx(1, "host %s, port %s: %s", host, port, gai_strerror(error));
    return list;
}

static void open_proxy(const char *host, const char *port)
{
    struct addrinfo *at = look_up(host, port);
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    const char *text;

    proxy = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (proxy == -1)
        err(1, "socket");
    if (bind(proxy, at->ai_addr, at->ai_addrlen) == -1)
        err(1, "%s", address_text(at->ai_addr, at->ai_addrlen));
    freeaddrinfo(at);
    if (getsockname(proxy, (struct sockaddr *)&bound, &len) == -1)
        err(1, "getsockname");
    text = address_text((struct sockaddr *)&bound, len);
    say("proxy", "listens on %s", text);
    if (setenv("PORT", strrchr(text, ':') + 1, 1) == -1)
        err(1, "setenv");
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = "0", *server_port = NULL;
    struct serving serving = {0};
    unsigned int seed = 1;
    int opt;

    while ((opt = getopt(argc, argv, "+a:p:s:d:u:l:D:U:L:k:t:r:qh")) != -1) {
        if (opt == 'a')
            host = optarg;
        else if (opt == 'p')
            port = optarg;
        else if (opt == 's')
            server_port = optarg;
        else if (opt == 'k')
            late_count = (long)parse_number("COUNT", optarg, 1, 1000000);
        else if (opt == 't')
            late_seconds = parse_seconds("SECONDS", optarg, 0, 3600);
        else if (opt == 'r')
            seed = (unsigned int)parse_number("SEED", optarg, 0, UINT32_MAX);
        else if (opt == 'q')
            quiet = true;
        else if (!set_fate(opt, optarg))
            usage(opt, help);
    }
    srandom(seed);
    open_signals(&serving);
    if (server_port != NULL)
        server = look_up(host, server_port);
    open_proxy(host, port);
    start_command(&serving, argv + optind);
    while (!serving.ends) {
        wait_for_something(&serving);
        take_each();
        deliver_late(false);
    }
    /* What came before the end still goes, but no stream without one. */
    for (int i = 0; i < 1000 && take_each(); i++)
        continue;
    deliver_late(true);
    if (server != NULL)
        freeaddrinfo(server);
    return end_serving(&serving);
}
