/*
 * fault: a fault ends the process it happens in, with all its threads,
 * and no other process.
 *
 * Usage: fault
 *
 * Try:   fault
 *        The parent reads from the wait status which signal the kernel
 *        sent to each child, and lives on.
 *
 * See:   signal(7), waitpid(2), abort(3), pthreads(7)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: fault\n"
                           "Runs children that fault.\n";

/* These faults are meant: no sanitizer shall report them. */
#define ON_PURPOSE __attribute__((no_sanitize("undefined")))

/* volatile, both: otherwise the compiler leaves out the write, for a
 * program without faults can't tell the difference. */
ON_PURPOSE static void write_to_null(void)
{
    volatile int *volatile nowhere = NULL;

    *nowhere = 1;
}

ON_PURPOSE static void divide_by_zero(void)
{
    /* Not 1 / zero: compilers know a way to that without a division. */
    volatile int many = 1000, zero = 0;
    volatile int result = many / zero;

    /* Not every processor stops at this: on ARM the result is 0. Then
     * do ourselves what others do. */
    (void)result;
    raise(SIGFPE);
}

static void *thread(void *arg)
{
    write_to_null();
    return arg;
}

/* Threads share all memory: one that went wrong may have spoiled
 * anything. So the kernel ends them all. */
static void fault_in_thread(void)
{
    pthread_t id;
    int error = pthread_create(&id, NULL, thread, NULL);

    check_pthread(error, "pthread_create");
    check_pthread(pthread_join(id, NULL), "pthread_join");
    say("child", "my thread is dead, I live on"); /* never seen */
}

static const struct {
    const char *what;
    void (*fault)(void);
} faults[] = {
    {"I write to address 0", write_to_null},
    {"I divide by zero", divide_by_zero},
    {"I call abort()", abort},
    {"my second thread writes to address 0", fault_in_thread},
};
enum { FAULT_COUNT = sizeof faults / sizeof faults[0] };

static _Noreturn void be_child(size_t i)
{
    const struct sigaction default_action = {.sa_handler = SIG_DFL};

    /* Leave no core file. */
    prctl(PR_SET_DUMPABLE, 0);

    /* A sanitizer would catch these: here the kernel acts. */
    sigaction(SIGSEGV, &default_action, NULL);
    sigaction(SIGFPE, &default_action, NULL);

    say("child", "%s", faults[i].what);
    faults[i].fault();
    _exit(0);
}

static void wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (!WIFSIGNALED(status))
        errx(1, "child %d has survived its fault", (int)pid);
    say("parent", "child %d was killed by %s", (int)pid,
        signal_name(WTERMSIG(status)));
}

int main(int argc, char *argv[])
{
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    if (optind < argc)
        usage('?', help);

    for (size_t i = 0; i < FAULT_COUNT; i++) {
        pid_t pid = fork();

        if (pid == -1)
            err(1, "fork");
        if (pid == 0)
            be_child(i);
        wait_for(pid);
    }
    say("parent", "I am still here");
    return 0;
}
