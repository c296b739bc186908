/*
 * sigwait: in a program with threads, all of them block the signals,
 * and one takes them with sigwait(), one by one, like any other input.
 *
 * Usage: sigwait [-n COUNT] [-w WORKERS]
 *
 * Try:   sigwait
 *        In a terminal it waits for Enter: send it SIGUSR1, and look
 *        for SigBlk in /proc/PID/task/TID/status of each thread. The
 *        one in sigwait() lets them through, for as long as it waits.
 *
 * See:   pthread_sigmask(3), sigwait(3), signal(7), pthreads(7)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: sigwait [-n COUNT] [-w WORKERS]\n"
    "  -n COUNT    send myself so many signals (3)\n"
    "  -w WORKERS  so many threads do something else (2)\n";

enum { READ_END, WRITE_END };
enum { MAX_WORKERS = 50 };

static int jobs[2];      /* a pipe: what the workers wait for */
static sigset_t signals; /* those that one thread takes */
static sem_t taken;
static atomic_bool ended;

/* Without the mask, any signal might be handled by this thread, in the
 * middle of its read(). */
static void *work(void *arg)
{
    char job;
    ssize_t n = read(jobs[READ_END], &job, 1);

    if (n == -1 && errno != EINTR)
        err(1, "read");
    say("worker", "thread %d: read() %s", (int)gettid(),
        n == -1 ? "was interrupted" : "was left in peace");
    return arg;
}

/* No handler, so no rules about what may be called: this is a thread
 * that does nothing else, and printf(), malloc() and locks are fine. */
static void *take_signals(void *arg)
{
    int sig;

    while (!ended) {
        check_pthread(sigwait(&signals, &sig), "sigwait");
        say("taker", "thread %d: %s", (int)gettid(), signal_name(sig));
        if (sig == SIGTERM)
            ended = true;
        sem_post(&taken);
    }
    close(jobs[WRITE_END]); /* the workers' end of file */
    return arg;
}

static pthread_t start(void *(*function)(void *))
{
    pthread_t thread;

    check_pthread(pthread_create(&thread, NULL, function, NULL),
                  "pthread_create");
    return thread;
}

int main(int argc, char *argv[])
{
    pthread_t workers[MAX_WORKERS], taker;
    int count = 3, wanted = 2, opt;

    while ((opt = getopt(argc, argv, "hn:w:")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 0, 1000);
            break;
        case 'w':
            wanted = (int)parse_number("-w", optarg, 0, MAX_WORKERS);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    /* Before the first thread: each new one begins with the mask of the
     * thread that made it. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGTERM);
    check_pthread(pthread_sigmask(SIG_BLOCK, &signals, NULL),
                  "pthread_sigmask");

    if (pipe(jobs) == -1 || sem_init(&taken, 0, 0) == -1)
        err(1, "pipe or semaphore");
    for (int i = 0; i < wanted; i++)
        workers[i] = start(work);
    taker = start(take_signals);

    /* kill() sends to the process: the kernel looks for a thread that
     * doesn't block the signal, or waits for it in sigwait(). Each only
     * after the last was taken, or they would become one. */
    for (int i = 0; i < count && !ended; i++) {
        kill(getpid(), SIGUSR1);
        while (sem_wait(&taken) == -1)
            continue; /* EINTR */
    }
    if (!ended) {
        say("main", "Enter sends SIGTERM, which ends us");
        wait_for_enter();
        kill(getpid(), SIGTERM);
    }

    check_pthread(pthread_join(taker, NULL), "pthread_join");
    for (int i = 0; i < wanted; i++)
        check_pthread(pthread_join(workers[i], NULL), "pthread_join");
    return 0;
}
