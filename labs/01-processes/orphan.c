/*
 * orphan: a process whose parent dies gets a new one: the nearest
 * ancestor that asked for orphans, or else PID 1.
 *
 * Usage: orphan [-r]
 *
 * Try:   orphan
 *        The launcher forks the parent, the parent forks the orphan and
 *        dies. The launcher doesn't become the orphan's parent.
 *        Look at it with the command it prints, then press Enter.
 *        Where systemd runs your session, the new parent may be its
 *        manager for your user: that is a "subreaper".
 *        orphan -r: so is the launcher now.
 *
 * See:   getppid(2), prctl(2) on PR_SET_CHILD_SUBREAPER and
 *        PR_SET_PDEATHSIG
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: orphan [-r]\n"
    "  -r  the launcher becomes a subreaper: it adopts the orphan\n";

enum { READ_END, WRITE_END };

/* Returns when the caller's parent is dead and it has a new one.
 *
 * The kernel first gives the orphan its new parent, then sends the
 * signal. A pipe that the parent held open would tell too early: a
 * dying process closes its files before its children are given away. */
static void await_orphanhood(pid_t parent)
{
    sigset_t set;
    int sig;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1); /* blocked since before the fork */
    if (prctl(PR_SET_PDEATHSIG, SIGUSR1) == -1)
        err(1, "PR_SET_PDEATHSIG");

    /* It may have died before we asked: then no signal comes. */
    if (getppid() == parent)
        sigwait(&set, &sig);
}

static void show_new_parent(pid_t old)
{
    pid_t parent = getppid();
    char path[64];
    char name[64] = "?";
    FILE *comm;

    snprintf(path, sizeof path, "/proc/%d/comm", (int)parent);
    comm = fopen(path, "re");
    if (comm != NULL) {
        if (fgets(name, sizeof name, comm) != NULL)
            name[strcspn(name, "\n")] = '\0';
        fclose(comm);
    }
    say("orphan", "parent %d is dead, the new one is %d (%s)", (int)old,
        (int)parent, name);
}

/* Returns when Enter is pressed, when the input ends, or when the
 * launcher has gone: nobody reads the pipe then, which poll() reports
 * unasked. */
static void hold_still(int launcher)
{
    struct pollfd fds[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = launcher},
    };
    char c = '\0';

    do {
        if (poll(fds, 2, -1) == -1) {
            if (errno == EINTR)
                continue;
            err(1, "poll");
        }
        if (fds[1].revents != 0 || read(STDIN_FILENO, &c, 1) <= 0)
            return;
    } while (c != '\n');
}

/* Tells the launcher its PID, and ends only when it is asked to. */
static _Noreturn void be_orphan(pid_t parent, int launcher)
{
    pid_t self = getpid();

    if (write_full(launcher, &self, sizeof self) == -1)
        err(1, "write");
    await_orphanhood(parent);
    show_new_parent(parent);
    say("orphan", "look: ps -o pid,ppid,comm -p %d", (int)self);
    say("orphan", "Enter makes me exit");
    hold_still(launcher);
    _exit(0);
}

static _Noreturn void be_parent(int launcher)
{
    pid_t self = getpid();
    pid_t child;

    say("parent", "I fork, and exit without a wait");
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0)
        be_orphan(self, launcher);
    _exit(0);
}

static pid_t wait_for(pid_t pid)
{
    pid_t done;

    do
        done = waitpid(pid, NULL, 0);
    while (done == -1 && errno == EINTR);
    return done;
}

int main(int argc, char *argv[])
{
    int opt;
    int ends[2];
    pid_t parent;
    pid_t pid; /* of the orphan */
    char nothing;
    sigset_t set;

    while ((opt = getopt(argc, argv, "hr")) != -1) {
        if (opt != 'r')
            usage(opt, help);
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
            err(1, "PR_SET_CHILD_SUBREAPER");
    }
    if (optind < argc)
        usage('?', help);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (pipe(ends) == -1)
        err(1, "pipe");

    say("launcher", "I fork the parent");
    parent = fork();
    if (parent == -1)
        err(1, "fork");
    if (parent == 0) {
        close(ends[READ_END]);
        be_parent(ends[WRITE_END]);
    }
    close(ends[WRITE_END]);
    if (wait_for(parent) == -1)
        err(1, "waitpid");

    /* First the orphan's PID, then, when it ends, the end of file. */
    if (read_full(ends[READ_END], &pid, sizeof pid) != sizeof pid)
        errx(1, "there is no orphan");
    read_full(ends[READ_END], &nothing, 1);

    /* We didn't fork it. Is it ours now? */
    if (wait_for(pid) == pid)
        say("launcher", "waitpid(%d): done, it was mine", (int)pid);
    else
        say("launcher", "waitpid(%d): %s", (int)pid, strerror(errno));
    return 0;
}
