/*
 * bounded_buffer_broken: who takes the lock first and then waits for
 * an item, waits for somebody who can't get the lock.
 *
 * Usage: bounded_buffer_broken [-t SECONDS]
 *
 * Try:   bounded_buffer_broken
 *        Two calls have changed places. The watchdog reads the three
 *        counters: full 0, mutex 0, and nobody can change that.
 *
 * Ends:  exit 1
 *
 * See:   sem_wait(3), sem_getvalue(3)
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: bounded_buffer_broken [-t SECONDS]\n"
                           "  -t SECONDS  give up after that (0.5)\n";

enum { CONSUMER, PRODUCER, BOTH };

/* A buffer of one place. */
static struct {
    sem_t empty, full, mutex;
    sem_t has_lock; /* so that it goes wrong always, not by bad luck */
    int item;
} * shared;

static void down(sem_t *sem)
{
    while (sem_wait(sem) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
}

static void up(sem_t *sem)
{
    if (sem_post(sem) == -1)
        err(1, "sem_post");
}

static void consume(void)
{
    /* The mistake: it sleeps with the lock. */
    down(&shared->mutex);
    up(&shared->has_lock);
    down(&shared->full);
    say("consumer", "takes %d", shared->item);
    up(&shared->mutex);
    up(&shared->empty);
}

static void produce(void)
{
    down(&shared->has_lock);
    down(&shared->empty);
    down(&shared->mutex);
    shared->item = 1;
    say("producer", "puts %d", shared->item);
    up(&shared->mutex);
    up(&shared->full);
}

static pid_t start(void (*work)(void), pid_t parent)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            exit(1);
        work();
        exit(0);
    }
    return child;
}

/* Waits for all children, which SIGCHLD tells: it has to be blocked
 * since before the fork. Returns whether all ended in time. */
static bool all_end_within(double seconds)
{
    double end = monotonic_seconds() + seconds, left;
    struct timespec limit;
    sigset_t set;
    pid_t pid;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (;;) {
        do
            pid = waitpid(-1, NULL, WNOHANG);
        while (pid > 0);
        if (pid == -1)
            return true; /* ECHILD: there are no more */
        left = end - monotonic_seconds();
        if (left <= 0)
            return false;
        limit.tv_sec = (time_t)left;
        limit.tv_nsec = (long)((left - (double)limit.tv_sec) * 1e9);
        sigtimedwait(&set, NULL, &limit);
    }
}

static int value(sem_t *sem)
{
    int result;

    if (sem_getvalue(sem, &result) == -1)
        err(1, "sem_getvalue");
    return result;
}

int main(int argc, char *argv[])
{
    pid_t pids[BOTH], parent = getpid();
    double limit = 0.5;
    sigset_t set;
    int opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "ht:")) != -1) {
        if (opt != 't')
            usage(opt, help);
        limit = parse_seconds("-t", optarg, 0.01, 3600);
    }
    if (optind < argc)
        usage('?', help);

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    if (sem_init(&shared->empty, 1, 1) == -1 ||
        sem_init(&shared->full, 1, 0) == -1 ||
        sem_init(&shared->mutex, 1, 1) == -1 ||
        sem_init(&shared->has_lock, 1, 0) == -1)
        err(1, "sem_init");
    pids[CONSUMER] = start(consume, parent);
    pids[PRODUCER] = start(produce, parent);
    if (all_end_within(limit))
        return 0;

    warnx("stuck after %g s: empty %d, full %d, mutex %d: the consumer "
          "waits for full and has the mutex, the producer waits for it",
          limit, value(&shared->empty), value(&shared->full),
          value(&shared->mutex));
    for (int i = 0; i < BOTH; i++)
        kill(pids[i], SIGKILL);
    while (wait(NULL) != -1 || errno == EINTR)
        ;
    return 1;
}
