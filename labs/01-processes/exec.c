/*
 * exec: an exec puts another program into the same process: PID, open
 * files and ignored signals stay; handlers and close-on-exec files go.
 *
 * Usage: exec COMMAND [ARG...]
 *
 * Try:   env exec grep -E '^(Pid|Sig[IC])' /proc/self/status
 *        (A shell has an exec of its own: env asks for this one.)
 *        grep has the PID that this program had. SIGUSR2 (800) is still
 *        ignored; SIGUSR1 (200) isn't handled any more.
 *        env exec ls -l /proc/self/fd: /dev/zero is open, /dev/null
 *        isn't. (ls has the folder open that it lists.)
 *        env exec nothing; echo $?    and    env exec /etc; echo $?
 *
 * See:   execve(2), exec(3), open(2) on O_CLOEXEC, proc_pid_status(5)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: exec COMMAND [ARG...]\n"
    "Opens two files, sets two signals, and becomes COMMAND.\n";

static void handler(int sig)
{
    (void)sig;
}

/* A descriptor stays open through an exec, unless it was opened with
 * O_CLOEXEC. */
static void open_files(void)
{
    int stays = open("/dev/zero", O_RDONLY);
    int goes = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (stays == -1 || goes == -1)
        err(1, "open");
    say("before", "descriptor %d: /dev/zero, stays open", stays);
    say("before", "descriptor %d: /dev/null, close-on-exec", goes);
}

/* The handler's code is gone after the exec, so its signal gets the
 * default action back. To ignore a signal needs no code. */
static void set_signals(void)
{
    struct sigaction action = {.sa_handler = handler};

    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGUSR2, &action, NULL);
}

/* Shows what the kernel has noted: a bit for each signal, the lowest
 * for signal 1. */
static void show_signals(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];

    if (status == NULL)
        err(1, "/proc/self/status");
    while (fgets(line, sizeof line, status) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "SigIgn:", 7) == 0)
            say("before", "ignored: %s", line + 8);
        if (strncmp(line, "SigCgt:", 7) == 0)
            say("before", "handled: %s", line + 8);
    }
    if (ferror(status))
        err(1, "/proc/self/status");
    fclose(status);
}

int main(int argc, char *argv[])
{
    int opt;

    /* "+": options after COMMAND belong to COMMAND. */
    while ((opt = getopt(argc, argv, "+h")) != -1)
        usage(opt, help);
    if (optind == argc)
        usage('?', help);

    open_files();
    set_signals();
    show_signals();
    say("before", "now I become %s", argv[optind]);

    execvp(argv[optind], argv + optind);

    /* Only a failed exec returns. Shells tell "not found" from "found,
     * but can't be run". */
    err(errno == ENOENT ? 127 : 126, "%s", argv[optind]);
}
