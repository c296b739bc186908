/*
 * ex2_ring: lines go through a ring of bytes that two processes share.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_ring [-c CAPACITY]
 *
 * Try:   printf '%s\n' one '' three | ex2_ring -c 12
 *        Run it with a terminal as input: for what do both processes
 *        wait? See ps -eo pid,comm,wchan.
 *
 * See:   memfd_create(2), futex(2), mmap(2)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex2_ring [-c CAPACITY]\n"
    "  -c CAPACITY  size of the ring in bytes, 5 to 16777216 (4096)\n";

/* What is in the shared memory. Others rely on it: don't change it. Byte
 * number n of all that were ever put in is at data[n % capacity]. */
struct ring {
    _Atomic uint64_t put;   /* so many bytes were put in, ever */
    _Atomic uint64_t taken; /* so many were taken out, ever */
    _Atomic uint32_t news;  /* changes when there is news for the consumer */
    _Atomic uint32_t room;  /* changes when there is for the producer */
    _Atomic uint32_t ended; /* 1: no more will be put in */
    uint32_t capacity;
    unsigned char data[];
};

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 }; /* as in <linux/futex.h> */
enum { HEADER = 4 }; /* a message's length, a uint32_t, before its bytes */

static struct ring *ring;
static pid_t parent, producer, consumer; /* 0: it isn't there */
static sigset_t watched, usual_mask;

static void make_ring(uint32_t capacity)
{
    /* TODO 1: without a name, shared with children; stays open. */
    errx(1, "no ring of %ju yet", (uintmax_t)capacity);
}

/* Sleeps until another process changes the word; not if it isn't what we
 * have seen. May also return for no reason. */
static void wait_for_change(_Atomic uint32_t *word, uint32_t seen)
{
    /* TODO 2: the kernel compares and sleeps in one. */
    errx(1, "no sleep yet: %p, %u", (void *)word, seen);
}

/* Changes the word, and wakes who sleeps on it. */
static void change(_Atomic uint32_t *word)
{
    /* TODO 2: first the one, then the other. */
    (void)word;
}

/* Copies len bytes to place n and those after it. */
static void copy_in(uint64_t n, const void *from, size_t len)
{
    /* TODO 3: what doesn't fit before the end goes to the start. */
    (void)n, (void)from, (void)len;
}

/* Copies len bytes out, from place n on. */
static void copy_out(uint64_t n, void *to, size_t len)
{
    /* TODO 3: the same the other way. */
    memset(to, (int)(n & 0), len);
}

/* The producer: puts a message in as soon as there is room for it. */
static void put(const char *text, uint32_t len)
{
    /* TODO 3: look at room before you look whether there is room;
     * after each sleep look again. The bytes first, then the new put. */
    (void)text, (void)len, (void)copy_in, (void)change;
}

/* The consumer: takes a message out. False if there will be no more. */
static bool take(char *text, uint32_t *len)
{
    /* TODO 3: the same from the other side. Look at ended before
     * you look at put: the last message may come between the two. */
    (void)text, (void)len, (void)copy_out;
    (void)wait_for_change;
    return false;
}

static _Noreturn void produce(void)
{
    uint32_t most = ring->capacity - HEADER;
    char *line = NULL;
    int number = 1, status = 0;
    size_t size = 0, len;
    ssize_t n;

    for (; (n = getline(&line, &size, stdin)) != -1; number++) {
        len = (size_t)n - (line[n - 1] == '\n');
        if (len <= most) {
            put(line, (uint32_t)len);
        } else {
            warnx("line %d: longer than %ju bytes", number, (uintmax_t)most);
            status = 1;
        }
    }
    if (!feof(stdin))
        err(1, "standard input");
    free(line);
    exit(status);
}

static _Noreturn void consume(void)
{
    char *text = malloc(ring->capacity);
    uint32_t len;

    if (text == NULL)
        err(1, "malloc");
    while (take(text, &len)) {
        text[len] = '\n';
        if (write_full(STDOUT_FILENO, text, len + 1) == -1)
            err(1, "standard output");
    }
    free(text);
    exit(0);
}

/* Starts a child of that name; it dies with us. */
static pid_t start(const char *name, void (*run)(void))
{
    pid_t pid = fork();

    if (pid == -1)
        err(1, "fork");
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &usual_mask, NULL);
        prctl(PR_SET_NAME, name);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
            run();
        exit(1);
    }
    return pid;
}

/* Waits for the end of a child; 0: there is none. Signals end us here. */
static pid_t next_end(int *status)
{
    pid_t pid;
    int sig;

    while ((pid = waitpid(-1, status, WNOHANG)) == 0) {
        if (sigwait(&watched, &sig) == 0 && sig != SIGCHLD) {
            sigprocmask(SIG_SETMASK, &usual_mask, NULL);
            raise(sig);
            exit(1);
        }
    }
    if (pid == -1 && errno != ECHILD)
        err(1, "waitpid");
    return pid > 0 ? pid : 0;
}

/* Waits for both. Returns whether all went well. */
static bool wait_for_both(void)
{
    bool good = true;
    int status;
    pid_t pid;

    while ((pid = next_end(&status)) != 0) {
        good &= status == 0;
        /* TODO 4: who is dead can't tell the other: you do. Report
         * who was killed, but not whom you have killed yourself. */
        return false;
    }
    return good;
}

int main(int argc, char *argv[])
{
    long long capacity = 4096;
    int opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hc:")) != -1) {
        if (opt == 'c')
            capacity = parse_number("-c", optarg, 5, 1 << 24);
        else
            usage(opt, usage_text);
    }
    if (optind != argc)
        usage('?', usage_text);

    sigemptyset(&watched);
    for (int i = 0; i < 3; i++)
        sigaddset(&watched, (int[]){SIGCHLD, SIGINT, SIGTERM}[i]);
    sigprocmask(SIG_BLOCK, &watched, &usual_mask);
    parent = getpid();
    make_ring((uint32_t)capacity);
    producer = start("producer", produce);
    consumer = start("consumer", consume);
    return wait_for_both() ? 0 : 1;
}
