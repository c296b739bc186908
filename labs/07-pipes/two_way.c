/*
 * two_way: two pipes carry bytes both ways, and poll() keeps the parent
 * from waiting for one pipe while the child waits for the other.
 *
 * Usage: two_way [-n BYTES] [-x] [-t SECONDS]
 *
 * Try:   two_way -n 1000000
 *        The child is a filter that answers in capitals. Far more bytes
 *        go through it than two pipes hold.
 *        two_way -n 1000000 -x
 *        The parent writes everything first, then reads: deadlock.
 *        two_way -n 1000 -x
 *        The same mistake, unseen while the pipes can hold it all.
 *
 * See:   pipe(7), poll(2), fcntl(2)
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char usage_text[] =
    "Usage: two_way [-n BYTES] [-x] [-t SECONDS]\n"
    "  -n BYTES    send this many (1048576)\n"
    "  -x          write everything, then read: deadlocks\n"
    "  -t SECONDS  end such a deadlock after this time (0.5)\n";

/* What the parent sends: abc...zabc... */
static char letter(size_t i)
{
    return (char)('a' + i % 26);
}

/* The child: answers while it reads, as tr(1), sed(1) or cat(1) do. */
static void capitals(int in, int out)
{
    char buf[4096];
    ssize_t n;

    while ((n = read(in, buf, sizeof buf)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            buf[i] = (char)toupper((unsigned char)buf[i]);
        if (write_full(out, buf, (size_t)n) == -1)
            err(1, "child: write");
    }
    if (n == -1)
        err(1, "child: read");
}

/* Reads once and checks what came. Returns how much: 0 at the end. */
static size_t take(int in, size_t got)
{
    char buf[4096];
    ssize_t n = read(in, buf, sizeof buf);

    if (n == -1)
        err(1, "read");
    for (ssize_t i = 0; i < n; i++) {
        if (buf[i] != toupper((unsigned char)letter(got + (size_t)i)))
            errx(1, "byte %zu came back wrong", got + (size_t)i);
    }
    return (size_t)n;
}

static int bytes_in(int pipe_end)
{
    int n;

    if (ioctl(pipe_end, FIONREAD, &n) == -1)
        err(1, "ioctl FIONREAD");
    return n;
}

/*
 * Sends len bytes of data, and reads the answers meanwhile. If limit
 * isn't 0, makes the mistake: reads nothing until all is sent. Returns
 * false if it could then write nothing for limit seconds.
 */
static bool exchange(int out, int in, const char *data, size_t len,
                     double limit)
{
    size_t sent = 0, got = 0, most = 0, n = 1;

    /*
     * poll() says that there is room, not how much. So write() must
     * take what fits and never wait. The flag belongs to this end only:
     * the child's end goes on blocking.
     */
    if (fcntl(out, F_SETFL, O_NONBLOCK) == -1)
        err(1, "fcntl");

    while (n > 0) {
        bool one_sided = limit > 0 && sent < len;
        struct pollfd fds[] = {
            /* poll() skips a negative descriptor. */
            {.fd = sent < len ? out : -1, .events = POLLOUT},
            {.fd = one_sided ? -1 : in, .events = POLLIN},
        };

        switch (poll(fds, 2, one_sided ? (int)(limit * 1000) : -1)) {
        case -1:
            err(1, "poll");
        case 0:
            warnx("stuck after %zu of %zu bytes", sent, len);
            warnx("the parent waits for room: %d bytes are in the "
                  "pipe to the child",
                  bytes_in(out));
            warnx("the child waits for room: %d bytes are in the "
                  "pipe to the parent, who doesn't read yet",
                  bytes_in(in));
            return false;
        }

        if (fds[0].revents != 0) {
            ssize_t w = write(out, data + sent, len - sent);

            if (w == -1 && errno != EAGAIN)
                err(1, "write");
            if (w > 0)
                sent += (size_t)w;
            if (sent == len)
                close(out); /* the child's end of file */
            if (most < sent - got)
                most = sent - got;
        }
        if (fds[1].revents != 0) {
            n = take(in, got);
            got += n;
        }
    }
    say("parent", "sent %zu bytes, got %zu back", sent, got);
    say("parent", "at most %zu bytes were under way", most);
    if (got < len)
        errx(1, "the child ended too early");
    return true;
}

int main(int argc, char *argv[])
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    long long len = 1048576;
    double limit = 0.5;
    bool mistake = false, done;
    int down[2], up[2], opt;
    pid_t child;
    char *data;

    while ((opt = getopt(argc, argv, "n:xt:h")) != -1) {
        switch (opt) {
        case 'n':
            len = parse_number("-n", optarg, 1, 100000000);
            break;
        case 'x':
            mistake = true;
            break;
        case 't':
            limit = parse_seconds("-t", optarg, 0.01, 3600);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    /* Two pipes, since each carries bytes in one direction only. */
    if (pipe(down) == -1 || pipe(up) == -1)
        err(1, "pipe");
    child = fork();
    switch (child) {
    case -1:
        err(1, "fork");
    case 0:
        close(down[WRITE_END]);
        close(up[READ_END]);
        capitals(down[READ_END], up[WRITE_END]);
        return 0;
    }
    close(down[READ_END]);
    close(up[WRITE_END]);

    /* If the child dies, our write() shall fail and say so. */
    sigaction(SIGPIPE, &ignore, NULL);
    data = malloc((size_t)len);
    if (data == NULL)
        err(1, "malloc");
    for (size_t i = 0; i < (size_t)len; i++)
        data[i] = letter(i);

    done = exchange(down[WRITE_END], up[READ_END], data, (size_t)len,
                    mistake ? limit : 0);
    free(data);
    if (!done)
        kill(child, SIGKILL);
    if (waitpid(child, NULL, 0) == -1)
        err(1, "waitpid");
    return done ? 0 : 1;
}
