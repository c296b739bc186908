/*
 * fifo_server: one FIFO that everybody knows takes requests; each
 * client gets its answer through a FIFO of its own.
 *
 * Usage: fifo_server [-p PATH] [COMMAND [ARG...]]
 *
 * Try:   fifo_server -p s fifo_client -p s "to whom it may concern"
 *        It serves while that runs. Without a command until Ctrl-C: ask
 *        from a second terminal; start a second server there, too.
 *
 * See:   fifo(7), open(2), poll(2), signalfd(2), flock(2)
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
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: fifo_server [-p PATH] [COMMAND [ARG...]]\n"
    "  -p PATH  the FIFO for requests (fifo_server in "
    "$XDG_RUNTIME_DIR)\n"
    "Serves while COMMAND runs, or until SIGINT or SIGTERM.\n"
    "Exit status: COMMAND's, as in a shell; otherwise 0, or 1.\n";

enum { NAME_LEN = 6 }; /* what mkdtemp(3) makes up */

static const struct sigaction usual = {.sa_handler = SIG_DFL};

static const char *path;
static int requests, unused; /* a read end; a write end */

/* Whether our path leads to the FIFO that we have open. */
static bool is_in_place(void)
{
    struct stat named, ours;

    return lstat(path, &named) == 0 && fstat(requests, &ours) == 0 &&
           named.st_ino == ours.st_ino && named.st_dev == ours.st_dev;
}

static void remove_fifo(void)
{
    if (is_in_place())
        unlink(path);
}

/* Makes the FIFO, or takes over the one of a server that was killed.
 * Whether there is one that lives the lock tells: it ends with it. */
static void open_requests(void)
{
    const int how = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
    struct stat info;

    for (;; close(requests)) {
        if (mkfifo(path, 0600) == -1 && errno != EEXIST)
            err(1, "%s", path);
        /* O_NONBLOCK: this open() shall not wait for a client. */
        requests = open(path, how);
        if (requests == -1 && errno == ENOENT)
            continue; /* its last server has removed it just now */
        if (requests == -1 || fstat(requests, &info) == -1)
            err(1, "%s", path);
        if (!S_ISFIFO(info.st_mode))
            errx(1, "%s: there is something else than a FIFO", path);
        if (flock(requests, LOCK_EX | LOCK_NB) == -1) {
            if (errno == EWOULDBLOCK)
                errx(1, "%s: another server reads from it", path);
            err(1, "%s: flock", path);
        }
        if (is_in_place())
            break; /* else our lock is on what nobody else finds */
    }
    atexit(remove_fifo);
    /* Our own write end: so the last client that leaves is never the
     * last writer, and there is no end of file. */
    unused = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (unused == -1)
        err(1, "%s", path);
}

/* A line "NAME TEXT", without its end. TEXT in capitals goes to a FIFO,
 * PATH.NAME/reply; but we never wait for a client to do something. */
