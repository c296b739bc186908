/*
 * ex1_counter: adds to the number in a file, and isn't the only one who
 * does.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_counter [-n TIMES] [-p PROCESSES] [-w] FILE
 *
 * Try:   ex1_counter -p 8 -n 5 tickets; cat tickets; rm tickets
 *        ex1_counter -w -p 3 tickets
 *        One process has the lock, two wait. Look at them from another
 *        terminal with lslocks; kill the one that has the lock.
 *
 * See:   flock(2), open(2), fork(2), waitpid(2), proc_locks(5)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex1_counter [-n TIMES] [-p PROCESSES] [-w] FILE\n"
    "Adds to the number in FILE, and prints it at the end.\n"
    "  -n TIMES      so often each process adds 1 (1)\n"
    "  -p PROCESSES  so many at the same time, 1 to 200 (1)\n"
    "  -w            wait for Enter before each number is written\n";

static const char *path;
static long long times = 1;
static bool hold;

/* Returns a descriptor of FILE, to read and to write. */
static int open_file(void)
{
    int fd = -1;

    /* TODO 1 BEGIN: open it. If it isn't there, it is made; if it is,
     * what it holds must stay. Refuse what is no regular file. */
    struct stat info;

    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd == -1 || fstat(fd, &info) == -1)
        err(1, "%s", path);
    if (!S_ISREG(info.st_mode))
        errx(1, "%s: not a regular file", path);
    /* TODO 1 END */
    return fd;
}

/* The number in text, whose length is len, or -1 if that isn't one,
 * written as we would write it. Nothing at all counts as 0. */
static long long parse(const char *text, size_t len)
{
    char again[32];
    long long number = strtoll(text, NULL, 10);

    if (len == 0)
        return 0;
    snprintf(again, sizeof again, "%lld\n", number);
    if (number < 0 || strlen(again) != len || memcmp(again, text, len) != 0)
        return -1;
    return number;
}

/* Returns the number that is in the file. */
static long long read_number(int fd)
{
    long long number = -1;

    /* TODO 1 BEGIN: read from the file's beginning, wherever the last
     * call has left off, and parse() it. One byte more than a number
     * can have is enough to see that there is too much. */
    char text[32] = "";
    ssize_t len = -1;

    if (lseek(fd, 0, SEEK_SET) == 0)
        len = read_full(fd, text, sizeof text - 1);
    if (len == -1)
        err(1, "%s", path);
    number = parse(text, (size_t)len);
    /* TODO 1 STAND-IN: (void)fd; */
    /* TODO 1 STAND-IN: (void)parse; */
    /* TODO 1 END */
    if (number == -1)
        errx(1, "%s: not a number", path);
    return number;
}

/* Writes the number over the one that is there, which is no longer. */
static void write_number(int fd, long long number)
{
    /* TODO 1 BEGIN: with one write, and a newline behind it. */
    char text[32];
    int len = snprintf(text, sizeof text, "%lld\n", number);

    if (lseek(fd, 0, SEEK_SET) == -1 || write_full(fd, text, (size_t)len) == -1)
        err(1, "%s", path);
    /* TODO 1 STAND-IN: (void)fd; */
    /* TODO 1 STAND-IN: (void)number; */
    /* TODO 1 END */
}

/* Waits until the file is ours: LOCK_EX alone, LOCK_SH with readers. */
static void lock(int fd, int how)
{
    /* TODO 2 BEGIN: flock() waits by itself, asleep. */
    while (flock(fd, how) == -1) {
        if (errno != EINTR)
            err(1, "%s", path);
    }
    /* TODO 2 STAND-IN: (void)fd; */
    /* TODO 2 STAND-IN: (void)how; */
    /* TODO 2 END */
}

static void unlock(int fd)
{
    if (flock(fd, LOCK_UN) == -1)
        err(1, "%s", path);
}

static void add_one(int fd)
{
    long long number = 0;

    /* TODO 2 BEGIN: read the number, when nobody else can change it. */
    lock(fd, LOCK_EX);
    number = read_number(fd);
    /* TODO 2 END */
    if (number == LLONG_MAX)
        errx(1, "%s: the number can't become larger", path);
    if (hold)
        wait_for_enter();
    /* TODO 2 BEGIN: write the new one, then let the others in. */
    write_number(fd, number + 1);
    unlock(fd);
    /* TODO 2 STAND-IN: (void)fd; */
    /* TODO 2 STAND-IN: (void)lock; */
    /* TODO 2 STAND-IN: (void)read_number; */
    /* TODO 2 STAND-IN: (void)write_number; */
    /* TODO 2 STAND-IN: (void)unlock; */
    /* TODO 2 END */
}

/* What each process does. */
static _Noreturn void count(void)
{
    /* TODO 3 BEGIN: add as often as asked for, then end with 0. With a
     * descriptor from before fork() the lock would be everybody's. */
    int fd = open_file();

    for (long long i = 0; i < times; i++)
        add_one(fd);
    exit(0);
    /* TODO 3 STAND-IN: (void)add_one; */
    /* TODO 3 STAND-IN: exit(1); */
    /* TODO 3 END */
}

/* Waits for a child, and says so if a signal has killed it. Returns
 * whether it has ended with 0. */
static bool wait_for(pid_t child)
{
    int status = 0;

    /* TODO 3 BEGIN: wait for this one. */
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    /* TODO 3 END */
    if (WIFSIGNALED(status))
        warnx("process %d: killed by %s", (int)child,
              signal_name(WTERMSIG(status)));
    return status == 0;
}

/* Lets so many processes count. Returns whether all went well. */
static bool run_processes(int n)
{
    static pid_t children[200];
    bool well = true;
    int started = 0;

    /* TODO 3 BEGIN: start them all, then wait for each. If one can't be
     * started, say so, and still wait for those that run. */
    for (; started < n; started++) {
        children[started] = fork();
        if (children[started] == -1) {
            warn("fork");
            well = false;
            break;
        }
        if (children[started] == 0)
            count();
    }
    for (int i = 0; i < started; i++)
        well &= wait_for(children[i]);
    /* TODO 3 STAND-IN: (void)children; */
    /* TODO 3 STAND-IN: (void)started; */
    /* TODO 3 STAND-IN: (void)n; */
    /* TODO 3 STAND-IN: (void)count; */
    /* TODO 3 STAND-IN: (void)wait_for; */
    /* TODO 3 END */
    return well;
}

/* Prints the number as it is now, unless another is just changing it. */
static void print_number(void)
{
    int fd = open_file();

    lock(fd, LOCK_SH);
    printf("%lld\n", read_number(fd));
    close(fd);
    if (fflush(stdout) == EOF)
        err(1, "standard output");
}

int main(int argc, char *argv[])
{
    int opt, processes = 1;

    while ((opt = getopt(argc, argv, "hn:p:w")) != -1) {
        switch (opt) {
        case 'n':
            times = parse_number("-n", optarg, 0, LLONG_MAX);
            break;
        case 'p':
            processes = (int)parse_number("-p", optarg, 1, 200);
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (argc - optind != 1)
        usage('?', usage_text);
    path = argv[optind];

    if (!run_processes(processes))
        return 1;
    print_number();
    return 0;
}
