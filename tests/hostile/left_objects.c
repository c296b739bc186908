/*
 * left_objects: leaves a queue, a set of semaphores and a segment of System
 * V, and the same of POSIX.
 *
 * Verdict: 43 of 50: they are seen
 * Held by: IPC objects, /dev/shm and /dev/mqueue of its own, or removal by
 * owner
 */
#include <mqueue.h>
#include <semaphore.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include "attack.h"

static void attack(void)
{
    char name[64];

    snprintf(name, sizeof name, "/left-%d", (int)getpid());
    msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
    shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    sem_open(name, O_CREAT | O_EXCL, 0600, 1);
}
