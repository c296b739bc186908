/*
 * spy_environment: looks for the grader in its own environment, and for
 * that of others.
 *
 * Verdict: 50 of 50: it has only what every program gets
 * Held by: an empty environment, and PIDs or a user of its own
 */
#include "attack.h"

extern char **environ;

static void read_environment(pid_t pid)
{
    static char text[4096];
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    fd = open(path, O_RDONLY);
    if (fd != -1 && read(fd, text, sizeof text) > 0)
        escaped("%s: %.60s", path, text);
    close(fd);
}

static void attack(void)
{
    static const char *const told[] = {"BATS", "GRADE", "EXERCISES=", "SANDBOX",
                                       "KIT",  "BIN=",  "SSH",        "SUDO"};

    for (char **e = environ; *e != NULL; e++)
        for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
            if (strncmp(*e, told[i], strlen(told[i])) == 0)
                escaped("%s", *e);
    for_others(read_environment);
}
