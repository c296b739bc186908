/*
 * thread_ids: all threads of a process have its PID; each has a TID of
 * its own in the kernel, and a pthread_t of its own in the program.
 *
 * Usage: thread_ids [-n THREADS] [-r ROUNDS] [-w]
 *
 * Try:   thread_ids -n 3
 *        main's TID is the PID. /proc has an entry for each thread.
 *        thread_ids -n 1 -r 3
 *        Each thread comes after the end of the one before. Their TIDs
 *        differ, but mostly pthread_self() is the same: unique it is
 *        only among the threads of one process that live at one time.
 *        thread_ids -w, and then ps -L, top -H as it says.
 *
 * See:   pthread_self(3), pthread_equal(3), gettid(2), getpid(2),
 *        pthread_setname_np(3), pthread_barrier_wait(3)
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: thread_ids [-n THREADS] [-r ROUNDS] [-w]\n"
    "  -n THREADS  how many besides main (3)\n"
    "  -r ROUNDS   make so many again after these have ended (1)\n"
    "  -w          wait for Enter while all are alive\n";

#define TASKS "/proc/self/task"

/* Where all threads, main too, wait for each other. */
static pthread_barrier_t meeting;

static void meet(void)
{
    int error = pthread_barrier_wait(&meeting);

    /* This isn't an error: any one of them is told that it is it. */
    if (error != PTHREAD_BARRIER_SERIAL_THREAD)
        check_pthread(error, "pthread_barrier_wait");
}

/* pthread_t is a number in one C library and a pointer in another. To
 * compare two, call pthread_equal(). Printed it is only to look at. */
static void introduce(const char *name)
{
    say("thread", "%s: getpid %d, gettid %d, pthread_self 0x%lx", name,
        (int)getpid(), (int)gettid(), (unsigned long)pthread_self());
}

static void *be_worker(void *arg)
{
    char name[16]; /* the kernel keeps no more */

    snprintf(name, sizeof name, "worker %hd", (short)(intptr_t)arg);
    check_pthread(pthread_setname_np(pthread_self(), name),
                  "pthread_setname_np");
    introduce(name);
    meet(); /* now all are alive */
    meet(); /* now main has seen us */
    return NULL;
}

/* The kernel's own list: a folder for each thread. comm is its name. */
static void list_tasks(void)
{
    DIR *dir = opendir(TASKS);
    struct dirent *entry;

    if (dir == NULL)
        err(1, TASKS);
    while ((errno = 0, entry = readdir(dir)) != NULL) {
        char path[300], name[32];
        ssize_t len;
        int fd;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, TASKS "/%s/comm", entry->d_name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd == -1)
            err(1, "%s", path);
        len = read_full(fd, name, sizeof name - 1);
        if (len == -1)
            err(1, "%s", path);
        close(fd);
        name[len] = '\0';
        name[strcspn(name, "\n")] = '\0';
        say("main", "task %s is %s", entry->d_name, name);
    }
    if (errno != 0)
        err(1, TASKS);
    closedir(dir);
}

static void run_threads(pthread_t *threads, int count, bool hold)
{
    for (int i = 0; i < count; i++) {
        /* No structure for one small number: it fits in the pointer. */
        check_pthread(pthread_create(&threads[i], NULL, be_worker,
                                     (void *)(intptr_t)(i + 1)),
                      "pthread_create");
    }
    meet();
    list_tasks();
    if (hold) {
        say("main", "look: ps -L -p %d; or top -H -p %d", (int)getpid(),
            (int)getpid());
        say("main", "Enter goes on");
        wait_for_enter();
    }
    meet();
    for (int i = 0; i < count; i++)
        check_pthread(pthread_join(threads[i], NULL), "pthread_join");
}

int main(int argc, char *argv[])
{
    int count = 3, rounds = 1, opt, error;
    bool hold = false;
    pthread_t *threads;

    while ((opt = getopt(argc, argv, "n:r:wh")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 0, 1000);
            break;
        case 'r':
            rounds = (int)parse_number("-r", optarg, 1, 1000);
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    threads = calloc((size_t)count + 1, sizeof *threads);
    if (threads == NULL)
        err(1, "calloc");
    error = pthread_barrier_init(&meeting, NULL, (unsigned)count + 1);
    check_pthread(error, "pthread_barrier_init");

    introduce("main");
    for (int i = 0; i < rounds; i++)
        run_threads(threads, count, hold);

    error = pthread_barrier_destroy(&meeting);
    check_pthread(error, "pthread_barrier_destroy");
    free(threads);
    return 0;
}
