/*
 * handler_broken: a handler that calls malloc() waits for a lock, and
 * who holds it is the program that it has interrupted.
 *
 * Usage: handler_broken [-e] [-t SECONDS]
 *
 * Try:   handler_broken
 *        The watchdog finds the worker asleep within its handler. Then
 *        run handler, the repair.
 *        handler_broken -e: the handler only calls exit(). That works
 *        most of the time, which makes it worse.
 *
 * Ends:  exit 1
 *
 * Not under valgrind: it has a malloc() of its own.
 *
 * See:   signal-safety(7), malloc(3), futex(2), proc_pid_stat(5)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: handler_broken [-e] [-t SECONDS]\n"
    "  -e          the handler calls exit(), at its first signal\n"
    "  -t SECONDS  give up if the worker takes longer (0.5)\n";

/* More than glibc's malloc() keeps ready for each thread, for which it
 * takes no lock. */
enum { SIZE = 5000 };
enum { MAX_RUNS = 1000 };

static char *volatile block;

/* In memory that the watchdog sees, too. */
static struct {
    volatile sig_atomic_t begun, done;
} * reports;

static FILE *journal;

/* Nothing is wrong with this function, until a handler calls it. */
static void report(void)
{
    char *line = malloc(SIZE);

    if (line != NULL) {
        snprintf(line, SIZE, "report %d\n", (int)reports->begun);
        fputs(line, journal);
    }
    free(line);
}

/* The mistake. malloc(), free() and fputs() each take a lock. If the
 * signal comes while the program holds it, the handler waits for the
 * program to give it back, and the program for its handler to end. */
static void on_alarm(int sig)
{
    (void)sig;
    reports->begun = reports->begun + 1;
    report();
    reports->done = reports->done + 1;
}

/* The same mistake, better hidden: exit() calls what was registered
 * with atexit(), and writes stdio's buffers. _exit() does neither. */
static void on_alarm_exit(int sig)
{
    (void)sig;
    reports->begun = reports->begun + 1;
    exit(0);
}

/* With one thread only, the C library leaves out malloc()'s lock. Then
 * two calls spoil each other's lists: worse still, but one sees it only
 * later. So there is a second one, which does nothing. */
static void *be_second_thread(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static _Noreturn void work(bool by_exit)
{
    struct sigaction action = {
        .sa_handler = by_exit ? on_alarm_exit : on_alarm,
        .sa_flags = SA_RESTART,
    };
    const struct itimerval tick = {{0, 1000}, {0, 1000}};
    pthread_t second;
    sigset_t set;

    journal = fopen("/dev/null", "we");
    if (journal == NULL)
        err(1, "/dev/null");
    if (by_exit)
        atexit(report);

    /* Its mask is ours at this moment, so no signal goes to it. */
    sigfillset(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    check_pthread(pthread_create(&second, NULL, be_second_thread, NULL),
                  "pthread_create");
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);

    if (setitimer(ITIMER_REAL, &tick, NULL) == -1)
        err(1, "setitimer");
    for (;;) {
        block = malloc(SIZE);
        if (block != NULL)
            memset(block, 'x', SIZE);
        free(block);
    }
}

/* Waits for the end of a child, which SIGCHLD tells. The signal has to
 * be blocked since before the fork: it waits for us, then. */
static bool a_child_ends_within(double seconds, const sigset_t *set)
{
    struct timespec limit = {.tv_sec = (time_t)seconds};
    int sig;

    limit.tv_nsec = (long)((seconds - (double)limit.tv_sec) * 1e9);
    do
        sig = sigtimedwait(set, NULL, &limit);
    while (sig == -1 && errno == EINTR);
    return sig == SIGCHLD;
}

/* Whether a process sleeps, from /proc/PID/stat. The worker has always
 * something to do, so it can only be waiting for a lock. */
static bool sleeps(pid_t pid)
{
    char path[64];
    char state;
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    stat = fopen(path, "re");
    if (stat == NULL || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
        err(1, "%s", path);
    fclose(stat);
    return state == 'S';
}

/* Says what has become of a worker that hasn't ended in time. */
static bool look_at(pid_t pid)
{
    bool in_handler = reports->begun > reports->done;

    warnx("the worker, process %d, has not ended in time", (int)pid);
    if (!in_handler || !sleeps(pid)) {
        warnx("it still works; nothing has gone wrong yet");
        return false;
    }
    warnx("it sleeps within its handler: it waits for a lock that it "
          "holds itself");
    return true;
}

/* Runs a worker and watches it. Returns whether it went wrong. */
static bool run(bool by_exit, double limit, const sigset_t *set)
{
    pid_t parent = getpid(), pid;
    bool ended, wrong = false;
    int status;

    reports->begun = reports->done = 0;
    pid = fork();
    if (pid == -1)
        err(1, "fork");
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            _exit(1); /* too late: it is dead already */
        work(by_exit);
    }

    ended = a_child_ends_within(limit, set);
    if (!ended) {
        wrong = look_at(pid);
        kill(pid, SIGKILL);
    }
    if (waitpid(pid, &status, 0) == -1)
        err(1, "waitpid");
    if (!ended)
        return wrong;
    if (WIFEXITED(status))
        return WEXITSTATUS(status) != 0;
    warnx("the worker was killed by %s: its memory is spoilt",
          signal_name(WTERMSIG(status)));
    return true;
}

int main(int argc, char *argv[])
{
    double limit = 0.5;
    bool by_exit = false;
    sigset_t set;
    int opt;

    while ((opt = getopt(argc, argv, "het:")) != -1) {
        switch (opt) {
        case 'e':
            by_exit = true;
            break;
        case 't':
            limit = parse_seconds("-t", optarg, 0.01, 3600);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    reports = mmap(NULL, sizeof *reports, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (reports == MAP_FAILED)
        err(1, "mmap");
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);

    if (!by_exit)
        return run(false, limit, &set) ? 1 : 0;
    for (int i = 1; i <= MAX_RUNS; i++) {
        if (run(true, limit, &set))
            errx(1, "that was run %d", i);
    }
    say("watchdog", "all %d runs went well, by luck", MAX_RUNS);
    return 0;
}
