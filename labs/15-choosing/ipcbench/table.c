/* table.c: for the eye. */
#include <string.h>

#include "run.h"

/* A time in the unit in which it is short. */
static void print_time(FILE *out, int width, double ns)
{
    static const struct {
        double least;
        const char *unit;
    } units[] = {{1e9, "s "}, {1e6, "ms"}, {1e3, "us"}, {0, "ns"}};
    int i = 0;

    while (ns < units[i].least)
        i++;
    if (units[i].least > 0)
        ns /= units[i].least;
    fprintf(out, "%*.*f %s", width - 3, ns < 100 ? 2 : 1, ns, units[i].unit);
}

static void print_value(FILE *out, const struct row *r, double value)
{
    if (r->what == THROUGHPUT)
        fprintf(out, " %10.1f", value);
    else
        print_time(out, 11, value);
}

static void print_row(FILE *out, const struct row *r)
{
    fprintf(out, "%-16s %7zu %-4s", row_name(r), r->size, cpus_names[r->cpus]);
    if (r->rounds == 0) {
        fprintf(out, "  %s\n", row_note(r));
        return;
    }
    print_value(out, r, r->median);
    print_value(out, r, r->least);
    print_value(out, r, r->greatest);
    if (r->what == LATENCY) {
        uint64_t p99 = row_percentile(r, 0.99);

        print_time(out, 11, (double)row_percentile(r, 0.5));
        if (p99 > 0)
            print_time(out, 11, (double)p99);
        else
            fprintf(out, " %10s", "-");
    }
    if (r->what != COST)
        fprintf(out, " %8.2f %6.2f", middle(r->cpu_us, r->rounds),
                middle(r->switches, r->rounds));
    if (r->mechanism != NULL && r->mechanism->mode == SPINNING)
        fputs("  spins", out);
    fprintf(out, "%s%s\n", row_note(r)[0] != '\0' ? "  " : "", row_note(r));
}

static void print_head(FILE *out, enum what what)
{
    static const char *const heads[] = {"latency: round trips",
                                        "throughput: one way, MB/s",
                                        "cost: of one operation"};

    fprintf(out, "\n%s\n%-16s %7s %-4s %10s %10s %10s", heads[what], "",
            "bytes", "CPUs", "median", "least", "greatest");
    if (what == LATENCY)
        fprintf(out, " %10s %10s", "p50", "p99");
    if (what != COST)
        fprintf(out, " %8s %6s", "CPU us", "switch");
    fputc('\n', out);
}

static void print_facts(FILE *out, const struct table *t)
{
    for (const struct fact *f = facts; f->name != NULL; f++)
        fprintf(out, "%-12s %s\n", f->name, f->value);
    fprintf(out,
            "%-12s %.1f ns for reading it: part of p50 and p99, not "
            "of the median\n",
            "clock", t->clock_cost);
    fprintf(out,
            "%-12s %.1f %% of the time taken away by the host, "
            "others at %.0f %% of the looks\n",
            "noise", t->noise.steal, t->noise.others);
}

void print_table(FILE *out, const struct table *t)
{
    print_facts(out, t);
    for (int i = 0; i < t->count; i++) {
        if (i == 0 || t->rows[i].what != t->rows[i - 1].what)
            print_head(out, t->rows[i].what);
        else if (t->rows[i].size != t->rows[i - 1].size)
            fputc('\n', out);
        print_row(out, &t->rows[i]);
    }
    if (t->noise.too_much)
        fprintf(out, "\nToo noisy to compare anything: others wanted the "
                     "CPUs, too.\n");
}

void print_list(void)
{
    for (int i = 0; mechanisms[i] != NULL; i++)
        printf("%-16s %s%s\n", mechanisms[i]->name, mechanisms[i]->calls,
               mechanisms[i]->mode == SPINNING ? "; never sleeps" : "");
    printf("\n");
    for (int i = 0; operations[i].name != NULL; i++)
        printf("%-16s %s\n", operations[i].name, operations[i].what);
}
