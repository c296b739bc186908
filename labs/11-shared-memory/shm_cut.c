/*
 * shm_cut: another process cuts the object while this one uses it, and
 * three ways to live with that.
 *
 * Usage: shm_cut [plain | handler | read | seal]
 *
 * Try:   shm_cut
 *        shm_cut handler
 *        What was mapped is no longer there. The handler leaves the
 *        loop, as if the access had returned an error.
 *
 * Not under valgrind: the SIGBUS is meant
 *
 * See:   mmap(2), ftruncate(2), memfd_create(2), F_ADD_SEALS in
 *        fcntl(2), sigsetjmp(3p)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { PAGES = 4 };

static const char help[] =
    "Usage: shm_cut [plain | handler | read | seal]\n"
    "  plain    touch what isn't there any more\n"
    "  handler  catch the SIGBUS\n"
    "  read     use read() instead of the mapping: it tells\n"
    "  seal     forbid the cutting, with a seal\n"
    "  without a word: all of them, one after the other\n";

static size_t page;
static int fd; /* who has it open to write can cut it */

/* What the handler has to know: between which addresses it is about
 * our mapping, and where to go on. */
static volatile uintptr_t low, high;
static sigjmp_buf go_on;

/* A SIGBUS elsewhere is another mistake: with the default action, the
 * same instruction fails again, and kills. */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    uintptr_t address = (uintptr_t)info->si_addr;

    (void)context;
    if (address >= low && address < high)
        siglongjmp(go_on, 1);
    sigaction(sig, &usual, NULL);
}

/* Reads a byte of each page. The signal comes from one of these reads,
 * not from anywhere: that is why jumping out of it is safe here. */
static int sum_up(const volatile char *memory)
{
    int sum = 0;

    for (size_t i = 0; i < PAGES; i++)
        sum += memory[i * page];
    return sum;
}

static void with_handler(const char *memory)
{
    struct sigaction action = {.sa_sigaction = on_sigbus,
                               .sa_flags = SA_SIGINFO};

    low = (uintptr_t)memory;
    high = low + PAGES * page;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, &action, NULL) == -1)
        err(1, "sigaction");

    /* 1: SIGBUS is blocked in its handler, and shall not stay so. */
    if (sigsetjmp(go_on, 1) != 0) {
        say("handler", "it was cut: a part of it isn't there any more");
        return;
    }
    say("handler", "sum %d", sum_up(memory));
}

/* No memory is touched but our own: a short read is a plain answer. */
static void with_read(void)
{
    char byte;
    ssize_t n = pread(fd, &byte, 1, (off_t)page);

    if (n == -1)
        err(1, "pread");
    say("read", "from the second page on, %zd bytes", n);
}

/* Another process, which has the object open to write. */
static void cut(const char *way)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        if (ftruncate(fd, (off_t)page) == 0)
            say(way, "somebody cuts it to %zu bytes", page);
        else
            say(way, "nobody can cut it: %s", strerror(errno));
        _exit(0);
    }
    while (waitpid(child, NULL, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
}

/* An object for one try. A memfd has no name at all: it is passed on as
 * a descriptor. For what is said here a shm_open() object is the same,
 * but for the seals: only a memfd has them. */
static void run(const char *way)
{
    const char *memory;

    fd = memfd_create("ipclab-cut", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd == -1)
        err(1, "memfd_create");
    if (ftruncate(fd, PAGES * (off_t)page) == -1)
        err(1, "ftruncate");
    memory = mmap(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        err(1, "mmap");

    /* It can't be undone, by nobody. Who gets such a descriptor from
     * others asks with F_GET_SEALS before mapping it. */
    if (strcmp(way, "seal") == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == -1)
        err(1, "F_ADD_SEALS");

    cut(way);
    if (strcmp(way, "handler") == 0)
        with_handler(memory);
    else if (strcmp(way, "read") == 0)
        with_read();
    else
        say(way, "sum %d", sum_up(memory));
    _exit(0);
}

/* Each way is tried by a child, which may die of it. */
static void try(const char *way)
{
    pid_t child = fork();
    int status;

    if (child == -1)
        err(1, "fork");
    if (child == 0)
        run(way);
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (WIFSIGNALED(status))
        say(way, "dies of %s", signal_name(WTERMSIG(status)));
    else if (status != 0)
        errx(1, "%s: the child didn't end well", way);
}

int main(int argc, char *argv[])
{
    const char *const ways[] = {"plain", "handler", "read", "seal"};
    int opt, known = 0;

    page = (size_t)sysconf(_SC_PAGESIZE);
    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    if (argc - optind > 1)
        usage('?', help);
    for (int i = 0; i < 4; i++) {
        if (optind == argc || strcmp(argv[optind], ways[i]) == 0) {
            try(ways[i]);
            known = 1;
        }
    }
    if (!known)
        usage('?', help);
    return 0;
}
