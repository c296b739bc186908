/*
 * upgrade_broken: two processes read under a shared lock, and then both
 * want to make an exclusive one of it. That can't go well.
 *
 * Usage: upgrade_broken [-t SECONDS] [posix|ofd|flock]
 *
 * Try:   upgrade_broken
 *        Three kinds of lock, three ways to fail: an error, two that
 *        wait for ever, a lost update. Then run upgrade, the repair,
 *        and look at both with diff.
 *
 * Ends:  exit 1
 *
 * See:   flock(2), fcntl_locking(2), proc_locks(5), sigtimedwait(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum kind { POSIX, OFD, FLOCK, KINDS };
enum { BOTH = 2 };

static const char *const names[] = {"posix", "ofd", "flock"};

static const char usage_text[] =
    "Usage: upgrade_broken [-t SECONDS] [posix|ofd|flock]\n"
    "  -t SECONDS  give up if it takes longer (0.5)\n";

static enum kind kind; /* of the locks, now */
static char path[32];  /* how to open the file again: it has no name */

/* Waits for the lock; how is LOCK_SH, LOCK_EX or LOCK_UN. A lock that
 * this process has already is changed into what it wants now. */
static void set_lock(int fd, int how)
{
    struct flock all = {.l_whence = SEEK_SET}; /* len 0: to the end */
    int command = kind == OFD ? F_OFD_SETLKW : F_SETLKW, result;
    static const short types[] = {
        [LOCK_SH] = F_RDLCK, [LOCK_EX] = F_WRLCK, [LOCK_UN] = F_UNLCK};

    all.l_type = types[how];
    do {
        if (kind == FLOCK)
            result = flock(fd, how);
        else
            result = fcntl(fd, command, &all);
    } while (result == -1 && errno == EINTR);
    if (result == -1)
        err(1, "%s, process %d", names[kind], (int)getpid());
}

static int read_number(int fd)
{
    int number;
    ssize_t n;

    do
        n = pread(fd, &number, sizeof number, 0);
    while (n == -1 && errno == EINTR);
    if (n != sizeof number)
        err(1, "pread");
    return number;
}

static void write_number(int fd, int number)
{
    ssize_t n;

    do
        n = pwrite(fd, &number, sizeof number, 0);
    while (n == -1 && errno == EINTR);
    if (n != sizeof number)
        err(1, "pwrite");
}

static void add_one(int ready, int go_on)
{
    int fd = open(path, O_RDWR | O_CLOEXEC), number;
    char byte;

    if (fd == -1)
        err(1, "%s", path);
    set_lock(fd, LOCK_SH);
    number = read_number(fd);

    /* Nobody goes on before both have read: no bad luck is needed. */
    if (write_full(ready, "", 1) == -1)
        err(1, "write");
    if (read_full(go_on, &byte, 1) == -1)
        err(1, "read");

    /* The mistake: each waits until the other one gives its lock up,
     * and keeps its own. (flock() doesn't keep it, it lets go.) */
    set_lock(fd, LOCK_EX);
    write_number(fd, number + 1);
}

static pid_t start_adder(int ready[2], int go_on[2])
{
    pid_t parent = getpid(), pid = fork();

    if (pid == -1)
        err(1, "fork");
    if (pid == 0) {
        /* One that waits for ever shall not outlive its parent. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            exit(1);
        close(ready[READ_END]);
        close(go_on[WRITE_END]);
        add_one(ready[WRITE_END], go_on[READ_END]);
        exit(0);
    }
    return pid;
}

/* Waits for all children, which SIGCHLD tells: it has to be blocked
 * since before the fork. Returns whether all ended in time. */
static bool all_end_within(double seconds)
{
    double end = monotonic_seconds() + seconds, left;
    struct timespec limit;
    sigset_t set;
    pid_t pid;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (;;) {
        do
            pid = waitpid(-1, NULL, WNOHANG);
        while (pid > 0);
        if (pid == -1)
            return true; /* ECHILD: there are no more */
        left = end - monotonic_seconds();
        if (left <= 0)
            return false;
        limit.tv_sec = (time_t)left;
        limit.tv_nsec = (long)((left - (double)limit.tv_sec) * 1e9);
        sigtimedwait(&set, NULL, &limit);
    }
}

/* The locks on this file; "->" waits. An OFD lock belongs to no process:
 * so there stands -1 for its PID. */
static void show_locks(int fd)
{
    char line[256], inode[32];
    FILE *locks = fopen("/proc/locks", "re");
    struct stat file;

    if (locks == NULL || fstat(fd, &file) == -1)
        err(1, "/proc/locks");
    snprintf(inode, sizeof inode, ":%ju ", (uintmax_t)file.st_ino);
    while (fgets(line, sizeof line, locks) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strstr(line, inode) != NULL)
            warnx("/proc/locks says: %s", line);
    }
    fclose(locks);
}

/* Lets two processes add one. Returns whether that made two. */
static bool works(double limit)
{
    FILE *file = tmpfile();
    int ready[2], go_on[2], number;
    char bytes[BOTH];
    bool stuck;
    ssize_t n;
    pid_t pids[BOTH];

    if (file == NULL)
        err(1, "tmpfile");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    write_number(fileno(file), 0);
    if (pipe(ready) == -1 || pipe(go_on) == -1)
        err(1, "pipe");
    for (int i = 0; i < BOTH; i++)
        pids[i] = start_adder(ready, go_on);
    close(ready[WRITE_END]);
    close(go_on[READ_END]);
    n = read_full(ready[READ_END], bytes, BOTH);
    if (n == -1)
        err(1, "read");
    if (n < BOTH)
        errx(1, "a process has failed");
    if (write_full(go_on[WRITE_END], bytes, BOTH) == -1)
        err(1, "write");
    close(ready[READ_END]);
    close(go_on[WRITE_END]);
    stuck = !all_end_within(limit);
    number = read_number(fileno(file)); /* before anyone is freed */
    if (stuck) {
        warnx("%s: both still wait after %g s", names[kind], limit);
        show_locks(fileno(file));
        for (int i = 0; i < BOTH; i++)
            kill(pids[i], SIGKILL);
        while (wait(NULL) != -1 || errno == EINTR)
            ;
    }
    fclose(file);
    say(names[kind], "two have added 1, and the number is %d", number);
    return number == BOTH;
}

int main(int argc, char *argv[])
{
    double limit = 0.5;
    bool all_work = true, known = false;
    sigset_t set;
    int opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "t:h")) != -1) {
        if (opt != 't')
            usage(opt, usage_text);
        limit = parse_seconds("-t", optarg, 0.01, 3600);
    }
    if (argc > optind + 1)
        usage('?', usage_text);

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (kind = POSIX; kind < KINDS; kind++) {
        if (argc == optind || strcmp(argv[optind], names[kind]) == 0) {
            all_work = works(limit) && all_work;
            known = true;
        }
    }
    if (!known)
        usage('?', usage_text);
    return all_work ? 0 : 1;
}
