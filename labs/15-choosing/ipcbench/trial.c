/*
 * trial.c: one measurement, in two processes that are made for it, while
 * this one waits. However it ends, nothing of it stays: the two die with
 * us, and before the deadline; what has a name is removed by us.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "run.h"

enum { DEADLINE = 60 }; /* seconds, and ten times what is wanted */

static struct shared *shared;
static sigset_t signals; /* that we wait for; blocked in all of us */
static pid_t manager;
static struct channel *opened; /* has to be closed */
static pid_t running[2];       /* our children; 0: none */

static void close_channel(void)
{
    struct channel *c = opened;

    opened = NULL;
    if (c == NULL)
        return;
    if (c->mechanism->close != NULL)
        c->mechanism->close(c);
    if (c->memory != NULL)
        munmap(c->memory, c->memory_bytes);
    remove_folder();
}

static void end_all(void)
{
    for (int i = 0; i < 2; i++)
        end_process(running[i]);
    running[0] = running[1] = 0;
    close_channel();
    stop_spinners();
    drop_output();
}

/* err() comes here in every process, but only the first one tidies up. */
static void at_exit(void)
{
    if (getpid() == manager)
        end_all();
}

void prepare_trials(void)
{
    static const int waited_for[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    const struct sigaction ignore = {.sa_handler = SIG_IGN},
                           usual = {.sa_handler = SIG_DFL};

    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof waited_for / sizeof *waited_for; i++)
        sigaddset(&signals, waited_for[i]);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    /* Inherited, it might be ignored: then there is nothing to wait for. */
    sigaction(SIGCHLD, &usual, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* EPIPE tells us, too */
    manager = getpid();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    atexit(at_exit);
}

/* As the signal would have ended us, but with all removed. */
void end_by(int sig)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t set;

    end_all();
    progress_end();
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigaction(sig, &usual, NULL);
    raise(sig);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    _exit(1);
}

/* Takes the ends of those that have ended. Returns how many are left. */
static int reap(const char *name)
{
    int left = 0, status;

    for (int i = 0; i < 2; i++) {
        pid_t pid = running[i] ? waitpid(running[i], &status, WNOHANG) : -1;

        if (pid == running[i]) {
            running[i] = 0;
            if (WIFSIGNALED(status))
                warnx("%s: a side was ended by %s", name,
                      signal_name(WTERMSIG(status)));
            if (status != 0)
                exit(1); /* it has said why */
        }
        left += running[i] != 0;
    }
    return left;
}

/* Waits for both sides. */
static void wait_for_sides(const char *name, double seconds)
{
    double end = monotonic_seconds() + seconds;

    while (reap(name) > 0) {
        double rest = end - monotonic_seconds();
        struct timespec t = {(time_t)rest, 0};
        int sig;

        if (rest <= 0)
            errx(1, "%s: no end after %.0f s", name, seconds);
        t.tv_nsec = (long)((rest - (double)t.tv_sec) * 1e9);
        sig = sigtimedwait(&signals, NULL, &t);
        if (sig == -1 && errno != EAGAIN && errno != EINTR)
            err(1, "sigtimedwait");
        if (sig > 0 && sig != SIGCHLD)
            end_by(sig);
    }
}

/* Whether that errno means: there is no such thing here. */
static bool is_missing(int error)
{
    static const int missing[] = {ENOSYS,       EPERM,           EACCES,
                                  EAFNOSUPPORT, EPROTONOSUPPORT, EOPNOTSUPP};

    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (error == missing[i])
            return true;
    return false;
}

/* Opens the channel; or says in row->why_not why that can't be. */
static bool open_channel(struct row *row, struct channel *c)
{
    size_t limit = LARGEST;

    if (c->mechanism->limit != NULL)
        limit = c->mechanism->limit(c);
    if (c->size > limit) {
        snprintf(row->why_not, sizeof row->why_not, "%s", c->why);
        return false;
    }
    opened = c;
    if (c->mechanism->open(c) == 0)
        return true;
    if (!is_missing(errno))
        err(1, "%s", c->mechanism->name);
    snprintf(row->why_not, sizeof row->why_not, "%s", strerror(errno));
    close_channel();
    return false;
}

static bool channel_trial(struct row *row, const struct options *o,
                          double seconds, const int cpus[2])
{
    struct channel c = {.mechanism = row->mechanism,
                        .what = row->what,
                        .size = row->size,
                        .nagle = o->nagle,
                        .ends = {{-1, -1}, {-1, -1}},
                        .id = -1};
    double deadline = DEADLINE + 10 * seconds;
    int orders[2], reports[2];

    if (o->rate > 0) /* as many as were ordered take their time */
        deadline += (double)o->count / o->rate;
    if (!open_channel(row, &c))
        return false;
    if (pipe(orders) == -1 || pipe(reports) == -1)
        err(1, "pipe");
    for (int i = 0; i < 2; i++) {
        running[i] = start_process();
        if (running[i] == 0) {
            opened = NULL;
            alarm((unsigned)deadline + 1); /* if all else fails */
            become(i == 0 ? ASKER : ANSWERER, &c, cpus, orders, reports, shared,
                   o, seconds);
        }
    }
    close_ends(&c, NULL);
    for (int i = 0; i < 2; i++) {
        close(orders[i]);
        close(reports[i]);
    }
    wait_for_sides(c.mechanism->name, deadline);
    close_channel();
    return true;
}

static bool operation_trial(struct row *row, const struct options *o,
                            double seconds, const int cpus[2])
{
    const struct operation *op = row->operation;
    double deadline = DEADLINE + 10 * seconds;

    running[0] = start_process();
    if (running[0] == 0) {
        alarm((unsigned)deadline + 1);
        if (cpus != NULL)
            pin(cpus[0]);
        operate(op, cpus, shared, o, seconds);
    }
    wait_for_sides(row->operation->name, deadline);
    if (shared->error != 0)
        snprintf(row->why_not, sizeof row->why_not, "%s",
                 strerror(shared->error));
    return shared->error == 0;
}

bool run_trial(struct row *row, const struct options *o, double seconds,
               struct result *result)
{
    int cpus[2];
    bool done;

    if (pick_cpus(cpus) < 2 && row->cpus == TWO) {
        snprintf(row->why_not, sizeof row->why_not, "there is one CPU only");
        return false;
    }
    if (row->cpus == ONE)
        cpus[1] = cpus[0];
    memset(shared, 0, sizeof *shared);
    done = (row->mechanism != NULL ? channel_trial : operation_trial)(
        row, o, seconds, row->cpus == FREE ? NULL : cpus);
    *result = shared->result;
    return done;
}
