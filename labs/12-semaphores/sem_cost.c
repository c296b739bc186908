/*
 * sem_cost: what it costs to take and give a semaphore, of each kind,
 * while nobody else wants it, and when another process is woken.
 *
 * Usage: sem_cost [-n COUNT]
 *
 * Try:   sem_cost -n 1000
 *        What needs no system call costs least by far, until somebody
 *        sleeps. Without -n the figures are better.
 *        strace -fc -e trace=futex,semop sem_cost -n 1000
 *
 * See:   futex(7), sem_overview(7), semop(2)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: sem_cost [-n COUNT]\n"
                           "  -n COUNT  do each so often (100000)\n";

union semun { /* the caller has to declare it: see semctl(2) */
    unsigned short *array;
};

static struct {
    sem_t sem[2];
    pthread_mutex_t mutex;
} * shared;
static int set = -1;
static pid_t parent;

static void remove_set(void)
{
    if (set != -1 && getpid() == parent)
        semctl(set, 0, IPC_RMID);
}

static void make_all(void)
{
    unsigned short values[] = {1, 0};
    pthread_mutexattr_t attr;
    int error;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    if (sem_init(&shared->sem[0], 1, 1) == -1 ||
        sem_init(&shared->sem[1], 1, 0) == -1)
        err(1, "sem_init");

    error = pthread_mutexattr_init(&attr);
    check_pthread(error, "pthread_mutexattr_init");
    error = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    check_pthread(error, "pthread_mutexattr_setpshared");
    error = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    check_pthread(error, "pthread_mutexattr_setrobust");
    check_pthread(pthread_mutex_init(&shared->mutex, &attr),
                  "pthread_mutex_init");
    pthread_mutexattr_destroy(&attr);

    set = semget(IPC_PRIVATE, 2, 0600); /* only children use it */
    if (set == -1)
        err(1, "semget");
    if (semctl(set, 0, SETALL, (union semun){.array = values}) == -1)
        err(1, "SETALL");
}

static void by_posix(int number, short by)
{
    sem_t *sem = &shared->sem[number];

    while ((by == -1 ? sem_wait(sem) : sem_post(sem)) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait or sem_post");
    }
}

static void by_semop(int number, short by, short flags)
{
    struct sembuf op = {.sem_op = by, .sem_flg = flags};

    op.sem_num = (unsigned short)number;
    while (semop(set, &op, 1) == -1) {
        if (errno != EINTR)
            err(1, "semop");
    }
}

static void by_sysv(int number, short by)
{
    by_semop(number, by, 0);
}

static void by_undo(int number, short by)
{
    by_semop(number, by, SEM_UNDO);
}

static void by_mutex(int number, short by)
{
    (void)number;
    check_pthread(by == -1 ? pthread_mutex_lock(&shared->mutex)
                           : pthread_mutex_unlock(&shared->mutex),
                  "pthread_mutex_lock or unlock");
}

/* Take is -1, give is +1. What has an owner can't be taken by one and
 * given by the other. */
static const struct kind {
    const char *name;
    void (*change)(int number, short by);
    bool has_owner;
} kinds[] = {
    {"POSIX semaphore", by_posix, false},
    {"robust mutex", by_mutex, true},
    {"System V semaphore", by_sysv, false},
    {"with SEM_UNDO", by_undo, true},
};

static double alone(const struct kind *kind, int count)
{
    double start = monotonic_seconds();

    for (int i = 0; i < count; i++) {
        kind->change(0, -1);
        kind->change(0, +1);
    }
    return (monotonic_seconds() - start) / count * 1e9;
}

static void take_turns(const struct kind *kind, int mine, int count)
{
    for (int i = 0; i < count; i++) {
        kind->change(mine, -1);
        kind->change(1 - mine, +1);
    }
}

static pid_t start_child(void)
{
    pid_t before = getpid(), child = fork();

    if (child == -1)
        err(1, "fork"); /* the others end with us: PR_SET_PDEATHSIG */
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != before)
            exit(1);
    }
    return child;
}

/* A turn: one gives, the other one is woken. */
static double in_turn(const struct kind *kind, int count)
{
    double start = monotonic_seconds();
    int status;

    for (int i = 0; i < 2; i++) {
        if (start_child() == 0) {
            take_turns(kind, i, count);
            exit(0);
        }
    }
    for (int left = 2; left > 0;) {
        pid_t child = wait(&status);

        if (child == -1 && errno != EINTR)
            err(1, "wait");
        if (child != -1 && status != 0)
            errx(1, "process %d didn't end well", (int)child);
        left -= child != -1;
    }
    return (monotonic_seconds() - start) / count / 2 * 1e9;
}

static void measure(int count)
{
    printf("ns for            take and give  a turn of two\n");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        printf("%-18s%13.0f", kinds[i].name, alone(&kinds[i], count));
        if (fflush(stdout) == EOF) /* or children would have it, too */
            err(1, "standard output");
        if (!kinds[i].has_owner)
            printf("%15.0f", in_turn(&kinds[i], count));
        printf("\n");
    }
    if (fflush(stdout) == EOF)
        err(1, "standard output");
}

int main(int argc, char *argv[])
{
    int count = 100000, opt, sig, status;
    sigset_t signals;
    pid_t child;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hn:")) != -1) {
        if (opt != 'n')
            usage(opt, help);
        count = (int)parse_number("-n", optarg, 1, 100000000);
    }
    if (optind < argc)
        usage('?', help);

    /* A set stays until it is removed: so this process only waits. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    parent = getpid();
    atexit(remove_set);
    make_all();
    child = start_child();
    if (child == 0) {
        measure(count);
        exit(0);
    }
    if (sigwait(&signals, &sig) != 0)
        errx(1, "sigwait");
    if (sig != SIGCHLD)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (sig != SIGCHLD) {
        remove_set();
        sigprocmask(SIG_UNBLOCK, &signals, NULL);
        raise(sig);
    }
    return status == 0 ? 0 : 1;
}
