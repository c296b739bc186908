/*
 * pipeline: what a shell does for "ls | grep etc": two commands, joined
 * by a pipe.
 *
 * Usage: pipeline COMMAND [ARG...] -- COMMAND [ARG...]
 *
 * Try:   pipeline ls -l / -- grep etc
 *        The same lines as from: ls -l / | grep etc
 *        pipeline yes -- head -n 1
 *        head ends first; then nobody reads what yes writes.
 *        pipeline nosuchcommand -- wc -c; echo $?
 *        As in a shell, only the last command's status counts.
 *
 * See:   pipe(2), dup2(2), execvp(3), waitpid(2), pipe(7)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char usage_text[] =
    "Usage: pipeline COMMAND [ARG...] -- COMMAND [ARG...]\n"
    "Exit status: the second command's, as in a shell: 127 if there\n"
    "is no such command, 126 if it can't be run, 128 + N if killed by\n"
    "signal N.\n";

/*
 * Starts a command. Its descriptor `target`, standard input or output,
 * becomes the pipe's end `end`. Returns its PID, or -1 if fork() fails.
 */
static pid_t start(char *argv[], int ends[2], int end, int target)
{
    pid_t pid = fork();
    int reason;

    if (pid != 0)
        return pid;

    /* Killing the pipeline shall end the commands too. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
        err(1, "prctl");

    if (dup2(ends[end], target) == -1)
        err(1, "dup2");
    /*
     * The copy is enough. Left open, these two would outlast the exec:
     * the reader would hold a write end, and never get end of file.
     */
    close(ends[READ_END]);
    close(ends[WRITE_END]);

    execvp(argv[0], argv);
    reason = errno;
    warn("%s", argv[0]);
    /* _exit(): what stdio has buffered is the parent's to write. */
    _exit(reason == ENOENT ? 127 : 126);
}

/*
 * Waits for a command and reports its end, on standard error: standard
 * output is the commands'. Returns the status that a shell would give.
 */
static int finish(pid_t pid, const char *name)
{
    int status;

    if (waitpid(pid, &status, 0) == -1)
        err(1, "waitpid");
    if (WIFSIGNALED(status)) {
        int sig = WTERMSIG(status);

        warnx("%s[%d]: killed by %s", name, (int)pid, signal_name(sig));
        return 128 + sig;
    }
    warnx("%s[%d]: exit %d", name, (int)pid, WEXITSTATUS(status));
    return WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
    char **left, **right;
    pid_t left_pid, right_pid;
    int ends[2], opt;

    /* The + stops at the first command: its options are its own. */
    while ((opt = getopt(argc, argv, "+h")) != -1)
        usage(opt, usage_text);

    left = right = argv + optind;
    while (*right != NULL && strcmp(*right, "--") != 0)
        right++;
    /* optind > 1: getopt() has skipped a "--" before the first. */
    if (optind > 1 || right == left)
        usage('?', usage_text);
    if (right[0] == NULL || right[1] == NULL)
        usage('?', usage_text);
    *right++ = NULL; /* each command's arguments end with a NULL */
    for (char **arg = right; *arg != NULL; arg++) {
        if (strcmp(*arg, "--") == 0)
            usage('?', usage_text);
    }

    /* A message in one write: three processes have this one terminal,
     * and theirs could come out in pieces. */
    line_buffer_stderr();

    if (pipe(ends) == -1)
        err(1, "pipe");
    left_pid = start(left, ends, WRITE_END, STDOUT_FILENO);
    if (left_pid == -1)
        err(1, "fork");
    right_pid = start(right, ends, READ_END, STDIN_FILENO);
    if (right_pid == -1) {
        warn("fork");
        kill(left_pid, SIGTERM);
    }

    /*
     * While we hold the write end, the right command gets no end of
     * file; while we hold the read end, the left gets no SIGPIPE.
     */
    close(ends[READ_END]);
    close(ends[WRITE_END]);

    finish(left_pid, left[0]);
    return right_pid == -1 ? 1 : finish(right_pid, right[0]);
}
