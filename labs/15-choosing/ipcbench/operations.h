/*
 * operations.h: the functions behind the table in operations.c. Each
 * does its operation `count` times and returns how many ns that took;
 * see struct operation in bench.h.
 */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <stdint.h>

/* calls.c: what one thread does alone. */
double read_clock(uint64_t count, const int cpus[2]);
double ask_clock(uint64_t count, const int cpus[2]);
double get_parent(uint64_t count, const int cpus[2]);
double copy_64KiB(uint64_t count, const int cpus[2]);

/* locks.c: alone on one CPU; on two, against another thread. */
double add_atomically(uint64_t count, const int cpus[2]);
double lock_mutex(uint64_t count, const int cpus[2]);
double take_semaphore(uint64_t count, const int cpus[2]);

/* switches.c: a byte through a pipe, and who reads it. */
double pipe_alone(uint64_t count, const int cpus[2]);
double switch_threads(uint64_t count, const int cpus[2]);
double switch_processes(uint64_t count, const int cpus[2]);

/* creation.c: somebody new, who ends at once, and is waited for. The
 * numbers are the MiB of memory that the creator has. */
double make_thread(uint64_t count, const int cpus[2]);
double make_thread_256(uint64_t count, const int cpus[2]);
double by_fork(uint64_t count, const int cpus[2]);
double by_fork_64(uint64_t count, const int cpus[2]);
double by_fork_256(uint64_t count, const int cpus[2]);
double by_vfork(uint64_t count, const int cpus[2]);
double by_vfork_256(uint64_t count, const int cpus[2]);
double by_fork_exec(uint64_t count, const int cpus[2]);
double by_fork_exec_256(uint64_t count, const int cpus[2]);
double by_spawn(uint64_t count, const int cpus[2]);
double by_spawn_256(uint64_t count, const int cpus[2]);

#endif
