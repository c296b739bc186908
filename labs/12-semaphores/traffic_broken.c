/*
 * traffic_broken: a bridge for three cars, and a semaphore that admits
 * three. What the three of them share isn't protected by that.
 *
 * Usage: traffic_broken [-k CARS] [-n ROUNDS]
 *
 * Try:   traffic_broken
 *        Each car adds one to the toll, and of three payments two are
 *        lost.
 *        traffic_broken -k 1
 *        A semaphore prevents this race only if it admits one. Then run
 *        traffic, the repair, and look at both with diff.
 *
 * Ends:  exit 1
 *
 * See:   sem_wait(3), pthread_barrier_wait(3p)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: traffic_broken [-k CARS] [-n ROUNDS]\n"
    "  -k CARS    so many may be on the bridge at once (3)\n"
    "  -n ROUNDS  so many times as many cross it (4)\n";

static struct {
    sem_t places;              /* so many are free on the bridge */
    pthread_barrier_t unlucky; /* so that it goes wrong always */
    volatile int toll;
} * bridge;

static void down(sem_t *sem)
{
    while (sem_wait(sem) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
}

static void up(sem_t *sem)
{
    if (sem_post(sem) == -1)
        err(1, "sem_post");
}

static void open_bridge(int places)
{
    unsigned count = (unsigned)places;
    pthread_barrierattr_t a;
    int error;

    bridge = mmap(NULL, sizeof *bridge, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (bridge == MAP_FAILED)
        err(1, "mmap");
    if (sem_init(&bridge->places, 1, count) == -1)
        err(1, "sem_init");
    error = pthread_barrierattr_init(&a);
    check_pthread(error, "barrierattr_init");
    error = pthread_barrierattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    check_pthread(error, "pthread_barrierattr_setpshared");
    error = pthread_barrier_init(&bridge->unlucky, &a, count);
    check_pthread(error, "pthread_barrier_init");
    pthread_barrierattr_destroy(&a);
}

static void cross(void)
{
    int toll;

    down(&bridge->places);
    say("car", "on the bridge");

    /* The mistake: others are on the bridge, too. All read before any
     * writes: nobody goes on before all have come to the barrier. */
    toll = bridge->toll;
    pthread_barrier_wait(&bridge->unlucky);
    bridge->toll = toll + 1;
    up(&bridge->places);
}

static void start_car(pid_t parent)
{
    switch (fork()) {
    case -1:
        err(1, "fork"); /* the others end with us: PR_SET_PDEATHSIG */
    case 0:
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != parent)
            exit(1); /* too late: it is dead already */
        cross();
        exit(0);
    }
}

int main(int argc, char *argv[])
{
    int places = 3, rounds = 4, status, opt;
    pid_t parent = getpid();

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hk:n:")) != -1) {
        switch (opt) {
        case 'k':
            places = (int)parse_number("-k", optarg, 1, 100);
            break;
        case 'n':
            rounds = (int)parse_number("-n", optarg, 1, 100);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    open_bridge(places);

    for (int i = 0; i < places * rounds; i++)
        start_car(parent);
    for (int left = places * rounds; left > 0;) {
        pid_t child = wait(&status);

        if (child == -1 && errno != EINTR)
            err(1, "wait");
        if (child == -1)
            continue;
        if (status != 0)
            errx(1, "car %d didn't end well", (int)child);
        left--;
    }
    say("bridge", "%d cars have crossed, and paid %d", places * rounds,
        bridge->toll);
    return bridge->toll == places * rounds ? 0 : 1;
}
