/*
 * threads_vs_processes: threads share a variable, processes have copies
 * of it; and what it costs to make one or the other.
 *
 * Usage: threads_vs_processes [-j WORKERS] [-a ADDS] [-n COUNT]
 *                             [-m MIB [-l]]
 *
 * Try:   threads_vs_processes -n 100
 *        Then with -m 256: only a fork gets dearer with the memory that
 *        its process has. Add -l, and it is cheap again: large pages,
 *        few entries to copy.
 *
 * See:   pthread_create(3), fork(2), vfork(2), posix_spawn(3),
 *        madvise(2)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: threads_vs_processes [-j WORKERS] [-a ADDS] [-n COUNT]\n"
    "                            [-m MIB [-l]]\n"
    "  -j WORKERS  how many threads, then processes, count (2)\n"
    "  -a ADDS     how often each of them adds 1 (1000)\n"
    "  -n COUNT    how many of each kind to make and time (1000)\n"
    "  -m MIB      fill so much memory before that (0)\n"
    "  -l          in large pages, if the kernel has some\n";

static int counter, adds = 1000;

static void *add(void *arg)
{
    for (int i = 0; i < adds; i++)
        counter++;
    return arg;
}

static void *do_nothing(void *arg)
{
    return arg;
}

static void run_thread(void *(*function)(void *))
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, function, NULL);

    check_pthread(error, "pthread_create");
    check_pthread(pthread_join(thread, NULL), "pthread_join");
}

static void wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        errx(1, "a child has failed");
}

/* One after the other: no two of them add at the same time. What comes
 * of it if they do is the subject of lab 04. */
static void count_with(int workers)
{
    for (int i = 0; i < workers; i++)
        run_thread(add);
    say("main", "the counter, after threads: %d", counter);

    for (int i = 0; i < workers; i++) {
        pid_t child = fork();

        if (child == -1)
            err(1, "fork");
        if (child == 0) {
            add(NULL);
            say("child", "my copy of the counter: %d", counter);
            _exit(0);
        }
        wait_for(child);
    }
    say("main", "the counter, after processes: %d", counter);
}

/* Four ways to make somebody, and to wait for the end. */
static void by_thread(void)
{
    run_thread(do_nothing);
}

static void by_fork(void)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork");
    if (child == 0)
        _exit(0);
    wait_for(child);
}

/* Nothing is copied: the child borrows the parent's memory, and the
 * parent stands still until the child execs or exits. */
static void by_vfork(void)
{
    pid_t child = vfork();

    if (child == -1)
        err(1, "vfork");
    if (child == 0)
        _exit(0);
    wait_for(child);
}

/* vfork and exec in one, and without the dangers of vfork. */
static void by_spawn(void)
{
    char *const argv[] = {(char[]){"true"}, NULL};
    pid_t child;

    errno = posix_spawnp(&child, argv[0], NULL, NULL, argv, environ);
    if (errno != 0)
        err(1, "posix_spawnp: true");
    wait_for(child);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Prints and returns p50, the time that half of them stayed below; and
 * p90 and p99, that nine of ten and all but one of a hundred did. One
 * average would tell less: a few that were interrupted spoil it. */
static double time_it(const char *name, void (*make)(void), int count)
{
    double *took = calloc((size_t)count, sizeof *took), p50, p90, p99;

    if (took == NULL)
        err(1, "calloc");
    for (int i = 0; i < count; i++) {
        double start = monotonic_seconds();

        make();
        took[i] = (monotonic_seconds() - start) * 1e6;
    }
    qsort(took, (size_t)count, sizeof *took, compare);
    p50 = took[count / 2];
    p90 = took[count * 9L / 10];
    p99 = took[count * 99L / 100];
    say("main", "%11s %8.1f us %8.1f us %8.1f us", name, p50, p90, p99);
    free(took);
    return p50;
}

/* Memory that was written to, as the data of a big program. fork() has
 * to copy the table that says where each of its pages is. */
static void fill_memory(size_t size, bool large_pages)
{
    int advice = large_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        err(1, "mmap");
    /* Only a wish: a kernel may have no large pages at all. */
    madvise(memory, size, advice);
    memset(memory, 1, size);
}

int main(int argc, char *argv[])
{
    int workers = 2, count = 1000, mib = 0, opt;
    double thread, process;
    bool large_pages = false;

    while ((opt = getopt(argc, argv, "j:a:n:m:lh")) != -1) {
        switch (opt) {
        case 'j':
            workers = (int)parse_number("-j", optarg, 0, 1000);
            break;
        case 'a':
            adds = (int)parse_number("-a", optarg, 0, 1000000);
            break;
        case 'n':
            count = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 'm':
            mib = (int)parse_number("-m", optarg, 0, 65536);
            break;
        case 'l':
            large_pages = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    count_with(workers);
    if (mib > 0)
        fill_memory((size_t)mib << 20, large_pages);
    say("main", "to make one and wait for its end, with %d MiB:", mib);
    say("main", "%11s %11s %11s %11s", "", "p50", "p90", "p99");
    thread = time_it("thread", by_thread, count);
    process = time_it("fork", by_fork, count);
    time_it("vfork", by_vfork, count);
    time_it("posix_spawn", by_spawn, count);
    say("main", "a fork costs %.1f threads", process / thread);
    return 0;
}
