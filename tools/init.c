/*
 * init: runs one command, ends it in time, and reports what became of it.
 *
 * Every program that a test, the tour or the grader runs is run by this one.
 * It is the first process in the sandbox (PID 1), or, where there is no
 * sandbox, a subreaper: either way, processes that lose their parent come to
 * it, and so it knows what stayed behind.
 *
 * Usage: init -r FD [-t SECONDS] [-a SECONDS] [-f BYTES] [-p N] [-m BYTES]
 *             [-u UID] [-w DIR]... COMMAND [ARG...]
 *        -r FD       write the report to this open descriptor
 *        -t SECONDS  end everything after that long (default 5)
 *        -a SECONDS  or that long after a SIGALRM to us, if that is sooner
 *        -f BYTES    no file may grow beyond this (default 16777216)
 *        -p N        no more than N processes and threads (needs a user
 *                    namespace of our own, or a user who has nothing else)
 *        -m BYTES    end everything when all together use more memory
 *        -u UID      run it as that user, who can't harm us then (needs root)
 *        -w DIR      report files that appear in DIR; may be repeated
 *
 * The report, one fact a line, PIDs as they are in the sandbox:
 *        pid N               the command was started
 *        exit N | signal NAME | timeout SECONDS | stopped
 *                            how the command ended; stopped: by a SIGTERM to us
 *        over memory BYTES | over files N | over disk half   -m has ended it
 *        cpu SECONDS         used by the command and the children it waited for
 *        stuck TEXT          after a timeout: who waited for what
 *        adopted N           a process whose parent ended without waiting for
 *                            it came here, and ended by itself
 *        left process N NAME | left file NAME (TYPE) | left msg|sem|shm ID
 *        done                the report is whole
 *
 * The command gets descriptors 0 to 2 and no other, default signal handling,
 * and a session of its own. Exit status: 0 if there is a whole report.
 *
 * See: pid_namespaces(7), PR_SET_CHILD_SUBREAPER in prctl(2), close_range(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "leftovers.h"
#include "limits.h"
#include "procs.h"

static const char usage_text[] =
    "usage: init -r FD [-t SECONDS] [-a SECONDS] [-f BYTES] [-p N] [-m BYTES] "
    "[-u UID] [-w DIR]... COMMAND [ARG...]\n";

/* Orphans that are on their way out get this long to be gone. */
static const double GRACE = 0.3;
/* So often is looked how much memory they use, if there is a limit. */
static const double LOOK = 0.05;

enum { MAX_PROCS = 4096 };
static struct proc procs[MAX_PROCS];

static struct {
    pid_t pid;
    int status;
    bool ended;
    struct rusage usage;
} command;

static struct limits limits = {
    .seconds = 5, .file = 16 << 20, .processes = RLIM_INFINITY};

/* Reaps all that has ended; says so of those that were left to us. */
static void reap(FILE *report)
{
    struct rusage usage;
    int status;
    pid_t pid;

    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        if (pid == command.pid) {
            command.status = status;
            command.usage = usage;
            command.ended = true;
        } else if (report != NULL) {
            fprintf(report, "adopted %d\n", (int)pid);
        }
    }
}

static bool stop_requested, hurry_requested;

/* Waits for a child to end; false if it's late, or we are asked to stop. */
static bool wait_for_change(const sigset_t *set, double deadline)
{
    double left = deadline - monotonic_seconds();
    struct timespec timeout;
    int sig;

    if (left <= 0)
        return false;
    timeout.tv_sec = (time_t)left;
    timeout.tv_nsec = (long)((left - (double)timeout.tv_sec) * 1e9);
    sig = sigtimedwait(set, NULL, &timeout);
    if (sig == SIGTERM || sig == SIGINT)
        stop_requested = true;
    if (sig == SIGALRM)
        hurry_requested = true;
    return sig == SIGCHLD || sig == SIGALRM || (sig == -1 && errno == EINTR);
}

/* The same, but if there is a limit to look after, not for long at a time. */
static bool wait_a_while(const sigset_t *set, double deadline)
{
    double look = monotonic_seconds() + LOOK;

    if (limits.memory == 0 || look >= deadline)
        return wait_for_change(set, deadline);
    wait_for_change(set, look);
    return true;
}

