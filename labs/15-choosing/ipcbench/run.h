/*
 * run.h: the parts of ipcbench that measure, and what they tell each
 * other. A mechanism doesn't need any of this: see bench.h.
 */
#ifndef RUN_H
#define RUN_H

#include <stdio.h>

#include "bench.h"
#include "histogram.h"

enum cpus { ONE, TWO, FREE };
enum format { TABLE, CSV, JSON };
enum { MAX_ROUNDS = 99, MAX_SIZES = 32 };

/* What was asked for. */
struct options {
    bool quick, spinner, nagle;
    double rate;    /* round trips a second; 0: as fast as they go */
    double seconds; /* for a measurement; 0: as it fits */
    uint64_t count; /* messages for each pass; 0: as time permits */
    int rounds;     /* 0: as usual */
    bool what[3];   /* none: all */
    bool cpus[3];   /* none: all */
    char **names;   /* of mechanisms and operations, until NULL; NULL: all */
    size_t sizes[MAX_SIZES];
    int size_count;
    enum format format;
    const char *file; /* NULL: standard output */
};
void parse_options(struct options *o, int argc, char *argv[]);

/* What one measurement has found. */
struct result {
    double value;            /* ns, or MB/s */
    double cpu_us, switches; /* of both sides, for each message */
    uint64_t messages;       /* that the asker has sent, all in all */
    uint64_t short_reads, full, lost;
    struct histogram times;  /* round trips one by one */
    struct histogram actual; /* with a rate: from the actual start */
};

/* noise.c: what others did to our CPUs meanwhile. */
struct noise {
    double steal;  /* percent of the time that the host took away */
    double others; /* percent of looks at which others wanted a CPU */
    bool too_much; /* to compare anything */
};
void noise_begin(int spinners);
void noise_look(void); /* between measurements */
struct noise noise_end(void);

/* A line of the output: the same thing measured in each round. */
struct row {
    enum what what;
    const struct mechanism *mechanism;
    const struct operation *operation; /* if there's no mechanism */
    size_t size;
    enum cpus cpus;
    char why_not[128]; /* "": it was measured */
    int rounds;
    double values[MAX_ROUNDS], cpu_us[MAX_ROUNDS], switches[MAX_ROUNDS];
    struct result sum;              /* counts and histograms of all */
    double median, least, greatest; /* of values */
    bool noisy, varies, spinner;
    double rate;
    bool actual; /* with a rate: the times from the actual start */
};
struct table {
    struct row *rows;
    int count;
    struct noise noise;
    double clock_cost; /* ns */
};

/* rounds.c: what to measure, and all of it, in turns. */
void plan(struct table *t, const struct options *o);
void measure_all(struct table *t, const struct options *o);
const char *row_name(const struct row *r);
const char *row_unit(const struct row *r);
const char *row_mode(const struct row *r);
const char *row_note(const struct row *r); /* until the next call */
uint64_t row_percentile(const struct row *r, double part); /* 0: unknown */
double middle(const double *values, int count);
extern const char *const what_names[], *const cpus_names[];

/* trial.c: one measurement, in processes of its own. Returns false if
 * this can't be measured here; row->why_not says why. */
bool run_trial(struct row *row, const struct options *o, double seconds,
               struct result *result);
void prepare_trials(void);
_Noreturn void end_by(int sig); /* with all removed */

/* What the three processes share while they measure. */
struct shared {
    pid_t pids[2];
    _Atomic bool all_sent;
    int error; /* of an operation that there isn't here */
    struct result result;
};

/* processes.c */
pid_t start_process(void); /* fork(), but it ends with its parent */
void end_process(pid_t pid);
void close_ends(const struct channel *c, const struct ends *keep);
_Noreturn void become(enum side side, struct channel *c, const int cpus[2],
                      const int orders[2], const int reports[2],
                      struct shared *shared, const struct options *o,
                      double seconds);

/* sides.c: what the two sides do. Orders go from the asker to the
 * answerer, reports come back. */
struct side_links {
    int orders, reports;
    struct shared *shared;
};
void ask(struct channel *c, const struct side_links *links,
         const struct options *o, double seconds);
void answer(struct channel *c, const struct side_links *links);

/* passes.c: the messages of a pass. */
extern uint64_t sent, received; /* by this process: the next number */
uint64_t echo(struct channel *c, uint64_t count, _Atomic bool *all_sent);
uint64_t take(struct channel *c, uint64_t count, _Atomic bool *all_sent,
              int64_t *end);
uint64_t round_trips(struct channel *c, uint64_t count,
                     struct histogram *times);
uint64_t at_rate(struct channel *c, uint64_t count, double rate,
                 struct result *r);
void stream(struct channel *c, uint64_t count);

/* operate.c: in a process of its own, an operation, again and again. */
_Noreturn void operate(const struct operation *op, const int cpus[2],
                       struct shared *shared, const struct options *o,
                       double seconds);

/* pattern.c */
void make_pattern(void);

/* pin.c */
int pick_cpus(int cpus[2]); /* how many there are: 1 or 2 */
void pin(int cpu);
bool are_siblings(int a, int b); /* two threads of one core */

/* spinner.c: keeps the CPUs awake. */
void start_spinners(void);
void stop_spinners(void);

/* machine.c: facts of the machine, by name, until NULL. */
struct fact {
    const char *name;
    char value[256];
};
extern struct fact facts[];
void collect_facts(void);
double clock_cost(void); /* ns for reading the clock */

/* progress.c */
void progress(int done, int all, int round, const struct row *row);
void progress_end(void);

/* output.c: where it goes; drop_output(): nowhere, after all. */
void open_output(const char *file);
void drop_output(void);
void print_output(const struct table *t, const struct options *o);

/* The formats. */
void print_table(FILE *out, const struct table *t);
void print_csv(FILE *out, const struct table *t);
void print_json(FILE *out, const struct table *t, const struct options *o);
void print_list(void);

#endif
