/*
 * procs.c: see procs.h.
 */
#include "procs.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Reads one process from /proc/PID/stat; false if it has vanished. */
static bool read_proc(pid_t pid, struct proc *p)
{
    char path[64], text[512];
    char *open, *close;
    FILE *file;
    size_t n;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';

    /* The name may hold spaces and parentheses: it ends at the last one. */
    open = strchr(text, '(');
    close = strrchr(text, ')');
    if (open == NULL || close == NULL)
        return false;
    *close = '\0';
    *p = (struct proc){.pid = pid};
    snprintf(p->comm, sizeof p->comm, "%s", open + 1);
    for (char *c = p->comm; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c))
            *c = '?';
    }
    return sscanf(close + 1, " %c %d", &p->state, &p->ppid) == 2;
}

int descendants(pid_t root, struct proc procs[], int max)
{
    enum { MAX_ALL = 4096 };
    static struct proc all[MAX_ALL];
    int found = 0, total = 0;
    struct dirent *entry;
    DIR *dir = opendir("/proc");

    if (dir == NULL)
        return -1;
    while (total < MAX_ALL && (entry = readdir(dir)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && read_proc(pid, &all[total]))
            total++;
    }
    closedir(dir);

    /* Breadth first: procs is the queue of those whose children to add. */
    for (int next = -1; next < found; next++) {
        pid_t parent = next == -1 ? root : procs[next].pid;

        for (int i = 0; i < total && found < max; i++) {
            if (all[i].ppid == parent && all[i].pid != root)
                procs[found++] = all[i];
        }
    }
    return found;
}

static const struct {
    long number;
    const char *name;
    enum { PLAIN, READS, WRITES, WAITS_FOR_CHILD } kind;
} calls[] = {
    {SYS_read, "read", READS},
    {SYS_readv, "readv", READS},
    {SYS_write, "write", WRITES},
    {SYS_writev, "writev", WRITES},
    {SYS_wait4, "wait4", WAITS_FOR_CHILD},
    {SYS_waitid, "waitid", PLAIN},
    {SYS_ppoll, "ppoll", PLAIN},
    {SYS_pselect6, "pselect", PLAIN},
    {SYS_epoll_pwait, "epoll_wait", PLAIN},
#ifdef SYS_poll
    {SYS_poll, "poll", PLAIN},
    {SYS_select, "select", PLAIN},
    {SYS_epoll_wait, "epoll_wait", PLAIN},
    {SYS_pause, "pause", PLAIN},
    {SYS_open, "open", PLAIN},
#endif
    {SYS_openat, "open", PLAIN},
    {SYS_futex, "futex (a mutex, condition variable or semaphore)", PLAIN},
    {SYS_flock, "flock", PLAIN},
    {SYS_fcntl, "fcntl", PLAIN},
    {SYS_rt_sigsuspend, "sigsuspend", PLAIN},
    {SYS_rt_sigtimedwait, "sigwait", PLAIN},
    {SYS_nanosleep, "nanosleep", PLAIN},
    {SYS_clock_nanosleep, "clock_nanosleep", PLAIN},
    {SYS_mq_timedreceive, "mq_receive", PLAIN},
    {SYS_mq_timedsend, "mq_send", PLAIN},
    {SYS_msgrcv, "msgrcv", PLAIN},
    {SYS_msgsnd, "msgsnd", PLAIN},
    {SYS_semtimedop, "semop", PLAIN},
    {SYS_accept4, "accept", PLAIN},
    {SYS_accept, "accept", PLAIN},
    {SYS_connect, "connect", PLAIN},
    {SYS_recvfrom, "recv", READS},
    {SYS_sendto, "send", WRITES},
};

/* What descriptor fd of a process is ("pipe:[4711]"); false if none. */
static bool descriptor_target(pid_t pid, int fd, char target[64])
{
    char path[64];
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    n = readlink(path, target, 63);
    if (n > 0)
        target[n] = '\0';
    return n > 0;
}

/* Whether descriptor fd of a process is open with access mode O_xxxONLY. */
static bool opened_for(pid_t pid, int fd, int mode)
{
    char path[64], line[128];
    unsigned flags = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)pid, fd);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL)
        sscanf(line, "flags: %o", &flags);
    fclose(file);
    return (int)(flags & O_ACCMODE) == mode || (flags & O_ACCMODE) == O_RDWR;
}

