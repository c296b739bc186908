/*
 * partial_io_broken: believes that what was sent by one call comes by one
 * call. Two messages come as one, or one as several.
 *
 * Usage: partial_io_broken [-c CHUNK] [TEXT...]
 *
 * Try:   partial_io_broken hello world
 *        Then with -c 3: the sender, or the network, can also cut what
 *        was one message.
 *
 * Ends:  exit 1
 *
 * See:   send(2), recv(2), partial_io
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"

enum { LONGEST = 1000 };

static const char help[] =
    "Usage: partial_io_broken [-c CHUNK] [TEXT...]\n"
    "  -c CHUNK  send so many bytes at a time, and receive each time\n";

/* The mistake: what comes by one call is taken for a message. Returns 0
 * if nothing has come. */
static int receive(int fd, const char *wanted)
{
    char buf[LONGEST];
    ssize_t n;

    do
        n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
    while (n == -1 && errno == EINTR);
    if (n == -1 && errno != EAGAIN)
        err(1, "receive");
    if (n <= 0)
        return 0;
    say("receiver", "a message, it believes: %.*s", (int)n, buf);
    return (size_t)n == strlen(wanted) && memcmp(buf, wanted, (size_t)n) == 0;
}

int main(int argc, char *argv[])
{
    size_t chunk = 0;
    int ends[2], opt, right = 0, sent = 0;

    while ((opt = getopt(argc, argv, "c:h")) != -1) {
        if (opt != 'c')
            usage(opt, help);
        chunk = (size_t)parse_number("CHUNK", optarg, 1, LONGEST);
    }
    if (optind == argc || argc - optind > 10)
        usage('?', help);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
        err(1, "socketpair");

    /* Neither is the sender wrong: calls of send() are not what makes a
     * message, and TCP sends bytes on as it likes. */
    for (char **text = argv + optind; *text != NULL; text++, sent++) {
        size_t len = strlen(*text), at = 0, some;

        if (len == 0 || len > LONGEST)
            errx(2, "texts of 1 to %d bytes, please", LONGEST);
        for (; at < len; at += some) {
            some = chunk == 0 || len - at < chunk ? len - at : chunk;
            if (send(ends[0], *text + at, some, MSG_NOSIGNAL) != (ssize_t)some)
                err(1, "send");
            if (chunk != 0)
                right += receive(ends[1], *text);
        }
    }
    if (chunk == 0)
        right = receive(ends[1], argv[optind]);
    say("receiver", "%d of %d messages came as they were sent", right, sent);
    return right == sent ? 0 : 1;
}
