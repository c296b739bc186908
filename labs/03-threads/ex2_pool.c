/*
 * ex2_pool: a fixed number of threads runs jobs as they come.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_pool [-j THREADS]
 *
 * Try:   seq 5 | sed 's/^/echo this is /' | ex2_pool -j 3
 *        Each line of its input is a command.
 *        ex2_pool -j 2
 *        Type "sleep 30" a few times. From another terminal, look with
 *        ps -L -C ex2_pool and pgrep -a sleep; then: pkill ex2_pool
 *
 * See:   pthread_create(3), pthread_mutex_lock(3), posix_spawn(3),
 *        pthread_cond_wait(3), waitpid(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

/* The jobs. Whoever uses this holds the lock. */
static struct {
    char **commands; /* job 1 is commands[0] */
    size_t submitted, begun;
    bool closed; /* no job will be put any more */
    bool failed; /* a job has ended otherwise than with exit 0 */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a job was put, or the queue closed */
} q = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .changed = PTHREAD_COND_INITIALIZER,
};

static atomic_bool stopping; /* SIGTERM has come */
static int nothing;          /* /dev/null */

static const char usage_text[] =
    "Usage: ex2_pool [-j THREADS]\n"
    "Runs each line of standard input as a command of the shell.\n"
    "  -j THREADS  so many at a time, 1 to 200 (4)\n";

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&q.lock), "lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&q.lock), "unlock");
}

/* SIGTERM ends the input: a read that waits fails with EINTR, and the
 * next one finds /dev/null. */
static void stop(int sig)
{
    int saved_errno = errno;

    (void)sig;
    stopping = true;
    dup2(nothing, STDIN_FILENO);
    errno = saved_errno;
}

/* Submits a job: the command belongs to the queue from now on. */
static void put(char *command)
{
    /* TODO 2: append it, with the lock held, and wake a thread
     * that waits for it. */
    free(command);
}

/* Says that no job will be put any more. */
static void close_queue(void)
{
    /* TODO 2: note it, and wake every thread that waits. */
    lock();
    unlock();
}

/* Takes the next job: returns its command, for the caller to free, and
 * its number. Waits for one. Returns NULL if none is left to come. */
static char *take(size_t *n)
{
    char *command = NULL;

    /* TODO 2: with the lock held, wait until there is a job or no
     * more will come. pthread_cond_wait() lets go of the lock while it
     * waits. When it returns, another thread may have been faster. */

    /* TODO 4: after a SIGTERM, no job is begun. */

    /* TODO 2: take the job, if there is one, and unlock. */
    *n = 0;
    return command;
}

static posix_spawn_file_actions_t files;
static posix_spawnattr_t attr;

/* What a job doesn't get from us: our standard input is full of other
 * jobs, and our threads block SIGTERM. *before is the mask it gets. */
static void prepare_spawn(const sigset_t *before)
{
    const short flags = POSIX_SPAWN_SETSIGMASK;
    int error;

    check_pthread(posix_spawn_file_actions_init(&files), "spawn");
    error = posix_spawn_file_actions_adddup2(&files, nothing, 0);
    check_pthread(error, "spawn");
    check_pthread(posix_spawnattr_init(&attr), "spawn");
    check_pthread(posix_spawnattr_setsigmask(&attr, before), "spawn");
    check_pthread(posix_spawnattr_setflags(&attr, flags), "spawn");
}

/* Starts a shell. Returns 0 and its PID in *pid, or the error. */
static int spawn(char *command, pid_t *pid)
{
    char *argv[] = {"sh", "-c", command, NULL};

    return posix_spawn(pid, "/bin/sh", &files, &attr, argv, environ);
}

/* Runs job n to its end; then says on standard error how it ended.
 * Returns whether that was with exit 0. */
static bool run(size_t n, char *command)
{
    /* TODO 3: spawn() it, wait for this process and no other, say
     * how it ended. One fprintf() is one write: no line is torn. */
    (void)n;
    (void)command;
    (void)spawn;
    return true;
}

/* What each thread does. */
static void *work(void *unused)
{
    /* TODO 1: take(), run() and free() one command after another,
     * as long as there are any. Note in q if one has failed. */
    (void)take;
    (void)run;
    return unused;
}

/* Submits each line of standard input, up to its end. */
static void read_jobs(void)
{
    char *line;
    size_t room;
    ssize_t len;

    do {
        clearerr(stdin);
        line = NULL;
        errno = 0;
        while ((len = getline(&line, &room, stdin)) > 0) {
            if (line[len - 1] == '\n')
                line[len - 1] = '\0';
            put(line);
            line = NULL;
        }
        free(line);
    } while (errno == EINTR);
    if (ferror(stdin))
        warn("standard input");
}

/* Runs all jobs with so many threads. Returns our exit status. */
static int run_pool(pthread_t threads[], int count)
{
    sigset_t term, before;

    /* Only main takes SIGTERM: threads get the mask of their maker. */
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, &before);
    prepare_spawn(&before);
    /* TODO 1: start the threads. */
    (void)threads;
    (void)count;
    (void)work;
    pthread_sigmask(SIG_UNBLOCK, &term, NULL);

    read_jobs();
    close_queue();
    /* TODO 1: wait until they have ended. */

    /* TODO 4: say of each job that wasn't begun that it is not
     * run. Why is the lock not needed any more? */
    free(q.commands);
    return q.failed || ferror(stdin) ? 1 : 0;
}

int main(int argc, char *argv[])
{
    const struct sigaction action = {.sa_handler = stop};
    static pthread_t threads[200];
    int opt, count = 4;

    while ((opt = getopt(argc, argv, "hj:")) != -1) {
        if (opt != 'j')
            usage(opt, usage_text);
        count = (int)parse_number("-j", optarg, 1, 200);
    }
    if (optind < argc)
        usage('?', usage_text);

    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing == -1)
        err(1, "/dev/null");
    sigaction(SIGTERM, &action, NULL);
    return run_pool(threads, count);
}
