/* fifo.c: two FIFOs: pipes with a name, until both sides have it open:
 * fifo(7). */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

/* Without O_NONBLOCK the first open() would wait for the second; later
 * it has to be without: reads shall wait. */
static void open_both(const char *name, int *in, int *out)
{
    char *path = in_folder(name);
    int flags;

    if (mkfifo(path, 0600) == -1)
        err(1, "%s", path);
    *in = open(path, O_RDONLY | O_NONBLOCK);
    if (*in == -1)
        err(1, "%s", path);
    *out = open(path, O_WRONLY);
    if (*out == -1)
        err(1, "%s", path);
    flags = fcntl(*in, F_GETFL);
    if (flags == -1 || fcntl(*in, F_SETFL, flags & ~O_NONBLOCK) == -1)
        err(1, "%s: O_NONBLOCK", path);
    free(path);
}

static int open_fifos(struct channel *c)
{
    open_both("there", &c->ends[ANSWERER].in, &c->ends[ASKER].out);
    open_both("back", &c->ends[ASKER].in, &c->ends[ANSWERER].out);
    remove_folder();
    return 0;
}

const struct mechanism mechanism_fifo = {
    .name = "fifo",
    .calls = "write, read",
    .open = open_fifos,
    .send = send_bytes,
    .receive = receive_bytes,
};
