/*
 * ex2_coprocess: feeds a command and drains it at the same time, so
 * that no amount of data makes the two wait for each other.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_coprocess COMMAND [ARG...]
 *
 * Try:   seq 100000 | ex2_coprocess sort -n | tail -n 1
 *        yes | ex2_coprocess head -n 1
 *        ex2_coprocess sed -u s/a/b/
 *        Type a line: the answer comes before you type the next.
 *
 * See:   pipe2(2), poll(2), fcntl(2), signal(7), pipe(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

struct command {
    pid_t pid;
    int in;  /* what we write here is its standard input; -1: closed */
    int out; /* its standard output can be read here; -1: closed */

    char waiting[65536]; /* from our input, not yet taken by the pipe */
    size_t begin, end;   /* which part of that: empty if equal */

    long long fed, got; /* bytes written to it, bytes read from it */
};

static const char usage_text[] =
    "Usage: ex2_coprocess COMMAND [ARG...]\n"
    "Exit status: the command's, as in a shell: 127 if there is no\n"
    "such command, 126 if it can't be run, 128 + N if killed by\n"
    "signal N. 1 if our own input or output fails.\n";

static void close_end(int *fd)
{
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}

/* Starts the command, with a pipe on each side of it. Fills in c. */
static void start(struct command *c, char *argv[])
{
    /* TODO 1: make two pipes, and fork. In the parent, keep the
     * two ends that are yours and the PID in *c, close the other two,
     * and return. All that follows is the child's. */

    /* Killing this program shall end the command too. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
        err(1, "prctl");

    /* TODO 4: an ignored signal stays ignored after exec. The
     * command has a right to its SIGPIPE. */

    /* TODO 1: the pipes become standard input and output; nothing
     * else stays open; then become the command. If that fails, say why,
     * and end this process: 127 if there is no such command, or 126. */
    (void)c;
    (void)argv;
}

/* Waits for the command. Returns the status that a shell would give. */
static int finish(const struct command *c)
{
    /* TODO 1: wait for it; mind a command killed by a signal. */
    (void)c;
    return 1;
}

/* Reading or writing our own side failed: the end, for both. */
static _Noreturn void give_up(struct command *c, const char *what)
{
    warn("%s", what);
    /* TODO 4: leave no command behind: close the pipes, send it
     * SIGTERM, and wait for it. */
    (void)c;
    exit(1);
}

/* Called when the command's output can be read, or has ended. */
static void drain(struct command *c)
{
    /* TODO 2: read once, pass on what came, count it in c->got.
     * At end of file, close c->out. */
    close_end(&c->out);
}

/* Called when nothing is waiting and our input can be read. */
static void fill(struct command *c)
{
    /* TODO 3: read once into c->waiting. At the end of our input,
     * close c->in: that is the command's end of file. */
    (void)c;
}

/* Called when the pipe to the command has room, or nobody reads it. */
static void feed(struct command *c)
{
    /* TODO 3: write once, as much of c->waiting as the pipe can
     * take, and count it in c->fed. A full pipe isn't a failure. */
    (void)c;

    /* TODO 4: nor is a command that has stopped reading: no more
     * input for it, but its output still counts. */

    /* TODO 3: any other error is one. */
}

/* Moves bytes both ways until both pipes are closed. */
static void transfer(struct command *c)
{
    /* TODO 3: a write to the command must never make us wait:
     * meanwhile nobody would drain it. */
    close_end(&c->in);

    while (c->in != -1 || c->out != -1) {
        enum { OUTPUT, INPUT, FEED };
        /* poll() skips a negative descriptor. */
        struct pollfd fds[] = {
            [OUTPUT] = {.fd = c->out, .events = POLLIN},
            [INPUT] = {.fd = -1, .events = POLLIN},
            [FEED] = {.fd = -1, .events = POLLOUT},
        };

        /* TODO 3: as long as c->in is open, wait for one of two
         * more things: if bytes are waiting, for room in the pipe; if
         * none are, for our input. Never for both: what nobody takes
         * stays ready, and poll() would return at once, for ever. */

        /* TODO 4: find out that the command stopped reading also
         * while nothing is waiting: without any event asked for, poll()
         * still reports POLLERR. */

        if (poll(fds, 3, -1) == -1) {
            if (errno == EINTR)
                continue;
            give_up(c, "poll");
        }
        if (fds[OUTPUT].revents != 0)
            drain(c);

        /* TODO 4: nobody reads the pipe any more. */
        if (fds[FEED].revents != 0)
            feed(c);
        if (fds[INPUT].revents != 0)
            fill(c);
    }
}

int main(int argc, char *argv[])
{
    static struct command command = {.pid = -1, .in = -1, .out = -1};
    int opt, status;

    /* The + stops at the command: its options are its own. */
    while ((opt = getopt(argc, argv, "+h")) != -1)
        usage(opt, usage_text);
    if (optind == argc)
        usage('?', usage_text);

    /* TODO 4: a command that stops reading must not kill us. */

    start(&command, argv + optind);
    transfer(&command);
    status = finish(&command);
    /* TODO 3: report "fed N bytes, got M bytes" on stderr. */
    return status;
}
