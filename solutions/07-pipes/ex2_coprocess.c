/*
 * ex2_coprocess: feeds a command and drains it at the same time, so
 * that no amount of data makes the two wait for each other.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_coprocess COMMAND [ARG...]
 *
 * Try:   seq 100000 | ex2_coprocess sort -n | tail -n 1
 *        yes | ex2_coprocess head -n 1
 *        ex2_coprocess sed -u s/a/b/
 *        Type a line: the answer comes before you type the next.
 *
 * See:   pipe2(2), poll(2), fcntl(2), signal(7), pipe(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

struct command {
    pid_t pid;
    int in;  /* what we write here is its standard input; -1: closed */
    int out; /* its standard output can be read here; -1: closed */

    char waiting[65536]; /* from our input, not yet taken by the pipe */
    size_t begin, end;   /* which part of that: empty if equal */

    long long fed, got; /* bytes written to it, bytes read from it */
};

static const char usage_text[] =
    "Usage: ex2_coprocess COMMAND [ARG...]\n"
    "Exit status: the command's, as in a shell: 127 if there is no\n"
    "such command, 126 if it can't be run, 128 + N if killed by\n"
    "signal N. 1 if our own input or output fails.\n";

static void close_end(int *fd)
{
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}

/* Starts the command, with a pipe on each side of it. Fills in c. */
static void start(struct command *c, char *argv[])
{
    /* TODO 1 BEGIN: make two pipes, and fork. In the parent, keep the
     * two ends that are yours and the PID in *c, close the other two,
     * and return. All that follows is the child's. */
    int to[2], from[2], reason;

    /* O_CLOEXEC: exec closes all four; the copies on 0 and 1 stay. */
    if (pipe2(to, O_CLOEXEC) == -1 || pipe2(from, O_CLOEXEC) == -1)
        err(1, "pipe2");
    c->pid = fork();
    if (c->pid == -1)
        err(1, "fork");
    if (c->pid != 0) {
        close(to[READ_END]);
        close(from[WRITE_END]);
        c->in = to[WRITE_END];
        c->out = from[READ_END];
        return;
    }
    /* TODO 1 END */

    /* Killing this program shall end the command too. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
        err(1, "prctl");

    /* TODO 4 BEGIN: an ignored signal stays ignored after exec. The
     * command has a right to its SIGPIPE. */
    const struct sigaction normal = {.sa_handler = SIG_DFL};

    sigaction(SIGPIPE, &normal, NULL);
    /* TODO 4 END */

    /* TODO 1 BEGIN: the pipes become standard input and output; nothing
     * else stays open; then become the command. If that fails, say why,
     * and end this process: 127 if there is no such command, or 126. */
    if (dup2(to[READ_END], STDIN_FILENO) == -1 ||
        dup2(from[WRITE_END], STDOUT_FILENO) == -1)
        err(1, "dup2");
    execvp(argv[0], argv);
    reason = errno;
    warn("%s", argv[0]);
    _exit(reason == ENOENT ? 127 : 126);
    /* TODO 1 STAND-IN: (void)c; */
    /* TODO 1 STAND-IN: (void)argv; */
    /* TODO 1 END */
}