static void answer(char *line, size_t len)
{
    size_t name = 0;
    char *reply;
    struct stat info;
    int fd;

    /* A name can't lead elsewhere: it has no dots, no slashes. */
    while (name < len && isalnum((unsigned char)line[name]))
        name++;
    if (name != NAME_LEN || name == len || line[name] != ' ') {
        say("server", "not a request: %zu bytes", len);
        return;
    }
    say("server", "a request: %zu bytes", len + 1);
    for (size_t i = NAME_LEN; i < len; i++)
        line[i] = (char)toupper((unsigned char)line[i]);
    line[len] = '\n'; /* it was there before */
    len -= NAME_LEN;  /* the space's byte is the newline's now */

    /* A client opens its FIFO before it asks. If nobody has it open,
     * it is dead: O_NONBLOCK gives ENXIO, and else we would wait. */
    if (asprintf(&reply, "%s.%.*s/reply", path, NAME_LEN, line) == -1)
        err(1, "asprintf");
    fd = open(reply, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

    /* So little goes as a whole, or not: EPIPE if the client has died
     * since, EAGAIN if it takes no answers. */
    if (fd == -1)
        say("server", "no answer, for open says: %s", strerror(errno));
    else if (fstat(fd, &info) == -1 || !S_ISFIFO(info.st_mode))
        say("server", "no answer, for that is no FIFO");
    else if (write(fd, line + NAME_LEN + 1, len) == -1)
        say("server", "no answer, for write says: %s", strerror(errno));
    if (fd != -1)
        close(fd);
    free(reply);
}

/* Takes what there is. One read() may give several requests, and the
 * last one in part: the rest is in the FIFO, or soon will be. */
static void take_requests(void)
{
    static char buf[PIPE_BUF];
    static size_t used;
    static bool too_long;
    ssize_t n = read(requests, buf + used, sizeof buf - used);
    char *line = buf, *end;

    if (n == -1 && errno != EAGAIN)
        err(1, "%s: read", path);
    if (n > 0)
        used += (size_t)n;
    while ((end = memchr(line, '\n', used)) != NULL) {
        if (too_long)
            say("server", "not a request: over %d bytes", PIPE_BUF);
        else
            answer(line, (size_t)(end - line));
        too_long = false;
        used -= (size_t)(end + 1 - line);
        line = end + 1;
    }
    memmove(buf, line, used);
    if (used == sizeof buf) {
        too_long = true; /* skip it, to its end */
        used = 0;
    }
}

static int open_signals(sigset_t *before)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    int fd;

    sigaction(SIGPIPE, &ignore, NULL); /* write() gives us EPIPE */
    sigaction(SIGCHLD, &usual, NULL);  /* if it was ignored */
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, before);
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd == -1)
        err(1, "signalfd");
    return fd;
}

static pid_t start(char *argv[], const sigset_t *mask)
{
    pid_t child = fork();
    int status;

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        sigaction(SIGPIPE, &usual, NULL);
        sigprocmask(SIG_SETMASK, mask, NULL);
        execvp(argv[0], argv);
        status = errno == ENOENT ? 127 : 126; /* as in a shell */
        warn("%s", argv[0]);
        _exit(status); /* exit() would remove our parent's FIFO */
    }
    return child;
}

/* Returns our exit status: the command's, if it has ended. */
static int serve(int signals, pid_t command)
{
    struct pollfd fds[] = {{signals, POLLIN, 0}, {requests, POLLIN, 0}};
    struct signalfd_siginfo info;
    int status;

    for (;;) {
        while (poll(fds, 2, -1) == -1)
            if (errno != EINTR)
                err(1, "poll");
        if (fds[1].revents != 0)
            take_requests();
        if (fds[0].revents == 0)
            continue;
        if (read_full(signals, &info, sizeof info) != sizeof info)
            err(1, "signalfd");
        if (info.ssi_signo != SIGCHLD)
            break;
        if (waitpid(command, &status, WNOHANG) == command)
            return WIFEXITED(status) ? WEXITSTATUS(status)
                                     : 128 + WTERMSIG(status);
    }
    say("server", "%s: ends", signal_name((int)info.ssi_signo));
    if (command > 0 && kill(command, SIGTERM) == 0)
        waitpid(command, NULL, 0);
    return 0;
}

int main(int argc, char *argv[])
{
    pid_t command = 0;
    sigset_t mask;
    int signals, opt;

    /* "+": the options after COMMAND are its own. */
    while ((opt = getopt(argc, argv, "+p:h")) != -1) {
        if (opt != 'p')
            usage(opt, help);
        path = optarg;
    }
    if (path == NULL)
        path = whole_path(NULL, "fifo_server");

    signals = open_signals(&mask);
    open_requests();
    say("server", "takes requests");
    if (optind < argc)
        command = start(argv + optind, &mask);
    return serve(signals, command);
}
