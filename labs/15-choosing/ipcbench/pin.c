/* pin.c: which CPUs, and how a process stays on one. */
#include <err.h>
#include <sched.h>
#include <stdio.h>

#include "run.h"

/* Whether two CPUs are threads of one core, which share what they are
 * faster by. The kernel has a mask of them, or a list. */
bool are_siblings(int a, int b)
{
    char path[96];
    int first, last;
    bool found = false;
    FILE *f;

    snprintf(path, sizeof path,
             "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", a);
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    while (!found && fscanf(f, "%d", &first) == 1) {
        int c = fgetc(f);

        last = first;
        if (c == '-' && fscanf(f, "%d", &last) == 1)
            c = fgetc(f);
        found = first <= b && b <= last;
        if (c != ',')
            break;
    }
    fclose(f);
    return found;
}

/* The first CPU that we may use; and the first one of another core, or
 * else any other. */
int pick_cpus(int cpus[2])
{
    static int picked[2], count;
    cpu_set_t set;

    if (count == 0) {
        if (sched_getaffinity(0, sizeof set, &set) == -1)
            err(1, "sched_getaffinity");
        for (int i = 0; i < CPU_SETSIZE; i++) {
            if (!CPU_ISSET((size_t)i, &set))
                continue;
            if (count == 0) {
                picked[0] = picked[1] = i;
                count = 1;
            } else if (count == 1 || (are_siblings(picked[0], picked[1]) &&
                                      !are_siblings(picked[0], i))) {
                picked[1] = i;
                count = 2;
            }
        }
    }
    cpus[0] = picked[0];
    cpus[1] = picked[1];
    return count;
}

void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) == -1)
        err(1, "CPU %d", cpu);
}
