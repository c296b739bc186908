/*
 * ex1_queue: a queue of a few slots, which threads share and may close.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_queue [-s SLOTS] [-t THREADS]
 *
 * Try:   printf '%s\n' '1 put a' '1 put b' '2 get' '3 get' | ex1_queue
 *        ex1_queue -s 1
 *        Type "1 get", "2 get 60", and look where the threads t1 and t2
 *        wait. Then type "3 put hello", "3 close".
 *
 * See:   pthread_cond_timedwait(3), pthread_condattr_setclock(3)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

/* A ring: items[first] is the oldest. Who uses this holds the lock. */
static struct {
    char **items;
    size_t slots, first, count;
    bool closed; /* nothing will be put any more */
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
} q = {
    .slots = 2,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .not_full = PTHREAD_COND_INITIALIZER,
};

enum result { TAKEN, CLOSED, TOO_LATE };

static struct worker {
    int id;        /* from 1 */
    int orders[2]; /* a pipe: main writes what this thread shall do */
    pthread_t thread;
} workers[100];

static const char usage_text[] =
    "Usage: ex1_queue [-s SLOTS] [-t THREADS]\n"
    "Lines: T put TEXT, T get, T get SECONDS, T close\n"
    "  -s SLOTS    so many items fit into the queue (2)\n"
    "  -t THREADS  1 to 100 (4)\n";

static void lock(void)
{
    check_pthread(pthread_mutex_lock(&q.lock), "lock");
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&q.lock), "unlock");
}

static void init_queue(void)
{
    q.items = calloc(q.slots, sizeof *q.items);
    if (q.items == NULL)
        err(1, "calloc");
    /* TODO 4: which clock shall not_empty go by? */
    pthread_cond_init(&q.not_empty, NULL);
}

/* Waits for room, and puts a copy of the text in. Returns false, with
 * nothing put in, if the queue is closed. */
static bool put(const char *text)
{
    bool done = false;

    /* TODO 1: with the lock held: wait as long as there is no
     * room and the queue is open. Then, if it is open, add a copy of
     * text (the caller writes over its own), and wake one for it. */
    (void)text;
    return done;
}

/* Waits on not_empty. Returns whether the deadline has passed. */
static bool wait_for_item(const struct timespec *deadline)
{
    bool late = false;
    int error = 0;

    /* TODO 2: without a deadline. */

    /* TODO 4: with a deadline. ETIMEDOUT is no failure. */
    late = deadline != NULL;
    if (!late)
        check_pthread(error, "wait");
    return late;
}

/* Waits for an item, and takes the oldest: *item is the caller's then.
 * If there is one, it counts, also when it is too late, or closed. */
static enum result get(char **item, const struct timespec *deadline)
{
    enum result result = CLOSED;

    /* TODO 2: with the lock held: wait_for_item() as long as
     * there is none, the queue is open, and it isn't too late. Take
     * the oldest, if there is one, and wake one for its place. */
    (void)wait_for_item, (void)item, (void)deadline;
    return result;
}

/* From now on nothing can be put any more. */
static void close_queue(void)
{
    /* TODO 3: whom does that concern? */
    (void)lock, (void)unlock;
}

/* The point in time so many seconds from now. */
static struct timespec from_now(double seconds)
{
    struct timespec t = {0, 0};

    /* TODO 4: by the clock that not_empty goes by. tv_nsec has to
     * stay below 1000000000. */
    (void)seconds;
    return t;
}

/* Prints "ID ORDER: WHAT TEXT", in one write. */
static void answer(int id, const char *order, const char *what,
                   const char *text)
{
    char *line;
    int len = asprintf(&line, "%d %s: %s%s\n", id, order, what, text);

    if (len == -1 || write_full(1, line, (size_t)len) == -1)
        err(1, "standard output");
    free(line);
}

static void obey_get(int id, const char *order)
{
    static const char *const words[] = {"took ", "closed", "too late"};
    bool limited = order[3] == ' ';
    struct timespec until = {0, 0};
    enum result result;
    char *item = NULL;

    if (limited)
        until = from_now(parse_seconds("get", order + 4, 0, 3600));
    result = get(&item, limited ? &until : NULL);
    answer(id, order, words[result], result == TAKEN ? item : "");
    free(item);
}

/* What each thread does: it obeys until there are no more orders. */
static void *work(void *arg)
{
    const struct worker *me = arg;
    char name[16], *order = NULL;
    size_t room = 0;
    FILE *orders = fdopen(me->orders[0], "r");

    if (orders == NULL)
        err(1, "fdopen");
    snprintf(name, sizeof name, "t%d", me->id);
    pthread_setname_np(pthread_self(), name);
    while (getline(&order, &room, orders) > 0) {
        order[strcspn(order, "\n")] = '\0';
        if (strncmp(order, "put ", 4) == 0) {
            answer(me->id, order, put(order + 4) ? "ok" : "closed", "");
        } else if (strncmp(order, "get", 3) == 0) {
            obey_get(me->id, order);
        } else {
            close_queue();
            answer(me->id, order, "ok", "");
        }
    }
    if (ferror(orders))
        err(1, "orders");
    free(order);
    fclose(orders);
    return NULL;
}

/* Hands each line of standard input to the thread that it names. */
static void give_orders(int threads)
{
    char *line = NULL, *order;
    size_t room = 0;
    int fd;

    while (getline(&line, &room, stdin) > 0) {
        long id = strtol(line, &order, 10);

        if (id < 1 || id > threads || *order++ != ' ')
            errx(1, "bad line: %s", line);
        fd = workers[id - 1].orders[1];
        if (write_full(fd, order, strlen(order)) == -1)
            err(1, "pipe");
    }
    if (ferror(stdin))
        err(1, "standard input");
    free(line);
}

int main(int argc, char *argv[])
{
    int opt, threads = 4;

    while ((opt = getopt(argc, argv, "hs:t:")) != -1) {
        if (opt == 's')
            q.slots = (size_t)parse_number("-s", optarg, 1, 1000000);
        else if (opt == 't')
            threads = (int)parse_number("-t", optarg, 1, 100);
        else
            usage(opt, usage_text);
    }
    if (optind < argc)
        usage('?', usage_text);
    init_queue();
    for (int i = 0; i < threads; i++) {
        struct worker *w = &workers[i];

        w->id = i + 1;
        if (pipe(w->orders) == -1)
            err(1, "pipe");
        check_pthread(pthread_create(&w->thread, NULL, work, w),
                      "pthread_create");
    }
    give_orders(threads);
    for (int i = 0; i < threads; i++) {
        close(workers[i].orders[1]); /* that is the end of its orders */
        check_pthread(pthread_join(workers[i].thread, NULL), "join");
    }
    for (; q.count > 0; q.count--)
        free(q.items[(q.first + q.count - 1) % q.slots]);
    free(q.items);
    return 0;
}
