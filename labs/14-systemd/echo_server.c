/*
 * echo_server: sends back what comes in, on sockets that systemd has
 * made: it needs no port, no path and no privilege of its own.
 *
 * Usage: echo_server [-t SECONDS]
 *
 * Try:   echo hello | echo_server
 *        Without a manager: standard input and output are the
 *        connection, as inetd gave them.
 *        systemd-socket-activate -l 7777 echo_server
 *        A manager for one socket. In a second terminal: nc localhost
 *        7777. Only then is echo_server started. Ctrl-C ends it.
 *        systemd-socket-activate -a -l 7777 echo_server
 *        One process a connection, as with Accept=yes.
 *
 * See:   sd_listen_fds(3), sd_is_socket(3), systemd.socket(5),
 *        systemd-socket-activate(1), accept4(2)
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"
#include "sd.h"

static const char help[] =
    "Usage: echo_server [-t SECONDS]\n"
    "  -t SECONDS  end if nobody has been there for so long (never);\n"
    "              the socket stays systemd's, which starts it again\n";

static atomic_int clients;

/* Until the other side has no more to say. Returns -1 with errno. */
static int echo(int in, int out)
{
    char buf[4096];
    ssize_t n;

    while ((n = read(in, buf, sizeof buf)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1 || write_full(out, buf, (size_t)n) == -1)
            return -1;
    }
    return 0;
}

/* A thread for each client. One that goes away ends only its own. */
static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;

    if (echo(fd, fd) == -1)
        warn("a client");
    close(fd);
    clients--;
    return NULL;
}

/*
 * Accept=no: the listening socket is ours, and with it all clients that
 * have come and will come. The first one waits in it already.
 */
static void accept_all(int listener, double seconds)
{
    struct pollfd one = {.fd = listener, .events = POLLIN};
    int limit = seconds < 0 ? -1 : (int)(seconds * 1000);
    pthread_t thread;
    int ready, fd;

    for (;;) {
        ready = poll(&one, 1, limit);
        if (ready == -1 && errno != EINTR)
            err(1, "poll");
        if (ready == 0 && clients == 0)
            return; /* who comes now waits in the socket, for the next */
        if (ready <= 0)
            continue;
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd == -1) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            err(1, "accept4");
        }
        clients++;
        check_pthread(
            pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd),
            "pthread_create");
        check_pthread(pthread_detach(thread), "pthread_detach");
    }
}

int main(int argc, char *argv[])
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    int opt, count, fd = SD_LISTEN_FDS_START;
    double seconds = -1;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "ht:")) != -1) {
        switch (opt) {
        case 't':
            seconds = parse_seconds("-t", optarg, 0, 1000000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    sigaction(SIGPIPE, &ignore, NULL); /* a client that is gone: EPIPE */

    /* LISTEN_PID must be our own PID: who forks can't inherit this by
     * mistake. 1: forget the variables, our children get none. */
    count = sd_listen_fds(1);
    if (count < 0) {
        errno = -count;
        err(1, "sd_listen_fds");
    }
    if (count > 1)
        errx(1, "%d sockets, but this can serve only one", count);

    if (count == 0) {
        if (echo(STDIN_FILENO, STDOUT_FILENO) == -1)
            err(1, "echo");
    } else if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0) {
        accept_all(fd, seconds);
    } else if (echo(fd, fd) == -1) { /* Accept=yes: connected already */
        err(1, "the client");
    }
    return 0;
}
