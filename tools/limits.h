/*
 * limits.h: how much the programs of one run may use.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

#include "procs.h"

struct limits {
    double seconds;
    double after_alarm; /* seconds; 0: an alarm changes nothing */
    long long file;     /* bytes; no file may grow beyond this */
    long long memory;   /* bytes, of all together; 0: as much as they like */
    rlim_t processes;   /* and threads, of this user in this user namespace */
    uid_t user;         /* who they run as; 0: whoever we are */
};

/*
 * Runs the command instead of this program, with its limits: those that the
 * kernel looks after, and the user, both for good. Never returns.
 */
_Noreturn void become(const struct limits *limits, char *argv[]);

/* What use_too_much() counts, but of others: to be called at the start. */
void remember_use(void);

/*
 * Whether these processes use more memory than they may, all together: what
 * each has for itself, what lies in the watched folders (see leftovers.h) if
 * these are in memory, in files of memfd_create(2), and in System V shared
 * memory. Of files there may also be too many: each takes memory of the
 * kernel. And where the current folder's file system is in memory, they may not
 * fill more than half of it. Says so on report.
 */
bool use_too_much(const struct limits *limits, const struct proc procs[],
                  int count, FILE *report);

#endif
