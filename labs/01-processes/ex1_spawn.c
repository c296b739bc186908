/*
 * ex1_spawn: runs a command, reports how it ended, and returns what a
 * shell would.
 *
 * Usage: ex1_spawn COMMAND [ARG...]
 *
 * Try:   ex1_spawn sh -c 'exit 3'
 *        It says "exit 3"; echo $? shows 3, too.
 *        ex1_spawn sh -c 'kill -SEGV $$'; echo $?
 *        ex1_spawn nothing; echo $?
 *        ex1_spawn sleep 100: in another terminal, send SIGTERM to
 *        ex1_spawn; then the same with SIGSTOP and SIGCONT to sleep.
 *
 * Ends:  exit 3
 *
 * See:   ex1_spawn in README.md; fork(2), exec(3), waitpid(2)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: ex1_spawn COMMAND [ARG...]\n"
    "Runs COMMAND; says on standard error how it ended.\n";

static const int passed_on[] = {SIGHUP, SIGINT, SIGTERM};
enum { PASSED_ON_COUNT = sizeof passed_on / sizeof passed_on[0] };

/* The command's PID; 0 before it runs, and when it has ended. */
static volatile sig_atomic_t command;

/* Whoever signals us means the command. (A Ctrl-C it gets anyway: the
 * terminal signals us both.) The check: kill() would take 0 for our
 * whole process group, and -1 for every process we may signal. */
static void pass_on(int sig)
{
    int saved_errno = errno;

    if (command > 0)
        kill(command, sig);
    errno = saved_errno;
}

/* Holds the signals back until we know whom to pass them on to. *before
 * is the signal mask as it was. */
static void hold_signals(sigset_t *before)
{
    const struct sigaction normal = {.sa_handler = SIG_DFL};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < PASSED_ON_COUNT; i++)
        sigaddset(&set, passed_on[i]);
    sigprocmask(SIG_BLOCK, &set, before);

    /* Had SIGCHLD been ignored when we were started, the kernel would
     * not keep the command's status for us. */
    sigaction(SIGCHLD, &normal, NULL);
}

/* Passes on the signals that were held back, and those to come. No
 * SA_RESTART: a signal makes waitpid() fail with EINTR. */
static void handle_signals(const sigset_t *before)
{
    struct sigaction action = {.sa_handler = pass_on};
    struct sigaction old;

    for (size_t i = 0; i < PASSED_ON_COUNT; i++) {
        sigaction(passed_on[i], NULL, &old);
        if (old.sa_handler != SIG_IGN) /* nohup: stays ignored */
            sigaction(passed_on[i], &action, NULL);
    }
    sigprocmask(SIG_SETMASK, before, NULL);
}

/*
 * Starts the command argv[0] with the arguments argv, and returns its
 * PID. *mask is the signal mask that it shall have.
 */
static pid_t start(char *argv[], const sigset_t *mask)
{
    pid_t pid = -1;

    /* TODO 1: fork; pid is what fork() returns. If it fails, say
     * so and exit with 1. */

    if (pid == 0) {
        /* TODO 1: this is the child. Set the signal mask to *mask
         * with sigprocmask(): the mask survives an exec. Then exec the
         * command, found in PATH. */
        (void)argv;
        (void)mask;

        /* TODO 3: still here? Then the exec has failed. Say which
         * command and why; exit with 127 if there is no such command,
         * with 126 if there is one, but it can't be run. Use _exit():
         * the child must not write out the parent's stdio buffers. */
        _exit(1);
    }
    return pid;
}

/* Waits until the process pid has ended; returns its wait status. */
static int wait_for(pid_t pid)
{
    int status = 0;

    /* TODO 1: wait for this child, and no other. A signal that we
     * pass on makes waitpid() fail with EINTR: wait again. */
    (void)pid;
    return status;
}

/*
 * Says on standard error how the command ended, in one line. Returns
 * what we shall exit with.
 */
static int report(int status)
{
    /* TODO 2: "exit N" and N for a command that exited with N;
     * "killed by SIGNAME" and 128 + the signal's number for one that a
     * signal has ended. signal_name() in lab.h knows the names. */
    (void)status;
    return 1;
}

int main(int argc, char *argv[])
{
    sigset_t before;
    int status;
    int opt;

    /* "+": options after COMMAND belong to COMMAND. */
    while ((opt = getopt(argc, argv, "+h")) != -1)
        usage(opt, help);
    if (optind == argc)
        usage('?', help);

    hold_signals(&before);
    command = start(argv + optind, &before);
    handle_signals(&before);
    status = wait_for(command);
    command = 0;
    return report(status);
}
