/*
 * file.c: the calls that open, copy, close, read, write and lock.
 */
#include <stdlib.h>
#include <string.h>

#include "xray.h"

static enum mode mode_of(const char *flags)
{
    return has(flags, "O_RDWR") ? BOTH : has(flags, "O_WRONLY") ? WRITE : READ;
}

const char *path_and_mode(struct task *task, struct call *call)
{
    static char text[4200];
    int at = path_argument(call);
    const struct object *object = object_at(task, call, at, PLAIN);

    snprintf(text, sizeof text, "%s %s", object ? object->name : "?",
             mode_name(mode_of(call->args[at + 1])));
    return text;
}

/* A file without a name, in that folder: O_TMPFILE. Each is another one. */
static void open_nameless(struct task *task, struct call *call, int at)
{
    char *folder = quoted(call->args[at]), *whole;
    struct object *object;
    char path[4200];

    if (folder == NULL || !call->returned || call->error != NULL) {
        free(folder);
        return;
    }
    snprintf(path, sizeof path, "%s/XXXXXX", folder);
    free(folder);
    whole = absolute(task, at ? call->args[at - 1] : "", path);
    object = path_object(PLAIN, whole);
    free(whole);
    forget_object(object);
    fact(task, "create %s %s", task->name, object->name);
    open_as(task, call->result_text, object, mode_of(call->args[at + 1]),
            has(call->args[at + 1], "O_CLOEXEC"));
}

/* The file that /proc/self/fd/N leads to, or NULL. */
static struct object *opened_again(struct task *task, const char *path)
{
    const char *name = strrchr(path, '/');
    char number[16];
    const struct file *file;

    if (strncmp(path, "\"/proc/self/fd/", 15) != 0)
        return NULL;
    snprintf(number, sizeof number, "%s", name + 1);
    number[strcspn(number, "\"")] = '\0';
    file = file_of(task, number);
    return file != NULL ? file->object : NULL;
}

void on_open(struct task *task, struct call *call)
{
    int at = path_argument(call);
    bool creat = strcmp(call->name, "creat") == 0;
    const char *flags = creat ? "O_WRONLY" : call->args[at + 1];
    enum mode mode = mode_of(flags);
    enum kind kind = has(flags, "O_DIRECTORY")          ? DIRECTORY
                     : has(call->result_text, "<char ") ? DEVICE
                                                        : PLAIN;
    bool excl = has(flags, "O_EXCL") && call->error == NULL;
    struct object *object;
    char *path;

    if (has(flags, "O_TMPFILE")) {
        open_nameless(task, call, at);
        return;
    }
    if (excl && has(call->args[at + 2], "0600")) {
        path = quoted(call->args[at]);
        if (path != NULL) {
            char *whole = absolute(task, at ? call->args[at - 1] : "", path);

            remember_made_up(whole);
            free(whole);
        }
        free(path);
    }
    object = opened_again(task, call->args[at]);
    if (object == NULL)
        object = object_at(task, call, at, kind);
    if (object == NULL || !call->returned)
        return;
    if (call->error != NULL) {
        if (!object->hidden)
            fact(task, "open %s %s %s%s", task->name, object->name,
                 mode_name(mode), failure(call));
        return;
    }
    if (excl || (object->kind == SHM && (creat || has(flags, "O_CREAT")))) {
        object->made = true;
        object->removed = false;
    }
    if (excl) {
        object->temporary = object->temporary || has(object->name, "XXXXXX");
        fact(task, "create %s %s", task->name, object->name);
    }
    open_as(task, call->result_text, object, mode, has(flags, "O_CLOEXEC"));
}

void on_pipe(struct task *task, struct call *call)
{
    const char *ends = call->args[0];
    const char *second = strchr(ends, ',');
    bool cloexec = has(call->args[1], "O_CLOEXEC");
    struct object *object;
    char *key;

    if (call->error != NULL) {
        fact(task, "create %s pipe%s", task->name, failure(call));
        return;
    }
    if (!call->returned || *ends != '[' || second == NULL)
        return;
    key = annotation(ends);
    object = number_object(task, PIPE, key);
    free(key);
    object->made = true;
    fact(task, "create %s %s", task->name, object->name);
    open_as(task, ends + 1, object, READ, cloexec);
    open_as(task, second + 1, object, WRITE, cloexec);
}

static void duplicate(struct task *task, struct file *file, long long fd,
                      bool cloexec)
{
    if (file == NULL)
        return;
    put_file(task, fd, file, cloexec);
    if (!file->object->hidden)
        fact(task, "dup %s %s %s to %lld", task->name, file->object->name,
             mode_name(file->mode), fd);
}

