/*
 * leftovers.h: which files and System V objects a run has left.
 */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stdio.h>
#include <sys/types.h>

/* Adds a folder to those that are looked at; path must stay valid. */
void watch_folder(const char *path);

/* One of them, by its number from 0; NULL if there are no more. */
const char *watched_folder(int i);

/*
 * Takes note of the names in the watched folders, and of the System V
 * message queues, semaphores and shared memory in this IPC namespace: those of
 * this user, not of others, who may run something meanwhile.
 */
void remember_what_is_there(uid_t user);

/*
 * Says on out, a line each, what is there now and was not then:
 * "left file /dev/shm/x (file)", "left msg 4 (key 0x2a)".
 */
void report_what_is_new(FILE *out);

#endif
