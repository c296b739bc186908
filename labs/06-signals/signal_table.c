/*
 * signal_table: every signal, what signal(7) says that it does by
 * default, and what it really did to a child.
 *
 * Usage: signal_table [-s SIGNAL]
 *
 * Try:   signal_table
 *        Look for the few that don't kill. "Core" is a kill that also
 *        writes the memory to a file; here that is switched off.
 *        signal_table -s TSTP: only that one.
 *        kill -l: the shell's own list of the names.
 *
 * Not under valgrind: it keeps some signals to itself
 *
 * See:   signal(7), kill(2), waitpid(2), core(5), nptl(7)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: signal_table [-s SIGNAL]\n"
    "  -s SIGNAL  show only this one, such as TERM or 15\n";

/* The kernel's real-time signals begin here. The C library keeps the
 * first few to itself: they are the ones below SIGRTMIN. */
enum { KERNEL_RTMIN = 32 };

/* The table of signal(7). */
static const char *default_action(int sig)
{
    switch (sig) {
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGQUIT:
    case SIGSEGV:
    case SIGSYS:
    case SIGTRAP:
    case SIGXCPU:
    case SIGXFSZ:
        return "Core";
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return "Stop";
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
        return "Ign";
    case SIGCONT:
        return "Cont";
    default:
        return "Term";
    }
}

static void prepare(int sig)
{
    const struct sigaction default_action = {.sa_handler = SIG_DFL};
    const struct rlimit nothing = {0, 0};
    sigset_t none;

    /* It shall not outlive its parent, not even when it is stopped. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);

    /* No core file: the limit prevents one in this folder, the second
     * call one that is piped to a program, where no limit counts. */
    setrlimit(RLIMIT_CORE, &nothing);
    prctl(PR_SET_DUMPABLE, 0);

    /* A group of its own. SIGTSTP, SIGTTIN and SIGTTOU don't stop a
     * group that has no shell, or other parent, to continue it. */
    setpgid(0, 0);

    /* Refused for SIGKILL, SIGSTOP and what the C library keeps, which
     * are never other than default here. */
    sigaction(sig, &default_action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A signal that a process sends to itself, and doesn't block, arrives
 * before kill() returns. So who gets to the end wasn't harmed. */
static _Noreturn void be_child(int sig)
{
    prepare(sig);
    if (sig == SIGCONT) {
        raise(SIGSTOP); /* our parent sends SIGCONT */
        for (;;)
            pause();
    }
    kill(getpid(), sig);
    _exit(0);
}

/* Any news of the child: that it ended, stopped or was continued. */
static int wait_for_news(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, WUNTRACED | WCONTINUED) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return status;
}

static const char *real_action(int sig)
{
    int status;
    pid_t pid = fork();

    if (pid == -1)
        err(1, "fork");
    if (pid == 0)
        be_child(sig);

    status = wait_for_news(pid);
    if (sig == SIGCONT && WIFSTOPPED(status)) {
        kill(pid, SIGCONT);
        status = wait_for_news(pid);
    }
    if (WIFEXITED(status))
        return "ignored";
    if (WIFSIGNALED(status) && WTERMSIG(status) != sig)
        return "killed by another signal";
    if (WIFSIGNALED(status))
        return WCOREDUMP(status) ? "killed, core dumped" : "killed";

    /* It lives. SIGKILL ends also who is stopped. */
    kill(pid, SIGKILL);
    wait_for_news(pid);
    return WIFSTOPPED(status) ? "stopped" : "continued";
}

int main(int argc, char *argv[])
{
    int only = 0;
    int opt;

    while ((opt = getopt(argc, argv, "hs:")) != -1) {
        if (opt != 's')
            usage(opt, help);
        only = parse_signal("-s", optarg);
    }
    if (optind < argc)
        usage('?', help);

    printf("%3s  %-12s %-10s %s\n", "No.", "Name", "signal(7)",
           "A child that got it was");
    for (int sig = 1; sig <= SIGRTMAX; sig++) {
        if (only != 0 && sig != only)
            continue;
        printf("%3d  %-12s %-10s %s%s\n", sig, signal_name(sig),
               default_action(sig), real_action(sig),
               sig >= KERNEL_RTMIN && sig < SIGRTMIN
                   ? " (the C library keeps this one)"
                   : "");
        if (fflush(stdout) == EOF) /* or the next child has it, too */
            err(1, "standard output");
    }
    return 0;
}
