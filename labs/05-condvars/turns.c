/*
 * turns: threads queue for a place where there is room for one, however
 * slow each of them is.
 *
 * Usage: turns [-n THREADS] [-r TURNS] [-W WORK] [-a | -u]
 *
 * Try:   turns -n 3 -r 100
 *        While one waits, each of the others goes first at most once.
 *        turns -n 3 -r 100 -u
 *        Without a queue who is quick goes in again and again.
 *        turns -n 3 -r 2 -W 300000000
 *        Thread 1 is slow, elsewhere. The others don't wait for it.
 *        turns -n 3 -r 2 -W 300000000 -a
 *        If they alternate, they have to.
 *
 * See:   pthread_cond_wait(3), pthread_cond_signal(3)
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_THREADS = 500, MAIN = -1 };

static const char usage_text[] =
    "Usage: turns [-n THREADS] [-r TURNS] [-W WORK] [-a | -u]\n"
    "  -n THREADS  that want to get in (3)\n"
    "  -r TURNS    so often each of them (5)\n"
    "  -W WORK     thread 1 counts so far between its turns (0)\n"
    "  -a          they alternate: 1, 2, 3, 1, 2, 3, ...\n"
    "  -u          no queue: in goes who is there when it is free\n";

static enum { QUEUE, ALTERNATE, NO_QUEUE } rule = QUEUE;
static int n = 3, rounds = 5;
static long long slowness;

/* All of this belongs to whoever holds the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static pthread_cond_t next[MAX_THREADS];
static bool busy = true;   /* somebody is in: at first this is main */
static long long now = -1; /* whose number it is */
static long long drawn;    /* numbers, by those who queue */
static long long most;     /* turns of others while one waited */
static int waiting, turns_of_1;

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&mutex), "pthread_mutex_lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&mutex), "pthread_mutex_unlock");
}

static void wake(pthread_cond_t *who)
{
    check_pthread(pthread_cond_signal(who), "pthread_cond_signal");
}

/*
 * Gives the number of a thread's turn. In a queue it draws the next
 * one, as at a baker's. If they alternate it is known from the start,
 * and a turn that somebody doesn't want yet holds up all the others.
 */
static long long number_for(int id, int round)
{
    return rule == QUEUE ? drawn++ : (long long)round * n + id;
}

static void enter(int id, int round)
{
    long long number, came;
    int error = 0;

    lock();
    came = now + busy; /* the first number that isn't in yet */
    waiting++;
    wake(&arrived);
    if (rule == NO_QUEUE) {
        while (busy && error == 0)
            error = pthread_cond_wait(&next[0], &mutex);
    } else {
        /* Those who wait have different numbers, n in a row. So each
         * has a condition variable for itself. */
        number = number_for(id, round);
        while (now != number && error == 0)
            error = pthread_cond_wait(&next[number % n], &mutex);
    }
    check_pthread(error, "pthread_cond_wait");

    waiting--;
    if (busy)
        errx(1, "two are in at once");
    busy = true;
    if (most < now - came)
        most = now - came;
    unlock();
}

static void leave(int id)
{
    lock();
    busy = false;
    now++;
    if (id == 0)
        turns_of_1++;
    wake(&next[rule == NO_QUEUE ? 0 : now % n]);
    unlock();
}

static void work(long long amount)
{
    for (volatile long long i = 0; i < amount; i++)
        continue;
}

static void *take_turns(void *arg)
{
    int id = *(int *)arg;

    for (int round = 0; round < rounds; round++) {
        enter(id, round);
        /* What stands here, one thread does at a time. */
        leave(id);
        if (id == 0 && round + 1 < rounds)
            work(slowness);
    }
    lock();
    say("thread", "%d is done; thread 1 has had %d of %d turns", id + 1,
        turns_of_1, rounds);
    unlock();
    return NULL;
}

/* Lets them in when all have come. Otherwise the first might be through
 * before the last is there. */
static void open_door(void)
{
    int error = 0;

    lock();
    while (waiting < n && error == 0)
        error = pthread_cond_wait(&arrived, &mutex);
    check_pthread(error, "pthread_cond_wait");
    unlock();
    leave(MAIN);
}

static void run(void)
{
    static pthread_t threads[MAX_THREADS];
    static int ids[MAX_THREADS];
    int error;

    for (int i = 0; i < n; i++) {
        error = pthread_cond_init(&next[i], NULL);
        check_pthread(error, "pthread_cond_init");
    }
    for (int i = 0; i < n; i++) {
        ids[i] = i;
        error = pthread_create(&threads[i], NULL, take_turns, &ids[i]);
        check_pthread(error, "pthread_create");
    }
    open_door();
    for (int i = 0; i < n; i++)
        check_pthread(pthread_join(threads[i], NULL), "pthread_join");
}

int main(int argc, char *argv[])
{
    int opt;

    while ((opt = getopt(argc, argv, "n:r:W:auh")) != -1) {
        switch (opt) {
        case 'n':
            n = (int)parse_number("-n", optarg, 1, MAX_THREADS);
            break;
        case 'r':
            rounds = (int)parse_number("-r", optarg, 1, 1000000);
            break;
        case 'W':
            slowness = parse_number("-W", optarg, 0, 1LL << 40);
            break;
        case 'a':
            rule = ALTERNATE;
            break;
        case 'u':
            rule = NO_QUEUE;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);

    run();
    say("main", "%lld turns; overtaken at most %lld times", now, most);
    if (rule == QUEUE && most > n - 1)
        errx(1, "somebody has jumped the queue");
    return 0;
}
