/*
 * mq_priority: the message with the highest number comes first, and of
 * those with the same number the one that was sent first.
 *
 * Usage: mq_priority [PRIORITY:TEXT]...
 *
 * Try:   mq_priority 2:low 1:high
 *        As the course notes have it, 1 would go before 2. In a POSIX
 *        queue it doesn't.
 *        mq_priority 0:a 7:b 0:c 7:d 32767:e
 *        Within one priority, the order in which they were sent stays.
 *
 * See:   mq_send(3), mq_receive(3), mq_overview(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

enum { TEXT_SIZE = 100, MOST = 10 }; /* what any user's queue can have */

static const char help[] = "Usage: mq_priority [PRIORITY:TEXT]...\n"
                           "  up to 10 messages, of at most 100 bytes each\n";

/* Makes a queue that only this process has. */
static mqd_t make_queue(void)
{
    const struct mq_attr attr = {.mq_maxmsg = MOST, .mq_msgsize = TEXT_SIZE};
    char usual[40], *name;
    mqd_t queue;

    snprintf(usual, sizeof usual, "priority-%d", getpid());
    name = object_name(NULL, usual);

    /* Not to wait for a message that will never come: O_NONBLOCK. */
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
    if (queue == -1)
        err(1, "%s", name);

    /* Without a name it lives on, like a file, until it is closed. So
     * nothing is left, in whatever way this process ends. */
    if (mq_unlink(name) == -1)
        err(1, "mq_unlink %s", name);
    free(name);
    return queue;
}

/* Sends "PRIORITY:TEXT". */
static void send_one(mqd_t queue, char *argument)
{
    long most = sysconf(_SC_MQ_PRIO_MAX) - 1; /* 32767, on Linux */
    size_t digits = strcspn(argument, ":");
    char *text = argument + digits + 1;
    unsigned priority;

    if (argument[digits] == '\0')
        usage('?', help);
    argument[digits] = '\0';
    priority = (unsigned)parse_number("PRIORITY", argument, 0, most);
    if (mq_send(queue, text, strlen(text), priority) == -1)
        err(1, "%s", text);
    say("sender", "priority %u: %s", priority, text);
}

int main(int argc, char *argv[])
{
    char text[TEXT_SIZE];
    unsigned priority;
    mqd_t queue;
    ssize_t n;

    int opt = getopt(argc, argv, "h");
    if (opt != -1)
        usage(opt, help);
    if (argc - optind > MOST)
        usage('?', help);
    queue = make_queue();

    for (int i = optind; i < argc; i++)
        send_one(queue, argv[i]);
    while ((n = mq_receive(queue, text, sizeof text, &priority)) >= 0)
        say("receiver", "priority %u: %.*s", priority, (int)n, text);
    if (errno != EAGAIN)
        err(1, "mq_receive");
    mq_close(queue);
    return 0;
}
