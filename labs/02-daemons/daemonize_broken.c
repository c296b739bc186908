/*
 * daemonize_broken: who replaces the language's streams, and not the
 * descriptors, keeps the terminal or pipe that these lead to.
 *
 * Usage: daemonize_broken [-t SECONDS]
 *
 * Try:   daemonize_broken -t 0.5 | cat
 *        The launcher ends at once, but cat waits for the "daemon".
 *        daemonize_broken
 *        Your prompt is back at once. After three seconds the daemon
 *        writes to your terminal, which it was to have left.
 *
 * See:   dup2(2), stdio(3), proc_pid_fd(5), sigtimedwait(2)
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: daemonize_broken [-t SECONDS]\n"
    "  -t SECONDS  the watchdog ends the daemon after that long (3)\n";

/* The streams that this program reads and prints with. In Python they
 * are called sys.stdin, sys.stdout and sys.stderr. */
static FILE *in, *out, *error;

static FILE *open_null(const char *mode)
{
    FILE *stream = fopen("/dev/null", mode);

    if (stream == NULL)
        err(1, "/dev/null");
    return stream;
}

/* Returns in the daemon only. */
static void become_daemon(void)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork");
    if (child != 0) {
        waitpid(child, NULL, 0);
        _exit(0);
    }
    if (setsid() == -1)
        err(1, "setsid");
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child != 0)
        _exit(0);

    /* The mistake: these streams get descriptors of their own, 3 to 5.
     * Nobody has touched 0 to 2, and the kernel knows only those. */
    in = open_null("r");
    out = open_null("w");
    error = open_null("w");
}

/* Waits, as a daemon does, but not for ever. SIGTERM ends it, too. */
static void wait_to_be_ended(double seconds)
{
    struct timespec limit = {.tv_sec = (time_t)seconds};
    sigset_t set;

    limit.tv_nsec = (long)((seconds - (double)limit.tv_sec) * 1e9);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigtimedwait(&set, NULL, &limit);
}

/* Says what is still held, through one of the things that are. */
static void name_what_is_held(void)
{
    char path[32], target[256];

    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        ssize_t n;

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        n = readlink(path, target, sizeof target - 1);
        target[n == -1 ? 0 : n] = '\0';
        if (n != -1 && strcmp(target, "/dev/null") != 0)
            warnx("descriptor %d is still %s", fd, target);
    }
}

int main(int argc, char *argv[])
{
    double seconds = 3;
    int opt;

    while ((opt = getopt(argc, argv, "t:h")) != -1) {
        if (opt != 't')
            usage(opt, help);
        seconds = parse_seconds("-t", optarg, 0.01, 3600);
    }
    if (optind < argc)
        usage('?', help);

    in = stdin;
    out = stdout;
    error = stderr;
    become_daemon();
    fprintf(out, "nobody sees this, as it should be\n");
    fprintf(error, "nor this\n");
    fflush(NULL);

    wait_to_be_ended(seconds);
    name_what_is_held();
    return 1;
}
