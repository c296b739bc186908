/*
 * serve.h: what the servers of this lab do alike. tcp_server has the
 * calls of listen_on() and accept_client() in the open: read it first.
 *
 * All these end the program with a message if a call fails that has to
 * work. Addresses are written as HOST:PORT, IPv6 as [HOST]:PORT.
 */
#ifndef SERVE_H
#define SERVE_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

/* Returns the address as text, in a buffer that the next call uses. See
 * getnameinfo(3). */
static inline const char *address_text(const struct sockaddr *address,
                                       socklen_t len)
{
    static char text[NI_MAXHOST + NI_MAXSERV + 4];
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getnameinfo(address, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return "?";
    snprintf(text, sizeof text,
             address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return text;
}

/*
 * Returns a socket that takes connections at host and port; both may be
 * names. Port "0" is any that is free. Says which it is, and puts it
 * into the environment as PORT, for a command. See getaddrinfo(3).
 */
static inline int listen_on(const char *host, const char *port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE};
    struct addrinfo *list, *one;
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    int fd = -1, yes = 1, error = getaddrinfo(host, port, &wanted, &list);
    const char *text;

    if (error != 0)
        errx(1, "host %s, port %s: %s", host, port, gai_strerror(error));
    /* A name may have addresses that this machine has no way to. */
    for (one = list; one != NULL; one = one->ai_next) {
        fd = socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    0);
        if (fd == -1 && errno != EAFNOSUPPORT)
            err(1, "socket");
        if (fd == -1)
            continue;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == -1)
            err(1, "SO_REUSEADDR");
        if (bind(fd, one->ai_addr, one->ai_addrlen) == 0)
            break;
        if (errno != EADDRNOTAVAIL || one->ai_next == NULL)
            err(1, "%s", address_text(one->ai_addr, one->ai_addrlen));
        close(fd);
    }
    if (one == NULL)
        errx(1, "%s: no address of a family that is known here", host);
    freeaddrinfo(list);
    if (listen(fd, SOMAXCONN) == -1)
        err(1, "listen");
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == -1)
        err(1, "getsockname");
    text = address_text((struct sockaddr *)&bound, len);
    say("server", "listens on %s", text);
    if (setenv("PORT", strrchr(text, ':') + 1, 1) == -1)
        err(1, "setenv");
    return fd;
}

/*
 * Returns the next client's socket, or -1 if none waits. Where no
 * descriptor is left, those who wait are refused, and not forgotten:
 * else they would wait for ever, and poll() would tell us so for ever.
 * For that one descriptor is kept in reserve.
 */
static inline int accept_client(int listener)
{
    static int reserve = -1;
    int fd;

    if (reserve == -1)
        reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (;;) {
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd != -1 || errno == EAGAIN || errno == EWOULDBLOCK)
            return fd;
        if ((errno == EMFILE || errno == ENFILE) && reserve != -1) {
            close(reserve);
            fd = accept(listener, NULL, NULL);
            if (fd != -1)
                close(fd);
            reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
            if (fd == -1)
                return -1; /* nobody waits any more */
            say("server", "refuses a client: no descriptor is left");
        } else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) {
            warn("accept");
            /* The client still waits, and nothing would tell us when it
             * is worth trying again: not at once, at least. */
            poll(NULL, 0, 50);
            return -1;
        }
    }
}

/* What tells a server to end: a signal, or its command's end. */
struct serving {
    const char *role; /* under which it speaks; NULL: "server" */
    int signals;      /* a descriptor from which they are read */
    pid_t command;    /* 0: none, or none any more */
    int others;       /* how many other children there are */
    bool ends;        /* it is to end: no new clients */
    int status;       /* and to exit with that */
    sigset_t before;  /* what was blocked when it began */
};

/* From now on SIGINT, SIGTERM and SIGCHLD are read from a descriptor, and
 * SIGPIPE is the error EPIPE. See signalfd(2). */
static inline void open_signals(struct serving *s)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN},
                           usual = {.sa_handler = SIG_DFL};
    sigset_t set;

    line_buffer_stderr();
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGCHLD, &usual, NULL); /* if it was ignored */
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &s->before);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signals == -1)
        err(1, "signalfd");
}

/* Starts the command that is served while it runs, if argv names one. */
static inline void start_command(struct serving *s, char *argv[])
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    pid_t server = getpid();

    if (argv[0] == NULL)
        return;
    s->command = fork();
    if (s->command == -1)
        err(1, "fork");
    if (s->command == 0) {
        /* It doesn't outlive its server, however that ends. */
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != server)
            _exit(1);
        sigaction(SIGPIPE, &usual, NULL);
        sigprocmask(SIG_SETMASK, &s->before, NULL);
        execvp(argv[0], argv);
        warn("%s", argv[0]);
        _exit(127);
    }
}

/* Reads a signal, and sets s->ends when it is time. Returns true if it
 * was told so for a second time: at once, then. */
static inline bool read_signal(struct serving *s)
{
    struct signalfd_siginfo info;
    bool told = s->ends;
    pid_t child;
    int how;

    if (read(s->signals, &info, sizeof info) != sizeof info)
        return false;
    if (info.ssi_signo != SIGCHLD) {
        say(s->role ? s->role : "server", "%s: ends",
            signal_name((int)info.ssi_signo));
        if (s->command > 0)
            kill(s->command, SIGTERM);
        s->ends = true;
        return told;
    }
    /* One SIGCHLD may stand for several children. */
    while ((child = waitpid(-1, &how, WNOHANG)) > 0 ||
           (child == -1 && errno == EINTR)) {
        if (child != s->command) {
            s->others -= child > 0;
            continue;
        }
        s->command = 0;
        if (!s->ends)
            s->status = WIFEXITED(how) ? WEXITSTATUS(how) : 1;
        s->ends = true;
    }
    return false;
}

/* Returns what the server is to exit with; no child is left alone. */
static inline int end_serving(struct serving *s)
{
    if (s->command > 0)
        waitpid(s->command, NULL, 0);
    return s->status;
}

#endif
