/*
 * notify_ear: listens where a manager would, and runs a service beside it.
 * For tests of programs that speak the readiness protocol.
 *
 * Usage: notify_ear [-w USEC] NAME PROGRAM [ARG...]
 *
 * NAME is what the program finds in NOTIFY_SOCKET, "/..." or "@..."; if it's
 * "-", there is none. With -w, WATCHDOG_USEC is there, and WATCHDOG_PID. Prints
 * "pid" and the program's number. Then, for each datagram, a line
 *     SENDER SENT CAME TEXT
 * The sender is "main", the program itself, or "other". When it was sent and when
 * it was read are in microseconds, of the time of day and of CLOCK_MONOTONIC. A
 * newline in TEXT is "|", all else that isn't printable "?".
 *
 * Reads commands from standard input until that ends:
 *     NAME              sends the program that signal: HUP
 *     time              prints "time" and CLOCK_MONOTONIC
 *     deaf              closes the socket and removes it
 * When the program has ended, prints "ended" and its exit status, or 128 and the
 * signal's number more. When the input has ended it is killed.
 *
 * See: SO_TIMESTAMP and SO_PASSCRED in socket(7), unix(7), signalfd(2)
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: notify_ear [-w USEC] NAME PROGRAM [ARG...]\n";

static const char *name;
static int ear = -1;
static pid_t program;

static long long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void listen_there(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    int yes = 1;

    if (length >= sizeof at.sun_path)
        errx(2, "%s is too long", name);
    memcpy(at.sun_path, name, length);
    length += offsetof(struct sockaddr_un, sun_path);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    else
        length++;
    ear = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ear == -1 ||
        setsockopt(ear, SOL_SOCKET, SO_TIMESTAMP, &yes, sizeof yes) == -1 ||
        setsockopt(ear, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == -1 ||
        bind(ear, (struct sockaddr *)&at, (socklen_t)length) == -1)
        err(1, "%s", name);
}

static void become_deaf(void)
{
    if (ear == -1)
        return;
    close(ear);
    ear = -1;
    if (name[0] == '/' && unlink(name) == -1)
        err(1, "%s", name);
}

static void start(char *argv[], const char *usec, const sigset_t *mask)
{
    char number[24];

    program = fork();
    if (program == -1)
        err(1, "fork");
    if (program > 0) {
        printf("pid %d\n", program);
        return;
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (ear != -1)
        setenv("NOTIFY_SOCKET", name, 1);
    if (usec != NULL) {
        snprintf(number, sizeof number, "%d", getpid());
        setenv("WATCHDOG_USEC", usec, 1);
        setenv("WATCHDOG_PID", number, 1);
    }
    execvp(argv[0], argv);
    err(127, "%s", argv[0]);
}

/* Prints all that has come. */
static void hear(void)
{
    char text[8192];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct timeval)) +
                   CMSG_SPACE(sizeof(struct ucred))];
    } extra;
    struct iovec into = {text, sizeof text};
    ssize_t length;

    for (;;) {
        struct msghdr message = {.msg_iov = &into,
                                 .msg_iovlen = 1,
                                 .msg_control = &extra,
                                 .msg_controllen = sizeof extra};
        struct timeval sent = {0};
        struct ucred from = {0};

        if (ear == -1 || (length = recvmsg(ear, &message, 0)) == -1)
            return;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL;
             c = CMSG_NXTHDR(&message, c)) {
            if (c->cmsg_type == SCM_TIMESTAMP)
                memcpy(&sent, CMSG_DATA(c), sizeof sent);
            else if (c->cmsg_type == SCM_CREDENTIALS)
                memcpy(&from, CMSG_DATA(c), sizeof from);
        }
        if (length > 0 && text[length - 1] == '\n')
            length--;
        for (ssize_t i = 0; i < length; i++)
            if (!isprint((unsigned char)text[i]))
                text[i] = text[i] == '\n' ? '|' : '?';
        printf("%s %lld %lld %.*s\n", from.pid == program ? "main" : "other",
               sent.tv_sec * 1000000LL + sent.tv_usec, now(), (int)length,
               text);
    }
}

static void obey(char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "time") == 0)
        printf("time %lld\n", now());
    else if (strcmp(line, "deaf") == 0)
        become_deaf();
    else
        kill(program, parse_signal("signal", line));
}

/* Whether the program has ended: then says how. */
static bool has_ended(void)
{
    int status;

    if (waitpid(program, &status, WNOHANG) != program)
        return false;
    hear();
    printf("ended %d\n",
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return true;
}

int main(int argc, char *argv[])
{
    char line[256];
    const char *usec = NULL;
    sigset_t child, before;
    int opt;

    while ((opt = getopt(argc, argv, "+hw:")) != -1) {
        if (opt == 'w')
            usec = optarg;
        else
            usage(opt, usage_text);
    }
    if (argc - optind < 2)
        usage('?', usage_text);
    name = argv[optind];

    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);

    struct pollfd waits[] = {
        {.fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK),
         .events = POLLIN},
        {.fd = -1, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN}};
    if (strcmp(name, "-") != 0)
        listen_there();
    start(argv + optind + 1, usec, &before);

    while (!has_ended()) {
        struct signalfd_siginfo info;

        waits[1].fd = ear;
        if (poll(waits, 3, -1) == -1 && errno != EINTR)
            err(1, "poll");
        while (read(waits[0].fd, &info, sizeof info) > 0)
            continue;
        hear();
        if (waits[2].revents != 0) {
            if (fgets(line, sizeof line, stdin) != NULL) {
                obey(line);
            } else {
                kill(program, SIGKILL);
                waits[2].fd = -1;
            }
        }
    }
    become_deaf();
    while (waits[2].fd != -1 && fgets(line, sizeof line, stdin) != NULL)
        continue;
    return 0;
}
