/*
 * pause_broken: a signal that comes after the check and before pause()
 * is missed, and pause() waits for ever.
 *
 * Usage: pause_broken [-t SECONDS]
 *
 * Try:   pause_broken
 *        The watchdog finds the waiter asleep, though its signal has
 *        come. Then run pause, the repair, and look at both with diff.
 *
 * Ends:  exit 1
 *
 * See:   pause(2), sigsuspend(2), proc_pid_status(5)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: pause_broken [-t SECONDS]\n"
    "  -t SECONDS  give up if the waiter waits longer (0.5)\n";

static volatile sig_atomic_t came;

static void on_usr1(int sig)
{
    came = sig;
}

/*
 * The mistake: the check and pause() are two steps. A signal may come
 * between them: then the handler has run, and pause() waits for the
 * next one. Most of the time it comes earlier or later, and all is
 * well; so that nobody has to wait for bad luck, it is sent just there.
 */
static void wait_for_usr1(void)
{
    while (!came) {
        say("waiter", "SIGUSR1 hasn't come yet");
        kill(getpid(), SIGUSR1);
        say("waiter", "here it comes, and now I wait for it");
        pause();
    }
}

/* Waits for the end of a child, which SIGCHLD tells. The signal has to
 * be blocked since before the fork: it waits for us, then. */
static bool a_child_ends_within(double seconds, const sigset_t *set)
{
    struct timespec limit = {.tv_sec = (time_t)seconds};
    int sig;

    limit.tv_nsec = (long)((seconds - (double)limit.tv_sec) * 1e9);
    do
        sig = sigtimedwait(set, NULL, &limit);
    while (sig == -1 && errno == EINTR);
    return sig == SIGCHLD;
}

/* Shows the child's state, and that no signal is on its way to it. */
static void show_status(pid_t pid)
{
    char path[64], line[256];
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    status = fopen(path, "re");
    if (status == NULL)
        err(1, "%s", path);
    while (fgets(line, sizeof line, status) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "State", 5) == 0)
            warnx("%s: %s", path, line);
        if (strncmp(line, "ShdPnd", 6) == 0)
            warnx("%s: %s", path, line);
    }
    fclose(status);
}

int main(int argc, char *argv[])
{
    struct sigaction action = {.sa_handler = on_usr1};
    pid_t parent = getpid(), child;
    double limit = 0.5;
    sigset_t set;
    int status, opt;

    while ((opt = getopt(argc, argv, "ht:")) != -1) {
        if (opt != 't')
            usage(opt, help);
        limit = parse_seconds("-t", optarg, 0.01, 3600);
    }
    if (optind < argc)
        usage('?', help);

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    child = fork();
    switch (child) {
    case -1:
        err(1, "fork");
    case 0:
        /* A waiter that waits for ever shall not outlive its parent. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            return 1; /* too late: it is dead already */
        sigemptyset(&action.sa_mask);
        if (sigaction(SIGUSR1, &action, NULL) == -1)
            err(1, "sigaction");
        wait_for_usr1();
        say("waiter", "SIGUSR1 came");
        return 0;
    }

    if (!a_child_ends_within(limit, &set)) {
        warnx("the waiter, process %d, still waits after %g s: its "
              "signal came, but before pause()",
              (int)child, limit);
        show_status(child);
        kill(child, SIGKILL);
    }
    if (waitpid(child, &status, 0) == -1)
        err(1, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
