/*
 * mq_send: puts messages into a queue, and doesn't care who takes them
 * out, or when.
 *
 * Usage: mq_send [-q NAME] [-p PRIORITY] [-d] TEXT...
 *
 * Try:   mq_control create; mq_send a "b c"; mq_receive; mq_control remove
 *        Each argument is a message, and comes out as one.
 *        mq_control -m 2 create; mq_send a b c
 *        Two fit. The third waits, until you take one out in another
 *        terminal. With -d it doesn't wait: EAGAIN.
 *        mq_send "$(seq 3000)"; mq_control remove
 *        Too long, whatever there is room for: EMSGSIZE.
 *
 * See:   mq_send(3), mq_open(3), mq_overview(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: mq_send [-q NAME] [-p PRIORITY] [-d] TEXT...\n"
    "  -q NAME      of the queue (/ipclab-UID-mail)\n"
    "  -p PRIORITY  of the messages, the highest goes first (0)\n"
    "  -d           don't wait for room\n";

/* All of the text, or nothing: there are no short writes here. */
static void send_text(mqd_t queue, const char *text, unsigned priority)
{
    size_t len = strlen(text);
    int result;

    /* Only a handler could interrupt this, and there is none; but who
     * adds one shall not lose a message. */
    do
        result = mq_send(queue, text, len, priority);
    while (result == -1 && errno == EINTR);
    if (result == 0) {
        say("sender", "sent %zu bytes, priority %u", len, priority);
        return;
    }

    struct mq_attr attr = {0};
    int error = errno;

    if (mq_getattr(queue, &attr) == -1)
        err(1, "mq_getattr");
    if (error == EMSGSIZE)
        errx(1, "EMSGSIZE: a message of %zu bytes, where %ld are the most", len,
             attr.mq_msgsize);
    errno = error;
    if (error == EAGAIN)
        err(1, "the queue is full, with %ld messages", attr.mq_curmsgs);
    err(1, "mq_send");
}

int main(int argc, char *argv[])
{
    const char *name = NULL;
    unsigned priority = 0;
    int flags = O_WRONLY, opt;
    char *path;
    mqd_t queue;

    while ((opt = getopt(argc, argv, "hq:p:d")) != -1) {
        switch (opt) {
        case 'q':
            name = optarg;
            break;
        case 'p':
            priority = (unsigned)parse_number("-p", optarg, 0,
                                              sysconf(_SC_MQ_PRIO_MAX) - 1);
            break;
        case 'd':
            flags |= O_NONBLOCK;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind == argc)
        usage('?', usage_text);

    path = object_name(name, "mail");
    queue = mq_open(path, flags);
    if (queue == -1 && errno == ENOENT)
        err(1, "%s (mq_control create makes it)", path);
    if (queue == -1)
        err(1, "%s", path);

    for (int i = optind; i < argc; i++)
        send_text(queue, argv[i], priority);
    mq_close(queue); /* the queue stays, and what is in it */
    free(path);
    return 0;
}
