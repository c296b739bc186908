/*
 * chat_server: a line that one client sends goes to all of them, for
 * hundreds of clients; one that doesn't read delays nobody.
 *
 * Usage: chat_server [-a HOST] [-p PORT] [-q BYTES] [-t SECONDS]
 *                    [COMMAND [ARG...]]
 *
 * Try:   chat_server bash -c 'exec 3<>/dev/tcp/127.0.0.1/$PORT; printf "ann\nhello\n" >&3; head -n 1 <&3'
 *        It serves while that runs. Without a command until Ctrl-C:
 *        join from several terminals, with nc and the port it says.
 *
 * See:   epoll(7), send(2), tcp(7)
 */
#include <ctype.h>
#include <stdint.h>

#include "chat_client.h"

static const char help[] =
    "Usage: chat_server [-a HOST] [-p PORT] [-q BYTES] [-t SECONDS]\n"
    "                   [COMMAND [ARG...]]\n"
    "  -a HOST     the name or address that it serves at (127.0.0.1)\n"
    "  -p PORT     its number or name, or 0 for any (0)\n"
    "  -q BYTES    how much may wait for a client (65536)\n"
    "  -t SECONDS  at the end, how long clients may take what waits (2)\n"
    "The first line of a client is its name. Serves while COMMAND runs,\n"
    "which finds the port in $PORT, or until SIGINT or SIGTERM.\n";

/* What would do something to the terminal of who reads it. */
static void disarm(char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text) && *text != '\t')
            *text = '?';
}

/* The first line is the name; any other goes to all, "NAME: LINE". */
static void take_line(struct client *from, const char *line, size_t len)
{
    char text[NAME_MAX_ + 2 + LINE_MAX_ + 2];
    int size;

    if (len > 0 && line[len - 1] == '\r')
        len--; /* as telnet sends it */
    if (*from->name == '\0') {
        snprintf(from->name, sizeof from->name, "%.*s", (int)len, line);
        if (*from->name == '\0')
            strcpy(from->name, "?");
        disarm(from->name);
        return;
    }
    size =
        snprintf(text, sizeof text - 1, "%s: %.*s", from->name, (int)len, line);
    disarm(text);
    text[size++] = '\n';
    for (struct client *c = clients; c != NULL; c = c->next)
        put(c, text, (size_t)size);
}

/* A stream has no lines: a read may end within one, or bring many.
 * Returns how many bytes came. */
static size_t take_input(struct client *c)
{
    static const char too_long[] = "* a line is too long: bye\n";
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
    char *line = c->in, *end;

    if (n == -1) {
        c->gone = errno != EAGAIN && errno != EINTR;
        return 0;
    }
    c->in_len += (size_t)n;
    while ((end = memchr(line, '\n', c->in_len)) != NULL) {
        take_line(c, line, (size_t)(end - line));
        c->in_len -= (size_t)(end + 1 - line);
        line = end + 1;
    }
    memmove(c->in, line, c->in_len);
    if (c->in_len == sizeof c->in) {
        put(c, too_long, sizeof too_long - 1);
        n = 0;
    }
    if (n == 0 && !c->leaves && !c->gone)
        dismiss(c); /* it has said all; it may still be listening */
    return (size_t)n;
}

static void serve(struct client *c, uint32_t what)
{
    if (!c->leaves && (what & (EPOLLIN | EPOLLERR | EPOLLHUP)))
        take_input(c);
    else if (what & (EPOLLERR | EPOLLHUP))
        c->gone = true;
    if (what & EPOLLOUT)
        send_queue(c);
}

static void welcome(int listener)
{
    int fd, yes = 1;

    while ((fd = accept_client(listener)) != -1) {
        struct client *c = malloc(sizeof *c + queue_max + LINE_MAX_);

        if (c == NULL) {
            close(fd);
            continue;
        }
        *c = (struct client){.next = clients, .fd = fd};
        clients = c;
        /* Of a machine that has lost its power nothing ever comes: the
         * kernel asks from time to time whether it is there. */
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (watch(fd, c, EPOLLIN, EPOLL_CTL_ADD) == -1) {
            say("server", "refuses a client: epoll_ctl: %s", strerror(errno));
            clients = c->next;
            close(fd);
            free(c);
        }
    }
}

/* All queues at once, after all lines that have come: many lines leave
 * with one call. */
static void send_queues(void)
{
    struct client **at = &clients, *c;

    while ((c = *at) != NULL) {
        if (!c->waits || c->leaves)
            send_queue(c);
        if (!c->gone) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        /* If a close() left input unread, the client would get a reset,
         * and perhaps not our last lines. */
        while (recv(c->fd, c->in, sizeof c->in, MSG_DONTWAIT) > 0)
            ;
        close(c->fd);
        free(c);
    }
}

/* What has come until now is still said to all; then everybody goes. */
static void say_goodbye(int listener, double deadline)
{
    welcome(listener);
    close(listener);
    for (struct client *c = clients; c != NULL; c = c->next)
        while (!c->leaves && !c->gone && take_input(c) > 0 &&
               monotonic_seconds() < deadline)
            ;
    for (struct client *c = clients; c != NULL; c = c->next)
        if (!c->leaves && !c->gone)
            dismiss(c);
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = "0";
    double patience = 2, deadline = 0;
    struct serving serving = {0};
    struct epoll_event ready[64];
    int opt, listener, n;
    bool told = false;

    while ((opt = getopt(argc, argv, "+a:p:q:t:h")) != -1) {
        switch (opt) {
        case 'a':
            host = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'q':
            queue_max = (size_t)parse_number("BYTES", optarg, 2048, 1 << 30);
            break;
        case 't':
            patience = parse_seconds("SECONDS", optarg, 0, 3600);
            break;
        default:
            usage(opt, help);
        }
    }
    open_signals(&serving);
    listener = listen_on(host, port);
    events = epoll_create1(EPOLL_CLOEXEC);
    if (events == -1)
        err(1, "epoll_create1");
    if (watch(listener, &listener, EPOLLIN, EPOLL_CTL_ADD) == -1 ||
        watch(serving.signals, &serving, EPOLLIN, EPOLL_CTL_ADD) == -1)
        err(1, "epoll_ctl");
    start_command(&serving, argv + optind);

    while (!serving.ends || clients != NULL) {
        double left = deadline - monotonic_seconds();

        if (serving.ends && (told || left <= 0))
            break;
        n = epoll_wait(events, ready, 64,
                       serving.ends ? (int)(left * 1000) + 1 : -1);
        if (n == -1 && errno != EINTR)
            err(1, "epoll_wait");
        for (int i = 0; i < n; i++)
            if (ready[i].data.ptr == &listener)
                welcome(listener);
            else if (ready[i].data.ptr == &serving)
                told = read_signal(&serving);
            else
                serve(ready[i].data.ptr, ready[i].events);
        if (serving.ends && listener != -1) {
            deadline = monotonic_seconds() + patience;
            say_goodbye(listener, deadline);
            listener = -1;
        }
        send_queues();
    }
    return end_serving(&serving);
}
