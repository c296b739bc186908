/*
 * ex2_notify: a service that tells its manager how it is, by hand.
 *
 * It is ready when COMMAND has done its work, and SIGHUP has that done
 * again. The lab's README says exactly what it must do.
 *
 * Usage: ex2_notify COMMAND [ARG...]
 *
 * Try:   ex2_notify sh -c 'kill $PPID'
 *        Make a service of it, with Type=notify and a slow command: as
 *        long as that runs, systemctl start waits.
 *
 * See:   sd_notify(3), sd_watchdog_enabled(3), unix(7), sigtimedwait(2)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] = "Usage: ex2_notify COMMAND [ARG...]\n";

/* Where the manager listens; without one, the length is 0. */
static struct sockaddr_un manager = {.sun_family = AF_UNIX};
static socklen_t manager_length;
static int out = -1; /* our own socket */

/* How often the manager is to hear of us, in microseconds; or 0. */
static long long period;
static long long next_sign; /* when, on the same clock as now() */

static char **command;
static pid_t child;       /* as long as it runs; or 0 */
static sigset_t at_start; /* the signals that were blocked */
static bool ready;

/* Microseconds of CLOCK_MONOTONIC. */
static long long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* Sets manager and manager_length from what NOTIFY_SOCKET says. */
static void find_manager(const char *name)
{
    /* TODO 1 BEGIN: a path, "/...", or an abstract name, "@...": its first
     * byte is 0 instead, and only the length says where it ends. All else
     * is bad usage, as is what is too long. And make the socket. */
    size_t length = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || length < 2 ||
        length >= sizeof manager.sun_path)
        errx(2, "NOTIFY_SOCKET: %s: not an address", name);
    memcpy(manager.sun_path, name, length + 1);
    manager_length =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (name[0] == '@') {
        manager.sun_path[0] = '\0';
        manager_length--;
    }
    out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (out == -1)
        err(1, "socket");
    /* TODO 1 STAND-IN: (void)name, (void)manager, (void)manager_length; */
    /* TODO 1 END */
}

/* Tells the manager this, if there is one. If it can't be reached, that is
 * no reason to end. */
__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    char text[PATH_MAX + 256];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (manager_length == 0)
        return;
    /* TODO 2 BEGIN: one datagram, without the 0 byte at the text's end. */
    if (sendto(out, text, strlen(text), MSG_NOSIGNAL,
               (struct sockaddr *)&manager, manager_length) == -1)
        warn("NOTIFY_SOCKET");
    /* TODO 2 STAND-IN: (void)out; */
    /* TODO 2 END */
}

/* What the environment says is for us, not for our children. */
static void take_environment(void)
{
    const char *name = getenv("NOTIFY_SOCKET");

    if (name != NULL && name[0] != '\0')
        find_manager(name);
    /* TODO 3 BEGIN: period, if WATCHDOG_USEC is there, and WATCHDOG_PID is
     * us, or isn't there. Then the three variables go. */
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");

    if (usec != NULL) {
        period = parse_number("WATCHDOG_USEC", usec, 2, LLONG_MAX) / 2;
        if (pid != NULL &&
            parse_number("WATCHDOG_PID", pid, 1, INT_MAX) != getpid())
            period = 0;
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    /* TODO 3 END */
}

/* Starts the command. */
static void run(void)
{
    /* TODO 4 BEGIN: fork() and execvp(): the command gets the signal mask
     * that we were given. If there is no such command, its status is 127. */
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &at_start, NULL);
        execvp(command[0], command);
        warn("%s", command[0]);
        _exit(127);
    }
    /* TODO 4 STAND-IN: (void)command, (void)at_start; */
    /* TODO 4 STAND-IN: errx(1, "%s: not yet", command[0]); */
    /* TODO 4 END */
}

/* If the command has ended, tells so, and whether we are ready. */
static void look_after_child(void)
{
    /* TODO 5 BEGIN: we become ready when it ends with 0. If it fails, we
     * stay what we were; if that isn't ready, end. SIGCHLD also comes when
     * it's stopped. */
    int status;

    if (waitpid(child, &status, WNOHANG) != child)
        return;
    child = 0;
    if (!ready)
        next_sign = now() + period;
    ready = ready || status == 0;
    tell("%sSTATUS=%s: status %d", ready ? "READY=1\n" : "", command[0],
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    if (!ready)
        errx(1, "%s failed", command[0]);
    /* TODO 5 STAND-IN: (void)ready; */
    /* TODO 5 END */
}

/* SIGHUP has come: does it all again. */
static void reload(void)
{
    /* TODO 6 BEGIN: tell the manager since when, and run the command. */
    tell("RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=%s: running", now(),
         command[0]);
    run();
    /* TODO 6 END */
}

static _Noreturn void stop(void)
{
    /* TODO 7 BEGIN: tell that first. A command that runs is sent SIGTERM,
     * and waited for. */
    tell("STOPPING=1");
    if (child > 0) {
        kill(child, SIGTERM);
        waitpid(child, NULL, 0);
    }
    /* TODO 7 END */
    exit(0);
}

/* Sleeps until one of these signals comes, and returns its number. If we
 * are ready, the watchdog gets its signs meanwhile. */
static int next_signal(const sigset_t *signals)
{
    int sig;

    /* TODO 8 BEGIN: with a period, sleep until next_sign, send WATCHDOG=1,
     * and so on. */
    while (ready && period > 0) {
        long long time = now(), left = next_sign > time ? next_sign - time : 0;
        struct timespec t = {left / 1000000, left % 1000000 * 1000};

        if ((sig = sigtimedwait(signals, NULL, &t)) > 0)
            return sig;
        if (errno == EAGAIN) {
            tell("WATCHDOG=1");
            next_sign = now() + period;
        }
    }
    /* TODO 8 STAND-IN: (void)now, (void)period, (void)next_sign; */
    /* TODO 8 END */
    do
        sig = sigwaitinfo(signals, NULL);
    while (sig == -1);
    return sig;
}

int main(int argc, char *argv[])
{
    sigset_t all, busy;
    int opt;

    while ((opt = getopt(argc, argv, "+h")) != -1)
        usage(opt, usage_text);
    command = argv + optind;
    if (command[0] == NULL)
        usage('?', usage_text);

    /* They stay blocked; next_signal() takes one at a time, SIGHUP only
     * when the command doesn't run. */
    sigemptyset(&busy);
    sigaddset(&busy, SIGTERM);
    sigaddset(&busy, SIGINT);
    sigaddset(&busy, SIGCHLD);
    all = busy;
    sigaddset(&all, SIGHUP);
    sigprocmask(SIG_BLOCK, &all, &at_start);

    take_environment();
    tell("STATUS=%s: running", command[0]);
    run();
    for (;;) {
        int sig = next_signal(child > 0 ? &busy : &all);

        if (sig == SIGHUP)
            reload();
        else if (sig != SIGCHLD)
            stop();
        else if (child > 0)
            look_after_child();
    }
}
