/*
 * deadlock_broken: two threads take the same two locks in opposite
 * order, and each waits for ever for the lock that the other one has.
 *
 * Usage: deadlock_broken [-t SECONDS]
 *
 * Try:   deadlock_broken
 *        The watchdog finds out in /proc who waits for which lock. Then
 *        run deadlock, the repair, and look at both with diff.
 *        deadlock_broken -t 60 & sleep 1
 *        ps -L -o tid,stat,wchan:20,comm $!
 *        The same from outside: all threads sleep in the kernel's futex
 *        code.
 *
 * Ends:  exit 1
 *
 * See:   pthread_mutex_lock(3), futex(2), pthread_barrier_wait(3p),
 *        proc_pid_syscall(5)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: deadlock_broken [-t SECONDS]\n"
    "  -t SECONDS  give up if it takes longer (0.5)\n";

/* Something that one thread at a time can use. */
struct device {
    const char *name;
    pthread_mutex_t lock;
    _Atomic(pid_t) holder; /* its TID, or 0; the watchdog reads it */
};

struct worker {
    const char *name;
    struct device *from, *to;
    pthread_t thread;
    _Atomic(pid_t) tid;
};

static struct device devices[] = {
    {"the scanner", PTHREAD_MUTEX_INITIALIZER, 0},
    {"the printer", PTHREAD_MUTEX_INITIALIZER, 0},
};
enum { DEVICES = sizeof devices / sizeof *devices };

static pthread_barrier_t both_have_one;

static void take(struct device *device)
{
    int error = pthread_mutex_lock(&device->lock);

    check_pthread(error, "pthread_mutex_lock");
    device->holder = gettid();
}

static void give_back(struct device *device)
{
    int error;

    device->holder = 0;
    error = pthread_mutex_unlock(&device->lock);
    check_pthread(error, "pthread_mutex_unlock");
}

/* The mistake: each thread takes what it needs first, first. It would
 * take bad luck for both to be here at once. The barrier makes certain
 * of it: no thread goes on before both have come. */
static void take_both(struct device *a, struct device *b)
{
    take(a);
    pthread_barrier_wait(&both_have_one);
    take(b);
}

static void *transfer(void *arg)
{
    struct worker *self = arg;

    self->tid = gettid();
    take_both(self->from, self->to);
    say(self->name, "has both, and is done");
    give_back(self->to);
    give_back(self->from);
    return NULL;
}

/* A date, since that is how a pthread function wants to know when to
 * end a wait: it can go on after a signal and still ends in time. */
static struct timespec from_now(double seconds)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    seconds += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    t.tv_sec = (time_t)seconds;
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    return t;
}

/*
 * The address of the futex that a thread waits for, or 0. The file says
 * which system call the thread is in, with its arguments. A lock that
 * is taken makes pthread_mutex_lock() call futex(), with the address of
 * a word within the mutex.
 */
static uintptr_t waits_for(pid_t tid)
{
    char path[64];
    unsigned long address = 0;
    long call = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)tid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0; /* it has ended */
    if (fscanf(file, "%ld %lx", &call, &address) != 2)
        address = 0; /* "running" */
    fclose(file);
    return call == SYS_futex ? address : 0;
}

static void tell_who_waits(const struct worker *worker)
{
    uintptr_t word = waits_for(worker->tid);
    const char *has = "nothing";
    const struct device *wanted = NULL;

    for (struct device *d = devices; d < devices + DEVICES; d++) {
        if (d->holder == worker->tid)
            has = d->name;
        if (word - (uintptr_t)&d->lock < sizeof d->lock)
            wanted = d;
    }
    if (wanted != NULL)
        warnx("%s, thread %d, has %s and waits for %s, which thread "
              "%d has",
              worker->name, (int)worker->tid, has, wanted->name,
              (int)wanted->holder);
}

int main(int argc, char *argv[])
{
    struct worker workers[] = {
        {.name = "copier", .from = &devices[0], .to = &devices[1]},
        {.name = "checker", .from = &devices[1], .to = &devices[0]},
    };
    double limit = 0.5;
    struct timespec end;
    int opt;

    while ((opt = getopt(argc, argv, "t:h")) != -1) {
        if (opt != 't')
            usage(opt, usage_text);
        limit = parse_seconds("-t", optarg, 0.01, 3600);
    }
    if (optind < argc)
        usage('?', usage_text);

    check_pthread(pthread_barrier_init(&both_have_one, NULL, 2),
                  "pthread_barrier_init");
    for (int i = 0; i < 2; i++) {
        struct worker *w = &workers[i];

        check_pthread(pthread_create(&w->thread, NULL, transfer, w),
                      "pthread_create");
    }

    end = from_now(limit);
    for (int i = 0; i < 2; i++) {
        int error = pthread_timedjoin_np(workers[i].thread, NULL, &end);

        if (error != ETIMEDOUT) {
            check_pthread(error, "pthread_timedjoin_np");
            continue;
        }
        warnx("not done after %g s", limit);
        for (int k = 0; k < 2; k++)
            tell_who_waits(&workers[k]);
        return 1; /* the end of main() ends all threads, stuck or not */
    }
    return 0;
}
