/*
 * ex1_graceful: a worker that ends when it is told to, but not in the
 * middle of a job: nothing half done stays behind.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_graceful
 *
 * Try:   cp /etc/passwd job; echo job | ex1_graceful; ls -l job*
 *        mkfifo slow; ex1_graceful, and type: slow
 *        Now it waits for what you write in a second terminal, with
 *        cat >slow. Press Ctrl-C once, or twice, and look with ls.
 *
 * See:   sigaction(2), ppoll(2), mkstemp(3), signal-safety(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex1_graceful\n"
    "Each line of standard input names a file: makes NAME.copy of it.\n"
    "SIGINT or SIGTERM: finishes the copy at hand, and ends.\n"
    "A second one: ends at once.\n";

/* The signals that tell us to end; and the first that came, or 0. */
static sigset_t ending;
static volatile sig_atomic_t told;

/* The file that the job at hand writes; whether it is there. */
static char temporary[PATH_MAX];
static volatile sig_atomic_t is_there;

/* Ends the program as sig would have done without a handler. Calls only
 * what a handler may call, too. */
static void die_of(int sig)
{
    /* TODO 2 BEGIN: give the signal its default action again, and send
     * it to yourself. In its handler it is blocked: unblock it. */
    const struct sigaction normal = {.sa_handler = SIG_DFL};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    sigaction(sig, &normal, NULL);
    raise(sig);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    /* TODO 2 END */
    _exit(128 + sig); /* not reached: we are dead */
}

/* Runs at any moment, between any two instructions of the rest, but
 * where the rest has blocked it. */
static void on_ending(int sig)
{
    /* TODO 4 BEGIN: was there one before? Then nothing half done may
     * stay: remove the temporary file, if it is there, and die. */
    if (told != 0) {
        if (is_there)
            unlink(temporary);
        die_of(sig);
    }
    /* TODO 4 END */
    told = sig;
}

/* From now on SIGINT and SIGTERM call on_ending(). */
static void catch_signals(void)
{
    /* TODO 2 BEGIN: install the handler for both, without SA_RESTART.
     * Keep each of the two out while it runs for the other. A signal
     * that is ignored already stays ignored. Fill the set "ending". */
    struct sigaction action = {.sa_handler = on_ending};
    struct sigaction old;
    const int signals[] = {SIGINT, SIGTERM};

    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    action.sa_mask = ending;
    for (int i = 0; i < 2; i++) {
        sigaction(signals[i], NULL, &old);
        if (old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    /* TODO 2 STAND-IN: (void)on_ending; */
    /* TODO 2 STAND-IN: (void)ending; */
    /* TODO 2 END */
}

/* Waits for input. Returns false if we have been told to end. */
static bool wait_for_input(void)
{
    /* TODO 3 BEGIN: a handler that runs after you have looked at told,
     * and before you wait, must still end the wait. So block the two,
     * look, and let ppoll() open the mask only while it waits. */
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t before;
    int ready;

    sigprocmask(SIG_BLOCK, &ending, &before);
    do
        ready = told ? 0 : ppoll(&input, 1, NULL, &before);
    while (ready == -1 && errno == EINTR);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (ready == -1)
        err(1, "ppoll");
    /* TODO 3 END */
    return told == 0;
}

/* Reads the next line into name, byte by byte: what stdio has read in
 * advance, poll() doesn't see. Returns false if there is no other. */
static bool next_job(char *name, size_t size)
{
    size_t len = 0;
    ssize_t n;
    char c;

    while (wait_for_input()) {
        n = read(STDIN_FILENO, &c, 1);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            err(1, "standard input");
        if (n == 0 && len == 0)
            return false;
        if (n == 0 || c == '\n') {
            name[len] = '\0';
            return true;
        }
        if (len + 1 == size)
            errx(1, "a line is longer than %zu bytes", size - 1);
        name[len++] = c;
    }
    return false;
}

/* Makes the temporary file. Returns its descriptor, or -1 and errno. */
static int make_temporary(const char *copy)
{
    int fd = -1;

    /* TODO 4 BEGIN: between the moment in which the file appears and
     * the one in which is_there says so, no handler may run. */
    sigset_t before;

    sigprocmask(SIG_BLOCK, &ending, &before);
    /* TODO 4 END */

    /* TODO 1 BEGIN: mkstemp() makes it: COPY, a dot and six more
     * characters. Its name goes into temporary; set is_there. */
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", copy);
    fd = mkstemp(temporary);
    is_there = fd != -1;
    /* TODO 1 STAND-IN: (void)copy; */
    /* TODO 1 STAND-IN: (void)temporary; */
    /* TODO 1 END */

    /* TODO 4 BEGIN: let the handler in again. */
    sigprocmask(SIG_SETMASK, &before, NULL);
    /* TODO 4 END */
    return fd;
}

/* Copies all that from gives to to. Returns 0, or -1 and errno. */
static int copy_all(int from, int to)
{
    /* TODO 1 BEGIN: until end of file. A signal makes read() fail with
     * EINTR, neither an error nor the end. (write_full() knows.) */
    char buf[4096];
    ssize_t n;

    while ((n = read(from, buf, sizeof buf)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1 || write_full(to, buf, (size_t)n) == -1)
            return -1;
    }
    /* TODO 1 STAND-IN: (void)from; */
    /* TODO 1 STAND-IN: (void)to; */
    /* TODO 1 END */
    return 0;
}

/* Copies name to name.copy. If that fails, it says why, leaves nothing
 * of it, and returns false. */
static bool do_job(const char *name)
{
    char copy[PATH_MAX - 8];
    int from = -1, to = -1;
    bool done = false;

    snprintf(copy, sizeof copy, "%s.copy", name);

    /* TODO 1 BEGIN: open the file. (If it is a FIFO, open() waits for a
     * writer, and a signal interrupts that.) Copy it to a temporary
     * file, and rename that when it is whole. */
    do
        from = open(name, O_RDONLY);
    while (from == -1 && errno == EINTR);
    if (from != -1)
        to = make_temporary(copy);
    if (to != -1 && copy_all(from, to) == 0)
        done = rename(temporary, copy) == 0;
    /* TODO 1 STAND-IN: (void)make_temporary; */
    /* TODO 1 STAND-IN: (void)copy_all; */
    /* TODO 1 STAND-IN: errno = ENOSYS; */
    /* TODO 1 END */

    if (!done)
        warn("%s", name);
    if (!done && is_there)
        unlink(temporary);
    is_there = 0;
    if (to != -1)
        close(to);
    if (from != -1)
        close(from);
    return done;
}

int main(int argc, char *argv[])
{
    char name[PATH_MAX - 16];
    int opt, status = 0;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, usage_text);
    if (optind < argc)
        usage('?', usage_text);

    catch_signals();
    while (next_job(name, sizeof name)) {
        if (!do_job(name))
            status = 1;
    }
    if (told != 0)
        die_of(told);
    return status;
}
