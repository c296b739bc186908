/*
 * record_lock: processes lock single records of one file; the kernel
 * says who holds which, and frees what a killed process held.
 *
 * Usage: record_lock [-w]
 *
 * Try:   record_lock
 *        record_lock -w
 *        Twice it holds still until Enter. Meanwhile look at the locks
 *        from outside, with the commands that it prints. The second
 *        time, one process waits: "->" in /proc/locks.
 *
 * See:   F_SETLK, F_SETLKW and F_GETLK in fcntl(2), proc_locks(5),
 *        lslocks(8)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum { RECORDS = 8, SIZE = 32 }; /* bytes in a record */

static const char usage_text[] =
    "Usage: record_lock [-w]\n"
    "  -w  hold still before and after somebody waits\n";

/* Who locks what: F_RDLCK is shared, F_WRLCK exclusive. */
static const struct task {
    const char *role;
    short type;
    int first, count;
} tasks[] = {
    {"clerk 1", F_WRLCK, 2, 1},
    {"clerk 2", F_WRLCK, 5, 2},
    {"reader 1", F_RDLCK, 0, 1},
    {"reader 2", F_RDLCK, 0, 2},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

/* The part of the file that some records are in. The file itself may be
 * shorter: a lock is on numbers of bytes, not on bytes. */
static struct flock part(short type, int first, int count)
{
    return (struct flock){.l_type = type,
                          .l_whence = SEEK_SET,
                          .l_start = (off_t)first * SIZE,
                          .l_len = (off_t)count * SIZE};
}

/* F_SETLK doesn't wait: a lock that is in the way makes it fail. */
static void lock_at_once(int fd, const struct task *t)
{
    struct flock lock = part(t->type, t->first, t->count);

    if (fcntl(fd, F_SETLK, &lock) == -1)
        err(1, "%s: F_SETLK", t->role);
}

/* F_SETLKW waits, until a signal is caught. */
static void lock_all(int fd)
{
    struct flock lock = part(F_WRLCK, 0, RECORDS);

    while (fcntl(fd, F_SETLKW, &lock) == -1) {
        if (errno != EINTR)
            err(1, "F_SETLKW");
    }
}

/* Which process holds a lock that would be in the way? Or 0. */
static pid_t in_the_way(int fd, short type, int record)
{
    struct flock lock = part(type, record, 1);

    if (fcntl(fd, F_GETLK, &lock) == -1)
        err(1, "F_GETLK");
    return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

/* F_GETLK names one holder, though there may be several readers. What
 * it says may be old as soon as it is said: good for a message, never
 * to find out whether one may go on. */
static void tell_who_holds(int fd, int first, int last)
{
    for (int i = first; i <= last; i++) {
        pid_t writer = in_the_way(fd, F_RDLCK, i);
        pid_t any = in_the_way(fd, F_WRLCK, i);

        if (writer != 0)
            say("main", "record %d: process %d alone", i, (int)writer);
        else if (any != 0)
            say("main", "record %d: shared, process %d", i, (int)any);
        else
            say("main", "record %d: nobody", i);
    }
}

/* A process of ours, that doesn't outlive us. */
static pid_t start_process(void)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == -1)
        err(1, "fork");
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            exit(1);
    }
    return pid;
}

/*
 * Starts a process that takes its lock, and holds it until the pipe
 * go_home ends. It never unlocks: the kernel does, when it ends.
 * Returns as soon as the lock is there.
 */
static pid_t start_task(int fd, const struct task *t, int go_home[2])
{
    int ready[2];
    ssize_t n;
    char byte;
    pid_t pid;

    if (pipe(ready) == -1)
        err(1, "pipe");
    pid = start_process();
    if (pid == 0) {
        close(go_home[WRITE_END]);
        lock_at_once(fd, t);
        say(t->role, "has %s lock on record %d%s",
            t->type == F_RDLCK ? "a shared" : "an exclusive", t->first,
            t->count > 1 ? " and the next" : "");
        if (write_full(ready[WRITE_END], "", 1) == -1)
            err(1, "write");
        if (read_full(go_home[READ_END], &byte, 1) == -1)
            err(1, "read");
        exit(0);
    }
    close(ready[WRITE_END]); /* end of file, if the child fails */
    n = read_full(ready[READ_END], &byte, 1);
    if (n == -1)
        err(1, "read");
    if (n == 0)
        errx(1, "%s has failed", t->role);
    close(ready[READ_END]);
    return pid;
}

/* Starts a process that wants all records, and has to wait. */
static pid_t start_auditor(int fd, int go_home[2])
{
    pid_t pid = start_process();

    if (pid == 0) {
        close(go_home[WRITE_END]);
        lock_all(fd);
        say("auditor", "has an exclusive lock on all records");
        exit(0);
    }
    return pid;
}

static void wait_for(pid_t pid, int expected)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != expected)
        errx(1, "process %d has failed", (int)pid);
}

/* A lock is on the file, not on its name: this one has none. */
static int nameless_file(void)
{
    FILE *file = tmpfile();

    if (file == NULL)
        err(1, "tmpfile");
    return fileno(file);
}

static void hold_still(bool wait, const char *what)
{
    if (!wait)
        return;
    say("main", "%s; look: lslocks, /proc/locks; Enter goes on", what);
    wait_for_enter();
}

int main(int argc, char *argv[])
{
    int go_home[2], fd, opt;
    bool wait_here = false;
    pid_t pids[TASKS], auditor;

    while ((opt = getopt(argc, argv, "wh")) != -1) {
        if (opt != 'w')
            usage(opt, usage_text);
        wait_here = true;
    }
    if (optind < argc)
        usage('?', usage_text);

    /* All use the descriptor that they inherit: these locks belong to
     * the process, whichever descriptor it uses. */
    fd = nameless_file();
    if (pipe(go_home) == -1)
        err(1, "pipe");
    for (int i = 0; i < TASKS; i++)
        pids[i] = start_task(fd, &tasks[i], go_home);
    tell_who_holds(fd, 0, RECORDS - 1);
    hold_still(wait_here, "four have locks, and nobody waits");

    auditor = start_auditor(fd, go_home);
    hold_still(wait_here, "the auditor waits for all of them");

    say("main", "kill -9 %d, which is %s", (int)pids[0], tasks[0].role);
    kill(pids[0], SIGKILL);
    wait_for(pids[0], SIGKILL);
    tell_who_holds(fd, tasks[0].first, tasks[0].first);

    say("main", "the others may go home");
    close(go_home[WRITE_END]);
    for (int i = 1; i < TASKS; i++)
        wait_for(pids[i], 0);
    wait_for(auditor, 0);
    return 0;
}
