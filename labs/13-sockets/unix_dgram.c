/*
 * unix_dgram: datagrams by a path: whole, in order, none lost; each can
 * bring with it who has sent it, which the kernel vouches for.
 *
 * Usage: unix_dgram [-p PATH] [-m MODE] serve [COMMAND [ARG...]]
 *        unix_dgram [-p PATH] [-t SECONDS] [-n] ask TEXT...
 *
 * Try:   unix_dgram -p s serve unix_dgram -p s ask hello
 *        The client's own name is one that the kernel made up. With
 *        "-n ask" it has none, and the server can't answer.
 *
 * See:   unix(7), recvmsg(2), cmsg(3)
 */
#include <ctype.h>
#include <poll.h>

#include "serve.h"
#include "unix_path.h"

enum { LONGEST = 4096 };

static const char help[] =
    "Usage: unix_dgram [-p PATH] [-m MODE] serve [COMMAND [ARG...]]\n"
    "       unix_dgram [-p PATH] [-t SECONDS] [-n] ask TEXT...\n"
    "  -p PATH     of the server, or @NAME ($XDG_RUNTIME_DIR/unix_dgram)\n"
    "  -m MODE     who may send, octal (600)\n"
    "  -t SECONDS  wait so long for an answer (5)\n"
    "  -n          ask without a name of one's own\n"
    "Serves while COMMAND runs, or until SIGINT or SIGTERM.\n";

/* What came with a datagram, if the socket has SO_PASSCRED: the kernel
 * has checked it. There is no connection that SO_PEERCRED could tell of. */
static struct ucred sender_of(struct msghdr *message)
{
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    struct ucred sender = {0};

    if (part != NULL && part->cmsg_level == SOL_SOCKET &&
        part->cmsg_type == SCM_CREDENTIALS)
        memcpy(&sender, CMSG_DATA(part), sizeof sender);
    return sender;
}

/* Takes a datagram, and answers it. False if none waits. */
static bool answer(int fd)
{
    static char buf[LONGEST];
    union {
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control;
    struct sockaddr_un from;
    struct iovec data = {.iov_base = buf, .iov_len = sizeof buf};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct ucred sender;
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

    if (n == -1) {
        if (errno != EAGAIN && errno != EINTR)
            warn("receive");
        return false;
    }
    sender = sender_of(&message);
    say("server", "%zd bytes from process %d of user %u", n, (int)sender.pid,
        (unsigned)sender.uid);
    if (message.msg_namelen <= sizeof from.sun_family) {
        say("server", "it has no name: no answer");
        return true;
    }
    for (ssize_t i = 0; i < n; i++)
        buf[i] = (char)toupper((unsigned char)buf[i]);
    /* Who doesn't take its answers can fill its queue, but not stop us:
     * EAGAIN, since our socket doesn't block. */
    if (sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from,
               message.msg_namelen) == -1)
        say("server", "the answer is dropped: %s", strerror(errno));
    return true;
}

static int serve(const char *path, mode_t mode, char *command[])
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct serving serving = {0};
    struct pollfd fds[2];
    int yes = 1;

    if (fd == -1)
        err(1, "socket");
    open_signals(&serving);
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == -1)
        err(1, "SO_PASSCRED");
    bind_path(fd, path, SOCK_DGRAM, mode);
    say("server", "receives at %s", path);
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
        for (int i = 0; i < 1000 && answer(fd); i++)
            ;
    }
    return end_serving(&serving);
}

static void ask(const char *path, bool named, double patience, char *texts[])
{
    struct sockaddr_un server, own = {.sun_family = AF_UNIX};
    socklen_t len = unix_address(&server, path), own_len = sizeof own;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd one = {.fd = fd, .events = POLLIN};
    static char buf[LONGEST];

    if (fd == -1)
        err(1, "socket");
    /* An address without a name: the kernel finds one that is free, an
     * abstract one, so there is nothing to remove afterwards. */
    if (named && bind(fd, (struct sockaddr *)&own, sizeof own.sun_family) == -1)
        err(1, "bind");
    if (getsockname(fd, (struct sockaddr *)&own, &own_len) == -1)
        err(1, "getsockname");
    if (named)
        say("client", "is @%.*s",
            (int)(own_len - offsetof(struct sockaddr_un, sun_path) - 1),
            own.sun_path + 1);
    if (connect(fd, (struct sockaddr *)&server, len) == -1)
        err(1, "%s", path);
    for (; *texts != NULL; texts++) {
        ssize_t n;

        /* Unlike UDP: if the server's queue is full, this waits. */
        if (send(fd, *texts, strlen(*texts), 0) == -1)
            err(1, "send");
        if (!named)
            continue;
        while ((n = poll(&one, 1, (int)(patience * 1000))) == -1)
            if (errno != EINTR)
                err(1, "poll");
        if (n == 0)
            errx(1, "no answer within %g s", patience);
        n = recv(fd, buf, sizeof buf, 0);
        if (n == -1)
            err(1, "receive");
        say("client", "%.*s", (int)n, buf);
    }
}

int main(int argc, char *argv[])
{
    static const char *path; /* atexit() needs it after main */
    double patience = 5;
    mode_t mode = 0600;
    bool named = true;
    char *end;
    int opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "+p:m:t:nh")) != -1) {
        switch (opt) {
        case 'p':
            path = optarg;
            break;
        case 'm':
            mode = (mode_t)strtoul(optarg, &end, 8);
            if (*optarg < '0' || *optarg > '7' || *end != '\0' || mode > 0777)
                usage('?', help);
            break;
        case 't':
            patience = parse_seconds("SECONDS", optarg, 0, 3600);
            break;
        case 'n':
            named = false;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind == argc)
        usage('?', help);
    if (path == NULL)
        path = whole_path(NULL, "unix_dgram");
    if (strcmp(argv[optind], "serve") == 0)
        return serve(path, mode, argv + optind + 1);
    if (strcmp(argv[optind], "ask") != 0 || optind + 1 == argc)
        usage('?', help);
    ask(path, named, patience, argv + optind + 1);
    return 0;
}
