/*
 * ex1_dispatcher: hands out jobs to workers through a message queue,
 * the most urgent first.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_dispatcher [-j WORKERS] [-m MESSAGES] NAME
 *
 * Try:   printf '1 true\n5 exit 3\n' | ex1_dispatcher -j 1 /jobs-$$; echo $?
 *        Then type the lines yourself, "1 sleep 20" some times. End it
 *        by kill: what runs is finished, what waits isn't begun.
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
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex1_dispatcher [-j WORKERS] [-m MESSAGES] NAME\n"
    "Runs the jobs on standard input, a line \"PRIORITY COMMAND\" each.\n"
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
static sigset_t usual_mask; /* the one that we were started with */

/* What the dispatcher waits for, beside input or room in the queue. */
static int workers_end = -1; /* hung up as soon as no worker lives */
static int signals = -1;     /* readable when SIGTERM or SIGINT came */

static bool no_workers, failed;
static int stop_signal;

/* Called at every exit, also at that of a worker. */
static void remove_queue(void)
{
    /* TODO 1 BEGIN: the name goes when the dispatcher does. */
    if (queue != -1 && getpid() == dispatcher && mq_unlink(name) == -1)
        warn("%s", name);
    /* TODO 1 END */
}

static void make_queue(long messages)
{
    struct mq_attr attr = {.mq_maxmsg = messages,
                           .mq_msgsize = sizeof(struct job)};

    /* TODO 1 BEGIN: make it, for us alone. If it is there already, it is
     * somebody else's. Say which limit was in the way. */
    const char *limit = NULL;

    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    if (queue == -1)
        limit = errno == EINVAL   ? " (fs/mqueue/msg_max)"
                : errno == ENOSPC ? " (fs/mqueue/queues_max)"
                : errno == EMFILE ? " (RLIMIT_MSGQUEUE)"
                                  : "";
    if (queue == -1)
        err(1, "%s%s", name, limit);
    /* TODO 1 STAND-IN: (void)attr; */
    /* TODO 1 STAND-IN: (void)queue; */
    /* TODO 1 STAND-IN: errx(1, "%s: not yet", name); */
    /* TODO 1 END */
}

/* Runs a job to its end. Returns whether it ended with 0. */
static bool run(const struct job *job)
{
    int status = -1;

    /* TODO 3 BEGIN: have /bin/sh run it, as we were started, but without
     * our input: that has jobs for others. Wait, and report. */
    pid_t child = fork();

    if (child == 0) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (null == -1 || dup2(null, STDIN_FILENO) == -1)
            err(127, "/dev/null");
        sigprocmask(SIG_SETMASK, &usual_mask, NULL);
        execl("/bin/sh", "sh", "-c", "--", job->command, (char *)NULL);
        err(127, "/bin/sh");
    }
    if (child == -1) {
        warn("fork");
        say("worker", "job %d: not run", job->number);
        return false;
    }
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (WIFSIGNALED(status))
        say("worker", "job %d: killed by %s", job->number,
            signal_name(WTERMSIG(status)));
    else
        say("worker", "job %d: exit %d", job->number, WEXITSTATUS(status));
    /* TODO 3 STAND-IN: say("worker", "job %d: not run", job->number); */
    /* TODO 3 END */
    return status == 0;
}

/* A worker: runs jobs until it gets an end. */
static _Noreturn void work(void)
{
    bool well = true;

    /* TODO 2 BEGIN: wait for one job after the other. Status 0 if all of
     * them ended with 0, otherwise 1. */
    struct job job;

    for (;;) {
        if (mq_receive(queue, (char *)&job, sizeof job, NULL) == -1) {
            if (errno == EINTR)
                continue;
            err(1, "mq_receive");
        }
        if (job.number == 0)
            break;
        well &= run(&job);
    }
    /* TODO 2 STAND-IN: (void)run; */
    /* TODO 2 END */
    exit(well ? 0 : 1);
}

static void start_workers(int count)
{
    /* TODO 2 BEGIN: fork them. Each keeps the write end of a pipe that
     * nobody writes to; the dispatcher the other one, as workers_end.
     * Jobs get neither. Who waits for jobs dies with the dispatcher. */
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) == -1)
        err(1, "pipe");
    for (int i = 0; i < count; i++) {
        pid_t child = fork();

        if (child == -1)
            err(1, "fork");
        if (child == 0) {
            if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
                err(1, "prctl");
            if (getppid() != dispatcher)
                exit(1); /* it was too late for that */
            close(ends[0]);
            work();
        }
    }
    close(ends[1]);
    workers_end = ends[0];
    /* TODO 2 STAND-IN: (void)count; */
    /* TODO 2 STAND-IN: (void)work; */
    /* TODO 2 END */
}

/* Takes out what is in the queue, and reports jobs as not run. */
static void cancel(void)
{
    /* TODO 4 BEGIN: until it is empty, without waiting, but so that the
     * workers still wait: O_NONBLOCK would be theirs, too. */
    const struct timespec past = {0};
    struct job job;

    while (mq_timedreceive(queue, (char *)&job, sizeof job, NULL, &past) !=
           -1) {
        if (job.number == 0)
            continue;
        say("dispatcher", "job %d: not run", job.number);
        failed = true;
    }
    if (errno != ETIMEDOUT)
        err(1, "mq_timedreceive");
    /* TODO 4 END */
}

/*
 * Waits until something can be done with fd, if that isn't -1. Returns
 * false if SIGTERM or SIGINT came, for the first time: then the queue is
 * empty again; or if no worker lives any more.
 */
