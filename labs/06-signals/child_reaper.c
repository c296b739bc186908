/*
 * child_reaper: many children die, and one SIGCHLD may stand for all of
 * them; the handler has to reap until nobody is left.
 *
 * Usage: child_reaper [-n COUNT] [-a ACTION]
 *
 * Try:   child_reaper
 *        child_reaper -a once: one waitpid() for each signal. Who isn't
 *        reaped is a zombie; Enter ends them all.
 *        child_reaper -a default, and -a ignore: SIGCHLD does nothing
 *        in both. But only who sets SIG_IGN has no zombies.
 *
 * See:   waitpid(2), sigaction(2), signal(7)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: child_reaper [-n COUNT] [-a ACTION]\n"
    "  -n COUNT   so many children (20)\n"
    "  -a ACTION  what SIGCHLD does: loop, once, default or ignore\n"
    "             (loop: the handler reaps all; once: only one)\n";

enum { READ_END, WRITE_END };
enum { MAX_CHILDREN = 1000 };

static pid_t pids[MAX_CHILDREN];
static int count = 20;

static volatile sig_atomic_t calls, reaped;

/* While SIGCHLD is pending, another one changes nothing: it is there
 * once or not at all. So it says that somebody has died, not how many.
 * -1 is any child: that is right where all are ours.
 *
 * errno: the program may be between a call that failed and the line
 * that looks why. */
static void on_sigchld(int sig)
{
    int saved_errno = errno;

    (void)sig;
    calls = calls + 1;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped = reaped + 1;
    errno = saved_errno;
}

/* The mistake: one signal, one waitpid(). */
static void on_sigchld_once(int sig)
{
    int saved_errno = errno;

    (void)sig;
    calls = calls + 1;
    if (waitpid(-1, NULL, WNOHANG) > 0)
        reaped = reaped + 1;
    errno = saved_errno;
}

static const struct {
    const char *name;
    sighandler_t handler;
} actions[] = {
    {"loop", on_sigchld},
    {"once", on_sigchld_once},
    {"default", SIG_DFL},
    {"ignore", SIG_IGN},
};

static sighandler_t parse_action(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, name) == 0)
            return actions[i].handler;
    }
    errx(2, "-a: '%s' is not loop, once, default or ignore", name);
}

/* All children wait for the end of a pipe that only we can end. So they
 * die together, and none outlives us. */
static void start_and_end_children(void)
{
    int ends[2];
    char nothing;

    if (pipe(ends) == -1)
        err(1, "pipe");
    for (int i = 0; i < count; i++) {
        pids[i] = fork();
        switch (pids[i]) {
        case -1:
            err(1, "fork");
        case 0:
            close(ends[WRITE_END]);
            read_full(ends[READ_END], &nothing, 1);
            _exit(0);
        }
    }
    close(ends[READ_END]);
    close(ends[WRITE_END]);
}

/* Waits until child i is dead, but leaves it as it is: WNOWAIT. Returns
 * 1 for a zombie, 0 if there is no such child any more. */
static int is_zombie(int i)
{
    const int options = WEXITED | WNOWAIT;
    siginfo_t info;

    while (waitid(P_PID, (id_t)pids[i], &info, options) == -1) {
        if (errno == ECHILD)
            return 0;
        if (errno != EINTR)
            err(1, "waitid");
    }
    return 1;
}

static int count_zombies(void)
{
    int zombies = 0;

    for (int i = 0; i < count; i++)
        zombies += is_zombie(i);
    return zombies;
}

int main(int argc, char *argv[])
{
    struct sigaction action = {.sa_handler = on_sigchld};
    sigset_t set, unblocked;
    int opt, zombies;

    while ((opt = getopt(argc, argv, "hn:a:")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, MAX_CHILDREN);
            break;
        case 'a':
            action.sa_handler = parse_action(optarg);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    /* Blocked until all are dead: the worst case, on purpose. */
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &unblocked);
    sigdelset(&unblocked, SIGCHLD);
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGCHLD, &action, NULL) == -1)
        err(1, "sigaction");

    start_and_end_children();
    say("parent", "%d children are dead", count);
    say("parent", "zombies: %d", count_zombies());

    /* Now it is delivered, if it has a handler. */
    sigprocmask(SIG_SETMASK, &unblocked, NULL);
    say("parent", "SIGCHLD may come now");
    say("parent", "calls of its handler: %d", (int)calls);
    say("parent", "children that the handler reaped: %d", (int)reaped);
    zombies = count_zombies();
    say("parent", "zombies: %d", zombies);
    if (zombies == 0)
        return 0;

    say("parent", "look: ps -o pid,stat,comm --ppid %d", (int)getpid());
    say("parent", "Enter makes me wait for the rest");
    wait_for_enter();
    while (wait(NULL) > 0)
        continue;
    return 0;
}
