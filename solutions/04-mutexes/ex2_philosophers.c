/*
 * ex2_philosophers: philosophers at a round table share the forks
 * between them, and nobody starves.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_philosophers PHILOSOPHER PHILOSOPHER...
 *
 * Try:   printf '\n\n' | ex2_philosophers /dev/stdin /dev/null
 *        Each line makes a philosopher hungry, or full again.
 *        mkfifo a b c; ex2_philosophers a b c
 *        From other terminals, cat >a, cat >b and cat >c. Press Enter
 *        here and there, and see who eats.
 *
 * See:   pthread_mutex_lock(3), sem_wait(3), sem_post(3)
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

/* From `state` on, all belongs to whoever has the lock of the table. */
struct philosopher {
    pthread_t thread;
    const char *path; /* each line of this file ends a state */
    bool failed;      /* it couldn't be read */
    sem_t go;         /* posted when this one may eat */
    enum { THINKS, HUNGRY, EATS } state;
    long since; /* the count of `hunger` when this one became hungry */
    /* Has the one to the left begun to eat since then? To the right? */
    bool left_passed, right_passed;
};

enum { MAX = 500 };
static struct philosopher table[MAX];
static int seats;
static long hunger; /* how often anybody became hungry */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static const char usage_text[] =
    "Usage: ex2_philosophers PHILOSOPHER PHILOSOPHER...\n"
    "Each of 2 to 500 is a file; each of its lines makes a\n"
    "philosopher hungry, or full again.\n";

static void lock(void)
{
    int error = pthread_mutex_lock(&table_lock);

    check_pthread(error, "pthread_mutex_lock");
}

static void unlock(void)
{
    int error = pthread_mutex_unlock(&table_lock);

    check_pthread(error, "pthread_mutex_unlock");
}

static struct philosopher *left_of(const struct philosopher *p)
{
    return &table[(p - table + seats - 1) % seats];
}

static struct philosopher *right_of(const struct philosopher *p)
{
    return &table[(p - table + 1) % seats];
}

/* Reports what a philosopher does. Call it with the lock held: then the
 * lines are in the order in which all came to be. */
static void tell(const struct philosopher *p, const char *what)
{
    if (printf("%td %s\n", p - table + 1, what) < 0)
        err(1, "standard output");
}

/* Waits until this one is let in. */
static void wait_to_go(struct philosopher *p)
{
    while (sem_wait(&p->go) == -1)
        if (errno != EINTR)
            err(1, "sem_wait");
}

/* Lets this one in: wait_to_go() returns, now or when it is called. */
static void let_go(struct philosopher *p)
{
    if (sem_post(&p->go) == -1)
        err(1, "sem_post");
}

/* Whether a hungry philosopher may begin now. */
static bool may_eat(const struct philosopher *p)
{
    const struct philosopher *left = left_of(p), *right = right_of(p);
    bool may = true;

    /* TODO 2 BEGIN: not if one of the two forks is in use. */
    if (left->state == EATS || right->state == EATS)
        may = false;
    /* TODO 2 STAND-IN: (void)left; */
    /* TODO 2 STAND-IN: (void)right; */
    /* TODO 2 END */
    /* TODO 4 BEGIN: nor if that would pass a hungry one once more. */
    if (left->state == HUNGRY && left->right_passed)
        may = false;
    if (right->state == HUNGRY && right->left_passed)
        may = false;
    /* TODO 4 END */
    return may;
}

/* Takes both forks for a philosopher, who may eat. */
static void begin(struct philosopher *p)
{
    p->state = EATS;
    /* TODO 4 BEGIN: the neighbours are passed, if they are hungry. */
    left_of(p)->right_passed = true;
    right_of(p)->left_passed = true;
    /* TODO 4 END */
    tell(p, "eats");
    let_go(p);
}

