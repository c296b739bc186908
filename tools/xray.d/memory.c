/*
 * memory.c: shared memory, and POSIX message queues.
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

/* fork(2) gives the child a copy of each. */
struct mapping *copy_mappings(const struct mapping *mapping)
{
    struct mapping *first = NULL, **last = &first;

    for (; mapping != NULL; mapping = mapping->next) {
        *last = malloc(sizeof **last);
        if (*last == NULL)
            err(1, "malloc");
        **last = (struct mapping){NULL, mapping->address, mapping->object};
        last = &(*last)->next;
    }
    return first;
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
