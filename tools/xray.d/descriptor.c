/*
 * descriptor.c: which descriptor of which process leads to what.
 *
 * As in the kernel: a table of descriptors for each process (threads share
 * it), whose entries point to open file descriptions, which dup and fork share,
 * which lead to an object. See open(2), NOTES.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

enum { FD_LIMIT = 1 << 20 };

struct slot {
    struct file *file;
    bool cloexec;
};

struct table {
    int users, size;
    struct slot *slots;
};

struct file *new_file(struct object *object, enum mode mode)
{
    struct file *file = calloc(1, sizeof *file);

    if (file == NULL)
        err(1, "calloc");
    *file = (struct file){.object = object, .mode = mode};
    if (mode & READ)
        object->ends[0]++;
    if (mode & WRITE)
        object->ends[1]++;
    return file;
}

static struct table *new_table(int size)
{
    struct table *table = calloc(1, sizeof *table);

    if (table == NULL)
        err(1, "calloc");
    table->users = 1;
    table->size = size;
    table->slots = calloc((size_t)size, sizeof *table->slots);
    if (table->slots == NULL)
        err(1, "calloc");
    return table;
}

static bool is_told(const struct file *file)
{
    return !file->object->hidden && file->object->kind != STANDARD;
}

struct table *first_table(void)
{
    static const char *const standard[] = {"stdin", "stdout", "stderr"};
    struct table *table = new_table(8);

    for (int i = 0; i < 3; i++) {
        struct object *object =
            name_object(STANDARD, NULL, strdup(standard[i]));

        table->slots[i].file = new_file(object, i == 0 ? READ : WRITE);
        table->slots[i].file->descriptors = 1;
    }
    return table;
}

struct table *copy_table(const struct table *table, struct task *heir)
{
    struct table *copy = new_table(table->size);

    for (int i = 0; i < table->size; i++) {
        struct file *file = table->slots[i].file;

        if (file == NULL)
            continue;
        copy->slots[i] = table->slots[i];
        file->descriptors++;
        if (is_told(file))
            fact(heir, "inherit %s %s %s", heir->name, file->object->name,
                 mode_name(file->mode));
    }
    return copy;
}

struct table *share_table(struct table *table)
{
    table->users++;
    return table;
}

struct table *own_table(struct table *table, struct task *user)
{
    if (table->users == 1)
        return table;
    table->users--;
    return copy_table(table, user);
}

/* One descriptor fewer; with the last one of an end, that end is gone. */
static void release(struct file *file)
{
    struct object *object = file->object;
    bool read_gone, write_gone;

    if (--file->descriptors > 0)
        return;
    read_gone = (file->mode & READ) && --object->ends[0] == 0;
    write_gone = (file->mode & WRITE) && --object->ends[1] == 0;
    free(file);
    if (object->hidden || object->kind == PLAIN || object->kind == DIRECTORY ||
        object->kind == DEVICE || object->kind == STANDARD)
        return;
    if (object->kind != PIPE && object->kind != FIFO) {
        if (read_gone || write_gone)
            fact(NULL, "gone %s both", object->name);
        return;
    }
    if (read_gone)
        fact(NULL, "gone %s read", object->name);
    if (write_gone)
        fact(NULL, "gone %s write", object->name);
}

void drop_table(struct table *table, struct task *last)
{
    if (--table->users > 0)
        return;
    /* First what the process held, then what became of it. */
    for (int i = 0; i < table->size; i++) {
        struct file *file = table->slots[i].file;

        if (file != NULL && is_told(file))
            fact(last, "held %s %s %s", last->process->name, file->object->name,
                 mode_name(file->mode));
    }
    for (int i = 0; i < table->size; i++)
        if (table->slots[i].file != NULL)
            release(table->slots[i].file);
    free(table->slots);
    free(table);
}

void close_on_exec(struct task *task)
{
    struct table *table = task->process->table;

    for (int i = 0; i < table->size; i++)
        if (table->slots[i].file != NULL && table->slots[i].cloexec)
            close_fd(task, i);
}

struct file *file_at(struct task *task, long long fd)
{
    const struct table *table = task->process->table;

    return fd >= 0 && fd < table->size ? table->slots[fd].file : NULL;
}

static struct slot *slot_at(struct task *task, long long fd)
{
    struct table *table = task->process->table;

    if (fd < 0 || fd >= FD_LIMIT)
        errx(1,
             "descriptor %lld of %s can't be: this isn't a log of "
             "'xray record'",
             fd, task->name);
    if (fd >= table->size) {
        int size = table->size;

        while (size <= fd)
            size *= 2;
        table->slots =
            realloc(table->slots, (size_t)size * sizeof *table->slots);
        if (table->slots == NULL)
            err(1, "realloc");
        memset(table->slots + table->size, 0,
               (size_t)(size - table->size) * sizeof *table->slots);
        table->size = size;
    }
    return &table->slots[fd];
}

void close_fd(struct task *task, long long fd)
{
    struct file *file = file_at(task, fd);

    if (file == NULL)
        return;
    slot_at(task, fd)->file = NULL;
    if (!file->object->hidden)
        fact(task, "close %s %s %s", task->name, file->object->name,
             mode_name(file->mode));
    release(file);
}

void put_file(struct task *task, long long fd, struct file *file, bool cloexec)
{
    struct slot *slot = slot_at(task, fd);

    file->descriptors++;
    if (slot->file != NULL)
        close_fd(task, fd);
    slot->file = file;
    slot->cloexec = cloexec;
}

void set_cloexec(struct task *task, long long fd, bool cloexec)
{
    if (file_at(task, fd) != NULL)
        slot_at(task, fd)->cloexec = cloexec;
}

void open_as(struct task *task, const char *result, struct object *object,
             enum mode mode, bool cloexec)
{
    long long fd = number(result);

    if (fd < 0)
        return;
    put_file(task, fd, new_file(object, mode), cloexec);
    if (!object->hidden)
        fact(task, "open %s %s %s", task->name, object->name, mode_name(mode));
}

/* Something that was open before the log began, or that another process
 * passed: strace says what it is. */
static struct object *learn(struct task *task, const char *key)
{
    static const struct {
        const char *begin;
        enum kind kind;
    } kinds[] = {
        {"pipe:[", PIPE},
        {"TCP", TCP},
        {"UDP", UDP},
        {"UNIX", UNIX},
        {"socket:[", SOCKET},
        {"anon_inode:[eventfd]", EVENTFD},
        {"signalfd", SIGNALFD},
        {"anon_inode:[eventpoll]", EPOLL},
        {"anon_inode:[timerfd]", TIMERFD},
        {"anon_inode:inotify", INOTIFY},
        {"pidfd:", PIDFD},
        {"pid:", PIDFD},
    };
    struct object *object = find_object(key);

    if (object != NULL)
        return object;
    if (*key == '/')
        return path_object(strstr(key, "<char ") ? DEVICE : PLAIN, key);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(key, kinds[i].begin, strlen(kinds[i].begin)) == 0)
            return number_object(task, kinds[i].kind, key);
    return number_object(task, SOCKET, key);
}

struct file *file_of(struct task *task, const char *arg)
{
    long long fd = number(arg);
    struct file *file = file_at(task, fd);
    struct object *object;
    char *key;

    if (file != NULL || fd < 0)
        return file;
    key = annotation(arg);
    if (key == NULL)
        return NULL;
    object = learn(task, key);
    free(key);
    file = new_file(object, BOTH);
    put_file(task, fd, file, false);
    return file;
}
