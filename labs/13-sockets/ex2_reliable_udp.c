/*
 * ex2_reliable_udp: carries a stream of bytes over UDP, which may lose,
 * double and reorder it: stop-and-wait.
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_reliable_udp [-t SECONDS] [-n TRIES] send HOST PORT
 *        ex2_reliable_udp [-a HOST] [-l SECONDS] receive PORT
 *
 * Try:   P=$((9999 + $$ % 9999)); ex2_reliable_udp receive $P & echo hi | ex2_reliable_udp send 127.0.0.1 $P || kill $!; wait
 *        The sender may begin first: what nobody takes comes again.
 *
 * See:   udp(7), recvfrom(2), ppoll(2), clock_gettime(2)
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: ex2_reliable_udp [-t SECONDS] [-n TRIES] send HOST PORT\n"
    "       ex2_reliable_udp [-a HOST] [-l SECONDS] receive PORT\n"
    "  -t SECONDS  so long for an acknowledgement (0.2)\n"
    "  -n TRIES    so often a datagram is sent without one (25)\n"
    "  -a HOST     where it receives (127.0.0.1)\n"
    "  -l SECONDS  so long it stays after the end (1)\n";

enum { DATA = 'D', END = 'E', ACK = 'A', HEADER = 5, MAX_DATA = 1024 };

struct datagram {
    int type;
    uint32_t number;
    size_t len; /* of data */
    unsigned char data[MAX_DATA];
};

static const char *host = "127.0.0.1", *port;
static double timeout = 0.2, linger = 1;
static int tries = 25;

/* Writes the datagram as it goes over the net. Returns its length. */
static size_t pack(unsigned char *bytes, const struct datagram *d)
{
    /* TODO 1: type, number, data; see "On the wire". */
    memset(bytes, d->type, 1);
    return 1;
}

/* The other way round. Returns false if that is no datagram of ours. */
static bool unpack(struct datagram *d, const unsigned char *bytes, size_t len)
{
    /* TODO 1: believe nothing: look at the type and the length. */
    (void)d, (void)bytes;
    return len == 0;
}

/* Sends it; to == NULL: to where the socket is connected to. If that fails
 * it is lost, as it could be later, too. Sets errno. */
static void transmit(int fd, const struct datagram *d,
                     const struct sockaddr *to, socklen_t len)
{
    unsigned char bytes[HEADER + MAX_DATA];
    size_t size = pack(bytes, d);

    do
        errno = ETIMEDOUT;
    while (sendto(fd, bytes, size, 0, to, len) == -1 && errno == EINTR);
}

/* Waits for a datagram, until a moment of monotonic_seconds() at most; 0:
 * for ever. Where it comes from goes to *from, if that isn't NULL. Returns
 * -1 if there was none, with errno: ECONNREFUSED, say, is news of ours. */
static int next_datagram(int fd, struct datagram *d, double until,
                         struct sockaddr_storage *from, socklen_t *len)
{
    /* TODO 2: sleep, for as long as is left now; then take one. */
    (void)fd, (void)d, (void)until, (void)from;
    errx(1, "not yet: %d", unpack(d, NULL, *len));
}

/* Sends a datagram, again and again, until it is acknowledged. */
static void deliver(int fd, const struct datagram *d)
{
    int reason = ETIMEDOUT;

    /* TODO 3: every try has its own moment at which it is over, and
     * nothing moves that but the right acknowledgement. */
    transmit(fd, d, NULL, 0);
    errno = reason;
    err(1, "%s %s: datagram %u, sent %d times", host, port,
        (unsigned int)d->number, tries);
}

static void send_stream(int fd)
{
    struct datagram d = {.type = DATA};
    ssize_t n;

    /* TODO 3: deliver what each read() gives; and then the end. */
    n = 0;
    d.len = (size_t)n;
    deliver(fd, &d);
}

/* What the receiver knows of the one sender that it has begun with. */
static struct sockaddr_storage sender;
static socklen_t sender_len; /* 0: it hasn't begun */
static uint32_t next;        /* the number that it waits for */
static bool ended;           /* END has come */

/* Takes a datagram. Returns whether it has to be acknowledged. */
static bool take(const struct datagram *d)
{
    /* TODO 4: what is new, and what is known? First write, and then
     * acknowledge: nobody sends it once more. */
    return d->len > MAX_DATA;
}

static void receive_stream(int fd)
{
    struct datagram d = {.type = ACK};
    double until = 0;

    /* TODO 4: a write() to nobody shall fail, not end us. */
    do {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;

        if (next_datagram(fd, &d, until, &from, &len) == -1)
            continue;
        /* TODO 4: begin with who sends number 0, and pass over
         * all others from then on. */
        (void)sender, (void)sender_len, (void)next;
        if (!take(&d))
            continue;
        d.type = ACK;
        d.len = 0;
        transmit(fd, &d, (struct sockaddr *)&from, len);
        /* TODO 5: the ACK of END may get lost, too: stay. */
    } while (!ended || monotonic_seconds() < until);
}

/* Returns a socket connected to HOST and PORT; or bound to them. */
static int open_socket(bool receives)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *at;
    int fd, error = getaddrinfo(host, port, &wanted, &at);

    if (error != 0)
        errx(1, "%s %s: %s", host, port, gai_strerror(error));
    fd = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1 || (receives ? bind(fd, at->ai_addr, at->ai_addrlen)
                              : connect(fd, at->ai_addr, at->ai_addrlen)) == -1)
        err(1, "%s %s", host, port);
    freeaddrinfo(at);
    return fd;
}

/* Tells on standard error at which port: 0 was for any. */
static void tell_port(int fd)
{
    struct sockaddr_in6 bound; /* the port is where IPv4 has it, too */
    socklen_t len = sizeof bound;

    if (getsockname(fd, (struct sockaddr *)&bound, &len) == -1)
        err(1, "getsockname");
    warnx("listens on port %d", ntohs(bound.sin6_port));
}

int main(int argc, char *argv[])
{
    bool receives;
    int opt, fd;

    while ((opt = getopt(argc, argv, "+t:n:a:l:h")) != -1) {
        if (opt == 't')
            timeout = parse_seconds("-t", optarg, 0.001, 3600);
        else if (opt == 'n')
            tries = (int)parse_number("-n", optarg, 1, 1000);
        else if (opt == 'a')
            host = optarg;
        else if (opt == 'l')
            linger = parse_seconds("-l", optarg, 0, 3600);
        else
            usage(opt, help);
    }
    receives = optind + 2 == argc && strcmp(argv[optind], "receive") == 0;
    if (!receives && (optind + 3 != argc || strcmp(argv[optind], "send") != 0))
        usage('?', help);
    port = argv[argc - 1];
    if (!receives)
        host = argv[argc - 2];
    fd = open_socket(receives);

    if (receives)
        tell_port(fd);
    (receives ? receive_stream : send_stream)(fd);
    return 0;
}
