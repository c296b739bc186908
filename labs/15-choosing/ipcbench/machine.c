/* machine.c: what figures depend on and don't tell by themselves. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "run.h"

struct fact facts[] = {
    {"cpu", ""},      {"cpus", ""}, {"kernel", ""},      {"mitigations", ""},
    {"governor", ""}, {"idle", ""}, {"clocksource", ""}, {NULL, ""},
};
enum { CPU, CPUS, KERNEL, MITIGATIONS, GOVERNOR, IDLE, CLOCKSOURCE };

/* The first line of a file, or `otherwise`. */
static void first_line(char *to, size_t size, const char *path,
                       const char *otherwise)
{
    FILE *f = fopen(path, "re");

    if (f == NULL || fgets(to, (int)size, f) == NULL)
        snprintf(to, size, "%s", otherwise);
    to[strcspn(to, "\n")] = '\0';
    if (f != NULL)
        fclose(f);
}

static void cpu_model(char *to, size_t size)
{
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "re");

    snprintf(to, size, "unknown");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *value = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            value[strcspn(value, "\n")] = '\0';
            snprintf(to, size, "%s", value + 2);
            break;
        }
    }
    if (f != NULL)
        fclose(f);
}

/* What the kernel does against leaks between processes makes switches
 * and system calls dearer. */
static void mitigations(char *to, size_t size)
{
    static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int on = 0, vulnerable = 0, none = 0;

    if (dir == NULL) {
        snprintf(to, size, "unknown");
        return;
    }
    while (errno = 0, (entry = readdir(dir)) != NULL) {
        char path[512], state[128];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        first_line(state, sizeof state, path, "");
        on += strstr(state, "Mitigation") != NULL;
        vulnerable += strncmp(state, "Vulnerable", 10) == 0;
        none += strncmp(state, "Not affected", 12) == 0;
    }
    if (errno != 0) /* the end is none */
        snprintf(to, size, "unknown");
    else
        snprintf(to, size, "%d on, %d vulnerable without, %d not needed", on,
                 vulnerable, none);
    closedir(dir);
}

/* Who decides how deep an idle CPU sleeps, and the states it knows. */
static void idle_states(char *to, size_t size)
{
    static const char folder[] = "/sys/devices/system/cpu";
    char path[128], word[64];
    size_t used;

    snprintf(path, sizeof path, "%s/cpuidle/current_driver", folder);
    first_line(word, sizeof word, path, "none");
    snprintf(to, size, "driver %s", word);
    snprintf(path, sizeof path, "%s/cpuidle/current_governor_ro", folder);
    first_line(word, sizeof word, path, "none");
    used = strlen(to);
    snprintf(to + used, size - used, ", governor %s", word);
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "%s/cpu0/cpuidle/state%d/name", folder, i);
        first_line(word, sizeof word, path, "");
        if (word[0] == '\0')
            break;
        used = strlen(to);
        snprintf(to + used, size - used, "%s %s", i == 0 ? ", states" : "",
                 word);
    }
}

void collect_facts(void)
{
    const size_t size = sizeof facts[0].value;
    int cpus[2], count = pick_cpus(cpus);
    struct utsname u;

    cpu_model(facts[CPU].value, size);
    if (count == 1)
        snprintf(facts[CPUS].value, size, "%d only", cpus[0]);
    else
        snprintf(facts[CPUS].value, size, "%d and %d%s", cpus[0], cpus[1],
                 are_siblings(cpus[0], cpus[1]) ? ", of one core" : "");
    if (uname(&u) == 0)
        snprintf(facts[KERNEL].value, size, "%s %s %s", u.sysname, u.release,
                 u.machine);
    mitigations(facts[MITIGATIONS].value, size);
    first_line(facts[GOVERNOR].value, size,
               "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
               "none to be seen");
    idle_states(facts[IDLE].value, size);
    first_line(facts[CLOCKSOURCE].value, size,
               "/sys/devices/system/clocksource/clocksource0/"
               "current_clocksource",
               "unknown");
}

double clock_cost(void)
{
    enum { TIMES = 10000 };
    double best = 0;

    for (int run = 0; run < 5; run++) {
        int64_t start = now_ns();
        double cost;

        for (int i = 0; i < TIMES; i++)
            now_ns();
        cost = (double)(now_ns() - start) / TIMES;
        if (run == 0 || cost < best)
            best = cost;
    }
    return best;
}
