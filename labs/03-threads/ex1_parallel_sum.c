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
    /* TODO 1: open it, and find its size with fstat(). What can't
     * be opened, or is no regular file, ends the program: say why. */
    (void)name;
    *size = 0;
    return -1;
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
    /* TODO 3: when the block is used up, get the next one with
     * pread(), from r->at, up to r->limit. The file may be shorter than
     * it was. Return one byte of it, as an unsigned char. */
    (void)r;
    return EOF;
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

    /* TODO 3: a line that begins before p->begin belongs to the
     * part before. Skip the rest of it, if there is any: what is the
     * byte before p->begin? Then add every line that begins before
     * p->end to p->sum; stop at a bad one, and put where it begins into
     * p->bad. No thread may change what another one uses. */
    (void)next_line;
    (void)parse;
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
    /* TODO 1: where does each part begin and end? Together they
     * have every byte of the file once. */
    (void)fd;
    (void)size;

    /* TODO 2: start all threads. Then wait for each. The pthread
     * functions return their error: check_pthread() in lab.h. */
    (void)work;
    (void)parts;
    (void)count;
}

/* Prints the sum of all parts; or what is wrong with the first of them
 * that isn't all right, and ends the program with status 1. */
static void report(const char *name, struct part *parts, int count)
{
    /* TODO 4: look at the parts in their order. It is an error,
     * too, if the sum doesn't fit in a long long, or can't be written:
     * printf() only fills a buffer, fflush() tells. */
    (void)parts;
    (void)count;
    errx(1, "%s: no sum yet", name);
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
