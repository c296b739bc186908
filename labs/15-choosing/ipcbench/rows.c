/* rows.c: what the output formats have in common: words and figures of a
 * row. */
#include <string.h>

#include "run.h"

const char *const what_names[] = {"latency", "throughput", "cost"};
const char *const cpus_names[] = {"one", "two", "free"};

const char *row_name(const struct row *r)
{
    return r->mechanism != NULL ? r->mechanism->name : r->operation->name;
}

const char *row_unit(const struct row *r)
{
    return r->what == THROUGHPUT ? "MB/s" : "ns";
}

const char *row_mode(const struct row *r)
{
    if (r->mechanism != NULL && r->mechanism->mode == SPINNING)
        return "spinning";
    return "blocking";
}

/* A percentile that too few samples stand for isn't one: at least one
 * of them has to be beyond it. */
uint64_t row_percentile(const struct row *r, double part)
{
    const struct histogram *h = &r->sum.times;

    if ((double)h->count * (1 - part) < 1)
        return 0;
    return histogram_percentile(h, part);
}

static void add(char *note, size_t size, const char *words)
{
    size_t used = strlen(note);

    snprintf(note + used, size - used, "%s%s", used > 0 ? "; " : "", words);
}

const char *row_note(const struct row *r)
{
    static char note[256];
    char words[160];

    note[0] = '\0';
    if (r->why_not[0] != '\0') {
        snprintf(words, sizeof words, "n/a: %s", r->why_not);
        add(note, sizeof note, words);
        return note;
    }
    if (r->noisy)
        add(note, sizeof note, "noisy");
    if (r->varies)
        add(note, sizeof note, "varies");
    if (r->spinner)
        add(note, sizeof note, "spinner");
    if (r->rate > 0) {
        snprintf(words, sizeof words, "%.0f/s from the %s start", r->rate,
                 r->actual ? "actual" : "intended");
        add(note, sizeof note, words);
    }
    if (r->sum.lost > 0) {
        snprintf(words, sizeof words, "lost %.1f %%",
                 100.0 * (double)r->sum.lost / (double)r->sum.messages);
        add(note, sizeof note, words);
    }
    return note;
}
