/* pipe.c: two pipes, one for each direction: pipe(7). */
#include <err.h>
#include <unistd.h>

#include "bench.h"

static int open_pipes(struct channel *c)
{
    int there[2], back[2];

    if (pipe(there) == -1)
        return -1;
    if (pipe(back) == -1)
        err(1, "pipe");
    c->ends[ASKER] = (struct ends){.in = back[0], .out = there[1]};
    c->ends[ANSWERER] = (struct ends){.in = there[0], .out = back[1]};
    return 0;
}

const struct mechanism mechanism_pipe = {
    .name = "pipe",
    .calls = "write, read",
    .open = open_pipes,
    .send = send_bytes,
    .receive = receive_bytes,
};
