/*
 * fork_wait: a child works on a copy of its parent's memory, and the
 * parent learns how the child ended.
 *
 * Usage: fork_wait [-v VALUE] [-x STATUS] [-s SIGNAL]
 *
 * Try:   fork_wait -v 10 -x 7 -s TERM
 *        Parent and child show the same address, but not the same
 *        value: an address means something only within one process.
 *        fork_wait -s STOP: being stopped isn't the end of a process.
 *        fork_wait -s WINCH: not every signal ends one.
 *
 * See:   fork(2), waitpid(2), _exit(2), signal(7)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: fork_wait [-v VALUE] [-x STATUS] [-s SIGNAL]\n"
    "  -v VALUE   what the variable holds before the fork (10)\n"
    "  -x STATUS  what the first child exits with (7)\n"
    "  -s SIGNAL  what the second child sends to itself (TERM)\n";

static int value = 10;

/* Meets sig as a new process would: not ignored, and not blocked. */
static void send_to_myself(int sig)
{
    const struct sigaction default_action = {.sa_handler = SIG_DFL};
    sigset_t none;

    sigaction(sig, &default_action, NULL); /* refused for SIGKILL */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    /* Leave no core file, whichever signal it is. */
    prctl(PR_SET_DUMPABLE, 0);

    if (kill(getpid(), sig) == -1)
        err(1, "kill");
    say("child", "%s didn't end me", signal_name(sig));
}

/* The child's whole life. With sig 0 it sends no signal. */
static _Noreturn void be_child(int status, int sig)
{
    value++;
    say("child", "at %p I have made it %d", (void *)&value, value);

    if (sig != 0)
        send_to_myself(sig);

    /* exit() would also write out what is in the copy of stdio's
     * buffers: the parent writes that, too. _exit() leaves them
     * alone. */
    _exit(status);
}

/* waitpid() names the child. Plain wait() takes any, also one that this
 * program got from whatever ran in the process before an exec. */
static void wait_for(pid_t pid)
{
    int status;

    do {
        while (waitpid(pid, &status, WUNTRACED) == -1) {
            if (errno != EINTR)
                err(1, "waitpid");
        }

        /* One number holds both the kind of the news and its detail. */
        if (WIFEXITED(status)) {
            say("parent", "child %d exited with %d", (int)pid,
                WEXITSTATUS(status));
        } else if (WIFSIGNALED(status)) {
            say("parent", "child %d was killed by %s", (int)pid,
                signal_name(WTERMSIG(status)));
        } else {
            say("parent", "child %d was stopped by %s", (int)pid,
                signal_name(WSTOPSIG(status)));
            kill(pid, SIGCONT);
        }
    } while (WIFSTOPPED(status));
}

static void run_child(int status, int sig)
{
    pid_t pid = fork();

    if (pid == -1)
        err(1, "fork");
    if (pid == 0)
        be_child(status, sig);
    wait_for(pid);
}

int main(int argc, char *argv[])
{
    int status = 7;
    int sig = SIGTERM;
    int opt;

    while ((opt = getopt(argc, argv, "hv:x:s:")) != -1) {
        switch (opt) {
        case 'v':
            value = (int)parse_number("-v", optarg, -1000000, 1000000);
            break;
        case 'x':
            status = (int)parse_number("-x", optarg, 0, 255);
            break;
        case 's':
            sig = parse_signal("-s", optarg);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    say("parent", "at %p there is %d", (void *)&value, value);
    run_child(status, 0);
    run_child(status, sig);
    say("parent", "at %p there is still %d", (void *)&value, value);
    return 0;
}
