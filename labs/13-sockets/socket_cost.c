/*
 * socket_cost: what a round trip and a byte cost by pipes, Unix sockets,
 * TCP and UDP between two processes of one machine, by size.
 *
 * Usage: socket_cost [-n COUNT] [-b BYTES]
 *
 * Try:   socket_cost -n 10 -b 100000
 *        socket_cost
 *        Compare within a line: each is the best of several runs, taken
 *        in turns. What UDP loses isn't counted: see the last column.
 *
 * See:   pipe(7), unix(7), tcp(7), udp(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { PIPE, UNIX, TCP, UDP, WAYS, RUNS = 5, LARGEST = 32768 };

static const char help[] =
    "Usage: socket_cost [-n COUNT] [-b BYTES]\n"
    "  -n COUNT  so many round trips for each number (2000)\n"
    "  -b BYTES  pass on so many for each number (16777216)\n";

/* What a process reads from and writes to; one descriptor for sockets. */
struct end {
    int in, out;
};

static void must(int result, const char *what)
{
    if (result == -1)
        err(1, "%s", what);
}

/* Two sockets that are connected over the loopback. */
static void connect_pair(int type, int ends[2])
{
    const struct timeval patience = {.tv_sec = 5};
    struct sockaddr_in address[2];
    int yes = 1, listener;

    for (int i = 0; i < 2; i++) {
        socklen_t len = sizeof address[i];

        address[i] = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        must(ends[i] = socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket");
        must(bind(ends[i], (struct sockaddr *)&address[i], len), "bind");
        must(getsockname(ends[i], (struct sockaddr *)&address[i], &len),
             "getsockname");
    }
    if (type == SOCK_STREAM)
        must(listen(ends[1], 1), "listen");
    must(connect(ends[0], (struct sockaddr *)&address[1], sizeof address[1]),
         "connect");
    if (type == SOCK_DGRAM) {
        must(
            connect(ends[1], (struct sockaddr *)&address[0], sizeof address[0]),
            "connect");
        /* If the other one has died, or the answer is lost. */
        must(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience,
                        sizeof patience),
             "SO_RCVTIMEO");
        return;
    }
    listener = ends[1];
    must(ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
    close(listener);
    /* Else small data may wait for more to come: Nagle's algorithm. */
    for (int i = 0; i < 2; i++)
        must(setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes),
             "TCP_NODELAY");
}

static void open_way(int way, struct end ends[2])
{
    int there[2], back[2];

    if (way == PIPE) {
        must(pipe2(there, O_CLOEXEC), "pipe");
        must(pipe2(back, O_CLOEXEC), "pipe");
        ends[0] = (struct end){.in = back[0], .out = there[1]};
        ends[1] = (struct end){.in = there[0], .out = back[1]};
        return;
    }
    if (way == UNIX)
        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, there),
             "socketpair");
    else
        connect_pair(way == TCP ? SOCK_STREAM : SOCK_DGRAM, there);
    for (int i = 0; i < 2; i++)
        ends[i] = (struct end){.in = there[i], .out = there[i]};
}

static void close_end(struct end e)
{
    close(e.in);
    if (e.out != e.in)
        close(e.out);
}

/* Datagrams are taken one by one; of a stream, what was sent by one call
 * may come by several. */
static void take(int way, int fd, char *buf, size_t size)
{
    ssize_t n;

    if (way == UDP)
        while ((n = recv(fd, buf, size, 0)) == -1 && errno == EINTR)
            ;
    else
        n = read_full(fd, buf, size);
    if (n == -1)
        err(1, "read");
    if ((size_t)n != size)
        errx(1, "%zd bytes came, not %zu", n, size);
}

/* Takes all that comes; returns how many bytes. Of UDP there is no end:
 * when the sender has said, by the pipe `told`, that it has sent all,
 * what isn't there is lost. */
static size_t take_all(int way, int fd, int told, char *buf, size_t size)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
                           {.fd = told, .events = POLLIN}};
    size_t sum = 0;
    ssize_t n;

    for (;;) {
        if (way == UDP)
            n = recv(fd, buf, size, MSG_DONTWAIT);
        else
            n = read(fd, buf, size);
        if (n == 0)
            return sum;
        if (n > 0)
            sum += (size_t)n;
        else if (errno == EAGAIN && fds[1].revents != 0)
            return sum;
        else if (errno != EAGAIN && errno != EINTR)
            err(1, "read");
        else if (poll(fds, 2, -1) == -1 && errno != EINTR)
            err(1, "poll");
    }
}

