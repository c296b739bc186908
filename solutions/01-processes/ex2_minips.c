/*
 * ex2_minips: lists every process with its PID, its parent, its state
 * and its name.
 *
 * Usage: ex2_minips [-p DIR]
 *
 * Try:   ex2_minips
 *        Compare with: ps -eo pid,ppid,stat,comm
 *        (ulimit -n 16; ex2_minips | wc -l): descriptors aren't leaked.
 *        ex2_minips >/dev/full: an error nobody sees is still an error.
 *
 * See:   ex2_minips in README.md; readdir(3), proc_pid_stat(5),
 *        qsort(3)
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: ex2_minips [-p DIR]\n"
    "  -p DIR  where the processes are described (/proc)\n";

struct process {
    int pid;
    int ppid;
    char state;
    char name[64];
};

struct pids {
    int *all;
    size_t count;
};

/*
 * Makes dir the current directory, and collects the PIDs of the
 * processes described there. The caller frees what all points to.
 */
static struct pids list_pids(const char *dir)
{
    struct pids pids = {0};

    /* TODO 1 BEGIN: go to dir with chdir(), and read it. A name made of
     * digits only is a PID. If dir can't be read, exit with 1 and say
     * why. */
    DIR *stream = NULL;

    if (chdir(dir) == 0)
        stream = opendir(".");
    if (stream == NULL)
        err(1, "%s", dir);

    for (;;) {
        struct dirent *entry;

        errno = 0;
        entry = readdir(stream);
        if (entry == NULL)
            break; /* the end; or an error, then errno isn't 0 */

        if (entry->d_name[strspn(entry->d_name, "0123456789")] != '\0')
            continue;
        pids.all = reallocarray(pids.all, pids.count + 1, sizeof(int));
        if (pids.all == NULL)
            err(1, "reallocarray");
        pids.all[pids.count++] = atoi(entry->d_name);
    }
    if (errno != 0)
        err(1, "%s", dir);
    closedir(stream);
    /* TODO 1 STAND-IN: (void)dir; */
    /* TODO 1 END */
    return pids;
}

/*
 * Reads the file PID/stat in the current directory into *p. Returns
 * false if that can't be done: the process may have ended since its PID
 * was listed, at any moment. Leaves no descriptor open.
 */
static bool read_process(int pid, struct process *p)
{
    /* TODO 2 BEGIN: read the file, and take it apart. The name lies
     * between the first "(" and the last ")": it may hold such
     * characters itself. In place of a control character put '?'. */
    char path[32];
    char text[1024];
    char *opening, *closing;
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "%d/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    n = read_full(fd, text, sizeof text - 1);
    close(fd);
    if (n == -1)
        return false;
    text[n] = '\0';

    opening = strchr(text, '(');
    closing = strrchr(text, ')');
    if (opening == NULL || closing == NULL)
        return false;

    p->pid = pid;
    if (sscanf(closing + 1, " %c %d", &p->state, &p->ppid) != 2)
        return false;
    *closing = '\0';
    snprintf(p->name, sizeof p->name, "%s", opening + 1);
    for (char *c = p->name; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c))
            *c = '?'; /* it could move the cursor, or worse */
    }
    /* TODO 2 STAND-IN: *p = (struct process){pid, 0, '?', "?"}; */
    /* TODO 2 END */
    return true;
}

/* TODO 3 BEGIN: a function that compares two PIDs, for qsort(). */
static int compare(const void *a, const void *b)
{
    const int *x = a;
    const int *y = b;

    return (*x > *y) - (*x < *y); /* *x - *y might overflow */
}
/* TODO 3 END */

int main(int argc, char *argv[])
{
    const char *dir = "/proc";
    struct pids pids;
    int opt;

    while ((opt = getopt(argc, argv, "hp:")) != -1) {
        if (opt != 'p')
            usage(opt, help);
        dir = optarg;
    }
    if (optind < argc)
        usage('?', help);

    pids = list_pids(dir);

    /* TODO 3 BEGIN: sort the PIDs, the smallest number first. */
    if (pids.count > 0)
        qsort(pids.all, pids.count, sizeof(int), compare);
    /* TODO 3 END */

    /* TODO 1 BEGIN: print the line with the names of the columns. */
    printf("    PID    PPID S NAME\n");
    /* TODO 1 END */
    for (size_t i = 0; i < pids.count; i++) {
        struct process p;

        if (read_process(pids.all[i], &p))
            printf("%7d %7d %c %s\n", p.pid, p.ppid, p.state, p.name);
    }
    free(pids.all);

    /* TODO 4 BEGIN: printf() only fills a buffer. Write out what is
     * left in it; if that or an earlier write failed, exit with 1 and
     * say why. */
    if (fflush(stdout) == EOF || ferror(stdout))
        err(1, "standard output");
    /* TODO 4 END */
    return 0;
}
