/* operations.c: what is measured by itself, without a message. */
#include "operations.h"
#include "bench.h"

const struct operation operations[] = {
    {"clock", "read the clock: clock_gettime(2)", read_clock, false},
    {"clock_call", "the same by a system call", ask_clock, false},
    {"getppid", "a system call that does next to nothing", get_parent, false},
    {"atomic_add", "an atomic add; on two CPUs with a rival", add_atomically,
     true},
    {"mutex", "lock, unlock; on two CPUs with a rival", lock_mutex, true},
    {"semaphore", "wait, post; on two CPUs with a rival", take_semaphore, true},
    {"pipe_alone", "a byte to oneself: write, read", pipe_alone, false},
    {"switch_threads", "a byte to a thread: write, switch, read",
     switch_threads, false},
    {"switch_processes", "a byte to a process: write, switch, read",
     switch_processes, false},
    {"thread", "pthread_create, pthread_join", make_thread, false},
    {"thread_256MiB", "the same in a process of 256 MiB", make_thread_256,
     false},
    {"fork", "fork, exit, wait", by_fork, false},
    {"fork_64MiB", "the same of a parent of 64 MiB", by_fork_64, false},
    {"fork_256MiB", "the same of a parent of 256 MiB", by_fork_256, false},
    {"vfork", "vfork, exit, wait", by_vfork, false},
    {"vfork_256MiB", "the same of a parent of 256 MiB", by_vfork_256, false},
    {"fork_exec", "fork, exec of true, wait", by_fork_exec, false},
    {"fork_exec_256MiB", "the same of a parent of 256 MiB", by_fork_exec_256,
     false},
    {"posix_spawn", "posix_spawn of true, wait", by_spawn, false},
    {"posix_spawn_256MiB", "the same of a parent of 256 MiB", by_spawn_256,
     false},
    {"copy_64KiB", "memcpy of 64 KiB", copy_64KiB, false},
    {0},
};
