/*
 * proc_tree: what ps and top show, they read from files in /proc.
 *
 * Usage: proc_tree [-p PID] [-d SECONDS [-n COUNT]]
 *
 * Try:   proc_tree -p $$ | cat
 *        Your shell and what runs in it; without -p, everything.
 *        proc_tree -d 1: again every second, until Ctrl-C. Meanwhile
 *        type "while :; do :; done" in another terminal.
 *        strace -e trace=openat ps: the same files.
 *
 * See:   proc_pid_stat(5), ps(1), top(1), readdir(3)
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: proc_tree [-p PID] [-d SECONDS [-n COUNT]]\n"
    "  -p PID      only this process and its descendants\n"
    "  -d SECONDS  again every SECONDS, until Ctrl-C\n"
    "  -n COUNT    only so many times\n"
    "CPU% is of one processor: at first over the whole life of the\n"
    "process, as in ps; then since the last time, as in top.\n"
    "RSS is in KiB.\n";

struct process {
    int pid;
    int ppid;
    char state;
    double started;  /* both in seconds since the machine was started */
    double seen;     /* when we read this */
    double cpu_time; /* seconds in user and kernel mode */
    long rss;        /* KiB of memory */
    char name[64];
    bool printed;
};

struct list {
    struct process *all;
    size_t count;
};

static double seconds_since_boot(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_BOOTTIME, &now) == -1)
        err(1, "clock_gettime");
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Takes "PID (NAME) STATE PPID ..." apart. NAME is whatever the process
 * wants: it may hold spaces and ")". But nothing after it does, so the
 * last ")" is its end. Returns whether text was as expected. */
static bool parse(char *text, struct process *p)
{
    char *opening = strchr(text, '(');
    char *closing = strrchr(text, ')');
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    unsigned long long user, system, start;
    long rss;

    if (opening == NULL || closing == NULL)
        return false;
    *closing = '\0';
    snprintf(p->name, sizeof p->name, "%s", opening + 1);
    for (char *c = p->name; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c))
            *c = '?'; /* it could move the cursor, or worse */
    }

    if (sscanf(closing + 1,
               " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s"
               "%llu %llu %*s %*s %*s %*s %*s %*s %llu %*s %ld",
               &p->state, &p->ppid, &user, &system, &start, &rss) != 6)
        return false;
    p->cpu_time = (double)(user + system) * tick;
    p->started = (double)start * tick;
    p->rss = rss * (sysconf(_SC_PAGESIZE) / 1024);
    return true;
}

/* The process has ended since we saw its name, or is hidden from us. */
static bool nothing_to_see(int error)
{
    return error == ENOENT || error == ESRCH || error == EACCES ||
           error == EPERM;
}

/* Returns false if there is nothing to see. */
static bool read_process(const char *pid, struct process *p)
{
    char path[PATH_MAX];
    char text[2048];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd == -1 ? -1 : read_full(fd, text, sizeof text - 1);
    if (n == -1 && !nothing_to_see(errno))
        err(1, "%s", path);
    if (fd != -1)
        close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';

    p->pid = atoi(pid);
    p->seen = seconds_since_boot();
    p->printed = false;
    return parse(text, p);
}

/* Each directory in /proc with a number for a name is a process. The
 * kernel lists them one by one while the world goes on: this is no
 * snapshot. */
static struct list read_all(void)
{
    struct list list = {0};
    struct process p;
    struct dirent *entry;
    DIR *proc = opendir("/proc");

    if (proc == NULL)
        err(1, "/proc");
    while ((errno = 0, entry = readdir(proc)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]) ||
            !read_process(entry->d_name, &p))
            continue;
        list.all = reallocarray(list.all, list.count + 1, sizeof p);
        if (list.all == NULL)
            err(1, "reallocarray");
        list.all[list.count++] = p;
    }
    if (errno != 0)
        err(1, "/proc");
    closedir(proc);
    return list;
}

static struct process *find(struct list *list, int pid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->all[i].pid == pid)
            return &list->all[i];
    }
    return NULL;
}

/* A PID is used again after a while. Only PID and start time together
 * say that it is still the same process. */
static double cpu_percent(const struct process *p, struct list *last)
{
    const struct process *before = find(last, p->pid);
    double used = p->cpu_time;
    double elapsed = p->seen - p->started;

    if (before != NULL && before->started == p->started) {
        used -= before->cpu_time;
        elapsed = p->seen - before->seen;
    }
    return elapsed > 0 ? 100 * used / elapsed : 0;
}

/* Prints p, then its children further to the right. */
static void print_tree(struct process *p, int depth, struct list *list,
                       struct list *last)
{
    /* Read at different moments, lines may contradict each other: two
     * processes could each seem to be the other's child. */
    if (p->printed)
        return;
    p->printed = true;

    printf("%7d %7d %c %5.1f %8ld %*s%s\n", p->pid, p->ppid, p->state,
           cpu_percent(p, last), p->rss, 2 * depth, "", p->name);
    for (size_t i = 0; i < list->count; i++) {
        if (list->all[i].ppid == p->pid)
            print_tree(&list->all[i], depth + 1, list, last);
    }
}

/* Prints the tree below root; with root 0, every tree there is. */
static void print_all(int root, struct list *list, struct list *last)
{
    if (root != 0 && find(list, root) == NULL)
        errx(1, "there is no process %d", root);

    printf("    PID    PPID S  CPU%%      RSS COMMAND\n");
    for (size_t i = 0; i < list->count; i++) {
        struct process *p = &list->all[i];

        if (root != 0 ? p->pid == root : find(list, p->ppid) == NULL)
            print_tree(p, 0, list, last);
    }
}

int main(int argc, char *argv[])
{
    int root = 0;
    double delay = 0;
    long long count = 0; /* no end */
    struct list last = {0};
    int opt;

    while ((opt = getopt(argc, argv, "hp:d:n:")) != -1) {
        switch (opt) {
        case 'p':
            root = (int)parse_number("-p", optarg, 1, INT_MAX);
            break;
        case 'd':
            delay = parse_seconds("-d", optarg, 0.01, 3600);
            break;
        case 'n':
            count = parse_number("-n", optarg, 1, 1000000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc || (count != 0 && delay == 0))
        usage('?', help);
    if (delay == 0)
        count = 1;

    for (long long i = 1;; i++) {
        struct list list = read_all();

        print_all(root, &list, &last);
        if (fflush(stdout) == EOF)
            err(1, "standard output");
        free(last.all);
        last = list;
        if (i == count)
            break;
        poll(NULL, 0, (int)(delay * 1000)); /* just for its timeout */
        /* On a terminal: to the top left, and clear. */
        fputs(isatty(STDOUT_FILENO) ? "\033[H\033[J" : "\n", stdout);
    }
    free(last.all);
    return 0;
}
