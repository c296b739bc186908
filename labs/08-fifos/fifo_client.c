/*
 * fifo_client: sends one request to fifo_server, and reads the answer
 * from a FIFO of its own.
 *
 * Usage: fifo_client [-p PATH] [-t SECONDS] TEXT
 *
 * Try:   fifo_server -p s fifo_client -p s "to whom it may concern"
 *        Without a server: it says so at once, instead of waiting.
 *        fifo_server -p s sh -c 'kill -STOP $PPID; fifo_client -p s hi'
 *        The server is stopped. From a second terminal: kill -CONT it,
 *        or kill -KILL; the client gets its answer, or ends.
 *
 * See:   fifo(7), mkdtemp(3), open(2), poll(2), signal-safety(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: fifo_client [-p PATH] [-t SECONDS] TEXT\n"
    "  -p PATH     the server's FIFO (fifo_server in "
    "$XDG_RUNTIME_DIR)\n"
    "  -t SECONDS  wait no longer for the server (5)\n";

static const char *path;
static char *folder, *reply;

static void remove_reply(void)
{
    if (reply != NULL)
        unlink(reply);
    rmdir(folder);
}

/* Here nobody waits for us to finish anything: remove the FIFO and die
 * of the signal. All three calls are allowed in a handler. */
static void on_signal(int sig)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};

    remove_reply();
    sigaction(sig, &usual, NULL);
    raise(sig);
}

static void set_handlers(sigset_t *set)
{
    static const int sigs[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = on_signal}, old;

    sigemptyset(set);
    for (size_t i = 0; i < sizeof sigs / sizeof sigs[0]; i++) {
        sigaddset(set, sigs[i]);
        sigaction(sigs[i], NULL, &old);
        if (old.sa_handler != SIG_IGN)
            sigaction(sigs[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL); /* write() gives EPIPE */
}

/* Without O_NONBLOCK we would wait here for a server to come. */
static int open_server(void)
{
    struct stat info;
    int fd;

    if (stat(path, &info) == 0 && !S_ISFIFO(info.st_mode))
        errx(1, "%s: there is something else than a FIFO", path);
    fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1 && (errno == ENXIO || errno == ENOENT))
        err(1, "%s: no server", path);
    if (fd == -1 || fstat(fd, &info) == -1)
        err(1, "%s", path);
    if (!S_ISFIFO(info.st_mode))
        errx(1, "%s: there is something else than a FIFO", path);
    return fd;
}

/* Makes PATH.XXXXXX/reply. mkdtemp() finds six characters that nobody
 * else has, also no dead client, whose answer might still come; and it
 * makes a folder that only we can use. */
static int open_reply(void)
{
    sigset_t set;
    int fd;

    if (asprintf(&folder, "%s.XXXXXX", path) == -1)
        err(1, "asprintf");

    /* Until the handler knows what it has to remove. */
    set_handlers(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (mkdtemp(folder) == NULL)
        err(1, "%s", folder);
    atexit(remove_reply);
    if (asprintf(&reply, "%s/reply", folder) == -1)
        err(1, "asprintf");
    if (mkfifo(reply, 0600) == -1)
        err(1, "%s", reply);
    sigprocmask(SIG_UNBLOCK, &set, NULL);

    /* Before we ask: the server never waits for us to open it. And
     * O_NONBLOCK, since there is no writer until it answers. */
    fd = open(reply, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        err(1, "%s", reply);
    return fd;
}

static void await(struct pollfd *fds, nfds_t count, double limit)
{
    int ready;

    do
        ready = poll(fds, count, (int)(limit * 1000));
    while (ready == -1 && errno == EINTR);
    if (ready == -1)
        err(1, "poll");
    if (ready == 0)
        errx(1, "no answer within %g s", limit);
}

/* One write() of up to PIPE_BUF bytes: no other client's can come in
 * between, and there is room for all of it, or EAGAIN. The name is the
 * end of our folder's. */
static void ask(int server, const char *text, double limit)
{
    struct pollfd room = {.fd = server, .events = POLLOUT};
    char request[PIPE_BUF + 1]; /* and the string's end */
    int len = snprintf(request, sizeof request, "%s %s\n",
                       folder + strlen(folder) - 6, text);
    ssize_t n;

    do {
        await(&room, 1, limit);
        n = write(server, request, (size_t)len);
    } while (n == -1 && (errno == EAGAIN || errno == EINTR));
    if (n == -1 && errno == EPIPE)
        errx(1, "%s: no answer will come", path);
    if (n == -1)
        err(1, "%s: write", path);
}

/* Waits for the answer, but also for the end of the server: then there
 * is no read end of its FIFO, and poll() tells POLLERR of ours. */
static void print_answer(int server, int from, double limit)
{
    struct pollfd fds[] = {{from, POLLIN, 0}, {server, 0, 0}};
    char buf[PIPE_BUF];
    ssize_t n;

    await(fds, 2, limit);
    n = read(from, buf, sizeof buf);
    if (n == -1 && errno != EAGAIN)
        err(1, "%s: read", reply);
    if (n <= 0)
        errx(1, "%s: no answer will come", path);
    if (write_full(STDOUT_FILENO, buf, (size_t)n) == -1)
        err(1, "standard output");
}

int main(int argc, char *argv[])
{
    const char *given = NULL;
    double limit = 5;
    int server, from, opt;

    while ((opt = getopt(argc, argv, "p:t:h")) != -1) {
        switch (opt) {
        case 'p':
            given = optarg;
            break;
        case 't':
            limit = parse_seconds("-t", optarg, 0.001, 86400);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind + 1 != argc)
        usage('?', usage_text);
    if (strchr(argv[optind], '\n') != NULL)
        errx(2, "a request is one line");
    if (strlen(argv[optind]) + 8 > PIPE_BUF)
        errx(2, "a request of over %d bytes may be torn", PIPE_BUF);
    path = given != NULL ? given : whole_path(NULL, "fifo_server");

    server = open_server();
    from = open_reply();
    ask(server, argv[optind], limit);
    print_answer(server, from, limit);
    return 0;
}
