/*
 * locks.c: what threads do when they share something. On one CPU a
 * thread does it alone. On two CPUs a rival does the same all the time;
 * what is measured is what one of the two has to pay.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "lab.h"
#include "operations.h"
#include "run.h"

static struct {
    _Alignas(64) _Atomic uint64_t number;
    _Alignas(64) pthread_mutex_t mutex;
    _Alignas(64) sem_t semaphore;
    _Alignas(64) uint64_t guarded; /* by the mutex or the semaphore */
    _Alignas(64) _Atomic int rivals;
    _Alignas(64) _Atomic bool over;
} shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* Each of these does it so often. */
static void add(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        atomic_fetch_add(&shared.number, 1);
}

static void lock_and_unlock(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        int error = pthread_mutex_lock(&shared.mutex);

        check_pthread(error, "pthread_mutex_lock");
        shared.guarded++;
        error = pthread_mutex_unlock(&shared.mutex);
        check_pthread(error, "pthread_mutex_unlock");
    }
}

static void wait_and_post(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        while (sem_wait(&shared.semaphore) == -1)
            if (errno != EINTR)
                err(1, "sem_wait");
        shared.guarded++;
        if (sem_post(&shared.semaphore) == -1)
            err(1, "sem_post");
    }
}

struct rival {
    void (*work)(uint64_t count);
    int cpu;
};

static void *compete(void *arg)
{
    const struct rival *me = arg;

    pin(me->cpu);
    atomic_store(&shared.rivals, 1);
    while (!atomic_load_explicit(&shared.over, memory_order_relaxed))
        me->work(16);
    return NULL;
}

static double measure(void (*work)(uint64_t count), uint64_t count,
                      const int cpus[2])
{
    struct rival rival = {work, cpus[1]};
    int64_t start, end;
    pthread_t thread;

    pin(cpus[0]);
    if (cpus[0] != cpus[1]) {
        atomic_store(&shared.rivals, 0);
        atomic_store(&shared.over, false);
        check_pthread(pthread_create(&thread, NULL, compete, &rival),
                      "pthread_create");
        while (atomic_load(&shared.rivals) == 0)
            ;
    }
    start = now_ns();
    work(count);
    end = now_ns();
    if (cpus[0] != cpus[1]) {
        atomic_store(&shared.over, true);
        check_pthread(pthread_join(thread, NULL), "pthread_join");
    }
    return (double)(end - start);
}

double add_atomically(uint64_t count, const int cpus[2])
{
    return measure(add, count, cpus);
}

double lock_mutex(uint64_t count, const int cpus[2])
{
    return measure(lock_and_unlock, count, cpus);
}

double take_semaphore(uint64_t count, const int cpus[2])
{
    static bool made;

    if (!made && sem_init(&shared.semaphore, 0, 1) == -1)
        err(1, "sem_init");
    made = true;
    return measure(wait_and_post, count, cpus);
}
