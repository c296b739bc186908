/*
 * pin_child: preloaded into a command that forks, it keeps each child on the
 * CPU $PIN_CHILD_TO. "perf bench sched pipe" has no option for that: both of its
 * processes would be where they began.
 *
 * See: LD_PRELOAD in ld.so(8), pthread_atfork(3), sched_setaffinity(2)
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static cpu_set_t set;

static void pin(void)
{
    if (sched_setaffinity(0, sizeof set, &set) == -1)
        _exit(1);
}

__attribute__((constructor)) static void prepare(void)
{
    const char *cpu = getenv("PIN_CHILD_TO");

    if (cpu == NULL)
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)atoi(cpu), &set);
    if (pthread_atfork(NULL, NULL, pin) != 0)
        _exit(1);
}
