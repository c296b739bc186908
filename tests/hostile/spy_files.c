/*
 * spy_files: reads the solutions, the tests, the wrong programs, other
 * submissions and their results.
 *
 * Verdict: 50 of 50: none of it is there for it
 * Held by: a view of the file system without them, or their permissions
 */
#include "attack.h"

static void read_file(const char *path)
{
    char text[64];
    int fd = open(path, O_RDONLY);

    if (fd != -1 && read(fd, text, sizeof text) > 0)
        escaped("read %s", path);
    close(fd);
}

static void list_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            escaped("saw %s in %s", entry->d_name, path);
    closedir(dir);
}

static void attack(void)
{
    read_file(KIT "/solutions/01-processes/ex1_spawn.c");
    read_file(KIT "/tests/exercises/01-processes.bats");
    read_file("/proc/1/cwd/solutions/01-processes/ex1_spawn.c");
    read_file("/proc/1/root" KIT "/solutions/01-processes/ex1_spawn.c");
    list_folder(KIT "/solutions");
    list_folder(KIT "/tests/wrong");
    list_folder("/SUBMISSIONS");
    list_folder("/RESULTS");
}
