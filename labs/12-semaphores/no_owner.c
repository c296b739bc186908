/*
 * no_owner: a semaphore isn't a mutex. Nobody owns it: whoever wants to
 * may give what another one took, or what nobody took.
 *
 * Usage: no_owner [sem|mutex STEP...]
 *
 * Try:   no_owner
 *        no_owner sem take other:give give take take take
 *        Your own steps. One with other: in front is done by another
 *        process. After one "give" too many, two are inside.
 *
 * See:   sem_post(3), sem_trywait(3), pthread_mutex_unlock(3p),
 *        pthread_mutexattr_settype(3p)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: no_owner [sem|mutex STEP...]\n"
    "  STEP  take or give, without waiting; other:take, other:give:\n"
    "        done by another process, which then ends\n";

static struct {
    sem_t sem;
    pthread_mutex_t mutex;
} * shared;

static const char *const tours[][7] = {
    {"sem", "take", "other:take", "other:give", "other:take", "give"},
    {"sem", "give", "take", "take", "take"},
    {"mutex", "take", "other:take", "other:give", "give", "give"},
};

/* Both anew: a counter that is 1, and a mutex that checks who it is. */
static void make_both(void)
{
    pthread_mutexattr_t attr;
    int error;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    if (sem_init(&shared->sem, 1, 1) == -1)
        err(1, "sem_init");
    error = pthread_mutexattr_init(&attr);
    check_pthread(error, "pthread_mutexattr_init");
    error = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    check_pthread(error, "pthread_mutexattr_setpshared");
    error = pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    check_pthread(error, "pthread_mutexattr_settype");
    check_pthread(pthread_mutex_init(&shared->mutex, &attr),
                  "pthread_mutex_init");
    pthread_mutexattr_destroy(&attr);
}

static bool is_take(const char *step)
{
    size_t len = strlen(step);

    return len >= 4 && strcmp(step + len - 4, "take") == 0;
}

/* Returns 0 or an error. */
static int do_step(bool mutex, const char *step)
{
    bool take = is_take(step);
    sem_t *sem = &shared->sem;
    int result;

    if (mutex)
        return take ? pthread_mutex_trylock(&shared->mutex)
                    : pthread_mutex_unlock(&shared->mutex);
    do
        result = take ? sem_trywait(sem) : sem_post(sem);
    while (result == -1 && errno == EINTR);
    return result == -1 ? errno : 0;
}

static void say_result(const char *what, const char *step, int error)
{
    const char *words = error == 0        ? "ok"
                        : error == EAGAIN ? "EAGAIN: none is left"
                        : error == EBUSY  ? "EBUSY: somebody has it"
                        : error == EPERM  ? "EPERM: it isn't mine"
                                          : strerror(error);

    say(what, "%s: %s", step, words);
}

/* Steps that end at NULL. */
static void run(const char *what, const char *const *steps)
{
    bool mutex = strcmp(what, "mutex") == 0;
    int status;

    make_both();
    for (; *steps != NULL; steps++) {
        pid_t child;

        if (strncmp(*steps, "other:", 6) != 0) {
            say_result(what, *steps, do_step(mutex, *steps));
            continue;
        }
        child = fork();
        if (child == -1)
            err(1, "fork");
        if (child == 0) {
            say_result(what, *steps, do_step(mutex, *steps));
            exit(0);
        }
        while (waitpid(child, &status, 0) == -1) {
            if (errno != EINTR)
                err(1, "waitpid");
        }
        if (status != 0)
            exit(1);
    }
    munmap(shared, sizeof *shared);
}

int main(int argc, char *argv[])
{
    const char *what;
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    if (optind == argc) {
        for (size_t i = 0; i < sizeof tours / sizeof *tours; i++)
            run(tours[i][0], tours[i] + 1);
        return 0;
    }

    what = argv[optind];
    if (strcmp(what, "sem") != 0 && strcmp(what, "mutex") != 0)
        usage('?', help);
    for (int i = optind + 1; i < argc; i++) {
        const char *step = argv[i];

        if (strncmp(step, "other:", 6) == 0)
            step += 6;
        if (strcmp(step, "take") != 0 && strcmp(step, "give") != 0)
            usage('?', help);
    }
    run(what, (const char *const *)argv + optind + 1);
    return 0;
}
