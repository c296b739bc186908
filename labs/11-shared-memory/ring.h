/*
 * ring.h: a ring of messages in shared memory, all of one size, from
 * one producer to one consumer: two processes, or two threads.
 *
 * The memory is a row of slots. Each slot belongs to one side at a
 * time, and only that side touches it. At first all belong to the
 * producer. It fills one and passes it on; the consumer reads it and
 * passes it back. Each side counts how many slots it has ever passed;
 * the consumer begins with all of them. Message N is in slot N %
 * capacity, and what the other one has passed tells what is mine.
 *
 * So both sides are the same code, and neither ever waits for a lock:
 *
 *     int n = ring_wait(&end, 16);         how many slots are mine?
 *     for (int i = 0; i < n; i++)
 *         use(ring_slot(&end, i));         fill it, or read it
 *     ring_pass(&end, n);                  now they are the other's
 *
 * Counts are 32 bits wide and overflow to 0; differences stay right, as
 * the capacity is a power of two and less than half of 2^32.
 *
 * After Lamport 1977 (one reader, one writer, no lock); FastForward,
 * Giacomoni et al. 2008; MCRingBuffer, Lee et al. 2010 (a copy of the
 * other's count, batches); futex(2), futex(7). Checked by ring.pml.
 */
#ifndef RING_H
#define RING_H

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum ring_role { RING_PRODUCER, RING_CONSUMER };

/* What one side writes is so far from what the other one writes: a cache
 * line is 64 bytes, but processors like to fetch two at once. */
enum { RING_LINE = 128 };

/* A number of looks: for ever, it never sleeps. */
#define RING_NEVER_SLEEP UINT32_MAX

/* What one side tells the other one. */
struct ring_side {
    _Alignas(RING_LINE) _Atomic uint32_t passed; /* slots ever */
    _Alignas(RING_LINE) _Atomic uint32_t asleep; /* 1: wake me; futex */
    _Atomic uint32_t closed;                     /* 1: is gone */
};

/* Lies in the shared memory, the slots after it. No pointers: each
 * process may have it at another address. */
struct ring {
    uint32_t capacity, size, stride, looks; /* never change */
    struct ring_side sides[2];
};

/* One side's own view, in its own memory: only one thread may use it.
 * The slots from next to limit - 1 are known to be its own. */
struct ring_end {
    struct ring_side *mine, *theirs;
    unsigned char *slots;
    uint32_t mask, stride, looks;
    uint32_t next, limit, passed;
};

/*
 * How many bytes a ring takes: capacity messages of size bytes each.
 * Returns 0 with EINVAL if capacity isn't a power of two up to 2^30, or
 * size isn't 1 to 2^30, or it would be too much for a size_t.
 */
static inline size_t ring_bytes(uint32_t capacity, uint32_t size)
{
    size_t stride = ((size_t)size + 7) / 8 * 8, bytes;

    if (capacity == 0 || (capacity & (capacity - 1)) != 0 ||
        capacity > 1u << 30 || size == 0 || size > 1u << 30 ||
        __builtin_mul_overflow(capacity, stride, &bytes) ||
        __builtin_add_overflow(bytes, sizeof(struct ring), &bytes)) {
        errno = EINVAL;
        return 0;
    }
    return bytes;
}

/*
 * Makes a ring in memory of ring_bytes() bytes, at a multiple of
 * RING_LINE, as mmap(2) returns it. Once, before anybody attaches; how
 * the others learn of it (fork, say) must order this before that.
 * looks: how often a side looks for a slot before it sleeps: 0, sleep
 * at once; RING_NEVER_SLEEP, never: both sides want a CPU of their own
 * then.
 */
static inline void ring_init(struct ring *ring, uint32_t capacity,
                             uint32_t size, uint32_t looks)
{
    ring->capacity = capacity;
    ring->size = size;
    ring->stride = (size + 7) / 8 * 8;
    ring->looks = looks;
    for (int i = 0; i < 2; i++) {
        atomic_init(&ring->sides[i].asleep, 0);
        atomic_init(&ring->sides[i].closed, 0);
    }
    /* As if the consumer had read and passed them all. */
    atomic_init(&ring->sides[RING_PRODUCER].passed, 0);
    atomic_init(&ring->sides[RING_CONSUMER].passed, capacity);
}

/* Acquire, the other half of ring_pass()'s release: who sees the new
 * count also sees all that was done to those slots before. Relaxed, we
 * might read a slot before we know that it is ours. */
