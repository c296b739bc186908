/*
 * xray_truth: does a random sequence of pipes, forks, dups, closes, reads,
 * writes and signals, and writes down, in the words of tools/xray.d/FACTS.md,
 * what it did. The facts that xray finds in a trace must be the same.
 *
 * Usage: xray_truth SEED
 *
 * Each process writes truth.NAME into the current folder: child.1 writes
 * truth.child.1.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { FDS = 40, STEPS = 30, DEPTH = 2, CHILDREN = 3 };

static char self[32] = "parent";
static char told[65536];
static size_t told_length;
static int depth;
static unsigned int dice;

/* What each descriptor leads to, as the facts name it. */
static struct {
    char pipe[64];
    const char *mode; /* NULL: not open */
} fds[FDS];
static int pipes_made, children_made;
static pid_t children[CHILDREN];

static void tell(const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(told + told_length, sizeof told - told_length, format, args);
    va_end(args);
    told_length += (size_t)n;
    if (told_length >= sizeof told)
        errx(1, "the story is too long");
}

static int roll(int sides)
{
    return rand_r(&dice) % sides;
}

static const char *outcome(ssize_t result)
{
    static char text[32];

    snprintf(text, sizeof text, "%zd", result);
    return result != -1 ? text : errno == EPIPE ? "EPIPE" : "EAGAIN";
}

static int open_count(void)
{
    int n = 0;

    for (int i = 0; i < FDS; i++)
        n += fds[i].mode != NULL;
    return n;
}

/* Any open descriptor of that mode, or of any if it is NULL; or -1. */
static int any(const char *mode)
{
    int start = roll(FDS);

    for (int i = 0; i < FDS; i++) {
        int fd = (start + i) % FDS;

        if (fds[fd].mode && (mode == NULL || strcmp(fds[fd].mode, mode) == 0))
            return fd;
    }
    return -1;
}

static void make_pipe(void)
{
    int ends[2];

    if (open_count() > FDS - 10)
        return;
    if (pipe2(ends, O_NONBLOCK) == -1)
        err(1, "pipe2");
    pipes_made++;
    for (int i = 0; i < 2; i++) {
        snprintf(fds[ends[i]].pipe, sizeof fds[ends[i]].pipe, "%s%spipe:%d",
                 depth ? self : "", depth ? "/" : "", pipes_made);
        fds[ends[i]].mode = i == 0 ? "read" : "write";
    }
    tell("create %s %s\n", self, fds[ends[0]].pipe);
    for (int i = 0; i < 2; i++)
        tell("open %s %s %s\n", self, fds[ends[i]].pipe, fds[ends[i]].mode);
}

static void forget(int fd)
{
    tell("close %s %s %s\n", self, fds[fd].pipe, fds[fd].mode);
    fds[fd].mode = NULL;
}

static void close_one(void)
{
    int fd = any(NULL);

    if (fd != -1) {
        forget(fd);
        close(fd);
    }
}

static void duplicate(void)
{
    int fd = any(NULL), to;

    if (fd == -1 || open_count() > FDS - 10)
        return;
    if (roll(2)) {
        to = dup(fd);
    } else {
        to = 3 + roll(FDS - 10);
        if (to == fd)
            return;
        if (fds[to].mode)
            forget(to);
        to = dup2(fd, to);
    }
    if (to == -1)
        err(1, "dup");
    fds[to] = fds[fd];
    tell("dup %s %s %s to %d\n", self, fds[fd].pipe, fds[fd].mode, to);
}

static void write_some(void)
{
    static const char bytes[5000];
    int fd = any("write");
    ssize_t n;

    if (fd == -1)
        return;
    n = write(fd, bytes, 1 + (size_t)roll(sizeof bytes));
    tell("write %s %s = %s\n", self, fds[fd].pipe, outcome(n));
    if (n == -1 && errno == EPIPE)
        tell("deliver %s SIGPIPE ignored from kernel\n", self);
}

static void read_some(void)
{
    char bytes[3000];
    int fd = any("read");

    if (fd == -1)
        return;
    tell("read %s %s = %s\n", self, fds[fd].pipe,
         outcome(read(fd, bytes, 1 + (size_t)roll(sizeof bytes))));
}

static void on_usr1(int sig)
{
    (void)sig;
    tell("deliver %s SIGUSR1 handled from %s\n", self, self);
}

static void signal_self(void)
{
    tell("signal %s %s SIGUSR1\n", self, self);
    kill(getpid(), SIGUSR1); /* it has arrived when kill returns */
}

static void signal_child(void)
{
    int i = roll(CHILDREN);

    if (children[i]) {
        tell("signal %s %s.%d SIGUSR2\n", self, depth ? self : "child", i + 1);
        kill(children[i], SIGUSR2);
    }
}

static void take_signal(void)
{
    static const struct timespec at_once;
    sigset_t set;
    int sig;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sig = sigtimedwait(&set, NULL, &at_once);
    tell("take %s %s%s\n", self, sig == -1 ? "= " : "",
         sig == -1 ? "EAGAIN" : "SIGUSR2");
}

static void act(void);
static _Noreturn void finish(void);

static void make_child(void)
{
    char name[48];
    pid_t pid;

    if (children_made == CHILDREN || depth == DEPTH)
        return;
    snprintf(name, sizeof name, "%s.%d", depth ? self : "child",
             ++children_made);
    tell("fork %s %s\n", self, name);
    pid = fork();
    if (pid == -1)
        err(1, "fork");
    if (pid > 0) {
        children[children_made - 1] = pid;
        return;
    }
    told_length = 0;
    depth++;
    snprintf(self, sizeof self, "%.31s", name);
    pipes_made = children_made = 0;
    memset(children, 0, sizeof children);
    dice += 7919 * (unsigned int)(depth + name[strlen(name) - 1]);
    for (int i = 0; i < FDS; i++)
        if (fds[i].mode)
            tell("inherit %s %s %s\n", self, fds[i].pipe, fds[i].mode);
    act();
    finish();
}

static void act(void)
{
    static void (*const acts[])(void) = {
        make_pipe,   close_one,    duplicate,   write_some,
        write_some,  read_some,    read_some,   make_child,
        signal_self, signal_child, take_signal,
    };

    for (int i = 0; i < STEPS; i++)
        acts[roll(sizeof acts / sizeof *acts)]();
}

static void wait_for_one(int i)
{
    if (waitpid(children[i], NULL, 0) == -1)
        err(1, "waitpid");
    tell("reap %s %s.%d\n", self, depth ? self : "child", i + 1);
}

static _Noreturn void finish(void)
{
    int status = roll(200), fd;
    char name[48];

    for (int i = 0; i < children_made; i++)
        wait_for_one(i);
    for (int i = 0; i < FDS; i++)
        if (fds[i].mode)
            tell("held %s %s %s\n", self, fds[i].pipe, fds[i].mode);
    tell("exit %s = %d\n", self, status);
    snprintf(name, sizeof name, "truth.%s", self);
    fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd == -1 || write_full(fd, told, told_length) == -1)
        err(1, "%s", name);
    close(fd);
    _exit(status);
}

int main(int argc, char *argv[])
{
    struct sigaction action = {.sa_handler = on_usr1};
    sigset_t set;

    if (argc != 2)
        errx(2, "usage: xray_truth SEED");
    dice = (unsigned int)parse_number("SEED", argv[1], 0, 1000000000);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    tell("start parent xray_truth\n");
    tell("block parent SIGUSR2\nblock parent SIGCHLD\n");
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    tell("handle parent SIGUSR1\nignore parent SIGPIPE\n");
    act();
    finish();
}
