/*
 * memory.c: shared memory, message queues, System V semaphores.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

/* --- shared memory --- */

struct mapping {
    struct mapping *next;
    long long address;
    const struct object *object;
};

static void add_mapping(struct task *task, const char *verb,
                        const struct object *object, const char *mode,
                        long long address)
{
    struct mapping *mapping = malloc(sizeof *mapping);

    if (mapping == NULL)
        err(1, "malloc");
    *mapping = (struct mapping){task->process->mappings, address, object};
    task->process->mappings = mapping;
    fact(task, "%s %s %s%s", verb, task->name, object->name, mode);
}

static void drop_mapping(struct task *task, const char *verb,
                         const char *address)
{
    struct mapping *m = task->process->mappings;
    long long wanted = number(address);

    while (m != NULL && m->address != wanted)
        m = m->next;
    if (m == NULL)
        return;
    fact(task, "%s %s %s", verb, task->name, m->object->name);
    m->address = -1;
}

void on_mmap(struct task *task, struct call *call)
{
    const char *protection = call->args[2];
    const char *mode = has(protection, "PROT_WRITE") ? " both" : " read";
    const struct file *file = NULL;
    const struct object *object;

    if (call->error != NULL || !call->returned ||
        !has(call->args[3], "MAP_SHARED"))
        return;
    if (has(call->args[3], "MAP_ANONYMOUS")) {
        object = number_object(task, MAP, NULL);
        fact(task, "create %s %s", task->name, object->name);
    } else {
        file = file_of(task, call->args[4]);
        if (file == NULL || file->object->hidden)
            return;
        object = file->object;
    }
    add_mapping(task, "map", object, mode, call->result);
}

void on_munmap(struct task *task, struct call *call)
{
    if (call->error == NULL)
        drop_mapping(task, "unmap", call->args[0]);
}

/* --- POSIX message queues --- */

static struct object *queue_named(const char *arg)
{
    char *path = quoted(arg), *key, *name;
    struct object *object;

    if (path == NULL)
        return NULL;
    if (asprintf(&key, "mqueue:/%s", *path == '/' ? path + 1 : path) == -1)
        err(1, "asprintf");
    free(path);
    object = find_object(key);
    if (object == NULL) {
        name = strdup(key);
        object = name_object(MQUEUE, key, name);
    }
    free(key);
    return object;
}

void on_mq_open(struct task *task, struct call *call)
{
    struct object *queue = queue_named(call->args[0]);
    const char *flags = call->args[1];
    enum mode mode = has(flags, "O_RDWR")     ? BOTH
                     : has(flags, "O_WRONLY") ? WRITE
                                              : READ;

    if (queue == NULL)
        return;
    if (call->error != NULL) {
        fact(task, "open %s %s %s%s", task->name, queue->name, mode_name(mode),
             failure(call));
        return;
    }
    if (has(flags, "O_CREAT")) {
        if (has(flags, "O_EXCL"))
            fact(task, "create %s %s", task->name, queue->name);
        queue->made = true;
    }
    open_as(task, call->result_text, queue, mode, true);
}

void on_mq_unlink(struct task *task, struct call *call)
{
    struct object *queue = queue_named(call->args[0]);

    if (queue == NULL)
        return;
    fact(task, "unlink %s %s%s", task->name, queue->name, failure(call));
    if (call->error == NULL) {
        queue->removed = true;
        forget_object(queue);
    }
}

static void message(struct task *task, const char *verb, const char *fd,
                    const struct call *call, long long length)
{
    const struct file *file = file_of(task, fd);

    if (file == NULL || !call->returned)
        return;
    if (call->error != NULL)
        fact(task, "%s %s %s%s", verb, task->name, file->object->name,
             failure(call));
    else
        fact(task, "%s %s %s = %lld", verb, task->name, file->object->name,
             length);
}

void on_mq_send(struct task *task, struct call *call)
{
    message(task, "send", call->args[0], call, number(call->args[2]));
}

void on_mq_receive(struct task *task, struct call *call)
{
    message(task, "receive", call->args[0], call, call->result);
}

void on_mq_notify(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);

    if (file != NULL)
        fact(task, "notify %s %s%s", task->name, file->object->name,
             failure(call));
}

/* --- System V --- */

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

void on_shmat(struct task *task, struct call *call)
{
    if (call->error == NULL && call->returned)
        add_mapping(task, "attach", sysv_object(task, SYSVSHM, call->args[0]),
                    "", call->result);
}

void on_shmdt(struct task *task, struct call *call)
{
    if (call->error == NULL)
        drop_mapping(task, "detach", call->args[0]);
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
