/*
 * shm_reader: reads a text in shared memory that another process has
 * made, without a read().
 *
 * Usage: shm_reader [-n NAME] [-e | -r]
 *
 * Try:   shm_writer -k hello; shm_reader; shm_reader -r
 *        The writer has ended, and its memory is still there.
 *        shm_reader -e
 *        Run shm_writer in another terminal before, and end it while
 *        this one waits. The name is gone, the memory is not: Enter.
 *
 * See:   shm_overview(7), shm_open(3), mmap(2), fstat(2)
 */
#include <err.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: shm_reader [-n NAME] [-e | -r]\n"
    "  -n NAME  of the shared memory (/ipclab-UID-board)\n"
    "  -e       read it again after Enter\n"
    "  -r       only remove the name\n";

/* The same as in shm_writer: nothing else says what is in there. */
struct board {
    _Atomic uint32_t ready;
    _Atomic uint32_t length;
    char text[];
};

static const struct board *map(const char *name, size_t *size)
{
    int fd = shm_open(name, O_RDONLY, 0);
    struct stat info;
    void *memory;

    if (fd == -1)
        err(1, "%s (shm_writer makes it)", name);
    if (fstat(fd, &info) == -1)
        err(1, "fstat");

    /* Its maker may be between shm_open() and ftruncate(): then it has
     * no byte. What lies beyond its end may be mapped, not touched. */
    *size = (size_t)info.st_size;
    if (*size < sizeof(struct board))
        errx(1, "%s isn't ready: it has %zu bytes", name, *size);

    /* PROT_READ: a slip of ours can't destroy what others read. */
    memory = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        err(1, "mmap");
    close(fd);
    say("reader", "%s: mode %o, %zu bytes, mapped here at %p", name,
        (unsigned)(info.st_mode & 0777), *size, memory);
    return memory;
}

static void show(const struct board *board, size_t size)
{
    uint32_t length;

    /* acquire: with the 1 comes all that was written before it. */
    if (atomic_load_explicit(&board->ready, memory_order_acquire) == 0)
        errx(1, "it isn't ready: its writer is at it, or died");

    /* Others can write here: believe a number only if it can be true,
     * and look once. From a plain one the compiler may load twice. */
    length = atomic_load_explicit(&board->length, memory_order_relaxed);
    if (length > size - sizeof *board)
        errx(1, "what is in there isn't from shm_writer");
    say("reader", "%.*s", (int)length, board->text);
}

int main(int argc, char *argv[])
{
    const char *wanted = NULL;
    bool again = false, rm = false;
    const struct board *board;
    size_t size;
    char *name;
    int opt;

    while ((opt = getopt(argc, argv, "hn:er")) != -1) {
        switch (opt) {
        case 'n':
            wanted = optarg;
            break;
        case 'e':
            again = true;
            break;
        case 'r':
            rm = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    name = object_name(wanted, "board");

    /* Takes the name. The memory lives until the last one unmaps it. */
    if (rm && shm_unlink(name) == -1)
        err(1, "shm_unlink %s", name);
    if (rm) {
        free(name);
        return 0;
    }

    board = map(name, &size);
    show(board, size);
    free(name);

    if (again) {
        wait_for_enter();
        show(board, size);
    }
    munmap((void *)board, size);
    return 0;
}
