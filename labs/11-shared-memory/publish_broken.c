/*
 * publish_broken: the data first and then the flag that says so, but
 * nothing makes the compiler or the processor keep that order.
 *
 * Usage: publish_broken [-c COUNT] [-a]
 *
 * Try:   publish_broken
 *        On x86 it comes out right, for that processor keeps stores in
 *        order; on others it needn't. ThreadSanitizer finds it anyway:
 *        make examples LAB=11 SAN=thread CC=clang
 *        build/clang-thread/11-shared-memory/publish_broken -a
 *        Then publish, the repair: look at both with diff.
 *
 * See:   futex(2), C17, 7.17.3, on memory_order
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: publish_broken [-c COUNT] [-a]\n"
                           "  -c COUNT  messages to pass on (10000)\n"
                           "  -a        threads instead of processes\n";

enum { WORDS = 8 };
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 }; /* as in <linux/futex.h> */

/* Room for one message. Whose turn it is, the flag says. */
static struct slot {
    _Atomic uint32_t full;
    long words[WORDS]; /* not atomic: the flag protects them */
} * slot;

static long long count = 10000;

/* Sleeps while *word is value, or wakes so many who do. */
static long futex(_Atomic uint32_t *word, int what, uint32_t value)
{
    return syscall(SYS_futex, word, what, value, NULL);
}

/* The mistake: relaxed makes each access of the flag whole, and says
 * nothing about the words. */
static void set_full(uint32_t full)
{
    atomic_store_explicit(&slot->full, full, memory_order_relaxed);
    if (futex(&slot->full, FUTEX_WAKE, INT_MAX) == -1)
        err(1, "futex");
}

static void wait_while(uint32_t full)
{
    _Atomic uint32_t *flag = &slot->full;

    while (atomic_load_explicit(flag, memory_order_relaxed) == full) {
        if (futex(flag, FUTEX_WAIT, full) == -1 && errno != EAGAIN &&
            errno != EINTR)
            err(1, "futex");
    }
}

static void *write_all(void *arg)
{
    for (long i = 1; i <= count; i++) {
        wait_while(1);
        for (int k = 0; k < WORDS; k++)
            slot->words[k] = i;
        set_full(1);
    }
    return arg;
}

/* Returns how many messages weren't whole. */
static long read_all(void)
{
    long bad = 0;

    for (long i = 1; i <= count; i++) {
        bool whole = true;

        wait_while(0);
        for (int k = 0; k < WORDS; k++)
            whole = whole && slot->words[k] == i;
        bad += !whole;
        set_full(0);
    }
    return bad;
}

static long between_threads(void)
{
    pthread_t writer;
    long bad;

    check_pthread(pthread_create(&writer, NULL, write_all, NULL),
                  "pthread_create");
    bad = read_all();
    check_pthread(pthread_join(writer, NULL), "pthread_join");
    return bad;
}

static long between_processes(void)
{
    pid_t parent = getpid(), child = fork();
    int status;
    long bad;

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            _exit(1);
        write_all(NULL);
        _exit(0);
    }
    bad = read_all();
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        errx(1, "the writer didn't end well");
    return bad;
}

int main(int argc, char *argv[])
{
    bool threads = false;
    long bad;
    int opt;

    while ((opt = getopt(argc, argv, "hc:a")) != -1) {
        if (opt == 'c')
            count = parse_number("-c", optarg, 0, 1000000000);
        else if (opt == 'a')
            threads = true;
        else
            usage(opt, help);
    }
    if (optind < argc)
        usage('?', help);

    slot = mmap(NULL, sizeof *slot, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (slot == MAP_FAILED)
        err(1, "mmap");
    bad = threads ? between_threads() : between_processes();
    say("reader", "%lld messages, %ld of them not whole", count, bad);
    return bad == 0 ? 0 : 1;
}
