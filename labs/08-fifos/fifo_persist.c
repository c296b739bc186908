/*
 * fifo_persist: the name of a FIFO stays until somebody removes it; its
 * data only while somebody has it open.
 *
 * Usage: fifo_persist [-n BYTES]
 *
 * Try:   fifo_persist
 *        In a shell: mkfifo f; ls -l f; echo hi >f; from a second
 *        terminal: cat f; and ls -l f once more. No disk was needed for
 *        the two letters, and a restart of the machine leaves f there.
 *
 * See:   fifo(7), mkfifo(3), unlink(2), FIONREAD in ioctl(2)
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: fifo_persist [-n BYTES]\n"
                           "  -n BYTES  write so many (1000)\n";

static char *folder, *path;
static bool as_it_should = true;

static void remove_fifo(void)
{
    if (path != NULL)
        unlink(path);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *dir = getenv("TMPDIR");

    if (dir == NULL)
        dir = P_tmpdir;
    if (asprintf(&folder, "%s/lab08.XXXXXX", dir) == -1)
        err(1, "asprintf");
    if (mkdtemp(folder) == NULL)
        err(1, "%s", folder);
    atexit(remove_fifo);
    if (asprintf(&path, "%s/fifo", folder) == -1)
        err(1, "asprintf");
}

static int open_it(int mode)
{
    int fd = open(path, mode | O_NONBLOCK | O_CLOEXEC);

    if (fd == -1)
        err(1, "%s", path);
    return fd;
}

static void write_bytes(int fd, size_t len)
{
    char *data = malloc(len);

    if (data == NULL)
        err(1, "malloc");
    memset(data, 'x', len);
    if (write_full(fd, data, len) == -1)
        err(1, "%s: write", path);
    free(data);
}

/* Says what the file system knows of the name, and how much is in the
 * FIFO itself; and whether that much should be in it. */
static void look(const char *when, int fd, size_t expected)
{
    struct stat info;
    int bytes;

    if (ioctl(fd, FIONREAD, &bytes) == -1)
        err(1, "FIONREAD");
    if (fstat(fd, &info) == -1)
        err(1, "%s", path);
    say("fifo", "%-34s %6d bytes to read, size %lld", when, bytes,
        (long long)info.st_size);
    if ((size_t)bytes != expected || info.st_size != 0)
        as_it_should = false;
}

static bool same_file(int fd, int other)
{
    struct stat one, two;

    if (fstat(fd, &one) == -1 || fstat(other, &two) == -1)
        err(1, "%s", path);
    return one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

int main(int argc, char *argv[])
{
    size_t len = 1000;
    sigset_t set;
    int reader, writer, later, opt;

    while ((opt = getopt(argc, argv, "n:h")) != -1) {
        if (opt != 'n')
            usage(opt, help);
        len = (size_t)parse_number("-n", optarg, 1, 4096);
    }
    if (optind < argc)
        usage('?', help);

    /* Nothing here waits. So signals may, until the FIFO is removed. */
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGPIPE); /* if nobody reads what we print */
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    make_folder();
    if (mkfifo(path, 0600) == -1)
        err(1, "%s", path);

    reader = open_it(O_RDONLY);
    writer = open_it(O_WRONLY);
    write_bytes(writer, len);
    look("both have it open:", reader, len);
    close(writer);
    look("the writer has left:", reader, len);

    /* The last descriptor takes the buffer along, read or not. The
     * writer was told that all its bytes were written. */
    close(reader);
    later = open_it(O_RDWR);
    look("everybody left, then opened again:", later, 0);

    /* The other way round: a FIFO without a name, still open. */
    write_bytes(later, len);
    if (unlink(path) == -1)
        err(1, "%s", path);
    look("its name is removed:", later, len);
    if (mkfifo(path, 0600) == -1)
        err(1, "%s", path);
    reader = open_it(O_RDONLY);
    look("a new one of that name:", reader, 0);
    if (same_file(reader, later))
        as_it_should = false;
    else
        say("fifo", "the two have nothing to do with each other");
    close(reader);
    close(later);

    remove_fifo();
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* one may end us now */
    return as_it_should ? 0 : 1;
}
