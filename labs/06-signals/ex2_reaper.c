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
    /* TODO 2: block SIGCHLD, keep the mask as it was in before, and
     * make the one in which we will wait. Install the handler. (Were
     * SIGCHLD ignored, as it may be from the start, there would be no
     * statuses; were it blocked in waiting, nothing would wake us.) */
    (void)on_child;
    (void)waiting;
}

/* Becomes the command of a line. The child's part, after the fork. */
static _Noreturn void become(const char *line)
{
    /* The lines on our standard input are not for the child. */
    close(STDIN_FILENO);
    open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* it shall not outlive us */

    /* TODO 2: the mask survives exec: set it back. */
    (void)before;
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
    /* TODO 1: fork. The child calls become(), the parent keeps its
     * PID in the table and counts it. If fork() fails: fail(). */
    (void)become;
    (void)children;
    (void)line;
}

/* Says how the child of line number ended. */
static void report(int number, int status)
{
    char text[64] = "?\n";

    if (status != 0)
        exit_status = 1;
    /* TODO 1: "K: exit N", or "K: killed by SIGNAME". */
    (void)number;
    if (write_full(STDOUT_FILENO, text, strlen(text)) == -1)
        fail("standard output");
}

/* Reports all children that have ended by now, and waits for none. */
static void reap(void)
{
    /* TODO 3: one SIGCHLD may stand for many. So ask again until
     * there is no other; a PID that isn't in the table isn't ours. */
    (void)report;
    running = 0;
}

/* Waits until a child has ended, or there is input, if that is still
 * open. Returns whether there is. */
static bool wait_for_event(void)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    int ready;

    if (!input_open)
        fd.fd = -1; /* ppoll() skips it */
    /* TODO 4: wait with ppoll(), and the mask made for that: only
     * in there can SIGCHLD come. EINTR says that it has. */
    ready = input_open ? poll(&fd, 1, -1) : 0;
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
