/*
 * unkind: makes happen what the standard allows and a quiet machine hardly
 * ever shows, so that a mistake in the use of mutexes and condition variables
 * is seen in every run. Preloaded into the program (ld.so(8)); what it does is
 * in the environment:
 *
 *   UNKIND="WORD..."
 *
 *   early      every other pthread_cond_wait() returns at once, though nobody
 *              has signalled: a spurious wakeup
 *   late=MS    a thread that is woken gets its mutex only MS milliseconds
 *              later, so that others are faster
 *   hold       a thread that is woken gets its mutex only when it has read a
 *              byte from the FIFO "hold" in the current folder; it does so in
 *              readv(2), by which it is told from threads that wait elsewhere
 *   lock=MS    a thread waits before it takes a mutex
 *   second=MS  a thread that has a mutex already waits before it takes another
 *   unlock=MS  a thread waits after it has given a mutex back
 *
 * Whatever it does, a scheduler could have done too. It looks at the functions
 * of libc that are found at run time only: not at those of a static program,
 * nor at those that a sanitizer has put in their places.
 *
 * See: pthread_cond_wait(3p), pthread_mutex_lock(3p), dlsym(3)
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#define PUBLIC __attribute__((visibility("default")))

static struct {
    bool early;
    long late, lock, second, unlock; /* milliseconds */
    int hold;                        /* the FIFO, or -1 */
} unkind = {.hold = -1};

static int (*real_lock)(pthread_mutex_t *);
static int (*real_trylock)(pthread_mutex_t *);
static int (*real_timedlock)(pthread_mutex_t *, const struct timespec *);
static int (*real_unlock)(pthread_mutex_t *);
static int (*real_wait)(pthread_cond_t *, pthread_mutex_t *);
static int (*real_timedwait)(pthread_cond_t *, pthread_mutex_t *,
                             const struct timespec *);
static int (*real_clockwait)(pthread_cond_t *, pthread_mutex_t *, clockid_t,
                             const struct timespec *);

static __thread int held;    /* so many mutexes are this thread's */
static __thread bool seldom; /* its next wait ends early */

/* The function that is hidden behind ours. glibc on x86-64 has two condition
 * variables under one name, and dlsym() may find the one of 1998. */
static void *real(const char *name, const char *version)
{
    void *function = NULL;

#ifdef __GLIBC__
    if (version != NULL)
        function = dlvsym(RTLD_NEXT, name, version);
#else
    (void)version;
#endif
    if (function == NULL)
        function = dlsym(RTLD_NEXT, name);
    if (function == NULL) {
        fprintf(stderr, "unkind: %s: not found\n", name);
        abort();
    }
    return function;
}

static long milliseconds(const char *words, const char *word)
{
    const char *found = strstr(words, word);

    return found == NULL ? 0 : strtol(found + strlen(word), NULL, 10);
}

__attribute__((constructor)) static void begin(void)
{
    char words[200] = " ";
    const char *wanted = getenv("UNKIND");

    *(void **)&real_lock = real("pthread_mutex_lock", NULL);
    *(void **)&real_trylock = real("pthread_mutex_trylock", NULL);
    *(void **)&real_timedlock = real("pthread_mutex_timedlock", NULL);
    *(void **)&real_unlock = real("pthread_mutex_unlock", NULL);
    *(void **)&real_wait = real("pthread_cond_wait", "GLIBC_2.3.2");
    *(void **)&real_timedwait = real("pthread_cond_timedwait", "GLIBC_2.3.2");

    /* musl and old versions of glibc don't have it: then nobody calls ours. */
    *(void **)&real_clockwait = dlsym(RTLD_NEXT, "pthread_cond_clockwait");

    /* Other programs that this one starts are none of our business, and may
     * have another libc. */
    unsetenv("LD_PRELOAD");

    strncat(words, wanted == NULL ? "" : wanted, sizeof words - 2);
    unkind.early = strstr(words, " early") != NULL;
    unkind.late = milliseconds(words, " late=");
    unkind.lock = milliseconds(words, " lock=");
    unkind.second = milliseconds(words, " second=");
    unkind.unlock = milliseconds(words, " unlock=");
    if (strstr(words, " hold") != NULL) {
        unkind.hold = open("hold", O_RDWR | O_CLOEXEC);
        if (unkind.hold == -1) {
            perror("unkind: hold");
            abort();
        }
    }
}

static void dawdle(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000,
                            .tv_nsec = ms % 1000 * 1000000};
    int saved_errno = errno;

    if (ms > 0) {
        while (nanosleep(&left, &left) == -1 && errno == EINTR)
            continue;
    }
    errno = saved_errno;
}

static void dawdle_before_lock(void)
{
    dawdle(held > 0 && unkind.second > 0 ? unkind.second : unkind.lock);
}

/* Counts a mutex that is this thread's now. With EOWNERDEAD it is, too. */
static int got(int error)
{
    if (error == 0 || error == EOWNERDEAD)
        held++;
    return error;
}

PUBLIC int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    dawdle_before_lock();
    return got(real_lock(mutex));
}

PUBLIC int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    dawdle_before_lock();
    return got(real_trylock(mutex));
}

PUBLIC int pthread_mutex_timedlock(pthread_mutex_t *mutex,
                                   const struct timespec *until)
{
    dawdle_before_lock();
    return got(real_timedlock(mutex, until));
}

PUBLIC int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    int error = real_unlock(mutex);

    if (error == 0)
        held--;
    dawdle(unkind.unlock);
    return error;
}

/* Whether this wait ends at once. Others can have the mutex meanwhile. */
static bool ends_early(pthread_mutex_t *mutex)
{
    if (!unkind.early)
        return false;
    seldom = !seldom;
    if (!seldom)
        return false;
    real_unlock(mutex);
    dawdle(1);
    real_lock(mutex);
    return true;
}

static void be_held(void)
{
    char byte;
    struct iovec place = {&byte, 1};

    while (readv(unkind.hold, &place, 1) == -1 && errno == EINTR)
        continue;
}

static int woken(int error, pthread_mutex_t *mutex)
{
    if (unkind.late > 0 || unkind.hold != -1) {
        real_unlock(mutex);
        dawdle(unkind.late);
        if (unkind.hold != -1)
            be_held();
        real_lock(mutex);
    }
    return error;
}

PUBLIC int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return ends_early(mutex) ? 0 : woken(real_wait(cond, mutex), mutex);
}

PUBLIC int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until)
{
    return ends_early(mutex) ? 0
                             : woken(real_timedwait(cond, mutex, until), mutex);
}

PUBLIC int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  clockid_t clock, const struct timespec *until)
{
    return ends_early(mutex)
               ? 0
               : woken(real_clockwait(cond, mutex, clock, until), mutex);
}
