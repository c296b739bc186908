/*
 * shm_first: whoever comes first makes the shared memory, and a reader
 * waits in it until the writer is done, asleep.
 *
 * Usage: shm_first [-m MOMENT] [-d] [-v VALUE] [-n NAME]
 *
 * Try:   shm_first
 *        With -m 0 it is the reader who makes the memory.
 *        shm_first -d
 *        The writer dies at that moment. The reader is told.
 *
 * See:   shm_overview(7), ftruncate(2), futex(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END, NUMBERS = 1000 };

static const char help[] =
    "Usage: shm_first [-m MOMENT] [-d] [-v VALUE] [-n NAME]\n"
    "  -m MOMENT  when the reader comes: before there is a name (0),\n"
    "             a size (1), a number (2), or all numbers (3) (1)\n"
    "  -d         at that moment the writer dies\n"
    "  -v VALUE   the writer puts it in a thousand times (7)\n"
    "  -n NAME    of the shared memory\n";

/* ftruncate() makes zeros: 0 must mean that it isn't ready. */
enum { NEW, READY, FAILED };
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 }; /* as in <linux/futex.h> */

struct shared {
    _Atomic uint32_t state;
    int numbers[NUMBERS];
};

enum { NAME, SIZE, FIRST, ALL };
static int chosen = SIZE; /* when the reader comes: before that */
static bool dies;

static char *name;
static sigset_t ends;
static bool is_parent = true, is_writer;

/* These two pipes make certain what else would be bad luck: at that
 * moment the writer lets the reader come, and do what it can. */
static int come[2], been[2];

static void before(int moment)
{
    char byte = 0;

    if (!is_writer || moment != chosen)
        return;
    if (write_full(come[WRITE_END], &byte, 1) == -1)
        err(1, "write");
    if (read_full(been[READ_END], &byte, 1) == -1)
        err(1, "read");
    if (dies)
        raise(SIGKILL);
}

/* Writer and reader do the same, so it doesn't matter who is first.
 * Without O_EXCL: who finds the name, takes it. ftruncate() to the size
 * that it has already changes nothing: both may do it. */
static struct shared *map(void)
{
    int fd = shm_open(name, O_RDWR | O_CREAT, 0600);
    void *memory;

    if (fd == -1)
        err(1, "%s", name);
    before(SIZE);
    if (ftruncate(fd, sizeof(struct shared)) == -1)
        err(1, "ftruncate");
    memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        err(1, "mmap");
    close(fd);
    return memory;
}

/* FUTEX_WAIT sleeps only if the word still has that value, in one step
 * with looking: no wake is lost. Without FUTEX_PRIVATE_FLAG, for who
 * wakes is another process. No libc has a function for it. */
static long futex(_Atomic uint32_t *word, int what, uint32_t value)
{
    return syscall(SYS_futex, word, what, value, NULL);
}

/* release: all that was written before comes with it. */
static void announce(struct shared *shared, uint32_t state)
{
    atomic_store_explicit(&shared->state, state, memory_order_release);
    if (futex(&shared->state, FUTEX_WAKE, 1) == -1)
        err(1, "futex");
}

/* acquire is the other half. EAGAIN: it wasn't NEW any more. */
static uint32_t wait_for_news(struct shared *shared)
{
    _Atomic uint32_t *w = &shared->state;
    uint32_t state;

    while (state = atomic_load_explicit(w, memory_order_acquire),
           state == NEW) {
        if (futex(w, FUTEX_WAIT, NEW) == -1 && errno != EAGAIN &&
            errno != EINTR)
            err(1, "futex");
    }
    return state;
}

static int write_numbers(int value)
{
    struct shared *shared;

    is_writer = true;
    close(come[READ_END]);
    close(been[WRITE_END]);
    before(NAME);
    shared = map();
    before(FIRST);
    for (int i = 0; i < NUMBERS; i++) {
        if (i == NUMBERS / 2)
            before(ALL);
        shared->numbers[i] = value;
    }
    announce(shared, READY);
    say("writer", "is done");
    return 0;
}

static int read_numbers(int value)
{
    const long right = (long)NUMBERS * value;
    struct shared *shared;
    long sum = 0;
    ssize_t n;
    char byte;

    close(come[WRITE_END]);
    close(been[READ_END]);
    n = read_full(come[READ_END], &byte, 1);
    if (n == -1)
        err(1, "read");
    if (n == 0)
        return 1; /* there is no writer: nobody says come */
    shared = map();
    close(been[WRITE_END]); /* the writer may go on */
    if (wait_for_news(shared) == FAILED)
        errx(1, "the writer died before it was done");
    for (int i = 0; i < NUMBERS; i++)
        sum += shared->numbers[i];
    say("reader", "sum %ld, where %ld is right", sum, right);
    return sum == right ? 0 : 1;
}

static pid_t start(int (*function)(int), int value, pid_t parent)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork"); /* the other ends with us: PR_SET_PDEATHSIG */
    if (child > 0)
        return child;
    is_parent = false;
    sigprocmask(SIG_UNBLOCK, &ends, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        err(1, "prctl");
    if (getppid() != parent)
        exit(1);
    exit(function(value));
}

/* Called by exit(), and so also by err(), wherever that is. */
static void remove_name(void)
{
    if (is_parent && shm_unlink(name) == -1 && errno != ENOENT)
        warn("shm_unlink %s", name);
}

static int reap(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return status;
}

int main(int argc, char *argv[])
{
    const char *wanted = NULL;
    int value = 7, status, opt;
    pid_t writer, reader;

    while ((opt = getopt(argc, argv, "hdm:v:n:")) != -1) {
        if (opt == 'm')
            chosen = (int)parse_number("-m", optarg, NAME, ALL);
        else if (opt == 'd')
            dies = true;
        else if (opt == 'v')
            value = (int)parse_number("-v", optarg, 1, 1000000);
        else if (opt == 'n')
            wanted = optarg;
        else
            usage(opt, help);
    }
    if (optind < argc)
        usage('?', help);
    name = object_name(wanted, "first");
    if (shm_open(name, O_RDONLY, 0) != -1) /* so it isn't ours */
        errx(1, "%s exists already", name);
    if (pipe(come) == -1 || pipe(been) == -1)
        err(1, "pipe");
    atexit(remove_name);

    /* Ctrl-C ends the children; we go on and remove the name. */
    sigfillset(&ends);
    if (sigprocmask(SIG_BLOCK, &ends, NULL) == -1)
        err(1, "sigprocmask");
    reader = start(read_numbers, value, getpid());
    writer = start(write_numbers, value, getpid());
    for (int i = 0; i < 2; i++) {
        close(come[i]);
        close(been[i]);
    }

    /* Somebody has to notice a death, for a dead one announces nothing.
     * Here it is the parent; else a lock that the writer holds. */
    status = reap(writer);
    if (status != 0)
        announce(map(), FAILED);
    return reap(reader) != 0 || status != 0;
}
