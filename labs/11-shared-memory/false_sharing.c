/*
 * false_sharing: two processes with a counter each, which slow each
 * other down if the counters are in the same cache line.
 *
 * Usage: false_sharing [-c COUNT]
 *
 * Try:   false_sharing
 *        taskset -c 0 false_sharing
 *        With one processor there is nobody to take the line away.
 *
 * See:   mmap(2), taskset(1), perf-c2c(1)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };

/* Processors pass memory to each other in lines of this size. Some
 * fetch two at a time: so 128 bytes lie between what shall be apart. */
enum { LINE = 64, APART = 128 };

static const char help[] =
    "Usage: false_sharing [-c COUNT]\n"
    "  -c COUNT  what each process adds, one by one (10000000)\n";

typedef _Atomic(long long) counter;

/* Each counter has one writer: nothing is shared but the line. */
static struct shared {
    struct {
        counter a, b;
    } near;
    _Alignas(APART) counter a;
    _Alignas(APART) counter b;
} * shared;

static void work(int begin, counter *mine, long long count)
{
    char byte;

    /* Until the other end is closed: both shall run at once. */
    if (read_full(begin, &byte, 1) == -1)
        err(1, "read");

    /* relaxed: who looks at the count has waited for our end before. */
    while (count-- > 0)
        atomic_fetch_add_explicit(mine, 1, memory_order_relaxed);
}

static void start(const int begin[2], counter *mine, long long count,
                  pid_t parent)
{
    switch (fork()) {
    case -1:
        err(1, "fork"); /* the other sees the pipe closed */
    case 0:
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            _exit(1);
        close(begin[WRITE_END]);
        work(begin[READ_END], mine, count);
        _exit(0);
    }
}

/* Reaps both. Returns how long they ran, in seconds of a processor: it
 * doesn't matter to that whether they had to wait for one. */
static double reap_both(void)
{
    double ran = 0;
    int status;

    for (int left = 2; left > 0;) {
        struct rusage usage;
        pid_t child = wait4(-1, &status, 0, &usage);

        if (child == -1 && errno != EINTR)
            err(1, "wait4");
        if (child == -1)
            continue;
        if (status != 0)
            errx(1, "process %d didn't end well", (int)child);
        ran += (double)usage.ru_utime.tv_sec;
        ran += (double)usage.ru_utime.tv_usec / 1e6;
        left--;
    }
    return ran;
}

/* Lets two processes count, each its own. Returns the ns that one
 * addition took. */
static double add(const char *what, counter *a, counter *b, long long n)
{
    int begin[2];
    double each;

    if (pipe(begin) == -1)
        err(1, "pipe");
    *a = *b = 0;
    start(begin, a, n, getpid());
    start(begin, b, n, getpid());
    close(begin[READ_END]);
    close(begin[WRITE_END]);
    each = reap_both() * 1e9 / (double)(2 * n);
    if (*a != n || *b != n)
        errx(1, "%s: ned %lld and %lld", what, *a, *b);
    say("main", "%s: offsets %td and %td, %lld each, %.2f ns", what,
        (char *)a - (char *)shared, (char *)b - (char *)shared, n, each);
    return each;
}

int main(int argc, char *argv[])
{
    long long count = 10000000;
    double same, apart;
    int opt;

    while ((opt = getopt(argc, argv, "hc:")) != -1) {
        if (opt != 'c')
            usage(opt, help);
        count = parse_number("-c", optarg, 1, 1000000000);
    }
    if (optind < argc)
        usage('?', help);

    /* A mapping begins on a page, so also on a line. */
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    same = add("near", &shared->near.a, &shared->near.b, count);
    apart = add("apart", &shared->a, &shared->b, count);
    say("main", "near took %.1f times as long as apart", same / apart);
    return 0;
}
