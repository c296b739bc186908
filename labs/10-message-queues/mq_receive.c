/*
 * mq_receive: takes messages out of a queue, each whole, those with the
 * highest priority first, and of these the oldest.
 *
 * Usage: mq_receive [-q NAME] [-n COUNT] [-b BYTES]
 *
 * Try:   mq_control create; mq_send a b; mq_receive; mq_control remove
 *        Nobody who has sent anything still lives when it is received.
 *        mq_receive -n 1
 *        Waits for a message. Send it from another terminal.
 *        mq_receive -b 100
 *        EMSGSIZE, even if the message is short: the buffer must have
 *        room for the longest one that this queue takes.
 *
 * See:   mq_receive(3), mq_getattr(3), mq_overview(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: mq_receive [-q NAME] [-n COUNT] [-b BYTES]\n"
    "  -q NAME   of the queue (/ipclab-UID-mail)\n"
    "  -n COUNT  wait for so many (don't wait: what is there)\n"
    "  -b BYTES  size of the buffer (as the queue needs it)\n";

/* Takes one message and prints it. Returns false if there is none, and
 * the queue was opened to not wait. */
static bool receive(mqd_t queue, char *buf, size_t size)
{
    struct mq_attr attr;
    unsigned priority;
    ssize_t n;

    do
        n = mq_receive(queue, buf, size, &priority);
    while (n == -1 && errno == EINTR);
    if (n >= 0) {
        /* The bytes are no string: there is no '\0' at their end. */
        say("receiver", "priority %u, %zd bytes: %.*s", priority, n, (int)n,
            buf);
        return true;
    }

    if (errno == EAGAIN)
        return false;
    if (errno == EMSGSIZE && mq_getattr(queue, &attr) == 0)
        errx(1, "EMSGSIZE: a buffer of %zu bytes, where %ld are needed", size,
             attr.mq_msgsize);
    err(1, "mq_receive");
}

int main(int argc, char *argv[])
{
    const char *name = NULL;
    struct mq_attr attr;
    long count = 0, taken = 0;
    size_t size = 0;
    char *path, *buf;
    mqd_t queue;
    int opt;

    while ((opt = getopt(argc, argv, "hq:n:b:")) != -1) {
        switch (opt) {
        case 'q':
            name = optarg;
            break;
        case 'n':
            count = parse_number("-n", optarg, 1, 1000000000);
            break;
        case 'b':
            size = (size_t)parse_number("-b", optarg, 1, 1 << 24);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    /* With O_NONBLOCK, an empty queue is EAGAIN. */
    path = object_name(name, "mail");
    queue = mq_open(path, O_RDONLY | (count == 0 ? O_NONBLOCK : 0));
    if (queue == -1 && errno == ENOENT)
        err(1, "%s (mq_control create makes it)", path);
    if (queue == -1)
        err(1, "%s", path);

    /* Who makes a queue decides on its size; ask, don't guess. */
    if (mq_getattr(queue, &attr) == -1)
        err(1, "mq_getattr");
    if (size == 0)
        size = (size_t)attr.mq_msgsize;
    buf = malloc(size);
    if (buf == NULL)
        err(1, "malloc");

    while ((count == 0 || taken < count) && receive(queue, buf, size))
        taken++;
    if (count == 0)
        say("receiver", "%ld taken, the queue is empty now", taken);
    mq_close(queue);
    free(buf);
    free(path);
    return 0;
}
