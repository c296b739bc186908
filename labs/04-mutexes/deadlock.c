/*
 * deadlock: two ways out of a deadlock: all threads take their locks in
 * one order; or a thread waits only so long, and then gives way.
 *
 * Usage: deadlock [-d] [-n ROUNDS] [-t SECONDS]
 *
 * Try:   deadlock
 *        deadlock -d -t 0.2
 *        Opposite orders again, and the same bad luck in the first
 *        round. But now whoever waits too long gives back what it has.
 *
 * See:   pthread_mutex_lock(3), pthread_mutex_timedlock(3p),
 *        pthread_barrier_wait(3p), clock_gettime(2)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: deadlock [-d] [-n ROUNDS] [-t SECONDS]\n"
    "  -n ROUNDS   how often each thread takes both (1000; with -d 1)\n"
    "  -d          take them in opposite order, detect the deadlock\n"
    "  -t SECONDS  how long to wait before that (0.05)\n";

/* Something that one thread at a time can use. */
struct device {
    const char *name;
    int rank; /* locks are taken in this order, by everybody */
    pthread_mutex_t lock;
    long long used; /* under the lock */
};

struct worker {
    const char *name;
    struct device *from, *to;
    double patience;
    pthread_t thread;
    long long rounds, gave_way;
};

static struct device devices[] = {
    {"scanner", 1, PTHREAD_MUTEX_INITIALIZER, 0},
    {"printer", 2, PTHREAD_MUTEX_INITIALIZER, 0},
};

static bool detect;
static pthread_barrier_t both_have_one;

static void take(struct device *device)
{
    int error = pthread_mutex_lock(&device->lock);

    check_pthread(error, "pthread_mutex_lock");
}

static void give_back(struct device *device)
{
    int error = pthread_mutex_unlock(&device->lock);

    check_pthread(error, "pthread_mutex_unlock");
}

/*
 * The way to avoid it. Of all threads that wait, look at the one whose
 * lock has the highest rank: the holder of that lock waits for nothing,
 * since it could only wait for a higher one. So it will go on, and a
 * circle can't be.
 */
static void take_in_order(struct device *a, struct device *b)
{
    take(a->rank < b->rank ? a : b);
    take(a->rank < b->rank ? b : a);
}

/*
 * Takes a lock, or returns false if that isn't possible in time. The
 * end of the wait is a date, by the clock that says the time of day: if
 * somebody sets that, the wait is shorter or longer. That does no harm
 * here. (pthread_mutex_clocklock() takes another clock; musl has none.)
 */
static bool take_within(struct device *device, double seconds)
{
    struct timespec end;
    int error;

    clock_gettime(CLOCK_REALTIME, &end);
    seconds += (double)end.tv_sec + (double)end.tv_nsec / 1e9;
    end.tv_sec = (time_t)seconds;
    end.tv_nsec = (long)((seconds - (double)end.tv_sec) * 1e9);
    error = pthread_mutex_timedlock(&device->lock, &end);
    if (error != ETIMEDOUT)
        check_pthread(error, "pthread_mutex_timedlock");
    return error == 0;
}

/*
 * The way to get out of it. A thread that gives way must give back all
 * that it has, or the other one can't go on. Then it waits for the lock
 * that it was lacking, with nothing in its hands: it doesn't try again
 * at once, and so it isn't in the way.
 */
static void take_or_give_way(struct worker *self, bool collide)
{
    struct device *has = self->from, *lacks = self->to, *swap;

    take(has);
    if (collide)
        pthread_barrier_wait(&both_have_one);
    while (!take_within(lacks, self->patience)) {
        say(self->name, "ETIMEDOUT: has the %s, and still lacks the %s",
            has->name, lacks->name);
        self->gave_way++;
        give_back(has);
        take(lacks);
        swap = has;
        has = lacks;
        lacks = swap;
    }
}

static void *transfer(void *arg)
{
    struct worker *self = arg;

    for (long long i = 0; i < self->rounds; i++) {
        if (detect)
            take_or_give_way(self, i == 0);
        else
            take_in_order(self->from, self->to);
        self->from->used++;
        self->to->used++;
        give_back(self->from);
        give_back(self->to);
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    struct worker workers[] = {
        {.name = "copier", .from = &devices[0], .to = &devices[1]},
        {.name = "checker", .from = &devices[1], .to = &devices[0]},
    };
    long long rounds = -1;
    double patience = 0.05;
    int opt;

    while ((opt = getopt(argc, argv, "dn:t:h")) != -1) {
        switch (opt) {
        case 'd':
            detect = true;
            break;
        case 'n':
            rounds = parse_number("-n", optarg, 0, 1000000000);
            break;
        case 't':
            patience = parse_seconds("-t", optarg, 0.001, 3600);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind < argc)
        usage('?', usage_text);
    if (rounds == -1)
        rounds = detect ? 1 : 1000;

    check_pthread(pthread_barrier_init(&both_have_one, NULL, 2),
                  "pthread_barrier_init");
    for (int i = 0; i < 2; i++) {
        struct worker *w = &workers[i];

        w->rounds = rounds;
        /* Not the same for both: else they give way together, and may
         * do so again and again, which is called a livelock. */
        w->patience = patience * (i + 1);
        check_pthread(pthread_create(&w->thread, NULL, transfer, w),
                      "pthread_create");
    }
    for (int i = 0; i < 2; i++) {
        int error = pthread_join(workers[i].thread, NULL);

        check_pthread(error, "pthread_join");
        say(workers[i].name, "rounds: %lld, gave way: %lld", rounds,
            workers[i].gave_way);
    }
    for (int i = 0; i < 2; i++) {
        if (devices[i].used != 2 * rounds)
            errx(1, "%s: used %lld times, not %lld", devices[i].name,
                 devices[i].used, 2 * rounds);
    }
    return 0;
}
