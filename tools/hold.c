/*
 * hold: runs a command, and holds one of its processes still at a moment that
 * chance would give only once in a million runs. For tests of programs that
 * wait for signals: what comes at the worst moment must not be lost.
 *
 * Usage: hold -w [-n N] | -p | -c COMMAND [ARG...]
 *        -w  just before it waits: on SIGUSR1 to hold, the command is taken
 *            out of the system call in which it sleeps, and back to where it
 *            was about to make that call
 *        -n  not the command, but the N-th of its children that live then
 *        -p  the parent in its first fork(): the child runs already, and may
 *            end before the call returns
 *        -c  the first child, before it does anything
 *
 * On SIGUSR2 to hold, what is held goes on. Until then its state in /proc is t,
 * and what signals it gets are pending. On the way there it is in that state, too,
 * and a signal would do what never happens otherwise: so wait until hold, after
 * SIGUSR1, is called "held" in /proc/PID/comm. Exit status: the command's, or 128 + N
 * if signal N ended it; 3 where processes can't be held (only x86-64 knows -w).
 *
 * See: PTRACE_SEIZE, PTRACE_SYSEMU and PTRACE_O_TRACEFORK in ptrace(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: hold -w [-n N] | -p | -c COMMAND [ARG...]\n"
    "SIGUSR1 to hold: now (with -w); SIGUSR2: go on.\n";

enum { CANNOT = 3 };

static pid_t command;
static pid_t held; /* 0: nobody */
static int nth;    /* 0: the command, N: its N-th child */

static long trace(int request, pid_t pid, unsigned long data)
{
    return ptrace((__typeof__(PTRACE_CONT))request, pid, NULL, data);
}

/* Ends as the command has. */
static _Noreturn void end(int status)
{
    exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void let_go(pid_t pid, int sig)
{
    if (trace(PTRACE_DETACH, pid, (unsigned long)sig) == -1 && errno != ESRCH)
        err(CANNOT, "PTRACE_DETACH");
}

#ifdef __x86_64__
/* Who is to be held: the kernel lists children from the oldest on. */
static pid_t target(void)
{
    char path[64];
    int pid = 0;
    FILE *list;

    if (nth == 0)
        return command;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)command,
             (int)command);
    list = fopen(path, "r");
    if (list == NULL)
        err(CANNOT, "%s", path);
    for (int i = 0; i < nth; i++) {
        if (fscanf(list, "%d", &pid) != 1)
            errx(CANNOT, "there is no child number %d", nth);
    }
    fclose(list);
    return pid;
}

/* Sets a process that is about to make a system call, or that is on its way
 * out of one, back to the instruction that makes it. */
static void rewind_call(pid_t pid)
{
    struct user_regs_struct regs;

    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) == -1)
        err(CANNOT, "PTRACE_GETREGS");
    if ((long long)regs.orig_rax == -1)
        return; /* it is in no call */
    regs.rip -= 2;
    regs.rax = regs.orig_rax;
    regs.orig_rax = (unsigned long long)-1; /* the kernel restarts nothing */
    if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) == -1)
        err(CANNOT, "PTRACE_SETREGS");
}

/* Waits until the process has stopped. What signals stop it on the way are
 * passed on. */
static void wait_for_stop(pid_t pid, int request)
{
    int status, sig;

    for (;;) {
        if (waitpid(pid, &status, 0) == -1)
            err(CANNOT, "waitpid");
        if (!WIFSTOPPED(status))
            end(status); /* too late */
        sig = WSTOPSIG(status);
        if (status >> 16 == PTRACE_EVENT_STOP || sig == SIGTRAP)
            return;
        if (trace(request, pid, (unsigned long)sig) == -1)
            err(CANNOT, "ptrace");
    }
}

/*
 * Takes the process back to just before its system call. PTRACE_SYSEMU stops it
 * when it makes the call again, and keeps the kernel from carrying that out;
 * between the two it has left the first call wholly: a signal mask that lasts
 * only for the call is gone, too.
 */
