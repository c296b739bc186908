/*
 * bench.h: what a mechanism has to offer, so that ipcbench can measure
 * it: a few functions. Each mechanism is a file of its own, and has a
 * line in mechanisms.c.
 *
 * Of a message only its size and its number matter: its bytes are
 * pattern(number), the same in both processes, so the receiver can
 * check every one of them.
 *
 * For each measurement there are three processes. The first one opens
 * the channel and forks the other two; it only waits for them, and
 * removes what has a name, however they end. The asker sends, the
 * answerer receives: for a latency it sends each message back.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum what { LATENCY, THROUGHPUT, COST };
enum side { ASKER, ANSWERER };
enum mode { BLOCKING, SPINNING }; /* how it waits: asleep, or looking */

enum { LARGEST = 1 << 20 }; /* message */

/* One measurement's channel. Each process has its own copy of this. */
struct channel {
    const struct mechanism *mechanism;
    enum what what;
    size_t size; /* of each message, from 1 to LARGEST */
    bool nagle;  /* TCP may wait for more data to send: tcp(7) */

    /* Descriptors, if there are any: what open() puts here is closed
     * where it isn't wanted. -1: none. in and out may be the same. */
    struct ends {
        int in, out;
    } ends[2]; /* of each side */

    /* Shared memory, if any, from shared_memory(): it goes by itself. */
    void *memory;
    size_t memory_bytes;
    int id; /* anything else that open() has to tell: -1 at first */

    /* From here on only in the asker and in the answerer. */
    enum side side;
    int in, out;        /* ends[side] */
    pid_t partner;      /* the other one */
    void *state;        /* anything that a side keeps for itself */
    unsigned char *buf; /* room for a message; at a page */

    /* What isn't a failure, but has to be told. */
    uint64_t short_reads; /* a receive gave less than a message */
    uint64_t full;        /* a limit was met, and we tried again */

    /* limit() says here which limit it is. */
    char why[128];
};

/*
 * A function that fails ends its process: err(1, "name: call"). Only
 * open() may say -1 with ENOSYS, EPERM, EACCES, EAFNOSUPPORT or the
 * like: then there is no such mechanism here, "n/a", and all goes on.
 */
struct mechanism {
    const char *name;  /* for -m and for the output */
    const char *calls; /* the calls that move a message, for -l */
    enum mode mode;
    bool lossy; /* messages may vanish, the others keep their order */

    /* The largest message that it can carry; c->why says which limit
     * forbids more. 0: it can't do what c->what asks for at all.
     * NULL: there is no limit. */
    size_t (*limit)(struct channel *c);

    /* Makes all that both sides need, before they are forked. What has
     * a name loses it here, if that is possible. Signals are blocked.
     * Returns 0, or -1 with errno. */
    int (*open)(struct channel *c);

    /* In each side, before the first message. May be NULL. */
    void (*begin)(struct channel *c);

    /* Sends a message of c->size bytes, or puts it with those that go
     * together. The message stays as it is for ever. */
    void (*send)(struct channel *c, const void *message);

    /* Waits for the next message of c->size bytes, and returns where it
     * is: c->buf, or in shared memory until the next receive(). NULL:
     * nothing came for a while; only if lossy. */
    const void *(*receive)(struct channel *c);

    /* Sends what send() has put together. May be NULL. */
    void (*flush)(struct channel *c);

    /* In the first process, when the others have gone: removes what
     * stays otherwise, a System V queue, say. May be NULL. */
    void (*close)(struct channel *c);
};

/* All of them, until NULL. A program that has one more, as ex1 does,
 * defines added_mechanism; it comes last. */
extern const struct mechanism *const mechanisms[];
extern const struct mechanism added_mechanism __attribute__((weak));

/*
 * Of each message the bytes: part of one long row of random bytes, which
 * begins at another word for each. So a message needn't be made, only
 * sent, and who receives it compares it with the same part of the same
 * row. So many are all different; then it begins again.
 */
enum { PATTERNS = 1024 };
extern unsigned char pattern_row[LARGEST + PATTERNS * 8];
static inline const unsigned char *pattern(uint64_t number)
{
    return pattern_row + number % PATTERNS * 8;
}

/* Memory that both sides share, zeroed, at a page; in c->memory, too.
 * Once a channel. Ends the process if there is none. */
void *shared_memory(struct channel *c, size_t bytes);

/* For descriptors: all bytes of a message, however many calls it takes;
 * counts short reads. The end of file is an error. */
void send_bytes(struct channel *c, const void *message);
const void *receive_bytes(struct channel *c);

/* The same, a whole message with each send(2) and recv(2). */
void send_datagram(struct channel *c, const void *message);
const void *receive_datagram(struct channel *c);

/* A number from a file in /proc/sys, or -1. Sets c->why to "FILE is N". */
long limit_from(struct channel *c, const char *file);

/* The path of a name in a folder of our own in $TMPDIR; free() it. When
 * both sides have open what it names, open() removes the folder. */
char *in_folder(const char *name);
void remove_folder(void);

/* Another thing to measure: what an operation costs by itself. */
struct operation {
    const char *name; /* "fork_64MiB" */
    const char *what; /* "fork, exit, wait of a parent of 64 MiB" */
    /* Does it so often, after what has to be done before, and returns
     * how many ns that took: without what had to be done before. In a
     * process of its own; `cpus` are those to use, the same one twice
     * if it shall be one. */
    double (*run)(uint64_t count, const int cpus[2]);
    bool two; /* also measured on two CPUs */
};
extern const struct operation operations[]; /* until name is NULL */

/* The time that only goes forward, in whole ns. */
int64_t now_ns(void);

#endif
