/*
 * sides.c: what the two processes of a measurement do. The asker leads:
 * it orders so many messages from the answerer, by a pipe beside the
 * channel, waits until the answerer is there, and sends. At the end the
 * answerer reports what has really come.
 */
#include <err.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "run.h"

/* What both processes have used so far. */
struct usage {
    int64_t cpu_ns, switches;
};

struct report {
    uint64_t came, short_reads, full;
    int64_t end; /* when the last one had come and was checked */
    struct usage used;
};

static struct usage usage_now(void)
{
    struct rusage r;
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == -1)
        err(1, "clock_gettime");
    if (getrusage(RUSAGE_SELF, &r) == -1)
        err(1, "getrusage");
    return (struct usage){(int64_t)t.tv_sec * 1000000000 + t.tv_nsec,
                          r.ru_nvcsw + r.ru_nivcsw};
}

static struct usage since(struct usage before)
{
    struct usage u = usage_now();

    u.cpu_ns -= before.cpu_ns;
    u.switches -= before.switches;
    return u;
}

static void put(int fd, const void *data, size_t len)
{
    if (write_full(fd, data, len) == -1)
        err(1, "write to the other side");
}

/* Returns false if the other side is gone. */
static bool get(int fd, void *data, size_t len)
{
    ssize_t n = read_full(fd, data, len);

    if (n == -1)
        err(1, "read from the other side");
    return n == (ssize_t)len;
}

void answer(struct channel *c, const struct side_links *links)
{
    struct report report = {0};
    struct usage before;
    uint64_t order[2]; /* how many, the first one's number */

    while (get(links->orders, order, sizeof order)) {
        received = order[1];
        put(links->reports, "r", 1);
        before = usage_now();
        report.end = now_ns();
        if (c->what == LATENCY)
            report.came = echo(c, order[0], &links->shared->all_sent);
        else
            report.came =
                take(c, order[0], &links->shared->all_sent, &report.end);
        report.used = since(before);
        report.short_reads = c->short_reads;
        report.full = c->full;
        put(links->reports, &report, sizeof report);
    }
}

/* How a pass is to be done. */
enum how { UNCLOCKED, CLOCKED, RATE };

/* A pass of `count` messages. Returns how many ns it took; of what came,
 * of both sides' use and of the rest the result is told. */
static double pass(struct channel *c, const struct side_links *links,
                   uint64_t count, enum how how, double rate, struct result *r)
{
    uint64_t order[2] = {count, sent}, lost = 0;
    struct usage before, used;
    struct report report;
    int64_t start, end;
    char ready;

    received = sent;
    atomic_store(&links->shared->all_sent, false);
    put(links->orders, order, sizeof order);
    if (!get(links->reports, &ready, 1))
        errx(1, "%s: the other side is gone", c->mechanism->name);
    before = usage_now();
    start = now_ns();
    if (c->what == THROUGHPUT)
        stream(c, count);
    else if (how == RATE)
        lost = at_rate(c, count, rate, r);
    else
        lost = round_trips(c, count, how == CLOCKED ? &r->times : NULL);
    end = now_ns();
    used = since(before);
    atomic_store(&links->shared->all_sent, true);
    if (!get(links->reports, &report, sizeof report))
        errx(1, "%s: the other side is gone", c->mechanism->name);
    if (c->what == THROUGHPUT) {
        end = report.end;
        lost = count - report.came;
    } else if (report.came + lost < count) {
        errx(1, "%s: %llu messages are missing", c->mechanism->name,
             (unsigned long long)(count - report.came - lost));
    }
    r->messages += count;
    r->lost += lost;
    r->short_reads = c->short_reads + report.short_reads;
    r->full = c->full + report.full;
    if (how != CLOCKED) { /* a clock call is no part of the message */
        r->cpu_us =
            (double)(used.cpu_ns + report.used.cpu_ns) / 1e3 / (double)count;
        r->switches =
            (double)(used.switches + report.used.switches) / (double)count;
    }
    if (c->what == THROUGHPUT)
        r->value = (double)report.came * (double)c->size * 1e3 /
                   (double)(end > start ? end - start : 1);
    else
        r->value = (double)(end - start) / (double)count;
    return (double)(end - start);
}

/* Passes that get longer, until one is long enough to tell how many
 * messages take `ns`. That also warms up caches and memory. */
static uint64_t warm_up(struct channel *c, const struct side_links *links,
                        double ns, struct result *r)
{
    uint64_t count = 1;
    double took;

    for (;;) {
        took = pass(c, links, count, UNCLOCKED, 0, r);
        if (took >= ns / 8 || count >= 1 << 28)
            break;
        count *= took < ns / 128 ? 8 : 2;
    }
    count = (uint64_t)((double)count * ns / (took > 1 ? took : 1));
    return count > 0 ? count : 1;
}

void ask(struct channel *c, const struct side_links *links,
         const struct options *o, double seconds)
{
    struct result *r = &links->shared->result;
    double ns = seconds * 1e9, value;
    uint64_t count = o->count;

    if (c->what == LATENCY && o->rate > 0) {
        if (count == 0)
            count = (uint64_t)(o->rate * seconds) + 1;
        pass(c, links, count < 100 ? count : 100, UNCLOCKED, 0, r);
        pass(c, links, count, RATE, o->rate, r);
        r->value = (double)histogram_percentile(&r->times, 0.5);
        return;
    }
    /* A latency's time is for two passes. */
    if (c->what == LATENCY)
        ns /= 2;
    if (count == 0)
        count = warm_up(c, links, ns, r);
    pass(c, links, count, UNCLOCKED, 0, r);
    if (c->what == LATENCY) {
        value = r->value;
        pass(c, links, count, CLOCKED, 0, r);
        r->value = value;
    }
}
