/*
 * ex1_daemonize: starts a command as a daemon, and says whether that
 * worked.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_daemonize [-d DIR] COMMAND [ARG...]
 *
 * Try:   ex1_daemonize sleep 30
 *        It returns at once. Then look at the daemon:
 *        ps -C sleep -o pid,ppid,pgid,sid,tty,cmd
 *        ls -l /proc/$(pgrep -n sleep)/{cwd,fd}
 *        ex1_daemonize nothing; echo $?
 *        The daemon's failure must be the launcher's.
 *
 * See:   fork(2), setsid(2), waitpid(2), credentials(7), daemon(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char usage_text[] =
    "Usage: ex1_daemonize [-d DIR] COMMAND [ARG...]\n"
    "  -d DIR  the folder that the daemon works in (/)\n"
    "Exit status: 0 if the daemon runs COMMAND, 127 if there is no\n"
    "such command, 126 if it can't be run, 1 for other failures.\n";

/*
 * Called by anyone but the launcher when something has failed: `what`,
 * for the reason in errno. The launcher shall end with this status, and
 * `report` is where it can be told so.
 */
static _Noreturn void give_up(int report, int status, const char *what)
{
    /* TODO 4 BEGIN: tell it the status, what, and the reason. */
    dprintf(report, "%c%s: %s", status, what, strerror(errno));
    /* TODO 4 STAND-IN: (void)report; */
    /* TODO 4 STAND-IN: (void)what; */
    /* TODO 4 END */

    /* Not exit(): what is in the stdio buffer is the launcher's. */
    _exit(status);
}

/*
 * All that the launcher still does after fork() has given it `child`:
 * it waits until the daemon has begun or failed, and ends. It reads
 * from `report` what has failed.
 */
static _Noreturn void be_launcher(pid_t child, int report)
{
    int status = 1;

    /* TODO 1 BEGIN: wait for the child, which is to end at once. If it
     * ended with status 0, so shall the launcher; else with 1. */
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    status = status != 0;
    /* TODO 1 STAND-IN: (void)child; */
    /* TODO 1 END */

    /* TODO 4 BEGIN: read the report. The end of file, and nothing
     * before it, means that nobody gave up and that every write end is
     * closed: the last one by the exec. Else print what failed and why,
     * and end with the status that you were told. */
    char words[8192];
    ssize_t n = read_full(report, words, sizeof words - 1);

    if (n == -1)
        err(1, "read");
    if (n > 0) {
        words[n] = '\0';
        status = (unsigned char)words[0];
        warnx("%s", words + 1);
    }
    /* TODO 4 STAND-IN: (void)report; */
    /* TODO 4 END */
    exit(status);
}

/*
 * Goes on as a daemon, which works in the folder `dir`: only the daemon
 * returns from here. Returns the descriptor for give_up().
 */
static int daemonize(const char *dir)
{
    int report[] = {-1, -1};
    pid_t child = -1;

    /* TODO 3 BEGIN: what the starter ignored or blocked would stay so,
     * even after an exec: give every signal its default action again,
     * and block none. And close whatever the starter had open, from
     * descriptor 3 up, before you open anything. */
    const struct sigaction normal = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int sig = 1; sig <= SIGRTMAX; sig++)
        sigaction(sig, &normal, NULL); /* KILL, STOP refuse: fine */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    /* By its number: musl has no close_range(). */
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == -1)
        err(1, "close_range");
    /* TODO 3 END */

    /* TODO 4 BEGIN: make a pipe for the report. The command must not
     * inherit it: an exec that works shall close it. */
    if (pipe2(report, O_CLOEXEC) == -1)
        err(1, "pipe2");
    /* TODO 4 END */

    /* TODO 1 BEGIN: fork, and let the parent be_launcher(). */
    child = fork();
    if (child == -1)
        err(1, "fork");
    /* TODO 1 END */
    if (child != 0) {
        /* TODO 4 BEGIN: who reads must not hold the write end. */
        close(report[WRITE_END]);
        /* TODO 4 END */
        be_launcher(child, report[READ_END]);
    }

    /* TODO 1 BEGIN: a session of our own has no terminal. Its leader
     * could get one again, just by opening it: so fork once more, and
     * let the leader end, with 0. The other process is the daemon. */
    if (setsid() == -1)
        give_up(report[WRITE_END], 1, "setsid");
    child = fork();
    if (child == -1)
        give_up(report[WRITE_END], 1, "fork");
    if (child > 0)
        _exit(0);
    /* TODO 1 END */

    /* TODO 2 BEGIN: change to the folder; set the umask to 022; put
     * /dev/null on 0, 1 and 2, and leave no other copy of it open. */
    int null;

    if (chdir(dir) == -1)
        give_up(report[WRITE_END], 1, dir);
    umask(022);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null == -1)
        give_up(report[WRITE_END], 1, "/dev/null");
    for (int fd = 0; fd <= 2; fd++) {
        if (dup2(null, fd) == -1)
            give_up(report[WRITE_END], 1, "dup2");
    }
    /* TODO 2 STAND-IN: (void)dir; */
    /* TODO 2 END */
    return report[WRITE_END];
}

int main(int argc, char *argv[])
{
    const char *dir = "/";
    int opt, report;

    /* The + stops at the command: its options are its own. */
    while ((opt = getopt(argc, argv, "+hd:")) != -1) {
        if (opt != 'd')
            usage(opt, usage_text);
        dir = optarg;
    }
    if (optind == argc)
        usage('?', usage_text);

    /* In a file or a pipe this line comes only when the buffer is
     * written out. Until then, each fork() copies it. */
    printf("starting %s\n", argv[optind]);

    report = daemonize(dir);

    /* Only the daemon gets here. */
    /* TODO 1 BEGIN: become the command, as PATH finds it. */
    execvp(argv[optind], argv + optind);
    /* TODO 1 END */
    give_up(report, errno == ENOENT ? 127 : 126, argv[optind]);
}
