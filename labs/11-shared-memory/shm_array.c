/*
 * shm_array: a child changes a number and an array in shared memory,
 * and its parent finds them changed.
 *
 * Usage: shm_array [-e] [-p] [NUMBER [ELEMENT...]]
 *
 * Try:   shm_array
 *        shm_array -p
 *        The same memory, mapped as MAP_PRIVATE: what the child writes
 *        is its own.
 *        shm_array -e: until Enter, od -An -td4 /proc/PID/fd/3 shows
 *        what is in it, from outside.
 *
 * See:   shm_open(3), mmap(2), fork(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { MOST = 1000, LIMIT = 1000000000 };

static const char help[] =
    "Usage: shm_array [-e] [-p] [NUMBER [ELEMENT...]]\n"
    "  -e  wait for Enter before the end\n"
    "  -p  map it MAP_PRIVATE (MAP_SHARED)\n"
    "  NUMBER ELEMENT...  what is there at first (100 1 2 3 4 5)\n";

/* One mapping for both. Each object begins on a page of its own, so a
 * structure is cheaper than an object for each variable. */
struct shared {
    int number;
    int length;
    int array[];
};

static int make_object(size_t size)
{
    char usual[40], *name;
    int fd;

    snprintf(usual, sizeof usual, "array-%d", (int)getpid());
    name = object_name(NULL, usual);
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd == -1)
        err(1, "%s", name);

    /* The child inherits descriptor and mapping: no name is needed. */
    if (shm_unlink(name) == -1)
        err(1, "shm_unlink %s", name);
    free(name);
    if (ftruncate(fd, (off_t)size) == -1)
        err(1, "ftruncate");
    return fd;
}

static void modify(struct shared *shared)
{
    shared->number += 10;
    for (int i = 0; i < shared->length; i++)
        shared->array[i]++;
    say("child", "has changed all %d numbers", 1 + shared->length);
}

static void show(const struct shared *shared)
{
    char line[400];
    size_t len = 0;

    line[0] = '\0';
    for (int i = 0; i < shared->length && len < sizeof line; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, " %d",
                                shared->array[i]);
    say("parent", "number: %d, array:%s", shared->number, line);
}

int main(int argc, char *argv[])
{
    char *usual[] = {"100", "1", "2", "3", "4", "5"};
    char **words = usual;
    int opt, fd, status, count = 6, flags = MAP_SHARED;
    bool hold = false;
    struct shared *shared;
    size_t size;
    pid_t child;

    while ((opt = getopt(argc, argv, "hep")) != -1) {
        if (opt == 'e')
            hold = true;
        else if (opt == 'p')
            flags = MAP_PRIVATE;
        else
            usage(opt, help);
    }
    if (optind < argc) {
        words = argv + optind;
        count = argc - optind;
    }
    if (count > MOST)
        usage('?', help);

    size = sizeof *shared + (size_t)(count - 1) * sizeof(int);
    fd = make_object(size);
    shared = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    shared->length = count - 1;
    for (int i = 0; i < count; i++) {
        int n = (int)parse_number("NUMBER", words[i], -LIMIT, LIMIT);

        *(i == 0 ? &shared->number : &shared->array[i - 1]) = n;
    }

    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        modify(shared);
        _exit(0);
    }

    /* The wait is the synchronisation here: all that a process wrote
     * before its end is seen by who has waited for it. */
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        errx(1, "the child didn't end well");
    show(shared);
    if (hold)
        wait_for_enter();
    munmap(shared, size);
    return 0;
}
