/*
 * passes.c: the messages of a pass. Of each function the loop is what is
 * measured: nothing is in it that needn't be.
 */
#include <err.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "run.h"

uint64_t sent, received;

int64_t now_ns(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) == -1)
        err(1, "clock_gettime");
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Whether all bytes are the same. Small ones of whole words, which are
 * cheaper to compare than memcmp() is to call, here: at most 128. */
static inline bool same(const unsigned char *a, const unsigned char *b,
                        size_t size)
{
    typedef uint64_t pair __attribute__((vector_size(16), aligned(1)));
    pair different = {0, 0};

    if (size % sizeof(pair) != 0 || size > 128)
        return memcmp(a, b, size) == 0;
    for (size_t i = 0; i < size; i += sizeof(pair))
        different |= *(const pair *)(a + i) ^ *(const pair *)(b + i);
    return (different[0] | different[1]) == 0;
}

/* Checks every byte of a message. A lossy channel may have left some
 * out: then it is one of the next. */
static inline void check(struct channel *c, const void *message)
{
    if (!same(message, pattern(received), c->size)) {
        uint64_t skip = 0;

        do {
            if (!c->mechanism->lossy || ++skip == PATTERNS)
                errx(1, "%s: message %llu of %zu bytes isn't what was sent",
                     c->mechanism->name, (unsigned long long)received, c->size);
        } while (!same(message, pattern(received + skip), c->size));
        received += skip;
    }
    received++;
}

/* Sends each message back. Of a lossy channel a message may never come:
 * then it is over when the asker has said so. */
uint64_t echo(struct channel *c, uint64_t count, _Atomic bool *all_sent)
{
    const struct mechanism *m = c->mechanism;
    uint64_t came = 0;

    while (came < count) {
        const void *message = m->receive(c);

        if (message == NULL && atomic_load(all_sent))
            break;
        if (message == NULL)
            continue;
        check(c, message);
        m->send(c, pattern(received - 1));
        came++;
    }
    return came;
}

uint64_t take(struct channel *c, uint64_t count, _Atomic bool *all_sent,
              int64_t *end)
{
    const struct mechanism *m = c->mechanism;
    uint64_t came = 0;

    while (came < count) {
        const void *message = m->receive(c);

        if (message == NULL && atomic_load(all_sent))
            return came;
        if (message == NULL)
            continue;
        check(c, message);
        came++;
        /* Nobody knows which one is the last. */
        if (m->lossy)
            *end = now_ns();
    }
    *end = now_ns();
    return came;
}

/* Round trips: all of them with one look at the clock, before and after;
 * or each by itself, if there is a histogram. */
uint64_t round_trips(struct channel *c, uint64_t count, struct histogram *times)
{
    const struct mechanism *m = c->mechanism;
    int64_t before = times ? now_ns() : 0;
    uint64_t lost = 0;

    for (uint64_t i = 0; i < count; i++) {
        const void *message;

        m->send(c, pattern(sent++));
        message = m->receive(c);
        if (message == NULL) {
            lost++;
            continue;
        }
        check(c, message);
        if (times != NULL) {
            int64_t after = now_ns();

            histogram_add(times, (uint64_t)(after - before));
            before = after;
        }
    }
    return lost;
}

/* Waits until it is time to send: asleep, or not, as the channel. */
static void wait_until(int64_t when, enum mode mode)
{
    struct timespec t = {when / 1000000000, when % 1000000000};

    if (mode == BLOCKING)
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
               EINTR)
            ;
    while (now_ns() < when)
        ;
}

/*
 * One round trip each 1/rate of a second. If one takes longer, the next
 * start late: whoever asks had to wait for that, too. So the time
 * begins when it should have been sent. Beside it, as others have it:
 * from when it really was.
 */
uint64_t at_rate(struct channel *c, uint64_t count, double rate,
                 struct result *r)
{
    const struct mechanism *m = c->mechanism;
    uint64_t lost = 0;
    int64_t start;

    /* Else the kernel may wake us 50 us late, to do more at once. */
    if (prctl(PR_SET_TIMERSLACK, 1) == -1)
        err(1, "prctl");
    start = now_ns();
    for (uint64_t i = 0; i < count; i++) {
        int64_t intended = start + (int64_t)((double)i * 1e9 / rate);
        int64_t actual, end;
        const void *message;

        actual = now_ns();
        if (actual < intended) {
            wait_until(intended, m->mode);
            actual = now_ns();
        }
        m->send(c, pattern(sent++));
        message = m->receive(c);
        if (message == NULL) {
            lost++;
            continue;
        }
        check(c, message);
        end = now_ns();
        histogram_add(&r->times, (uint64_t)(end - intended));
        histogram_add(&r->actual, (uint64_t)(end - actual));
    }
    return lost;
}

void stream(struct channel *c, uint64_t count)
{
    const struct mechanism *m = c->mechanism;

    while (count-- > 0)
        m->send(c, pattern(sent++));
    if (m->flush != NULL)
        m->flush(c);
}
