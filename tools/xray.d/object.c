/*
 * object.c: the things that processes share, and names for them that are the
 * same in every run.
 */
#include <ctype.h>
#include <err.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

static const char *const names[KINDS] = {
    "pipe",  "fifo",    "file",    "dir",      "device", "link",    "mqueue",
    "shm",   "sem",     "eventfd", "signalfd", "epoll",  "timerfd", "inotify",
    "memfd", "pidfd",   "tcp",     "udp",      "unix",   "socket",  "map",
    "futex", "sysvmsg", "sysvshm", "sysvsem",  "",
};

static struct object *first, **last = &first;
static void *by_key; /* a tree, see tsearch(3) */

/* Folders and files whose names mkdtemp and mkstemp made up. */
static char *made_up[64];
static size_t made_up_count;

const char *kind_name(enum kind kind)
{
    return names[kind];
}

const char *mode_name(enum mode mode)
{
    return mode == READ ? "read" : mode == WRITE ? "write" : "both";
}

static int compare(const void *a, const void *b)
{
    const struct object *x = a, *y = b;

    return strcmp(x->key, y->key);
}

struct object *find_object(const char *key)
{
    struct object wanted = {.key = (char *)(uintptr_t)key};
    struct object *const *found = tfind(&wanted, &by_key, compare);

    return found ? *found : NULL;
}

void forget_object(struct object *object)
{
    if (object->key != NULL && find_object(object->key) == object)
        tdelete(object, &by_key, compare);
    object->key = NULL;
}

/* A pipe's number may be that of an earlier one which is gone. */
void set_key(struct object *object, char *key)
{
    struct object *old = key ? find_object(key) : NULL;

    if (old != NULL)
        forget_object(old);
    forget_object(object);
    object->key = key;
    if (key != NULL && tsearch(object, &by_key, compare) == NULL)
        err(1, "tsearch");
}

/* Keeps the name. */
static struct object *add(enum kind kind, char *name, const char *key)
{
    struct object *object = calloc(1, sizeof *object);

    if (object == NULL || name == NULL)
        err(1, "calloc");
    object->kind = kind;
    object->name = name;
    *last = object;
    last = &object->next;
    set_key(object, key ? strdup(key) : NULL);
    return object;
}

struct object *number_object(struct task *maker, enum kind kind,
                             const char *key)
{
    const char *who = maker->name;
    bool plain = strcmp(who, "parent") == 0;
    char *name;

    if (asprintf(&name, "%s%s%s:%d", plain ? "" : who, plain ? "" : "/",
                 names[kind], ++maker->made[kind]) == -1)
        err(1, "asprintf");
    return add(kind, name, key);
}

struct object *name_object(enum kind kind, const char *key, char *name)
{
    return add(kind, name, key);
}

/* --- paths --- */

/* What libc and the loader open for themselves. */
static bool is_librarys(const char *path)
{
    static const char *const parts[] = {
        "/etc/ld.so.",        "/etc/ld-musl-",   "/usr/lib/locale/",
        "/usr/share/locale/", "/gconv/",         "/sys/devices/system/cpu",
        "/proc/sys/vm/",      "/sys/kernel/mm/", "/usr/share/zoneinfo",
        "/etc/localtime",
    };
    size_t n = strlen(path);

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(path, parts[i]) != NULL)
            return true;
    return (n > 3 && strcmp(path + n - 3, ".so") == 0) ||
           strstr(path, ".so.") != NULL;
}

/* Leaves out "." and empty parts, and goes back for "..". The path begins with
 * a slash and ends with one: so it never gets longer. */
