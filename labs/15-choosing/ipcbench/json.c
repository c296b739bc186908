/* json.c: all that is known, for other programs. */
#include "run.h"

static void string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fputc('\\', out);
        if (c >= ' ' && c < 0x7f)
            fputc(c, out);
        else
            fputc('?', out);
    }
    fputc('"', out);
}

static void field(FILE *out, const char *name, const char *text)
{
    fprintf(out, "\"%s\": ", name);
    string(out, text);
    fputs(", ", out);
}

/* null where there is none: 0 would be a figure. */
static void number(FILE *out, const char *name, uint64_t n)
{
    fprintf(out, "\"%s\": ", name);
    if (n > 0)
        fprintf(out, "%llu, ", (unsigned long long)n);
    else
        fputs("null, ", out);
}

static void real(FILE *out, const char *name, bool known, double x, int digits)
{
    fprintf(out, "\"%s\": ", name);
    if (known)
        fprintf(out, "%.*f, ", digits, x);
    else
        fputs("null, ", out);
}

static void count(FILE *out, const char *name, uint64_t n)
{
    fprintf(out, "\"%s\": %llu, ", name, (unsigned long long)n);
}

static void print_row(FILE *out, const struct row *r)
{
    bool known = r->rounds > 0;

    fputs("  {", out);
    field(out, "what", what_names[r->what]);
    field(out, "mechanism", row_name(r));
    count(out, "size", r->size);
    field(out, "cpus", cpus_names[r->cpus]);
    field(out, "mode", row_mode(r));
    field(out, "unit", row_unit(r));
    real(out, "median", known, r->median, 2);
    real(out, "least", known, r->least, 2);
    real(out, "greatest", known, r->greatest, 2);
    number(out, "p50", row_percentile(r, 0.5));
    number(out, "p90", row_percentile(r, 0.9));
    number(out, "p99", row_percentile(r, 0.99));
    number(out, "p999", row_percentile(r, 0.999));
    number(out, "max", r->sum.times.max);
    real(out, "cpu_us", known, middle(r->cpu_us, r->rounds), 3);
    real(out, "switches", known, middle(r->switches, r->rounds), 3);
    count(out, "rounds", (uint64_t)r->rounds);
    count(out, "messages", r->sum.messages);
    count(out, "short_reads", r->sum.short_reads);
    count(out, "full", r->sum.full);
    count(out, "lost", r->sum.lost);
    fputs("\"values\": [", out);
    for (int i = 0; i < r->rounds; i++)
        fprintf(out, "%s%.2f", i > 0 ? ", " : "", r->values[i]);
    fputs("], \"note\": ", out);
    string(out, row_note(r));
    fputs("}", out);
}

void print_json(FILE *out, const struct table *t, const struct options *o)
{
    fputs("{\"machine\": {", out);
    for (const struct fact *f = facts; f->name != NULL; f++) {
        fprintf(out, "%s\n  \"%s\": ", f == facts ? "" : ",", f->name);
        string(out, f->value);
    }
    fprintf(out,
            "},\n \"clock_ns\": %.2f,\n \"noise\": {\"steal\": %.2f, "
            "\"others\": %.1f, \"too_much\": %s},\n"
            " \"spinner\": %s, \"nagle\": %s, \"rate\": %.0f,\n"
            " \"rows\": [\n",
            t->clock_cost, t->noise.steal, t->noise.others,
            t->noise.too_much ? "true" : "false", o->spinner ? "true" : "false",
            o->nagle ? "true" : "false", o->rate);
    for (int i = 0; i < t->count; i++) {
        if (i > 0)
            fputs(",\n", out);
        print_row(out, &t->rows[i]);
    }
    fputs("\n]}\n", out);
}