/* Waits for the command. Returns the status that a shell would give. */
static int finish(const struct command *c)
{
    /* TODO 1 BEGIN: wait for it; mind a command killed by a signal. */
    int status;

    while (waitpid(c->pid, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (WIFSIGNALED(status))
        return 128 + WTERMSIG(status);
    return WEXITSTATUS(status);
    /* TODO 1 STAND-IN: (void)c; */
    /* TODO 1 STAND-IN: return 1; */
    /* TODO 1 END */
}

/* Reading or writing our own side failed: the end, for both. */
static _Noreturn void give_up(struct command *c, const char *what)
{
    warn("%s", what);
    /* TODO 4 BEGIN: leave no command behind: close the pipes, send it
     * SIGTERM, and wait for it. */
    close_end(&c->in);
    close_end(&c->out);
    kill(c->pid, SIGTERM);
    finish(c);
    /* TODO 4 STAND-IN: (void)c; */
    /* TODO 4 END */
    exit(1);
}

/* Called when the command's output can be read, or has ended. */
static void drain(struct command *c)
{
    /* TODO 2 BEGIN: read once, pass on what came, count it in c->got.
     * At end of file, close c->out. */
    char buf[65536];
    ssize_t n = read(c->out, buf, sizeof buf);

    if (n == -1)
        give_up(c, "read from the command");
    if (n == 0)
        close_end(&c->out);
    c->got += n;
    if (write_full(STDOUT_FILENO, buf, (size_t)n) == -1)
        give_up(c, "standard output");
    /* TODO 2 STAND-IN: close_end(&c->out); */
    /* TODO 2 END */
}

/* Called when nothing is waiting and our input can be read. */
static void fill(struct command *c)
{
    /* TODO 3 BEGIN: read once into c->waiting. At the end of our input,
     * close c->in: that is the command's end of file. */
    ssize_t n = read(STDIN_FILENO, c->waiting, sizeof c->waiting);

    if (n == -1)
        give_up(c, "standard input");
    if (n == 0)
        close_end(&c->in);
    c->begin = 0;
    c->end = (size_t)n;
    /* TODO 3 STAND-IN: (void)c; */
    /* TODO 3 END */
}

/* Called when the pipe to the command has room, or nobody reads it. */
static void feed(struct command *c)
{
    /* TODO 3 BEGIN: write once, as much of c->waiting as the pipe can
     * take, and count it in c->fed. A full pipe isn't a failure. */
    ssize_t n = write(c->in, c->waiting + c->begin, c->end - c->begin);

    if (n >= 0) {
        c->begin += (size_t)n;
        c->fed += n;
        return;
    }
    if (errno == EAGAIN)
        return;
    /* TODO 3 STAND-IN: (void)c; */
    /* TODO 3 END */

    /* TODO 4 BEGIN: nor is a command that has stopped reading: no more
     * input for it, but its output still counts. */
    if (errno == EPIPE) {
        close_end(&c->in);
        return;
    }
    /* TODO 4 END */

    /* TODO 3 BEGIN: any other error is one. */
    give_up(c, "write to the command");
    /* TODO 3 END */
}

/* Moves bytes both ways until both pipes are closed. */
static void transfer(struct command *c)
{
    /* TODO 3 BEGIN: a write to the command must never make us wait:
     * meanwhile nobody would drain it. */
    if (fcntl(c->in, F_SETFL, O_NONBLOCK) == -1)
        err(1, "fcntl");
    /* TODO 3 STAND-IN: close_end(&c->in); */
    /* TODO 3 END */

    while (c->in != -1 || c->out != -1) {
        enum { OUTPUT, INPUT, FEED };
        /* poll() skips a negative descriptor. */
        struct pollfd fds[] = {
            [OUTPUT] = {.fd = c->out, .events = POLLIN},
            [INPUT] = {.fd = -1, .events = POLLIN},
            [FEED] = {.fd = -1, .events = POLLOUT},
        };

        /* TODO 3 BEGIN: as long as c->in is open, wait for one of two
         * more things: if bytes are waiting, for room in the pipe; if
         * none are, for our input. Never for both: what nobody takes
         * stays ready, and poll() would return at once, for ever. */
        if (c->begin < c->end)
            fds[FEED].fd = c->in;
        else if (c->in != -1)
            fds[INPUT].fd = STDIN_FILENO;
        /* TODO 3 END */

        /* TODO 4 BEGIN: find out that the command stopped reading also
         * while nothing is waiting: without any event asked for, poll()
         * still reports POLLERR. */
        if (c->begin == c->end) {
            fds[FEED].fd = c->in;
            fds[FEED].events = 0;
        }
        /* TODO 4 END */

        if (poll(fds, 3, -1) == -1) {
            if (errno == EINTR)
                continue;
            give_up(c, "poll");
        }
        if (fds[OUTPUT].revents != 0)
            drain(c);

        /* TODO 4 BEGIN: nobody reads the pipe any more. */
        if (fds[FEED].revents & POLLERR) {
            close_end(&c->in);
            continue;
        }
        /* TODO 4 END */
        if (fds[FEED].revents != 0)
            feed(c);
        if (fds[INPUT].revents != 0)
            fill(c);
    }
}

int main(int argc, char *argv[])
{
    static struct command command = {.pid = -1, .in = -1, .out = -1};
    int opt, status;

    /* The + stops at the command: its options are its own. */
    while ((opt = getopt(argc, argv, "+h")) != -1)
        usage(opt, usage_text);
    if (optind == argc)
        usage('?', usage_text);

    /* TODO 4 BEGIN: a command that stops reading must not kill us. */
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigaction(SIGPIPE, &ignore, NULL);
    /* TODO 4 END */

    start(&command, argv + optind);
    transfer(&command);
    status = finish(&command);
    /* TODO 3 BEGIN: report "fed N bytes, got M bytes" on stderr. */
    fprintf(stderr, "fed %lld bytes, got %lld bytes\n", command.fed,
            command.got);
    /* TODO 3 END */
    return status;
}
