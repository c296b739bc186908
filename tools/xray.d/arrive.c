/*
 * arrive.c: signals that arrive: delivered, taken, or still pending at the end.
 */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

/* "--- SIGINT {si_signo=SIGINT, si_code=SI_USER, si_pid=12, …} ---" */
void on_signal_line(struct task *task, const char *text)
{
    int sig = signal_number(text);
    const char *pid = field(text, "si_pid=");
    struct process *process = task->process;

    if (sig == 0)
        return; /* "stopped by SIGSTOP" */
    process->pending &= ~bit(sig);
    /* SIGPIPE bears the number of the process that writes: the kernel's. */
    if (sig == SIGPIPE)
        pid = NULL;
    fact(task, "deliver %s %s %s from %s", task->name, name_of_signal(sig),
         process->handled & bit(sig)   ? "handled"
         : process->ignored & bit(sig) ? "ignored"
                                       : "default",
         pid ? name_of((pid_t)number(pid)) : "kernel");
    if ((process->handled & bit(sig)) && task->depth < MOST_HANDLERS)
        task->handlers[task->depth++] = (uint8_t)sig;
    process->handled &= ~(process->once & bit(sig));
}

/* A handler returns by this call, which libc makes for it. */
void on_sigreturn(struct task *task, struct call *call)
{
    (void)call;
    if (task->depth > 0)
        task->depth--;
}

void tell_inside(const struct task *task)
{
    if (task->depth > 0)
        fact(task, "inside %s %s", task->name,
             name_of_signal(task->handlers[task->depth - 1]));
}

/* Of what was read, the log has the beginning: the first signal's number.
 * strace writes a byte that isn't a letter as "\n" or "\17". */
static int first_signal(const char *text)
{
    static const char letters[] = "abtnvfr";
    static const int codes[] = {7, 8, 9, 10, 11, 12, 13};
    const char *p = strchr(text, '"');
    const char *letter;

    if (p == NULL)
        return 0;
    if (*++p != '\\')
        return (unsigned char)*p;
    if (isdigit((unsigned char)*++p))
        return (int)strtol(p, NULL, 8);
    letter = *p ? strchr(letters, *p) : NULL;
    return letter ? codes[letter - letters] : (unsigned char)*p;
}

void take_from_signalfd(struct task *task, const struct call *call)
{
    enum { RECORD = 128 };

    /* If there are several we don't know which: not the one that waits. */
    task->process->pending &=
        call->result > RECORD ? 0 : ~bit(first_signal(call->args[1]));
}

void on_sigwait(struct task *task, struct call *call)
{
    if (!call->returned)
        return;
    if (call->error != NULL) {
        fact(task, "take %s%s", task->name, failure(call));
        return;
    }
    task->process->pending &= ~bit((int)call->result);
    fact(task, "take %s %s", task->name, name_of_signal((int)call->result));
}

void tell_pending(struct process *process)
{
    for (int sig = 1; sig <= 64; sig++)
        if (process->pending & bit(sig))
            fact(NULL, "left pending %s %s", process->name,
                 name_of_signal(sig));
}
