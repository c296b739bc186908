/*
 * holder_dies_broken: whoever dies between sem_wait() and sem_post()
 * takes one from the counter for ever.
 *
 * Usage: holder_dies_broken [-k COUNT] [-t SECONDS]
 *
 * Try:   holder_dies_broken
 *        A semaphore at 3 admits three: in all, if they die inside. The
 *        kernel doesn't know who has one, and so gives nothing back.
 *        Then run holder_dies: four ways to live with that.
 *
 * Ends:  exit 1
 *
 * See:   sem_wait(3), sem_getvalue(3), semop(2) on SEM_UNDO
 */
#include <err.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: holder_dies_broken [-k COUNT] [-t SECONDS]\n"
    "  -k COUNT    it begins with that (3)\n"
    "  -t SECONDS  give up after that (0.5)\n";

static sem_t *sem; /* in shared memory */

static int value(void)
{
    int result;

    if (sem_getvalue(sem, &result) == -1)
        err(1, "sem_getvalue");
    return result;
}

static pid_t start_person(int number, bool dies)
{
    pid_t parent = getpid(), child = fork();
    char role[24];

    if (child == -1)
        err(1, "fork");
    if (child != 0)
        return child;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        err(1, "prctl");
    if (getppid() != parent)
        exit(1);

    snprintf(role, sizeof role, "person %d", number);
    while (sem_wait(sem) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
    say(role, "is inside");
    if (dies)
        raise(SIGKILL); /* nothing that follows is done */
    if (sem_post(sem) == -1)
        err(1, "sem_post");
    exit(0);
}

/* Waits for a child, but not for ever: SIGCHLD has to be blocked since
 * before the fork. Returns whether it has ended. */
static bool ends_within(pid_t pid, double seconds, int *status)
{
    double end = monotonic_seconds() + seconds, left;
    struct timespec limit;
    sigset_t set;
    pid_t ended;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    while ((ended = waitpid(pid, status, WNOHANG)) == 0) {
        left = end - monotonic_seconds();
        if (left <= 0)
            return false;
        limit.tv_sec = (time_t)left;
        limit.tv_nsec = (long)((left - (double)limit.tv_sec) * 1e9);
        sigtimedwait(&set, NULL, &limit);
    }
    if (ended == -1)
        err(1, "waitpid");
    return true;
}

/* The number of the call in which a process sleeps is in /proc. */
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

int main(int argc, char *argv[])
{
    int count = 3, status, opt;
    double limit = 0.5;
    sigset_t set;
    pid_t child;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hk:t:")) != -1) {
        switch (opt) {
        case 'k':
            count = (int)parse_number("-k", optarg, 1, 1000);
            break;
        case 't':
            limit = parse_seconds("-t", optarg, 0.01, 3600);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sem = mmap(NULL, sizeof *sem, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sem == MAP_FAILED)
        err(1, "mmap");
    if (sem_init(sem, 1, (unsigned)count) == -1)
        err(1, "sem_init");

    /* One after the other, and nobody is inside when the next comes. */
    for (int i = 1; i <= count; i++) {
        child = start_person(i, true);
        while (waitpid(child, &status, 0) == -1) {
            if (errno != EINTR)
                err(1, "waitpid");
        }
        if (!WIFSIGNALED(status))
            errx(1, "person %d didn't die as it should", i);
        say("parent",
            "person %d was killed inside, the counter "
            "is %d",
            i, value());
    }

    child = start_person(count + 1, false);
    if (ends_within(child, limit, &status))
        return status == 0 ? 0 : 1;
    warnx("stuck after %g s: nobody is inside, the counter is %d, and "
          "person %d sleeps in %s",
          limit, value(), count + 1,
          sleeps_in_futex(child) ? "futex" : "another call");
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
        ;
    return 1;
}
