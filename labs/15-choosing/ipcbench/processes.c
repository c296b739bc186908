/*
 * processes.c: processes that end with their parent, and what such a one
 * does to become the asker or the answerer.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"
#include "run.h"

static _Alignas(4096) unsigned char room[LARGEST];

pid_t start_process(void)
{
    pid_t parent = getpid(), child = fork();

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent) /* it has died before that */
            _exit(1);
    }
    return child;
}

void end_process(pid_t pid)
{
    if (pid <= 0) /* 0 would be all of our group */
        return;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
        ;
}

/* Closes what a channel has open, but for what `keep` needs. Both sides
 * may have the same descriptor. */
void close_ends(const struct channel *c, const struct ends *keep)
{
    const struct ends *e = c->ends;
    int fds[] = {e[0].in, e[0].out, e[1].in, e[1].out};

    for (int i = 0; i < 4; i++) {
        bool wanted =
            keep != NULL && (fds[i] == keep->in || fds[i] == keep->out);

        for (int k = 0; k < i; k++)
            wanted |= fds[i] == fds[k]; /* done already */
        if (fds[i] != -1 && !wanted)
            close(fds[i]);
    }
}

static void say_hello(int fd)
{
    if (write_full(fd, "h", 1) == -1)
        err(1, "write to the other side");
}

static void hear_hello(int fd)
{
    char byte;
    ssize_t n = read_full(fd, &byte, 1);

    if (n == -1)
        err(1, "read from the other side");
    if (n == 0)
        errx(1, "the other side is gone");
}

/* In the new process: becomes that side. */
void become(enum side side, struct channel *c, const int cpus[2],
            const int orders[2], const int reports[2], struct shared *shared,
            const struct options *o, double seconds)
{
    struct side_links links = {.shared = shared};

    if (cpus != NULL)
        pin(cpus[side]);
    links.orders = orders[side == ASKER];
    links.reports = reports[side == ANSWERER];
    close(orders[side != ASKER]);
    close(reports[side != ANSWERER]);
    close_ends(c, &c->ends[side]);
    c->side = side;
    c->in = c->ends[side].in;
    c->out = c->ends[side].out;
    c->buf = room;
    shared->pids[side] = getpid();
    /* Both are there when each has heard from the other one. */
    if (side == ANSWERER)
        say_hello(links.reports);
    hear_hello(side == ASKER ? links.reports : links.orders);
    if (side == ASKER)
        say_hello(links.orders);
    c->partner = shared->pids[!side];
    if (c->mechanism->begin != NULL)
        c->mechanism->begin(c);
    if (side == ASKER)
        ask(c, &links, o, seconds);
    else
        answer(c, &links);
    _exit(0);
}
