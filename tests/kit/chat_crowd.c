/*
 * chat_crowd: hundreds of clients of chat_server, who all talk and listen,
 * and count: each has to hear every line of everybody, in the order in
 * which that one said them.
 *
 * Usage: chat_crowd [-n CLIENTS] [-l LINES] [-b BYTES] [-p PORT]
 *
 * Each says its next line when it has heard its last one. Exit status 1 if
 * a line is missing, or in a wrong place, after 60 s at the latest.
 *
 * See:   labs/13-sockets/chat_server.c
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: chat_crowd [-n CLIENTS] [-l LINES] [-b BYTES] [-p PORT]\n"
    "  -n CLIENTS  how many (500)\n"
    "  -l LINES    how many each says (4)\n"
    "  -b BYTES    how long a line is, at least (0)\n"
    "  -p PORT     where they talk ($PORT)\n";

enum { INPUT = 65536 };

struct client {
    int fd;
    int said;      /* lines; -1: it hasn't heard itself yet */
    int heard;     /* lines of all */
    int *next;     /* which line it has to hear of each */
    size_t in_len; /* of a line whose end hasn't come */
    char in[INPUT];
};

static struct client *clients;
static int count = 500, lines = 4, bytes;
static int unready, unfinished;

static void write_line(struct client *c, int number)
{
    char text[2048];
    int len = snprintf(text, sizeof text, "%d %0*d\n", number,
                       bytes > 0 ? bytes : 1, 0);

    /* Its last one has come back: there is room for this one. */
    if (send(c->fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        err(1, "send");
}

/* "17: 3 000" is line 3 of client 17; line 0 only says that it's there. */
static void hear(struct client *c, const char *text)
{
    char *end;
    long who = strtol(text, &end, 10), number;

    if (end == text || strncmp(end, ": ", 2) != 0 || who < 0 || who >= count)
        errx(1, "client %td has heard: %s", c - clients, text);
    number = strtol(end + 2, &end, 10);
    if (*end != ' ' || (int)strlen(end + 1) < bytes)
        errx(1, "client %td has heard a part: %s", c - clients, text);
    if (number == 0) {
        if (who == c - clients) {
            c->said = 0;
            unready--;
        }
        return;
    }
    if (number != ++c->next[who])
        errx(1, "client %td has heard line %ld of %ld instead of %d",
             c - clients, number, who, c->next[who]);
    if (++c->heard == count * lines)
        unfinished--;
    if (who == c - clients && c->said < lines)
        write_line(c, ++c->said);
}

static void take(struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, INPUT - c->in_len, 0);
    char *line = c->in, *end;

    if (n <= 0)
        err(1, "client %td after %d lines: %s", c - clients, c->heard,
            n == 0 ? "end" : "recv");
    c->in_len += (size_t)n;
    while ((end = memchr(line, '\n', c->in_len)) != NULL) {
        *end = '\0';
        hear(c, line);
        c->in_len -= (size_t)(end + 1 - line);
        line = end + 1;
    }
    memmove(c->in, line, c->in_len);
}

static void join(struct client *c, int events, const char *port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)parse_number("PORT", port, 1, 65535))};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    char name[32];
    int len = snprintf(name, sizeof name, "%td\n", c - clients);

    c->next = calloc((size_t)count, sizeof *c->next);
    c->said = -1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->next == NULL || c->fd == -1 ||
        connect(c->fd, (struct sockaddr *)&to, sizeof to) == -1 ||
        epoll_ctl(events, EPOLL_CTL_ADD, c->fd, &event) == -1 ||
        send(c->fd, name, (size_t)len, MSG_NOSIGNAL) != len)
        err(1, "client %td", c - clients);
    write_line(c, 0);
}

int main(int argc, char *argv[])
{
    const char *port = getenv("PORT");
    struct epoll_event ready[64];
    struct rlimit files;
    int opt, events = epoll_create1(0);
    double began;
    bool talking = false;

    while ((opt = getopt(argc, argv, "n:l:b:p:h")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("CLIENTS", optarg, 1, 10000);
            break;
        case 'l':
            lines = (int)parse_number("LINES", optarg, 1, 1000000);
            break;
        case 'b':
            bytes = (int)parse_number("BYTES", optarg, 0, 1000);
            break;
        case 'p':
            port = optarg;
            break;
        default:
            usage(opt, help);
        }
    }
    if (port == NULL || optind < argc)
        usage('?', help);
    alarm(60);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    clients = calloc((size_t)count, sizeof *clients);
    if (clients == NULL || events == -1)
        err(1, "no memory or epoll");
    unready = unfinished = count;
    began = monotonic_seconds();
    for (int i = 0; i < count; i++)
        join(&clients[i], events, port);
    while (unfinished > 0) {
        int n = epoll_wait(events, ready, 64, -1);

        if (n == -1 && errno != EINTR)
            err(1, "epoll_wait");
        for (int i = 0; i < n; i++)
            take(ready[i].data.ptr);
        /* Only when the server knows all of them, they begin. */
        for (int i = 0; i < count && unready == 0 && !talking; i++)
            write_line(&clients[i], clients[i].said = 1);
        if (unready == 0 && !talking) {
            talking = true;
            began = monotonic_seconds();
        }
    }
    printf("%d clients have heard %d lines each, all in order: %.3f s\n", count,
           count * lines, monotonic_seconds() - began);
    return 0;
}
