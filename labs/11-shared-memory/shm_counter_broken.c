/*
 * shm_counter_broken: processes that add to one number in shared memory
 * without a lock lose updates.
 *
 * Usage: shm_counter_broken [-c COUNT] [-j WORKERS]
 *
 * Try:   shm_counter_broken
 *        taskset -c 0 shm_counter_broken
 *        One processor is enough, if it lasts some time slices. Then
 *        run shm_counter, the repair, and look at both with diff.
 *
 * Ends:  exit 1
 *
 * See:   mmap(2), fork(2), taskset(1)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum { MAX_WORKERS = 100 };

static const char help[] =
    "Usage: shm_counter_broken [-c COUNT] [-j WORKERS]\n"
    "  -c COUNT    what each worker adds, one by one (1000000)\n"
    "  -j WORKERS  how many processes (2)\n";

/* What all of them have. volatile: each access goes to memory. That
 * doesn't make one step of the three below. */
static struct shared {
    volatile long long count;
} * shared;

static char ticket[40]; /* each process has its own */

/* A load, some work, and a store. What others store in between is
 * overwritten, and so lost. */
static void add_one(void)
{
    long long number = shared->count + 1;

    snprintf(ticket, sizeof ticket, "ticket %lld", number);
    shared->count = number;
}

/* Begins when the other end of the pipe is closed: all at once. */
static void work(int begin, long long count)
{
    char byte;

    if (read_full(begin, &byte, 1) == -1)
        err(1, "read");
    while (count-- > 0)
        add_one();
}

static void start(const int begin[2], long long count, pid_t parent)
{
    switch (fork()) {
    case -1:
        err(1, "fork"); /* the others see the pipe closed */
    case 0:
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            _exit(1);
        close(begin[WRITE_END]);
        work(begin[READ_END], count);
        _exit(0);
    }
}

int main(int argc, char *argv[])
{
    long long count = 1000000, expected;
    int workers = 2, begin[2], status, opt;
    pid_t parent = getpid(), child;

    while ((opt = getopt(argc, argv, "hc:j:")) != -1) {
        switch (opt) {
        case 'c':
            count = parse_number("-c", optarg, 0, 1000000000);
            break;
        case 'j':
            workers = (int)parse_number("-j", optarg, 1, MAX_WORKERS);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    if (pipe(begin) == -1)
        err(1, "pipe");
    for (int i = 0; i < workers; i++)
        start(begin, count, parent);
    close(begin[READ_END]);
    close(begin[WRITE_END]);

    for (int left = workers; left > 0;) {
        child = wait(&status);
        if (child == -1 && errno != EINTR)
            err(1, "wait");
        if (child > 0 && status != 0)
            errx(1, "worker %d didn't end well", (int)child);
        left -= child > 0;
    }
    expected = workers * count;
    say("main", "%lld steps, counted %lld: %lld lost", expected,
        (long long)shared->count, expected - shared->count);
    return shared->count == expected ? 0 : 1;
}
