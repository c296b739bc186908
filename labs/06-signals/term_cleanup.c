/*
 * term_cleanup: asked to end, it finishes what it does, removes its
 * temporary file, and dies of the signal after all; a second signal
 * ends it at once.
 *
 * Usage: term_cleanup [-x]
 *
 * Try:   timeout --foreground --preserve-status 0.5 term_cleanup
 *        In a terminal: term_cleanup; Ctrl-C; then either Enter or
 *        Ctrl-C again. In both cases the file is gone, and echo $?
 *        says 130: 128 + 2, and 2 is SIGINT.
 *        term_cleanup -x ends with exit(128 + N). The shell's $? is the
 *        same; waitpid() tells the two apart, and so does the program
 *        that started it.
 *
 * Ends:  exit 143
 *
 * See:   sigaction(2), signal-safety(7), mkstemp(3), waitpid(2)
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: term_cleanup [-x]\n"
    "  -x  end with exit(128 + N), not by the signal itself\n";

static const int sigs[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
enum { SIG_COUNT = sizeof sigs / sizeof sigs[0] };

static const struct sigaction default_action = {.sa_handler = SIG_DFL};

static volatile sig_atomic_t asked; /* by which signal */
static char path[4096];

/* The second time nobody wants to wait any more. unlink(), sigaction()
 * and raise() may be called here: signal-safety(7) lists them. The
 * signal that is raised waits while its handler runs, and kills as soon
 * as that returns. */
static void on_signal(int sig)
{
    if (!asked) {
        asked = sig;
        return;
    }
    unlink(path);
    sigaction(sig, &default_action, NULL);
    raise(sig);
}

/* Blocks the signals, and lets them have the handler. Returns the mask
 * for when they may come. */
static sigset_t set_up_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}, old;
    sigset_t set, unblocked;

    sigemptyset(&set);
    for (int i = 0; i < SIG_COUNT; i++)
        sigaddset(&set, sigs[i]);
    sigprocmask(SIG_BLOCK, &set, &unblocked);

    /* While the handler runs for one of them, the others wait. */
    action.sa_mask = set;
    for (int i = 0; i < SIG_COUNT; i++) {
        sigdelset(&unblocked, sigs[i]);

        /* Whoever started us with a signal ignored, as nohup does
         * with SIGHUP, wants it to stay so. */
        if (sigaction(sigs[i], NULL, &old) == -1)
            err(1, "sigaction");
        if (old.sa_handler != SIG_IGN)
            sigaction(sigs[i], &action, NULL);
    }
    return unblocked;
}

static void remove_file(void)
{
    if (path[0] != '\0' && unlink(path) == -1)
        warn("%s", path);
    path[0] = '\0';
}

static void make_file(void)
{
    const char *dir = getenv("TMPDIR");
    int fd;

    snprintf(path, sizeof path, "%s/term_cleanup.XXXXXX",
             dir != NULL ? dir : P_tmpdir);
    fd = mkstemp(path);
    if (fd == -1)
        err(1, "%s", path);
    close(fd);
    atexit(remove_file); /* also if an error ends us */
}

/* As if we hadn't caught it: so the one who waits for us learns the
 * truth. A shell, for one, ends its script only if a command was killed
 * by SIGINT, whatever the command's exit status says. */
static void die_of(int sig, const sigset_t *unblocked)
{
    sigaction(sig, &default_action, NULL);
    raise(sig);
    sigprocmask(SIG_SETMASK, unblocked, NULL);
}

int main(int argc, char *argv[])
{
    bool by_exit = false;
    sigset_t unblocked, blocked;
    int opt;

    while ((opt = getopt(argc, argv, "hx")) != -1) {
        if (opt != 'x')
            usage(opt, help);
        by_exit = true;
    }
    if (optind < argc)
        usage('?', help);

    /* From here on no signal ends us while the file has to be removed:
     * it has to wait, but for where we say that it may come. */
    unblocked = set_up_signals();
    make_file();
    say("worker", "I work with a temporary file");
    say("worker", "%s", path);
    while (!asked)
        sigsuspend(&unblocked);

    say("worker", "%s: I finish what I have begun", signal_name(asked));
    say("worker", "Enter: it is done; another signal: I don't wait");
    sigprocmask(SIG_SETMASK, &unblocked, &blocked);
    wait_for_enter();
    sigprocmask(SIG_SETMASK, &blocked, NULL);

    remove_file();
    say("worker", "the file is removed");
    if (!by_exit)
        die_of(asked, &unblocked);
    return 128 + asked;
}
