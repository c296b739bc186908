/*
 * lost_update: processes that count in one file, each under an
 * exclusive lock, lose nothing.
 *
 * Usage: lost_update [-n COUNT] [-j PROCESSES]
 *
 * Try:   lost_update -n 1000
 *        Then lost_update_broken, the same program without the lock:
 *        look at both with diff.
 *        time lost_update -j 1; time lost_update_broken -j 1
 *        A lock that nobody else wants costs two system calls.
 *        lost_update -n 10000000 & sleep 1; cat /proc/locks; kill $!
 *        One has the lock, "->" is one that waits.
 *
 * See:   flock(2), pread(2), open(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum { WIDTH = 21 }; /* of the number in the file, with its newline */

static const char usage_text[] =
    "Usage: lost_update [-n COUNT] [-j PROCESSES]\n"
    "  -n COUNT      how often each process adds one (50000)\n"
    "  -j PROCESSES  how many (2)\n";

static char path[32]; /* of the file that all count in */

static long long read_number(int fd)
{
    char text[WIDTH + 1] = "";
    ssize_t n;

    do
        n = pread(fd, text, WIDTH, 0);
    while (n == -1 && errno == EINTR);
    if (n == -1)
        err(1, "pread");
    if (n < WIDTH)
        errx(1, "no number in the file, but %zd bytes", n);
    return atoll(text);
}

/* Always as many bytes: so nothing of a longer number stays behind. */
static void write_number(int fd, long long number)
{
    char text[WIDTH + 1];
    ssize_t n;

    snprintf(text, sizeof text, "%*lld\n", WIDTH - 1, number);
    do
        n = pwrite(fd, text, WIDTH, 0);
    while (n == -1 && errno == EINTR);
    if (n == -1)
        err(1, "pwrite");
    if (n < WIDTH)
        errx(1, "only %zd bytes of the number written", n);
}

/* Waits until nobody else has a lock on the file, and has it then. A
 * signal that is caught ends the wait early. */
static void lock(int fd)
{
    while (flock(fd, LOCK_EX) == -1) {
        if (errno != EINTR)
            err(1, "flock");
    }
}

static void unlock(int fd)
{
    if (flock(fd, LOCK_UN) == -1)
        err(1, "flock LOCK_UN");
}

/* Read, add, write: from the first step to the last, nobody else. */
static void count_up(int fd, long long count)
{
    for (long long i = 0; i < count; i++) {
        lock(fd);
        write_number(fd, read_number(fd) + 1);
        unlock(fd);
    }
}

static int start[2]; /* a pipe: a byte for each that shall begin */

/* However we end: those that still wait see the end of the pipe, and
 * nobody counts on without us. */
static void end_counters(void)
{
    if (start[WRITE_END] != -1)
        close(start[WRITE_END]);
    while (wait(NULL) != -1 || errno == EINTR)
        ;
}

/*
 * Starts a process that counts, when it gets a byte from `start`. It
 * has an open() of its own: flock() locks what open() made, the open
 * file description. What fork() copies is the same one, and so the same
 * lock.
 */
static void start_counter(int count)
{
    char byte;
    int fd;

    switch (fork()) {
    case -1:
        err(1, "fork");
    case 0:
        /* If the parent is killed, nobody needs the number. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd == -1)
            err(1, "%s", path);
        close(start[WRITE_END]);
        start[WRITE_END] = -1;
        switch (read_full(start[READ_END], &byte, 1)) {
        case -1:
            err(1, "read");
        case 0: /* there is no start */
            exit(1);
        }
        count_up(fd, count);
        exit(0);
    }
}

/* Waits for all children. Returns whether each ended with status 0. */
static bool all_end_well(void)
{
    bool well = true;
    int status;
    pid_t pid;

    while ((pid = wait(&status)) > 0 || errno == EINTR) {
        if (pid > 0 && status != 0)
            well = false;
    }
    return well;
}

/* A file that ends with us: it has no name, only this descriptor. To
 * open it once more, there is a path to each descriptor in /proc. */
static int make_file(void)
{
    FILE *file = tmpfile();

    if (file == NULL)
        err(1, "tmpfile");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    write_number(fileno(file), 0);
    return fileno(file);
}

int main(int argc, char *argv[])
{
    int count = 50000, processes = 2, opt, fd;
    long long expected, got;
    bool well;

    while ((opt = getopt(argc, argv, "n:j:h")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 0, 100000000);
            break;
        case 'j':
            processes = (int)parse_number("-j", optarg, 1, 100);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    fd = make_file();
    if (pipe(start) == -1)
        err(1, "pipe");
    atexit(end_counters);
    for (int i = 0; i < processes; i++)
        start_counter(count);
    for (int i = 0; i < processes; i++) {
        if (write_full(start[WRITE_END], "", 1) == -1)
            err(1, "write");
    }
    well = all_end_well();
    expected = (long long)count * processes;
    got = read_number(fd);
    say("main", "expected %lld, got %lld: %lld lost", expected, got,
        expected - got);
    return well && got == expected ? 0 : 1;
}
