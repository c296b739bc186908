/*
 * holder_dies: two ways to count who is inside so that those who die
 * there don't stay counted.
 *
 * Usage: holder_dies [-k COUNT] [-s KEY] [-w] [undo|parent]
 *
 * Try:   holder_dies
 *        undo: the kernel takes back what the dead one did. parent: who
 *        counts isn't who dies.
 *        holder_dies -w undo & ipcs -s
 *        Look at the set before the holders are killed. Then fg, Enter.
 *
 * See:   semop(2) on SEM_UNDO, sem_post(3), wait(2)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: holder_dies [-k COUNT] [-s KEY] [-w] [undo|parent]\n"
    "  -k COUNT  so many may be inside (3)\n"
    "  -s KEY    of the set for undo (a number made of the user's)\n"
    "  -w        wait for Enter before they are killed\n";

enum way { UNDO, PARENT, WAYS };
static const char *const names[] = {"undo", "parent"};

enum { MOST = 100 };

union semun { /* the caller has to declare it: see semctl(2) */
    int val;
};

static sem_t sem;    /* parent: only this process uses it */
static int set = -1; /* undo */
static key_t key;
static int count = 3;
static pid_t parent;
static sigset_t ends; /* the signals that end us */

/* A set stays until it is removed: on every way out. */
static void remove_set(void)
{
    if (set != -1 && getpid() == parent)
        semctl(set, 0, IPC_RMID);
}

/* A thread that waits for the signals that would end us. */
static void *guard(void *unused)
{
    int sig;

    sigwait(&ends, &sig);
    remove_set();
    pthread_sigmask(SIG_UNBLOCK, &ends, NULL);
    raise(sig);
    _exit(128 + sig); /* unless it was ignored */
    return unused;
}

static void start_guard(void)
{
    pthread_t thread;
    int error;

    /* Blocked in all threads, and in the children: they end with us. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    check_pthread(pthread_sigmask(SIG_BLOCK, &ends, NULL), "sigmask");
    error = pthread_create(&thread, NULL, guard, NULL);
    check_pthread(error, "pthread_create");
    check_pthread(pthread_detach(thread), "pthread_detach");
}

static void make(enum way way)
{
    if (way == PARENT) {
        if (sem_init(&sem, 0, (unsigned)count) == -1)
            err(1, "sem_init");
        return;
    }
    set = semget(key, 1, IPC_CREAT | IPC_EXCL | 0600);
    if (set == -1)
        err(1, "set with key %#x", (unsigned)key);
    if (semctl(set, 0, SETVAL, (union semun){.val = count}) == -1)
        err(1, "SETVAL");
}

/* With SEM_UNDO the kernel notes what this process did to each
 * semaphore, and does the opposite when it ends, in whatever way. */
static void change(short by)
{
    struct sembuf op = {.sem_op = by, .sem_flg = SEM_UNDO};

    while (semop(set, &op, 1) == -1) {
        if (errno != EINTR)
            err(1, "semop");
    }
}

/* Starts one who goes in, and stays there until killed, or leaves. Who
 * stays says on a pipe that it is inside. */
static pid_t start(enum way way, int number, int stays)
{
    pid_t child;

    /* Who takes it here also gives it back, in wait_for(), and isn't
     * the one that is killed. */
    while (way == PARENT && sem_wait(&sem) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
    child = fork();
    if (child == -1)
        err(1, "fork"); /* the others end with us: PR_SET_PDEATHSIG */
    if (child != 0)
        return child;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        err(1, "prctl");
    if (getppid() != parent)
        exit(1); /* too late: it is dead already */

    if (way == UNDO)
        change(-1);
    if (stays != -1 && write_full(stays, "", 1) == -1)
        err(1, "write");
    if (stays != -1)
        close(stays);
    while (stays != -1)
        pause();
    say(names[way], "person %d got in", number);
    if (way == UNDO)
        change(+1); /* then nothing is left to be undone */
    _exit(0);       /* of the guard there is nothing in a child */
}

/* Waits for the end of a child, whatever that is; returns its status.
 * The dead can't be lost: they stay zombies until this. */
static int wait_for(enum way way, pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (way == PARENT && sem_post(&sem) == -1)
        err(1, "sem_post");
    return status;
}

static bool works(enum way way, bool hold)
{
    pid_t holders[MOST], next = 0;
    char bytes[MOST];
    int inside[2], status;
    ssize_t n;

    make(way);
    if (pipe(inside) == -1)
        err(1, "pipe");
    for (int i = 0; i < count; i++)
        holders[i] = start(way, i + 1, inside[1]);
    close(inside[1]);
    n = read_full(inside[0], bytes, (size_t)count);
    if (n == -1)
        err(1, "read");
    if (n < count)
        errx(1, "somebody didn't get in");
    close(inside[0]);
    say(names[way], "%d are inside, and die there", count);

    /* One more waits meanwhile; as for parent, it isn't started yet. */
    if (way == UNDO)
        next = start(way, count + 1, -1);
    if (hold)
        wait_for_enter();
    for (int i = 0; i < count; i++) {
        kill(holders[i], SIGKILL);
        wait_for(way, holders[i]);
    }
    if (way == PARENT)
        next = start(way, count + 1, -1);
    status = wait_for(way, next);
    remove_set();
    set = -1;
    return status == 0;
}

int main(int argc, char *argv[])
{
    bool hold = false, known = false, all_work = true;
    int opt;

    line_buffer_stderr();
    key = object_key(12);
    while ((opt = getopt(argc, argv, "hk:s:w")) != -1) {
        switch (opt) {
        case 'k':
            count = (int)parse_number("-k", optarg, 1, MOST);
            break;
        case 's':
            key = (key_t)parse_number("-s", optarg, 1, INT_MAX);
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (argc > optind + 1)
        usage('?', help);
    parent = getpid();
    /* If nobody reads what we print, that is an error, and we clean up. */
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    atexit(remove_set);
    start_guard();
    for (enum way way = UNDO; way < WAYS; way++) {
        if (argc == optind || strcmp(argv[optind], names[way]) == 0) {
            all_work = works(way, hold) && all_work;
            known = true;
        }
    }
    if (!known)
        usage('?', help);
    return all_work ? 0 : 1;
}
