/*
 * fd_passing: one process opens a file and a pipe, and gives them to
 * another one that it isn't related to, over a Unix socket.
 *
 * Usage: fd_passing [-p PATH] give FILE [COMMAND [ARG...]]
 *        fd_passing [-p PATH] take
 *
 * Try:   fd_passing -p s give /etc/passwd fd_passing -p s take
 *        In two terminals: fd_passing give FILE, and fd_passing take.
 *        Remove FILE between the two: it is read all the same.
 *
 * See:   unix(7), sendmsg(2), cmsg(3), pipe(7)
 */
#include <poll.h>

#include "serve.h"
#include "unix_path.h"

enum { READ_END, WRITE_END };
enum { THE_FILE, THE_PIPE, COUNT };

static const char help[] =
    "Usage: fd_passing [-p PATH] give FILE [COMMAND [ARG...]]\n"
    "       fd_passing [-p PATH] take\n"
    "  -p PATH  of the socket, or @NAME ($XDG_RUNTIME_DIR/fd_passing)\n"
    "The giver serves one taker, COMMAND or any other. It writes into the\n"
    "pipe, and the taker reads from it.\n";

/* Room for that many descriptors, where a header would have to lie. */
union control {
    char bytes[CMSG_SPACE(COUNT * sizeof(int))];
    struct cmsghdr align;
};

/* Waits until there is something to take from fd. False if a signal says
 * that we are to end. */
static bool wait_for(int fd, struct serving *serving)
{
    /* In this order: of a command's end we are told after all that it
     * has done, and fd is looked at after that. */
    struct pollfd fds[] = {{.fd = serving->signals, .events = POLLIN},
                           {.fd = fd, .events = POLLIN}};

    while (!serving->ends) {
        if (poll(fds, 2, -1) == -1 && errno != EINTR)
            err(1, "poll");
        if (fds[0].revents != 0)
            read_signal(serving);
        if (fds[1].revents != 0)
            return true;
    }
    return false;
}

/* What is sent are no numbers: the kernel gives the other process new
 * descriptors of the same open files. */
static void give(int socket, const int fds[COUNT])
{
    union control control = {0};
    struct iovec data = {.iov_base = (char[]){'x'}, .iov_len = 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1, /* at least a byte */
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);

    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(COUNT * sizeof(int));
    memcpy(CMSG_DATA(part), fds, COUNT * sizeof(int));
    if (sendmsg(socket, &message, MSG_NOSIGNAL) == -1)
        err(1, "sendmsg");
}

static void take(int socket, int fds[COUNT])
{
    union control control;
    char byte;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *part;
    ssize_t n;

    /* MSG_CMSG_CLOEXEC: they are as if opened with O_CLOEXEC. */
    do
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (n == -1 && errno == EINTR);
    if (n == -1)
        err(1, "recvmsg");
    part = CMSG_FIRSTHDR(&message);
    /* MSG_CTRUNC: there was no room for all, and the rest is closed; or
     * we may have no more descriptors. */
    if (n == 0 || part == NULL || part->cmsg_type != SCM_RIGHTS ||
        (message.msg_flags & MSG_CTRUNC) ||
        part->cmsg_len != CMSG_LEN(COUNT * sizeof(int)))
        errx(1, "no %d descriptors came", COUNT);
    memcpy(fds, CMSG_DATA(part), COUNT * sizeof(int));
}

static int giver(const char *path, const char *file, char *command[])
{
    static const char line[] = "written into the pipe\n";
    struct serving serving = {0};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fds[COUNT], ends[2], taker;

    open_signals(&serving);
    if (listener == -1)
        err(1, "socket");
    fds[THE_FILE] = open(file, O_RDONLY | O_CLOEXEC);
    if (fds[THE_FILE] == -1)
        err(1, "%s", file);
    bind_path(listener, path, SOCK_STREAM, 0600);
    say("giver", "listens on %s", path);
    start_command(&serving, command);
    if (!wait_for(listener, &serving))
        return end_serving(&serving);
    taker = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (taker == -1)
        err(1, "accept");

    /* Only now: nobody can have inherited it, not even COMMAND. */
    if (pipe2(ends, O_CLOEXEC) == -1)
        err(1, "pipe");
    fds[THE_PIPE] = ends[READ_END];
    give(taker, fds);
    close(ends[READ_END]);
    if (write_full(ends[WRITE_END], line, sizeof line - 1) == -1)
        err(1, "write");
    close(ends[WRITE_END]);

    /* Until the taker's end of file: it has read all, or died. */
    if (!wait_for(taker, &serving))
        return end_serving(&serving);
    /* An open file has one offset, whoever has descriptors of it. */
    say("giver", "read nothing, and is at byte %lld of the file",
        (long long)lseek(fds[THE_FILE], 0, SEEK_CUR));
    return end_serving(&serving);
}

static void taker(const char *path)
{
    struct sockaddr_un address;
    socklen_t len = unix_address(&address, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    static const char *const names[] = {"file", "pipe"};
    int fds[COUNT];
    char buf[4096];

    if (fd == -1)
        err(1, "socket");
    if (connect(fd, (struct sockaddr *)&address, len) == -1)
        err(1, "%s", path);
    take(fd, fds);
    for (int i = 0; i < COUNT; i++) {
        long long sum = 0;
        ssize_t n;

        while ((n = read(fds[i], buf, sizeof buf)) != 0) {
            if (n == -1 && errno != EINTR)
                err(1, "read");
            if (n > 0 && i == THE_PIPE)
                say("taker", "%.*s", (int)n - 1, buf);
            sum += n > 0 ? n : 0;
        }
        say("taker", "read %lld bytes from the %s, descriptor %d", sum,
            names[i], fds[i]);
    }
}

int main(int argc, char *argv[])
{
    static const char *path; /* atexit() needs it after main */
    int opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "+p:h")) != -1) {
        if (opt != 'p')
            usage(opt, help);
        path = optarg;
    }
    argv += optind;
    argc -= optind;
    if (argc == 0)
        usage('?', help);
    if (path == NULL)
        path = whole_path(NULL, "fd_passing");
    if (strcmp(argv[0], "give") == 0 && argc >= 2)
        return giver(path, argv[1], argv + 2);
    if (strcmp(argv[0], "take") != 0 || argc != 1)
        usage('?', help);
    taker(path);
    return 0;
}
