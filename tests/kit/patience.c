/*
 * patience: uses a mutex and a condition variable, as its arguments say, and
 * prints how many whole milliseconds that took.
 *
 * Usage: patience COMMAND...
 *            wait   waits, though nobody will signal
 *            woken  waits; another thread signals at once
 *            nest   takes one mutex, then another
 *            unlock takes a mutex, and gives it back
 *
 * See:   tests/kit/unkind.bats
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "lab.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void *wake(void *unused)
{
    pthread_mutex_lock(&mutex);
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void obey(const char *command)
{
    pthread_t thread;

    pthread_mutex_lock(&mutex);
    if (strcmp(command, "wait") == 0) {
        pthread_cond_wait(&cond, &mutex);
    } else if (strcmp(command, "woken") == 0) {
        check_pthread(pthread_create(&thread, NULL, wake, NULL), "create");
        pthread_cond_wait(&cond, &mutex);
    } else if (strcmp(command, "nest") == 0) {
        pthread_mutex_lock(&other);
        pthread_mutex_unlock(&other);
    }
    pthread_mutex_unlock(&mutex);
    if (strcmp(command, "woken") == 0)
        pthread_join(thread, NULL);
}

int main(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        double begin = monotonic_seconds();

        obey(argv[i]);
        printf("%s %d\n", argv[i], (int)((monotonic_seconds() - begin) * 1000));
        fflush(stdout);
    }
    return 0;
}
