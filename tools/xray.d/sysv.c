/*
 * sysv.c: System V message queues and semaphores, and what all three of System V
 * have in common.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

struct object *sysv_object(struct task *task, enum kind kind, const char *id)
{
    struct object *object;
    char *key;

    if (asprintf(&key, "%s %lld", kind_name(kind), number(id)) == -1)
        err(1, "asprintf");
    object = find_object(key);
    if (object == NULL)
        object = number_object(task, kind, key);
    free(key);
    return object;
}

static enum kind sysv_kind(const struct call *call)
{
    return strncmp(call->name, "msg", 3) == 0   ? SYSVMSG
           : strncmp(call->name, "shm", 3) == 0 ? SYSVSHM
                                                : SYSVSEM;
}

/* msgget(key, flags), shmget(key, size, flags), semget(key, count, flags) */
void on_sysv_get(struct task *task, struct call *call)
{
    enum kind kind = sysv_kind(call);
    const char *flags = call->args[kind == SYSVMSG ? 1 : 2];
    struct object *object;

    if (call->error != NULL) {
        fact(task, "open %s %s both%s", task->name, kind_name(kind),
             failure(call));
        return;
    }
    if (!call->returned)
        return;
    object = sysv_object(task, kind, call->result_text);
    if (has(flags, "IPC_CREAT") && !object->made) {
        object->made = true;
        fact(task, "create %s %s", task->name, object->name);
    }
}

/* SETVAL has its value in the log, SETALL only an address. */
static void set_values(struct task *task, const struct call *call)
{
    const char *name = sysv_object(task, SYSVSEM, call->args[0])->name;

    if (call->error != NULL)
        fact(task, "setval %s %s%s", task->name, name, failure(call));
    else if (has(call->args[2], "SETVAL"))
        fact(task, "setval %s %s = %lld", task->name, name,
             number(call->args[3]));
    else
        fact(task, "setval %s %s = all", task->name, name);
}

void on_sysv_ctl(struct task *task, struct call *call)
{
    enum kind kind = sysv_kind(call);
    struct object *object;

    if (kind == SYSVSEM && has(call->args[2], "SET") &&
        !has(call->args[2], "IPC_SET") && call->returned)
        set_values(task, call);
    if (!has(call->args[kind == SYSVSEM ? 2 : 1], "IPC_RMID"))
        return;
    object = sysv_object(task, kind, call->args[0]);
    fact(task, "remove %s %s%s", task->name, object->name, failure(call));
    if (call->error == NULL) {
        object->removed = true;
        forget_object(object);
    }
}

static void sysv_message(struct task *task, const char *verb,
                         const struct call *call, long long length)
{
    const char *name = sysv_object(task, SYSVMSG, call->args[0])->name;

    if (call->error != NULL)
        fact(task, "%s %s %s%s", verb, task->name, name, failure(call));
    else if (call->returned)
        fact(task, "%s %s %s = %lld", verb, task->name, name, length);
}

void on_msgsnd(struct task *task, struct call *call)
{
    sysv_message(task, "send", call, number(call->args[2]));
}

void on_msgrcv(struct task *task, struct call *call)
{
    sysv_message(task, "receive", call, call->result);
}

/* All operations of a call, or none: a fact for each. */
void on_semop(struct task *task, struct call *call)
{
    const char *name, *op = call->args[1], *next;

    if (!call->returned)
        return;
    name = sysv_object(task, SYSVSEM, call->args[0])->name;
    do {
        const char *amount = field(op, "sem_op=");
        const char *undo = strstr(op, "SEM_UNDO");

        next = strchr(op, '}');
        if (next != NULL && undo > next)
            undo = NULL;
        fact(task, "semop %s %s %s%s%s", task->name, name,
             amount ? amount : "?", undo ? " undo" : "", failure(call));
        op = next == NULL ? "" : next + 1;
    } while (has(op, "sem_op="));
}