static void hold_before_call(void)
{
    pid_t pid = target();

    if (trace(PTRACE_SEIZE, pid, 0) == -1 ||
        trace(PTRACE_INTERRUPT, pid, 0) == -1)
        err(CANNOT, "PTRACE_SEIZE");
    wait_for_stop(pid, PTRACE_CONT);
    rewind_call(pid);
    if (trace(PTRACE_SYSEMU, pid, 0) == -1)
        err(CANNOT, "PTRACE_SYSEMU");
    wait_for_stop(pid, PTRACE_SYSEMU);
    rewind_call(pid);
    held = pid;
    prctl(PR_SET_NAME, "held");
}
#else
static void hold_before_call(void)
{
    errx(CANNOT, "-w isn't known on this machine");
}
#endif

/* The command has forked: holds one of the two, lets the other go. */
static void hold_one_of_two(char which)
{
    unsigned long child;
    int status;

    if (ptrace(PTRACE_GETEVENTMSG, command, NULL, &child) == -1)
        err(CANNOT, "PTRACE_GETEVENTMSG");
    if (waitpid((pid_t)child, &status, __WALL) == -1)
        err(CANNOT, "waitpid");
    held = which == 'p' ? command : (pid_t)child;
    let_go(which == 'p' ? (pid_t)child : command, 0);
}

/* Starts the command; *seized says whether it is traced from the start on. */
static void start(char *argv[], const sigset_t *mask, bool seized)
{
    const unsigned long forks =
        PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    int ready[2];
    char c;

    if (pipe2(ready, O_CLOEXEC) == -1)
        err(CANNOT, "pipe2");
    command = fork();
    if (command == -1)
        err(CANNOT, "fork");
    if (command == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        sigprocmask(SIG_SETMASK, mask, NULL);
        close(ready[1]);
        if (read(ready[0], &c, 1) == -1)
            err(CANNOT, "read");
        execvp(argv[0], argv);
        warn("%s", argv[0]);
        _exit(errno == ENOENT ? 127 : 126);
    }
    if (seized && trace(PTRACE_SEIZE, command, forks) == -1)
        err(CANNOT, "PTRACE_SEIZE");
    close(ready[0]);
    close(ready[1]);
}

/* Looks at what became of the command, and of what is traced. */
static void look(char which)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        if (!WIFSTOPPED(status)) {
            if (pid == held)
                held = 0; /* killed while it was held */
            if (pid == command)
                end(status);
        } else if (status >> 16 == PTRACE_EVENT_FORK ||
                   status >> 16 == PTRACE_EVENT_VFORK ||
                   status >> 16 == PTRACE_EVENT_CLONE) {
            hold_one_of_two(which);
        } else if (status >> 16 == PTRACE_EVENT_STOP) {
            trace(PTRACE_LISTEN, pid, 0);
        } else {
            trace(PTRACE_CONT, pid, (unsigned long)WSTOPSIG(status));
        }
    }
}

int main(int argc, char *argv[])
{
    char which = '\0';
    sigset_t set, before;
    int opt, sig;

    while ((opt = getopt(argc, argv, "+hn:wpc")) != -1) {
        if (opt == 'h' || opt == '?')
            usage(opt, usage_text);
        if (opt == 'n')
            nth = (int)parse_number("-n", optarg, 1, 1000);
        else
            which = (char)opt;
    }
    if (which == '\0' || argv[optind] == NULL)
        usage('?', usage_text);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &before);
    start(argv + optind, &before, which != 'w');

    for (;;) {
        if (sigwait(&set, &sig) != 0)
            continue;
        if (sig == SIGUSR1 && which == 'w' && held == 0) {
            hold_before_call();
        } else if (sig == SIGUSR2 && held != 0) {
            prctl(PR_SET_NAME, "hold");
            let_go(held, 0);
            held = 0;
        } else {
            look(which);
        }
    }
}
