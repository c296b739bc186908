/*
 * switch_cost: what a processor's switch from one thread to another of
 * the same process costs, and to one of another process.
 *
 * Usage: switch_cost [-n COUNT] [-k KIB] [-w]
 *
 * Try:   switch_cost -n 20
 *        A byte goes to a partner and comes back. All are kept on one
 *        processor: the partner is on it only when main is off it.
 *        switch_cost -k 512
 *        Each also writes to memory in its turn. Threads do so to the
 *        same; a process to its own, and the caches have to hold both.
 *        switch_cost -w: the processor, and how often they were on it.
 *
 * See:   sched_setaffinity(2), getrusage(2), pipe(2), sched(7)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum { ALONE, THREAD, PROCESS, KINDS };
enum { MAX_COUNT = 10000, TRIPS = 100 };

static const char help[] =
    "Usage: switch_cost [-n COUNT] [-k KIB] [-w]\n"
    "  -n COUNT  measure so often, 100 times there and back (200)\n"
    "  -k KIB    in each turn, write to so much memory (0)\n"
    "  -w        wait for Enter at the end, with all still there\n";

static const char *const names[] = {
    "alone",
    "with thread",
    "with process",
};

/* The pipes to and from each partner. Alone, main is its own. */
static int to[KINDS][2], from[KINDS][2];

static double took[KINDS][MAX_COUNT]; /* microseconds, one way */
static long switches[KINDS];          /* how often main was off */

static unsigned char memory[64 << 20];
static size_t used; /* of that, in each turn */

static void make_pipes(int kind)
{
    if (pipe(to[kind]) == -1 || pipe(from[kind]) == -1)
        err(1, "pipe");
}

/* Returns false at the end of file: the other side is gone. */
static bool get(int fd)
{
    char byte;
    ssize_t n = read_full(fd, &byte, 1);

    if (n == -1)
        err(1, "read");
    return n == 1;
}

/* Should nobody read any more, SIGPIPE ends us. */
static void put(int fd)
{
    if (write_full(fd, "x", 1) == -1)
        err(1, "write");
}

static void use_memory(void)
{
    for (size_t i = 0; i < used; i += 64) /* a line of the cache */
        memory[i]++;
}

static bool answer(int kind)
{
    if (!get(to[kind][READ_END]))
        return false;
    use_memory();
    put(from[kind][WRITE_END]);
    return true;
}

static void *be_thread(void *arg)
{
    while (answer(THREAD))
        ;
    return arg;
}

/* Forked before there is a second thread: a child gets only the thread
 * that forks, and what others have locked stays locked in it. */
static pid_t start_process(void)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        close(to[PROCESS][WRITE_END]);
        close(from[PROCESS][READ_END]);
        while (answer(PROCESS))
            ;
        _exit(0);
    }
    close(to[PROCESS][READ_END]);
    close(from[PROCESS][WRITE_END]);
    return child;
}

/* From here on this thread, and all that it makes, run only there. */
static void stay_on_this_processor(void)
{
    int processor = sched_getcpu();
    cpu_set_t set;

    if (processor == -1)
        err(1, "sched_getcpu");
    CPU_ZERO(&set);
    CPU_SET((size_t)processor, &set);
    if (sched_setaffinity(0, sizeof set, &set) == -1)
        err(1, "sched_setaffinity");
}

/* How often the kernel has given the processor to somebody else: since
 * this thread had to wait, or although it hadn't. */
static long switches_now(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_THREAD, &usage) == -1)
        err(1, "getrusage");
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* 100 times there and back. Who is alone makes all the calls, those of
 * the other side too. What the others take more is the switch. */
static double measure(int kind)
{
    long before = switches_now();
    double start = monotonic_seconds();

    for (int i = 0; i < TRIPS; i++) {
        put(to[kind][WRITE_END]);
        if (kind == ALONE)
            answer(kind);
        if (!get(from[kind][READ_END]))
            errx(1, "the partner is gone");
        use_memory();
    }
    switches[kind] += switches_now() - before;
    return (monotonic_seconds() - start) * 1e6 / (2 * TRIPS);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Prints what one way took. Returns what half of them stayed below. */
static double report(int kind, int count)
{
    double *t = took[kind];

    qsort(t, (size_t)count, sizeof *t, compare);
    say("main", "%-12s p50 %6.2f us,  p90 %6.2f us;  off %ld times",
        names[kind], t[count / 2], t[count * 9 / 10], switches[kind]);
    return t[count / 2];
}

static void play(int count, bool hold)
{
    double alone, thread, process;

    /* In turns: whatever else the machine does meets all alike. */
    for (int i = 0; i < count; i++) {
        for (int kind = 0; kind < KINDS; kind++)
            took[kind][i] = measure(kind);
    }
    alone = report(ALONE, count);
    thread = report(THREAD, count) - alone;
    process = report(PROCESS, count) - alone;
    say("main", "a switch: threads %.2f us, processes %.2f us", thread,
        process);
    if (hold) {
        say("main",
            "look: grep -E 'Cpus_allowed_list|ctxt' "
            "/proc/%d/task/*/status",
            (int)getpid());
        say("main", "Enter ends me");
        wait_for_enter();
    }
}

int main(int argc, char *argv[])
{
    int count = 200, status, error, opt;
    bool hold = false;
    pthread_t thread;
    pid_t child;

    while ((opt = getopt(argc, argv, "n:k:wh")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, MAX_COUNT);
            break;
        case 'k':
            used = (size_t)parse_number("-k", optarg, 0, 65536) << 10;
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    stay_on_this_processor();
    make_pipes(PROCESS);
    child = start_process();
    make_pipes(ALONE);
    make_pipes(THREAD);
    error = pthread_create(&thread, NULL, be_thread, NULL);
    check_pthread(error, "pthread_create");

    play(count, hold);

    /* That is the end of file for both partners. */
    close(to[THREAD][WRITE_END]);
    close(to[PROCESS][WRITE_END]);
    check_pthread(pthread_join(thread, NULL), "pthread_join");
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return status == 0 ? 0 : 1;
}
