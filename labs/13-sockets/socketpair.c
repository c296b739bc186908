/*
 * socketpair: two sockets that are connected to each other; parent and
 * child speak both ways over one descriptor each.
 *
 * Usage: socketpair [-q] [-n COUNT]
 *
 * Try:   socketpair
 *        Three messages were sent before the child reads: a stream gives
 *        it all bytes at once. With -q messages stay apart.
 *
 * See:   socketpair(2), shutdown(2), unix(7)
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: socketpair [-q] [-n COUNT]\n"
    "  -q        SOCK_SEQPACKET, which keeps messages apart\n"
    "  -n COUNT  the parent sends so many, 1 to 10 (3)\n";

static ssize_t receive(int fd, char *buf, size_t size)
{
    ssize_t n;

    do
        n = recv(fd, buf, size, 0);
    while (n == -1 && errno == EINTR);
    if (n == -1)
        err(1, "receive");
    return n;
}

/* What is sent fits into the socket's buffer: nobody waits here. */
static void send_all(int fd, const char *buf, size_t len)
{
    /* No SIGPIPE, if the other one is dead: EPIPE. */
    if (send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
        err(1, "send");
}

/* Answers, through the same descriptor, until the parent has shut its
 * way down: that is the end of file here. */
static void child(int fd)
{
    char buf[256];
    ssize_t n;

    while ((n = receive(fd, buf, sizeof buf)) > 0) {
        say("child", "received %zd bytes: %.*s", n, (int)n, buf);
        for (ssize_t i = 0; i < n; i++)
            buf[i] = (char)toupper((unsigned char)buf[i]);
        send_all(fd, buf, (size_t)n);
    }
    say("child", "end of file");
}

int main(int argc, char *argv[])
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    int ends[2], opt, status, type = SOCK_STREAM;
    long long count = 3;
    char buf[256];
    ssize_t n;
    pid_t pid;

    while ((opt = getopt(argc, argv, "qn:h")) != -1) {
        switch (opt) {
        case 'q':
            type = SOCK_SEQPACKET;
            break;
        case 'n':
            count = parse_number("COUNT", optarg, 1, 10);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    sigaction(SIGCHLD, &usual, NULL); /* else there is none to wait for */

    /* No address, no listen(), no accept(). */
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == -1)
        err(1, "socketpair");
    for (long long i = 1; i <= count; i++) {
        int len = snprintf(buf, sizeof buf, "message %lld", i);

        say("parent", "sends %s", buf);
        send_all(ends[0], buf, (size_t)len);
    }
    pid = fork();
    if (pid == -1)
        err(1, "fork");
    /* Each keeps one: while we had the child's, too, we would never see
     * an end of file. */
    if (pid == 0) {
        close(ends[0]);
        child(ends[1]);
        return 0;
    }
    close(ends[1]);

    /* We send no more, and go on receiving: one way is closed. With
     * close() both would be. */
    if (shutdown(ends[0], SHUT_WR) == -1)
        err(1, "shutdown");
    while ((n = receive(ends[0], buf, sizeof buf)) > 0)
        say("parent", "received %zd bytes: %.*s", n, (int)n, buf);
    say("parent", "end of file");
    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return status == 0 ? 0 : 1;
}
