/*
 * job_control: what a shell does with Ctrl-Z, fg and bg: a child is
 * stopped and continued, and its parent is told of both.
 *
 * Usage: job_control [-k]
 *
 * Try:   job_control
 *        Stopped, the child doesn't even take SIGTERM: that waits for
 *        SIGCONT. SIGKILL doesn't: job_control -k.
 *        In a shell: cat; Ctrl-Z; jobs; kill %1; jobs; fg
 *
 * See:   signal(7), waitpid(2), kill(2), proc_pid_stat(5)
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: job_control [-k]\n"
    "  -k  end the stopped child with SIGKILL, not SIGTERM\n";

/* The child's job is to sleep. */
static _Noreturn void be_child(pid_t parent)
{
    /* Nobody could continue it if its parent were gone. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
        _exit(1);
    for (;;)
        pause();
}

/* The letter of the child's state, from /proc/PID/stat. */
static char state_of(pid_t pid)
{
    char path[64];
    char letter = '?';
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    stat = fopen(path, "re");
    if (stat == NULL || fscanf(stat, "%*d (%*[^)]) %c", &letter) != 1)
        err(1, "%s", path);
    fclose(stat);
    return letter;
}

/* The kernel tells a parent much, but not that a child has fallen
 * asleep. So here, for once, we look again and again, and let it run
 * meanwhile. It needs some microseconds only. */
static void await_sleep(pid_t pid)
{
    while (state_of(pid) != 'S')
        sched_yield();
    say("parent", "the child sleeps: state S");
}

/* Waits until the child has ended, or for what options adds: WUNTRACED,
 * that it has stopped, WCONTINUED, that it goes on. */
static void wait_for(pid_t pid, int options)
{
    int status;

    while (waitpid(pid, &status, options) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (WIFSTOPPED(status))
        say("parent", "waitpid: it was stopped by %s",
            signal_name(WSTOPSIG(status)));
    else if (WIFCONTINUED(status))
        say("parent", "waitpid: it was continued");
    else if (WIFSIGNALED(status))
        say("parent", "waitpid: it was killed by %s",
            signal_name(WTERMSIG(status)));
    else
        errx(1, "the child has exited by itself");
}

static void send_to(pid_t pid, int sig)
{
    say("parent", "I send %s", signal_name(sig));
    if (kill(pid, sig) == -1)
        err(1, "kill");
}

int main(int argc, char *argv[])
{
    pid_t parent = getpid(), child;
    int sig = SIGTERM;
    int opt;

    while ((opt = getopt(argc, argv, "hk")) != -1) {
        if (opt != 'k')
            usage(opt, help);
        sig = SIGKILL;
    }
    if (optind < argc)
        usage('?', help);

    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0)
        be_child(parent);
    await_sleep(child);

    /* Ctrl-Z sends SIGTSTP, which can be caught: an editor sets the
     * terminal right before it stops. SIGSTOP can't be. */
    send_to(child, SIGSTOP);
    wait_for(child, WUNTRACED);
    say("parent", "its state is %c", state_of(child));

    send_to(child, SIGCONT);
    wait_for(child, WCONTINUED);
    await_sleep(child);

    send_to(child, SIGSTOP);
    wait_for(child, WUNTRACED);
    send_to(child, sig);
    if (sig != SIGKILL) {
        say("parent", "its state is still %c", state_of(child));
        say("parent", "Enter makes me continue it");
        wait_for_enter();
        send_to(child, SIGCONT);
    }
    wait_for(child, 0);
    return 0;
}
