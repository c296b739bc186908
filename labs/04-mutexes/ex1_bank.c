/*
 * ex1_bank: many tellers transfer money among accounts, each of which
 * has a lock of its own.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_bank [-n ACCOUNTS] [-b BALANCE] TELLER...
 *
 * Try:   echo 1 2 30 | ex1_bank -n 2 /dev/stdin
 *        A teller is a file of orders. With FIFOs, you are there live:
 *        mkfifo a b; ex1_bank a b
 *        From other terminals, cat >a and cat >b. Order "1 2 30 wait"
 *        from a; then "3 4 5", "2 1 10" and "total" from b. Enter, in
 *        the bank's own terminal, lets a go on.
 *
 * See:   pthread_mutex_lock(3), pthread_mutex_init(3p),
 *        pthread_create(3)
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

/* A transfer. */
struct order {
    struct account *from, *to;
    long long amount;
    bool wait; /* for Enter, with the money on its way */
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

/* TODO 2: two functions, one that locks two accounts and one that
 * unlocks them. Threads must never wait in a circle, whichever accounts
 * they transfer from and to. And both may be the same one. */

/* Transfers the amount, if there is so much. Returns whether it was. */
static bool transfer(const struct order *order)
{
    bool enough = false;

    /* TODO 2: with both accounts locked: see if there is enough;
     * take it from the one; wait_for_enter(), if the order says so; add
     * it to the other. */
    (void)order;
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
    /* TODO 4: so that none is lost. */
    (void)done;
    (void)lock;
    (void)unlock;
}

/* Reads a transfer. Returns false if it is none. */
static bool understand(const char *text, struct order *order)
{
    long long money;
    int from, to, end = 0;

    if (sscanf(text, "%4d %4d %16lld%n", &from, &to, &money, &end) != 3)
        return false;
    if (from < 1 || from > count || to < 1 || to > count)
        return false;
    *order = (struct order){
        .from = &accounts[from - 1],
        .to = &accounts[to - 1],
        .amount = money,
        .wait = strcmp(text + end, " wait") == 0,
    };
    return (order->wait || text[end] == '\0') && money >= 1 &&
           money <= max_money;
}

/* Takes what printf() returns. Each of its lines is one write(). */
static void check(int printed)
{
    if (printed < 0)
        err(1, "standard output");
}

/* Carries out an order, and reports it. Returns false if it is none. */
static bool carry_out(const char *teller, const char *text)
{
    struct order order;
    const char *how;
    bool done;

    if (strcmp(text, "total") == 0) {
        check(printf("%s: total: %lld\n", teller, total()));
        return true;
    }
    if (!understand(text, &order))
        return false;
    done = transfer(&order);
    note(done);
    how = done ? "done" : "refused";
    check(printf("%s: %s: %s\n", teller, text, how));
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
    /* TODO 1: start all threads, then wait for all their ends. */
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
    setvbuf(stdout, NULL, _IOLBF, 0);

    open_accounts(balance);
    work(tellers, n);

    for (int i = 0; i < n; i++)
        failed |= tellers[i].failed;
    for (int i = 0; i < count; i++)
        check(printf("account %d: %lld\n", i + 1, accounts[i].balance));
    check(printf("total: %lld\n", total()));
    check(printf("done: %lld, refused: %lld\n", day.done, day.refused));
    return failed ? 1 : 0;
}
