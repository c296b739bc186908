/* csv.c: for other programs: a line each, numbers without units. */
#include "run.h"

static void number(FILE *out, uint64_t n)
{
    if (n > 0)
        fprintf(out, "%llu", (unsigned long long)n);
    fputc(',', out);
}

static void percentiles(FILE *out, const struct row *r)
{
    static const double parts[] = {0.5, 0.9, 0.99, 0.999};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        number(out, row_percentile(r, parts[i]));
    number(out, r->sum.times.max);
}

/* Only the note is free text: quotes, as RFC 4180 has them. */
static void note(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputs("\"\n", out);
}

void print_csv(FILE *out, const struct table *t)
{
    fputs("what,mechanism,size,cpus,mode,unit,median,least,greatest,p50,"
          "p90,p99,p999,max,cpu_us,switches,rounds,note\n",
          out);
    for (int i = 0; i < t->count; i++) {
        const struct row *r = &t->rows[i];

        fprintf(out, "%s,%s,%zu,%s,%s,%s,", what_names[r->what], row_name(r),
                r->size, cpus_names[r->cpus], row_mode(r), row_unit(r));
        if (r->rounds > 0) {
            fprintf(out, "%.2f,%.2f,%.2f,", r->median, r->least, r->greatest);
            percentiles(out, r);
            fprintf(out, "%.3f,%.3f,%d,", middle(r->cpu_us, r->rounds),
                    middle(r->switches, r->rounds), r->rounds);
        } else {
            fputs(",,,,,,,,,,0,", out);
        }
        note(out, row_note(r));
    }
}
