/*
 * unjoined: a thread that nobody joins or detaches leaves its stack
 * behind when it ends.
 *
 * Usage: unjoined [-n THREADS] [-s KIB] [-w]
 *
 * Try:   unjoined -n 100 -s 1024
 *        A hundred threads, one after the other, in three ways. The
 *        memory is address space: what was never touched takes no room.
 *        unjoined -n 100000: how many threads can one forget?
 *        unjoined -w: all have ended; look at Threads and VmSize.
 *
 * See:   pthread_join(3), pthread_detach(3),
 *        pthread_attr_setstacksize(3), proc_pid_statm(5)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: unjoined [-n THREADS] [-s KIB] [-w]\n"
    "  -n THREADS  how many, one after the other (100)\n"
    "  -s KIB      the size of their stacks (1024)\n"
    "  -w          wait for Enter while all have ended, unjoined\n";

static pthread_attr_t attributes;
static sem_t at_its_end;

/* The thread says that it is done, returns, and is gone. */
static void *do_nothing(void *arg)
{
    if (sem_post(&at_its_end) == -1)
        err(1, "sem_post");
    return arg;
}

/* Makes a thread and waits until it is done, which doesn't join it. */
static pthread_t run_one(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, do_nothing, NULL);

    check_pthread(error, "pthread_create");
    while (sem_wait(&at_its_end) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
    return thread;
}

/* How much address space this process has, in KiB. */
static long size_now(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages;

    if (file == NULL || fscanf(file, "%ld", &pages) != 1)
        err(1, "/proc/self/statm");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void report(const char *how, long before)
{
    long more = size_now() - before;

    say("main", "%s %ld KiB more than before", how, more);
}

int main(int argc, char *argv[])
{
    int count = 100, opt, error;
    size_t kib = 1024;
    bool hold = false;
    pthread_t *threads;
    long before;

    while ((opt = getopt(argc, argv, "n:s:wh")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 's':
            kib = (size_t)parse_number("-s", optarg, 64, 65536);
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
    threads = calloc((size_t)count, sizeof *threads);
    if (threads == NULL)
        err(1, "calloc");
    if (sem_init(&at_its_end, 0, 0) == -1)
        err(1, "sem_init");
    check_pthread(pthread_attr_init(&attributes), "pthread_attr_init");
    error = pthread_attr_setstacksize(&attributes, 1024 * kib);
    check_pthread(error, "pthread_attr_setstacksize");
    say("main", "%d threads, each with a stack of %zu KiB", count, kib);

    /* The first thread and the first read take memory for themselves
     * that stays: that isn't what is to be measured. */
    size_now();
    check_pthread(pthread_join(run_one(), NULL), "pthread_join");
    before = size_now();

    for (int i = 0; i < count; i++)
        check_pthread(pthread_join(run_one(), NULL), "pthread_join");
    report("joined:            ", before);

    for (int i = 0; i < count; i++)
        check_pthread(pthread_detach(run_one()), "pthread_detach");
    report("detached:          ", before);

    /* Somebody may still ask for what they returned: so their stacks,
     * on which the C library notes that, have to stay. */
    for (int i = 0; i < count; i++)
        threads[i] = run_one();
    report("neither, and ended:", before);
    if (hold) {
        say("main", "look: grep -E 'VmSize|Threads' /proc/%d/status",
            (int)getpid());
        say("main", "Enter makes me join them");
        wait_for_enter();
    }

    /* It is never too late. The C library may keep some for later. */
    for (int i = 0; i < count; i++)
        check_pthread(pthread_join(threads[i], NULL), "pthread_join");
    report("joined after all:  ", before);

    error = pthread_attr_destroy(&attributes);
    check_pthread(error, "pthread_attr_destroy");
    free(threads);
    return 0;
}
