/*
 * unix_stream: a server at a path, which tells each client who it is: the
 * kernel knows; and the client.
 *
 * Usage: unix_stream [-p PATH] [-m MODE] serve [COMMAND [ARG...]]
 *        unix_stream [-p PATH] ask
 *
 * Try:   unix_stream -p s serve sh -c 'ls -l s; unix_stream -p s ask'
 *        unix_stream -p @name serve, and look for it with ss -xl. Other
 *        clients: nc -U PATH. Kill a server by -KILL, start another.
 *
 * See:   unix(7), bind(2), umask(2), getsockopt(2)
 */
#include <poll.h>

#include "serve.h"
#include "unix_path.h"

static const char help[] =
    "Usage: unix_stream [-p PATH] [-m MODE] serve [COMMAND [ARG...]]\n"
    "       unix_stream [-p PATH] ask\n"
    "  -p PATH  of the socket, or @NAME ($XDG_RUNTIME_DIR/unix_stream)\n"
    "  -m MODE  who may connect, octal (600)\n"
    "Serves while COMMAND runs, or until SIGINT or SIGTERM.\n";

/* Who is at the other end? Nothing that it sends could prove that. The
 * kernel noted it: of a client at its connect(), of a server at its
 * listen(). The numbers are those of our own namespaces. */
static struct ucred peer_of(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
        err(1, "SO_PEERCRED");
    return peer;
}

/* One line, and the end. It fits into a new socket's buffer: we never
 * wait for a client. */
static void answer(int fd)
{
    struct ucred peer = peer_of(fd);
    char line[100];
    int len = snprintf(line, sizeof line, "you are process %d of user %u\n",
                       (int)peer.pid, (unsigned)peer.uid);

    say("server", "process %d of user %u has connected", (int)peer.pid,
        (unsigned)peer.uid);
    if (send(fd, line, (size_t)len, 0) == -1)
        say("server", "it has gone: %s", strerror(errno));
    close(fd);
}

static int serve(const char *path, mode_t mode, char *command[])
{
    struct serving serving = {0};
    struct pollfd fds[2];
    int client, fd;

    open_signals(&serving);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1)
        err(1, "socket");
    bind_path(fd, path, SOCK_STREAM, mode);
    say("server", "listens on %s", path);
    start_command(&serving, command);

    fds[0] = (struct pollfd){.fd = serving.signals, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = fd, .events = POLLIN};
    while (!serving.ends) {
        if (poll(fds, 2, -1) == -1) {
            if (errno != EINTR)
                err(1, "poll");
            continue;
        }
        if (fds[0].revents != 0)
            read_signal(&serving);
        while ((client = accept_client(fd)) != -1)
            answer(client);
    }
    return end_serving(&serving);
}

static void ask(const char *path)
{
    struct sockaddr_un address;
    socklen_t len = unix_address(&address, path);
    struct ucred peer;
    char buf[4096];
    bool answered = false;
    ssize_t n;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1)
        err(1, "socket");
    /* EACCES without permission to write to the file, ECONNREFUSED if
     * nobody listens at it any more, ENOENT without a file. */
    if (connect(fd, (struct sockaddr *)&address, len) == -1)
        err(1, "%s", path);
    peer = peer_of(fd);
    say("client", "process %d of user %u listens", (int)peer.pid,
        (unsigned)peer.uid);
    while ((n = read(fd, buf, sizeof buf)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            err(1, "read");
        if (write_full(STDOUT_FILENO, buf, (size_t)n) == -1)
            err(1, "standard output");
        answered = true;
    }
    if (!answered)
        errx(1, "%s: no answer", path);
}

int main(int argc, char *argv[])
{
    static const char *path; /* atexit() needs it after main */
    mode_t mode = 0600;
    char *end;
    int opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "+p:m:h")) != -1) {
        switch (opt) {
        case 'p':
            path = optarg;
            break;
        case 'm':
            mode = (mode_t)strtoul(optarg, &end, 8);
            if (*optarg < '0' || *optarg > '7' || *end != '\0' || mode > 0777)
                usage('?', help);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind == argc)
        usage('?', help);
    if (path == NULL)
        path = whole_path(NULL, "unix_stream");
    if (strcmp(argv[optind], "serve") == 0)
        return serve(path, mode, argv + optind + 1);
    if (strcmp(argv[optind], "ask") != 0 || optind + 1 < argc)
        usage('?', help);
    ask(path);
    return 0;
}
