/*
 * sysv.c: a System V message queue for both directions: the type says
 * whom a message is for. Nothing in the kernel removes it when nobody
 * uses it any more: close() has to. See sysvipc(7), msgop(2).
 */
#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "bench.h"
#include "lab.h"

/* The type is part of the message: so it can't be sent from where it
 * is, but has to be copied behind one. */
static struct {
    long type;
    unsigned char text[LARGEST];
} outgoing, incoming;

static size_t limit(struct channel *c)
{
    long most = limit_from(c, "/proc/sys/kernel/msgmax");

    return most == -1 ? LARGEST : (size_t)most;
}

/* With the labs' key `make clean-ipc` finds it, should we be killed. If
 * the key is taken, by another ipcbench, say, it goes without. */
static int open_queue(struct channel *c)
{
    c->id = msgget(object_key(15), IPC_CREAT | IPC_EXCL | 0600);
    if (c->id == -1 && errno == EEXIST)
        c->id = msgget(IPC_PRIVATE, 0600);
    return c->id == -1 ? -1 : 0;
}

static void put(struct channel *c, const void *message)
{
    outgoing.type = c->side == ASKER ? 1 : 2;
    memcpy(outgoing.text, message, c->size);
    while (msgsnd(c->id, &outgoing, c->size, 0) == -1) {
        if (errno != EINTR)
            err(1, "msgsnd");
    }
}

static const void *get(struct channel *c)
{
    long type = c->side == ASKER ? 2 : 1;
    ssize_t n;

    while ((n = msgrcv(c->id, &incoming, c->size, type, 0)) == -1) {
        if (errno != EINTR)
            err(1, "msgrcv");
    }
    if (n != (ssize_t)c->size)
        errx(1, "sysv_queue: %zd bytes came, not %zu", n, c->size);
    return incoming.text;
}

static void remove_queue(struct channel *c)
{
    if (c->id != -1 && msgctl(c->id, IPC_RMID, NULL) == -1)
        warn("msgctl, IPC_RMID");
}

const struct mechanism mechanism_sysv = {
    .name = "sysv_queue",
    .calls = "msgsnd, msgrcv",
    .limit = limit,
    .open = open_queue,
    .send = put,
    .receive = get,
    .close = remove_queue,
};
