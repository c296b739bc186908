/*
 * ex2_barrier: a barrier for many rounds, which threads may leave.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_barrier [-n THREADS]
 *
 * Try:   printf '%s\n' '1 10 20' '2 1 2' | ex2_barrier -n 2
 *        Two rounds: in each, both say the sum of their numbers.
 *        ex2_barrier -n 3
 *        Type "1 100", "2 20", and look where the threads t1 and t2
 *        wait. Then type "3 3"; or "3 leave".
 *
 * See:   pthread_cond_wait(3), pthread_cond_broadcast(3),
 *        pthread_barrier_wait(3)
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_THREADS = 400 };

/* Who uses this holds the lock. */
struct barrier {
    int needed;          /* so many threads have to come */
    int arrived;         /* so many have, in this round */
    unsigned long round; /* so many rounds have ended */
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a round has */
};

static struct barrier barrier = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .ended = PTHREAD_COND_INITIALIZER,
};

static struct member {
    int id;        /* from 1 */
    int orders[2]; /* a pipe: main writes what this thread shall do */
    unsigned long round;
    pthread_t thread;
} members[MAX_THREADS];

static int count = 4; /* of members */

/* The numbers of the even and of the odd rounds. No lock guards them:
 * the barrier does. */
static struct cell {
    unsigned long round;
    long long number;
} cells[2][MAX_THREADS];

static const char usage_text[] =
    "Usage: ex2_barrier [-n THREADS]\n"
    "Lines of standard input: T NUMBER..., or T leave.\n"
    "T is the number of a thread.\n"
    "  -n THREADS  1 to 400 (4)\n";

static void lock(struct barrier *b)
{
    check_pthread(pthread_mutex_lock(&b->lock), "lock");
}

static void unlock(struct barrier *b)
{
    check_pthread(pthread_mutex_unlock(&b->lock), "unlock");
}

/* Ends the round: all that wait for it go on. The lock is held. */
static void end_round(struct barrier *b)
{
    /* TODO 2 BEGIN: what has to change so that those who wait see that
     * their round is over, and the next one can begin at once? */
    b->arrived = 0;
    b->round++;
    check_pthread(pthread_cond_broadcast(&b->ended), "broadcast");
    /* TODO 2 STAND-IN: (void)b; */
    /* TODO 2 END */
}

/* Waits until all have come. Returns whether this one was the last. */
static bool barrier_wait(struct barrier *b)
{
    bool last = false;

    /* TODO 2 BEGIN: with the lock held: who comes last ends the round,
     * and doesn't wait. */
    lock(b);
    last = ++b->arrived == b->needed;
    if (last)
        end_round(b);
    /* TODO 2 END */

    /* TODO 3 BEGIN: the others wait for the end of this round, not of
     * any. */
    if (!last) {
        const unsigned long mine = b->round;
        int error = 0;

        while (b->round == mine && error == 0)
            error = pthread_cond_wait(&b->ended, &b->lock);
        check_pthread(error, "wait");
    }
    /* TODO 3 END */

    /* TODO 2 BEGIN: give the lock back. */
    unlock(b);
    /* TODO 2 STAND-IN: (void)lock; */
    /* TODO 2 STAND-IN: (void)unlock; */
    /* TODO 2 STAND-IN: (void)end_round; */
    /* TODO 2 STAND-IN: (void)b; */
    /* TODO 2 END */
    return last;
}

/* From now on one thread less is needed. Returns whether the others
 * have all come already, so that this has ended their round. */
static bool barrier_leave(struct barrier *b)
{
    bool last = false;

    /* TODO 4 BEGIN: don't end a round that nobody waits in. */
    lock(b);
    b->needed--;
    last = b->arrived > 0 && b->arrived == b->needed;
    if (last)
        end_round(b);
    unlock(b);
    /* TODO 4 STAND-IN: (void)b; */
    /* TODO 4 END */
    return last;
}

/* Prints one line in one write: "ID WHAT", or "ID WHAT, last". */
static void tell(int id, const char *what, bool last)
{
    char line[100];
    int len = snprintf(line, sizeof line, "%d %s%s\n", id, what,
                       last ? ", last" : "");

    if (write_full(STDOUT_FILENO, line, (size_t)len) == -1)
        err(1, "standard output");
}

/* One round: shows a number to all others, and sees theirs. */
static void go_round(struct member *me, long long number)
{
    struct cell *row = cells[++me->round % 2];
    long long sum = 0;
    char text[80];
    bool last;

    row[me->id - 1] = (struct cell){me->round, number};
    last = barrier_wait(&barrier);
    for (int i = 0; i < count; i++) {
        if (row[i].round == me->round) /* has come to this round */
            sum += row[i].number;
    }
    snprintf(text, sizeof text, "round %lu: %lld", me->round, sum);
    tell(me->id, text, last);
}

/* Returns false if the order is to leave. */
static bool obey(struct member *me, char *order)
{
    char *rest;
    char *word = strtok_r(order, " \n", &rest);

    for (; word != NULL; word = strtok_r(NULL, " \n", &rest)) {
        if (strcmp(word, "leave") == 0)
            return false;
        go_round(me, parse_number("NUMBER", word, -1000000, 1000000));
    }
    return true;
}

/* What each thread does: it obeys until it shall leave, or until there
 * are no more orders. */
static void *live(void *arg)
{
    struct member *me = arg;
    char name[16], *order = NULL;
    size_t room = 0;
    FILE *orders = fdopen(me->orders[0], "r");

    if (orders == NULL)
        err(1, "fdopen");
    snprintf(name, sizeof name, "t%d", me->id);
    pthread_setname_np(pthread_self(), name);
    while (getline(&order, &room, orders) > 0 && obey(me, order))
        continue;
    if (ferror(orders))
        err(1, "orders");
    tell(me->id, "leaves", barrier_leave(&barrier));
    free(order);
    return NULL; /* orders stays open: main may write yet */
}

/* Hands each line of standard input to the thread that it names. */
static void give_orders(void)
{
    char *line = NULL, *order;
    size_t room = 0;
    int fd;

    while (getline(&line, &room, stdin) > 0) {
        long id = strtol(line, &order, 10);

        if (id < 1 || id > count || *order++ != ' ')
            errx(1, "bad line: %s", line);
        fd = members[id - 1].orders[1];
        if (write_full(fd, order, strlen(order)) == -1)
            err(1, "pipe");
    }
    if (ferror(stdin))
        err(1, "standard input");
    free(line);
}

int main(int argc, char *argv[])
{
    int opt;

    while ((opt = getopt(argc, argv, "hn:")) != -1) {
        if (opt != 'n')
            usage(opt, usage_text);
        count = (int)parse_number("-n", optarg, 1, MAX_THREADS);
    }
    if (optind < argc)
        usage('?', usage_text);

    barrier.needed = count;
    for (int i = 0; i < count; i++) {
        members[i].id = i + 1;
        if (pipe(members[i].orders) == -1)
            err(1, "pipe");
    }
    /* TODO 1 BEGIN: start a thread for each member. */
    for (int i = 0; i < count; i++) {
        struct member *m = &members[i];

        check_pthread(pthread_create(&m->thread, NULL, live, m),
                      "pthread_create");
    }
    /* TODO 1 STAND-IN: (void)live; */
    /* TODO 1 END */

    give_orders();
    for (int i = 0; i < count; i++)
        close(members[i].orders[1]);
    /* TODO 1 BEGIN: wait until all have ended. */
    for (int i = 0; i < count; i++)
        check_pthread(pthread_join(members[i].thread, NULL), "join");
    /* TODO 1 END */
    return 0;
}
