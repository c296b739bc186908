/*
 * ex1_dispatcher: hands out jobs to workers through a message queue,
 * the most urgent first.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_dispatcher [-j WORKERS] [-m MESSAGES] NAME
 *
 * Try:   printf '1 true\n5 exit 3\n' | ex1_dispatcher -j 1 /jobs-$$; echo $?
 *
 * See:   mq_open(3), mq_receive(3), poll(2), signalfd(2), prctl(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex1_dispatcher [-j WORKERS] [-m MESSAGES] NAME\n"
    "Runs jobs: lines \"PRIORITY COMMAND\" on standard input.\n"
    "  -j WORKERS   so many at the same time, 1 to 64 (2)\n"
    "  -m MESSAGES  so many wait in the queue called NAME (10)\n";

enum { MAX_COMMAND = 1000, MAX_PRIORITY = 32767 };
/* What goes through the queue. Number 0 is no job, but the end. */
struct job {
    int number;
    char command[MAX_COMMAND + 1];
};

static mqd_t queue = (mqd_t)-1;
static const char *name;
static pid_t dispatcher;
static sigset_t usual_mask;  /* the one that we were started with */
static int workers_end = -1; /* hung up as soon as no worker lives */
static int signals = -1;     /* readable when SIGTERM or SIGINT came */
static bool no_workers, failed;
static int stop_signal; /* or 0 */

/* Called at every exit, also at that of a worker. */
static void remove_queue(void)
{
    if (queue != (mqd_t)-1 && getpid() == dispatcher && mq_unlink(name) == -1)
        warn("%s", name);
}

static void make_queue(long messages)
{
    struct mq_attr attr = {.mq_maxmsg = messages,
                           .mq_msgsize = sizeof(struct job)};

    /* TODO 1: make it, for us alone. If it is there already, it is
     * somebody else's. EINVAL and EMFILE stand for limits. */
    errx(1, "%s: not yet, %ld", name, attr.mq_maxmsg);
}

/* Runs a job to its end. */
static void run(const struct job *job)
{
    int status = -1;

    /* TODO 3: have /bin/sh run it, as we were started, but without
     * our input: that has jobs for others. Wait, and report. */
    say("worker", "job %d: not run", job->number);
    failed |= status != 0;
}

/* A worker: runs jobs until it gets an end; 0 if they all ended so. */
static _Noreturn void work(void)
{
    /* TODO 2: take one job after the other; die with the dispatcher. */
    (void)run;
    exit(failed ? 1 : 0);
}

static void start_workers(int count)
{
    /* TODO 2: fork them. Only they keep the write end of a pipe. */
    (void)count, (void)work;
}

static void not_run(int number)
{
    say("dispatcher", "job %d: not run", number);
    failed = true;
}

/* Takes out what is in the queue, without waiting, and reports jobs as
 * not run. O_NONBLOCK would be no good: the workers would get it, too. */
static void cancel(void)
{
    const struct timespec past = {0};
    struct job job;

    while (mq_timedreceive(queue, (char *)&job, sizeof job, NULL, &past) >= 0) {
        if (job.number != 0)
            not_run(job.number);
    }
    if (errno == EINTR)
        cancel();
    else if (errno != ETIMEDOUT)
        err(1, "mq_timedreceive");
}

/* Waits until something can be done with fd, if that isn't -1. Returns
 * false if SIGTERM or SIGINT came, for the first time: then the queue is
 * empty again; or if no worker lives any more. */
static bool wait_for(int fd, short events)
{
    /* TODO 4: poll() for all three; it passes over -1. */
    (void)events, (void)cancel, (void)signals;
    no_workers = fd == -1 || workers_end == -1;
    return workers_end != -1;
}

/* Sends, as soon as there is room. Returns false if wait_for() does. */
static bool send_message(const struct job *job, unsigned priority)
{
    size_t len = sizeof job->number + strlen(job->command) + 1;

    if (!wait_for(queue, POLLOUT))
        return false;
    while (mq_send(queue, (const char *)job, len, priority) == -1) {
        if (errno != EINTR)
            err(1, "mq_send");
    }
    return true;
}

/* Makes a job of each line, and sends it. */
static void send_jobs(void)
{
    static char *line, digits[6];
    static size_t size;
    struct job job;
    int at = 0;

    setvbuf(stdin, NULL, _IONBF, 0); /* don't read what can wait */
    for (job.number = 1; stop_signal == 0; job.number++, at = 0) {
        if (!wait_for(STDIN_FILENO, POLLIN) ||
            getline(&line, &size, stdin) == -1)
            break;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%5[0-9]%*[ ]%n", digits, &at) != 1 || at == 0 ||
            line[at] == '\0' || atoi(digits) > MAX_PRIORITY ||
            strlen(line + at) > MAX_COMMAND) {
            warnx("line %d: no job, or too long", job.number);
            failed = true;
        } else {
            strcpy(job.command, line + at);
            if (!send_message(&job, (unsigned)atoi(digits)))
                not_run(job.number);
        }
    }
    if (ferror(stdin))
        err(1, "standard input");
}

int main(int argc, char *argv[])
{
    const struct job end = {.number = 0};
    int workers = 2, status = 0, opt;
    long messages = 10;
    sigset_t set;

    while ((opt = getopt(argc, argv, "hj:m:")) != -1) {
        if (opt == 'j')
            workers = (int)parse_number("-j", optarg, 1, 64);
        else if (opt == 'm')
            messages = (long)parse_number("-m", optarg, 1, 65536);
        else
            usage(opt, usage_text);
    }
    if (optind + 1 != argc)
        usage('?', usage_text);
    name = object_name(argv[optind], NULL);
    dispatcher = getpid();

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    /* TODO 4: block them, for workers, too, and have them told. */
    atexit(remove_queue);
    make_queue(messages);
    start_workers(workers);
    /* For us alone: if nobody reads our reports, say() fails, and exits. */
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);

    send_jobs();
    /* TODO 2: an end for each worker, behind all jobs; again, if
     * wait_for() has taken them out. Then wait for all workers. */
    (void)end, (void)status;
    cancel(); /* what is left, if they were killed */

    if (stop_signal != 0) {
        remove_queue();
        sigprocmask(SIG_SETMASK, &usual_mask, NULL);
        raise(stop_signal);
    }
    return failed ? 1 : 0;
}
