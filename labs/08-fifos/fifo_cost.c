/*
 * fifo_cost: is a FIFO slower than a pipe? It costs more to make, and a
 * little in each call; but none of its bytes go to a disk.
 *
 * Usage: fifo_cost [-b BYTES] [-n COUNT] [-d FOLDER]
 *
 * Try:   fifo_cost -n 200
 *        Then -b 1 and -b 65536; and -d with a folder on another kind
 *        of file system: df -T names some.
 *
 * See:   fifo(7), pipe(7), clock_gettime(2), inode(7) on st_mtim
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: fifo_cost [-b BYTES] [-n COUNT] [-d FOLDER]\n"
    "  -b BYTES   in each write and read (4096)\n"
    "  -n COUNT   measure so often (2000)\n"
    "  -d FOLDER  where the FIFO is made ($TMPDIR)\n";

enum { READ_END, WRITE_END };
enum { TIMES = 20 }; /* write and read, in one measurement */

static char *folder, *path;
static char buf[65536];

static void remove_fifo(void)
{
    if (path != NULL)
        unlink(path);
    rmdir(folder);
}

static void make_folder(const char *dir)
{
    if (dir == NULL)
        dir = getenv("TMPDIR");
    if (dir == NULL)
        dir = P_tmpdir;
    if (asprintf(&folder, "%s/lab08.XXXXXX", dir) == -1)
        err(1, "asprintf");
    if (mkdtemp(folder) == NULL)
        err(1, "%s", folder);
    atexit(remove_fifo);
    if (asprintf(&path, "%s/fifo", folder) == -1)
        err(1, "asprintf");
}

static void open_pipe(int ends[2])
{
    if (pipe(ends) == -1)
        err(1, "pipe");
}

/* Four calls, each of which looks the name up. Without O_NONBLOCK the
 * first open() would wait for the second. Once both are open the name
 * has done its work. */
static void open_fifo(int ends[2])
{
    if (mkfifo(path, 0600) == -1)
        err(1, "%s", path);
    ends[READ_END] = open(path, O_RDONLY | O_NONBLOCK);
    if (ends[READ_END] == -1)
        err(1, "%s", path);
    ends[WRITE_END] = open(path, O_WRONLY);
    if (ends[WRITE_END] == -1)
        err(1, "%s", path);
    if (unlink(path) == -1)
        err(1, "%s", path);
}

/* Microseconds for one: make, open, close. */
static double time_setup(void (*make)(int ends[2]))
{
    double start = monotonic_seconds();
    int ends[2];

    make(ends);
    close(ends[READ_END]);
    close(ends[WRITE_END]);
    return (monotonic_seconds() - start) * 1e6;
}

/* Microseconds for a write and a read, by one process: nobody has to
 * wait for another, who may get a processor early or late. */
static double time_transfer(const int ends[2], size_t len)
{
    double start = monotonic_seconds();

    for (int i = 0; i < TIMES; i++) {
        if (write_full(ends[WRITE_END], buf, len) == -1)
            err(1, "write");
        if (read_full(ends[READ_END], buf, len) != (ssize_t)len)
            err(1, "read");
    }
    return (monotonic_seconds() - start) * 1e6 / TIMES;
}

/* Whether a write notes its time with the file, as with any file. The
 * times are set to the year 1970 before, to see it for sure. */
static bool notes_the_time(const int ends[2])
{
    const struct timespec long_ago[2] = {{0}, {0}};
    struct stat info;

    if (futimens(ends[WRITE_END], long_ago) == -1)
        err(1, "futimens");
    if (write(ends[WRITE_END], buf, 1) != 1 ||
        read(ends[READ_END], buf, 1) != 1)
        err(1, "one byte");
    if (fstat(ends[WRITE_END], &info) == -1)
        err(1, "fstat");
    return info.st_mtim.tv_sec > 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print(const char *what, double *of_pipe, double *of_fifo,
                  size_t count)
{
    qsort(of_pipe, count, sizeof *of_pipe, compare);
    qsort(of_fifo, count, sizeof *of_fifo, compare);
    say("main", "%-16s pipe %7.2f us, FIFO %7.2f us: %.2f times", what,
        of_pipe[count / 2], of_fifo[count / 2],
        of_fifo[count / 2] / of_pipe[count / 2]);
}

int main(int argc, char *argv[])
{
    double *of_pipe, *of_fifo;
    size_t len = 4096, count = 2000;
    const char *dir = NULL;
    int through_pipe[2], through_fifo[2], opt;
    struct stat info;
    sigset_t set;

    while ((opt = getopt(argc, argv, "b:n:d:h")) != -1) {
        switch (opt) {
        case 'b':
            len = (size_t)parse_number("-b", optarg, 1, sizeof buf);
            break;
        case 'n':
            count = (size_t)parse_number("-n", optarg, 1, 100000);
            break;
        case 'd':
            dir = optarg;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    of_pipe = calloc(count, sizeof *of_pipe);
    of_fifo = calloc(count, sizeof *of_fifo);
    if (of_pipe == NULL || of_fifo == NULL)
        err(1, "calloc");

    /* While there is a name to remove, signals have to wait. */
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGPIPE); /* if nobody reads what we print */
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    make_folder(dir);

    /* By turns: what else the machine does slows down both. And of all
     * times the one in the middle: a few that are long don't count. */
    for (size_t i = 0; i < count; i++) {
        of_pipe[i] = time_setup(open_pipe);
        of_fifo[i] = time_setup(open_fifo);
    }
    print("make and remove:", of_pipe, of_fifo, count);

    open_pipe(through_pipe);
    open_fifo(through_fifo);
    rmdir(folder);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    for (size_t i = 0; i < count; i++) {
        of_pipe[i] = time_transfer(through_pipe, len);
        of_fifo[i] = time_transfer(through_fifo, len);
    }
    print("write and read:", of_pipe, of_fifo, count);

    say("main", "write() notes the time: pipe %s, FIFO %s",
        notes_the_time(through_pipe) ? "yes" : "no",
        notes_the_time(through_fifo) ? "yes" : "no");
    if (fstat(through_fifo[READ_END], &info) == -1)
        err(1, "fstat");
    say("main", "of %zu bytes through it, %lld are on a disk",
        len * count * TIMES, (long long)info.st_blocks * 512);
    free(of_pipe);
    free(of_fifo);
    return 0;
}
