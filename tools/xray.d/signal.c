/*
 * signal.c: who sends which signal to whom, and who blocks or handles it.
 *
 * A set of signals is 64 bits, as in the kernel; signal 1 is bit 0.
 */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "xray.h"

/* strace writes INT, SIGINT, RTMIN and RT_1 (or SIGRTMIN, SIGRT_1): the
 * kernel's real-time signals begin at 32. */
int signal_number(const char *name)
{
    char word[24];
    size_t n;

    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    if (n == 0 || n >= sizeof word)
        return 0;
    memcpy(word, name, n);
    word[n] = '\0';
    if (strcmp(word, "RTMIN") == 0)
        return 32;
    if (strncmp(word, "RT_", 3) == 0) {
        long long real_time = number(word + 3);

        return real_time >= 0 && real_time < 33 ? 32 + (int)real_time : 0;
    }
    for (int i = 1; i < 32; i++)
        if (strcmp(signal_name(i) + 3, word) == 0)
            return i;
    return 0;
}

const char *name_of_signal(int sig)
{
    static char word[24];

    if (sig < 32)
        return signal_name(sig);
    snprintf(word, sizeof word, "SIGRT_%d", sig - 32);
    return word;
}

uint64_t bit(int sig)
{
    return sig > 0 && sig <= 64 ? UINT64_C(1) << (sig - 1) : 0;
}

/* "[INT TERM]", "~[KILL]", or "" for a NULL. */
static uint64_t parse_set(const char *text)
{
    const char *p = strchr(text, '[');
    uint64_t set = 0;

    if (p == NULL)
        return 0;
    for (p++; *p != '\0' && *p != ']';) {
        set |= bit(signal_number(p));
        p += strcspn(p, " ]");
        p += strspn(p, " ");
    }
    return *text == '~' ? ~set : set;
}

/* --- sending --- */

/* Whether a signal sent now would wait: every thread blocks it, and none is
 * in a call that takes it. */
static bool is_held_back(const struct process *process, int sig)
{
    for (const struct task *t = process->threads; t != NULL; t = t->other) {
        if (!(t->mask & bit(sig)))
            return false;
        if (t->pending != NULL && (has(t->pending, "sigsuspend(") ||
                                   has(t->pending, "sigtimedwait(") ||
                                   strncmp(t->pending, "ppoll(", 6) == 0 ||
                                   strncmp(t->pending, "pselect", 7) == 0 ||
                                   strncmp(t->pending, "epoll_pwait", 11) == 0))
            return false;
    }
    return !process->ended;
}

static void tell_sent(struct task *task, const struct task *target, int sig,
                      const struct call *call)
{
    struct process *process = target ? target->process : NULL;

    fact(task, "signal %s %s %s%s", task->name,
         process ? target->name : "outside", sig ? name_of_signal(sig) : "0",
         failure(call));
    if (process != NULL && sig != 0 && call->error == NULL &&
        is_held_back(process, sig)) {
        process->pending |= bit(sig);
        fact(task, "pending %s %s", process->name, name_of_signal(sig));
    }
}

void on_kill(struct task *task, struct call *call)
{
    long long pid = number(call->args[0]);
    int sig = signal_number(call->args[1]);
    const struct process *group = NULL;
    const char *name = sig ? name_of_signal(sig) : "0";

    if (*call->args[0] == '-')
        pid = strtoll(call->args[0], NULL, 10);
    if (pid > 0) {
        const struct task *target = task_of(pid < PID_LIMIT ? (pid_t)pid : 0);

        tell_sent(task, target, sig, call);
        return;
    }
    if (pid == -1) {
        fact(task, "signal %s all %s%s", task->name, name, failure(call));
        return;
    }
    if (pid == 0)
        group = task->process->group;
    else if (pid > -PID_LIMIT && task_of((pid_t)-pid) != NULL)
        group = task_of((pid_t)-pid)->process;
    fact(task, "signal %s group:%s %s%s", task->name,
         group ? group->name : "outside", name, failure(call));
}

/* tgkill(process, thread, signal), tkill(thread, signal), and the
 * sigqueueinfo calls: the one before the signal is the target. */
void on_tgkill(struct task *task, struct call *call)
{
    bool group = strcmp(call->name, "tgkill") == 0 ||
                 strcmp(call->name, "rt_tgsigqueueinfo") == 0;
    long long tid = number(call->args[group ? 1 : 0]);

    tell_sent(task, task_of(tid < PID_LIMIT ? (pid_t)tid : 0),
              signal_number(call->args[group ? 2 : 1]), call);
}

void on_pidfd_signal(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);
    const char *name = file ? strchr(file->object->name, ':') : NULL;
    const struct task *target = tasks;

    while (target != NULL && (name == NULL || strcmp(target->name, name + 1)))
        target = target->next;
    tell_sent(task, target, signal_number(call->args[1]), call);
}

/* --- dispositions and masks --- */

void reset_handlers(struct process *process)
{
    process->handled = process->once = 0;
}

void on_sigaction(struct task *task, struct call *call)
{
    struct process *process = task->process;
    int sig = signal_number(call->args[0]);
    const char *action = field(call->args[1], "sa_handler=");
    const char *verb = "handle";

    if (action == NULL)
        action = field(call->args[1], "sa_sigaction=");
    /* 32 and 33 are libc's own. */
    if (action == NULL || sig == 0 || sig == 32 || sig == 33)
        return;
    if (strcmp(action, "SIG_IGN") == 0)
        verb = "ignore";
    else if (strcmp(action, "SIG_DFL") == 0)
        verb = "default";
    fact(task, "%s %s %s%s", verb, task->name, name_of_signal(sig),
         failure(call));
    if (call->error != NULL)
        return;
    process->handled &= ~bit(sig);
    process->ignored &= ~bit(sig);
    process->once &= ~bit(sig);
    if (has(call->args[1], "SA_RESETHAND"))
        process->once |= bit(sig);
    if (*verb == 'h')
        process->handled |= bit(sig);
    if (*verb == 'i')
        process->ignored |= bit(sig);
}

void on_sigprocmask(struct task *task, struct call *call)
{
    const char *how = call->args[0];
    uint64_t set = parse_set(call->args[1]);
    uint64_t changed;

    if (call->error != NULL || strchr(call->args[1], '[') == NULL)
        return;
    if (has(how, "SIG_BLOCK"))
        task->mask |= set;
    else if (has(how, "SIG_UNBLOCK"))
        task->mask &= ~set;
    else
        task->mask = set;
    /* libc blocks nearly all for an instant, around fork, say: not told. */
    if (__builtin_popcountll(task->mask) > 32)
        return;
    changed = task->mask ^ task->shown_mask;
    for (int sig = 1; sig <= 64; sig++)
        if (changed & bit(sig))
            fact(task, "%s %s %s", task->mask & bit(sig) ? "block" : "unblock",
                 task->name, name_of_signal(sig));
    task->shown_mask = task->mask;
}
