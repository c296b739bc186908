/*
 * names.c: a folder for what must have a name for an instant, until both
 * sides have it open. However that ends, close_channel() removes it.
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

static char *folder;

static void make_folder(void)
{
    const char *dir = getenv("TMPDIR");
    char *name;

    if (dir == NULL || *dir == '\0')
        dir = P_tmpdir;
    if (asprintf(&name, "%s/ipcbench.XXXXXX", dir) == -1)
        err(1, "asprintf");
    if (mkdtemp(name) == NULL)
        err(1, "%s", name);
    folder = name;
}

char *in_folder(const char *name)
{
    char *path;

    if (folder == NULL)
        make_folder();
    if (asprintf(&path, "%s/%s", folder, name) == -1)
        err(1, "asprintf");
    return path;
}

void remove_folder(void)
{
    DIR *dir = folder != NULL ? opendir(folder) : NULL;
    struct dirent *entry;
    char *name = folder;

    folder = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        unlinkat(dirfd(dir), entry->d_name, 0); /* "." isn't removed */
    if (dir != NULL)
        closedir(dir);
    if (name != NULL && rmdir(name) == -1)
        warn("%s", name);
    free(name);
}
