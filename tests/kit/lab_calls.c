/*
 * lab_calls: calls one function of common/lab.h, for the tests of those.
 *
 * Usage: lab_calls number TEXT MIN MAX | seconds TEXT MIN MAX | signal TEXT |
 *        name NUMBER | say ROLE TEXT | write BYTES | read BYTES |
 *        pthread ERROR | usage LETTER | enter - | path PATH USUAL |
 *        close FIRST | warn TEXT
 *
 * path takes an empty PATH for none; close runs "ls /proc/self/fd" afterwards;
 * enter prints how many bytes are left of its input. write, read and enter are
 * interrupted by a signal every millisecond, and say on standard error how many
 * there were.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lab.h"

static volatile sig_atomic_t interruptions;

static void count(int sig)
{
    (void)sig;
    interruptions++;
}

/* Without SA_RESTART, so that read() and write() do see the signals. */
static void interrupt_often(void)
{
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    const struct sigaction action = {.sa_handler = count};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void stop_interrupting(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &never, NULL);
    fprintf(stderr, "%d interruptions\n", (int)interruptions);
}

static void write_pattern(size_t size)
{
    char *bytes = malloc(size + 1);

    if (bytes == NULL)
        err(1, "malloc");
    for (size_t i = 0; i < size; i++)
        bytes[i] = "0123456789\n"[i % 11];
    interrupt_often();
    if (write_full(STDOUT_FILENO, bytes, size) == -1)
        err(1, "write_full");
    stop_interrupting();
    free(bytes);
}

static void read_and_copy(size_t size)
{
    char *bytes = malloc(size + 1);
    ssize_t got;

    if (bytes == NULL)
        err(1, "malloc");
    interrupt_often();
    got = read_full(STDIN_FILENO, bytes, size);
    stop_interrupting();
    if (got == -1)
        err(1, "read_full");
    if (write_full(STDOUT_FILENO, bytes, (size_t)got) == -1)
        err(1, "write_full");
    free(bytes);
}

static void skip_line(void)
{
    char rest[64];

    interrupt_often();
    wait_for_enter();
    stop_interrupting();
    printf("%zd left\n", read_full(STDIN_FILENO, rest, sizeof rest));
}

int main(int argc, char *argv[])
{
    const char *what = argc > 2 ? argv[1] : "";
    const char *text = argc > 2 ? argv[2] : "";

    if (strcmp(what, "number") == 0 && argc == 5)
        printf("%lld\n",
               parse_number("-n", text, atoll(argv[3]), atoll(argv[4])));
    else if (strcmp(what, "seconds") == 0 && argc == 5)
        printf("%g\n", parse_seconds("-t", text, atof(argv[3]), atof(argv[4])));
    else if (strcmp(what, "signal") == 0)
        printf("%d\n", parse_signal("-s", text));
    else if (strcmp(what, "name") == 0)
        puts(signal_name(atoi(text)));
    else if (strcmp(what, "say") == 0 && argc == 4) {
        errno = EPIPE;
        say(text, "%s", argv[3]);
        if (errno != EPIPE)
            errx(1, "say() has changed errno to %d", errno);
    } else if (strcmp(what, "write") == 0)
        write_pattern((size_t)atoll(text));
    else if (strcmp(what, "read") == 0)
        read_and_copy((size_t)atoll(text));
    else if (strcmp(what, "pthread") == 0)
        check_pthread(atoi(text), "pthread_create");
    else if (strcmp(what, "enter") == 0)
        skip_line();
    else if (strcmp(what, "path") == 0 && argc == 4) {
        char *path = whole_path(*text == '\0' ? NULL : text, argv[3]);

        puts(path);
        free(path);
    } else if (strcmp(what, "object") == 0 && argc == 4) {
        char *name = object_name(*text == '\0' ? NULL : text, argv[3]);

        printf("%s %#x\n", name, (unsigned)object_key(10));
        free(name);
    } else if (strcmp(what, "warn") == 0) {
        line_buffer_stderr();
        warnx("%s", text);
    } else if (strcmp(what, "close") == 0) {
        close_all_from(atoi(text));
        execlp("ls", "ls", "/proc/self/fd", (char *)NULL);
        err(1, "ls");
    } else if (strcmp(what, "usage") == 0)
        usage(text[0], "usage: like this\n");
    else
        errx(2, "see the first comment of lab_calls.c");
    return 0;
}
