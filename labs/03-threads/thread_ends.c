/*
 * thread_ends: which ends of a thread are only its own, and which are
 * the end of the whole process.
 *
 * Usage: thread_ends [CASE]...
 *        CASE is return, pthread_exit, cancel, exit, signal or fault
 *
 * Try:   thread_ends
 *        Each case in a child process of its own. A second process, the
 *        neighbour, lives through them all.
 *        thread_ends fault; then thread_ends return fault return
 *
 * See:   pthreads(7), pthread_exit(3), pthread_cancel(3), exit(3),
 *        pthread_kill(3), signal(7)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum { OWN_STATUS = 7 }; /* what a worker's exit() says */

static const char help[] =
    "Usage: thread_ends [CASE]...\n"
    "  CASE  return, pthread_exit, cancel, exit, signal, fault (all)\n";

/* --- What the worker, a second thread, does to end --- */

static void *by_return(void *arg)
{
    return arg;
}

static void *by_pthread_exit(void *arg)
{
    pthread_exit(arg);
}

/* For cancel and signal: main ends it. */
static void *by_others(void *arg)
{
    for (;;)
        pause();
    return arg;
}

/* exit() is for the process. The exit of a thread is pthread_exit(). */
static void *by_exit(void *arg)
{
    (void)arg;
    exit(OWN_STATUS);
}

/* Nobody has given it anything: this writes to address 0. It is meant,
 * so no sanitizer shall report it. */
#define ON_PURPOSE __attribute__((no_sanitize("undefined")))

ON_PURPOSE static void *by_fault(void *arg)
{
    *(volatile int *)arg = 1;
    return arg;
}

static void cancel_it(pthread_t worker)
{
    check_pthread(pthread_cancel(worker), "pthread_cancel");
}

/* The signal goes to this thread and no other. But what it does, its
 * action, is of the process: by default SIGTERM ends that. */
static void signal_it(pthread_t worker)
{
    check_pthread(pthread_kill(worker, SIGTERM), "pthread_kill");
}

static const struct end {
    const char *name;
    void *(*worker)(void *);
    void (*by_main)(pthread_t worker);
} ends[] = {
    /* these end by themselves */
    {"return", by_return, NULL},
    {"pthread_exit", by_pthread_exit, NULL},
    {"exit", by_exit, NULL},
    {"fault", by_fault, NULL},
    /* these are ended by main */
    {"cancel", by_others, cancel_it},
    {"signal", by_others, signal_it},
};
enum { END_COUNT = sizeof ends / sizeof ends[0] };

/* --- The processes --- */

/* While this pipe has a write end, the neighbour stays. */
static int alive[2];

static pid_t fork_child(void)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork");
    return child;
}

static int wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return status;
}

/* Two threads, one of which ends. What becomes of the other? */
static _Noreturn void be_child(const struct end *end)
{
    const struct sigaction default_action = {.sa_handler = SIG_DFL};
    pthread_t worker;
    sigset_t none;

    close(alive[WRITE_END]);
    prctl(PR_SET_DUMPABLE, 0); /* leave no core file */
    sigaction(SIGSEGV, &default_action, NULL);
    sigaction(SIGTERM, &default_action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    check_pthread(pthread_create(&worker, NULL, end->worker, NULL),
                  "pthread_create");
    if (end->by_main != NULL)
        end->by_main(worker);
    check_pthread(pthread_join(worker, NULL), "pthread_join");
    say("child", "my worker has ended, I live on");
    _exit(0);
}

static void show(const struct end *end)
{
    pid_t child = fork_child();
    int status;

    if (child == 0)
        be_child(end);
    status = wait_for(child);
    if (WIFSIGNALED(status))
        say("parent", "%s: %s ended the child, all of it", end->name,
            signal_name(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == OWN_STATUS)
        say("parent", "%s: exit status %d ended the child, all of it",
            end->name, OWN_STATUS);
    else if (WEXITSTATUS(status) != 0)
        errx(1, "%s: the child has failed", end->name);
    else
        say("parent", "%s: only the thread ended", end->name);
}

static const struct end *find(const char *name)
{
    for (size_t i = 0; i < END_COUNT; i++) {
        if (strcmp(ends[i].name, name) == 0)
            return &ends[i];
    }
    warnx("'%s' is no case", name);
    usage('?', help);
}

int main(int argc, char *argv[])
{
    pid_t neighbour;
    char byte;
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    for (int i = optind; i < argc; i++)
        find(argv[i]);

    if (pipe(alive) == -1)
        err(1, "pipe");
    neighbour = fork_child();
    if (neighbour == 0) {
        close(alive[WRITE_END]);
        if (read_full(alive[READ_END], &byte, 1) == -1)
            err(1, "read");
        say("neighbour", "nothing has happened to me");
        _exit(0);
    }
    close(alive[READ_END]);

    if (optind == argc) {
        for (size_t i = 0; i < END_COUNT; i++)
            show(&ends[i]);
    }
    for (int i = optind; i < argc; i++)
        show(find(argv[i]));

    close(alive[WRITE_END]);
    return wait_for(neighbour) == 0 ? 0 : 1;
}
