/*
 * spinner.c: processes that run only while nobody else wants the CPU, so
 * that it never goes to sleep. To wake up a sleeping CPU takes longer
 * than most messages: with them one sees what the rest takes. Figures
 * with and without are of two different machines, so to speak.
 */
#include <err.h>
#include <sched.h>

#include "run.h"

static pid_t spinners[2];

void start_spinners(void)
{
    const struct sched_param none = {0};
    int cpus[2], count = pick_cpus(cpus);

    for (int i = 0; i < count; i++) {
        spinners[i] = start_process();
        if (spinners[i] != 0)
            continue;
        pin(cpus[i]);
        if (sched_setscheduler(0, SCHED_IDLE, &none) == -1)
            err(1, "SCHED_IDLE");
        for (;;)
            ;
    }
}

void stop_spinners(void)
{
    const struct sched_param none = {0};

    for (int i = 0; i < 2; i++) {
        /* To die it needs a CPU, too; and not only when nobody else does. */
        if (spinners[i] > 0)
            sched_setscheduler(spinners[i], SCHED_OTHER, &none);
        end_process(spinners[i]);
        spinners[i] = 0;
    }
}
