/*
 * detach: nobody joins a detached thread, so main must not take the
 * process away from under it.
 *
 * Usage: detach [-e HOW] [-n THREADS] [-c LINES] [-w]
 *        HOW is pthread_exit, wait, return or join
 *
 * Try:   detach -n 2 -c 2
 *        main calls pthread_exit(): the threads go on without it.
 *        detach -e wait: main counts with a semaphore who has finished.
 *        detach -e return -c 1000 | grep -c worker
 *        Return from main is exit(): that ends all threads, wherever
 *        they are. Lines are missing.
 *        detach -e join: who joins a detached thread is refused.
 *        detach -w: look at main, a zombie in a process that lives.
 *
 * See:   pthread_detach(3), pthread_exit(3), sem_wait(3),
 *        pthread_attr_setdetachstate(3), pthread_once(3)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: detach [-e HOW] [-n THREADS] [-c LINES] [-w]\n"
    "  -e HOW      main's end: pthread_exit, wait, return; or join:\n"
    "              it tries to join one (pthread_exit)\n"
    "  -n THREADS  how many (4)\n"
    "  -c LINES    how many each of them writes (10)\n"
    "  -w          before that they wait for Enter\n";

/* What the threads use must not be main's variables: those are gone
 * when main is. Static ones stay, and so does what malloc() gave. */
static pthread_once_t enter = PTHREAD_ONCE_INIT;
static sem_t finished;

struct task {
    int number, lines;
    bool hold;
};

static void *be_worker(void *arg)
{
    struct task *task = arg;

    if (task->hold) /* one of them reads, the others wait for it */
        check_pthread(pthread_once(&enter, wait_for_enter), "once");
    for (int i = 1; i <= task->lines; i++)
        say("worker", "I am thread %d: line %d", task->number, i);

    /* Nobody but the thread itself knows when it is done with this. */
    free(task);
    if (sem_post(&finished) == -1) /* one more, for who counts */
        err(1, "sem_post");
    return NULL; /* to nobody */
}

static void start(int number, int lines, bool hold)
{
    struct task *task = malloc(sizeof *task);
    pthread_t thread;

    if (task == NULL)
        err(1, "malloc");
    *task = (struct task){number, lines, hold};
    check_pthread(pthread_create(&thread, NULL, be_worker, task),
                  "pthread_create");

    /* From here on the thread's end is also the end of its name: make
     * no further use of `thread`. */
    check_pthread(pthread_detach(thread), "pthread_detach");
}

static void wait_for_all(int count)
{
    while (count > 0) {
        if (sem_wait(&finished) == 0)
            count--;
        else if (errno != EINTR)
            err(1, "sem_wait");
    }
}

static void *be_idle(void *arg)
{
    for (;;)
        pause();
    return arg;
}

/* To join a detached thread is undefined: glibc says EINVAL while the
 * thread lives, musl ends the process. So a child process tries it. */
static void try_to_join(void)
{
    pid_t child = fork();
    pthread_t thread;
    int status, error;

    switch (child) {
    case -1:
        err(1, "fork");
    case 0:
        check_pthread(pthread_create(&thread, NULL, be_idle, NULL),
                      "pthread_create");
        check_pthread(pthread_detach(thread), "pthread_detach");
        error = pthread_join(thread, NULL);
        say("child", "pthread_join: %s", strerror(error));
        _exit(error);
    }
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (WIFSIGNALED(status))
        say("main", "the child was killed by %s",
            signal_name(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == EINVAL)
        say("main", "the child was refused: EINVAL");
    else
        errx(1, "the child exited with %d", WEXITSTATUS(status));
}

int main(int argc, char *argv[])
{
    const char *how = "pthread_exit";
    int count = 4, lines = 10, opt;
    bool hold = false;

    while ((opt = getopt(argc, argv, "e:n:c:wh")) != -1) {
        switch (opt) {
        case 'e':
            how = optarg;
            break;
        case 'n':
            count = (int)parse_number("-n", optarg, 1, 1000);
            break;
        case 'c':
            lines = (int)parse_number("-c", optarg, 0, 1000000);
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    if (strcmp(how, "pthread_exit") != 0 && strcmp(how, "wait") != 0 &&
        strcmp(how, "return") != 0 && strcmp(how, "join") != 0) {
        warnx("-e: '%s' is none of these:", how);
        usage('?', help);
    }

    if (strcmp(how, "join") == 0) {
        try_to_join();
        return 0;
    }
    if (sem_init(&finished, 0, 0) == -1)
        err(1, "sem_init");
    for (int i = 1; i <= count; i++)
        start(i, lines, hold);

    if (strcmp(how, "wait") == 0)
        wait_for_all(count);
    say("main", "all are started, I end by %s",
        how[0] == 'p' ? "pthread_exit" : "return");
    if (strcmp(how, "pthread_exit") == 0)
        pthread_exit(NULL); /* ends this thread; the last one's end is
                             * the end of the process, with status 0 */
    return 0;
}
