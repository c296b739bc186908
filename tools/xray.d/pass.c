/*
 * pass.c: descriptors that are sent over sockets.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

/* What is on its way over sockets, by what strace calls it. */
static struct passed {
    struct passed *next;
    char *key;
    struct object *object;
    enum mode mode;
} * passed;

/* The descriptors in "cmsg_type=SCM_RIGHTS, cmsg_data=[3<pipe:[1]>, …]". */
static void each_passed(struct task *task, struct call *call,
                        const struct file *socket, bool sent)
{
    const char *p = strstr(call->args[1], "SCM_RIGHTS");

    if (p == NULL || (p = strstr(p, "cmsg_data=[")) == NULL)
        return;
    for (p += strlen("cmsg_data=["); isdigit((unsigned char)*p);) {
        char *key = annotation(p);
        struct passed *found = passed;

        if (sent) {
            const struct file *file = file_of(task, p);

            found = malloc(sizeof *found);
            if (found == NULL || file == NULL)
                return;
            *found = (struct passed){passed, key, file->object, file->mode};
            passed = found;
            fact(task, "pass %s %s %s", task->name, socket->object->name,
                 file->object->name);
        } else if (key != NULL) {
            while (found != NULL && strcmp(found->key, key) != 0)
                found = found->next;
            if (found != NULL) {
                fact(task, "receive %s %s %s", task->name, socket->object->name,
                     found->object->name);
                open_as(task, p, found->object, found->mode,
                        has(call->args[2], "CMSG_CLOEXEC"));
            }
        }
        p = strstr(p, ">, ");
        if (p == NULL)
            return;
        p += 3;
    }
}

void on_sendmsg(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);

    on_write(task, call);
    if (file != NULL && call->error == NULL)
        each_passed(task, call, file, true);
}

void on_recvmsg(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);

    on_read(task, call);
    if (file != NULL && call->error == NULL)
        each_passed(task, call, file, false);
}
