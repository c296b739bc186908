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

    /* TODO 1: go to dir with chdir(), and read it. A name made of
     * digits only is a PID. If dir can't be read, exit with 1 and say
     * why. */
    (void)dir;
    return pids;
}

/*
 * Reads the file PID/stat in the current directory into *p. Returns
 * false if that can't be done: the process may have ended since its PID
 * was listed, at any moment. Leaves no descriptor open.
 */
static bool read_process(int pid, struct process *p)
{
    /* TODO 2: read the file, and take it apart. The name lies
     * between the first "(" and the last ")": it may hold such
     * characters itself. In place of a control character put '?'. */
    *p = (struct process){pid, 0, '?', "?"};
    return true;
}

/* TODO 3: a function that compares two PIDs, for qsort(). */

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

    /* TODO 3: sort the PIDs, the smallest number first. */

    /* TODO 1: print the line with the names of the columns. */
    for (size_t i = 0; i < pids.count; i++) {
        struct process p;

        if (read_process(pids.all[i], &p))
            printf("%7d %7d %c %s\n", p.pid, p.ppid, p.state, p.name);
    }
    free(pids.all);

    /* TODO 4: printf() only fills a buffer. Write out what is
     * left in it; if that or an earlier write failed, exit with 1 and
     * say why. */
    return 0;
}
