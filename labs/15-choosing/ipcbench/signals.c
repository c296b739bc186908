/*
 * signals.c: real-time signals, which queue, in their order, each with a
 * value. They are blocked, and waited for. See sigqueue(3),
 * sigwaitinfo(2).
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static sigset_t set;

static size_t limit(struct channel *c)
{
    snprintf(c->why, sizeof c->why, "a signal's union sigval has %zu bytes",
             sizeof(union sigval));
    return sizeof(union sigval);
}

/* Blocked before there is anybody to send it. */
static int block(struct channel *c)
{
    (void)c;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    return sigprocmask(SIG_BLOCK, &set, NULL);
}

/* A user may have so many signals on their way, RLIMIT_SIGPENDING, and
 * nothing tells when there are fewer. */
static void put(struct channel *c, const void *message)
{
    union sigval value = {.sival_ptr = NULL};

    memcpy(&value, message, c->size);
    while (sigqueue(c->partner, SIGRTMIN, value) == -1) {
        if (errno != EAGAIN)
            err(1, "sigqueue");
        c->full++;
        sched_yield();
    }
}

static const void *get(struct channel *c)
{
    siginfo_t info;

    /* Anybody of this user could send us one. */
    while (sigwaitinfo(&set, &info) == -1 || info.si_pid != c->partner) {
        if (errno != EINTR && errno != 0)
            err(1, "sigwaitinfo");
    }
    memcpy(c->buf, &info.si_value, c->size);
    return c->buf;
}

const struct mechanism mechanism_signals = {
    .name = "signals",
    .calls = "sigqueue, sigwaitinfo",
    .limit = limit,
    .open = block,
    .send = put,
    .receive = get,
};
