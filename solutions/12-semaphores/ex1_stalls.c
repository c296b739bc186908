/*
 * ex1_stalls: runs a command as soon as one of K places is free, and
 * whoever dies, never more than K at the same time.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_stalls [-k KEY] -n STALLS COMMAND [ARG...]
 *        ex1_stalls [-k KEY] -r
 *
 * Try:   ex1_stalls -n 2 echo inside; ex1_stalls -r
 *        for i in 1 2 3 4; do ex1_stalls -n 2 sh -c 'date; sleep 3' & done
 *        Kill one that is inside with kill -KILL: the next comes in.
 *
 * See:   semget(2), semop(2), semctl(2), execve(2), sysvipc(7)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex1_stalls [-k KEY] -n STALLS COMMAND [ARG...]\n"
    "       ex1_stalls [-k KEY] -r\n"
    "  -k KEY     of the set of semaphores (a number made of the user's)\n"
    "  -n STALLS  so many places, 1 to 32767\n"
    "  -r         remove the set, if nobody is inside\n";

/* The semaphores of the set: how many places are free, and how many there
 * are. The second is 0 as long as nobody has given them their values. */
enum { FREE, ALL, COUNT };

static int set = -1;
static key_t key;

/* A call has failed. If that is since the set is gone, it says so. */
static _Noreturn void failed(const char *call)
{
    if (errno == EIDRM || errno == EINVAL)
        errx(1, "key %d: the set was removed", (int)key);
    err(1, "key %d: %s", (int)key, call);
}

/* Does all of these, as soon as all of them can be done. Returns false if
 * one of them can't, and says IPC_NOWAIT; then none is done. */
static bool operate(struct sembuf *operations, size_t count)
{
    int result = -1;

    /* TODO 1 BEGIN: semop(), which is never restarted after a signal:
     * being stopped and continued is enough, no handler needed. */
    do
        result = semop(set, operations, count);
    while (result == -1 && errno == EINTR);
    if (result == -1 && errno != EAGAIN)
        failed("semop");
    /* TODO 1 STAND-IN: (void)operations, (void)count; */
    /* TODO 1 STAND-IN: (void)set, (void)failed; */
    /* TODO 1 END */
    return result == 0;
}

/* Gets the set, which flags may tell to make, and gives it its values if
 * nobody has. Returns how many places it has: stalls, or others. */
static int get_set(short stalls, int flags)
{
    int all = 0;

    /* TODO 2 BEGIN: a new set has the values 0. Many may see that at once,
     * and any of them may die now. So ask and answer in one operate(). */
    struct sembuf begin[] = {{.sem_num = ALL, 0, IPC_NOWAIT},
                             {.sem_num = ALL, stalls, 0},
                             {.sem_num = FREE, stalls, 0}};

    set = semget(key, COUNT, flags | 0600);
    if (set == -1)
        err(1, "key %d", (int)key);
    operate(begin, 3); /* or somebody else has done so */
    all = semctl(set, ALL, GETVAL);
    if (all == -1)
        failed("semctl");
    /* TODO 2 STAND-IN: (void)stalls, (void)flags, (void)operate; */
    /* TODO 2 STAND-IN: errx(1, "key %d: not yet", (int)key); */
    /* TODO 2 END */
    return all;
}

static void enter(short stalls)
{
    int all = get_set(stalls, IPC_CREAT);

    if (all != stalls)
        errx(1, "key %d: there are %d stalls, not %d", (int)key, all, stalls);
    /* TODO 3 BEGIN: wait for a place. The kernel shall give it back when
     * this process ends, whatever program it runs then, and however. */
    operate(&(struct sembuf){FREE, -1, SEM_UNDO}, 1);
    /* TODO 3 END */
}

/* The place belongs to this process: so the command has to be it. */
static _Noreturn void run(char *command[])
{
    /* TODO 3 BEGIN: become the command. 127 means that there is none of
     * that name, 126 that it can't be executed. */
    execvp(command[0], command);
    err(errno == ENOENT ? 127 : 126, "%s", command[0]);
    /* TODO 3 STAND-IN: errx(1, "%s: not yet", command[0]); */
    /* TODO 3 END */
}

static void remove_set(void)
{
    /* TODO 4 BEGIN: get a set that is there already. Who has all of its
     * places is alone; if that can't be at once, it's in use. */
    int all = get_set(1, 0);

    if (!operate(&(struct sembuf){FREE, (short)-all, IPC_NOWAIT | SEM_UNDO}, 1))
        errx(1, "key %d: in use", (int)key);
    if (semctl(set, 0, IPC_RMID) == -1)
        failed("semctl");
    /* TODO 4 STAND-IN: errx(1, "key %d: not yet", (int)key); */
    /* TODO 4 END */
}

int main(int argc, char *argv[])
{
    bool removing = false;
    short stalls = 0;
    int opt;

    key = object_key(12);
    while ((opt = getopt(argc, argv, "+hk:n:r")) != -1) {
        if (opt == 'k')
            key = (key_t)parse_number("-k", optarg, 1, INT_MAX);
        else if (opt == 'n')
            stalls = (short)parse_number("-n", optarg, 1, SHRT_MAX);
        else if (opt == 'r')
            removing = true;
        else
            usage(opt, usage_text);
    }
    argv += optind;
    if (removing ? stalls != 0 || argv[0] != NULL
                 : stalls == 0 || argv[0] == NULL)
        usage('?', usage_text);

    if (removing) {
        remove_set();
        return 0;
    }
    enter(stalls);
    run(argv);
}
