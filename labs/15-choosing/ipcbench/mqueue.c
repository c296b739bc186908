/* mqueue.c: two POSIX message queues: mq_overview(7). */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "lab.h"

/* Root may go beyond it, but a program can't count on being root. */
static size_t limit(struct channel *c)
{
    long most = limit_from(c, "/proc/sys/fs/mqueue/msgsize_max");

    return most == -1 ? LARGEST : (size_t)most;
}

/* How many it holds: 10, usually. */
static long depth(void)
{
    struct channel c = {0};
    long most = limit_from(&c, "/proc/sys/fs/mqueue/msg_max");

    return most == -1 || most > 10 ? 10 : most;
}

/* On Linux a queue is a descriptor like others: it is inherited, and
 * close() closes it. */
static int open_queue(struct channel *c, const char *which)
{
    struct mq_attr attr = {.mq_maxmsg = depth(), .mq_msgsize = (long)c->size};
    char usual[64], *name;
    mqd_t queue;

    snprintf(usual, sizeof usual, "ipcbench-%d-%s", (int)getpid(), which);
    name = object_name(NULL, usual);
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    if (queue != -1 && mq_unlink(name) == -1)
        err(1, "%s", name);
    free(name);
    return queue;
}

static int open_queues(struct channel *c)
{
    int there = open_queue(c, "there"), back;

    if (there == -1)
        return -1;
    back = open_queue(c, "back");
    if (back == -1)
        err(1, "mq_open");
    c->ends[ASKER] = (struct ends){.in = back, .out = there};
    c->ends[ANSWERER] = (struct ends){.in = there, .out = back};
    return 0;
}

static void put(struct channel *c, const void *message)
{
    while (mq_send(c->out, message, c->size, 0) == -1) {
        if (errno != EINTR)
            err(1, "mq_send");
    }
}

static const void *get(struct channel *c)
{
    ssize_t n;

    while ((n = mq_receive(c->in, (char *)c->buf, c->size, NULL)) == -1) {
        if (errno != EINTR)
            err(1, "mq_receive");
    }
    if (n != (ssize_t)c->size)
        errx(1, "mqueue: %zd bytes came, not %zu", n, c->size);
    return c->buf;
}

const struct mechanism mechanism_mqueue = {
    .name = "mqueue",
    .calls = "mq_send, mq_receive",
    .limit = limit,
    .open = open_queues,
    .send = put,
    .receive = get,
};
