/*
 * leftovers.c: see leftovers.h.
 *
 * Everything is remembered as the line that would report it, so that what is
 * new is simply a line that wasn't there before.
 */
#include "leftovers.h"

#include <dirent.h>
#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FOLDERS = 16 };
static const char *folders[MAX_FOLDERS];
static int folder_count;
static uid_t whose;

struct lines {
    char **text;
    size_t count;
};
static struct lines before;

void watch_folder(const char *path)
{
    if (folder_count == MAX_FOLDERS)
        errx(2, "-w %s: more than %d folders", path, MAX_FOLDERS);
    folders[folder_count++] = path;
}

const char *watched_folder(int i)
{
    return i < folder_count ? folders[i] : NULL;
}

__attribute__((format(printf, 2, 3))) static void add(struct lines *lines,
                                                      const char *format, ...)
{
    va_list args;
    char **larger = realloc(lines->text, (lines->count + 1) * sizeof *larger);

    if (larger == NULL)
        err(1, "realloc");
    lines->text = larger;
    va_start(args, format);
    if (vasprintf(&lines->text[lines->count], format, args) == -1)
        err(1, "vasprintf");
    va_end(args);
    lines->count++;
}

static const char *type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "file";
    case S_IFDIR:
        return "folder";
    case S_IFIFO:
        return "FIFO";
    case S_IFSOCK:
        return "socket";
    case S_IFLNK:
        return "link";
    default:
        return "device";
    }
}

/* In a folder that all use, /dev/shm, say, only our own: other users' come and
 * go, too. */
static void add_files(struct lines *lines, const char *folder)
{
    struct dirent *entry;
    struct stat info;
    bool is_shared;
    char *path;
    DIR *dir = opendir(folder);

    if (dir == NULL)
        return; /* no message queues in this kernel, say */
    is_shared = fstat(dirfd(dir), &info) == 0 && (info.st_mode & S_ISVTX) != 0;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&path, "%s/%s", folder, entry->d_name) == -1)
            err(1, "asprintf");
        if (lstat(path, &info) == 0 && (!is_shared || info.st_uid == whose))
            add(lines, "left file %s (%s)", path, type_name(info.st_mode));
        free(path);
    }
    closedir(dir);
}

/* Splits a line into its words; returns how many. */
static int split(char *line, char *words[], int most)
{
    int n = 0;
    char *rest;

    for (char *word = strtok_r(line, " \n", &rest); word != NULL && n < most;
         word = strtok_r(NULL, " \n", &rest))
        words[n++] = word;
    return n;
}

/* Our own. The columns have names; the first two are the key and the number:
 * sysvipc(7), proc(5). */
static void add_sysv(struct lines *lines, const char *kind)
{
    char path[32], line[512], *words[32];
    int maker = -1, n;
    FILE *file;

    snprintf(path, sizeof path, "/proc/sysvipc/%s", kind);
    file = fopen(path, "re");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        n = split(line, words, 32);
        if (maker == -1) {
            for (maker = 0; maker < n; maker++)
                if (strcmp(words[maker], "cuid") == 0)
                    break;
        } else if (maker < n && strtoul(words[maker], NULL, 10) == whose) {
            add(lines, "left %s %s (key %#x)", kind, words[1],
                (unsigned)atoi(words[0]));
        }
    }
    fclose(file);
}

static struct lines look(void)
{
    struct lines lines = {0};

    for (int i = 0; i < folder_count; i++)
        add_files(&lines, folders[i]);
    add_sysv(&lines, "msg");
    add_sysv(&lines, "sem");
    add_sysv(&lines, "shm");
    return lines;
}

void remember_what_is_there(uid_t user)
{
    whose = user;
    before = look();
}

void report_what_is_new(FILE *out)
{
    struct lines now = look();

    for (size_t i = 0; i < now.count; i++) {
        bool known = false;

        for (size_t j = 0; j < before.count && !known; j++)
            known = strcmp(now.text[i], before.text[j]) == 0;
        if (!known)
            fprintf(out, "%s\n", now.text[i]);
    }
}
