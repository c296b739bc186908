/*
 * vmsplice.c: a pipe that isn't given a copy of the message, but the
 * pages that it is in: vmsplice(2). The receiver copies from there. The
 * sender must leave them as they are until that has happened, and isn't
 * told when: our messages never change.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench.h"

static int open_pipes(struct channel *c)
{
    int there[2], back[2];

    if (pipe(there) == -1 || pipe(back) == -1)
        err(1, "pipe");
    c->ends[ASKER] = (struct ends){.in = back[0], .out = there[1]};
    c->ends[ANSWERER] = (struct ends){.in = there[0], .out = back[1]};
    return 0;
}

static void send_pages(struct channel *c, const void *message)
{
    struct iovec part = {(void *)(uintptr_t)message, c->size};

    while (part.iov_len > 0) {
        ssize_t n = vmsplice(c->out, &part, 1, 0);

        if (n == -1 && errno != EINTR)
            err(1, "vmsplice");
        if (n > 0) {
            part.iov_base = (char *)part.iov_base + n;
            part.iov_len -= (size_t)n;
        }
    }
}

const struct mechanism mechanism_vmsplice = {
    .name = "vmsplice",
    .calls = "vmsplice, read",
    .open = open_pipes,
    .send = send_pages,
    .receive = receive_bytes,
};
