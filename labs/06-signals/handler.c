/*
 * handler: a handler that only writes a byte into a pipe, and a program
 * that finds it there when it is ready: the self-pipe.
 *
 * Usage: handler [-n COUNT]
 *
 * Try:   handler
 *        The same work, the same signals and the same report as in
 *        handler_broken. But who makes the report is the program.
 *
 * See:   signal-safety(7), poll(2), pipe(2), signalfd(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: handler [-n COUNT]\n"
                           "  -n COUNT  end after that many (200)\n";

enum { READ_END, WRITE_END };
enum { SIZE = 5000, ROUNDS = 20000 };

static char *volatile block;
static int self_pipe[2];
static FILE *journal;

/* write() may be called here; signal-safety(7) lists it. If the pipe is
 * full it fails, which doesn't matter: enough is in there to wake the
 * program up. errno belongs to who was interrupted. */
static void on_alarm(int sig)
{
    int saved_errno = errno;
    char byte = (char)sig;

    if (write(self_pipe[WRITE_END], &byte, 1) == -1)
        errno = EAGAIN;
    errno = saved_errno;
}

/* Both ends don't block: the handler must never wait for room, nor the
 * program for news. No other program that it starts shall have them. */
static void make_self_pipe(void)
{
    if (pipe2(self_pipe, O_NONBLOCK | O_CLOEXEC) == -1)
        err(1, "pipe2");
}

/* As in handler_broken, but called by the program itself. */
static void report(int number)
{
    char *line = malloc(SIZE);

    if (line == NULL)
        err(1, "malloc");
    snprintf(line, SIZE, "report %d\n", number);
    fputs(line, journal);
    free(line);
}

static void work(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        block = malloc(SIZE);
        if (block != NULL)
            memset(block, 'x', SIZE);
        free(block);
    }
}

/* As in handler_broken: so malloc() has its lock here, too. */
static void *be_second_thread(void *arg)
{
    for (;;)
        pause();
    return arg;
}

/* Returns the second thread. */
static pthread_t set_up(void)
{
    struct sigaction action = {
        .sa_handler = on_alarm,
        .sa_flags = SA_RESTART,
    };
    const struct itimerval tick = {{0, 1000}, {0, 1000}};
    pthread_t second;
    sigset_t set;

    journal = fopen("/dev/null", "we");
    if (journal == NULL)
        err(1, "/dev/null");
    make_self_pipe();

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
    return second;
}

/* Takes one signal from the pipe, if there is one. */
static bool take_signal(void)
{
    struct pollfd news = {
        .fd = self_pipe[READ_END],
        .events = POLLIN,
    };
    char byte;

    /* 0: don't wait, there is work to do. With nothing to do it would
     * be -1, and other descriptors could be in the list. poll() is
     * never restarted after a handler, whatever SA_RESTART says. And
     * EINTR is news, too. Whoever only calls it again may never get
     * through, if the signals come fast enough. */
    switch (poll(&news, 1, 0)) {
    case 0:
        return false;
    case -1:
        if (errno != EINTR)
            err(1, "poll");
    }
    if (read_full(self_pipe[READ_END], &byte, 1) == -1) {
        if (errno != EAGAIN)
            err(1, "read");
        return false;
    }
    return true;
}

int main(int argc, char *argv[])
{
    int count = 200, done = 0, opt;
    pthread_t second;

    while ((opt = getopt(argc, argv, "hn:")) != -1) {
        if (opt != 'n')
            usage(opt, help);
        count = (int)parse_number("-n", optarg, 1, 1000000);
    }
    if (optind < argc)
        usage('?', help);

    second = set_up();
    while (done < count) {
        work();
        while (done < count && take_signal())
            report(++done);
    }
    say("worker", "%d signals, and a report for each", done);
    pthread_cancel(second);
    check_pthread(pthread_join(second, NULL), "pthread_join");
    return 0;
}
