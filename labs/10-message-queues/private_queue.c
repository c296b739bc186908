/*
 * private_queue: a queue in a process's own memory is shared with
 * nobody, its children included; one in the kernel is.
 *
 * Usage: private_queue [-k] [TEXT]...
 *
 * Try:   private_queue one two; private_queue -k one two
 *        The producer and the consumer are two children. After fork()
 *        each has a queue of its own, a copy, unless the kernel has it.
 *
 * See:   fork(2), mq_overview(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { TEXT_SIZE = 100, MOST = 10 };

static const char help[] =
    "Usage: private_queue [-k] [TEXT]...\n"
    "  -k  the queue is one of the kernel's (one in memory)\n"
    "  up to 10 texts, of at most 99 bytes each\n";

/* A queue as any library for one process has it: simply memory. */
static struct {
    char text[MOST][TEXT_SIZE];
    int first, end;
} memory;

static mqd_t queue = -1; /* the kernel's, if it shall be that one */

static void put(const char *text)
{
    if (queue == -1)
        strcpy(memory.text[memory.end++], text);
    else if (mq_send(queue, text, strlen(text) + 1, 0) == -1)
        err(1, "mq_send");
}

/* Returns false if the queue is empty. */
static bool get(char *text)
{
    if (queue != -1) {
        if (mq_receive(queue, text, TEXT_SIZE, NULL) >= 0)
            return true;
        if (errno != EAGAIN)
            err(1, "mq_receive");
        return false;
    }
    if (memory.first == memory.end)
        return false;
    strcpy(text, memory.text[memory.first++]);
    return true;
}

static void open_queue(void)
{
    const struct mq_attr attr = {.mq_maxmsg = MOST, .mq_msgsize = TEXT_SIZE};
    char usual[40], *name;

    snprintf(usual, sizeof usual, "private-%d", getpid());
    name = object_name(NULL, usual);
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
    if (queue == -1)
        err(1, "%s", name);

    /* Who inherits the descriptor needs no name. */
    if (mq_unlink(name) == -1)
        err(1, "mq_unlink %s", name);
    free(name);
}

static void produce(char *texts[])
{
    int n = 0;

    for (; texts[n] != NULL; n++)
        put(texts[n]);
    say("producer", "has put %d", n);
}

static void consume(char *texts[])
{
    char text[TEXT_SIZE];
    int n;

    (void)texts;
    for (n = 0; get(text); n++)
        say("consumer", "takes %s", text);
    say("consumer", "has taken %d", n);
}

/* Runs a function in a child, to its end. */
static void in_child(void (*function)(char **), char *texts[])
{
    pid_t child = fork();
    int status;

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        function(texts);
        _exit(0);
    }
    if (waitpid(child, &status, 0) == -1)
        err(1, "waitpid");
    if (status != 0)
        exit(1);
}

int main(int argc, char *argv[])
{
    bool kernel = false;
    int opt;

    while ((opt = getopt(argc, argv, "hk")) != -1) {
        if (opt != 'k')
            usage(opt, help);
        kernel = true;
    }
    if (argc - optind > MOST)
        usage('?', help);
    for (int i = optind; i < argc; i++) {
        if (strlen(argv[i]) >= TEXT_SIZE)
            usage('?', help);
    }
    if (kernel)
        open_queue();

    in_child(produce, argv + optind);
    in_child(consume, argv + optind);
    return 0;
}
