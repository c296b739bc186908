/*
 * ex1_parallel_sum: adds up the numbers in a file with several threads,
 * each of which reads a part of the file of its own.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_parallel_sum [-w] [-j THREADS] FILE
 *
 * Try:   seq 1000000 >n; ex1_parallel_sum -j 4 n; rm n
 *        The sum is 500000500000, whatever you give to -j.
 *        ex1_parallel_sum -w -j 4 n
 *        Each thread waits for an Enter of its own. Look at the threads
 *        from another terminal: ps -L -C ex1_parallel_sum
 *
 * See:   pthread_create(3), pthread_join(3), pread(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

enum { LINE = 20 }; /* the most bytes of a good line */

/* Numbers of 64 bits may be added up in here in any order: it holds the
 * sum of as many of them as a file can have. */
__extension__ typedef __int128 wide;

struct part {
    pthread_t thread;
    int fd;           /* the file: the same for all threads */
    off_t begin, end; /* the lines that begin in here belong to it */

    /* The thread writes these. After the join, main reads them. */
    wide sum;
    off_t bad; /* where its first bad line begins; -1: there is none */
    int error; /* errno of a pread() that failed; 0: none did */
};

static const char usage_text[] =
    "Usage: ex1_parallel_sum [-w] [-j THREADS] FILE\n"
    "Prints the sum of the numbers in FILE, one a line.\n"
    "  -j THREADS  so many share the work, 1 to 500 (4)\n"
    "  -w          each thread waits for Enter before it begins\n";

static bool each_waits; /* -w; not changed while there are threads */

/* Takes a line of len bytes, with a '\0' behind them, for a number.
 * Returns false if it is none, or one of more than 64 bits. */
static bool parse(const char *line, size_t len, long long *number)
{
    size_t sign = line[0] == '-';
    size_t digits = strspn(line + sign, "0123456789");

    errno = 0;
    *number = strtoll(line, NULL, 10);
    if (digits == 0 || sign + digits != len || len > LINE)
        return false;
    return errno == 0;
}

/* Opens the file; returns its descriptor, and its size in *size. */
static int open_file(const char *name, off_t *size)
{
    /* TODO 1 BEGIN: open it, and find its size with fstat(). What can't
     * be opened, or is no regular file, ends the program: say why. */
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd == -1 || fstat(fd, &st) == -1)
        err(1, "%s", name);
    if (!S_ISREG(st.st_mode))
        errx(1, "%s: not a regular file", name);
    *size = st.st_size;
    return fd;
    /* TODO 1 STAND-IN: (void)name; */
    /* TODO 1 STAND-IN: *size = 0; */
    /* TODO 1 STAND-IN: return -1; */
    /* TODO 1 END */
}

/* Reads one part of the file, in blocks. */
struct reader {
    int fd;
    off_t at;    /* the offset of the next byte */
    off_t limit; /* it must not read from here on */
    int error;   /* errno of a pread() that failed */
    size_t used, len;
    char block[16384]; /* len bytes of the file; `used` are used up */
};

/* Returns the next byte; EOF at the limit, at the end of the file, or
 * if it can't be read: then r->error says why. */
static int next_byte(struct reader *r)
{
    /* TODO 3 BEGIN: when the block is used up, get the next one with
     * pread(), from r->at, up to r->limit. The file may be shorter than
     * it was. Return one byte of it, as an unsigned char. */
    if (r->used == r->len) {
        size_t size = sizeof r->block;
        ssize_t n;

        if (r->limit - r->at < (off_t)size)
            size = (size_t)(r->limit - r->at);
        do
            n = pread(r->fd, r->block, size, r->at);
        while (n == -1 && errno == EINTR);
        if (n == -1)
            r->error = errno;
        if (n <= 0)
            return EOF;
        r->used = 0;
        r->len = (size_t)n;
    }
    r->at++;
    return (unsigned char)r->block[r->used++];
    /* TODO 3 STAND-IN: (void)r; */
    /* TODO 3 STAND-IN: return EOF; */
    /* TODO 3 END */
}

/* Reads a line, or as much of it as shows that it is too long, with
 * '\0' for its newline. Returns its length; -1: there is none left. */
static int next_line(struct reader *r, char line[LINE + 2])
{
    int c, len = 0;

    while ((c = next_byte(r)) != EOF && c != '\n' && len <= LINE)
        line[len++] = (char)c;
    line[len] = '\0';
    return c == EOF && len == 0 ? -1 : len;
}

