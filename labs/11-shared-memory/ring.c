/*
 * ring: messages from one process to another through a ring in shared
 * memory: no lock, and no system call while both sides are busy.
 *
 * Usage: ring [-n COUNT] [-s BYTES] [-b BATCH] [-c CAPACITY] [-l LOOKS]
 *             [-x] [-r] [-p CPU,CPU] [-k COUNT] [threads|pipe]
 *
 * Try:   ring -n 100000
 *        ring -n 100000 -b 1; ring -n 100000 pipe
 *        One message at a time; and the same through a pipe.
 *        ring -r -l 0 -p 0,0
 *        There and back on one CPU: each message wakes the other side.
 *        strace -f -c -e trace=futex ring -n 100000
 *        Calls only where one side had to wait.
 *        ring -k 5000
 *        The consumer is killed. The producer notices, and ends.
 *
 * See:   ring.h; futex(2), mmap(2), sched_setaffinity(2), prctl(2)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"
#include "way.h"

static const char help[] =
    "Usage: ring [-n COUNT] [-s BYTES] [-b BATCH] [-c CAPACITY] "
    "[-l LOOKS]\n"
    "            [-x] [-r] [-p CPU,CPU] [-k COUNT] [threads|pipe]\n"
    "  -n COUNT     messages, or round trips (1000000)\n"
    "  -s BYTES     in a message, a multiple of 16 (64)\n"
    "  -b BATCH     messages to pass on at once (64)\n"
    "  -c CAPACITY  messages that the ring holds, a power of 2 (1024)\n"
    "  -l LOOKS     before a side sleeps, it looks so often (200)\n"
    "  -x           never sleep, look for ever\n"
    "  -r           round trips: each message is sent back\n"
    "  -p CPU,CPU   where producer and consumer run\n"
    "  -k COUNT     kill the consumer when it has taken so many\n"
    "  threads      two threads instead of two processes\n"
    "  pipe         pipes instead of rings\n";

static long long count = 1000000, kill_after = -1;
static uint32_t size = 64;
static int batch = 64, cpus[2] = {-1, -1};
static bool round_trips;
static enum ring_role roles[] = {RING_PRODUCER, RING_CONSUMER};
static const char *const names[] = {"producer", "consumer"};
static const char *const kinds[] = {"messages", "round trips"};

static struct way there, back;

/* Two words at once, for processors that can. */
typedef uint64_t pair __attribute__((vector_size(16)));

/* Each word of a message, and of each message, is another one. */
static pair first_pair(long long number)
{
    uint64_t w = (uint64_t)number * 0x9e3779b97f4a7c15;

    return (pair){w, w + 1};
}

static void fill(pair *m, long long number)
{
    pair w = first_pair(number);

    for (size_t i = size / sizeof w; i > 0; i--, w += 2)
        *m++ = w;
}

static void check(const pair *m, long long number)
{
    pair w = first_pair(number), different = {0, 0};

    for (size_t i = size / sizeof w; i > 0; i--, w += 2)
        different |= *m++ ^ w;
    if ((different[0] | different[1]) != 0)
        errx(1, "message %lld isn't what was sent", number);
}

/* Sends, or takes, the messages from number i up to end - 1. */
static void move(struct port *port, long long i, long long end)
{
    for (int n; i < end; i += n) {
        n = port_wait(port, end - i < batch ? (int)(end - i) : batch);
        if (n == -1)
            err(1, "message %lld", i);
        if (n == 0)
            errx(1, "the other side is gone");
        for (int k = 0; k < n; k++) {
            if (port->role == RING_PRODUCER)
                fill(port_slot(port, k), i + k);
            else
                check(port_slot(port, k), i + k);
        }
        if (port_pass(port, n) == -1)
            err(1, "message %lld", i);
    }
}

static void stay_on(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) == -1)
        err(1, "CPU %d", cpu);
}

static void hang_up(enum ring_role who)
{
    way_hang_up(&there, who);
    way_hang_up(&back, !who);
}

