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
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: hup_reload [FILE]\n"
                           "  FILE  has a line 'open_files = NUMBER'\n";

/* What the administrator types. $0 is the file, $PPID the server. */
static const char *const steps[] = {
    "echo 'open_files = 50' >$0; kill -HUP $PPID",
    "echo 'open_files = many' >$0; kill -HUP $PPID",
    "echo 'open_files = 40' >$0; kill -HUP $PPID",
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

/* Handlers for those in set, which stay blocked but for where we wait.
 * Returns the mask for there. */
static sigset_t set_up_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t unblocked;

    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGHUP);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &action.sa_mask, &unblocked);
    sigdelset(&unblocked, SIGHUP);
    sigdelset(&unblocked, SIGINT);
    sigdelset(&unblocked, SIGTERM);
    if (sigaction(SIGHUP, &action, NULL) == -1 ||
        sigaction(SIGINT, &action, NULL) == -1 ||
        sigaction(SIGTERM, &action, NULL) == -1)
        err(1, "sigaction");
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

/* The administrator types one line into a shell. */
static void start_admin(const char *line, const char *path,
                        const sigset_t *mask)
{
    pid_t pid = fork();

    if (pid == -1)
        err(1, "fork");
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, mask, NULL); /* exec would keep ours */
        say("admin", "%s", line);
        execlp("sh", "sh", "-c", line, path, NULL);
        warn("sh");
        kill(getppid(), SIGTERM);
        _exit(127);
    }
}

/* Reloads as often as it is asked to. With play, it starts who asks. A
 * real server would have something to do meanwhile: ppoll() instead of
 * sigsuspend() waits for that, too. */
static void serve(const char *path, bool play, const sigset_t *mask)
{
    size_t step = 0;

    while (!ended) {
        bool child = play && step < STEP_COUNT;

        if (child)
            start_admin(steps[step++], path, mask);
        while (!reload && !ended)
            sigsuspend(mask);
        if (child && wait(NULL) == -1)
            err(1, "wait");

        /* First back to 0: a SIGHUP that comes while the file is read
         * isn't lost, but makes us read it again. */
        if (reload) {
            reload = 0;
            load(path);
        }
    }
    say("server", "%s: I end", signal_name(ended));
}

/* Returns the path of a new file with some first value. */
static const char *make_file(void)
{
    static const char text[] = "open_files = 60\n";
    static char path[4096];
    const char *dir = getenv("TMPDIR");
    int fd;

    snprintf(path, sizeof path, "%s/hup_reload.XXXXXX",
             dir != NULL ? dir : P_tmpdir);
    fd = mkstemp(path);
    if (fd == -1 || write_full(fd, text, sizeof text - 1) == -1)
        err(1, "%s", path);
    close(fd);
    return path;
}

int main(int argc, char *argv[])
{
    const char *path;
    sigset_t mask;
    bool play, good;
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    if (optind < argc - 1)
        usage('?', help);

    /* First the signals: from here on none can end us before the file
     * is removed. */
    mask = set_up_signals();
    play = optind == argc;
    path = play ? make_file() : argv[optind];

    good = load(path);
    if (good)
        serve(path, play, &mask);
    if (play)
        unlink(path);
    return good ? 0 : 1; /* there was no old value to keep */
}