/* The other process: sends back each message; or only takes them, and
 * tells how many bytes came, through the same way back. */
static pid_t start(int way, struct end ends[2], int told[2], size_t size,
                   size_t count, bool trips)
{
    static char buf[LARGEST];
    pid_t parent = getpid(), child = fork();
    size_t sum;

    must(child, "fork");
    if (child != 0)
        return child;
    must(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
    if (getppid() != parent)
        _exit(1);
    close_end(ends[0]);
    close(told[1]);
    for (size_t i = 0; i < count && trips; i++) {
        take(way, ends[1].in, buf, size);
        must(write_full(ends[1].out, buf, size), "write");
    }
    if (!trips) {
        sum = take_all(way, ends[1].in, told[0], buf, size);
        must(write_full(ends[1].out, &sum, sizeof sum), "write");
    }
    _exit(0);
}

/* Does it `count` times; returns ns for each round trip, or for each byte
 * that came. Adds to lost what didn't, in percent. */
static double measure(int way, size_t size, size_t count, bool trips,
                      double *lost)
{
    static char buf[LARGEST];
    struct end ends[2];
    size_t sum = size * count;
    int told[2], status;
    double begin;
    pid_t child;

    open_way(way, ends);
    must(pipe2(told, O_CLOEXEC), "pipe");
    child = start(way, ends, told, size, count, trips);
    close_end(ends[1]);
    close(told[0]);
    begin = monotonic_seconds();
    for (size_t i = 0; i < count; i++) {
        must(write_full(ends[0].out, buf, size), "write");
        if (trips)
            take(way, ends[0].in, buf, size);
    }
    close(told[1]);
    if (!trips) {
        /* The end of file; a socket's way back stays open. */
        if (way == PIPE)
            close(ends[0].out);
        else if (way != UDP)
            must(shutdown(ends[0].out, SHUT_WR), "shutdown");
        take(way, ends[0].in, (char *)&sum, sizeof sum);
    }
    begin = monotonic_seconds() - begin;
    close(ends[0].in);
    if (way == PIPE && trips)
        close(ends[0].out);
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        exit(1);
    *lost += 100 - 100.0 * (double)sum / (double)(size * count);
    return begin * 1e9 / (trips ? (double)count : (double)sum);
}

/* A line of the table: the best of each way. */
static void compare(size_t size, size_t count, bool trips)
{
    double best[WAYS] = {0}, lost = 0, cost;

    for (int run = 0; run < RUNS; run++)
        for (int way = 0; way < WAYS; way++) {
            cost = measure(way, size, count, trips, &lost);
            if (run == 0 || cost < best[way])
                best[way] = cost;
        }
    printf("%-11s %7zu", trips ? "round trip" : "a byte", size);
    for (int way = 0; way < WAYS; way++)
        printf(trips ? " %9.0f" : " %9.3f", best[way]);
    if (!trips)
        printf(" %8.1f %%", lost / RUNS);
    printf("\n");
    if (fflush(stdout) == EOF)
        err(1, "standard output");
}

int main(int argc, char *argv[])
{
    static const size_t sizes[] = {16, 1024, 4096, 16384, LARGEST};
    const struct sigaction ignore = {.sa_handler = SIG_IGN},
                           usual = {.sa_handler = SIG_DFL};
    size_t count = 2000, total = 16 << 20;
    int opt;

    while ((opt = getopt(argc, argv, "n:b:h")) != -1) {
        switch (opt) {
        case 'n':
            count = (size_t)parse_number("COUNT", optarg, 1, 1000000000);
            break;
        case 'b':
            total = (size_t)parse_number("BYTES", optarg, 1, 1LL << 40);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGCHLD, &usual, NULL);
    printf("%-11s %7s %9s %9s %9s %9s %10s\n", "ns", "bytes", "pipe", "Unix",
           "TCP", "UDP", "UDP lost");
    if (fflush(stdout) == EOF)
        err(1, "standard output");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        compare(sizes[i], count, true);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t some = total / sizes[i] + 1;

        /* Small ones take much longer: fewer will do. */
        if (sizes[i] < 1024)
            some = total / 512 + 1;
        compare(sizes[i], some, false);
    }
    return 0;
}
