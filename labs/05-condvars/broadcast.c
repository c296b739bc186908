/*
 * broadcast: pthread_cond_signal() wakes one of those who wait, and
 * pthread_cond_broadcast() all.
 *
 * Usage: broadcast [-n THREADS] [-s SIGNALS] [-w]
 *
 * Try:   broadcast -n 5 -s 2
 *        Two signals wake two threads. One broadcast wakes the rest.
 *        broadcast -n 5 -w
 *        Holds still in between. Type the command that it prints in
 *        another terminal: those who sleep on are still there.
 *
 * See:   pthread_cond_signal(3), pthread_cond_broadcast(3)
 */
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_THREADS = 1000 };

static const char usage_text[] =
    "Usage: broadcast [-n THREADS] [-s SIGNALS] [-w]\n"
    "  -n THREADS  how many threads wait (4)\n"
    "  -s SIGNALS  how many of them are woken one by one (1)\n"
    "  -w          hold still before each step, until Enter\n";

/* All of this belongs to whoever holds the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t pass_given = PTHREAD_COND_INITIALIZER;
static pthread_cond_t noted = PTHREAD_COND_INITIALIZER;
static int passes;  /* not yet taken */
static int waiting; /* threads that wait for a pass */
static int woken;   /* threads that have got one */

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&mutex), "pthread_mutex_lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&mutex), "pthread_mutex_unlock");
}

static void *wait_for_pass(void *unused)
{
    int error = 0;

    lock();
    waiting++;
    check_pthread(pthread_cond_signal(&noted), "pthread_cond_signal");

    /* POSIX allows a wait to return though nobody has woken it. Such a
     * spurious wake-up finds no pass, and so it isn't counted. */
    while (passes == 0 && error == 0)
        error = pthread_cond_wait(&pass_given, &mutex);
    check_pthread(error, "pthread_cond_wait");

    passes--;
    waiting--;
    woken++;
    check_pthread(pthread_cond_signal(&noted), "pthread_cond_signal");
    unlock();
    return unused;
}

/* Main waits until a counter has come that far. */
static void await(const int *counter, int wanted)
{
    int error = 0;

    while (*counter < wanted && error == 0)
        error = pthread_cond_wait(&noted, &mutex);
    check_pthread(error, "pthread_cond_wait");
}

static void report(const char *call, int before)
{
    say("main", "%s woke %d threads, %d sleep on", call, woken - before,
        waiting);
}

/* Without the mutex: others may need it meanwhile. */
static void hold(const char *next)
{
    unlock();
    say("main", "look: grep ctxt /proc/%d/task/*/status", getpid());
    say("main", "Enter makes me %s", next);
    wait_for_enter();
    lock();
}

int main(int argc, char *argv[])
{
    static pthread_t threads[MAX_THREADS];
    int n = 4, signals = 1, opt, error;
    bool still = false;

    while ((opt = getopt(argc, argv, "n:s:wh")) != -1) {
        switch (opt) {
        case 'n':
            n = (int)parse_number("-n", optarg, 1, MAX_THREADS);
            break;
        case 's':
            signals = (int)parse_number("-s", optarg, 0, MAX_THREADS);
            break;
        case 'w':
            still = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc || signals > n)
        usage('?', usage_text);

    for (int i = 0; i < n; i++) {
        error = pthread_create(&threads[i], NULL, wait_for_pass, NULL);
        check_pthread(error, "pthread_create");
    }

    lock();
    await(&waiting, n);
    say("main", "%d threads wait", waiting);

    if (still)
        hold("signal");
    passes = signals;
    for (int i = 0; i < signals; i++) {
        error = pthread_cond_signal(&pass_given);
        check_pthread(error, "pthread_cond_signal");
    }
    await(&woken, signals);
    report("signal", 0);

    if (still)
        hold("broadcast");
    passes = waiting;
    error = pthread_cond_broadcast(&pass_given);
    check_pthread(error, "pthread_cond_broadcast");
    await(&woken, n);
    report("broadcast", signals);
    unlock();

    for (int i = 0; i < n; i++)
        check_pthread(pthread_join(threads[i], NULL), "pthread_join");
    return 0;
}
