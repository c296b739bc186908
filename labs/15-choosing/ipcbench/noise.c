/* noise.c: what others did to our CPUs while we measured. */
#include <stdio.h>
#include <string.h>

#include "run.h"

/* More than this, in percent, and nothing is to be compared. */
static const double most_steal = 2, most_others = 10;

static int ours, looks, others;
static unsigned long long stolen_before, all_before;

/* The time that the host gave to others than this virtual machine, and
 * all time: proc_stat(5). */
static void read_steal(unsigned long long *stolen, unsigned long long *all)
{
    unsigned long long t[8];
    FILE *f = fopen("/proc/stat", "re");

    *stolen = *all = 0;
    if (f == NULL)
        return;
    if (fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1],
               &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) == 8) {
        for (int i = 0; i < 8; i++)
            *all += t[i];
        *stolen = t[7];
    }
    fclose(f);
}

void noise_begin(int spinners)
{
    ours = 1 + spinners;
    read_steal(&stolen_before, &all_before);
}

/* How many run or want to, of the whole machine: proc_loadavg(5). */
void noise_look(void)
{
    FILE *f = fopen("/proc/loadavg", "re");
    int running;

    if (f == NULL)
        return;
    if (fscanf(f, "%*s %*s %*s %d", &running) == 1) {
        looks++;
        others += running > ours;
    }
    fclose(f);
}

struct noise noise_end(void)
{
    unsigned long long stolen, all;
    struct noise n = {0};

    read_steal(&stolen, &all);
    if (all > all_before)
        n.steal = 100.0 * (double)(stolen - stolen_before) /
                  (double)(all - all_before);
    if (looks > 0)
        n.others = 100.0 * others / looks;
    n.too_much = n.steal > most_steal || n.others > most_others;
    return n;
}