/* The life of one side. On a round trip the consumer sends it back. */
static void *live(void *arg)
{
    enum ring_role who = *(enum ring_role *)arg;
    struct port one = way_open(&there, who);
    struct port other = way_open(&back, !who);
    double start, took;

    prctl(PR_SET_NAME, names[who]); /* as ps and top show it */
    if (cpus[who] >= 0)
        stay_on(cpus[who]);

    move(&one, 0, 1); /* when it has come, both sides run */
    start = monotonic_seconds();
    if (who == RING_CONSUMER && kill_after >= 0) {
        move(&one, 1, kill_after);
        raise(SIGKILL);
    }
    if (!round_trips)
        move(&one, 1, count);
    for (long long i = 0; round_trips && i < count; i++) {
        move(&one, i, i + 1);
        move(&other, i, i + 1);
    }
    took = (monotonic_seconds() - start) * 1e9 / (double)count;
    if (who == RING_CONSUMER)
        say(names[who], "%lld %s, each as it was sent: %.2f ns each", count,
            kinds[round_trips], took);
    port_free(&one);
    port_free(&other);
    hang_up(who);
    return NULL;
}

static int run_threads(void)
{
    pthread_t threads[2];
    int error;

    for (int i = 0; i < 2; i++) {
        error = pthread_create(&threads[i], NULL, live, &roles[i]);
        check_pthread(error, "pthread_create");
    }
    for (int i = 0; i < 2; i++)
        check_pthread(pthread_join(threads[i], NULL), "pthread_join");
    return 0;
}

static pid_t start_process(enum ring_role who)
{
    pid_t parent = getpid(), child = fork();

    if (child != 0)
        return child;
    /* Nobody would hang up for us if the parent were gone. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    way_close(&there, !who);
    way_close(&back, who);
    live(&roles[who]);
    exit(0);
}

/*
 * For a pipe the kernel tells the other side when a process ends,
 * however it ends. Shared memory doesn't know who uses it: so the
 * parent, who is told of every end, has to do that.
 */
static int run_processes(void)
{
    pid_t children[2], child;
    int status, failed = 0;

    for (int i = 0; i < 2; i++) {
        children[i] = start_process(roles[i]);
        if (children[i] == -1) {
            warn("fork");
            hang_up(roles[i]);
            failed = 1;
        }
    }
    for (int i = 0; i < 2; i++) {
        way_close(&there, roles[i]);
        way_close(&back, roles[i]);
    }
    while ((child = wait(&status)) != -1 || errno == EINTR) {
        enum ring_role who = child == children[RING_CONSUMER];

        if (child == -1)
            continue;
        hang_up(who);
        failed |= status != 0;
        if (WIFSIGNALED(status))
            warnx("the %s was killed by %s", names[who],
                  signal_name(WTERMSIG(status)));
    }
    return failed;
}

int main(int argc, char *argv[])
{
    uint32_t capacity = 1024, looks = 200;
    const char *word = "";
    bool use_threads, use_pipe;
    enum way_kind kind;
    char more;
    int opt;

    while ((opt = getopt(argc, argv, "n:s:b:c:l:xrp:k:h")) != -1) {
        switch (opt) {
        case 'n':
            count = parse_number("-n", optarg, 1, 1000000000000);
            break;
        case 's':
            size = (uint32_t)parse_number("-s", optarg, 16, 1 << 20);
            break;
        case 'b':
            batch = (int)parse_number("-b", optarg, 1, 1 << 20);
            break;
        case 'c':
            capacity = (uint32_t)parse_number("-c", optarg, 1, 1 << 30);
            break;
        case 'l':
            looks = (uint32_t)parse_number("-l", optarg, 0, 1000000000);
            break;
        case 'x':
            looks = RING_NEVER_SLEEP;
            break;
        case 'r':
            round_trips = true;
            break;
        case 'p':
            if (sscanf(optarg, "%d,%d%c", cpus, cpus + 1, &more) != 2)
                usage('?', help);
            break;
        case 'k':
            kill_after = parse_number("-k", optarg, 1, 1000000000000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        word = argv[optind];
    use_threads = strcmp(word, "threads") == 0;
    use_pipe = strcmp(word, "pipe") == 0;
    if (argc - optind > (use_threads || use_pipe) || size % 16 != 0)
        usage('?', help);
    /* A message in one piece, whoever else writes one. */
    line_buffer_stderr();
    kind = use_pipe ? WAY_PIPE : WAY_RING;
    there = way_make(kind, size, batch, capacity, looks);
    back = way_make(kind, size, batch, capacity, looks);
    return use_threads ? run_threads() : run_processes();
}
