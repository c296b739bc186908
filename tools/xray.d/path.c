/*
 * path.c: the calls that name things: make, rename, remove, go there.
 */
#include <stdlib.h>
#include <string.h>

#include "xray.h"

int path_argument(const struct call *call)
{
    size_t n = strlen(call->name);

    return (n > 2 && strcmp(call->name + n - 2, "at") == 0) ||
                   has(call->name, "at2")
               ? 1
               : 0;
}

struct object *object_at(struct task *task, const struct call *call, int i,
                         enum kind kind)
{
    bool at = i > 0 && has(call->name, "at");
    char *path = quoted(call->args[i]), *whole;
    struct object *object;

    if (path == NULL)
        return NULL;
    whole = absolute(task, at ? call->args[i - 1] : "", path);
    object = path_object(kind, whole);
    free(whole);
    free(path);
    return object;
}

void on_unlink(struct task *task, struct call *call)
{
    struct object *object =
        object_at(task, call, path_argument(call),
                  has(call->name, "rmdir") ? DIRECTORY : PLAIN);

    if (object == NULL || object->hidden)
        return;
    fact(task, "unlink %s %s%s", task->name, object->name, failure(call));
    if (call->error == NULL) {
        object->removed = true;
        forget_object(object); /* the next of that name is another one */
    }
}

/* rename, link, symlink and their "at" forms. */
void on_rename(struct task *task, struct call *call)
{
    bool at = has(call->name, "at"), linked = has(call->name, "link");
    int from = at && !has(call->name, "sym") ? 1 : 0;
    struct object *old = object_at(task, call, from, PLAIN);
    struct object *new = object_at(task, call, from + (at ? 2 : 1), PLAIN);

    if (old == NULL || new == NULL || old->hidden)
        return;
    fact(task, "%s %s %s %s%s", linked ? "link" : "rename", task->name,
         old->name, new->name, failure(call));
    if (call->error != NULL)
        return;
    new->made = old->made;
    new->removed = false;
    if (!linked) {
        old->removed = true;
        forget_object(old);
    }
}

/* mkdir, mkfifo, mknod. */
void on_make_node(struct task *task, struct call *call)
{
    int at = path_argument(call);
    bool folder = has(call->name, "mkdir");
    enum kind kind = folder                               ? DIRECTORY
                     : has(call->args[at + 1], "S_IFIFO") ? FIFO
                                                          : PLAIN;
    struct object *object;
    char *path = quoted(call->args[at]);

    if (path == NULL)
        return;
    if (folder && call->error == NULL && has(call->args[at + 1], "0700")) {
        char *whole = absolute(task, at ? call->args[at - 1] : "", path);

        remember_made_up(whole);
        free(whole);
    }
    free(path);
    object = object_at(task, call, at, kind);
    fact(task, "create %s %s%s", task->name, object->name, failure(call));
    if (call->error == NULL) {
        object->made = true;
        object->removed = false;
        object->temporary = folder && has(object->name, "XXXXXX");
    }
}

void on_chdir(struct task *task, struct call *call)
{
    bool by_fd = has(call->name, "fchdir");
    char *path = by_fd ? annotation(call->args[0]) : quoted(call->args[0]);
    char *whole, *shown;

    if (path == NULL)
        return;
    whole = absolute(task, "", path);
    shown = shown_path(whole);
    fact(task, "chdir %s dir:%s%s", task->name, shown, failure(call));
    free(shown);
    free(path);
    if (call->error == NULL) {
        free(task->process->folder);
        task->process->folder = whole;
    } else {
        free(whole);
    }
}

void on_umask(struct task *task, struct call *call)
{
    fact(task, "umask %s %03llo", task->name,
         (unsigned long long)number(call->args[0]) & 0777);
}
