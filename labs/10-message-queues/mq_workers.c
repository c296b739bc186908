/*
 * mq_workers: several processes take jobs from one queue; a message
 * for each says that there will be no more.
 *
 * Usage: mq_workers [-w WORKERS] [-n JOBS] [-d SECONDS]
 *            [-q NAME]
 *
 * Try:   mq_workers -n 6
 *        In the middle the queue is empty for a while. The workers
 *        wait, for who waits isn't at the end. Then mq_workers_broken.
 *        mq_workers -n 1000 | cut -d[ -f1 | sort | uniq -c
 *        No more jobs fit than the queue has room for: the producer
 *        waits for its workers, without a line of code for that.
 *
 * See:   mq_receive(3), mq_send(3), poll(2), mq_overview(7)
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
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: mq_workers [-w WORKERS] [-n JOBS] [-d SECONDS]\n"
    "           [-q NAME]\n"
    "  -w WORKERS  how many (3)\n"
    "  -n JOBS     how many (10)\n"
    "  -d SECONDS  the producer rests so long after half of them (0.1)\n"
    "  -q NAME     of the queue, for the instant that it has one\n";

enum { READ_END, WRITE_END };
enum { NO_MORE = -1 }; /* a job that isn't one */

static mqd_t queue;
static atomic_int *done; /* how often each job was done, for all to see */

static void make_queue(const char *wanted)
{
    const struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = sizeof(int)};
    char usual[40], *name;

    /* Without O_NONBLOCK: the workers shall wait. */
    snprintf(usual, sizeof usual, "workers-%d", getpid());
    name = object_name(wanted, usual);
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    if (queue == -1)
        err(1, "%s", name);

    /* The children inherit it: it needs a name no longer. */
    if (mq_unlink(name) == -1)
        err(1, "mq_unlink %s", name);
    free(name);
}

/* A worker: waits for a job, does it, until one says that's all. */
static void work(int number)
{
    char name[24];
    int job, count = 0;

    snprintf(name, sizeof name, "worker %d", number);
    for (;;) {
        if (mq_receive(queue, (char *)&job, sizeof job, NULL) == -1) {
            if (errno == EINTR)
                continue;
            err(1, "mq_receive");
        }
        if (job == NO_MORE)
            break;
        atomic_fetch_add(&done[job], 1);
        say(name, "does job %d", job);
        count++;
    }
    say(name, "has done %d", count);
}

static void start_worker(int number, int ends[2], pid_t parent)
{
    switch (fork()) {
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
}

/*
 * Waits until the queue has room; with a time in ms, only so long, and
 * whether it has room or not. Returns false if no worker is left: each
 * has the write end of a pipe, which nobody writes to.
 */
static bool wait_with(int workers, int ms)
{
    struct pollfd files[] = {{.fd = workers},
                             {.fd = queue, .events = ms < 0 ? POLLOUT : 0}};
    int ready;

    do
        ready = poll(files, 2, ms);
    while (ready == -1 && errno == EINTR);
    if (ready == -1)
        err(1, "poll");
    return (files[0].revents & POLLHUP) == 0;
}

/* Puts a job into the queue, once it has room. */
static bool send_job(int job, unsigned priority, int workers)
{
    if (!wait_with(workers, -1))
        return false;
    while (mq_send(queue, (const char *)&job, sizeof job, priority) == -1) {
        if (errno != EINTR)
            err(1, "mq_send");
    }
    return true;
}

/* Makes all jobs, and then an end for each worker. A worker that takes
 * its end takes nothing else. The ends have the lowest priority, so
 * that even a job that is sent after them would be done. */
static void produce(int jobs, int workers, double rest, int pipe_end)
{
    for (int i = 0; i < jobs; i++) {
        if (i == jobs / 2 && !wait_with(pipe_end, (int)(rest * 1000)))
            break;
        if (!send_job(i, 1, pipe_end))
            break;
    }
    for (int i = 0; i < workers; i++) {
        if (!send_job(NO_MORE, 0, pipe_end))
            break;
    }
}

int main(int argc, char *argv[])
{
    const char *name = NULL;
    int jobs = 10, workers = 3, once = 0, ends[2], status, opt;
    pid_t parent = getpid();
    double rest = 0.1;
    bool failed = false;

    while ((opt = getopt(argc, argv, "hw:n:d:q:")) != -1) {
        switch (opt) {
        case 'w':
            workers = (int)parse_number("-w", optarg, 1, 100);
            break;
        case 'n':
            jobs = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 'd':
            rest = parse_seconds("-d", optarg, 0, 1000);
            break;
        case 'q':
            name = optarg;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    make_queue(name);
    done = mmap(NULL, (size_t)jobs * sizeof *done, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (done == MAP_FAILED)
        err(1, "mmap");
    if (pipe(ends) == -1)
        err(1, "pipe");
    for (int i = 1; i <= workers; i++)
        start_worker(i, ends, parent);
    close(ends[WRITE_END]);
    produce(jobs, workers, rest, ends[READ_END]);

    for (int left = workers; left > 0;) {
        pid_t child = wait(&status);

        if (child == -1 && errno != EINTR)
            err(1, "wait");
        if (child == -1)
            continue;
        if (status != 0) {
            warnx("worker %d didn't end well", (int)child);
            failed = true;
        }
        left--;
    }
    for (int i = 0; i < jobs; i++)
        once += done[i] == 1;
    say("producer", "%d of %d jobs were done, each once", once, jobs);
    return once == jobs && !failed ? 0 : 1;
}
