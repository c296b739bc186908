/*
 * shm_sizes: what happens where the size of the object, of the mapping
 * and of the memory that there is don't fit together.
 *
 * Usage: shm_sizes [-s SIZE] [-f MIB]
 *
 * Try:   shm_sizes
 *        shm_sizes -s 4096
 *        The second page begins where the object ends.
 *        unshare --user --map-root-user --mount bash, and in there
 *        mount -t tmpfs -o size=1m none /dev/shm; shm_sizes
 *        A /dev/shm of your own, so small that it can be filled.
 *
 * Not under valgrind: the SIGBUS is meant
 *
 * See:   mmap(2), ftruncate(2), posix_fallocate(3), tmpfs(5)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: shm_sizes [-s SIZE] [-f MIB]\n"
    "  -s SIZE  of the object, in bytes (100)\n"
    "  -f MIB   fill /dev/shm only if it has up to so many (8)\n";

static size_t page;

/* A new object. It is gone when its descriptor and all mappings are. */
static int make_object(off_t size)
{
    char usual[40], *name;
    int fd;

    snprintf(usual, sizeof usual, "sizes-%d", (int)getpid());
    name = object_name(NULL, usual);
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd == -1)
        err(1, "%s", name);
    if (shm_unlink(name) == -1)
        err(1, "shm_unlink %s", name);
    free(name);
    if (ftruncate(fd, size) == -1)
        err(1, "ftruncate");
    return fd;
}

static char *map(int fd, size_t size)
{
    const int access = PROT_READ | PROT_WRITE;
    char *memory = mmap(NULL, size, access, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED)
        err(1, "mmap");
    return memory;
}

/* A child writes one byte in every page from first to last, since a
 * signal may end it. volatile: so that each is really written. */
static void touch(const char *what, char *first, char *last)
{
    pid_t child = fork();
    int status;

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        for (volatile char *p = first; p <= last; p += page)
            *p = 'x';
        _exit(0);
    }
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0 && !WIFSIGNALED(status))
        errx(1, "a child didn't end well");
    say("main", "%s: %s", what,
        status == 0 ? "written" : signal_name(WTERMSIG(status)));
}

/* The kernel maps whole pages, and an object ends at any byte. */
static void around_the_end(size_t size)
{
    const size_t pages = (size + page - 1) / page;
    int fd = make_object((off_t)size);
    char *memory = map(fd, (pages + 1) * page);
    char *next = memory + pages * page;
    ssize_t n;
    char byte;

    say("main", "object of %zu bytes, mapping of %zu", size,
        (pages + 1) * page);
    touch("its last byte", memory + size - 1, memory + size - 1);
    if (size < pages * page)
        touch("the byte after it, in the same page", memory + size,
              memory + size);
    touch("the next page", next, next);

    /* What was written after the end isn't part of the object. */
    n = pread(fd, &byte, 1, (off_t)size);
    if (n == -1)
        err(1, "pread");
    say("main", "read() after the end: %zd bytes", n);

    /* A mapping isn't made anew when the object grows. */
    if (ftruncate(fd, (off_t)((pages + 1) * page)) == -1)
        err(1, "ftruncate");
    say("main", "the object grows to %zu bytes", (pages + 1) * page);
    touch("the next page", next, next);
    close(fd);
    munmap(memory, (pages + 1) * page);
}

static void nothing_at_all(void)
{
    int fd = make_object(0);
    void *memory = mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0);

    if (memory != MAP_FAILED || errno != EINVAL)
        err(1, "mmap");
    say("main", "mapping of 0 bytes: %s", strerror(errno));
    close(fd);
}

static void more_than_there_is(size_t most)
{
    struct statvfs fs;
    struct stat info;
    size_t size;
    int fd, error;
    char *memory;

    if (statvfs("/dev/shm", &fs) == -1)
        err(1, "/dev/shm");
    size = fs.f_blocks * fs.f_frsize;
    if (size == 0 || size > most << 20) {
        say("main", "/dev/shm is too large to be filled");
        return;
    }

    /* It is a file with a hole: no page is taken before it is touched,
     * and then there is no call that could fail. */
    size += page;
    fd = make_object((off_t)size);
    if (fstat(fd, &info) == -1)
        err(1, "fstat");
    say("main", "ftruncate to more than there is: done, %lld bytes used",
        (long long)info.st_blocks * 512);
    memory = map(fd, size);
    touch("all of it", memory, memory + size - 1);
    munmap(memory, size);
    close(fd);

    /* This one takes the pages now, or says that they aren't there. */
    fd = make_object(0);
    while ((error = posix_fallocate(fd, 0, (off_t)size)) == EINTR)
        continue;
    say("main", "posix_fallocate of as much: %s",
        error == 0 ? "done" : strerror(error));
    close(fd);
}

int main(int argc, char *argv[])
{
    size_t most = 8;
    size_t size = 100;
    int opt;

    page = (size_t)sysconf(_SC_PAGESIZE);
    while ((opt = getopt(argc, argv, "hs:f:")) != -1) {
        switch (opt) {
        case 's':
            size = (size_t)parse_number("-s", optarg, 1, 1 << 20);
            break;
        case 'f':
            most = (size_t)parse_number("-f", optarg, 0, 1024);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    around_the_end(size);
    nothing_at_all();
    more_than_there_is(most);
    return 0;
}
