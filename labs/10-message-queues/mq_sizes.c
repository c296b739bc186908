/*
 * mq_sizes: what it costs to pass data on by messages, by their size,
 * beside a pipe and memory that is shared.
 *
 * Usage: mq_sizes [-b BYTES]
 *
 * Try:   mq_sizes -b 100000
 *        mq_sizes
 *        Most of the cost is that of a call. With larger messages a
 *        byte gets cheaper, up to the largest that a queue takes. Data
 *        beyond that has to be cut up.
 *
 * See:   mq_overview(7), pipe(7), mmap(2), sem_overview(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum { LARGEST = 1 << 20, QUEUE_SIZE = 8192 };

static const char help[] =
    "Usage: mq_sizes [-b BYTES]\n"
    "  -b BYTES  pass on so many for each number (16777216)\n";

/* The ways. Both processes have them, after fork(). */
static mqd_t queue;
static int ends[2];
static struct {
    sem_t empty, full; /* who may use the block: one of the two */
    char block[LARGEST];
} * shared;

/* A queue is made for messages of up to 8192 bytes: no user can have
 * larger ones by default, see /proc/sys/fs/mqueue/msgsize_max. */
static void make_queue(void)
{
    const struct mq_attr attr = {.mq_maxmsg = 10, .mq_msgsize = QUEUE_SIZE};
    char usual[40], *name;

    snprintf(usual, sizeof usual, "sizes-%d", getpid());
    name = object_name(NULL, usual);
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    if (queue == -1)
        err(1, "%s", name);
    if (mq_unlink(name) == -1)
        err(1, "mq_unlink %s", name);
    free(name);
}

static void make_shared(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    if (sem_init(&shared->empty, 1, 1) == -1 ||
        sem_init(&shared->full, 1, 0) == -1)
        err(1, "sem_init");
}

static void take(sem_t *semaphore)
{
    while (sem_wait(semaphore) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
}

/* A block of data goes in as messages of up to 8192 bytes. */
static void by_queue(char *block, size_t size, bool sender)
{
    for (size_t at = 0; at < size;) {
        size_t len = size - at < QUEUE_SIZE ? size - at : QUEUE_SIZE;
        ssize_t n;

        if (sender)
            n = mq_send(queue, block + at, len, 0) == 0 ? (ssize_t)len : -1;
        else
            n = mq_receive(queue, block + at, QUEUE_SIZE, NULL);
        if (n == -1 && errno != EINTR)
            err(1, sender ? "mq_send" : "mq_receive");
        at += n == -1 ? 0 : (size_t)n;
    }
}

static void by_pipe(char *block, size_t size, bool sender)
{
    if (sender) {
        if (write_full(ends[WRITE_END], block, size) == -1)
            err(1, "write");
    } else if (read_full(ends[READ_END], block, size) != (ssize_t)size) {
        err(1, "read");
    }
}

/* The sender copies it in. The receiver could use it where it is, but
 * to be fair it has its own copy, as the others have. */
static void by_memory(char *block, size_t size, bool sender)
{
    take(sender ? &shared->empty : &shared->full);
    if (sender)
        memcpy(shared->block, block, size);
    else
        memcpy(block, shared->block, size);
    if (sem_post(sender ? &shared->full : &shared->empty) == -1)
        err(1, "sem_post");
}

/* Starts a child that sends or receives so many blocks. */
static pid_t start(void (*pass)(char *, size_t, bool), size_t size,
                   size_t count, bool sender)
{
    static char block[LARGEST + QUEUE_SIZE]; /* to receive, any size */
    pid_t parent = getpid(), child = fork();

    if (child == -1)
        err(1, "fork");
    if (child != 0)
        return child;

    /* Who waits for the other one shall not outlive us. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        err(1, "prctl");
    if (getppid() != parent)
        _exit(1); /* too late: it is dead already */
    memset(block, sender ? 'x' : '-', size);
    for (size_t i = 0; i < count; i++)
        pass(block, size, sender);
    if (block[0] != 'x' || block[size - 1] != 'x')
        errx(1, "what came isn't what was sent");
    _exit(0);
}

/* Passes on so many bytes from one child to another, in blocks of one
 * size. Returns ns per byte. */
static double measure(void (*pass)(char *, size_t, bool), size_t size,
                      size_t total)
{
    double begin = monotonic_seconds();
    size_t count = total / size + (total % size != 0);

    start(pass, size, count, true);
    start(pass, size, count, false);
    for (int left = 2; left > 0; left--) {
        int status;

        while (wait(&status) == -1) {
            if (errno != EINTR)
                err(1, "wait");
        }
        if (status != 0)
            exit(1); /* and the other one ends, too */
    }
    return (monotonic_seconds() - begin) * 1e9 / (double)(count * size);
}

int main(int argc, char *argv[])
{
    static const size_t sizes[] = {16, 64, 256, 1024, 8192, 65536, LARGEST};
    size_t total = 16 << 20;
    int opt;

    while ((opt = getopt(argc, argv, "hb:")) != -1) {
        if (opt != 'b')
            usage(opt, help);
        total = (size_t)parse_number("-b", optarg, 1, 1LL << 40);
    }
    if (optind < argc)
        usage('?', help);
    make_queue();
    make_shared();
    if (pipe(ends) == -1)
        err(1, "pipe");

    printf("%9s %15s %15s %15s\n", "bytes", "queue", "pipe", "shared");
    if (fflush(stdout) == EOF)
        err(1, "standard output");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i], some = total;
        double queue_cost, pipe_cost, shared_cost;

        /* Small ones take much longer: fewer will do. */
        if (size < 1024)
            some = total / 1024 * size + size;
        queue_cost = measure(by_queue, size, some);
        pipe_cost = measure(by_pipe, size, some);
        shared_cost = measure(by_memory, size, some);
        printf("%9zu %7.2f ns/byte %7.2f ns/byte %7.2f ns/byte\n", size,
               queue_cost, pipe_cost, shared_cost);
        if (fflush(stdout) == EOF)
            err(1, "standard output");
    }
    return 0;
}
