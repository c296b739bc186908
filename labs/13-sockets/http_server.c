/*
 * http_server: gives files to browsers, HTTP/1.1, many at the same time
 * in one thread: epoll tells which of them something can be done for.
 *
 * Usage: http_server [-a HOST] [-p PORT] [-r ROOT] [-t SECONDS]
 *                    [COMMAND [ARG...]]
 *
 * Try:   http_server -r /etc bash -c 'exec 3<>/dev/tcp/127.0.0.1/$PORT; printf "GET /hostname HTTP/1.0\n\n" >&3; tail -n 1 <&3'
 *        It serves while that runs. Without a command until Ctrl-C: open
 *        what it says in a browser, after "http://".
 *
 * Not under valgrind: it doesn't know openat2(2)
 *
 * See:   epoll(7), openat2(2), sendfile(2), RFC 9110, RFC 9112
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/sendfile.h>

#include "http_answer.h"
#include "http_connection.h"
#include "http_request.h"
#include "serve.h"

static const char help[] =
    "Usage: http_server [-a HOST] [-p PORT] [-r ROOT] [-t SECONDS]\n"
    "                   [COMMAND [ARG...]]\n"
    "  -a HOST     the name or address that it serves at (127.0.0.1)\n"
    "  -p PORT     its number or name, or 0 for any (0)\n"
    "  -r ROOT     the folder whose files it gives (.)\n"
    "  -t SECONDS  how long a client may take (10)\n"
    "Serves while COMMAND runs, which finds the port in $PORT, or until\n"
    "SIGINT or SIGTERM.\n";

static int root, listener;
static struct serving serving;

/* ---- answers ---- */

static void begin_answer(struct connection *c, const struct request *request)
{
    struct found found = {.status = request->status, .fd = -1};

    if (found.status == 200)
        found = find_file(root, request->path);
    c->state = ANSWERS;
    c->persist = request->persist && !serving.ends;
    c->out_len =
        write_header(c->out, sizeof c->out, request, &found, c->persist);
    c->out_sent = 0;
    if (found.status != 200 || request->head) {
        if (found.fd != -1)
            close(found.fd);
        return;
    }
    c->file = found.fd;
    c->at = 0;
    c->left = found.size;
    /* One call instead of two, if all of it fits. */
    if (c->left <= (long long)(sizeof c->out - c->out_len)) {
        ssize_t n = pread(c->file, c->out + c->out_len, (size_t)c->left, 0);

        if (n > 0) {
            c->out_len += (size_t)n;
            c->left -= n;
            c->at = n;
        }
    }
}

/* Sends what the socket has room for. False if the client is lost. */
static bool go_on(struct connection *c)
{
    ssize_t n = 0;

    while (c->out_sent < c->out_len) {
        n = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent,
                 c->left > 0 ? MSG_MORE : 0);
        if (n == -1)
            break;
        c->out_sent += (size_t)n;
    }
    if (n != -1 && c->left > 0) {
        n = sendfile(c->fd, c->file, &c->at,
                     c->left < CHUNK ? (size_t)c->left : CHUNK);
        if (n == 0)
            return false; /* it got shorter: we can't keep our word */
        if (n > 0)
            c->left -= n;
    }
    if (n == -1 && errno != EAGAIN && errno != EINTR)
        return false;
    if (n != -1)
        renew(c);
    if (c->out_sent < c->out_len || c->left > 0) {
        wait_for_room(c, true);
        return true;
    }
    wait_for_room(c, false);
    if (c->file != -1)
        close(c->file);
    c->file = -1;
    c->state = READS;
    if (!c->persist) {
        /* If we closed now and something came, the client would get a
         * reset, and perhaps not what we've sent before it: wait for
         * its own end. */
        c->state = LINGERS;
        shutdown(c->fd, SHUT_WR);
    }
    return true;
}

/* ---- requests ---- */

static void take_off(struct connection *c, size_t len)
{
    c->in_len -= len;
    memmove(c->in, c->in + len, c->in_len);
}

