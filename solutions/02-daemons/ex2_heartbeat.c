/*
 * ex2_heartbeat: a daemon that adds a line to its log at fixed
 * intervals, lets the log be rotated, and stops cleanly.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_heartbeat [-i SECONDS] PIDFILE LOG
 *
 * Try:   ex2_heartbeat -i 1 $PWD/beat.pid $PWD/beat.log
 *        tail -F beat.log
 *        In another terminal rotate the log, then stop the daemon:
 *        mv beat.log beat.log.1; kill -HUP $(cat beat.pid)
 *        kill $(cat beat.pid); ls beat.*
 *
 * See:   daemon(3), fcntl(2) on record locks, open(2), signal(7),
 *        sigtimedwait(2), logrotate(8)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char usage_text[] =
    "Usage: ex2_heartbeat [-i SECONDS] PIDFILE LOG\n"
    "  -i SECONDS  a line that often (5)\n"
    "PIDFILE and LOG have to begin with a slash.\n"
    "SIGHUP: open LOG anew. SIGTERM: stop.\n";

static const char *pid_path, *log_path;
static int pid_file = -1; /* once the lock is ours */
static int launcher = -1; /* where the daemon tells how it is doing */

/*
 * Detaches with daemon(3), and returns in the daemon, whose folder is /
 * then. The launcher stays here until the daemon tells it that all is
 * well, with an empty line, or why it gives up.
 */
static void detach(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    char words[8192];
    int ends[2];
    pid_t child;
    ssize_t n;

    if (pipe2(ends, O_CLOEXEC) == -1)
        err(1, "pipe2");
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        close(ends[READ_END]);
        launcher = ends[WRITE_END];
        /* Should the launcher be killed, nobody reads the pipe. */
        sigaction(SIGPIPE, &ignore, NULL);
        if (daemon(0, 0) == -1)
            err(1, "daemon");
        return;
    }
    close(ends[WRITE_END]);
    while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
        ;
    n = read_full(ends[READ_END], words, sizeof words);
    if (n == -1)
        err(1, "read");
    if (n < 1)
        errx(1, "the daemon has ended before it was ready");
    if (n > 1)
        errx(1, "%.*s", (int)n - 1, words);
    exit(0);
}

/* Lets the launcher go, if it is still there. */
static void say_ready(void)
{
    if (launcher != -1) {
        write_full(launcher, "\n", 1);
        close(launcher);
        launcher = -1;
    }
}

/* Lets the launcher say why there is no daemon, and ends. */
static _Noreturn void give_up(const char *what, const char *why)
{
    dprintf(launcher, "%s: %s\n", what, why);
    /* TODO 2 BEGIN: leave no PID file. But is it ours? */
    if (pid_file != -1)
        unlink(pid_path);
    /* TODO 2 STAND-IN: (void)pid_file; */
    /* TODO 2 END */
    exit(1);
}

/* The time of day, for a line in the log. */
static const char *now(void)
{
    static char text[32];
    time_t seconds = time(NULL);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

/*
 * Opens and locks the PID file, sets pid_file, and writes our PID into
 * it. Gives up if another daemon has the lock.
 */
static void take_pid_file(void)
{
    /* TODO 2 BEGIN: before the lock is yours, change nothing in the
     * file: it may be another's. After that, keep it open: the lock of
     * fcntl() goes when you end, but also when you close any descriptor
     * of the file. */
    struct stat info = {0};
    char words[64];
    int fd;

    for (;;) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        fd = open(pid_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd == -1)
            give_up(pid_path, strerror(errno));
        if (fcntl(fd, F_SETLK, &lock) == -1) {
            if (errno != EAGAIN && errno != EACCES)
                give_up(pid_path, strerror(errno));
            fcntl(fd, F_GETLK, &lock);
            if (lock.l_type != F_UNLCK) {
                snprintf(words, sizeof words, "already running, PID %d",
                         (int)lock.l_pid);
                give_up(pid_path, words);
            }
        } else if (fstat(fd, &info) == 0 && info.st_nlink > 0) {
            break;
        }
        /* Who had the lock has just ended, or has removed the file: then
         * we have another than those who come after us. */
        close(fd);
    }
    pid_file = fd;
    if (ftruncate(fd, 0) == -1 || dprintf(fd, "%d\n", getpid()) < 0)
        give_up(pid_path, strerror(errno));
    /* TODO 2 END */
}

