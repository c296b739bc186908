/*
 * facts.c: tells what happened in a log of 'xray record', one fact a line.
 *
 * Usage: xray-facts [-p] [-t] LOG     see FACTS.md
 *        xray-facts -l                the calls to record, for strace -e trace=
 *
 * Every line changes a model of the kernel's tables; facts fall out on the way.
 */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xray.h"

/* When a call has its effect: a CAUSE where it begins, if it succeeds; a SURE
 * one even if it never returns; what it NOTICEs, it knows when it returns. */
enum when { CAUSE, SURE, NOTICE };

/* What a call that never returned is about: see tell_stuck. */
enum subject { NOTHING, DESCRIPTOR, PATH, WORD, CHILD, QUEUE, SEMAPHORES };

static const struct entry {
    const char *name;
    enum when when;
    handler *handle;
    const char *word; /* what it is called when it is stuck */
    enum subject subject;
    int timeout; /* the argument that is one; 0 for none, -1 for always */
} entries[] = {
#include "calls.h"
};

bool with_pids, with_times;
static double now;
static pid_t current;

void fact(const struct task *who, const char *format, ...)
{
    va_list args;

    if (with_times)
        printf("%.6f ", now);
    if (with_pids)
        printf("%d ", who ? who->tid : current);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

const char *failure(const struct call *call)
{
    static char text[32];

    if (call->error == NULL)
        return "";
    snprintf(text, sizeof text, " = %s", call->error);
    return text;
}

const char *outcome(const struct call *call)
{
    static char text[32];

    if (call->error != NULL)
        return failure(call);
    snprintf(text, sizeof text, " = %lld", call->result);
    return text;
}

static int by_name(const void *key, const void *entry)
{
    return strcmp(key, ((const struct entry *)entry)->name);
}

static const struct entry *find_entry(const char *name)
{
    return bsearch(name, entries, sizeof entries / sizeof *entries,
                   sizeof *entries, by_name);
}

static const char *subject(struct task *task, const struct entry *entry,
                           struct call *call, const char **word)
{
    const struct file *file;
    const struct task *child;
    const char *name;

    switch (entry->subject) {
    case DESCRIPTOR:
        file = task->process->table ? file_of(task, call->args[0]) : NULL;
        return file ? file->object->name : "";
    case CHILD:
        child = task_of((pid_t)(number(call->args[0]) % PID_LIMIT));
        return child ? child->process->name : "";
    case PATH:
        return path_and_mode(task, call);
    case QUEUE:
        return sysv_object(task, SYSVMSG, call->args[0])->name;
    case SEMAPHORES:
        return sysv_object(task, SYSVSEM, call->args[0])->name;
    case WORD:
        *word = futex_wait(task, call, &name);
        return name;
    default:
        return "";
    }
}

void tell_stuck(struct task *task)
{
    struct call call;
    const struct entry *entry;
    const char *word, *object, *timeout;

    if (task->applied || !parse_call(task->pending, NULL, &call))
        return;
    entry = find_entry(call.name);
    if (entry == NULL || (word = entry->word) == NULL ||
        (entry->handle == on_fcntl && !has(call.args[1], "LKW")))
        return;
    object = subject(task, entry, &call, &word);
    timeout = entry->timeout > 0 ? call.args[entry->timeout] : "";
    fact(task, "stuck %s %s%s%s%s", task->name, word, *object ? " " : "",
         object,
         entry->timeout == -1 ||
                 (*timeout != '\0' && strcmp(timeout, "NULL") != 0 &&
                  strcmp(timeout, "-1") != 0)
             ? " timed"
             : "");
    tell_inside(task);
}

static void run(struct task *task, const struct entry *entry, struct call *call)
{
    if (task->process->ended)
        return;
    if (entry->handle != on_exec)
        tell_failed_exec(task);
    entry->handle(task, call);
}

/* EPIPE is noticed, like a zero; of EINPROGRESS something does come. */
static bool succeeds(const struct call *call)
{
    return call->returned &&
           (call->error == NULL || strcmp(call->error, "EINPROGRESS") == 0);
}

/* A call's first half, or all that is known of it. */
static void begin(struct task *task, const struct line *line)
{
    struct call call;
    const struct entry *entry;

    free(task->pending);
    task->pending = strdup(line->text);
    if (task->pending == NULL)
        err(1, "strdup");
    if (!parse_call(line->text, line->rest, &call))
        bad_line(line->number, "neither a call, nor a signal, nor an end");
    entry = find_entry(call.name);
    task->applied =
        entry != NULL &&
        (entry->when == SURE ||
         (succeeds(&call) && (entry->when == CAUSE || wakes(&call))));
    if (task->applied)
        run(task, entry, &call);
}

/* A whole line, or a second half. */
static void finish(struct task *task, const struct line *line)
{
    struct call call;
    const struct entry *entry;
    const char *rest = NULL, *text = line->text;
    bool applied = false;

    if (line->kind == RESUMED) {
        if (task->pending == NULL)
            bad_line(line->number, "a call is resumed that never began");
        rest = strstr(line->text, " resumed>") + strlen(" resumed>");
        text = task->pending;
        applied = task->applied;
    }
    if (!parse_call((char *)(uintptr_t)text, rest, &call))
        bad_line(line->number, "neither a call, nor a signal, nor an end");
    entry = find_entry(call.name);
    if (line->kind == WHOLE && *call.result_text == '\0') {
        begin(task, line); /* the log ends within it */
        return;
    }
    /* "= ?": a signal has killed it in there. */
    if (line->kind == RESUMED && !call.returned && !applied)
        return;
    free(task->pending);
    task->pending = NULL;
    if (entry == NULL || applied)
        return;
    /* A whole line bears the time when the call began. */
    if (line->kind == WHOLE && entry->when == NOTICE && !wakes(&call))
        now += call.duration;
    run(task, entry, &call);
}

/* Whose line it is; NULL if nobody's. */
static struct task *task_for(const struct line *line)
{
    struct task *task = task_of(line->tid);

    /* A process that has ended may have lent its number to another. */
    if (task != NULL && !task->process->dead)
        return task;
    if (tasks == NULL) {
        task = first_task(line->tid);
        if (notes.attached) {
            task->process->started = true;
            fact(task, "start parent attached");
        }
        return task;
    }
    task = child_of_unfinished(line->tid);
    if (task == NULL && notes.attached)
        task = another_root(line->tid);
    if (task == NULL && !is_stillborn(line))
        bad_line(line->number, "a process that nobody in this log has made");
    return task;
}

static void take_line(const struct line *line)
{
    struct task *task = task_for(line);
    const char *text = line->text;

    if (task == NULL)
        return;
    current = line->tid;
    now = line->time;
    switch (line->kind) {
    case WHOLE:
    case RESUMED:
        finish(task, line);
        break;
    case BEGUN:
        begin(task, line);
        break;
    case SIGNALLED:
        on_signal_line(task, text + strlen("--- "));
        break;
    case EXITED:
        end_task(task, text + strlen("+++ exited with "));
        break;
    case KILLED:
        kill_task(task, field(text, "killed by "));
        break;
    case OTHER:
        become_first(task, superseding(text));
        break;
    }
}

static void list_calls(void)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        printf("%s?%s", i ? "," : "", entries[i].name);
    putchar('\n');
}

int main(int argc, char *argv[])
{
    struct line line = {.number = 1};
    int opt;

    while ((opt = getopt(argc, argv, "lpt")) != -1) {
        if (opt == '?')
            return 2;
        if (opt == 'l') {
            list_calls();
            return 0;
        }
        with_pids |= opt == 'p';
        with_times |= opt == 't';
    }
    if (optind != argc - 1)
        errx(2, "usage: xray-facts [-p] [-t] LOG");

    open_log(argv[optind]);
    while (next_line(&line))
        take_line(&line);
    if (tasks == NULL)
        errx(1, "%s: nothing is in it: the command didn't start", argv[optind]);
    tell_what_is_left();
    fact(NULL, "end %s", notes.end ? notes.end : "unknown");
    if (fflush(stdout) == EOF || ferror(stdout))
        err(1, "standard output");
    return 0;
}