void on_dup(struct task *task, struct call *call)
{
    /* dup2(3, 3) does nothing; dup never returns its argument. */
    if (call->error == NULL && call->returned &&
        call->result != number(call->args[0]))
        duplicate(task, file_of(task, call->args[0]), call->result,
                  has(call->args[2], "O_CLOEXEC"));
}

void on_close(struct task *task, struct call *call)
{
    if (call->error != NULL) {
        fact(task, "close %s %lld%s", task->name, number(call->args[0]),
             failure(call));
        return;
    }
    file_of(task, call->args[0]);
    close_fd(task, number(call->args[0]));
}

void on_close_range(struct task *task, struct call *call)
{
    long long first = number(call->args[0]), to = number(call->args[1]);
    bool cloexec = has(call->args[2], "CLOEXEC");

    for (long long fd = first; fd <= to && fd < 1 << 20; fd++) {
        struct file *file = file_at(task, fd);

        if (file != NULL && cloexec)
            set_cloexec(task, fd, true);
        else if (file != NULL)
            close_fd(task, fd);
    }
}

/* fcntl locks: shared or exclusive, whole files or parts. */
static void fcntl_lock(struct task *task, struct call *call,
                       const struct file *file)
{
    const char *kind = has(call->args[1], "F_OFD") ? "ofd" : "posix";
    const char *lock = call->args[2];
    const char *holder;

    if (has(call->args[1], "GETLK")) {
        holder = field(lock, "l_pid=");
        if (holder != NULL && !has(lock, "F_UNLCK"))
            fact(task, "holder %s %s %s", task->name, file->object->name,
                 name_of((pid_t)number(holder)));
        return;
    }
    if (has(lock, "F_UNLCK"))
        fact(task, "unlock %s %s %s", task->name, file->object->name, kind);
    else
        fact(task, "lock %s %s %s %s%s", task->name, file->object->name, kind,
             has(lock, "F_RDLCK") ? "read" : "write", failure(call));
}

void on_fcntl(struct task *task, struct call *call)
{
    const char *command = call->args[1];
    struct file *file = file_of(task, call->args[0]);

    if (file == NULL || !call->returned)
        return;
    if (has(command, "LK")) {
        fcntl_lock(task, call, file);
    } else if (call->error != NULL) {
        return;
    } else if (has(command, "F_DUPFD")) {
        duplicate(task, file, call->result, has(command, "CLOEXEC"));
    } else if (has(command, "F_SETFD")) {
        set_cloexec(task, number(call->args[0]),
                    has(call->args[2], "FD_CLOEXEC"));
    } else if (has(command, "F_SETFL") && has(call->args[2], "O_NONBLOCK")) {
        fact(task, "nonblock %s %s", task->name, file->object->name);
    } else if (has(command, "F_SETPIPE_SZ")) {
        fact(task, "resize %s %s%s", task->name, file->object->name,
             outcome(call));
    }
}

static void transfer(struct task *task, const char *verb, const char *fd,
                     const struct call *call)
{
    const struct file *file = file_of(task, fd);

    if (!call->returned || (file != NULL && file->object->hidden))
        return;
    if (file != NULL)
        fact(task, "%s %s %s%s", verb, task->name, file->object->name,
             outcome(call));
    else
        fact(task, "%s %s %lld%s", verb, task->name, number(fd), outcome(call));
}

void on_read(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);

    transfer(task, "read", call->args[0], call);
    if (file != NULL && file->object->kind == SIGNALFD && call->result > 0)
        take_from_signalfd(task, call);
}

void on_write(struct task *task, struct call *call)
{
    transfer(task, "write", call->args[0], call);
}

/* From one descriptor to another within the kernel. */
void on_transfer(struct task *task, struct call *call)
{
    bool sendfile = has(call->name, "sendfile"), tee = has(call->name, "tee");

    transfer(task, "read", call->args[sendfile ? 1 : 0], call);
    transfer(task, "write", call->args[sendfile ? 0 : tee ? 1 : 2], call);
}

void on_flock(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);
    const char *how = call->args[1];

    if (file == NULL)
        return;
    if (has(how, "LOCK_UN"))
        fact(task, "unlock %s %s flock", task->name, file->object->name);
    else
        fact(task, "lock %s %s flock %s%s", task->name, file->object->name,
             has(how, "LOCK_SH") ? "read" : "write", failure(call));
}

void on_truncate(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);

    if (file != NULL && !file->object->hidden)
        fact(task, "truncate %s %s%s", task->name, file->object->name,
             failure(call));
}
