/*
 * anonymous: memory that only relatives share, without any name; and
 * MAP_PRIVATE, of which each has a copy as soon as it writes.
 *
 * Usage: anonymous [-p PAGES] [-w WRITE] [-e]
 *
 * Try:   anonymous
 *        The child's pages of both mappings, as the kernel counts them
 *        in /proc/PID/smaps. Before it writes, nothing is copied.
 *        anonymous -p 1000 -w 1000
 *        anonymous -e: the child waits for Enter, for you to look.
 *
 * See:   mmap(2), fork(2), proc_pid_smaps(5)
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: anonymous [-p PAGES] [-w WRITE] [-e]\n"
    "  -p PAGES  how many each mapping has (8)\n"
    "  -w WRITE  to how many of them the child writes (3)\n"
    "  -e        then the child waits for Enter\n";

static size_t page;

/* Memory of its own, with a page before and after it that nobody may
 * touch: else the kernel could make one mapping of it and its
 * neighbour, and count them together. */
static char *map(size_t pages, int flags)
{
    const size_t size = (pages + 2) * page;
    char *memory = mmap(NULL, size, PROT_NONE, flags, -1, 0);

    if (memory == MAP_FAILED)
        err(1, "mmap");
    memory += page;
    if (mprotect(memory, pages * page, PROT_READ | PROT_WRITE) == -1)
        err(1, "mprotect");

    /* Only now it has pages: with the first touch of each. */
    for (size_t i = 0; i < pages; i++)
        memory[i * page] = 'p';
    return memory;
}

/* How many pages of it are the caller's alone. */
static long own_pages(const char *memory)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    unsigned long start, end;
    long kib, sum = -1;
    char line[512];

    if (file == NULL)
        err(1, "/proc/self/smaps");
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            sum = start == (unsigned long)memory ? 0 : -1;
        if (sum == 0 && sscanf(line, "Private_Dirty: %ld", &kib) == 1)
            break;
    }
    if (ferror(file))
        err(1, "/proc/self/smaps");
    if (sum == -1)
        errx(1, "/proc/self/smaps doesn't say it");
    fclose(file);
    return kib * 1024 / (long)page;
}

static void count(const char *when, char *shared, char *private)
{
    say("child",
        "%s: of its own, %ld pages in the shared, %ld in the "
        "private",
        when, own_pages(shared), own_pages(private));
}

static void use(char *shared, char *private, size_t writes, bool hold)
{
    count("before", shared, private);

    /* The first write to a page of the private mapping is a fault: the
     * kernel copies that page, and the child goes on with the copy. */
    for (size_t i = 0; i < writes; i++)
        shared[i * page] = private[i * page] = 'c';
    count("after", shared, private);
    if (hold)
        wait_for_enter();
}

/* In how many pages the parent sees what the child wrote. */
static size_t changed(const char *memory, size_t pages)
{
    size_t n = 0;

    for (size_t i = 0; i < pages; i++)
        n += memory[i * page] == 'c';
    return n;
}

int main(int argc, char *argv[])
{
    size_t pages = 8, writes = 3;
    char *shared, *private;
    bool hold = false;
    int opt, status;
    pid_t child;

    while ((opt = getopt(argc, argv, "hp:w:e")) != -1) {
        switch (opt) {
        case 'p':
            pages = (size_t)parse_number("-p", optarg, 1, 100000);
            break;
        case 'w':
            writes = (size_t)parse_number("-w", optarg, 0, 100000);
            break;
        case 'e':
            hold = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc || writes > pages)
        usage('?', help);

    page = (size_t)sysconf(_SC_PAGESIZE);
    shared = map(pages, MAP_SHARED | MAP_ANONYMOUS);
    private = map(pages, MAP_PRIVATE | MAP_ANONYMOUS);

    /* The only way to it is to inherit it: nobody else can map it. An
     * exec() takes it away. */
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        use(shared, private, writes, hold);
        _exit(0);
    }
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        errx(1, "the child didn't end well");
    say("parent", "sees %zu changes in the shared, %zu in the private",
        changed(shared, pages), changed(private, pages));
    return 0;
}