/* Answers what has come, one after the other. */
static bool handle_input(struct connection *c)
{
    struct request request;

    while (c->state == READS) {
        size_t len =
            c->skip < (long long)c->in_len ? (size_t)c->skip : c->in_len;

        take_off(c, len);
        c->skip -= (long long)len;
        if (c->in_len == 0)
            break;
        len = read_request(&request, c->in, c->in_len);
        if (len == 0)
            break;
        take_off(c, len);
        c->skip = request.body;
        begin_answer(c, &request);
        if (!go_on(c))
            return false;
    }
    return true;
}

static bool take_input(struct connection *c)
{
    bool began = c->in_len > 0;
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);

    if (n == -1)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    if (c->state == LINGERS)
        return true; /* in_len stays: it is thrown away */
    c->in_len += (size_t)n;
    if (!began)
        renew(c); /* but not for each byte: a slow one has an end */
    return handle_input(c);
}

static void serve(struct connection *c)
{
    bool alive;

    if (c->state == ANSWERS)
        alive = go_on(c) && handle_input(c);
    else
        alive = take_input(c);
    if (!alive)
        drop(c);
}

static void welcome(void)
{
    int fd, yes = 1;

    while ((fd = accept_client(listener)) != -1) {
        struct connection *c = malloc(sizeof *c);

        if (c == NULL) {
            close(fd);
            continue;
        }
        memset(c, 0, offsetof(struct connection, in));
        c->fd = fd;
        c->file = -1;
        c->before = c->after = c;
        renew(c);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (watch(fd, c, EPOLLIN, EPOLL_CTL_ADD) == -1) {
            say("server", "refuses a client: %s", strerror(errno));
            drop(c);
        }
    }
}

/* Who is too late is told so, if it has begun to ask. */
static void end_the_late(void)
{
    const struct request late = {.status = 408};

    while (all.after != &all && all.after->deadline <= monotonic_seconds()) {
        struct connection *c = all.after;

        if (c->state != READS || c->in_len == 0) {
            drop(c);
            continue;
        }
        begin_answer(c, &late);
        c->in_len = 0;
        renew(c);
        if (!go_on(c))
            drop(c);
    }
}

/* At the end those who have asked get their answers, also if we haven't
 * read yet what they sent; the others go. */
static void end_the_idle(void)
{
    struct connection *c, *next;

    if (listener != -1) {
        welcome();
        close(listener);
        listener = -1;
    }
    for (c = all.after; c != &all; c = next) {
        next = c->after;
        if (c->state == READS && c->in_len == 0 &&
            (!take_input(c) || (c->state == READS && c->in_len == 0)))
            drop(c);
    }
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = "0", *folder = ".";
    struct epoll_event ready[64];
    bool told = false;
    int opt, n;

    while ((opt = getopt(argc, argv, "+a:p:r:t:h")) != -1) {
        switch (opt) {
        case 'a':
            host = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'r':
            folder = optarg;
            break;
        case 't':
            patience = parse_seconds("SECONDS", optarg, 0.01, 86400);
            break;
        default:
            usage(opt, help);
        }
    }
    root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root == -1)
        err(1, "%s", folder);
    if ((n = open_beneath(root, "/", O_RDONLY)) == -1)
        err(1, "%s: openat2", folder);
    close(n);

    open_signals(&serving);
    listener = listen_on(host, port);
    events = epoll_create1(EPOLL_CLOEXEC);
    if (events == -1)
        err(1, "epoll_create1");
    if (watch(listener, &listener, EPOLLIN, EPOLL_CTL_ADD) == -1 ||
        watch(serving.signals, &serving, EPOLLIN, EPOLL_CTL_ADD) == -1)
        err(1, "epoll_ctl");
    start_command(&serving, argv + optind);

    while (!serving.ends || all.after != &all) {
        n = epoll_wait(events, ready, 64, milliseconds_to_deadline());
        if (n == -1 && errno != EINTR)
            err(1, "epoll_wait");
        for (int i = 0; i < n; i++)
            if (ready[i].data.ptr == &listener)
                welcome();
            else if (ready[i].data.ptr == &serving)
                told = read_signal(&serving);
            else
                serve(ready[i].data.ptr);
        if (told)
            break;
        if (serving.ends)
            end_the_idle();
        end_the_late();
    }
    return end_serving(&serving);
}
