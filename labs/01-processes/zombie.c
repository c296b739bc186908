/*
 * zombie: a dead child stays in the process table, with little more
 * than its exit status, until its parent waits for it.
 *
 * Usage: zombie [-x STATUS]
 *
 * Try:   zombie -x 7
 *        In another terminal, type the command it prints. Also try to
 *        end the zombie with kill -9: the dead don't die again.
 *        Start it again, and press Ctrl-C instead of Enter: the zombie
 *        gets a new parent, which waits for it at once.
 *
 * See:   waitpid(2) on zombies, waitid(2), proc_pid_status(5)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: zombie [-x STATUS]\n"
                           "  -x STATUS  the child's exit status (7)\n";

/* Shows the State line of /proc/PID/status, or that there is none. */
static void show_state(pid_t pid)
{
    char path[64];
    char line[256];
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    status = fopen(path, "re");
    if (status == NULL) {
        say("parent", "%s: %s", path, strerror(errno));
        return;
    }
    while (fgets(line, sizeof line, status) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "State:", 6) == 0)
            say("parent", "%s: state %s", path, line + 7);
    }
    fclose(status);
}

/* Signal 0 isn't sent: kill() only checks whether there is a
 * receiver. */
static void show_kill(pid_t pid)
{
    if (kill(pid, 0) == 0)
        say("parent", "kill(%d, 0): there is such a process", (int)pid);
    else
        say("parent", "kill(%d, 0): %s", (int)pid, strerror(errno));
}

/* Returns when the child is dead, but leaves the zombie as it is:
 * WNOWAIT looks at the status without taking it away. */
static void await_death(pid_t pid)
{
    siginfo_t info;

    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == -1) {
        if (errno != EINTR)
            err(1, "waitid");
    }
}

/* This takes the status, and the kernel forgets the process. From here
 * on the PID can be given to another. */
static void reap(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (WIFEXITED(status))
        say("parent", "waited: %d exited with %d", (int)pid,
            WEXITSTATUS(status));
}

int main(int argc, char *argv[])
{
    int exit_status = 7;
    int opt;
    pid_t pid;

    while ((opt = getopt(argc, argv, "hx:")) != -1) {
        switch (opt) {
        case 'x':
            exit_status = (int)parse_number("-x", optarg, 0, 255);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    pid = fork();
    if (pid == -1)
        err(1, "fork");
    if (pid == 0) {
        say("child", "I exit with %d", exit_status);
        _exit(exit_status);
    }

    await_death(pid);
    show_state(pid);
    show_kill(pid);
    say("parent", "look: ps -o pid,ppid,stat,comm -p %d", (int)pid);
    say("parent", "Enter makes me wait for it");
    wait_for_enter();

    reap(pid);
    show_state(pid);
    show_kill(pid);
    return 0;
}