/* Adds up the numbers of one part, up to its first bad line. */
static void add_up(struct part *p)
{
    struct reader r = {.fd = p->fd, .at = p->begin};

    r.limit = p->end + LINE; /* its last line may go on until there */
    p->sum = 0;
    p->bad = -1;

    /* TODO 3 BEGIN: a line that begins before p->begin belongs to the
     * part before. Skip the rest of it, if there is any: what is the
     * byte before p->begin? Then add every line that begins before
     * p->end to p->sum; stop at a bad one, and put where it begins into
     * p->bad. No thread may change what another one uses. */
    char line[LINE + 2];
    long long number;
    int c, len;

    if (p->begin > 0) {
        r.at--;
        do
            c = next_byte(&r);
        while (c != EOF && c != '\n' && r.at < p->end);
    }
    while (r.at < p->end) {
        off_t start = r.at;

        len = next_line(&r, line);
        if (len == -1)
            break;
        if (!parse(line, (size_t)len, &number)) {
            p->bad = start;
            break;
        }
        p->sum += number;
    }
    /* TODO 3 STAND-IN: (void)next_line; */
    /* TODO 3 STAND-IN: (void)parse; */
    /* TODO 3 END */
    p->error = r.error;
}

/* What each thread does. */
static void *work(void *part)
{
    if (each_waits)
        wait_for_enter();
    add_up(part);
    return NULL;
}

/* Cuts size bytes into parts, starts a thread for each, and waits until
 * all have ended. */
static void run(struct part *parts, int count, int fd, off_t size)
{
    /* TODO 1 BEGIN: where does each part begin and end? Together they
     * have every byte of the file once. */
    for (int i = 0; i < count; i++) {
        parts[i].fd = fd;
        parts[i].begin = size * i / count;
        parts[i].end = size * (i + 1) / count;
    }
    /* TODO 1 STAND-IN: (void)fd; */
    /* TODO 1 STAND-IN: (void)size; */
    /* TODO 1 END */

    /* TODO 2 BEGIN: start all threads. Then wait for each. The pthread
     * functions return their error: check_pthread() in lab.h. */
    for (struct part *p = parts; p < parts + count; p++) {
        int error = pthread_create(&p->thread, NULL, work, p);

        check_pthread(error, "pthread_create");
    }
    for (struct part *p = parts; p < parts + count; p++)
        check_pthread(pthread_join(p->thread, NULL), "pthread_join");
    /* TODO 2 STAND-IN: (void)work; */
    /* TODO 2 STAND-IN: (void)parts; */
    /* TODO 2 STAND-IN: (void)count; */
    /* TODO 2 END */
}

/* Prints the sum of all parts; or what is wrong with the first of them
 * that isn't all right, and ends the program with status 1. */
static void report(const char *name, struct part *parts, int count)
{
    /* TODO 4 BEGIN: look at the parts in their order. It is an error,
     * too, if the sum doesn't fit in a long long, or can't be written:
     * printf() only fills a buffer, fflush() tells. */
    wide sum = 0;

    for (int i = 0; i < count; i++) {
        if (parts[i].error != 0) {
            errno = parts[i].error;
            err(1, "%s", name);
        }
        if (parts[i].bad != -1)
            errx(1, "%s: bad line at offset %lld", name,
                 (long long)parts[i].bad);
        sum += parts[i].sum;
    }
    if (sum < LLONG_MIN || sum > LLONG_MAX)
        errx(1, "%s: the sum doesn't fit in 64 bits", name);
    if (printf("%lld\n", (long long)sum) < 0 || fflush(stdout) == EOF)
        err(1, "standard output");
    /* TODO 4 STAND-IN: (void)parts; */
    /* TODO 4 STAND-IN: (void)count; */
    /* TODO 4 STAND-IN: errx(1, "%s: no sum yet", name); */
    /* TODO 4 END */
}

int main(int argc, char *argv[])
{
    struct part *parts;
    int count = 4;
    off_t size;
    int fd, opt;

    while ((opt = getopt(argc, argv, "hj:w")) != -1) {
        switch (opt) {
        case 'j':
            count = (int)parse_number("-j", optarg, 1, 500);
            break;
        case 'w':
            each_waits = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind != argc - 1)
        usage('?', usage_text);

    fd = open_file(argv[optind], &size);
    parts = calloc((size_t)count, sizeof *parts);
    if (parts == NULL)
        err(1, "calloc");
    run(parts, count, fd, size);
    report(argv[optind], parts, count);
    free(parts);
    return 0;
}
