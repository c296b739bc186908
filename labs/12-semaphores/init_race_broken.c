/*
 * init_race_broken: a System V semaphore is made by one call and gets
 * its value by another. What of those who come between, or after?
 *
 * Usage: init_race_broken [-s KEY] [each|first]
 *
 * Try:   init_race_broken
 *        each: all who come set the value, so the second one gets in
 *        though the first is inside. first: only the one who made the
 *        set does, and what was added before that is lost.
 *
 * Ends:  exit 1
 *
 * See:   semget(2), semctl(2), sem_open(3)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
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
    "Usage: init_race_broken [-s KEY] [each|first]\n"
    "  -s KEY  of the set (a number made of the user's)\n";

union semun { /* the caller has to declare it: see semctl(2) */
    int val;
};

static key_t key;
static pid_t parent;

static void set_value(int set, int value)
{
    if (semctl(set, 0, SETVAL, (union semun){.val = value}) == -1)
        err(1, "SETVAL");
}

static void change(int set, short by)
{
    struct sembuf op = {.sem_op = by, .sem_flg = IPC_NOWAIT};

    while (semop(set, &op, 1) == -1) {
        if (errno != EINTR)
            err(1, "semop");
    }
}

/* One may be inside. Whoever comes does the same. */
static void enter_each(void)
{
    int set = semget(key, 1, IPC_CREAT | 0600);

    if (set == -1)
        err(1, "semget");
    /* The mistake: it may be in use already. */
    set_value(set, 1);
    change(set, -1);
    say("each", "is inside");
    raise(SIGSTOP); /* and stays there */
}

/* Two are there at the beginning, and each brings one more. */
static void bring_first(void)
{
    int set = semget(key, 1, IPC_CREAT | IPC_EXCL | 0600);

    if (set == -1 && errno != EEXIST)
        err(1, "semget");
    if (set != -1) {
        /* The mistake: others see it already, before it has a value. */
        raise(SIGSTOP); /* an unlucky moment */
        set_value(set, 2);
        say("first", "made the set, and set 2");
    } else {
        set = semget(key, 1, 0);
        if (set == -1)
            err(1, "semget");
    }
    change(set, +1);
    say("first", "brought one");
}

static pid_t start(void (*work)(void))
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

/* Waits until a child has stopped, or ended well. */
static void wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, WUNTRACED) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (!WIFSTOPPED(status) && status != 0)
        errx(1, "process %d didn't end well", (int)child);
}

/* Whatever was made is removed; returns its last value, or -1. */
static int remove_set(void)
{
    int set = semget(key, 1, 0), value = -1;

    if (set != -1) {
        value = semctl(set, 0, GETVAL);
        semctl(set, 0, IPC_RMID);
    }
    return value;
}

static void remove_at_exit(void)
{
    if (getpid() == parent)
        remove_set();
}

/* Returns whether two who come one after the other both may be in. */
static bool each_works(void)
{
    pid_t pids[2];

    for (int i = 0; i < 2; i++) {
        pids[i] = start(enter_each);
        wait_for(pids[i]); /* stopped: it is inside */
    }
    for (int i = 0; i < 2; i++) {
        kill(pids[i], SIGKILL);
        while (waitpid(pids[i], NULL, 0) == -1 && errno == EINTR)
            ;
    }
    warnx("each: two are inside, where one may be");
    remove_set();
    return false;
}

static bool first_works(void)
{
    pid_t maker = start(bring_first), other;
    int value;

    wait_for(maker); /* stopped: between its two calls */
    other = start(bring_first);
    wait_for(other);
    kill(maker, SIGCONT);
    wait_for(maker);
    value = remove_set();
    if (value != 4)
        warnx("first: 2 and one and one are %d", value);
    return value == 4;
}

int main(int argc, char *argv[])
{
    const char *way;
    bool works = true;
    sigset_t ends;
    int opt;

    line_buffer_stderr();
    key = object_key(12);
    parent = getpid();
    while ((opt = getopt(argc, argv, "hs:")) != -1) {
        if (opt != 's')
            usage(opt, help);
        key = (key_t)parse_number("-s", optarg, 1, INT_MAX);
    }
    way = argv[optind];
    if (argc - optind > 1)
        usage('?', help);
    if (way && strcmp(way, "each") != 0 && strcmp(way, "first") != 0)
        usage('?', help);

    /* It takes an instant: these come when the set is removed. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    if (semget(key, 0, 0) != -1)
        errx(1, "set with key %#x: File exists", (unsigned)key);
    atexit(remove_at_exit);
    if (way == NULL || strcmp(way, "each") == 0)
        works = each_works() && works;
    if (way == NULL || strcmp(way, "first") == 0)
        works = first_works() && works;
    return works ? 0 : 1;
}
