/*
 * mq_workers_broken: workers that go on "while the queue isn't empty"
 * go home when the producer is slow, and the work stays undone.
 *
 * Usage: mq_workers_broken [-w WORKERS] [-n JOBS] [-d SECONDS]
 *            [-t SECONDS] [-x]
 *
 * Try:   mq_workers_broken
 *        Empty now doesn't mean that nothing will come.
 *        mq_workers_broken -x -w 3 -n 2 -d 0
 *        One mistake more: between the look and the taking, another
 *        one takes the last message. This one waits for ever.
 *
 * Ends:  exit 1
 *
 * See:   mq_getattr(3), mq_receive(3), mq_overview(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: mq_workers_broken [-w WORKERS] [-n JOBS] [-d SECONDS]\n"
    "           [-t SECONDS] [-x]\n"
    "  -w WORKERS  how many (1)\n"
    "  -n JOBS     how many (6)\n"
    "  -d SECONDS  the producer rests so long after the first half, or\n"
    "              until all workers have gone (5)\n"
    "  -t SECONDS  give up what still waits then (0.5)\n"
    "  -x          all look before any takes: an unlucky moment\n";

enum { READ_END, WRITE_END };
enum { MAX_WORKERS = 100, ROOM = 4 };

static mqd_t queue;
static bool unlucky;     /* -x */
static atomic_int *done; /* how often each job was done, for all to see */

static void make_queue(void)
{
    const struct mq_attr attr = {.mq_maxmsg = ROOM, .mq_msgsize = sizeof(int)};
    char usual[40], *name;

    snprintf(usual, sizeof usual, "workers-%d", getpid());
    name = object_name(NULL, usual);
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    if (queue == -1)
        err(1, "%s", name);
    if (mq_unlink(name) == -1)
        err(1, "mq_unlink %s", name);
    free(name);
}

static long messages(void)
{
    struct mq_attr attr;

    if (mq_getattr(queue, &attr) == -1)
        err(1, "mq_getattr");
    return attr.mq_curmsgs;
}

/* A worker, as the course notes have their consumer. */
static void work(int number)
{
    char name[24];
    int job, count = 0;

    snprintf(name, sizeof name, "worker %d", number);

    /* The mistake: it is empty also when more is to come. */
    while (messages() > 0) {
        if (unlucky && count == 0)
            raise(SIGSTOP); /* until all have looked */
        if (mq_receive(queue, (char *)&job, sizeof job, NULL) == -1) {
            if (errno == EINTR)
                continue;
            err(1, "mq_receive");
        }
        atomic_fetch_add(&done[job], 1);
        say(name, "does job %d", job);
        count++;
    }
    say(name, "found the queue empty, has done %d", count);
}

static pid_t start_worker(int number, int ends[2], pid_t parent)
{
    pid_t child = fork();

    switch (child) {
    case -1:
        err(1, "fork"); /* the others end with us: PR_SET_PDEATHSIG */
    case 0:
        /* Who waits for jobs shall not outlive who makes them. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            exit(1); /* too late: it is dead already */
        close(ends[READ_END]);
        work(number);
        exit(0);
    }
    return child;
}

/* Whether all workers end within a time: a pipe of which each has the
 * write end, and nobody writes to, comes to its end. */
static bool workers_end_within(double seconds, int workers)
{
    struct pollfd file = {.fd = workers};
    int ready;

    while ((ready = poll(&file, 1, (int)(seconds * 1000))) == -1) {
        if (errno != EINTR)
            err(1, "poll");
    }
    return ready == 1;
}

/* Puts a job into the queue; false if it has no room for so long. */
static bool send_job(int job, double seconds)
{
    struct timespec end;
    int result;

    if (clock_gettime(CLOCK_REALTIME, &end) == -1)
        err(1, "clock_gettime");
    seconds += (double)end.tv_nsec / 1e9;
    end.tv_sec += (time_t)seconds;
    end.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9);
    do
        result = mq_timedsend(queue, (const char *)&job, sizeof job, 1, &end);
    while (result == -1 && errno == EINTR);
    if (result == -1 && errno != ETIMEDOUT)
        err(1, "mq_timedsend");
    return result == 0;
}

static pid_t wait_for(pid_t worker, int options)
{
    pid_t result;

    while ((result = waitpid(worker, NULL, options)) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return result;
}

/* Lets all of them take, when all have looked. */
static void let_go(const pid_t *pids, int workers)
{
    for (int i = 0; i < workers; i++)
        wait_for(pids[i], WUNTRACED);
    for (int i = 0; i < workers; i++)
        kill(pids[i], SIGCONT);
}

/* The watchdog: takes those away that wait for what won't come. */
static void end_workers(const pid_t *pids, int workers, bool stuck)
{
    for (int i = 0; i < workers; i++) {
        if (stuck && wait_for(pids[i], WNOHANG) != 0)
            continue; /* it had ended */
        if (stuck) {
            warnx("worker %d still waits in mq_receive()", i + 1);
            kill(pids[i], SIGKILL);
        }
        wait_for(pids[i], 0);
    }
}

int main(int argc, char *argv[])
{
    int jobs = 6, workers = 1, first, sent = 0, once = 0, ends[2], opt;
    pid_t parent = getpid(), pids[MAX_WORKERS];
    double rest = 5, limit = 0.5;
    bool stuck;

    while ((opt = getopt(argc, argv, "hw:n:d:t:x")) != -1) {
        switch (opt) {
        case 'w':
            workers = (int)parse_number("-w", optarg, 1, MAX_WORKERS);
            break;
        case 'n':
            jobs = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 'd':
            rest = parse_seconds("-d", optarg, 0, 1000);
            break;
        case 't':
            limit = parse_seconds("-t", optarg, 0.01, 1000);
            break;
        case 'x':
            unlucky = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    make_queue();
    done = mmap(NULL, (size_t)jobs * sizeof *done, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (done == MAP_FAILED)
        err(1, "mmap");
    if (pipe(ends) == -1)
        err(1, "pipe");

    /* Work is there when they come. They can't be too early. */
    first = jobs / 2 < ROOM ? jobs / 2 : ROOM;
    while (sent < first && send_job(sent, limit))
        sent++;
    for (int i = 0; i < workers; i++)
        pids[i] = start_worker(i + 1, ends, parent);
    close(ends[WRITE_END]);
    if (unlucky)
        let_go(pids, workers);

    workers_end_within(rest, ends[READ_END]);
    while (sent < jobs && send_job(sent, limit))
        sent++;
    if (sent < jobs)
        warnx("no room for job %d, since nobody takes any", sent);
    stuck = !workers_end_within(limit, ends[READ_END]);
    end_workers(pids, workers, stuck);

    for (int i = 0; i < jobs; i++)
        once += done[i] == 1;
    say("producer", "%d of %d jobs were done, %ld are in the queue", once, jobs,
        messages());
    return once == jobs && !stuck ? 0 : 1;
}