/* Opens the log for adding to it. Returns -1 with errno if it can't. */
static int open_log(void)
{
    /* TODO 1 BEGIN: what is in it stays. A line goes to its end, also
     * if somebody else has written to it meanwhile. */
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;

    return open(log_path, flags, 0644);
    /* TODO 1 STAND-IN: errno = ENOSYS; */
    /* TODO 1 STAND-IN: return -1; */
    /* TODO 1 END */
}

/* After a SIGHUP. Returns the descriptor of the log to go on with. */
static int reopen(int old)
{
    /* TODO 4 BEGIN: first open the new one. If that fails, say why in
     * the old one, and go on with that. */
    int new = open_log();

    if (new != -1) {
        close(old);
        return new;
    }
    dprintf(old, "%s cannot reopen: %s\n", now(), strerror(errno));
    /* TODO 4 END */
    return old;
}

/*
 * Waits until monotonic_seconds() is `due`, and returns 0; or returns
 * the number of a signal of the set if one comes before that. They are
 * blocked, so that they wait until they are asked for here.
 */
static int wait_until(double due, const sigset_t *set)
{
    /* TODO 1 BEGIN: sigtimedwait() does both. EAGAIN: the time is over.
     * EINTR, after a stop, say: wait for the rest of it. */
    int sig;

    do {
        double left = due - monotonic_seconds();
        struct timespec rest = {0, 0};

        if (left > 0) {
            rest.tv_sec = (time_t)left;
            rest.tv_nsec = (long)((left - (double)rest.tv_sec) * 1e9);
        }
        sig = sigtimedwait(set, NULL, &rest);
    } while (sig == -1 && errno == EINTR);
    return sig == -1 ? 0 : sig;
    /* TODO 1 STAND-IN: (void)due; */
    /* TODO 1 STAND-IN: (void)set; */
    /* TODO 1 STAND-IN: return 0; */
    /* TODO 1 END */
}

/* The daemon, from its beginning to its end. */
static void beat(double interval)
{
    int log, sig = 0;
    sigset_t set;

    sigemptyset(&set);
    /* TODO 3 BEGIN: add SIGTERM: from now on it waits to be taken. */
    sigaddset(&set, SIGTERM);
    /* TODO 3 END */
    /* TODO 4 BEGIN: and add SIGHUP. */
    sigaddset(&set, SIGHUP);
    /* TODO 4 END */
    sigprocmask(SIG_BLOCK, &set, NULL);

    take_pid_file();
    log = open_log();
    if (log == -1)
        give_up(log_path, strerror(errno));

    for (unsigned long n = 1; sig != SIGTERM; n++) {
        double due = monotonic_seconds() + interval;

        /* TODO 1 BEGIN: write line n. If it's the first and it can't be
         * written, give up. */
        if (dprintf(log, "%s beat %lu\n", now(), n) < 0 && n == 1)
            give_up(log_path, strerror(errno));
        /* TODO 1 END */
        say_ready();
        do {
            sig = wait_until(due, &set);
            if (sig == SIGHUP)
                log = reopen(log);
        } while (sig == SIGHUP && monotonic_seconds() < due);
    }

    dprintf(log, "%s stop\n", now());
    /* TODO 3 BEGIN: remove the PID file, while it's still locked. */
    unlink(pid_path);
    /* TODO 3 END */
}

int main(int argc, char *argv[])
{
    double interval = 5;
    int opt;

    while ((opt = getopt(argc, argv, "hi:")) != -1) {
        if (opt != 'i')
            usage(opt, usage_text);
        interval = parse_seconds("-i", optarg, 0.001, 86400);
    }
    if (argc - optind != 2 || argv[optind][0] != '/' ||
        argv[optind + 1][0] != '/')
        usage('?', usage_text);
    pid_path = argv[optind];
    log_path = argv[optind + 1];

    detach();
    beat(interval);
    return 0;
}
