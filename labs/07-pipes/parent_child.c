/*
 * parent_child: a pipe carries bytes one way, here from a parent to its
 * child.
 *
 * Usage: parent_child [-n COUNT] [-w]
 *
 * Try:   parent_child -n 3
 *        Three writes, but often fewer reads: a pipe carries bytes, and
 *        doesn't keep one message apart from the next.
 *        parent_child -w
 *        Both hold still: type the command it prints in another
 *        terminal, and see which process holds which end.
 *        Comment out close(ends[WRITE_END]) in the child, and run it
 *        again: the child now waits for an end of file that it prevents
 *        itself.
 *
 * See:   pipe(2), fork(2), pipe(7)
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

static const char usage_text[] =
    "Usage: parent_child [-n COUNT] [-w]\n"
    "  -n COUNT  send this many lines (3)\n"
    "  -w        hold still until Enter, or the end of the input\n";

/* Reads until every write end is closed: only then read() gives 0. */
static void receive(int fd)
{
    char buf[256];
    long long total = 0;
    ssize_t n;

    say("child", "reads from descriptor %d", fd);
    while ((n = read(fd, buf, sizeof buf)) > 0) {
        say("child", "got %zd bytes", n);
        total += n;
    }
    if (n == -1)
        err(1, "read");
    say("child", "end of file after %lld bytes", total);
}

static void send_lines(int fd, long long count)
{
    for (long long i = 1; i <= count; i++) {
        char line[32];
        int len = snprintf(line, sizeof line, "line %lld\n", i);

        /* Should the child be gone, SIGPIPE ends us: see sigpipe. */
        if (write_full(fd, line, (size_t)len) == -1)
            err(1, "write");
        say("parent", "sent %d bytes", len);
    }
}

int main(int argc, char *argv[])
{
    long long count = 3;
    bool hold = false;
    int ends[2], status, opt;
    pid_t child;

    while ((opt = getopt(argc, argv, "n:wh")) != -1) {
        switch (opt) {
        case 'n':
            count = parse_number("-n", optarg, 0, 1000000);
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    /* Before the fork: both processes must inherit both ends. */
    if (pipe(ends) == -1)
        err(1, "pipe");

    child = fork();
    switch (child) {
    case -1:
        err(1, "fork");
    case 0:
        close(ends[WRITE_END]);
        receive(ends[READ_END]);
        return 0;
    }

    close(ends[READ_END]);
    say("parent", "writes to descriptor %d", ends[WRITE_END]);
    if (hold) {
        say("parent", "try: ls -l /proc/%d/fd /proc/%d/fd", (int)getpid(),
            (int)child);
        say("parent", "Enter goes on");
        wait_for_enter(); /* meanwhile the child waits in read() */
    }
    send_lines(ends[WRITE_END], count);
    close(ends[WRITE_END]); /* the child's end of file */

    if (waitpid(child, &status, 0) == -1)
        err(1, "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        errx(1, "the child failed");
    say("parent", "the child has ended");
    return 0;
}
