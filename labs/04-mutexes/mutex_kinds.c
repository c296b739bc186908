/*
 * mutex_kinds: what each kind of mutex does when it is locked twice,
 * unlocked by the wrong thread, or left locked by one that ended.
 *
 * Usage: mutex_kinds [-t SECONDS] [KIND STEP...]
 *
 * Try:   mutex_kinds
 *        mutex_kinds errorcheck lock lock other:unlock unlock
 *        Your own steps. One with other: in front is done by another
 *        thread, which then ends.
 *        mutex_kinds normal lock lock
 *        The same without a check: it waits for itself.
 *
 * See:   pthread_mutex_lock(3), pthread_mutexattr_settype(3p),
 *        pthread_mutexattr_setrobust(3), pthread_mutex_consistent(3)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: mutex_kinds [-t SECONDS] [KIND STEP...]\n"
    "  -t SECONDS  give up if it takes longer (1)\n"
    "  KIND        normal, errorcheck, recursive or robust\n"
    "  STEP        lock, trylock, timedlock, unlock or consistent;\n"
    "              other:lock and so on: done by a thread that then "
    "ends\n";

/* A wait ends on a date, by the clock that says the time of day. */
static struct timespec from_now(double seconds)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    seconds += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    t.tv_sec = (time_t)seconds;
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    return t;
}

static int timedlock(pthread_mutex_t *mutex)
{
    const struct timespec end = from_now(0.02);

    return pthread_mutex_timedlock(mutex, &end);
}

static const struct call {
    const char *name;
    int (*function)(pthread_mutex_t *);
} calls[] = {
    {"lock", pthread_mutex_lock},
    {"trylock", pthread_mutex_trylock},
    {"timedlock", timedlock},
    {"unlock", pthread_mutex_unlock},
    {"consistent", pthread_mutex_consistent},
};

/* Several kinds are one type of mutex with another attribute. */
static const struct kind {
    const char *name;
    int type, robust;
} kinds[] = {
    {"normal", PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED},
    {"errorcheck", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED},
    {"recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED},
    {"robust", PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST},
};

/* The tour, for when no steps are given. */
static const char *const tours[][10] = {
    {"normal", "lock", "trylock", "timedlock", "unlock"},
    {"errorcheck", "unlock", "lock", "lock", "other:unlock", "unlock"},
    {"recursive", "lock", "lock", "unlock", "other:trylock", "unlock"},
    {"recursive", "lock", "unlock", "unlock", "other:lock", "trylock"},
    {"robust", "other:lock", "lock", "consistent", "unlock", "lock"},
    {"robust", "other:lock", "lock", "unlock", "lock"},
};

static const char *in_words(int error)
{
    switch (error) {
    case 0:
        return "ok";
    case EBUSY:
        return "EBUSY: somebody has it";
    case ETIMEDOUT:
        return "ETIMEDOUT: somebody kept it";
    case EDEADLK:
        return "EDEADLK: I have it already";
    case EPERM:
        return "EPERM: I don't have it";
    case EOWNERDEAD:
        return "EOWNERDEAD: I have it, but who had it ended with it";
    case ENOTRECOVERABLE:
        return "ENOTRECOVERABLE: nobody will ever have it again";
    case EINVAL:
        return "EINVAL: not for this mutex, or not now";
    default:
        return strerror(error);
    }
}

struct step {
    const struct call *call;
    bool by_other;
    pthread_mutex_t *mutex;
    int result;
};

struct script {
    const struct kind *kind;
    const char *const *words;  /* the steps, up to NULL */
    _Atomic(const char *) now; /* for the watchdog */
    pthread_mutex_t *mutex;
};

/* One for each script, since a mutex that may be locked must neither be
 * initialised again nor be destroyed. */
static pthread_mutex_t mutexes[sizeof tours / sizeof *tours];
static size_t mutexes_used;

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    }
    return NULL;
}

static struct step find_step(const char *word)
{
    const size_t len = strlen("other:");
    struct step step = {.by_other = strncmp(word, "other:", len) == 0};

    if (step.by_other)
        word += len;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(word, calls[i].name) == 0)
            step.call = &calls[i];
    }
    return step;
}

static void *do_step(void *arg)
{
    struct step *step = arg;

    step->result = step->call->function(step->mutex);
    return NULL;
}

static void *do_steps(void *arg)
{
    struct script *script = arg;
    const struct kind *kind = script->kind;
    pthread_mutexattr_t attr;
    pthread_t other;

    int error = pthread_mutexattr_init(&attr);

    check_pthread(error, "pthread_mutexattr_init");
    check_pthread(pthread_mutexattr_settype(&attr, kind->type),
                  "pthread_mutexattr_settype");
    check_pthread(pthread_mutexattr_setrobust(&attr, kind->robust),
                  "pthread_mutexattr_setrobust");
    check_pthread(pthread_mutex_init(script->mutex, &attr),
                  "pthread_mutex_init");
    pthread_mutexattr_destroy(&attr);

    for (const char *const *word = script->words; *word; word++) {
        struct step step = find_step(*word);

        script->now = *word;
        step.mutex = script->mutex;
        if (step.by_other) {
            check_pthread(pthread_create(&other, NULL, do_step, &step),
                          "pthread_create");
            check_pthread(pthread_join(other, NULL), "pthread_join");
        } else {
            do_step(&step);
        }
        say(kind->name, "%s: %s", *word, in_words(step.result));
    }
    return NULL;
}

/* The main thread waits, so that somebody can tell if the other one
 * waits for ever. */
static void run(const struct kind *kind, double limit,
                const char *const words[])
{
    struct script it = {.kind = kind, .words = words};
    const struct timespec end = from_now(limit);
    pthread_t thread;
    int error;

    it.mutex = &mutexes[mutexes_used++];
    check_pthread(pthread_create(&thread, NULL, do_steps, &it),
                  "pthread_create");
    error = pthread_timedjoin_np(thread, NULL, &end);
    if (error == ETIMEDOUT)
        errx(1, "%s: still waits after %g s", it.now, limit);
    check_pthread(error, "pthread_timedjoin_np");
}

int main(int argc, char *argv[])
{
    const struct kind *kind;
    double limit = 1;
    int opt;

    while ((opt = getopt(argc, argv, "t:h")) != -1) {
        if (opt != 't')
            usage(opt, usage_text);
        limit = parse_seconds("-t", optarg, 0.01, 3600);
    }
    if (optind == argc) {
        for (size_t i = 0; i < sizeof tours / sizeof *tours; i++)
            run(find_kind(tours[i][0]), limit, tours[i] + 1);
        return 0;
    }

    kind = find_kind(argv[optind]);
    if (kind == NULL || argv[optind + 1] == NULL)
        usage('?', usage_text);
    for (int i = optind + 1; i < argc; i++) {
        if (find_step(argv[i]).call == NULL)
            usage('?', usage_text);
    }
    run(kind, limit, (const char *const *)argv + optind + 1);
    return 0;
}
