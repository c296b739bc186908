/*
 * lab.c: see lab.h for what each function promises.
 */
#include "lab.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void say(const char *role, const char *format, ...)
{
    /* Up to PIPE_BUF (at least 512), a write to a pipe is never torn. */
    char line[512];
    int saved_errno = errno;
    va_list args;
    size_t len;
    int n;

    n = snprintf(line, sizeof line, "%s[%d]: ", role, (int)getpid());
    if (n < 0)
        err(1, "snprintf");
    len = strlen(line);

    errno = saved_errno; /* for %m in the caller's format */
    va_start(args, format);
    n = vsnprintf(line + len, sizeof line - len, format, args);
    va_end(args);
    if (n < 0)
        err(1, "vsnprintf");
    len = strlen(line);

    for (size_t i = 0; i < len; i++) {
        if (iscntrl((unsigned char)line[i]))
            line[i] = '?';
    }
    line[len] = '\n'; /* over the final '\0': write() needs none */
    if (write_full(STDOUT_FILENO, line, len + 1) == -1)
        err(1, "standard output");
    errno = saved_errno;
}

ssize_t read_full(int fd, void *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(fd, (char *)buf + done, len - done);

        if (n == 0)
            break;
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)done;
}

int write_full(int fd, const void *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(fd, (const char *)buf + done, len - done);

        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return -1;
    }
    return 0;
}

long long parse_number(const char *name, const char *text, long long min,
                       long long max)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    /* strtoll() itself would skip leading space and stop at the first x. */
    if (isspace((unsigned char)text[0]) || end == text || *end != '\0' ||
        errno == ERANGE || value < min || value > max)
        errx(2, "%s: '%s' is not a whole number from %lld to %lld", name, text,
             min, max);
    return value;
}

double parse_seconds(const char *name, const char *text, double min, double max)
{
    char *end;
    double value = strtod(text, &end);

    if (strspn(text, "0123456789.-") != strlen(text) || end == text ||
        *end != '\0' || !isfinite(value) || value < min || value > max)
        errx(2, "%s: '%s' is not a time from %g to %g seconds", name, text, min,
             max);
    return value;
}

double monotonic_seconds(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
        err(1, "clock_gettime");
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void check_pthread(int error, const char *what)
{
    if (error != 0) {
        errno = error;
        err(1, "%s", what);
    }
}

/* sigabbrev_np(3) knows the names too, but musl doesn't have it. */
#define SIGNAL(name)                                                           \
    {                                                                          \
        SIG##name, "SIG" #name                                                 \
    }
static const struct {
    int number;
    const char *name;
} signals[] = {
    SIGNAL(HUP),    SIGNAL(INT),   SIGNAL(QUIT), SIGNAL(ILL),  SIGNAL(TRAP),
    SIGNAL(ABRT),   SIGNAL(BUS),   SIGNAL(FPE),  SIGNAL(KILL), SIGNAL(USR1),
    SIGNAL(SEGV),   SIGNAL(USR2),  SIGNAL(PIPE), SIGNAL(ALRM), SIGNAL(TERM),
#ifdef SIGSTKFLT
    SIGNAL(STKFLT),
#endif
    SIGNAL(CHLD),   SIGNAL(CONT),  SIGNAL(STOP), SIGNAL(TSTP), SIGNAL(TTIN),
    SIGNAL(TTOU),   SIGNAL(URG),   SIGNAL(XCPU), SIGNAL(XFSZ), SIGNAL(VTALRM),
    SIGNAL(PROF),   SIGNAL(WINCH), SIGNAL(IO),   SIGNAL(PWR),  SIGNAL(SYS),
};
enum { SIGNAL_COUNT = sizeof signals / sizeof signals[0] };

const char *signal_name(int sig)
{
    static _Thread_local char text[32];

    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        if (signals[i].number == sig)
            return signals[i].name;
    }
    if (sig == SIGRTMIN)
        return "SIGRTMIN";
    if (sig > SIGRTMIN && sig <= SIGRTMAX)
        snprintf(text, sizeof text, "SIGRTMIN+%d", sig - SIGRTMIN);
    else
        snprintf(text, sizeof text, "signal %d", sig);
    return text;
}

int parse_signal(const char *name, const char *text)
{
    char *end;
    long number;

    for (int sig = 1; sig <= SIGRTMAX; sig++) {
        const char *known = signal_name(sig);

        if (strncmp(known, "SIG", 3) != 0)
            continue; /* the C library keeps this one to itself */

        if (strcasecmp(text, known) == 0 || strcasecmp(text, known + 3) == 0)
            return sig;
    }
    errno = 0;
    number = strtol(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno == ERANGE ||
        number < 1 || number > SIGRTMAX)
        errx(2,
             "%s: '%s' is not a signal: give a name such as TERM, or a number "
             "from 1 to %d",
             name, text, SIGRTMAX);
    return (int)number;
}

void wait_for_enter(void)
{
    char c = '\0';
    ssize_t n;

    do
        n = read(STDIN_FILENO, &c, 1);
    while ((n == 1 && c != '\n') || (n == -1 && errno == EINTR));
}

char *whole_path(const char *path, const char *usual)
{
    const char *folder = path == NULL ? getenv("XDG_RUNTIME_DIR") : "";
    char *here = NULL, *whole;

    if (folder == NULL || (path == NULL && folder[0] != '/'))
        errx(2, "where shall %s be? XDG_RUNTIME_DIR doesn't say", usual);
    if (path != NULL && path[0] != '/') {
        folder = here = getcwd(NULL, 0);
        if (here == NULL)
            err(1, "getcwd");
    }
    if (asprintf(&whole, "%s%s%s", folder, *folder == '\0' ? "" : "/",
                 path == NULL ? usual : path) == -1)
        err(1, "asprintf");
    free(here);
    return whole;
}

char *object_name(const char *name, const char *usual)
{
    char *whole;

    if (name == NULL) {
        if (asprintf(&whole, "/ipclab-%u-%s", getuid(), usual) == -1)
            err(1, "asprintf");
        return whole;
    }
    if (name[0] != '/' || name[1] == '\0' || strchr(name + 1, '/') != NULL ||
        strlen(name + 1) > NAME_MAX)
        errx(2,
             "'%s' is not a name for this: give one like /mine, with a slash "
             "at its beginning and no other",
             name);
    whole = strdup(name);
    if (whole == NULL)
        err(1, "strdup");
    return whole;
}

key_t object_key(int lab)
{
    return (key_t)(0x4c000000U | (unsigned)lab << 16 | (getuid() & 0xffff));
}

void line_buffer_stderr(void)
{
    static char line[BUFSIZ];

    setvbuf(stderr, line, _IOLBF, sizeof line);
}

void close_all_from(int first)
{
    struct dirent *entry;
    DIR *dir;

    /* By number: musl has no function for it, older headers no name. */
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
#endif
    dir = opendir("/proc/self/fd");
    if (dir == NULL)
        err(1, "/proc/self/fd");
    while ((entry = readdir(dir)) != NULL) {
        int fd = atoi(entry->d_name); /* "." and ".." are 0 */

        if (fd >= first && fd != dirfd(dir))
            close(fd);
    }
    closedir(dir);
}

_Noreturn void usage(int opt, const char *text)
{
    FILE *stream = opt == 'h' ? stdout : stderr;

    if (fputs(text, stream) == EOF || fflush(stream) == EOF)
        err(1, "write");
    exit(opt == 'h' ? 0 : 2);
}
