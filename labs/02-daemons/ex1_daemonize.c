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
    /* TODO 4: tell it the status, what, and the reason. */
    (void)report;
    (void)what;

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

    /* TODO 1: wait for the child, which is to end at once. If it
     * ended with status 0, so shall the launcher; else with 1. */
    (void)child;

    /* TODO 4: read the report. The end of file, and nothing
     * before it, means that nobody gave up and that every write end is
     * closed: the last one by the exec. Else print what failed and why,
     * and end with the status that you were told. */
    (void)report;
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

    /* TODO 3: what the starter ignored or blocked would stay so,
     * even after an exec: give every signal its default action again,
     * and block none. And close whatever the starter had open, from
     * descriptor 3 up, before you open anything. */

    /* TODO 4: make a pipe for the report. The command must not
     * inherit it: an exec that works shall close it. */

    /* TODO 1: fork, and let the parent be_launcher(). */
    if (child != 0) {
        /* TODO 4: who reads must not hold the write end. */
        be_launcher(child, report[READ_END]);
    }

    /* TODO 1: a session of our own has no terminal. Its leader
     * could get one again, just by opening it: so fork once more, and
     * let the leader end, with 0. The other process is the daemon. */

    /* TODO 2: change to the folder; set the umask to 022; put
     * /dev/null on 0, 1 and 2, and leave no other copy of it open. */
    (void)dir;
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
    /* TODO 1: become the command, as PATH finds it. */
    give_up(report, errno == ENOENT ? 127 : 126, argv[optind]);
}