/* After a SIGALRM: a nearer deadline, or the same. */
static double hurry(double deadline)
{
    double sooner = monotonic_seconds() + limits.after_alarm;

    hurry_requested = false;
    if (limits.after_alarm == 0 || sooner >= deadline)
        return deadline;
    limits.seconds = limits.after_alarm;
    return sooner;
}

static int count_descendants(void)
{
    int count = descendants(getpid(), procs, MAX_PROCS);

    if (count == -1)
        err(1, "/proc");
    return count;
}

static void kill_all(void)
{
    int count;

    /* Again and again: a process that forks can be faster than the list. */
    while ((count = count_descendants()) > 0) {
        for (int i = 0; i < count; i++)
            kill(procs[i].pid, SIGKILL);
        reap(NULL);
        sched_yield();
    }
}

static void report_end(FILE *report)
{
    const struct rusage *u = &command.usage;

    if (stop_requested) {
        fprintf(report, "stopped\n");
        return;
    }
    if (!command.ended) {
        fprintf(report, "timeout %g\n", limits.seconds);
        say_stuck(report, "stuck ", procs, count_descendants());
        return;
    }
    if (WIFSIGNALED(command.status))
        fprintf(report, "signal %s\n",
                signal_name(WTERMSIG(command.status)) + strlen("SIG"));
    else
        fprintf(report, "exit %d\n", WEXITSTATUS(command.status));
    fprintf(report, "cpu %.3f\n",
            (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
                (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6);
}

/* What outlives the command, and doesn't end by itself within the grace. */
static void report_left_processes(FILE *report, const sigset_t *set)
{
    double deadline = monotonic_seconds() + GRACE;
    int count;

    reap(report);
    while (count_descendants() > 0 && wait_for_change(set, deadline))
        reap(report);
    count = count_descendants();
    for (int i = 0; i < count; i++)
        fprintf(report, "left process %d %s\n", (int)procs[i].pid,
                procs[i].comm);
}

static void start(char *argv[], FILE *report)
{
    command.pid = fork();
    if (command.pid == -1)
        err(1, "fork");
    if (command.pid == 0)
        become(&limits, argv);
    fprintf(report, "pid %d\n", (int)command.pid);
    fflush(report);
}

/* Keeps that one descriptor, as 3, of all that we have inherited. */
static FILE *open_report(int fd)
{
    FILE *report;

    if (dup2(fd, 3) == -1)
        err(1, "-r %d", fd);
    close_all_from(4);
    report = fdopen(3, "a");
    if (report == NULL)
        err(1, "-r %d", fd);
    return report;
}

int main(int argc, char *argv[])
{
    double deadline;
    FILE *report = NULL;
    sigset_t set;
    int opt;

    while ((opt = getopt(argc, argv, "+hr:t:a:f:p:m:u:w:")) != -1) {
        switch (opt) {
        case 'r':
            report = open_report((int)parse_number("-r", optarg, 3, 1023));
            break;
        case 't':
            limits.seconds = parse_seconds("-t", optarg, 0.001, 86400);
            break;
        case 'a':
            limits.after_alarm = parse_seconds("-a", optarg, 0.001, 86400);
            break;
        case 'f':
            limits.file = parse_number("-f", optarg, 0, 1LL << 40);
            break;
        case 'p':
            limits.processes = (rlim_t)parse_number("-p", optarg, 1, 1 << 22);
            break;
        case 'm':
            limits.memory = parse_number("-m", optarg, 1, 1LL << 50);
            break;
        case 'u':
            limits.user = (uid_t)parse_number("-u", optarg, 1, 1LL << 31);
            break;
        case 'w':
            watch_folder(optarg);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (report == NULL || argv[optind] == NULL)
        usage('?', usage_text);

    /* Not even a program of the same user can reach into us from now on. */
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* whoever wanted the report is gone */
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);

    remember_what_is_there(limits.user != 0 ? limits.user : geteuid());
    remember_use();
    start(argv + optind, report);
    deadline = monotonic_seconds() + limits.seconds;
    while (!command.ended && !stop_requested && wait_a_while(&set, deadline)) {
        if (hurry_requested)
            deadline = hurry(deadline);
        reap(report);
        if (!command.ended && limits.memory > 0 &&
            use_too_much(&limits, procs, count_descendants(), report))
            kill_all();
    }
    report_end(report);
    if (command.ended)
        report_left_processes(report, &set);
    kill_all();
    report_what_is_new(report);
    fprintf(report, "done\n");
    if (fclose(report) == EOF)
        err(1, "report");
    return 0;
}
