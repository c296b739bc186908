/*
 * sigpipe: who writes to a pipe that nobody reads is killed by SIGPIPE;
 * who ignores the signal gets the error EPIPE instead.
 *
 * Usage: sigpipe
 *
 * Try:   sigpipe
 *        yes | head -n 1; echo ${PIPESTATUS[0]}
 *        In bash: 141 is 128 + 13, and 13 is SIGPIPE.
 *
 * See:   pipe(7), signal(7), write(2)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char usage_text[] = "Usage: sigpipe\n";

/*
 * Forks a child that treats SIGPIPE as `action` says, and writes to fd.
 * Its exit status is the error of that write, 0 if there is none.
 * Returns its wait status.
 */
static int write_in_child(const char *role, sighandler_t handler, int fd)
{
    const struct sigaction action = {.sa_handler = handler};
    pid_t child = fork();
    int status;

    switch (child) {
    case -1:
        err(1, "fork");
    case 0:
        /* SIG_DFL too: who started us may have ignored it. */
        sigaction(SIGPIPE, &action, NULL);
        say(role, "writes one byte");
        if (write(fd, "x", 1) == 1)
            exit(0);
        say(role, "lives on; write failed: %s", strerror(errno));
        exit(errno);
    }
    if (waitpid(child, &status, 0) == -1)
        err(1, "waitpid");
    return status;
}

int main(int argc, char *argv[])
{
    int ends[2], status;

    int opt = getopt(argc, argv, "h");
    if (opt != -1 || optind < argc)
        usage(opt, usage_text);

    /* Closed before the fork, so no process has a read end. */
    if (pipe(ends) == -1)
        err(1, "pipe");
    close(ends[READ_END]);

    status = write_in_child("default", SIG_DFL, ends[WRITE_END]);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGPIPE)
        errx(1, "default: not killed by SIGPIPE");
    say("parent", "default: killed by %s", signal_name(SIGPIPE));

    status = write_in_child("ignoring", SIG_IGN, ends[WRITE_END]);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EPIPE)
        errx(1, "ignoring: its write didn't fail with EPIPE");
    say("parent", "ignoring: exit %d, which is EPIPE", EPIPE);
    return 0;
}
