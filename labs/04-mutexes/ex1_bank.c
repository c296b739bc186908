/*
 * ex1_bank: many tellers transfer money among accounts, each of which has
 * a lock of its own.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_bank [-n ACCOUNTS] [-b BALANCE] TELLER...
 *
 * Try:   echo 1 2 30 | ex1_bank -n 2 /dev/stdin
 *        A teller is a file of orders. With FIFOs you are the customers:
 *        mkfifo a b; ex1_bank a b
 *        From other terminals: cat >a, and cat >b. Order "1 2 30 wait" from
 *        the one, then "3 4 5", "2 1 10" and "total" from the other. Enter,
 *        in the bank's terminal, lets the first go on.
 *
 * See:   pthread_mutex_lock(3), pthread_mutex_init(3), pthread_create(3)
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

/* The balance belongs to whoever has the lock. */
struct account {
    pthread_mutex_t lock;
    long long balance;
};

struct teller {
    pthread_t thread;
    const char *path; /* the file of its orders */
    bool failed;      /* it couldn't read, or understand, one of them */
};

enum { MAX_ACCOUNTS = 1000, MAX_TELLERS = 100 };
static const long long max_money = 1000000000000000;

static struct account accounts[MAX_ACCOUNTS];
static int count = 10;

/* What all tellers have done together. */
static struct {
    pthread_mutex_t lock;
    long long done, refused;
} day = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char usage_text[] =
    "Usage: ex1_bank [-n ACCOUNTS] [-b BALANCE] TELLER...\n"
    "Each TELLER is a file of orders, carried out by its own thread.\n"
    "  -n ACCOUNTS  so many, 1 to 1000 (10)\n"
    "  -b BALANCE   what each has at first, 0 to 10^15 (100)\n"
    "Orders:        FROM TO AMOUNT [wait]\n"
    "               total\n";

static void lock(pthread_mutex_t *mutex)
{
    check_pthread(pthread_mutex_lock(mutex), "pthread_mutex_lock");
}

static void unlock(pthread_mutex_t *mutex)
{
    check_pthread(pthread_mutex_unlock(mutex), "pthread_mutex_unlock");
}

static void open_accounts(long long balance)
{
    /* TODO 1: each account gets its lock and this balance. */
    (void)balance;
}

/* TODO 2: two functions, one that locks both accounts and one that
 * unlocks them. Two threads with the same two accounts must never wait
 * for each other, whichever of them is FROM. FROM can be TO. */

/* Transfers amount, if there is so much. Returns whether there was. If
 * wait is true, calls wait_for_enter() while the money is on its way. */
static bool transfer(struct account *from, struct account *to,
                     long long amount, bool wait)
{
    bool enough = false;

    /* TODO 2: with both accounts locked, look, take it from the one,
     * maybe wait, add it to the other. */
    (void)from;
    (void)to;
    (void)amount;
    (void)wait;
    return enough;
}

/* What all accounts have together, at one moment. */
static long long total(void)
{
    long long sum = 0;

    /* TODO 3: nobody's money may be on its way, nor move from an
     * account that you haven't looked at to one that you have. */
    return sum;
}

/* Counts an order in `day`: all threads do. */
static void note(bool done)
{
    /* TODO 4: no order may be lost, and no teller wait for long. */
    (void)done;
    (void)lock;
    (void)unlock;
}

/* Carries out one order, and reports it. Returns false if it is none. */
static bool carry_out(const char *teller, const char *order)
{
    long long amount;
    int from, to, end = 0;
    bool wait, done;

    if (strcmp(order, "total") == 0) {
        printf("%s: total: %lld\n", teller, total());
        return true;
    }
    if (sscanf(order, "%4d %4d %16lld%n", &from, &to, &amount, &end) != 3)
        return false;
    wait = strcmp(order + end, " wait") == 0;
    if ((order[end] != '\0' && !wait) || from < 1 || from > count ||
        to < 1 || to > count || amount < 1 || amount > max_money)
        return false;

    done = transfer(&accounts[from - 1], &accounts[to - 1], amount, wait);
    note(done);
    printf("%s: %d %d %lld: %s\n", teller, from, to, amount,
           done ? "done" : "refused");
    return true;
}

/* What the thread of a teller does. */
static void *serve(void *arg)
{
    struct teller *self = arg;
    FILE *orders = fopen(self->path, "re");
    char *line = NULL;
    size_t room = 0;

    self->failed = orders == NULL;
    if (orders == NULL) {
        warn("%s", self->path);
        return NULL;
    }
    while (getline(&line, &room, orders) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (!carry_out(self->path, line)) {
            warnx("%s: bad order: %s", self->path, line);
            self->failed = true;
        }
    }
    if (ferror(orders)) {
        warn("%s", self->path);
        self->failed = true;
    }
    free(line);
    fclose(orders);
    return NULL;
}

/* Has all orders carried out, by a thread for each of n tellers. */
static void work(struct teller tellers[], int n)
{
    /* TODO 1: start all threads; then wait until all have ended. */
    (void)tellers;
    (void)n;
    (void)serve;
}

int main(int argc, char *argv[])
{
    static struct teller tellers[MAX_TELLERS];
    long long balance = 100;
    bool failed = false;
    int opt, n;

    while ((opt = getopt(argc, argv, "hn:b:")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, MAX_ACCOUNTS);
            break;
        case 'b':
            balance = parse_number("-b", optarg, 0, max_money);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    n = argc - optind;
    if (n < 1 || n > MAX_TELLERS)
        usage('?', usage_text);
    for (int i = 0; i < n; i++)
        tellers[i].path = argv[optind + i];
    /* A line is one write: reports are seen at once, and never torn. */
    setvbuf(stdout, NULL, _IOLBF, 0);

    open_accounts(balance);
    work(tellers, n);

    for (int i = 0; i < n; i++)
        failed |= tellers[i].failed;
    for (int i = 0; i < count; i++)
        printf("account %d: %lld\n", i + 1, accounts[i].balance);
    printf("total: %lld\n", total());
    printf("done: %lld, refused: %lld\n", day.done, day.refused);
    if (ferror(stdout) || fflush(stdout) == EOF)
        errx(1, "standard output can't be written");
    return failed ? 1 : 0;
}
