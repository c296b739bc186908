/*
 * mq_notify_broken: who empties the queue first, and then asks to be
 * told of the next message, can wait for ever beside a full queue.
 *
 * Usage: mq_notify_broken [-n ROUNDS] [-t SECONDS] [-q NAME]
 *
 * Try:   mq_notify_broken
 *        The second message comes between the two. It is in the queue,
 *        and nobody is told. Then run mq_notify, the repair.
 *
 * Ends:  exit 1
 *
 * See:   mq_notify(3), sigevent(7), sigtimedwait(2), mq_overview(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char help[] =
    "Usage: mq_notify_broken [-n ROUNDS] [-t SECONDS] [-q NAME]\n"
    "  -n ROUNDS   of two messages each (2)\n"
    "  -t SECONDS  give up after (0.5)\n"
    "  -q NAME     of the queue, for the instant that it has one\n";

static mqd_t queue;
static int orders[2], receipts[2]; /* pipes to the sender, and back */

static void make_queue(const char *wanted)
{
    const struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = sizeof(int)};
    char usual[40], *name;

    snprintf(usual, sizeof usual, "notify-%d", getpid());
    name = object_name(wanted, usual);
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
    if (queue == -1)
        err(1, "%s", name);
    if (mq_unlink(name) == -1)
        err(1, "mq_unlink %s", name);
    free(name);
}

/* The sender: a message whenever it is told to, until end of file. */
static _Noreturn void send_when_told(void)
{
    ssize_t n;
    char order;

    close(orders[WRITE_END]);
    for (int i = 1; (n = read_full(orders[READ_END], &order, 1)) == 1; i++) {
        if (mq_send(queue, (const char *)&i, sizeof i, 0) == -1)
            err(1, "mq_send");
        say("sender", "sends message %d", i);
        if (write_full(receipts[WRITE_END], &order, 1) == -1)
            err(1, "write");
    }
    if (n == -1)
        err(1, "read");
    exit(0);
}

/* Lets a message come now, and not a moment earlier or later. */
static void let_one_come(void)
{
    ssize_t n;
    char receipt;

    if (write_full(orders[WRITE_END], "!", 1) == -1)
        err(1, "write");
    n = read_full(receipts[READ_END], &receipt, 1);
    if (n == -1)
        err(1, "read");
    if (n == 0)
        errx(1, "the sender has ended");
}

/* Asks for the signal: once, for the next message that comes while the
 * queue is empty. Only one process can have asked, or it is EBUSY. */
static void ask_for_notice(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGUSR1};

    event.sigev_value.sival_int = queue;
    if (mq_notify(queue, &event) == -1)
        err(1, "mq_notify");
}

/* Waits for the signal; false if it takes too long. */
static bool notice_comes(const sigset_t *set, double seconds)
{
    struct timespec limit = {.tv_sec = (time_t)seconds};
    siginfo_t info;
    int sig;

    limit.tv_nsec = (long)((seconds - (double)limit.tv_sec) * 1e9);
    do
        sig = sigtimedwait(set, &info, &limit);
    while (sig == -1 && errno == EINTR);
    if (sig == -1 && errno != EAGAIN)
        err(1, "sigtimedwait");
    if (sig == SIGUSR1 && info.si_code == SI_MESGQ)
        say("receiver", "is told of a message, sent by %d", info.si_pid);
    return sig == SIGUSR1;
}

/* Takes all there is: one signal may stand for several messages. */
static int empty_queue(void)
{
    int message, count = 0;

    while (mq_receive(queue, (char *)&message, sizeof message, NULL) >= 0) {
        say("receiver", "takes message %d", message);
        count++;
    }
    if (errno != EAGAIN)
        err(1, "mq_receive");
    return count;
}

/* Ends the wait, and says what it was for. */
static void tell_stuck(double seconds)
{
    struct mq_attr attr;

    if (mq_getattr(queue, &attr) == -1)
        err(1, "mq_getattr");
    warnx("no notice for %g s, while %ld messages are in the queue", seconds,
          attr.mq_curmsgs);
}

/* Returns how many messages it was told of, and took. */
static int receive(int rounds, const sigset_t *set, double seconds)
{
    int count = 0;

    ask_for_notice();
    for (int i = 0; i < rounds; i++) {
        let_one_come();
        if (!notice_comes(set, seconds)) {
            tell_stuck(seconds);
            break;
        }

        /* The mistake: what comes between these two finds nobody who
         * has asked; later the queue isn't empty, so nothing is told
         * of what is already in there, nor of what will come. */
        count += empty_queue();
        let_one_come();
        ask_for_notice();
    }
    return count;
}

int main(int argc, char *argv[])
{
    const char *name = NULL;
    int rounds = 2, count, opt, status;
    double seconds = 0.5;
    pid_t child;
    sigset_t set;

    while ((opt = getopt(argc, argv, "hn:t:q:")) != -1) {
        switch (opt) {
        case 'n':
            rounds = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 't':
            seconds = parse_seconds("-t", optarg, 0.01, 3600);
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

    /* Blocked, the signal waits for sigtimedwait(). */
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    make_queue(name);
    if (pipe(orders) == -1 || pipe(receipts) == -1)
        err(1, "pipe");
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        close(receipts[READ_END]);
        send_when_told();
    }
    close(orders[READ_END]);
    close(receipts[WRITE_END]);

    count = receive(rounds, &set, seconds);
    close(orders[WRITE_END]);
    if (waitpid(child, &status, 0) == -1)
        err(1, "waitpid");
    say("receiver", "%d of %d messages taken", count, 2 * rounds);
    return count == 2 * rounds ? 0 : 1;
}
