/*
 * creation.c: what it costs to make a thread or a process that ends at
 * once, and to wait for its end. fork(2) copies the table that says
 * where each page of the parent is: so the parent's memory counts.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"
#include "operations.h"
#include "run.h"

static char *const true_argv[] = {(char[]){"true"}, NULL};

/* Memory that was written to, as a big program has. In small pages: of
 * large ones the table would be 512 times shorter. */
static bool fill_memory(size_t mib)
{
    static size_t filled;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (mib - filled) << 20;
    char *memory;

    if (mib <= filled)
        return true;
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    madvise(memory, bytes, MADV_NOHUGEPAGE); /* or there are none */
    for (size_t i = 0; i < bytes; i += page)
        memory[i] = 1;
    filled = mib;
    return true;
}

static void *do_nothing(void *arg)
{
    return arg;
}

static void wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        errx(1, "a child has failed");
}

static void thread(void)
{
    pthread_t t;
    int error = pthread_create(&t, NULL, do_nothing, NULL);

    check_pthread(error, "pthread_create");
    check_pthread(pthread_join(t, NULL), "pthread_join");
}

static void plain_fork(void)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork");
    if (child == 0)
        _exit(0);
    wait_for(child);
}

/* Nothing is copied: the child borrows the memory, and the parent stands
 * still until it has ended. */
static void plain_vfork(void)
{
    pid_t child = vfork();

    if (child == -1)
        err(1, "vfork");
    if (child == 0)
        _exit(0);
    wait_for(child);
}

static void fork_exec(void)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        execvp(true_argv[0], true_argv);
        err(1, "true");
    }
    wait_for(child);
}

static void spawn(void)
{
    pid_t child;

    errno = posix_spawnp(&child, true_argv[0], NULL, NULL, true_argv, environ);
    if (errno != 0)
        err(1, "posix_spawnp: true");
    wait_for(child);
}

static double measure(void (*make)(void), size_t mib, uint64_t count,
                      const int cpus[2])
{
    int64_t start;

    pin(cpus[0]);
    if (!fill_memory(mib))
        return -1;
    start = now_ns();
    for (uint64_t i = 0; i < count; i++)
        make();
    return (double)(now_ns() - start);
}

double make_thread(uint64_t count, const int cpus[2])
{
    return measure(thread, 0, count, cpus);
}

double make_thread_256(uint64_t count, const int cpus[2])
{
    return measure(thread, 256, count, cpus);
}

double by_fork(uint64_t count, const int cpus[2])
{
    return measure(plain_fork, 0, count, cpus);
}

double by_fork_64(uint64_t count, const int cpus[2])
{
    return measure(plain_fork, 64, count, cpus);
}

double by_fork_256(uint64_t count, const int cpus[2])
{
    return measure(plain_fork, 256, count, cpus);
}

double by_vfork(uint64_t count, const int cpus[2])
{
    return measure(plain_vfork, 0, count, cpus);
}

double by_vfork_256(uint64_t count, const int cpus[2])
{
    return measure(plain_vfork, 256, count, cpus);
}

double by_fork_exec(uint64_t count, const int cpus[2])
{
    return measure(fork_exec, 0, count, cpus);
}

double by_fork_exec_256(uint64_t count, const int cpus[2])
{
    return measure(fork_exec, 256, count, cpus);
}

double by_spawn(uint64_t count, const int cpus[2])
{
    return measure(spawn, 0, count, cpus);
}

double by_spawn_256(uint64_t count, const int cpus[2])
{
    return measure(spawn, 256, count, cpus);
}
