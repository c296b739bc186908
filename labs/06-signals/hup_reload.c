/*
 * hup_reload: on SIGHUP, a server reads its configuration again and
 * goes on; from a file with a mistake it takes nothing.
 *
 * Usage: hup_reload [FILE]
 *
 * Try:   hup_reload
 *        Without FILE it makes one, and a shell plays administrator: it
 *        changes the file and sends SIGHUP, again and again. For a FILE
 *        of your own, with a line "open_files = 100" say, do that
 *        yourself in another terminal. The setting is a real one: look
 *        at /proc/PID/limits.
 *
 * See:   sigaction(2), sigsuspend(2), setrlimit(2), rename(2)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: hup_reload [FILE]\n"
                           "  FILE  has a line 'open_files = NUMBER'\n";

/* What an administrator types into a shell. $PPID is the server. */
static const char *const steps[] = {
    "echo 'open_files = 50' >$FILE; kill -HUP $PPID",
    "echo 'open_files = many' >$FILE; kill -HUP $PPID",
    "echo 'open_files = 40' >$FILE; kill -HUP $PPID",
    "kill -TERM $PPID",
};
enum { STEP_COUNT = sizeof steps / sizeof steps[0] };

static volatile sig_atomic_t reload, ended;

/* To read a file here would be wrong twice: fopen() isn't safe in a
 * handler, and the program may be just using the old values. */
static void on_signal(int sig)
{
    if (sig == SIGHUP)
        reload = sig;
    else
        ended = sig;
}

/* Sets the handler. Its signals stay blocked, but for where we wait:
 * returns the mask for there. */
static sigset_t set_up_signals(void)
{
    static const int sigs[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t unblocked;

    sigemptyset(&action.sa_mask);
    for (int i = 0; i < 4; i++)
        sigaddset(&action.sa_mask, sigs[i]);
    sigprocmask(SIG_BLOCK, &action.sa_mask, &unblocked);
    for (int i = 0; i < 4; i++) {
        sigdelset(&unblocked, sigs[i]);
        if (sigaction(sigs[i], &action, NULL) == -1)
            err(1, "sigaction");
    }
    return unblocked;
}

/* Returns NULL and the value, or what is wrong with the file. */
static const char *read_config(const char *path, long *value)
{
    const char *wrong = "there is no open_files in it";
    FILE *file = fopen(path, "re");
    char line[256];

    if (file == NULL)
        return strerror(errno);
    while (fgets(line, sizeof line, file) != NULL) {
        int end = 0;

        if (line[0] == '#' || line[0] == '\n')
            continue;
        wrong = NULL;
        if (sscanf(line, "open_files = %9ld %n", value, &end) != 1 ||
            line[end] != '\0' || *value < 10) {
            wrong = "a line isn't 'open_files = NUMBER', 10 or more";
            break;
        }
    }
    if (ferror(file))
        wrong = strerror(errno);
    fclose(file);
    return wrong;
}

/* First all is read and checked, then all is set: if something is wrong
 * then nothing has changed. */
static bool load(const char *path)
{
    const char *wrong;
    struct rlimit limit;
    long value;

    wrong = read_config(path, &value);
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        err(1, "getrlimit");
    if (wrong == NULL) {
        const struct rlimit wanted = {(rlim_t)value, limit.rlim_max};

        if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
            limit = wanted;
        else
            wrong = strerror(errno); /* more than is allowed, say */
    }
    if (wrong != NULL)
        say("server", "the file is refused: %s", wrong);
    say("server", "%s open_files: %ld", wrong != NULL ? "old" : "new",
        (long)limit.rlim_cur);
    return wrong == NULL;
}

/* The signal that the shell sends us is blocked, so it waits. */
static void play_admin(const char *line)
{
    say("server", "somebody types: %s", line);
    errno = 0;
    if (system(line) == 0)
        return;
    if (errno != 0)
        err(1, "system"); /* there was no shell */
    errx(1, "the shell couldn't do that");
}

/* Reloads as often as it is asked to. With play, somebody does ask. A
 * real server would have something to do meanwhile: ppoll() instead of
 * sigsuspend() waits for that, too. */
static void serve(const char *path, bool play, const sigset_t *mask)
{
    size_t step = 0;

    while (!ended) {
        if (play && step < STEP_COUNT)
            play_admin(steps[step++]);
        while (!reload && !ended)
            sigsuspend(mask);

        /* First back to 0: a SIGHUP that comes while the file is read
         * isn't lost, but makes us read it again. */
        if (reload) {
            reload = 0;
            load(path);
        }
    }
    say("server", "%s: I end", signal_name(ended));
}

static char made[4096]; /* the path of our own file, or "" */

static void remove_made(void)
{
    if (unlink(made) == -1)
        warn("%s", made);
}

/* Makes a file with some first value, which goes when we end. */
static void make_file(void)
{
    static const char text[] = "open_files = 60\n";
    const char *dir = getenv("TMPDIR");
    int fd;

    snprintf(made, sizeof made, "%s/hup_reload.XXXXXX",
             dir != NULL ? dir : P_tmpdir);
    fd = mkstemp(made);
    if (fd == -1)
        err(1, "%s", made);
    atexit(remove_made);
    if (setenv("FILE", made, 1) == -1)
        err(1, "setenv");
    if (write_full(fd, text, sizeof text - 1) == -1)
        err(1, "%s", made);
    close(fd);
}

int main(int argc, char *argv[])
{
    const char *path = made;
    sigset_t mask;
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    if (optind < argc - 1)
        usage('?', help);

    /* First the signals: from here on none can end us before the file
     * is removed. */
    mask = set_up_signals();
    if (optind < argc)
        path = argv[optind];
    else
        make_file();

    /* At the start there is no old value to keep. */
    if (!load(path))
        return 1;
    serve(path, path == made, &mask);
    return 0;
}
