/* options.c: what was asked for. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "run.h"

static const char help[] =
    "Usage: ipcbench [-m NAMES] [-s SIZES] [-w WHAT] [-p CPUS]\n"
    "                [-r ROUNDS] [-t SECONDS | -n COUNT] [--quick]\n"
    "                [--spinner] [--nagle] [--rate N]\n"
    "                [--table | --csv | --json] [-o FILE]\n"
    "       ipcbench -l\n"
    "Lists have commas: -m pipe,tcp -s 1,4096,64K.\n"
    "  -m NAMES    these mechanisms and operations only\n"
    "  -s SIZES    of messages, in bytes, up to 1M\n"
    "  -w WHAT     latency, throughput, cost\n"
    "  -p CPUS     one (both sides on it), two, free (not pinned)\n"
    "  -r ROUNDS   measure so often, in turns (5; quick: 3)\n"
    "  -t SECONDS  for each measurement (as it fits)\n"
    "  -n COUNT    or so many messages, twice for a latency\n"
    "  --quick     few sizes, pinned only, in less than 10 s\n"
    "  --spinner   keep idle CPUs awake\n"
    "  --nagle     let TCP wait for more to send\n"
    "  --rate N    round trips a second, late or not\n"
    "  -l          list mechanisms and operations\n";

enum { QUICK = 256, SPINNER, NAGLE, RATE, AS_TABLE, AS_CSV, AS_JSON };

static const struct option longs[] = {
    {"quick", no_argument, NULL, QUICK},
    {"spinner", no_argument, NULL, SPINNER},
    {"nagle", no_argument, NULL, NAGLE},
    {"rate", required_argument, NULL, RATE},
    {"table", no_argument, NULL, AS_TABLE},
    {"csv", no_argument, NULL, AS_CSV},
    {"json", no_argument, NULL, AS_JSON},
    {"output", required_argument, NULL, 'o'},
    {"list", no_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* The words between commas, until NULL; an empty one is bad usage. */
static char **split(const char *name, char *text)
{
    char **words = NULL, *word;
    size_t count = 0;

    do {
        word = strsep(&text, ",");
        if (*word == '\0')
            errx(2, "%s: a word is empty in the list", name);
        words = reallocarray(words, count + 2, sizeof *words);
        if (words == NULL)
            err(1, "reallocarray");
        words[count++] = word;
        words[count] = NULL;
    } while (text != NULL);
    return words;
}

static void parse_words(const char *name, char *text, const char *const *known,
                        bool *set)
{
    char **words = split(name, text);

    for (char **w = words; *w != NULL; w++) {
        int i = 0;

        while (i < 3 && strcmp(*w, known[i]) != 0)
            i++;
        if (i == 3)
            errx(2, "%s: '%s' isn't %s, %s or %s", name, *w, known[0], known[1],
                 known[2]);
        set[i] = true;
    }
    free(words);
}

static void parse_sizes(struct options *o, char *text)
{
    char **words = split("-s", text);

    for (char **w = words; *w != NULL; w++) {
        size_t len = strlen(*w), unit = 1;
        int last = toupper((unsigned char)(*w)[len - 1]);

        if (last == 'K' || last == 'M') {
            unit = last == 'K' ? 1024 : 1024 * 1024;
            (*w)[len - 1] = '\0';
        }
        if (o->size_count == MAX_SIZES)
            errx(2, "-s: more than %d sizes", MAX_SIZES);
        o->sizes[o->size_count++] =
            unit * (size_t)parse_number("-s", *w, 1, LARGEST / (long long)unit);
    }
    free(words);
}

static void check_names(char *const *names)
{
    for (; *names != NULL; names++) {
        int m = 0, i = 0;

        while (mechanisms[m] != NULL &&
               strcmp(mechanisms[m]->name, *names) != 0)
            m++;
        while (operations[i].name != NULL &&
               strcmp(operations[i].name, *names) != 0)
            i++;
        if (mechanisms[m] == NULL && operations[i].name == NULL)
            errx(2, "-m: there is no '%s': see -l", *names);
    }
}

static void usual_sizes(struct options *o)
{
    static const size_t all[] = {1,     8,     64,     512,    4096,
                                 16384, 65536, 262144, LARGEST},
                        few[] = {1, 64, 4096, 65536};

    o->size_count = o->quick ? 4 : 9;
    memcpy(o->sizes, o->quick ? few : all, (size_t)o->size_count * sizeof *all);
}

void parse_options(struct options *o, int argc, char *argv[])
{
    int opt;

    while ((opt = getopt_long(argc, argv, "m:s:w:p:r:t:n:o:lh", longs, NULL)) !=
           -1) {
        switch (opt) {
        case 'm':
            o->names = split("-m", optarg);
            check_names(o->names);
            break;
        case 's':
            parse_sizes(o, optarg);
            break;
        case 'w':
            parse_words("-w", optarg, what_names, o->what);
            break;
        case 'p':
            parse_words("-p", optarg, cpus_names, o->cpus);
            break;
        case 'r':
            o->rounds = (int)parse_number("-r", optarg, 1, MAX_ROUNDS);
            break;
        case 't':
            o->seconds = parse_seconds("-t", optarg, 0.0001, 60);
            break;
        case 'n':
            o->count = (uint64_t)parse_number("-n", optarg, 1, 1 << 28);
            break;
        case 'o':
            o->file = optarg;
            break;
        case 'l':
            print_list();
            exit(0);
        case QUICK:
            o->quick = true;
            break;
        case SPINNER:
            o->spinner = true;
            break;
        case NAGLE:
            o->nagle = true;
            break;
        case RATE:
            o->rate = (double)parse_number("--rate", optarg, 1, 100000000);
            break;
        case AS_TABLE:
        case AS_CSV:
        case AS_JSON:
            o->format = (enum format)(TABLE + opt - AS_TABLE);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    if (o->quick && !o->cpus[ONE] && !o->cpus[TWO] && !o->cpus[FREE])
        o->cpus[ONE] = o->cpus[TWO] = true;
    if (o->size_count == 0)
        usual_sizes(o);
}
