/*
 * shm_first_broken: a reader that comes before the writer is done finds
 * no memory, or no bytes, or no numbers.
 *
 * Usage: shm_first_broken [-m MOMENT] [-v VALUE] [-n NAME]
 *
 * Try:   shm_first_broken
 *        It has a name and no bytes: SIGBUS. -m 0, 2 and 3 are other
 *        moments at which a reader may come. Then run shm_first, the
 *        repair, and look at both with diff.
 *
 * Ends:  exit 1
 *
 * Not under valgrind: the SIGBUS is meant
 *
 * See:   shm_overview(7), ftruncate(2), mmap(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum { NUMBERS = 1000 };

static const char help[] =
    "Usage: shm_first_broken [-m MOMENT] [-v VALUE] [-n NAME]\n"
    "  -m MOMENT  when the reader comes: before there is a name (0),\n"
    "             a size (1), a number (2), or all numbers (3) (1)\n"
    "  -v VALUE   the writer puts it in a thousand times (7)\n"
    "  -n NAME    of the shared memory\n";

struct shared {
    int numbers[NUMBERS];
};

/* When the reader comes: before there is all of that. */
enum { NAME, SIZE, FIRST, ALL };
static int chosen = SIZE;

static char *name;
static sigset_t ends;
static bool is_parent = true;

/* These two pipes make certain what else would be bad luck: at that
 * moment the writer lets the reader come, and do what it can. */
static int come[2], been[2];

static void before(int moment)
{
    char byte = 0;

    if (moment != chosen)
        return;
    if (write_full(come[WRITE_END], &byte, 1) == -1)
        err(1, "write");
    if (read_full(been[READ_END], &byte, 1) == -1)
        err(1, "read");
}

static struct shared *map(int flags)
{
    int fd = shm_open(name, O_RDWR | flags, 0600);
    void *memory;

    if (fd == -1)
        err(1, "%s", name);
    if (flags != 0) {
        before(SIZE);
        if (ftruncate(fd, sizeof(struct shared)) == -1)
            err(1, "ftruncate");
    }
    memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        err(1, "mmap");
    close(fd);
    return memory;
}

static int write_numbers(int value)
{
    struct shared *shared;

    close(come[READ_END]);
    close(been[WRITE_END]);
    before(NAME);
    shared = map(O_CREAT | O_EXCL);
    before(FIRST);
    for (int i = 0; i < NUMBERS; i++) {
        if (i == NUMBERS / 2)
            before(ALL);
        shared->numbers[i] = value;
    }
    say("writer", "is done");
    return 0;
}

/* The mistake: what can be opened is taken to be finished. */
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
    shared = map(0);
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

    while ((opt = getopt(argc, argv, "hm:v:n:")) != -1) {
        if (opt == 'm')
            chosen = (int)parse_number("-m", optarg, NAME, ALL);
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
    status = reap(reader);
    if (WIFSIGNALED(status))
        say("reader", "dies of %s", signal_name(WTERMSIG(status)));
    if (reap(writer) != 0)
        errx(1, "the writer didn't end well");
    return status == 0 ? 0 : 1;
}
