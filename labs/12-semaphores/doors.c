/*
 * doors: instead of one counter, a lock for each door. A lock has an
 * owner, and so the kernel can open it when the owner dies.
 *
 * Usage: doors [-k DOORS] [-w] [record|robust]
 *
 * Try:   doors
 *        record: a lock on a byte of a file. robust: a mutex in shared
 *        memory, which says that its owner has died.
 *        doors -w record & cat /proc/locks
 *        Before the holders are killed. Then fg, Enter.
 *
 * See:   fcntl_locking(2), pthread_mutexattr_setrobust(3),
 *        pthread_mutex_consistent(3)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: doors [-k DOORS] [-w] [record|robust]\n"
    "  -k DOORS  how many (3)\n"
    "  -w        wait for Enter before the holders are killed\n";

enum { MOST = 100 };

static FILE *file;             /* a byte of it is a door */
static pthread_mutex_t *mutex; /* or one of these */
static int doors = 3;

static void make_doors(void)
{
    size_t size = (size_t)doors * sizeof *mutex;
    int flags = MAP_SHARED | MAP_ANONYMOUS;
    pthread_mutexattr_t attr;
    int error;

    file = tmpfile(); /* only children use it: it has no name */
    if (file == NULL)
        err(1, "tmpfile");
    mutex = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (mutex == MAP_FAILED)
        err(1, "mmap");

    error = pthread_mutexattr_init(&attr);
    check_pthread(error, "pthread_mutexattr_init");
    error = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    check_pthread(error, "pthread_mutexattr_setpshared");
    error = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    check_pthread(error, "pthread_mutexattr_setrobust");
    for (int i = 0; i < doors; i++)
        check_pthread(pthread_mutex_init(&mutex[i], &attr),
                      "pthread_mutex_init");
    pthread_mutexattr_destroy(&attr);
}

/* The locks of a process vanish with it. Returns 0 or an error. */
static int lock_record(int door, bool wait)
{
    struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result;

    byte.l_start = door;
    byte.l_len = 1;
    do
        result = fcntl(fileno(file), wait ? F_SETLKW : F_SETLK, &byte);
    while (result == -1 && errno == EINTR);
    if (result == -1)
        return errno == EACCES || errno == EAGAIN ? EBUSY : errno;
    return 0;
}

/* The kernel marks the robust mutexes of a process that dies, and wakes
 * one who waits. What the dead one left half done, say at the towels,
 * could be repaired here: no semaphore gives that chance. */
static int lock_mutex(int door, bool wait)
{
    int error;

    error = wait ? pthread_mutex_lock(&mutex[door])
                 : pthread_mutex_trylock(&mutex[door]);
    if (error != EOWNERDEAD)
        return error;
    say("robust", "who had this door has died");
    return pthread_mutex_consistent(&mutex[door]);
}

static int unlock_record(int door)
{
    struct flock byte = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    byte.l_start = door;
    byte.l_len = 1;
    return fcntl(fileno(file), F_SETLK, &byte) == -1 ? errno : 0;
}

static int unlock_mutex(int door)
{
    return pthread_mutex_unlock(&mutex[door]);
}

static const struct way {
    const char *name;
    int (*lock)(int door, bool wait); /* EBUSY: somebody has it */
    int (*unlock)(int door);
} ways[] = {{"record", lock_record, unlock_record},
            {"robust", lock_mutex, unlock_mutex}};

/* The first door that is free. If none is, this one stands at one of
 * them. That's the price: to wait for whichever opens first is what
 * only a counter can do. */
static int find_door(const struct way *way, int number)
{
    int error = EBUSY, door;

    for (door = 0; door < doors && error == EBUSY; door++)
        error = way->lock(door, false);
    if (error == EBUSY) {
        door = number % doors + 1;
        error = way->lock(door - 1, true);
    }
    if (error != 0)
        errx(1, "door %d: %s", door, strerror(error));
    return door - 1;
}

/* Starts one who goes in, and stays there until killed, or leaves. Who
 * stays says on a pipe that it is inside. */
static pid_t start(const struct way *way, int number, int stays)
{
    pid_t parent = getpid(), child = fork();
    int door, error;

    if (child == -1)
        err(1, "fork"); /* the others end with us: PR_SET_PDEATHSIG */
    if (child != 0)
        return child;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        err(1, "prctl");
    if (getppid() != parent)
        exit(1); /* too late: it is dead already */

    door = find_door(way, number);
    if (stays != -1 && write_full(stays, "", 1) == -1)
        err(1, "write");
    if (stays != -1)
        close(stays);
    while (stays != -1)
        pause();
    say(way->name, "person %d got in", number);
    error = way->unlock(door);
    if (error != 0)
        errx(1, "unlock: %s", strerror(error));
    exit(0);
}

static int wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return status;
}

static bool works(const struct way *way, bool hold)
{
    pid_t holders[MOST], next;
    char bytes[MOST];
    int inside[2];
    ssize_t n;

    if (pipe(inside) == -1)
        err(1, "pipe");
    for (int i = 0; i < doors; i++)
        holders[i] = start(way, i + 1, inside[1]);
    close(inside[1]);
    n = read_full(inside[0], bytes, (size_t)doors);
    if (n == -1)
        err(1, "read");
    if (n < doors)
        errx(1, "somebody didn't get in");
    close(inside[0]);
    say(way->name, "%d are inside, and die there", doors);

    next = start(way, doors + 1, -1);
    if (hold)
        wait_for_enter();
    for (int i = 0; i < doors; i++) {
        kill(holders[i], SIGKILL);
        wait_for(holders[i]);
    }
    return wait_for(next) == 0;
}

int main(int argc, char *argv[])
{
    bool hold = false, known = false, all_work = true;
    int opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hk:w")) != -1) {
        switch (opt) {
        case 'k':
            doors = (int)parse_number("-k", optarg, 1, MOST);
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
    make_doors();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (argc == optind || strcmp(argv[optind], ways[i].name) == 0) {
            all_work = works(&ways[i], hold) && all_work;
            known = true;
        }
    }
    if (!known)
        usage('?', help);
    return all_work ? 0 : 1;
}
