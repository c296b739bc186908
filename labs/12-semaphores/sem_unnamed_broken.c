/*
 * sem_unnamed_broken: two ways to share a semaphore that isn't shared:
 * the 0 in sem_init(), and a variable that fork() has copied.
 *
 * Usage: sem_unnamed_broken [-t SECONDS] [private|copied]
 *
 * Try:   sem_unnamed_broken
 *        private: the counter is 1, and yet the child waits. copied:
 *        the parent's counter is 1, and the child's is another one.
 *
 * Ends:  exit 1
 *
 * See:   sem_init(3), futex(2) on FUTEX_PRIVATE_FLAG, fork(2)
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: sem_unnamed_broken [-t SECONDS] [private|copied]\n"
    "  -t SECONDS  give up if it takes longer (0.5)\n";

static const char *const ways[] = {"private", "copied"};

static sem_t variable; /* each process has its own after fork() */

/* Whether a process sleeps in futex(), where sem_wait() waits. */
static bool sleeps_in_futex(pid_t pid)
{
    char path[64];
    long call = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        err(1, "%s", path);
    if (fscanf(file, "%ld", &call) != 1)
        call = -1; /* "running" */
    fclose(file);
    return call == SYS_futex;
}

/* Waits for SIGCHLD, which has to be blocked, but not for ever. */
static bool ends_within(pid_t pid, double seconds)
{
    double end = monotonic_seconds() + seconds, left;
    struct timespec limit;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        left = end - monotonic_seconds();
        if (left <= 0)
            return false;
        limit.tv_sec = (time_t)left;
        limit.tv_nsec = (long)((left - (double)limit.tv_sec) * 1e9);
        sigtimedwait(&set, NULL, &limit);
    }
    return true;
}

static pid_t start_waiter(sem_t *sem)
{
    pid_t parent = getpid(), child = fork();

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            exit(1);
        while (sem_wait(sem) == -1) {
            if (errno != EINTR)
                err(1, "sem_wait");
        }
        say("child", "goes on");
        exit(0);
    }
    return child;
}

/* Returns whether the child has gone on. */
static bool works(const char *way, sem_t *sem, double limit)
{
    double end = monotonic_seconds() + limit;
    const char *place = "another call";
    pid_t child;
    int value;

    /* The mistake, in memory that is shared; the other mistake is
     * memory that isn't. */
    if (sem_init(sem, 0, 0) == -1)
        err(1, "sem_init");
    child = start_waiter(sem);

    /* The post shall come when the child sleeps already. No call tells
     * when somebody else does: so look from time to time. */
    while (!sleeps_in_futex(child) && monotonic_seconds() < end)
        poll(NULL, 0, 1);
    if (sem_post(sem) == -1)
        err(1, "sem_post");
    if (ends_within(child, limit))
        return true;

    if (sleeps_in_futex(child))
        place = "futex";
    if (sem_getvalue(sem, &value) == -1)
        err(1, "sem_getvalue");
    warnx("%s: stuck after %g s: the parent sees a counter of %d, and "
          "the child sleeps in %s",
          way, limit, value, place);
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
        ;
    return false;
}

int main(int argc, char *argv[])
{
    const char *way;
    double limit = 0.5;
    sem_t *shared;
    sigset_t set;
    int opt, good = 0;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "ht:")) != -1) {
        if (opt != 't')
            usage(opt, help);
        limit = parse_seconds("-t", optarg, 0.01, 3600);
    }
    way = argv[optind];
    if (argc - optind > 1)
        usage('?', help);
    if (way && strcmp(way, ways[0]) != 0 && strcmp(way, ways[1]) != 0)
        usage('?', help);

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    if (way == NULL || strcmp(way, ways[0]) == 0)
        good += works(ways[0], shared, limit);
    if (way == NULL || strcmp(way, ways[1]) == 0)
        good += works(ways[1], &variable, limit);
    return good == (way == NULL ? 2 : 1) ? 0 : 1;
}
