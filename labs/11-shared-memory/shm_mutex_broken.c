/*
 * shm_mutex_broken: a process dies with a mutex that isn't robust, and
 * the others wait for it for ever.
 *
 * Usage: shm_mutex_broken [-t SECONDS] [-j WORKERS]
 *
 * Try:   shm_mutex_broken
 *        Nothing in the memory says that the holder is dead. Then run
 *        shm_counter -k, the repair.
 *
 * Ends:  exit 1
 *
 * See:   pthread_mutexattr_setrobust(3), futex(2)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_WORKERS = 100 };

static const char help[] =
    "Usage: shm_mutex_broken [-t SECONDS] [-j WORKERS]\n"
    "  -t SECONDS  give up if it takes longer (0.5)\n"
    "  -j WORKERS  how many wait for the lock, up to 100 (2)\n";

static struct shared {
    pthread_mutex_t lock;
    pid_t holder; /* for people: no lock looks at it */
} * shared;

/* Process-shared, and nothing else: the mistake. */
static void init_lock(void)
{
    pthread_mutexattr_t attr;
    int error = pthread_mutexattr_init(&attr);

    check_pthread(error, "pthread_mutexattr_init");
    error = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    check_pthread(error, "pthread_mutexattr_setpshared");
    check_pthread(pthread_mutex_init(&shared->lock, &attr),
                  "pthread_mutex_init");
    pthread_mutexattr_destroy(&attr);
}

/* Takes the lock. The one that is to die doesn't give it back. */
static void use_lock(const char *who, bool die)
{
    int error = pthread_mutex_lock(&shared->lock);

    check_pthread(error, "pthread_mutex_lock");
    shared->holder = getpid();
    say(who, "has the lock%s", die ? ", and is killed" : "");
    if (die)
        raise(SIGKILL);
    error = pthread_mutex_unlock(&shared->lock);
    check_pthread(error, "pthread_mutex_unlock");
}

static pid_t start(const char *who, bool die, pid_t parent)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork"); /* the others end with us: PR_SET_PDEATHSIG */
    if (child > 0)
        return child;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        err(1, "prctl");
    if (getppid() != parent)
        _exit(1);
    use_lock(who, die);
    _exit(0);
}

static void reap(pid_t child)
{
    while (waitpid(child, NULL, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
}

/* The watchdog: waits until a child has ended, but only so long. Its
 * SIGCHLD is blocked, so it stays to be found if it comes early. */
static bool a_child_ends(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds};
    sigset_t set;
    int sig;

    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    do
        sig = sigtimedwait(&set, NULL, &time);
    while (sig == -1 && errno == EINTR);
    if (sig == -1 && errno != EAGAIN)
        err(1, "sigtimedwait");
    return sig > 0;
}

int main(int argc, char *argv[])
{
    pid_t parent = getpid(), pids[MAX_WORKERS];
    int workers = 2, opt;
    double limit = 0.5;
    sigset_t set;

    while ((opt = getopt(argc, argv, "ht:j:")) != -1) {
        if (opt == 't')
            limit = parse_seconds("-t", optarg, 0.01, 3600);
        else if (opt == 'j')
            workers = (int)parse_number("-j", optarg, 1, MAX_WORKERS);
        else
            usage(opt, help);
    }
    if (optind < argc)
        usage('?', help);

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    init_lock();
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
        err(1, "sigprocmask");

    reap(start("holder", true, parent));
    a_child_ends(0); /* that was this one's SIGCHLD */
    for (int i = 0; i < workers; i++)
        pids[i] = start("worker", false, parent);
    if (a_child_ends(limit))
        errx(1, "a worker has ended");

    for (int i = 0; i < workers; i++) {
        warnx("%d waits after %g s for the lock of %d, which is dead",
              (int)pids[i], limit, (int)shared->holder);
        kill(pids[i], SIGKILL);
        reap(pids[i]);
    }
    return 1;
}
