/*
 * init_race: many who all make the same semaphore if it isn't there.
 * Nobody sees it without its value.
 *
 * Usage: init_race [-n COUNT] [-s KEY] [sysv|posix]
 *
 * Try:   init_race
 *        All come at once. sysv: who has made the set stops between the
 *        two calls, and the others wait for it. posix: sem_open() makes
 *        the semaphore with its value and then gives it its name.
 *        strace -f -e trace=link,unlink,openat init_race -n 2 posix
 *
 * See:   semget(2), semop(2), semctl(2) on sem_otime, sem_open(3)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
    "Usage: init_race [-n COUNT] [-s KEY] [sysv|posix]\n"
    "  -n COUNT  so many come at once, and bring one each (5)\n"
    "  -s KEY    of the set (a number made of the user's)\n";

enum { ITEMS, READY }; /* the two semaphores of the set */
enum { READ_END, WRITE_END };
enum { MOST = 100, VALUE = 2 };

static key_t key;
static char *name; /* for posix */
static pid_t parent;
static int arrived[2]; /* a pipe: a byte from each who found the set */

static void change(int set, const struct sembuf *ops, size_t count)
{
    while (semop(set, (struct sembuf *)ops, count) == -1) {
        if (errno != EINTR)
            err(1, "semop");
    }
}

/* Who makes the set gives it its value by semop(), both numbers in one
 * step. That sets sem_otime, which SETVAL doesn't: 0 says "not ready",
 * everywhere. To look at it again and again would be polling; but
 * Linux promises that new ones are 0, so one can be waited for. */
static void bring_sysv(void)
{
    const struct sembuf first[] = {{ITEMS, VALUE, 0}, {READY, 1, 0}};
    const struct sembuf look[] = {{READY, -1, 0}, {READY, 1, 0}};
    const struct sembuf bring = {ITEMS, 1, 0};
    int set = semget(key, 2, IPC_CREAT | IPC_EXCL | 0600);

    if (set == -1 && errno != EEXIST)
        err(1, "semget");
    if (set != -1) {
        close(arrived[WRITE_END]);
        raise(SIGSTOP); /* an unlucky moment */
        change(set, first, 2);
        say("sysv", "made the set, and put in %d", VALUE);
    } else {
        set = semget(key, 2, 0);
        if (set == -1)
            err(1, "semget");
        if (write_full(arrived[WRITE_END], "", 1) == -1)
            err(1, "write");
        close(arrived[WRITE_END]);
        change(set, look, 2);
    }
    change(set, &bring, 1);
}

/* If it is there, VALUE is ignored; in one step, for all who come. */
static void bring_posix(void)
{
    sem_t *items = sem_open(name, O_CREAT, 0600, (unsigned)VALUE);

    if (items == SEM_FAILED)
        err(1, "%s", name);
    if (sem_post(items) == -1)
        err(1, "sem_post");
    sem_close(items);
}

static void start_all(void (*bring)(void), int count)
{
    if (pipe(arrived) == -1)
        err(1, "pipe");
    for (int i = 0; i < count; i++) {
        switch (fork()) {
        case -1:
            err(1, "fork"); /* the others end with us */
        case 0:
            if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
                err(1, "prctl");
            if (getppid() != parent)
                exit(1);
            close(arrived[READ_END]);
            bring();
            exit(0);
        }
    }
    close(arrived[WRITE_END]);
}

/* Waits for all. When the maker stops, it waits until all the others
 * have come, and lets it go on. */
static void wait_for_all(int count)
{
    char bytes[MOST];
    int status;
    ssize_t n;

    for (int left = count; left > 0;) {
        pid_t child = waitpid(-1, &status, WUNTRACED);

        if (child == -1 && errno != EINTR)
            err(1, "waitpid");
        if (child == -1)
            continue;
        if (WIFSTOPPED(status)) {
            n = read_full(arrived[READ_END], bytes, (size_t)count - 1);
            if (n == -1)
                err(1, "read");
            if (n < count - 1)
                errx(1, "somebody didn't come");
            kill(child, SIGCONT);
            continue;
        }
        if (status != 0)
            errx(1, "process %d didn't end well", (int)child);
        left--;
    }
}

/* Both return the value at the end, or -1, and remove what there is. */
static int end_sysv(void)
{
    int set = semget(key, 0, 0), value = -1;

    if (set != -1) {
        value = semctl(set, ITEMS, GETVAL);
        semctl(set, 0, IPC_RMID);
    }
    return value;
}

static int end_posix(void)
{
    sem_t *items = sem_open(name, 0);
    int value = -1;

    if (items != SEM_FAILED) {
        sem_getvalue(items, &value);
        sem_close(items);
    }
    sem_unlink(name);
    return value;
}

static void remove_at_exit(void)
{
    if (getpid() == parent) {
        end_sysv();
        end_posix();
    }
}

static bool works(const char *way, void (*bring)(void), int count,
                  int (*end)(void))
{
    int value;

    start_all(bring, count);
    wait_for_all(count);
    close(arrived[READ_END]);
    value = end();
    say(way, "%d, and %d were brought: %d", VALUE, count, value);
    return value == VALUE + count;
}

int main(int argc, char *argv[])
{
    const char *way;
    int count = 5, opt;
    bool good = true;
    char usual[40];
    sigset_t ends;

    line_buffer_stderr();
    key = object_key(12);
    while ((opt = getopt(argc, argv, "hn:s:")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, MOST);
            break;
        case 's':
            key = (key_t)parse_number("-s", optarg, 1, INT_MAX);
            break;
        default:
            usage(opt, help);
        }
    }
    way = argv[optind];
    if (argc - optind > 1)
        usage('?', help);
    if (way && strcmp(way, "sysv") != 0 && strcmp(way, "posix") != 0)
        usage('?', help);

    /* It takes an instant: these come when all is removed. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    parent = getpid();
    snprintf(usual, sizeof usual, "init-%d", parent);
    name = object_name(NULL, usual);
    if (semget(key, 0, 0) != -1)
        errx(1, "set with key %#x: File exists", (unsigned)key);
    atexit(remove_at_exit);
    if (way == NULL || strcmp(way, "sysv") == 0)
        good = works("sysv", bring_sysv, count, end_sysv) && good;
    if (way == NULL || strcmp(way, "posix") == 0)
        good = works("posix", bring_posix, count, end_posix) && good;
    return good ? 0 : 1;
}