static char *tidy(char *path)
{
    char *to = path, *from = path;

    while (*from != '\0') {
        size_t n;

        while (*from == '/')
            from++;
        n = strcspn(from, "/");
        if (n == 2 && strncmp(from, "..", 2) == 0) {
            while (to > path && *--to != '/')
                continue;
        } else if (n > 0 && !(n == 1 && *from == '.')) {
            *to++ = '/';
            memmove(to, from, n);
            to += n;
        }
        from += n;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
    return path;
}

char *absolute(struct task *task, const char *dir, const char *path)
{
    char *base = annotation(dir);
    char *whole;

    if (*path == '/') {
        free(base);
        if (asprintf(&whole, "%s/", path) == -1)
            err(1, "asprintf");
        return tidy(whole);
    }
    if (asprintf(&whole, "/%s/%s/", base ? base : task->process->folder,
                 path) == -1)
        err(1, "asprintf");
    free(base);
    return tidy(whole);
}

void remember_made_up(const char *path)
{
    size_t n = strlen(path);

    if (n < 7 || made_up_count == sizeof made_up / sizeof *made_up)
        return;
    for (size_t i = n - 6; i < n; i++)
        if (!isalnum((unsigned char)path[i]))
            return;
    made_up[made_up_count++] = strdup(path);
}

/* The path with a name for the number that is at `at` in it. */
static char *name_number(const char *path, const char *at, bool of_thread)
{
    char *end, *shown;
    long number = strtol(at, &end, 10);
    const struct task *task;
    const char *name;

    if (end == at || number <= 0 || number >= PID_LIMIT)
        return strdup(path);
    task = of_thread ? task_of((pid_t)number) : NULL;
    name = task ? task->name : name_of((pid_t)number);
    if (task && strchr(name, '/') != NULL)
        name = strrchr(name, '/') + 1;
    if (asprintf(&shown, "%.*s%s%s", (int)(at - path), path, name, end) == -1)
        err(1, "asprintf");
    return shown;
}

/* "/proc/4711/task/4712" as "/proc/child.1/task/t1". */
static char *name_process(const char *path)
{
    char *shown = name_number(path, path + strlen("/proc/"), false), *whole;
    const char *task = shown ? strstr(shown, "/task/") : NULL;

    if (task == NULL)
        return shown;
    whole = name_number(shown, task + strlen("/task/"), true);
    free(shown);
    return whole;
}

char *shown_path(const char *path)
{
    char *shown =
        strncmp(path, "/proc/", 6) == 0 ? name_process(path) : strdup(path);
    const char *folder = notes.folder ? notes.folder : "/";
    size_t n = strlen(folder);

    if (shown == NULL)
        err(1, "strdup");
    for (size_t i = 0; i < made_up_count; i++) {
        size_t m = strlen(made_up[i]);

        if (strncmp(path, made_up[i], m) == 0 &&
            (path[m] == '/' || path[m] == '\0'))
            memset(shown + m - 6, 'X', 6);
    }
    if (n > 1 && strncmp(shown, folder, n) == 0 && shown[n] == '/')
        memmove(shown, shown + n + 1, strlen(shown + n));
    else if (n > 1 && strcmp(shown, folder) == 0)
        strcpy(shown, ".");
    return shown;
}

static enum kind kind_by_path(enum kind kind, const char *path)
{
    if (strncmp(path, "/dev/shm/sem.", 13) == 0)
        return SEM;
    if (strncmp(path, "/dev/shm/", 9) == 0)
        return SHM;
    if (strncmp(path, "/dev/", 5) == 0 && kind == PLAIN)
        return DEVICE;
    return kind;
}

struct object *path_object(enum kind kind, const char *path)
{
    struct object *object = find_object(path);
    char *shown, *name;

    if (object != NULL)
        return object;
    kind = kind_by_path(kind, path);
    shown = shown_path(path);
    if (asprintf(&name, "%s:%s%s", names[kind],
                 kind == SEM || kind == SHM ? "/" : "",
                 kind == SEM   ? shown + strlen("/dev/shm/sem.")
                 : kind == SHM ? shown + strlen("/dev/shm/")
                               : shown) == -1)
        err(1, "asprintf");
    free(shown);
    object = add(kind, name, path);
    object->hidden = is_librarys(path);
    return object;
}

void tell_names_left(void)
{
    for (struct object *o = first; o != NULL; o = o->next) {
        bool ipc = o->kind == FIFO || o->kind == MQUEUE || o->kind == SHM ||
                   o->kind == SEM || o->kind == UNIX || o->kind == SYSVMSG ||
                   o->kind == SYSVSHM || o->kind == SYSVSEM;

        if (o->made && !o->removed && !o->hidden && (ipc || o->temporary))
            fact(NULL, "left name %s", o->name);
    }
}
