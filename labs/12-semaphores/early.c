/*
 * early: a semaphore counts what came before anybody waited. A
 * condition variable doesn't.
 *
 * Usage: early [-n COUNT] [-t SECONDS]
 *
 * Try:   early -n 3
 *        The child comes when all has been posted and signalled. The
 *        semaphore lets it through three times, and not a fourth time;
 *        the condition variable keeps nothing for it.
 *
 * See:   sem_post(3), pthread_cond_signal(3),
 *        pthread_condattr_setpshared(3p)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: early [-n COUNT] [-t SECONDS]\n"
                           "  -n COUNT    so often (3)\n"
                           "  -t SECONDS  the waits end then (0.1)\n";

static struct {
    sem_t sem;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
} * shared;

/* All three have to be told that processes share them. */
static void make_shared(void)
{
    pthread_mutexattr_t m;
    int error;
    pthread_condattr_t c;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    if (sem_init(&shared->sem, 1, 0) == -1)
        err(1, "sem_init");

    error = pthread_mutexattr_init(&m);
    check_pthread(error, "mutexattr_init");
    error = pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    check_pthread(error, "pthread_mutexattr_setpshared");
    check_pthread(pthread_mutex_init(&shared->mutex, &m), "mutex_init");
    pthread_mutexattr_destroy(&m);

    error = pthread_condattr_init(&c);
    check_pthread(error, "condattr_init");
    error = pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
    check_pthread(error, "pthread_condattr_setpshared");
    check_pthread(pthread_cond_init(&shared->cond, &c), "cond_init");
    pthread_condattr_destroy(&c);
}

/* A wait ends at a time of day, not after a duration. */
static struct timespec from_now(double seconds)
{
    struct timespec t;

    if (clock_gettime(CLOCK_REALTIME, &t) == -1)
        err(1, "clock_gettime");
    seconds += (double)t.tv_nsec / 1e9;
    t.tv_sec += (time_t)seconds;
    t.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9);
    return t;
}

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&shared->mutex), "lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&shared->mutex), "unlock");
}

static void come_late(double seconds)
{
    struct timespec end = from_now(seconds);
    int count = 0, error;

    for (;;) {
        if (sem_timedwait(&shared->sem, &end) == 0)
            count++;
        else if (errno == ETIMEDOUT)
            break;
        else if (errno != EINTR) /* then the moment remains the same */
            err(1, "sem_timedwait");
    }
    say("child", "the semaphore let it through %d times", count);

    /* One wait will do: nobody signals any more. */
    lock();
    end = from_now(seconds);
    error = pthread_cond_timedwait(&shared->cond, &shared->mutex, &end);
    unlock();
    if (error != ETIMEDOUT)
        check_pthread(error, "pthread_cond_timedwait");
    say("child", "the condition variable let it through %d times",
        error == 0 ? 1 : 0);
}

int main(int argc, char *argv[])
{
    double seconds = 0.1;
    int count = 3, status, opt;
    pid_t child;

    while ((opt = getopt(argc, argv, "hn:t:")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 0, 1000000);
            break;
        case 't':
            seconds = parse_seconds("-t", optarg, 0.01, 1000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    make_shared();

    for (int i = 0; i < count; i++) {
        if (sem_post(&shared->sem) == -1)
            err(1, "sem_post");
        lock();
        check_pthread(pthread_cond_signal(&shared->cond),
                      "pthread_cond_signal");
        unlock();
    }
    say("parent", "posted and signalled %d times", count);

    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        come_late(seconds);
        exit(0);
    }
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return status == 0 ? 0 : 1;
}
