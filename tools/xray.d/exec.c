/*
 * exec.c: a process begins with another program.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

void on_exec(struct task *task, struct call *call)
{
    struct process *process = task->process;
    char *path = quoted(call->args[0]);
    const char *name;

    if (!call->returned || path == NULL) {
        free(path);
        return;
    }
    name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    if (!process->started) {
        fact(task, "start %s %s", task->name, name);
    } else if (call->error != NULL) {
        free(task->failed_exec);
        if (asprintf(&task->failed_exec, "exec %s %s%s", task->name, name,
                     failure(call)) == -1)
            err(1, "asprintf");
    } else {
        free(task->failed_exec);
        task->failed_exec = NULL;
        fact(task, "exec %s %s", task->name, name);
        process->table = own_table(process->table, task);
        close_on_exec(task);
        reset_handlers(process);
        task->depth = 0;
        process->mappings = NULL;
    }
    process->started = true;
    free(path);
}

void become_first(struct task *first, pid_t tid)
{
    struct task *thread = task_of(tid);

    if (thread == NULL || thread == first || thread->process != first->process)
        return;
    free(first->pending);
    first->pending = thread->pending;
    first->applied = thread->applied;
    first->mask = thread->mask;
    first->shown_mask = thread->shown_mask;
    thread->pending = NULL;
    for (struct task *t = first->other; t != NULL; t = t->other) {
        free(t->pending);
        t->pending = NULL;
    }
    first->process->tasks = 1;
}

void tell_failed_exec(struct task *task)
{
    if (task->failed_exec != NULL)
        fact(task, "%s", task->failed_exec);
    free(task->failed_exec);
    task->failed_exec = NULL;
}
