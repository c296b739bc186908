/*
 * fifo_two_way: questions and answers, each through a FIFO of their
 * own.
 *
 * Usage: fifo_two_way [-n QUESTIONS] [-t SECONDS]
 *
 * Try:   fifo_two_way
 *        Then fifo_two_way_broken, which has one FIFO for both: look
 *        at the two with diff.
 *
 * See:   fifo(7), pipe(7), open(2), setitimer(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: fifo_two_way [-n QUESTIONS] [-t SECONDS]\n"
    "  -n QUESTIONS  ask so many (1000)\n"
    "  -t SECONDS    give up after this time (10)\n";

/* All of one size, so the reader knows where the next one begins. */
struct message {
    int number;
    enum { QUESTION, ANSWER } kind;
};

static char *folder, *there, *back;

static void remove_all(void)
{
    if (there != NULL)
        unlink(there);
    if (back != NULL)
        unlink(back);
    rmdir(folder);
}

/* In a folder of its own, whose name mkdtemp() makes up. */
static void make_fifos(void)
{
    const char *dir = getenv("TMPDIR");

    if (dir == NULL)
        dir = P_tmpdir;
    if (asprintf(&folder, "%s/lab08.XXXXXX", dir) == -1)
        err(1, "asprintf");
    if (mkdtemp(folder) == NULL)
        err(1, "%s", folder);
    atexit(remove_all);
    if (asprintf(&there, "%s/there", folder) == -1 ||
        asprintf(&back, "%s/back", folder) == -1)
        err(1, "asprintf");
    if (mkfifo(there, 0600) == -1)
        err(1, "%s", there);
    if (mkfifo(back, 0600) == -1)
        err(1, "%s", back);
}

/* Ctrl-C, say, or nobody who reads our output. The child dies with us.
 * All three calls are allowed in a handler. */
static void on_signal(int sig)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};

    remove_all();
    sigaction(sig, &usual, NULL);
    raise(sig);
}

static void set_handlers(sigset_t *set)
{
    static const int sigs[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
    const struct sigaction action = {.sa_handler = on_signal};
    struct sigaction old;

    sigemptyset(set);
    for (size_t i = 0; i < sizeof sigs / sizeof sigs[0]; i++) {
        sigaddset(set, sigs[i]);
        sigaction(sigs[i], NULL, &old);
        if (old.sa_handler != SIG_IGN)
            sigaction(sigs[i], &action, NULL);
    }
}

static volatile sig_atomic_t late;

static void on_alarm(int sig)
{
    late = sig; /* and a call that waits gives EINTR */
}

/* Whether a call was interrupted by something else. */
static bool again(ssize_t result)
{
    return result == -1 && errno == EINTR && !late;
}

/* The watchdog: a signal after so many seconds, and then every 10 ms:
 * the first may come just before a call that waits. 0: none. */
static void set_timer(double seconds)
{
    const struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval timer = {.it_value.tv_sec = (time_t)seconds};

    timer.it_value.tv_usec =
        (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    timer.it_interval.tv_usec = seconds > 0 ? 10000 : 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static int open_fifo(const char *path, int mode)
{
    int fd;

    do
        fd = open(path, mode | O_CLOEXEC);
    while (again(fd));
    if (fd == -1 && errno == EINTR)
        errx(1, "nobody opens the other end");
    if (fd == -1)
        err(1, "%s", path);
    return fd;
}

/* Until nobody can ask any more. */
static void answer_all(int in, int out)
{
    struct message m;
    bool said = false;

    while (read_full(in, &m, sizeof m) == sizeof m) {
        if (m.kind == QUESTION) {
            m.kind = ANSWER;
            if (write_full(out, &m, sizeof m) == -1)
                err(1, "answerer: write");
        } else if (!said) {
            say("answerer", "has read its own answer");
            said = true;
        }
    }
}

/* Returns whether each question got its answer, in time. */
static bool ask_all(int out, int in, int questions)
{
    int answered = 0, own = 0;

    for (int i = 0; i < questions; i++) {
        struct message m = {.number = i, .kind = QUESTION};
        ssize_t n;

        do
            n = write(out, &m, sizeof m);
        while (again(n));
        if (n == sizeof m) {
            do
                n = read(in, &m, sizeof m);
            while (again(n));
        }
        if (n == -1 && errno == EINTR) {
            say("asker", "stuck: no answer to question %d", i + 1);
            break;
        }
        if (n == -1)
            err(1, "asker");
        if (n != sizeof m)
            errx(1, "asker: the answerer has gone");
        if (m.kind == QUESTION)
            own++;
        else if (m.number == i)
            answered++;
    }
    say("asker", "%d questions answered", answered);
    if (own > 0)
        say("asker", "%d times it has read its own question", own);
    return answered == questions;
}

int main(int argc, char *argv[])
{
    int questions = 1000, in, out, opt;
    pid_t parent = getpid(), child;
    double limit = 10;
    sigset_t set;
    bool done;

    while ((opt = getopt(argc, argv, "n:t:h")) != -1) {
        switch (opt) {
        case 'n':
            questions = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 't':
            limit = parse_seconds("-t", optarg, 0.01, 3600);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    /* Until the handler knows what it has to remove. */
    set_handlers(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    make_fifos();
    sigprocmask(SIG_UNBLOCK, &set, NULL);

    child = fork();
    switch (child) {
    case -1:
        err(1, "fork");
    case 0:
        /* Whatever becomes of its parent, it doesn't wait for ever. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            _exit(1);
        if (getppid() != parent)
            _exit(1);
        in = open_fifo(there, O_RDONLY);
        out = open_fifo(back, O_WRONLY);
        answer_all(in, out);
        _exit(0);
    }
    set_timer(limit);

    /* Each open() waits for the other's. So both open them in the same
     * order: crosswise, each would wait at another FIFO, for ever. */
    out = open_fifo(there, O_WRONLY);
    in = open_fifo(back, O_RDONLY);
    done = ask_all(out, in, questions);
    set_timer(0);

    close(out); /* the end of file for the child */
    while (waitpid(child, NULL, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return done ? 0 : 1;
}
