/*
 * heartbeat: a daemon as systemd wants it: no fork, no PID file, no log
 * file; it says when it is ready, how it is, and that it is alive.
 *
 * Usage: heartbeat [-i SECONDS] [-f FILE] [-n BEATS] [-x BEATS]
 *
 * Try:   heartbeat -i 0.1 -n 3
 *        The same program as in heartbeat.service. Nobody has set
 *        NOTIFY_SOCKET here, so sd_notify() does nothing.
 *        kill -HUP, while it runs: reads FILE again. kill -TERM: ends.
 *        heartbeat -x 2: lives, but does nothing any more. Ctrl-C.
 *
 * See:   daemon(7), sd_notify(3), sd_watchdog_enabled(3),
 *        systemd.service(5), sigtimedwait(2)
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "sd.h"

static const char help[] =
    "Usage: heartbeat [-i SECONDS] [-f FILE] [-n BEATS] [-x BEATS]\n"
    "  -i SECONDS  between two beats (5)\n"
    "  -f FILE     has them instead; SIGHUP: read it again\n"
    "  -n BEATS    end after so many\n"
    "  -x BEATS    hang after so many, as in a deadlock\n";

static double interval = 5; /* seconds */
static bool to_journal;     /* whether somebody reads the levels */

/*
 * Whether standard output is the stream to the journal that systemd has
 * given us: it says device and inode. A log file or a terminal doesn't
 * know what "<6>" is to mean.
 */
static bool is_journal(int fd)
{
    const char *text = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat st;

    return text != NULL && fstat(fd, &st) == 0 &&
           sscanf(text, "%ju:%ju", &device, &inode) == 2 &&
           device == st.st_dev && inode == st.st_ino;
}

/* The journal has time, program and PID of each line by itself. */
static void log_line(const char *level, const char *text, double number)
{
    if (printf("%s%s %g\n", to_journal ? level : "", text, number) < 0 ||
        fflush(stdout) == EOF)
        err(1, "standard output");
}

/* Reads the interval. A file that makes no sense changes nothing. */
static bool read_config(const char *path)
{
    FILE *file = fopen(path, "re");
    double seconds;
    int got;

    if (file == NULL) {
        warn("%s", path);
        return false;
    }
    got = fscanf(file, "%lf", &seconds);
    fclose(file);
    if (got != 1 || !(seconds >= 0.001 && seconds <= 1e6)) {
        warnx("%s: no number of seconds from 0.001 on", path);
        return false;
    }
    interval = seconds;
    return true;
}

/* Who says RELOADING=1 must say READY=1 after that, whatever comes. The
 * time tells Type=notify-reload that this is the answer to its signal,
 * and not to an earlier one. */
static void reload(const char *path)
{
    struct timespec now;
    uint64_t usec;
    bool good;

    if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
        err(1, "clock_gettime");
    usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, usec);
    good = path != NULL && read_config(path);
    if (good)
        log_line(SD_NOTICE, "reloaded, seconds:", interval);
    else
        log_line(SD_WARNING, "not reloaded, seconds:", interval);
    sd_notifyf(0, "READY=1\nSTATUS=%s, every %g s",
               good ? "Reloaded" : "Not reloaded", interval);
}

/* Waits for one of the signals, but not longer than that. Returns its
 * number, or 0. */
static int wait_for_signal(const sigset_t *set, double seconds)
{
    struct timespec most = {0, 0};
    int sig;

    if (seconds > 0) {
        most.tv_sec = (time_t)seconds;
        most.tv_nsec = (long)((seconds - (double)most.tv_sec) * 1e9);
    }
    sig = sigtimedwait(set, NULL, &most);
    if (sig == -1 && errno != EAGAIN && errno != EINTR)
        err(1, "sigtimedwait");
    return sig == -1 ? 0 : sig;
}

static void hang(void)
{
    sd_notifyf(0, "STATUS=Hangs");
    log_line(SD_WARNING, "hangs, as asked; PID", getpid());
    for (;;)
        pause();
}

/* Beats until SIGTERM. Each time that we wake up, systemd learns that we
 * live. It is this loop that says so, not a thread of its own: such a
 * one would go on when the work doesn't. */
static void run(const sigset_t *set, const char *path, long long most,
                long long last, double watchdog)
{
    double next = monotonic_seconds(), left;
    long long beats = 0;
    int sig;

    for (;;) {
        left = next - monotonic_seconds();
        if (left <= 0) {
            beats++;
            log_line(SD_INFO, "beat", (double)beats);
            sd_notifyf(0, "STATUS=%lld beats, every %g s", beats, interval);
            if (beats == last)
                hang();
            if (beats == most)
                return;
            next = monotonic_seconds() + interval;
            continue;
        }
        if (watchdog > 0) {
            sd_notifyf(0, "WATCHDOG=1");
            left = left < watchdog / 2 ? left : watchdog / 2;
        }
        sig = wait_for_signal(set, left);
        if (sig == SIGHUP) {
            reload(path);
            next = monotonic_seconds() + interval;
        } else if (sig != 0) {
            log_line(SD_NOTICE, "ends at signal", sig);
            return;
        }
    }
}

int main(int argc, char *argv[])
{
    long long most = -1, last = -1;
    const char *path = NULL;
    uint64_t usec = 0;
    sigset_t set;
    int opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hi:f:n:x:")) != -1) {
        switch (opt) {
        case 'i':
            interval = parse_seconds("-i", optarg, 0.001, 1e6);
            break;
        case 'f':
            path = optarg;
            break;
        case 'n':
            most = parse_number("-n", optarg, 1, 1000000000);
            break;
        case 'x':
            last = parse_number("-x", optarg, 1, 1000000000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    if (path != NULL && !read_config(path))
        return 1; /* systemctl start fails, with our words in its log */
    to_journal = is_journal(STDOUT_FILENO);

    /* Blocked before READY=1: from then on a reload may come. */
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);

#ifdef WITHOUT_SD
    if (getenv("NOTIFY_SOCKET") != NULL)
        warnx("built without libsystemd: nobody learns that it is ready");
#endif
    if (sd_watchdog_enabled(0, &usec) < 0)
        warnx("WATCHDOG_USEC makes no sense");
    sd_notifyf(0, "READY=1\nSTATUS=Ready, every %g s", interval);
    run(&set, path, most, last, (double)usec / 1e6);
    sd_notifyf(0, "STOPPING=1\nSTATUS=Ends");
    return 0;
}
