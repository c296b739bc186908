/*
 * transfer_client.h: file_transfer as a client: get and put.
 */
#ifndef TRANSFER_CLIENT_H
#define TRANSFER_CLIENT_H

#include "serve.h"
#include "transfer_receive.h"
#include "transfer_send.h"

static const char *host = "127.0.0.1", *port;
static int folder; /* where the files are, or go to */
static bool replace, sums = true;

static inline void say_received(const char *role, const struct incoming *in)
{
    say(role, "%s: has come, %jd bytes from %jd on, checksum %.16s", in->name,
        (intmax_t)in->size, (intmax_t)in->from, in->sum);
}

/* Without a limit a silent peer would keep us waiting for ever. */
static inline void limit_waiting(int sock)
{
    struct timeval limit = {
        .tv_sec = (time_t)patience,
        .tv_usec = (suseconds_t)((patience - (double)(time_t)patience) * 1e6)};

    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static int connection = -1;
static volatile sig_atomic_t stopped;

/* Whatever the program waits for, it is the connection: that it ends is
 * seen at once, and also if the wait has yet to begin. */
static inline void on_stop(int sig)
{
    int saved = errno;

    stopped = sig;
    shutdown(connection, SHUT_RDWR);
    errno = saved;
}

static inline void connect_to_server(void)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list, *one;
    int error = getaddrinfo(host, port, &wanted, &list), sock = -1;

    if (error != 0)
        errx(1, "host %s, port %s: %s", host, port, gai_strerror(error));
    for (one = list; one != NULL; one = one->ai_next) {
        sock = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (sock == -1)
            continue;
        if (connect(sock, one->ai_addr, one->ai_addrlen) == 0)
            break;
        if (one->ai_next == NULL)
            err(1, "%s", address_text(one->ai_addr, one->ai_addrlen));
        close(sock);
    }
    if (one == NULL)
        err(1, "socket");
    freeaddrinfo(list);
    limit_waiting(sock);
    connection = sock;
}

static inline bool get(const char *name)
{
    static char text[MESSAGE_MAX + 1];
    const char *slash = strrchr(name, '/');
    struct incoming in = {.folder = folder,
                          .name = slash == NULL ? name : slash + 1,
                          .replace = replace};
    char *offer;

    if (!say_to(connection, "GET %s %s", sums ? "sha256" : "none", name) ||
        !read_message(connection, text) || !begins(text, "FILE", &offer) ||
        !receive_file(connection, &in, offer))
        return false;
    say_received("client", &in);
    return true;
}

static inline bool put(const char *path)
{
    const char *slash = strrchr(path, '/');
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool done;

    if (file == -1)
        return fails("%s", strerror(errno));
    done = send_file(connection, file, slash == NULL ? path : slash + 1, sums);
    close(file);
    if (done)
        say("client", "%s: was sent", path);
    return done;
}

static inline int run_client(bool (*transfer)(const char *), char *names[])
{
    const struct sigaction stop = {.sa_handler = on_stop},
                           ignore = {.sa_handler = SIG_IGN},
                           usual = {.sa_handler = SIG_DFL};
    int status = 0;

    if (transfer == put)
        sums = sums && can_checksum();
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGCHLD, &usual, NULL);
    for (; *names != NULL && !stopped; names++) {
        connect_to_server();
        sigaction(SIGINT, &stop, NULL);
        sigaction(SIGTERM, &stop, NULL);
        if (!transfer(*names)) {
            warnx("%s: %s", *names, stopped ? signal_name(stopped) : why);
            status = 1;
        }
        close(connection);
    }
    return status;
}

#endif
