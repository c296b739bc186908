/*
 * tcp_client: connects to a server, by name and port; sends the words, or
 * its input, and writes what comes back: a small nc.
 *
 * Usage: tcp_client [-a HOST] [-p PORT] [-v] [TEXT...]
 *
 * Try:   tcp_server tcp_client -v hello
 *        In one terminal nc -l 127.0.0.1 8080, in another tcp_client -p
 *        8080: what you type in one appears in the other.
 *
 * See:   getaddrinfo(3), connect(2), send(2), shutdown(2), gai.conf(5)
 */
#include <poll.h>

#include "serve.h"

static const char help[] =
    "Usage: tcp_client [-a HOST] [-p PORT] [-v] [TEXT...]\n"
    "  -a HOST  the name or address of the server (127.0.0.1); \"\" is this\n"
    "           machine, by IPv6 or IPv4\n"
    "  -p PORT  its number or name ($PORT)\n"
    "  -v       say who is connected to whom\n"
    "Each TEXT is sent as a line; without any, the standard input.\n";

/* Says what both ends of a connection are called. */
static void say_ends(int fd)
{
    struct sockaddr_storage own, peer;
    socklen_t own_len = sizeof own, peer_len = sizeof peer;

    if (getsockname(fd, (struct sockaddr *)&own, &own_len) == -1 ||
        getpeername(fd, (struct sockaddr *)&peer, &peer_len) == -1)
        err(1, "getpeername");
    /* We didn't bind: the kernel has given us an address and a port. */
    say("client", "is %s", address_text((struct sockaddr *)&own, own_len));
    say("client", "connected to %s",
        address_text((struct sockaddr *)&peer, peer_len));
}

static int connect_to(const char *host, const char *port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list, *one;
    int fd = -1, error;

    error = getaddrinfo(*host != '\0' ? host : NULL, port, &wanted, &list);
    if (error != 0)
        errx(1, "host %s, port %s: %s", host, port, gai_strerror(error));
    /* "localhost" is ::1 and 127.0.0.1, and the server may be at one. */
    for (one = list; one != NULL; one = one->ai_next) {
        fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC,
                    one->ai_protocol);
        if (fd == -1 && errno == EAFNOSUPPORT && one->ai_next != NULL)
            continue;
        if (fd == -1)
            err(1, "socket");
        if (connect(fd, one->ai_addr, one->ai_addrlen) == 0)
            break;
        warn("%s", address_text(one->ai_addr, one->ai_addrlen));
        /* After a failure a socket can't be used again. */
        close(fd);
    }
    if (one == NULL)
        exit(1); /* each failure has been told */
    freeaddrinfo(list);
    return fd;
}

/* The texts as lines, in one block. */
static char *join(char *texts[], size_t *len)
{
    char *all = NULL;
    FILE *out = open_memstream(&all, len);

    if (out == NULL)
        err(1, "open_memstream");
    for (; *texts != NULL; texts++)
        fprintf(out, "%s\n", *texts);
    if (fclose(out) == EOF)
        err(1, "open_memstream");
    return all;
}

/*
 * Sends and receives at the same time. To send all first would be a
 * mistake: while we don't take answers the server takes no more, and
 * each waits for the other.
 */
static void talk(int fd, char *out, size_t len, bool input)
{
    static char in[65536], from_input[65536];
    size_t sent = 0;
    bool sends = true, receives = true;

    for (;;) {
        struct pollfd fds[] = {{.fd = fd, .events = receives ? POLLIN : 0},
                               {.fd = -1, .events = POLLIN}};
        ssize_t n;

        if (!receives && sent == len)
            return;
        if (sends && sent < len)
            fds[0].events |= POLLOUT;
        else if (sends && input)
            fds[1].fd = STDIN_FILENO;
        else if (sends) {
            /* Our end of file: the server learns that no more comes, and
             * can go on answering. A close() would end both ways. */
            if (shutdown(fd, SHUT_WR) == -1 && errno != ENOTCONN)
                err(1, "shutdown");
            sends = false;
        }
        if (poll(fds, 2, -1) == -1) {
            if (errno != EINTR)
                err(1, "poll");
            continue;
        }
        if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) {
            n = recv(fd, in, sizeof in, MSG_DONTWAIT);
            if (n == 0) /* it says no more, but may still listen */
                receives = false;
            if (n == -1 && errno != EAGAIN && errno != EINTR)
                err(1, "receive");
            if (n > 0 && write_full(STDOUT_FILENO, in, (size_t)n) == -1)
                err(1, "standard output");
        }
        if (fds[0].revents & POLLOUT) {
            n = send(fd, out + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n == -1 && errno != EAGAIN && errno != EINTR)
                err(1, "send");
            sent += n == -1 ? 0 : (size_t)n;
        }
        if (fds[1].revents != 0) {
            n = read(STDIN_FILENO, from_input, sizeof from_input);
            if (n == -1 && errno != EINTR)
                err(1, "standard input");
            input = n != 0;
            out = from_input;
            len = n > 0 ? (size_t)n : 0;
            sent = 0;
        }
    }
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = getenv("PORT");
    bool verbose = false;
    char *text;
    size_t len;
    int opt, fd;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "a:p:vh")) != -1) {
        switch (opt) {
        case 'a':
            host = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'v':
            verbose = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (port == NULL)
        usage('?', help);
    text = join(argv + optind, &len);
    fd = connect_to(host, port);
    if (verbose)
        say_ends(fd);
    talk(fd, text, len, optind == argc);
    free(text);
    return 0;
}
