/*
 * shm_counter: processes that count in shared memory under a mutex, and
 * what becomes of it when one dies with the lock.
 *
 * Usage: shm_counter [-c COUNT] [-j WORKERS] [-k | -s] [-x]
 *
 * Try:   shm_counter -k
 *        Worker 1 is killed in the middle of a change. The next one is
 *        told so, repairs it, and the count is exact. -x: nobody
 *        repairs it, and nobody gets the lock any more.
 *        shm_counter -s
 *        Worker 1 only stops. The others wait, until you kill it in
 *        another terminal: kill -9 PID.
 *
 * See:   pthread_mutexattr_setrobust(3), pthread_mutex_consistent(3),
 *        pthread_mutexattr_setpshared(3)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_WORKERS = 100 };

static const char help[] =
    "Usage: shm_counter [-c COUNT] [-j WORKERS] [-k | -s] [-x]\n"
    "  -c COUNT    what each worker adds, one by one (100000)\n"
    "  -j WORKERS  how many processes (3)\n"
    "  -k          worker 1 is killed with the lock, halfway\n"
    "  -s          worker 1 stops with the lock, for you to kill it\n"
    "  -x          who is told of the dead one repairs nothing\n";

/* The rule that holds whenever nobody has the lock: the count is the
 * sum of what each has done. */
static struct shared {
    pthread_mutex_t lock;
    long long count;
    long long done[MAX_WORKERS];
} * shared;

static bool repair = true;

static void init_lock(void)
{
    pthread_mutexattr_t attr;
    int error = pthread_mutexattr_init(&attr);

    check_pthread(error, "pthread_mutexattr_init");

    /* Without PROCESS_SHARED the waiter might not be found by the one
     * who unlocks: each would look for it in its own process only. */
    error = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    check_pthread(error, "pthread_mutexattr_setpshared");

    /* ROBUST: each thread has a list of what it holds. The kernel goes
     * through it when the thread ends, however it ends. */
    error = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    check_pthread(error, "pthread_mutexattr_setrobust");
    check_pthread(pthread_mutex_init(&shared->lock, &attr),
                  "pthread_mutex_init");
    pthread_mutexattr_destroy(&attr);
}

/* Makes the rule hold again, from what is certain. */
static void make_consistent(const char *who)
{
    long long before = shared->count, sum = 0;

    for (int i = 0; i < MAX_WORKERS; i++)
        sum += shared->done[i];
    shared->count = sum;
    check_pthread(pthread_mutex_consistent(&shared->lock),
                  "pthread_mutex_consistent");
    say(who, "EOWNERDEAD: repaired, %lld instead of %lld", sum, before);
}

static void lock(const char *who)
{
    int error = pthread_mutex_lock(&shared->lock);

    /* We have the lock all the same; what it protects may be halfway
     * between two states. */
    if (error == EOWNERDEAD && repair) {
        make_consistent(who);
        return;
    }
    if (error == EOWNERDEAD) {
        say(who, "EOWNERDEAD: unlocks and says nothing");
        pthread_mutex_unlock(&shared->lock);
        error = pthread_mutex_lock(&shared->lock);
    }
    if (error == ENOTRECOVERABLE) {
        say(who, "ENOTRECOVERABLE: nobody gets this lock any more");
        _exit(1);
    }
    check_pthread(error, "pthread_mutex_lock");
}

static void work(int number, long long count, int signal_halfway)
{
    char who[24];

    snprintf(who, sizeof who, "worker %d", number);
    for (long long i = 1; i <= count; i++) {
        lock(who);
        shared->done[number - 1]++;
        if (signal_halfway != 0 && i == (count + 1) / 2) {
            say(who, "has the lock, and %s",
                signal_halfway == SIGKILL ? "is killed" : "stops");
            raise(signal_halfway);
        }
        shared->count++;
        check_pthread(pthread_mutex_unlock(&shared->lock),
                      "pthread_mutex_unlock");
    }
}

static pid_t start(int number, long long count, int sig, pid_t parent)
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
    /* Of several that wait for a lock that is nobody's any more, glibc
     * 2.36 now and then leaves one asleep: that one has an end, too. */
    if (!repair)
        alarm(5);
    work(number, count, sig);
    _exit(0);
}

/* Waits until the child is dead, or stopped, and doesn't reap it. */
static void wait_for_its_signal(pid_t child)
{
    const int what = WEXITED | WSTOPPED | WNOWAIT;
    siginfo_t info;

    while (waitid(P_PID, (id_t)child, &info, what) == -1) {
        if (errno != EINTR)
            err(1, "waitid");
    }
}

int main(int argc, char *argv[])
{
    long long count = 100000, sum = 0;
    int workers = 3, sig = 0, bad = 0, status, opt;
    pid_t parent = getpid(), child;

    while ((opt = getopt(argc, argv, "hc:j:ksx")) != -1) {
        switch (opt) {
        case 'c':
            count = parse_number("-c", optarg, 1, 1000000000);
            break;
        case 'j':
            workers = (int)parse_number("-j", optarg, 1, MAX_WORKERS);
            break;
        case 'k':
            sig = SIGKILL;
            break;
        case 's':
            sig = SIGSTOP;
            break;
        case 'x':
            repair = false;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    init_lock();

    /* Worker 1 first, for else the others may be done before. */
    child = start(1, count, sig, parent);
    if (sig != 0)
        wait_for_its_signal(child);
    for (int i = 2; i <= workers; i++)
        start(i, count, 0, parent);
    for (int left = workers; left > 0;) {
        child = wait(&status);
        if (child == -1 && errno != EINTR)
            err(1, "wait");
        left -= child > 0;
        bad += child > 0 && status != 0;
    }

    lock("main"); /* the others may have been done before one died */
    for (int i = 0; i < workers; i++)
        sum += shared->done[i];
    say("main", "%lld steps, counted %lld; %d of %d workers died", sum,
        shared->count, bad, workers);
    return sum == shared->count && bad == (sig != 0) ? 0 : 1;
}