static inline uint32_t ring_load(_Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

/* Returns one side's view of the ring. The memory must stay mapped
 * while it is used. One producer and one consumer at a time. */
static inline struct ring_end ring_attach(struct ring *ring,
                                          enum ring_role role)
{
    struct ring_end end = {
        .mine = &ring->sides[role],
        .theirs = &ring->sides[!role],
        .slots = (unsigned char *)(ring + 1),
        .mask = ring->capacity - 1,
        .stride = ring->stride,
        .looks = ring->looks,
    };

    end.passed = ring_load(&end.mine->passed);
    end.next = end.passed;
    if (role == RING_CONSUMER)
        end.next -= ring->capacity;
    end.limit = end.next;
    return end;
}

/* As <linux/futex.h> has them, which not every libc comes with. Without
 * FUTEX_PRIVATE_FLAG: the other one may be another process. */
enum { RING_FUTEX_WAIT = 0, RING_FUTEX_WAKE = 1 };

static inline long ring_futex(_Atomic uint32_t *word, int op, int n)
{
    return syscall(SYS_futex, word, op, n, NULL, NULL, 0);
}

/* Whether there is something to do: slots, or the other side's end.
 * Reads `closed` first: what was passed before the close is seen then,
 * too. */
static inline bool ring_look(struct ring_end *end)
{
    bool closed = ring_load(&end->theirs->closed) != 0;

    end->limit = ring_load(&end->theirs->passed);
    return end->limit != end->next || closed;
}

/*
 * Sleeps until there is something to do. Returns 0, or -1 from futex().
 *
 * I say that I sleep, then look once more. The other one passes, then
 * looks whether I sleep. All four are seq_cst, so they have one order
 * for all: whichever store is second, the load after it sees the first.
 * With less, both stores may wait in store buffers while both loads
 * read the old: I sleep, and nobody wakes me.
 *
 * If the flag is cleared between my look and my call, the kernel finds
 * 0 where I said 1, and doesn't let me sleep: EAGAIN.
 */
static inline int ring_sleep(struct ring_end *end)
{
    for (;;) {
        atomic_store(&end->mine->asleep, 1);
        bool closed = atomic_load(&end->theirs->closed) != 0;
        end->limit = atomic_load(&end->theirs->passed);
        if (end->limit != end->next || closed)
            break;
        /* A wake-up, EAGAIN or a signal: whichever, look again. */
        if (ring_futex(&end->mine->asleep, RING_FUTEX_WAIT, 1) == -1 &&
            errno != EAGAIN && errno != EINTR)
            return -1;
    }
    /* Relaxed: if it comes late, somebody wakes me for nothing. */
    atomic_store_explicit(&end->mine->asleep, 0, memory_order_relaxed);
    return 0;
}

/* Tells the processor that this is only a wait. */
static inline void ring_relax(void)
{
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

/* ring_wait() when none of the slots it knows of is left. */
static inline int ring_wait_for_more(struct ring_end *end)
{
    for (uint32_t look = 1; !ring_look(end); look++) {
        if (end->looks != RING_NEVER_SLEEP && look > end->looks) {
            if (ring_sleep(end) == -1)
                return -1;
            break;
        }
        /* The other one may be waiting for this very CPU. */
        if (look % 4096 == 0)
            sched_yield();
        else
            ring_relax();
    }
    if (end->limit - end->next > end->mask + 1) {
        end->limit = end->next;
        errno = EPROTO;
        return -1;
    }
    return end->limit != end->next;
}

/*
 * Waits until at least one slot is this side's: a free one for the
 * producer, a filled one for the consumer. Returns how many are, at
 * most `most` (1 or more); until they are passed, the same ones are
 * returned again. 0: there are none, and the other side has closed, so
 * there never will be: the end for a consumer, what a pipe calls EPIPE
 * for a producer, who is told only when it has filled all slots. -1
 * with errno: EPROTO if the other side's count makes no sense, so that
 * it can't be trusted; or from futex(2). A signal doesn't end the wait.
 */
static inline int ring_wait(struct ring_end *end, int most)
{
    uint32_t n = end->limit - end->next;

    if (n == 0) {
        int result = ring_wait_for_more(end);

        if (result <= 0)
            return result;
        n = end->limit - end->next;
    }
    return n < (uint32_t)most ? (int)n : most;
}

/* The i-th of this side's slots, from 0, of those that ring_wait() told
 * of: size bytes, at a multiple of 8; of 16, 32 or 64, if size is one.
 * Not to be touched any more when it was passed. */
static inline void *ring_slot(const struct ring_end *end, int i)
{
    uint32_t place = (end->next + (uint32_t)i) & end->mask;

    return end->slots + (size_t)place * end->stride;
}

/*
 * Passes the first n of this side's slots to the other side, and wakes
 * it if it sleeps. n is at most what ring_wait() has returned. The more
 * at once the better: each pass takes a cache line from the other CPU.
 *
 * Release: what I did to the slots stays before the count, for
 * everybody. A relaxed store could be seen before the message is. If
 * sides sleep, seq_cst, which is release and more: see ring_sleep().
 */
static inline void ring_pass(struct ring_end *end, int n)
{
    end->next += (uint32_t)n;
    end->passed += (uint32_t)n;
    if (end->looks == RING_NEVER_SLEEP) {
        atomic_store_explicit(&end->mine->passed, end->passed,
                              memory_order_release);
        return;
    }
    atomic_store(&end->mine->passed, end->passed);
    /* Exchange: one wake-up for a sleep, not for each pass in it. */
    if (atomic_load(&end->theirs->asleep) != 0 &&
        atomic_exchange(&end->theirs->asleep, 0) != 0)
        ring_futex(&end->theirs->asleep, RING_FUTEX_WAKE, 1);
}

/*
 * Says that this side passes no more: called by it at its end, and,
 * since a process that is killed can't, also by whoever waits for it.
 * What was passed before can still be taken.
 *
 * Wakes the other side even if it doesn't say that it sleeps: who was
 * killed may have cleared that just before, and not woken it.
 */
static inline void ring_close(struct ring *ring, enum ring_role role)
{
    struct ring_side *other = &ring->sides[!role];

    atomic_store(&ring->sides[role].closed, 1);
    atomic_store(&other->asleep, 0);
    ring_futex(&other->asleep, RING_FUTEX_WAKE, 1);
}

#endif
