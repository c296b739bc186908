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

    /* TODO 1: open it. If it isn't there, it is made; if it is,
     * what it holds must stay. Refuse what is no regular file. */
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

    /* TODO 1: read from the file's beginning, wherever the last
     * call has left off, and parse() it. One byte more than a number
     * can have is enough to see that there is too much. */
    (void)fd;
    (void)parse;
    if (number == -1)
        errx(1, "%s: not a number", path);
    return number;
}

/* Writes the number over the one that is there, which is no longer. */
static void write_number(int fd, long long number)
{
    /* TODO 1: with one write, and a newline behind it. */
    (void)fd;
    (void)number;
}

/* Waits until the file is ours: LOCK_EX alone, LOCK_SH with readers. */
static void lock(int fd, int how)
{
    /* TODO 2: flock() waits by itself, asleep. */
    (void)fd;
    (void)how;
}

static void unlock(int fd)
{
    if (flock(fd, LOCK_UN) == -1)
        err(1, "%s", path);
}

static void add_one(int fd)
{
    long long number = 0;

    /* TODO 2: read the number, when nobody else can change it. */
    if (number == LLONG_MAX)
        errx(1, "%s: the number can't become larger", path);
    if (hold)
        wait_for_enter();
    /* TODO 2: write the new one, then let the others in. */
    (void)fd;
    (void)lock;
    (void)read_number;
    (void)write_number;
    (void)unlock;
}

/* What each process does. */
static _Noreturn void count(void)
{
    /* TODO 3: add as often as asked for, then end with 0. With a
     * descriptor from before fork() the lock would be everybody's. */
    (void)add_one;
    exit(1);
}

/* Waits for a child, and says so if a signal has killed it. Returns
 * whether it has ended with 0. */
static bool wait_for(pid_t child)
{
    int status = 0;

    /* TODO 3: wait for this one. */
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

    /* TODO 3: start them all, then wait for each. If one can't be
     * started, say so, and still wait for those that run. */
    (void)children;
    (void)started;
    (void)n;
    (void)count;
    (void)wait_for;
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
