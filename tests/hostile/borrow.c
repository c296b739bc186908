/*
 * borrow: looks for what a neighbour has handed in, and for the program made
 * of it, to run that one in its own place.
 *
 * Verdict: 50 of 50: there is none that it could reach
 * Held by: a view of the file system without them, or folders that only each
 * one's own user may enter
 */
#include "attack.h"

static char self[PATH_MAX];

/* Tries a word of another's command line: a path into the grader's folder. */
static void try_path(char *word)
{
    static const char *const in_there[] = {
        "kit/build/run/01-processes/ex1_spawn/ex1_spawn",
        "kit/build/src/01-processes/ex1_spawn.c",
        "in/files/01-processes/ex1_spawn.c",
        "result.json",
    };
    char path[PATH_MAX];
    char *start = strchr(word, '/');

    if (start == NULL)
        return;
    for (char *end = start; (end = strchr(end + 1, '/')) != NULL;) {
        for (size_t i = 0; i < sizeof in_there / sizeof in_there[0]; i++) {
            snprintf(path, sizeof path, "%.*s/%s", (int)(end - start), start,
                     in_there[i]);
            if (access(path, R_OK) == 0 && strcmp(path, self) != 0 &&
                strncmp(path, self, (size_t)(end - start)) != 0)
                escaped("reached %s", path);
        }
    }
}

static void read_command(pid_t pid)
{
    static char words[65536];
    char path[PATH_MAX];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    fd = open(path, O_RDONLY);
    n = fd == -1 ? 0 : read(fd, words, sizeof words - 1);
    for (char *word = words; word < words + n; word += strlen(word) + 1)
        try_path(word);
    close(fd);
}

static void attack(void)
{
    if (readlink("/proc/self/exe", self, sizeof self - 1) == -1)
        return;
    for (int i = 0; i < 50; i++) {
        for_others(read_command);
        sched_yield();
    }
}
