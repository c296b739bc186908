/*
 * fifo_writer: makes a FIFO, waits in open() for one who reads from it,
 * and writes a line.
 *
 * Usage: fifo_writer [-p PATH] [-m MODE] [-x] [-k] [-t SECONDS] [TEXT]
 *
 * Try:   mkfifo f; timeout 2 cat f & fifo_writer -t 2 -p f; wait; rm f
 *        Then in two terminals: fifo_writer -p f; fifo_reader -p f. The
 *        first one makes f, and waits. Look at f with ls -l meanwhile.
 *        umask 077; fifo_writer -t 0.1 -p f
 *        The mode isn't what was asked for: the umask takes bits away.
 *        -x sets it again, with chmod().
 *
 * See:   fifo(7), mkfifo(3), open(2), umask(2), chmod(2),
 *        setitimer(2), signal-safety(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: fifo_writer [-p PATH] [-m MODE] [-x] [-k] [-t SECONDS] "
    "[TEXT]\n"
    "  -p PATH     the FIFO (lab08.fifo in $XDG_RUNTIME_DIR)\n"
    "  -m MODE     mode for mkfifo(), in octal (0666)\n"
    "  -x          give it exactly that mode, by chmod()\n"
    "  -k          keep the FIFO that we have made\n"
    "  -t SECONDS  wait no longer than that for a reader\n";

static const char *path;
static volatile sig_atomic_t made; /* by us, so we remove it */
static struct stat ours;

/* If the name still leads to the FIFO that we have made. */
static void remove_fifo(void)
{
    struct stat now;

    if (made && lstat(path, &now) == 0 && now.st_ino == ours.st_ino &&
        now.st_dev == ours.st_dev)
        unlink(path);
}

/* A signal may come just before open(), which then waits for ever. So
 * it is no use to note the signal: the handler removes the FIFO, and
 * raises the signal anew. It kills us as soon as this returns. */
static void on_signal(int sig)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};

    if (sig == SIGALRM)
        return; /* open() fails with EINTR */
    remove_fifo();
    sigaction(sig, &usual, NULL);
    raise(sig);
}

static void set_handlers(sigset_t *set)
{
    static const int sigs[] = {SIGALRM, SIGHUP, SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = on_signal}, old;

    sigemptyset(set);
    for (size_t i = 0; i < sizeof sigs / sizeof sigs[0]; i++) {
        sigaddset(set, sigs[i]);
        /* nohup(1) ignores SIGHUP: so it shall stay. */
        sigaction(sigs[i], NULL, &old);
        if (old.sa_handler != SIG_IGN || sigs[i] == SIGALRM)
            sigaction(sigs[i], &action, NULL);
    }
    /* If the reader leaves early, write() shall fail instead. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

static mode_t current_umask(void)
{
    mode_t mask = umask(0); /* there is no call that only asks */

    umask(mask);
    return mask;
}

static void make_fifo(mode_t mode, bool exact, bool keep)
{
    sigset_t set;

    /* Until the handler knows what it has to remove. */
    set_handlers(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (mkfifo(path, mode) == 0) {
        int set_mode = exact ? chmod(path, mode) : 0;

        if (set_mode == -1 || lstat(path, &ours) == -1) {
            warn("%s", path);
            unlink(path);
            exit(1);
        }
        made = !keep;
        atexit(remove_fifo);
        say("writer", "made it: asked for %04o, umask %04o, mode %04o",
            (unsigned)mode, (unsigned)current_umask(),
            (unsigned)ours.st_mode & 07777);
    } else if (errno != EEXIST) {
        err(1, "%s", path);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Waits until somebody opens it for reading, too. */
static int open_fifo(double limit)
{
    /* And every 10 ms from then on: the first signal may come before
     * open() waits, and would be lost. */
    struct itimerval timer = {.it_interval = {.tv_usec = 10000}};
    const struct itimerval none = {0};
    struct stat info;
    int fd;

    /* Nothing but a FIFO is even opened: its owner may need it. */
    if (stat(path, &info) == 0 && !S_ISFIFO(info.st_mode))
        errx(1, "%s: there is something else than a FIFO", path);
    timer.it_value.tv_sec = (time_t)limit;
    limit -= (double)timer.it_value.tv_sec;
    timer.it_value.tv_usec = (suseconds_t)(limit * 1e6);
    setitimer(ITIMER_REAL, &timer, NULL);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1 && errno == EINTR)
        errx(1, "%s: nobody reads from it", path);
    /* Was it still one when we opened it? */
    if (fd == -1 || fstat(fd, &info) == -1)
        err(1, "%s", path);
    if (!S_ISFIFO(info.st_mode))
        errx(1, "%s: there is something else than a FIFO", path);
    setitimer(ITIMER_REAL, &none, NULL);
    return fd;
}

static mode_t parse_mode(const char *text)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);

    if (text[0] < '0' || text[0] > '7' || *end != '\0' || mode > 0777)
        errx(2, "-m: '%s' is not a mode from 0 to 0777", text);
    return (mode_t)mode;
}

int main(int argc, char *argv[])
{
    const char *text = "hello", *given = NULL;
    bool exact = false, keep = false;
    mode_t mode = 0666;
    double limit = 0;
    char *line;
    int fd, len, opt;

    while ((opt = getopt(argc, argv, "p:m:xkt:h")) != -1) {
        switch (opt) {
        case 'p':
            given = optarg;
            break;
        case 'm':
            mode = parse_mode(optarg);
            break;
        case 'x':
            exact = true;
            break;
        case 'k':
            keep = true;
            break;
        case 't':
            limit = parse_seconds("-t", optarg, 0.001, 86400);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind + 1 < argc)
        usage('?', help);
    if (optind < argc)
        text = argv[optind];
    path = given != NULL ? given : whole_path(NULL, "lab08.fifo");
    len = asprintf(&line, "%s\n", text);
    if (len == -1)
        err(1, "asprintf");

    make_fifo(mode, exact, keep);
    say("writer", "opens it, and waits for a reader");
    fd = open_fifo(limit);
    say("writer", "there is a reader");

    if (write_full(fd, line, (size_t)len) == -1)
        err(1, "%s: write", path);
    say("writer", "has written %d bytes", len);
    free(line);
    return 0;
}
