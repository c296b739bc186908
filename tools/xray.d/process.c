/*
 * process.c: processes and threads: who made whom, how they ended, and who
 * waited for them.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

struct process *processes;
struct task *tasks;

static struct process **last_process = &processes;
static struct task **last_task = &tasks;
/* By number. Only the pages that are used take memory. */
static struct task *numbers[PID_LIMIT];

struct task *task_of(pid_t tid)
{
    return tid > 0 && tid < PID_LIMIT ? numbers[tid] : NULL;
}

const char *name_of(pid_t pid)
{
    struct task *task = task_of(pid);

    return task ? task->process->name : "outside";
}

/* Keeps the name. */
static struct task *add_task(pid_t tid, struct process *process, char *name)
{
    struct task *task = calloc(1, sizeof *task);

    if (task == NULL || name == NULL)
        err(1, "calloc");
    if (tid <= 0 || tid >= PID_LIMIT)
        errx(1,
             "a new process can't have the number %d: this isn't a log of "
             "'xray record'",
             tid);
    task->tid = tid;
    task->name = name;
    task->process = process;
    process->tasks++;
    *process->last_thread = task;
    process->last_thread = &task->other;
    numbers[tid] = task;
    *last_task = task;
    last_task = &task->next;
    return task;
}

static struct task *add_process(pid_t pid, char *name, struct process *parent)
{
    struct process *process = calloc(1, sizeof *process);

    if (process == NULL)
        err(1, "calloc");
    process->pid = pid;
    process->name = name;
    process->parent = parent;
    process->last_thread = &process->threads;
    *last_process = process;
    last_process = &process->next;
    if (parent != NULL) {
        process->sibling = parent->children;
        parent->children = process;
        process->group = parent->group;
        process->folder = strdup(parent->folder);
        process->handled = parent->handled;
        process->ignored = parent->ignored;
        process->once = parent->once;
        process->mappings = copy_mappings(parent->mappings);
    } else {
        process->group = process;
        process->folder = strdup(notes.folder ? notes.folder : "/");
    }
    if (process->folder == NULL)
        err(1, "strdup");
    return add_task(pid, process, name);
}

struct task *first_task(pid_t tid)
{
    struct task *task = add_process(tid, strdup("parent"), NULL);

    task->process->table = first_table();
    return task;
}

static struct task *add_thread(struct task *maker, pid_t tid)
{
    struct process *process = maker->process;
    struct task *task;
    char *name;

    if (asprintf(&name, "%s/t%d", process->name, ++process->threads_made) == -1)
        err(1, "asprintf");
    task = add_task(tid, process, name);
    task->mask = maker->mask;
    task->shown_mask = maker->shown_mask;
    fact(maker, "thread %s %s", maker->name, task->name);
    return task;
}

static struct task *add_child(struct task *maker, pid_t pid, bool share)
{
    struct process *parent = maker->process;
    bool first = strcmp(parent->name, "parent") == 0;
    struct task *task;
    char *name;

    if (asprintf(&name, "%s.%d", first ? "child" : parent->name,
                 ++parent->children_made) == -1)
        err(1, "asprintf");
    task = add_process(pid, name, parent);
    task->mask = maker->mask;
    task->shown_mask = maker->shown_mask;
    task->process->started = true;
    fact(maker, "fork %s %s", maker->name, name);
    task->process->table =
        share ? share_table(parent->table) : copy_table(parent->table, task);
    return task;
}

/* We attached to several processes, or to threads of one: which, strace
 * doesn't say. Each gets a name of its own. */
struct task *another_root(pid_t tid)
{
    return add_thread(tasks, tid);
}

/* strace can't look into a process that is not dumpable (prctl(2)), and
 * prints an address. It is mostly threads that libc makes with clone3. */
static bool hides_flags(const char *name, const char *args)
{
    return strncmp(name, "clone3", 6) == 0 && *args != '{';
}

struct task *child_of_unfinished(pid_t tid)
{
    for (struct task *t = tasks; t != NULL; t = t->next)
        if (t->pending != NULL && !t->applied &&
            (strncmp(t->pending, "clone", 5) == 0 ||
             strncmp(t->pending, "fork(", 5) == 0 ||
             strncmp(t->pending, "vfork(", 6) == 0)) {
            t->applied = true;
            return has(t->pending, "CLONE_THREAD") ||
                           hides_flags(t->pending,
                                       t->pending + strlen("clone3("))
                       ? add_thread(t, tid)
                       : add_child(t, tid, has(t->pending, "CLONE_FILES"));
        }
    return NULL;
}

void on_clone(struct task *task, struct call *call)
{
    bool thread = false, share = false;

    if (call->error != NULL) {
        /* A signal came first: the kernel begins the call anew, unseen. */
        if (strcmp(call->error, "EINTR") != 0)
            fact(task, "fork %s%s", task->name, failure(call));
        return;
    }
    if (call->result <= 0 || call->result >= PID_LIMIT)
        return;
    for (int i = 0; i < call->count; i++) {
        thread = thread || has(call->args[i], "CLONE_THREAD");
        share = share || has(call->args[i], "CLONE_FILES");
    }
    if (thread || hides_flags(call->name, call->args[0]))
        add_thread(task, (pid_t)call->result);
    else
        add_child(task, (pid_t)call->result, share);
}

static void leave_children(struct process *parent)
{
    for (struct process *p = parent->children; p != NULL; p = p->sibling) {
        p->parent = NULL;
        if (!p->ended)
            fact(NULL, "orphan %s", p->name);
        else if (!p->reaped)
            fact(NULL, "zombie %s", p->name);
    }
    parent->children = NULL;
}

static void end_process(struct task *task)
{
    struct process *process = task->process;

    for (struct task *t = process->threads; t != NULL; t = t->other)
        if (t->pending != NULL)
            tell_stuck(t);
    process->ended = true;
    /* The kernel lets no zombie be made for a parent that doesn't care. */
    if (process->parent != NULL && (process->parent->ignored & bit(SIGCHLD)))
        process->reaped = true;
    drop_table(process->table, task);
    process->table = NULL;
}

void on_exit_group(struct task *task, struct call *call)
{
    struct process *process = task->process;
    long long status = number(call->args[0]) & 0xff;

    if (process->ended)
        return;
    end_process(task);
    fact(task, "exit %s = %lld", process->name, status);
    leave_children(process);
}

/* exit(2) ends one thread; with the last one, the process. */
void on_thread_exit(struct task *task, struct call *call)
{
    if (task->process->tasks == 1)
        on_exit_group(task, call);
    else if (!task->process->ended)
        fact(task, "exit %s = %lld", task->name, number(call->args[0]) & 0xff);
}

static void remove_task(struct task *task)
{
    struct process *process = task->process;

    free(task->pending);
    task->pending = NULL;
    if (--process->tasks == 0)
        process->dead = true;
}

/* "+++ exited with 0 +++" */
void end_task(struct task *task, const char *how)
{
    struct call call = {.args = {(char *)(uintptr_t)how}, .count = 1};

    if (task->process->tasks == 1)
        on_exit_group(task, &call);
    remove_task(task);
}

/* "+++ killed by SIGTERM +++" comes for each thread. */
void kill_task(struct task *task, const char *signal)
{
    struct process *process = task->process;

    if (!process->ended) {
        end_process(task);
        fact(task, "killed %s %s", process->name,
             name_of_signal(signal_number(signal)));
        leave_children(process);
    }
    remove_task(task);
}
