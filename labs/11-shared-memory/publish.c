/*
 * publish: the data first and then the flag that says so, in an order
 * that both the compiler and the processor have to keep.
 *
 * Usage: publish [-c COUNT] [-a]
 *
 * Try:   publish
 *        publish -a
 *        The same with two threads. ThreadSanitizer looks only within a
 *        process, so it takes this to be checked by it:
 *        make examples LAB=11 SAN=thread CC=clang
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

static const char help[] = "Usage: publish [-c COUNT] [-a]\n"
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

/*
 * release: what this one wrote, or read, before, is done when the other
 * sees the flag. Without it the compiler and the processor may put the
 * flag before the words: each keeps only the order that one thread by
 * itself could notice.
 */
static void set_full(uint32_t full)
{
    atomic_store_explicit(&slot->full, full, memory_order_release);
    if (futex(&slot->full, FUTEX_WAKE, INT_MAX) == -1)
        err(1, "futex");
}

/*
 * acquire: what follows comes after the flag was seen. One is no use
 * without the other: release orders the writer, acquire the reader.
 * Nothing stronger is needed: the default, seq_cst, would also order
 * several flags, and there is one.
 */
static void wait_while(uint32_t full)
{
    _Atomic uint32_t *flag = &slot->full;

    while (atomic_load_explicit(flag, memory_order_acquire) == full) {
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
