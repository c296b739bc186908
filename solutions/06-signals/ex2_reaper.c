/*
 * ex2_reaper: starts children and says how each ended, as soon as it
 * has, however many end at once and in whatever order.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_reaper
 *
 * Try:   seq 100 | sed 's/^/exit /' | ex2_reaper
 *        ex2_reaper, and type: sleep 3
 *        Then type: kill -SEGV $$
 *        The second line's end is told while the first still runs.
 *
 * See:   waitpid(2), sigaction(2), ppoll(2), sigprocmask(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_CHILDREN = 1000, MAX_LINE = 4096 };

static const char usage_text[] =
    "Usage: ex2_reaper\n"
    "Runs each line of standard input as a command, all at the same\n"
    "time, and says how each has ended.\n";

/* The child of line K is children[K - 1]; 0 once it is reported. */
static pid_t children[MAX_CHILDREN];
static int started, running;

/* The signal mask as it was at the start; and the one to wait with. */
static sigset_t before, waiting;

/* Whether more lines may come; what we will exit with. */
static bool input_open = true;
static int exit_status;

/* We have failed ourselves: no more children after this, but those that
 * run are waited for. Says only of the first failure what it was. */
static void fail(const char *what)
{
    static bool failed;

    if (!failed)
        warn("%s", what);
    failed = true;
    input_open = false;
    exit_status = 1;
}

/* It needn't do anything: that it was called interrupts ppoll(). */
static void on_child(int sig)
{
    (void)sig;
}

/* From now on a SIGCHLD that comes while we wait is noticed; one that
 * comes at another moment is kept until we wait. */
static void watch_children(void)
{
    /* TODO 2 BEGIN: block SIGCHLD, keep the mask as it was in before, and
     * make the one in which we will wait. Install the handler. (Were
     * SIGCHLD ignored, as it may be from the start, there would be no
     * statuses; were it blocked in waiting, nothing would wake us.) */
    const struct sigaction action = {.sa_handler = on_child};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &before);
    waiting = before;
    sigdelset(&waiting, SIGCHLD);
    sigaction(SIGCHLD, &action, NULL);
    /* TODO 2 STAND-IN: (void)on_child; */
    /* TODO 2 STAND-IN: (void)waiting; */
    /* TODO 2 END */
}

/* Becomes the command of a line. The child's part, after the fork. */
static _Noreturn void become(const char *line)
{
    /* The lines on our standard input are not for the child. */
    close(STDIN_FILENO);
    open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* it shall not outlive us */

    /* TODO 2 BEGIN: the mask survives exec: set it back. */
    sigprocmask(SIG_SETMASK, &before, NULL);
    /* TODO 2 STAND-IN: (void)before; */
    /* TODO 2 END */
    execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    warn("/bin/sh");
    _exit(126);
}

/* Starts the child of the next line. */
static void start(const char *line)
{
    if (started == MAX_CHILDREN) {
        errno = ENOSPC;
        fail("children");
        return;
    }
    /* TODO 1 BEGIN: fork. The child calls become(), the parent keeps its
     * PID in the table and counts it. If fork() fails: fail(). */
    pid_t pid = fork();

    if (pid == 0)
        become(line);
    if (pid == -1) {
        fail("fork");
        return;
    }
    children[started++] = pid;
    running++;
    /* TODO 1 STAND-IN: (void)become; */
    /* TODO 1 STAND-IN: (void)children; */
    /* TODO 1 STAND-IN: (void)line; */
    /* TODO 1 END */
}

/* Says how the child of line number ended. */
static void report(int number, int status)
{
    char text[64] = "?\n";

    if (status != 0)
        exit_status = 1;
    /* TODO 1 BEGIN: "K: exit N", or "K: killed by SIGNAME". */
    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "%d: killed by %s\n", number,
                 signal_name(WTERMSIG(status)));
    else
        snprintf(text, sizeof text, "%d: exit %d\n", number,
                 WEXITSTATUS(status));
    /* TODO 1 STAND-IN: (void)number; */
    /* TODO 1 END */
    if (write_full(STDOUT_FILENO, text, strlen(text)) == -1)
        fail("standard output");
}

/* Reports all children that have ended by now, and waits for none. */
static void reap(void)
{
    /* TODO 3 BEGIN: one SIGCHLD may stand for many. So ask again until
     * there is no other; a PID that isn't in the table isn't ours. */
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < started; i++) {
            if (children[i] == pid) {
                children[i] = 0; /* the number may come again */
                running--;
                report(i + 1, status);
                break;
            }
        }
    }
    /* TODO 3 STAND-IN: (void)report; */
    /* TODO 3 STAND-IN: running = 0; */
    /* TODO 3 END */
}

/* Waits until a child has ended, or there is input, if that is still
 * open. Returns whether there is. */
static bool wait_for_event(void)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    int ready;

    if (!input_open)
        fd.fd = -1; /* ppoll() skips it */
    /* TODO 4 BEGIN: wait with ppoll(), and the mask made for that: only
     * in there can SIGCHLD come. EINTR says that it has. */
    ready = ppoll(&fd, 1, NULL, &waiting);
    /* TODO 4 STAND-IN: ready = input_open ? poll(&fd, 1, -1) : 0; */
    /* TODO 4 END */
    if (ready == -1 && errno != EINTR)
        err(1, "ppoll");
    return ready > 0;
}

/* Reads a byte of input, and starts a child when a line is whole. */
static void take_input(void)
{
    static char line[MAX_LINE];
    static size_t len;
    char c = '\n';
    ssize_t n = read(STDIN_FILENO, &c, 1);

    if (n == -1) {
        if (errno != EINTR)
            fail("standard input");
        return;
    }
    if (c != '\n') {
        if (len < sizeof line - 1)
            line[len++] = c;
        return;
    }
    if (n == 1 || len > 0) {
        line[len] = '\0';
        start(line);
        len = 0;
    }
    if (n == 0)
        input_open = false;
}

int main(int argc, char *argv[])
{
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, usage_text);
    if (optind < argc)
        usage('?', usage_text);

    watch_children();
    while (input_open || running > 0) {
        if (wait_for_event())
            take_input();
        reap();
    }
    return exit_status;
}
