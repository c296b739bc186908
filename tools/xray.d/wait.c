/*
 * wait.c: who waited for whom; sessions and groups; what is left at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "xray.h"

static void reap(struct task *task, struct process *child)
{
    child->reaped = true;
    for (struct process **p = &task->process->children; *p != NULL;
         p = &(*p)->sibling)
        if (*p == child) {
            *p = child->sibling;
            break;
        }
    fact(task, "reap %s %s", task->name, child->name);
}

void on_wait(struct task *task, struct call *call)
{
    bool id = strcmp(call->name, "waitid") == 0;
    const char *status = call->args[id ? 2 : 1];
    const char *options = call->args[id ? 3 : 2];
    const char *word = id ? field(status, "si_pid=") : NULL;
    long long pid = id ? (word ? number(word) : 0) : call->result;
    const struct task *child =
        task_of(pid > 0 && pid < PID_LIMIT ? (pid_t)pid : 0);

    if (call->error != NULL || pid <= 0) {
        fact(task, "wait %s%s", task->name,
             call->error ? failure(call) : " = 0");
        return;
    }
    if (child == NULL)
        return;
    if (has(status, "WIFSTOPPED") || has(status, "CLD_STOPPED")) {
        word = field(status, id ? "si_status=" : "WSTOPSIG(s) == ");
        fact(task, "stopped %s %s %s", task->name, child->process->name,
             word ? word : "SIGSTOP");
    } else if (has(status, "WIFCONTINUED") || has(status, "CLD_CONTINUED")) {
        fact(task, "continued %s %s", task->name, child->process->name);
    } else if (has(options, "WNOWAIT")) {
        fact(task, "wait %s %s", task->name, child->process->name);
    } else {
        reap(task, child->process);
    }
}

void on_setsid(struct task *task, struct call *call)
{
    if (call->error == NULL)
        task->process->group = task->process;
    fact(task, "session %s%s", task->name, failure(call));
}

void on_setpgid(struct task *task, struct call *call)
{
    long long pid = number(call->args[0]), group = number(call->args[1]);
    struct task *member = pid ? task_of((pid_t)pid) : task;
    struct task *leader = group ? task_of((pid_t)group) : member;

    if (member == NULL || leader == NULL)
        return;
    if (call->error == NULL)
        member->process->group = leader->process;
    fact(task, "group %s %s %s%s", task->name, member->process->name,
         leader->process->name, failure(call));
}

void tell_what_is_left(void)
{
    for (struct process *p = processes; p != NULL; p = p->next) {
        if (!p->ended) {
            for (struct task *t = p->threads; t != NULL; t = t->other)
                if (t->pending != NULL)
                    tell_stuck(t);
            for (struct process *c = p->children; c != NULL; c = c->sibling)
                if (c->ended && !c->reaped)
                    fact(NULL, "zombie %s", c->name);
            fact(NULL, "left running %s", p->name);
        }
        tell_pending(p);
    }
    tell_names_left();
}
