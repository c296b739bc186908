/*
 * shm_writer: makes shared memory that has a name, puts a text there,
 * and takes the name away in the end.
 *
 * Usage: shm_writer [-n NAME] [-m MODE] [-k] TEXT
 *
 * Try:   shm_writer -k hello; shm_reader; shm_reader -r
 *        The writer has ended before the reader begins.
 *        shm_writer hello
 *        Until Enter or Ctrl-C, run shm_reader in another terminal, and
 *        look: ls -l /dev/shm; grep ipclab /proc/$(pgrep shm_w)/maps
 *
 * See:   shm_overview(7), shm_open(3), ftruncate(2), mmap(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: shm_writer [-n NAME] [-m MODE] [-k] TEXT\n"
    "  -n NAME  of the shared memory (/ipclab-UID-board)\n"
    "  -m MODE  who may use it, in octal (600)\n"
    "  -k       keep it: end at once, without removing it\n";

/* What both programs agree on. Only numbers of a fixed size and text:
 * a pointer would be one process's own. */
struct board {
    _Atomic uint32_t ready; /* 0 as long as it is new: the kernel's 0 */
    _Atomic uint32_t length;
    char text[];
};

static sigset_t ends;    /* the signals that are to end us in order */
static const char *made; /* the name that we have to remove */

/* Called by exit(), and so also by err(), wherever that is. */
static void remove_name(void)
{
    if (made != NULL && shm_unlink(made) == -1)
        warn("shm_unlink %s", made);
    made = NULL;
}

static void put(struct board *board, const char *text)
{
    const size_t length = strlen(text);

    board->length = (uint32_t)length;
    memcpy(board->text, text, length);

    /* release: who sees the 1 sees also all that was written before. */
    atomic_store_explicit(&board->ready, 1, memory_order_release);
}

static void make(const char *name, mode_t mode, const char *text)
{
    const size_t size = sizeof(struct board) + strlen(text);
    struct board *board;
    int fd;

    /* O_EXCL: it is ours, and new. So what is removed later is ours. */
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, mode);
    if (fd == -1)
        err(1, "%s", name);
    made = name;

    /* New memory has no byte yet. Who used it now would get SIGBUS. */
    if (ftruncate(fd, (off_t)size) == -1)
        err(1, "ftruncate");
    board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (board == MAP_FAILED)
        err(1, "mmap");
    close(fd); /* the mapping needs it no longer */

    put(board, text);
    say("writer", "%s: %zu bytes, mapped here at %p", name, size,
        (void *)board);
    munmap(board, size);
}

/* Waits for Enter, the end of input or a signal: returns that, or 0. */
static int wait_for_end(void)
{
    struct pollfd files[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = signalfd(-1, &ends, SFD_CLOEXEC), .events = POLLIN}};
    struct signalfd_siginfo info = {0};

    if (files[1].fd == -1)
        err(1, "signalfd");
    while (poll(files, 2, -1) == -1) {
        if (errno != EINTR)
            err(1, "poll");
    }
    if (files[1].revents == 0)
        wait_for_enter(); /* takes the line */
    else if (read_full(files[1].fd, &info, sizeof info) == -1)
        err(1, "read");
    return (int)info.ssi_signo;
}

int main(int argc, char *argv[])
{
    const char *wanted = NULL;
    mode_t mode = 0600;
    bool keep = false;
    char *name, *rest;
    int opt, sig;

    while ((opt = getopt(argc, argv, "hkn:m:")) != -1) {
        switch (opt) {
        case 'k':
            keep = true;
            break;
        case 'n':
            wanted = optarg;
            break;
        case 'm':
            mode = (mode_t)strtoul(optarg, &rest, 8);
            if (*optarg == '\0' || *rest != '\0' || mode > 0777)
                usage('?', help);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind != argc - 1)
        usage('?', help);
    name = object_name(wanted, "board");

    /* From now on these signals wait until we look. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &ends, NULL) == -1)
        err(1, "sigprocmask");

    if (atexit(remove_name) != 0)
        errx(1, "atexit");
    make(name, mode, argv[optind]);
    sig = keep ? 0 : wait_for_end();
    if (!keep && shm_unlink(name) == -1)
        err(1, "shm_unlink %s", name);
    made = NULL;
    free(name);

    if (sig != 0) { /* whoever waits for us shall see what it was */
        raise(sig);
        sigprocmask(SIG_UNBLOCK, &ends, NULL);
    }
    return 0;
}
