/*
 * report: a job that is done and ends, for a timer or for cron: one line
 * on how busy this machine is.
 *
 * Usage: report [-o FILE] [-d SECONDS]
 *
 * Try:   report
 *        Nothing in it knows of time: when it runs is somebody else's
 *        business, report.timer's or a crontab's.
 *        STATE_DIRECTORY=$PWD report; cat report.txt
 *        As with StateDirectory= in report.service. The next run adds a
 *        line.
 *
 * See:   systemd.timer(5), systemd.exec(5) on StateDirectory=,
 *        getloadavg(3), open(2) on O_APPEND
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: report [-o FILE] [-d SECONDS]\n"
    "  -o FILE     the line is added to this one (report.txt in\n"
    "              $STATE_DIRECTORY; or else standard output)\n"
    "  -d SECONDS  how long the job takes (0)\n";

/* systemd makes the folder before we run, and says where it is. */
static const char *usual_file(void)
{
    const char *folder = getenv("STATE_DIRECTORY");
    static char path[PATH_MAX];

    if (folder == NULL || *folder == '\0')
        return NULL;
    if (snprintf(path, sizeof path, "%s/report.txt", folder) >= PATH_MAX)
        errx(1, "%s: too long a path", folder);
    return path;
}

/* Returns the length of the line. */
static size_t make_line(char *line, size_t size)
{
    struct sysinfo info;
    struct tm when;
    time_t now = time(NULL);
    double load;
    size_t n;
    int more;

    if (localtime_r(&now, &when) == NULL)
        err(1, "localtime_r");
    if (getloadavg(&load, 1) != 1)
        errx(1, "getloadavg: it isn't known here");
    if (sysinfo(&info) == -1)
        err(1, "sysinfo");
    n = strftime(line, size, "%Y-%m-%d %H:%M:%S", &when);
    more = snprintf(line + n, size - n, " load %.2f, %u processes, up %ld s\n",
                    load, (unsigned)info.procs, info.uptime);
    if (more < 0 || (size_t)more >= size - n)
        errx(1, "the line is too long");
    return n + (size_t)more;
}

int main(int argc, char *argv[])
{
    const char *path = NULL;
    double seconds = 0;
    int opt, fd = STDOUT_FILENO;
    char line[200];
    size_t len;

    while ((opt = getopt(argc, argv, "ho:d:")) != -1) {
        switch (opt) {
        case 'o':
            path = optarg;
            break;
        case 'd':
            seconds = parse_seconds("-d", optarg, 0, 10000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    if (path == NULL)
        path = usual_file();

    /* O_APPEND: two jobs that overlap don't overwrite each other. */
    if (path != NULL) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd == -1)
            err(1, "%s", path);
    }
    if (poll(NULL, 0, (int)(seconds * 1000)) == -1 && errno != EINTR)
        err(1, "poll"); /* this was what takes its time */
    len = make_line(line, sizeof line);
    if (write_full(fd, line, len) == -1)
        err(1, "%s", path != NULL ? path : "standard output");
    if (close(fd) == -1)
        err(1, "close");
    return 0;
}