/* Becomes hungry. Returns when this philosopher eats. */
static void get_forks(struct philosopher *self)
{
    /* TODO 2 BEGIN: with the lock held, become hungry, note since when,
     * tell() it, and begin(), if you may. In any case wait_to_go(). */
    lock();
    self->state = HUNGRY;
    self->since = hunger++;
    /* TODO 2 STAND-IN: (void)self; */
    /* TODO 2 STAND-IN: (void)lock; */
    /* TODO 2 STAND-IN: (void)unlock; */
    /* TODO 2 STAND-IN: (void)may_eat; */
    /* TODO 2 STAND-IN: (void)begin; */
    /* TODO 2 STAND-IN: (void)wait_to_go; */
    /* TODO 2 STAND-IN: (void)hunger; */
    /* TODO 2 END */
    /* TODO 4 BEGIN: nobody has passed this one yet. */
    self->left_passed = self->right_passed = false;
    /* TODO 4 END */
    /* TODO 2 BEGIN: the rest of it. */
    tell(self, "is hungry");
    if (may_eat(self))
        begin(self);
    unlock();
    wait_to_go(self);
    /* TODO 2 END */
}

/* Puts both forks down. Whoever has waited for them begins. */
static void put_forks(struct philosopher *self)
{
    /* TODO 3 BEGIN: with the lock held, think, tell() it, and look at
     * both neighbours, first at the one that is hungry for longer. */
    struct philosopher *first = left_of(self), *then = right_of(self);

    lock();
    self->state = THINKS;
    tell(self, "thinks");
    if (then->since < first->since) {
        first = right_of(self);
        then = left_of(self);
    }
    if (first->state == HUNGRY && may_eat(first))
        begin(first);
    if (then->state == HUNGRY && may_eat(then))
        begin(then);
    unlock();
    /* TODO 3 STAND-IN: (void)self; */
    /* TODO 3 END */
}

/* What the thread of a philosopher does. */
static void *live(void *arg)
{
    struct philosopher *self = arg;
    FILE *day = fopen(self->path, "re");
    char *line = NULL;
    size_t room = 0;

    if (day == NULL) {
        warn("%s", self->path);
        self->failed = true;
        return NULL;
    }
    while (getline(&line, &room, day) > 0) {
        bool goes_on;

        get_forks(self);
        /* The meal takes until the next line, or the end of the day. */
        goes_on = getline(&line, &room, day) > 0;
        put_forks(self);
        if (!goes_on)
            break;
    }
    if (ferror(day)) {
        warn("%s", self->path);
        self->failed = true;
    }
    free(line);
    fclose(day);
    return NULL;
}

/* Lives the days of all of them, each in a thread of its own. */
static void run_table(void)
{
    /* TODO 1 BEGIN: initialise each one's `go` to 0; start all threads;
     * then wait for all their ends. */
    for (int i = 0; i < seats; i++) {
        if (sem_init(&table[i].go, 0, 0) == -1)
            err(1, "sem_init");
    }
    for (int i = 0; i < seats; i++) {
        struct philosopher *p = &table[i];

        check_pthread(pthread_create(&p->thread, NULL, live, p),
                      "pthread_create");
    }
    for (int i = 0; i < seats; i++) {
        pthread_t thread = table[i].thread;

        check_pthread(pthread_join(thread, NULL), "pthread_join");
    }
    /* TODO 1 STAND-IN: (void)live; */
    /* TODO 1 END */
}

int main(int argc, char *argv[])
{
    bool failed = false;
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, usage_text);
    seats = argc - optind;
    if (seats < 2 || seats > MAX)
        usage('?', usage_text);
    for (int i = 0; i < seats; i++)
        table[i].path = argv[optind + i];
    /* A line is one write: it is seen at once, and never torn. */
    setvbuf(stdout, NULL, _IOLBF, 0);

    run_table();

    for (int i = 0; i < seats; i++)
        failed |= table[i].failed;
    return failed ? 1 : 0;
}
