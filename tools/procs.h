/*
 * procs.h: what /proc says of the processes of one run.
 */
#ifndef PROCS_H
#define PROCS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct proc {
    pid_t pid;
    pid_t ppid;
    char state; /* R, S, D, T, Z as in proc_pid_stat(5) */
    char comm[32];
};

/*
 * Lists the descendants of root, children before grandchildren, into procs,
 * at most max of them, and returns how many there are in it. Processes that
 * vanish meanwhile are left out. Returns -1 with errno if /proc can't be read.
 */
int descendants(pid_t root, struct proc procs[], int max);

/*
 * Says on out, a line each that starts with prefix, what these processes
 * wait for: "yes (12) writes to pipe:1, whose read end pipeline (11) still
 * holds". Needs the right to trace them (ptrace(2)), as an ancestor of the
 * same user has it; without it, the line says only that they wait.
 */
void say_stuck(FILE *out, const char *prefix, const struct proc procs[],
               int count);

#endif
