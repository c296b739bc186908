/*
 * ex2_rpc: a server that everybody asks through one FIFO, and that
 * answers each client through one of the client's own.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_rpc -s FIFO
 *        ex2_rpc FIFO TEXT...
 *
 * Try:   mkfifo f; ex2_rpc -s f & timeout 1 tee f; ex2_rpc f hi; kill $!; wait; rm -f f
 *        ex2_rpc -s f
 *        In another terminal: ex2_rpc f live straw
 *        Stop the server with Ctrl-Z and ask again; ls -l, there.
 *
 * See:   fifo(7), open(2), poll(2), signalfd(2), getrandom(2)
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex2_rpc -s FIFO\n"
    "       ex2_rpc FIFO TEXT...\n"
    "Turns each TEXT round. With -s: the server that does it.\n";

enum { MAX_TEXT = 4000, MAX_NAME = 32 };

static const char *path; /* the server's FIFO */
static int signals;      /* can be read when we are to end */

/* What comes to us: requests to the server, answers to a client. */
static char inbox_path[PATH_MAX];
static int inbox = -1;

/* Only in a client: the server's FIFO, to write, and our name. */
static int server = -1;
static char name[MAX_NAME + 1];

/* Opens a FIFO, without waiting for anybody. Returns -1 after a message
 * if that can't be, or if it is something else. */
static int open_fifo(const char *file, int mode)
{
    /* TODO 1 BEGIN: a link could lead anywhere: O_NOFOLLOW. */
    struct stat info;
    int fd = open(file, mode | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

    if (fd == -1 || fstat(fd, &info) == -1)
        warn("%s", file);
    else if (S_ISFIFO(info.st_mode))
        return fd;
    else
        warnx("%s: not a FIFO", file);
    if (fd != -1)
        close(fd);
    /* TODO 1 STAND-IN: warnx("%s: not yet", file); */
    /* TODO 1 STAND-IN: (void)mode; */
    /* TODO 1 END */
    return -1;
}

/* Whether the name leads to the FIFO that we have open. */
static bool is_in_place(void)
{
    struct stat ours, named;

    return fstat(inbox, &ours) == 0 && lstat(inbox_path, &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static void remove_inbox(void)
{
    if (is_in_place() && unlink(inbox_path) == -1)
        warn("%s", inbox_path);
}

/* Waits until fd is ready. Returns false if a server is to end, or if a
 * client's server is gone. A client that is to end, ends. */
static bool wait_for(int fd, short events)
{
    struct pollfd fds[] = {
        {signals, POLLIN, 0}, {fd, events, 0}, {server, 0, 0}};

    while (poll(fds, 3, -1) == -1) {
        if (errno != EINTR)
            err(1, "poll");
    }
    /* TODO 4 BEGIN: first the signals. Then the server: of a write end
     * poll() tells POLLERR, also unasked, when nobody reads any more. */
    struct signalfd_siginfo signal;

    if (fds[0].revents != 0) {
        if (read(signals, &signal, sizeof signal) == -1)
            err(1, "signalfd");
        if (server != -1)
            exit(128 + (int)signal.ssi_signo);
        return false;
    }
    if (fds[2].revents & POLLERR)
        return false;
    /* TODO 4 END */
    return true;
}

/* ---- The server ---- */

/* Answers one request, "NAME TEXT". The newline is no more there. */
static void answer(const char *line, size_t len)
{
    /* TODO 2 BEGIN: check the name: one that leads elsewhere would have
     * us write there. Turn the text round. Then send it: the client may
     * have died, or never read. That must not make us wait, or end. */
    char turned[PIPE_BUF], to[PATH_MAX];
    size_t n = 0, text;
    int fd;

    while (n < len && isalnum((unsigned char)line[n]))
        n++;
    if (n == 0 || n > MAX_NAME || n == len || line[n] != ' ') {
        warnx("not a request");
        return;
    }
    text = len - n - 1;
    for (size_t i = 0; i < text; i++)
        turned[i] = line[len - 1 - i];
    turned[text] = '\n';

    snprintf(to, sizeof to, "%s.%.*s", path, (int)n, line);
    fd = open_fifo(to, O_WRONLY);
    if (fd == -1)
        return;
    if (write(fd, turned, text + 1) == -1) /* so little is never torn */
        warn("%s", to);
    close(fd);
    /* TODO 2 STAND-IN: (void)line; */
    /* TODO 2 STAND-IN: (void)len; */
    /* TODO 2 END */
}

/* Reads once; answers each request that is complete by now. Returns
 * what read() has. */
static ssize_t take_requests(void)
{
    char bytes[PIPE_BUF];
    ssize_t got = read(inbox, bytes, sizeof bytes);

    if (got == -1 && errno != EAGAIN && errno != EINTR)
        err(1, "%s", path);
    /* TODO 1 BEGIN: a request may begin in one read() and end in the
     * next. An empty line is none; too long a one isn't, either. */
    static char line[PIPE_BUF];
    static size_t length;

    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] != '\n') {
            if (length < sizeof line)
                line[length] = bytes[i];
            length++;
            continue;
        }
        if (length >= sizeof line)
            warnx("not a request");
        else if (length > 0)
            answer(line, length);
        length = 0;
    }
    /* TODO 1 STAND-IN: answer(bytes, 0); */
    /* TODO 1 END */
    return got;
}

