/*
 * spy_memory: reads the memory of every other process, and writes to it.
 *
 * Verdict: 50 of 50: none lets it
 * Held by: the first process of the sandbox isn't dumpable; PIDs or a user
 * of its own
 */
#include "attack.h"

static void read_memory(pid_t pid)
{
    char path[PATH_MAX], text[64];
    struct iovec here = {text, sizeof text};
    struct iovec there = {(void *)0x400000, sizeof text};
    int fd;

    if (process_vm_readv(pid, &here, 1, &there, 1, 0) != -1 || errno == EFAULT)
        escaped("read the memory of %d", (int)pid);
    if (process_vm_writev(pid, &here, 1, &there, 1, 0) != -1 || errno == EFAULT)
        escaped("wrote to the memory of %d", (int)pid);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    fd = open(path, O_RDWR);
    if (fd != -1)
        escaped("opened %s", path);
    close(fd);
}

static void attack(void)
{
    for_others(read_memory);
}