static bool wait_for(int fd, short events)
{
    /* TODO 4 BEGIN: poll() for all three; poll() passes over a descriptor
     * of -1. Set stop_signal and no_workers. */
    struct pollfd files[] = {{.fd = fd, .events = events},
                             {.fd = workers_end},
                             {.fd = signals, .events = POLLIN}};
    struct signalfd_siginfo info;

    while (poll(files, 3, -1) == -1) {
        if (errno != EINTR)
            err(1, "poll");
    }
    if (files[2].revents != 0) {
        if (read_full(signals, &info, sizeof info) != sizeof info)
            err(1, "signalfd");
        stop_signal = (int)info.ssi_signo;
        close(signals);
        signals = -1;
        cancel();
        return false;
    }
    no_workers = files[1].revents != 0;
    return !no_workers;
    /* TODO 4 STAND-IN: (void)events; */
    /* TODO 4 STAND-IN: (void)cancel; */
    /* TODO 4 STAND-IN: (void)workers_end; */
    /* TODO 4 STAND-IN: no_workers = fd == -1; */
    /* TODO 4 STAND-IN: return true; */
    /* TODO 4 END */
}

/* Puts a message into the queue, as soon as it has room. Returns false
 * if it wasn't sent, for wait_for() said so. */
static bool send_message(const struct job *job, unsigned priority)
{
    /* TODO 2 BEGIN: wait for room first, then send no more than there is
     * of the command, and its '\0'. */
    size_t len = offsetof(struct job, command) + strlen(job->command) + 1;

    if (!wait_for(queue, POLLOUT))
        return false;
    while (mq_send(queue, (const char *)job, len, priority) == -1) {
        if (errno != EINTR)
            err(1, "mq_send");
    }
    /* TODO 2 STAND-IN: (void)job; */
    /* TODO 2 STAND-IN: (void)priority; */
    /* TODO 2 END */
    return true;
}

/* Sends an end to each worker, behind all jobs. */
static bool send_ends(int count)
{
    const struct job end = {.number = 0};

    /* TODO 2 BEGIN: which priority is behind all others? */
    for (int i = 0; i < count; i++) {
        if (!send_message(&end, 0))
            return false;
    }
    /* TODO 2 STAND-IN: (void)count; */
    /* TODO 2 STAND-IN: (void)end; */
    /* TODO 2 END */
    return true;
}

/* Reads a line, and no further; as much of it as there is room for.
 * Returns its whole length; EOF at the end, or when we shall stop. */
static int read_line(char *line, int size)
{
    int len = 0;
    ssize_t n;
    char c;

    for (;;) {
        if (!wait_for(STDIN_FILENO, POLLIN))
            return EOF;
        n = read_full(STDIN_FILENO, &c, 1);
        if (n == -1) {
            warn("standard input");
            failed = true;
        }
        if (n <= 0 && len == 0)
            return EOF;
        line[len < size ? len : size - 1] = '\0';
        if (n <= 0 || c == '\n')
            return len;
        if (len < size)
            line[len] = c;
        len++;
    }
}

/* Makes a job of a line. Returns what is wrong with it, or NULL. */
static const char *parse(const char *line, int len, struct job *job,
                         unsigned *priority)
{
    int digits = (int)strspn(line, "0123456789");

    *priority = digits > 5 ? MAX_PRIORITY + 1 : (unsigned)atoi(line);
    if (digits == 0 || *priority > MAX_PRIORITY || line[digits] != ' ' ||
        line[digits + 1] == '\0')
        return "not PRIORITY COMMAND";
    if (len - digits - 1 > MAX_COMMAND)
        return "too long";
    strcpy(job->command, line + digits + 1);
    return NULL;
}

static void send_jobs(void)
{
    char line[MAX_COMMAND + 8];
    const char *wrong;
    unsigned priority;
    struct job job;
    int len;

    for (job.number = 1; (len = read_line(line, sizeof line)) != EOF;
         job.number++) {
        wrong = parse(line, len, &job, &priority);
        if (wrong != NULL) {
            warnx("line %d: %s", job.number, wrong);
            failed = true;
        } else if (!send_message(&job, priority)) {
            say("dispatcher", "job %d: not run", job.number);
            failed = true;
            return;
        }
    }
}

static void reap_workers(void)
{
    pid_t child;
    int status;

    while ((child = wait(&status)) != -1 || errno == EINTR) {
        if (child != -1 && status != 0)
            failed = true;
    }
}

int main(int argc, char *argv[])
{
    int workers = 2, opt;
    long messages = 10;
    sigset_t set;

    while ((opt = getopt(argc, argv, "hj:m:")) != -1) {
        switch (opt) {
        case 'j':
            workers = (int)parse_number("-j", optarg, 1, 64);
            break;
        case 'm':
            messages = (long)parse_number("-m", optarg, 1, 65536);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind + 1 != argc)
        usage('?', usage_text);
    name = object_name(argv[optind], NULL);
    dispatcher = getpid();

    /* Workers inherit the mask: Ctrl-C is sent to them, too. */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, &usual_mask);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (signals == -1)
        err(1, "signalfd");
    if (atexit(remove_queue) != 0)
        errx(1, "atexit");
    make_queue(messages);
    start_workers(workers);

    send_jobs();
    do {
        if (send_ends(workers))
            wait_for(-1, 0);
    } while (!no_workers);
    reap_workers();
    cancel(); /* what is left, if they were killed */

    if (stop_signal != 0) {
        remove_queue();
        sigprocmask(SIG_SETMASK, &usual_mask, NULL);
        raise(stop_signal);
    }
    return failed ? 1 : 0;
}