/* Opens the server's FIFO, as ex1_logger does. */
static void open_requests(void)
{
    /* TODO 1 BEGIN: make it, or find it; open it, lock it, and see
     * whether it is still in place. Then open a write end, so that no
     * client is the last writer. */
    do {
        close(inbox);
        if (mkfifo(path, 0622) == -1 && errno != EEXIST)
            err(1, "%s", path);
        inbox = open_fifo(path, O_RDONLY);
        if (inbox == -1)
            exit(1);
        if (flock(inbox, LOCK_EX | LOCK_NB) == -1) {
            if (errno == EWOULDBLOCK)
                errx(1, "%s: in use", path);
            err(1, "%s", path);
        }
    } while (!is_in_place());
    atexit(remove_inbox);
    if (open_fifo(path, O_WRONLY) == -1)
        exit(1);
    /* TODO 1 STAND-IN: (void)remove_inbox; */
    /* TODO 1 STAND-IN: exit(open_fifo(path, O_RDONLY) == -1); */
    /* TODO 1 END */
}

static void serve(void)
{
    snprintf(inbox_path, sizeof inbox_path, "%s", path);
    open_requests();
    while (wait_for(inbox, POLLIN))
        take_requests();
    /* TODO 4 BEGIN: the end: remove the name, so that nobody comes any
     * more. What FIONREAD tells has arrived, and is answered. */
    int waiting;
    ssize_t n;

    remove_inbox();
    if (ioctl(inbox, FIONREAD, &waiting) == -1)
        err(1, "%s", path);
    for (; waiting > 0 && (n = take_requests()) > 0; waiting -= (int)n)
        continue;
    /* TODO 4 END */
}

/* ---- The client ---- */

/* Makes our own FIFO, under a name that nobody has, and opens it. */
static void open_reply(void)
{
    /* TODO 3 BEGIN: a name from getrandom(2), say; mkfifo() tells if
     * somebody has it. Open it so that there is a reader before we ask,
     * and no end of file between two answers. */
    unsigned long long random;

    do {
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            err(1, "getrandom");
        snprintf(name, sizeof name, "%016llx", random);
        snprintf(inbox_path, sizeof inbox_path, "%s.%s", path, name);
        errno = 0;
    } while (mkfifo(inbox_path, 0622) == -1 && errno == EEXIST);
    if (errno != 0)
        err(1, "%s", inbox_path);
    atexit(remove_inbox);
    inbox = open_fifo(inbox_path, O_RDWR);
    if (inbox == -1) {
        unlink(inbox_path);
        exit(1);
    }
    /* TODO 3 STAND-IN: (void)name; */
    /* TODO 3 STAND-IN: exit(1); */
    /* TODO 3 END */
}

/* Sends one request to the server, as a whole. */
static void ask(const char *text)
{
    /* TODO 3 BEGIN: "\nNAME TEXT\n", in one write: so little goes as a
     * whole or, with EAGAIN, not at all. */
    char line[PIPE_BUF];
    int len = snprintf(line, sizeof line, "\n%s %s\n", name, text);

    while (write(server, line, (size_t)len) == -1) {
        if (errno == EPIPE)
            errx(1, "%s: the server is gone", path);
        if (errno != EAGAIN && errno != EINTR)
            err(1, "%s", path);
        wait_for(server, POLLOUT);
    }
    /* TODO 3 STAND-IN: (void)text; */
    /* TODO 3 END */
}

/* Prints one answer, as soon as its newline has come. */
static void print_answer(void)
{
    char line[PIPE_BUF] = "";
    size_t len = 0;
    bool there = true;

    while (len == 0 || line[len - 1] != '\n') {
        ssize_t n = read(inbox, line + len, sizeof line - len);

        if (n > 0) {
            len += (size_t)n;
            continue;
        }
        if (n == 0)
            errx(1, "%s: too long an answer", path);
        if (errno != EAGAIN && errno != EINTR)
            err(1, "%s", inbox_path);
        /* What it wrote before it went may just have come. */
        if (!there)
            errx(1, "%s: the server is gone", path);
        there = wait_for(inbox, POLLIN);
    }
    if (write_full(STDOUT_FILENO, line, len) == -1)
        err(1, "standard output");
}

static void be_client(char *texts[])
{
    for (int i = 0; texts[i] != NULL; i++) {
        if (strlen(texts[i]) > MAX_TEXT || strchr(texts[i], '\n'))
            errx(2, "a TEXT is one line of up to %d bytes", MAX_TEXT);
    }
    server = open_fifo(path, O_WRONLY);
    if (server == -1)
        exit(1);
    open_reply();
    for (int i = 0; texts[i] != NULL; i++) {
        ask(texts[i]);
        print_answer();
    }
}

/* From now on SIGINT and SIGTERM don't end us: they can be read. */
static int open_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    int fd;

    sigaction(SIGPIPE, &ignore, NULL); /* write() gives us EPIPE */
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd == -1)
        err(1, "signalfd");
    return fd;
}

int main(int argc, char *argv[])
{
    bool is_server = false;
    int opt;

    /* '+': a TEXT may begin with '-'. */
    while ((opt = getopt(argc, argv, "+hs")) != -1) {
        if (opt != 's')
            usage(opt, usage_text);
        is_server = true;
    }
    if (is_server ? argc - optind != 1 : argc - optind < 2)
        usage('?', usage_text);
    path = argv[optind];
    if (strlen(path) + 1 + MAX_NAME >= PATH_MAX)
        errx(1, "%s: %s", path, strerror(ENAMETOOLONG));

    signals = open_signals();
    if (is_server)
        serve();
    else
        be_client(argv + optind + 1);
    return 0;
}
