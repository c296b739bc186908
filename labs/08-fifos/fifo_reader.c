/*
 * fifo_reader: makes a FIFO, waits in open() for one who writes to it,
 * and reads until the last writer has gone.
 *
 * Usage: fifo_reader [-p PATH] [-k] [-t SECONDS]
 *
 * Try:   mkfifo f; fifo_writer -t2 -pf& fifo_reader -t2 -pf; wait; rm f
 *        The end of file comes when no writer has it open any more, not
 *        when the line ends: try cat >f in another terminal, and a
 *        second cat >f before the first one ends.
 *
 * See:   fifo(7), mkfifo(3), open(2), read(2), setitimer(2),
 *        signal-safety(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: fifo_reader [-p PATH] [-k] [-t SECONDS]\n"
    "  -p PATH     the FIFO (lab08.fifo in $XDG_RUNTIME_DIR)\n"
    "  -k          keep the FIFO that we have made\n"
    "  -t SECONDS  wait no longer than that for a writer\n";

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
    const int sigs[] = {SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGTERM};
    struct sigaction action = {.sa_handler = on_signal}, old;

    sigemptyset(set);
    for (size_t i = 0; i < sizeof sigs / sizeof sigs[0]; i++) {
        sigaddset(set, sigs[i]);
        /* nohup(1) ignores SIGHUP: so it shall stay. */
        sigaction(sigs[i], NULL, &old);
        if (old.sa_handler != SIG_IGN || sigs[i] == SIGALRM)
            sigaction(sigs[i], &action, NULL);
    }
}

static void make_fifo(bool keep)
{
    sigset_t set;

    /* Until the handler knows what it has to remove. */
    set_handlers(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (mkfifo(path, 0666) == 0) {
        if (lstat(path, &ours) == -1) {
            warn("%s", path);
            unlink(path);
            exit(1);
        }
        made = !keep;
        atexit(remove_fifo);
        say("reader", "made it");
    } else if (errno != EEXIST) {
        err(1, "%s", path);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Waits until somebody opens it for writing, too. */
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
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1 && errno == EINTR)
        errx(1, "%s: nobody writes to it", path);
    /* Was it still one when we opened it? */
    if (fd == -1 || fstat(fd, &info) == -1)
        err(1, "%s", path);
    if (!S_ISFIFO(info.st_mode))
        errx(1, "%s: there is something else than a FIFO", path);
    setitimer(ITIMER_REAL, &none, NULL);
    return fd;
}

/* Reads until every writer has closed it: only then read() gives 0. */
static void receive(int fd)
{
    char buf[256];
    ssize_t n;

    while ((n = read(fd, buf, sizeof buf)) > 0) {
        int len = (int)n - (buf[n - 1] == '\n');

        say("reader", "got %zd bytes: %.*s", n, len, buf);
    }
    if (n == -1)
        err(1, "%s: read", path);
    say("reader", "end of file: no writer has it open any more");
}

int main(int argc, char *argv[])
{
    const char *given = NULL;
    bool keep = false;
    double limit = 0;
    int fd, opt;

    while ((opt = getopt(argc, argv, "p:kt:h")) != -1) {
        switch (opt) {
        case 'p':
            given = optarg;
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
    if (optind < argc)
        usage('?', help);
    path = given != NULL ? given : whole_path(NULL, "lab08.fifo");

    make_fifo(keep);
    say("reader", "opens it, and waits for a writer");
    fd = open_fifo(limit);
    say("reader", "there is a writer");
    receive(fd);
    return 0;
}
