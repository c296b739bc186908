/*
 * spinner.c: processes that run only while nobody else wants the CPU, so
 * that it never goes to sleep. To wake up a sleeping CPU takes longer
 * than most messages: with them one sees what the rest takes. Figures
 * with and without are of two different machines, so to speak.
 */
#include <err.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run.h"

static pid_t spinners[2];

/* The call itself: musl's function refuses. */
static int set_policy(pid_t pid, int policy)
{
    const struct sched_param none = {0};

    return (int)syscall(SYS_sched_setscheduler, pid, policy, &none);
}

void start_spinners(void)
{
    int cpus[2], count = pick_cpus(cpus);

    for (int i = 0; i < count; i++) {
        spinners[i] = start_process();
        if (spinners[i] == 0) {
            pin(cpus[i]);
            for (;;)
                ;
        }
        if (set_policy(spinners[i], SCHED_IDLE) == -1)
            err(1, "SCHED_IDLE");
    }
}

void stop_spinners(void)
{
    for (int i = 0; i < 2; i++) {
        /* To die it needs a CPU, too; and not only when nobody else does. */
        if (spinners[i] > 0)
            set_policy(spinners[i], SCHED_OTHER);
        end_process(spinners[i]);
        spinners[i] = 0;
    }
}
