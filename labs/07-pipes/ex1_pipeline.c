/*
 * ex1_pipeline: runs any number of commands at once, the output of each
 * being the input of the next.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_pipeline COMMAND [ARG...] [-- COMMAND [ARG...]]...
 *
 * Try:   ex1_pipeline ls / -- sort -r -- head -n 3
 *        ex1_pipeline yes -- head -n 1
 *        It must end at once, though yes alone would never end.
 *
 * See:   pipe(2), fork(2), dup2(2), execvp(3), waitpid(2), pipe(7)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

struct stage {
    char **argv; /* ends with a NULL, as execvp() wants it */
    pid_t pid;   /* once it runs */
};

static const char usage_text[] =
    "Usage: ex1_pipeline COMMAND [ARG...] [-- COMMAND [ARG...]]...\n"
    "Exit status: the last command's, as in a shell: 127 if there\n"
    "is no such command, 126 if it can't be run, 128 + N if killed by\n"
    "signal N. 1 if a stage can't be started.\n";

/*
 * Starts a command with `in` as its standard input and `out` as its
 * standard output. `unused` is a descriptor that it must not have open,
 * -1 if there is none. Returns its PID; -1 with errno if fork() fails.
 */
static pid_t start(char *argv[], int in, int out, int unused)
{
    /* TODO 1: fork. In the parent, return what fork() gave you.
     * All that follows is the child's. */

    /* Killing the pipeline shall end its commands too. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
        err(1, "prctl");

    /* TODO 2: make `in` the standard input and `out` the standard
     * output. They may be just that already. */
    (void)in;
    (void)out;

    /* TODO 3: close what the command must not have open: every
     * descriptor of a pipe but 0 and 1. */
    (void)unused;

    /* TODO 1: become the command. If that fails, say why, and end
     * this process as a shell would: 127 if there is no such command,
     * 126 for any other reason. It must not return from here: there
     * would be a second pipeline. */
    (void)argv;
    return -1;
}

/* Waits for a stage. Returns the status that a shell would give. */
static int finish(pid_t pid)
{
    int status = 0;

    /* TODO 1: wait for exactly this process. */
    (void)pid;

    /* TODO 4: a command that was killed has no exit status. */
    return WEXITSTATUS(status);
}

/* Runs all stages. Returns the exit status of the pipeline. */
static int run(struct stage *stages, size_t count)
{
    int in = STDIN_FILENO, status = 1;
    size_t started = 0;

    while (started < count) {
        char **command = stages[started].argv;
        int ends[] = {-1, STDOUT_FILENO}; /* right for the last stage */
        pid_t pid;

        /* TODO 2: every stage but the last writes to a pipe. If
         * pipe() fails: a message, and no further stage. */

        pid = start(command, in, ends[WRITE_END], ends[READ_END]);
        /* TODO 4: say why fork() failed. */

        /* TODO 3: close what only this stage needed. Who gets no
         * end of file while its `out` is open here? Who gets no SIGPIPE
         * while its `in` is? */

        /* TODO 2: the next stage reads what this one writes. */

        if (pid == -1)
            break;
        stages[started++].pid = pid;
    }

    /* TODO 4: if a stage is missing, the one before it must not
     * wait for ever for someone to read its output. */

    /* Only now: all stages run at the same time. */
    for (size_t i = 0; i < started; i++)
        status = finish(stages[i].pid);

    /* TODO 4: and the pipeline has failed. */
    return status;
}

int main(int argc, char *argv[])
{
    struct stage *stages;
    size_t count = 0;
    int opt, status;

    /* The + stops at the first command: its options are its own. */
    while ((opt = getopt(argc, argv, "+h")) != -1)
        usage(opt, usage_text);
    /* optind > 1: getopt() has skipped a "--" before the first. */
    if (optind > 1)
        usage('?', usage_text);

    /* A "--" becomes the NULL that ends an argv; the next follows. */
    stages = calloc((size_t)argc, sizeof *stages);
    if (stages == NULL)
        err(1, "calloc");
    stages[count++].argv = argv + optind;
    for (int i = optind; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            stages[count++].argv = argv + i + 1;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (stages[i].argv[0] == NULL)
            usage('?', usage_text);
    }

    status = run(stages, count);
    free(stages);
    return status;
}