static bool holds(const struct proc *p, const char *target, int mode)
{
    char seen[64];

    for (int fd = 0; fd < 256; fd++) {
        if (descriptor_target(p->pid, fd, seen) && strcmp(seen, target) == 0 &&
            opened_for(p->pid, fd, mode))
            return true;
    }
    return false;
}

/* pipe:[81234] is another number in every run; pipe:1 is not. */
static int pipe_number(const char *target)
{
    enum { MAX = 64 };
    static char known[MAX][64];
    static int count;

    for (int i = 0; i < count; i++) {
        if (strcmp(known[i], target) == 0)
            return i + 1;
    }
    if (count < MAX)
        strcpy(known[count++], target);
    return count;
}

static void say_pipe(FILE *out, const struct proc *p, const char *target,
                     int other_mode, const struct proc procs[], int count)
{
    enum { NAMED = 3 };
    const char *other_end = other_mode == O_RDONLY ? "read" : "write";
    int holders = 0;

    fprintf(out, "pipe:%d, whose %s end", pipe_number(target), other_end);
    if (holds(p, target, other_mode)) {
        fprintf(out, " %s (%d) itself", p->comm, (int)p->pid);
        holders++;
    }
    for (int i = 0; i < count; i++) {
        if (procs[i].pid == p->pid || !holds(&procs[i], target, other_mode))
            continue;
        if (holders++ < NAMED)
            fprintf(out, "%s %s (%d)", holders > 1 ? " and" : "", procs[i].comm,
                    (int)procs[i].pid);
    }
    if (holders > NAMED)
        fprintf(out, " and %d others", holders - NAMED);
    fprintf(out, holders == 0 ? " no process here holds\n" : " still hold%s\n",
            holders == 1 ? "s" : "");
}

/* The call that a process is in, from /proc/PID/syscall: "NUMBER ARGS...". */
static void say_call(FILE *out, const struct proc *p, const struct proc procs[],
                     int count)
{
    char path[64], target[64];
    unsigned long first = 0;
    long number = -1;
    FILE *file;
    size_t i = 0;

    snprintf(path, sizeof path, "/proc/%d/syscall", (int)p->pid);
    file = fopen(path, "re");
    if (file != NULL) {
        if (fscanf(file, "%ld %lx", &number, &first) < 1)
            number = -1;
        fclose(file);
    }
    while (i < sizeof calls / sizeof calls[0] && calls[i].number != number)
        i++;
    if (number == -1 || i == sizeof calls / sizeof calls[0]) {
        fprintf(out, "waits in the kernel\n");
        return;
    }

    switch (calls[i].kind) {
    case WAITS_FOR_CHILD:
        fprintf(out, "waits in wait4 for ");
        for (int j = 0; j < count; j++) {
            if (procs[j].pid == (pid_t)first) {
                fprintf(out, "%s (%d)\n", procs[j].comm, (int)first);
                return;
            }
        }
        fprintf(out, "any child\n");
        return;
    case READS:
    case WRITES:
        if (descriptor_target(p->pid, (int)first, target)) {
            bool reads = calls[i].kind == READS;

            fprintf(out, reads ? "reads from " : "writes to ");
            if (strncmp(target, "pipe:", 5) == 0)
                say_pipe(out, p, target, reads ? O_WRONLY : O_RDONLY, procs,
                         count);
            else
                fprintf(out, "descriptor %lu, %s\n", first, target);
            return;
        }
        break;
    case PLAIN:
        break;
    }
    fprintf(out, "waits in %s\n", calls[i].name);
}

void say_stuck(FILE *out, const char *prefix, const struct proc procs[],
               int count)
{
    enum { SHOWN = 8 };

    for (int i = 0; i < count; i++) {
        const struct proc *p = &procs[i];

        if (i == SHOWN && count > SHOWN + 1) {
            fprintf(out, "%sand %d other processes\n", prefix, count - SHOWN);
            return;
        }
        fprintf(out, "%s%s (%d) ", prefix, p->comm, (int)p->pid);
        switch (p->state) {
        case 'R':
            fprintf(out, "runs: it uses the CPU and waits for nothing\n");
            break;
        case 'Z':
            fprintf(out, "is a zombie: dead, and its parent hasn't waited\n");
            break;
        case 'T':
            fprintf(out, "is stopped by a signal\n");
            break;
        default:
            say_call(out, p, procs, count);
        }
    }
}
