/*
 * ipc.c: descriptors for other things than files, and the calls that wait.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

void on_anonymous(struct task *task, struct call *call)
{
    static const struct {
        const char *begin;
        enum kind kind;
    } kinds[] = {
        {"eventfd", EVENTFD},      {"signalfd", SIGNALFD},
        {"epoll_create", EPOLL},   {"timerfd_create", TIMERFD},
        {"inotify_init", INOTIFY}, {"memfd_create", MEMFD},
    };
    struct object *object = NULL;
    bool cloexec = false;

    if (call->error != NULL || !call->returned)
        return;
    /* signalfd(4<signalfd:…>, …) changes one that is there. */
    if (strncmp(call->name, "signalfd", 8) == 0 && *call->args[0] != '-')
        return;
    if (strcmp(call->name, "pidfd_open") == 0) {
        char *name;

        if (asprintf(&name, "pidfd:%s",
                     name_of((pid_t)number(call->args[0]))) == -1)
            err(1, "asprintf");
        object = name_object(PIDFD, NULL, name);
        cloexec = true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(call->name, kinds[i].begin, strlen(kinds[i].begin)) == 0)
            object = number_object(task, kinds[i].kind, NULL);
    if (object == NULL)
        return;
    for (int i = 0; i < call->count; i++)
        cloexec = cloexec || has(call->args[i], "CLOEXEC");
    fact(task, "create %s %s", task->name, object->name);
    open_as(task, call->result_text, object, BOTH, cloexec);
}

void on_epoll_ctl(struct task *task, struct call *call)
{
    const struct file *epoll = file_of(task, call->args[0]);
    const struct file *file = file_of(task, call->args[2]);

    if (epoll != NULL && file != NULL && has(call->args[1], "ADD"))
        fact(task, "watch %s %s %s%s", task->name, epoll->object->name,
             file->object->name, failure(call));
}

void on_inotify_add(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);
    char *path = quoted(call->args[1]), *whole;

    if (file == NULL || path == NULL)
        return;
    whole = absolute(task, "", path);
    fact(task, "watch %s %s %s%s", task->name, file->object->name,
         path_object(PLAIN, whole)->name, failure(call));
    free(whole);
    free(path);
}

/* --- waiting --- */

void on_poll(struct task *task, struct call *call)
{
    fact(task, "poll %s%s", task->name, outcome(call));
}

void on_sleep(struct task *task, struct call *call)
{
    fact(task, "sleep %s%s", task->name, outcome(call));
}

void on_pause(struct task *task, struct call *call)
{
    fact(task, "pause %s%s", task->name, outcome(call));
}

/* A word of memory is known by its address: within one process, if it is
 * private, else in all, since they have it from a common parent. */
static const struct object *futex_word(struct task *task,
                                       const struct call *call)
{
    struct process *process = task->process;
    struct task *main_task = task_of(process->pid);
    bool private = has(call->args[1], "PRIVATE");
    struct object *object;
    char *key;

    if (asprintf(&key, "futex:%d:%s", private ? process->pid : 0,
                 call->args[0]) == -1)
        err(1, "asprintf");
    object = find_object(key);
    if (object == NULL)
        object = number_object(main_task ? main_task : task, FUTEX, key);
    free(key);
    return object;
}

/* pthread_join waits until the kernel clears the thread's own number, which
 * isn't a private word. A mutex that others wait for has the value 2 in glibc,
 * in musl the highest bit; with priority inheritance, a call of its own. */
const char *futex_wait(struct task *task, const struct call *call,
                       const char **object)
{
    const char *what = call->args[1];
    long long value = number(call->args[2]);
    const struct task *thread =
        task_of(value > 0 && value < PID_LIMIT ? (pid_t)value : 0);

    if (has(what, "FUTEX_WAIT") && !has(what, "PRIVATE") && thread != NULL &&
        thread->process == task->process && thread->tid == value) {
        *object = thread->name;
        return "join";
    }
    *object = futex_word(task, call)->name;
    return has(what, "FUTEX_LOCK") ||
                   (!has(what, "BITSET") && (value == 2 || value >> 31 == 1))
               ? "futexlock"
               : "futexwait";
}

/* futex() wakes others or waits itself: that is in its second argument. */
bool wakes(const struct call *call)
{
    return strcmp(call->name, "futex") == 0 && has(call->args[1], "FUTEX_WAKE");
}

void on_futex(struct task *task, struct call *call)
{
    const char *what = call->args[1];
    const char *object;

    if (has(what, "FUTEX_WAIT") || has(what, "FUTEX_LOCK")) {
        if (strcmp(futex_wait(task, call, &object), "join") != 0)
            fact(task, "futexwait %s %s%s", task->name, object, outcome(call));
        /* EAGAIN: the number was cleared before the wait began. */
        else if (call->error == NULL || strcmp(call->error, "EAGAIN") == 0)
            fact(task, "join %s %s", task->name, object);
    }
    /* libc wakes nobody now and then, where there is but one thread. */
    else if ((has(what, "FUTEX_WAKE") || has(what, "REQUEUE")) &&
             (task->process->threads_made > 0 || !has(what, "PRIVATE")))
        fact(task, "futexwake %s %s%s", task->name,
             futex_word(task, call)->name, outcome(call));
}
