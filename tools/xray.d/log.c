/*
 * log.c: reads a log line by line.
 *
 * strace writes a call in two halves if another process does something in
 * between: "read(3,  <unfinished ...>", and later "<... read resumed>"x", 1) =
 * 1". A call that causes something must be known with its result where it
 * began. So the log is read twice: first for the second halves.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

static const char first_line[] = "# xray log 1";

struct notes notes;

static const char *path;
static FILE *log_file;
static char *buffer;
static size_t buffer_size;
static double start_time;

/* The second halves, in the order of the first ones. */
static char **rests;
static size_t rests_count, rests_used;

_Noreturn void bad_line(long number, const char *why)
{
    errx(1, "%s:%ld: %s", path, number, why);
}

/* Reads a line without its newline. False at the end of the log. */
static bool read_line(long number)
{
    ssize_t n = getline(&buffer, &buffer_size, log_file);

    if (n == -1) {
        if (ferror(log_file))
            err(1, "%s", path);
        return false;
    }
    if (memchr(buffer, '\0', (size_t)n) != NULL)
        bad_line(number, "a zero byte: this isn't a log of 'xray record'");
    if (buffer[n - 1] == '\n')
        buffer[n - 1] = '\0';
    return true;
}

static char *skip_spaces(char *text)
{
    while (*text == ' ')
        text++;
    return text;
}

/* Cuts the end off if it is this one. */
static bool cut(char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    if (n < m || strcmp(text + n - m, end) != 0)
        return false;
    for (n -= m; n > 0 && text[n - 1] == ' '; n--)
        continue;
    text[n] = '\0';
    return true;
}

static enum line_kind classify(char *text)
{
    if (strncmp(text, "--- ", 4) == 0)
        return SIGNALLED;
    if (strncmp(text, "+++ exited with ", 16) == 0)
        return EXITED;
    if (strncmp(text, "+++ killed by ", 14) == 0)
        return KILLED;
    /* A thread that another one's end has killed: strace can't tell any more
     * which call it was in. */
    if (strncmp(text, "???", 3) == 0 || strncmp(text, "<... ??? ", 9) == 0)
        return OTHER;
    if (strncmp(text, "<... ", 5) == 0 && strstr(text, " resumed>") != NULL)
        return RESUMED;
    if (cut(text, "<unfinished ...>") || cut(text, "<detached ...>"))
        return BEGUN;
    if (strncmp(text, "+++ ", 4) == 0)
        return OTHER;
    return WHOLE;
}

/* PID, time and the rest; ends the program if it looks otherwise. */
static void parse_line(struct line *line)
{
    char *end;
    long tid = strtol(buffer, &end, 10);

    if (!isdigit((unsigned char)*buffer) || *end != ' ' || tid <= 0 ||
        tid >= PID_LIMIT)
        bad_line(line->number, "it doesn't begin with a PID, as a line of "
                               "strace -f -ttt does");
    line->tid = (pid_t)tid;
    line->text = skip_spaces(end);
    line->time = strtod(line->text, &end);
    if (!isdigit((unsigned char)*line->text) || *end != ' ')
        bad_line(line->number, "the PID isn't followed by the time, as in a "
                               "line of strace -f -ttt");
    if (start_time == 0)
        start_time = line->time;
    line->time -= start_time;
    line->text = skip_spaces(end);
    line->kind = classify(line->text);
    line->rest = NULL;
}

static void read_note(const char *note)
{
    static const char *const ends[] = {"exit ", "signal ", "timeout ",
                                       "stopped"};

    if (strncmp(note, "folder ", 7) == 0)
        notes.folder = strdup(note + 7);
    if (strncmp(note, "attached", 8) == 0)
        notes.attached = true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strncmp(note, ends[i], strlen(ends[i])) == 0)
            notes.end = strdup(note);
}

static void add_rest(void)
{
    static size_t room;

    if (rests_count == room) {
        room = room ? 2 * room : 1024;
        rests = realloc(rests, room * sizeof *rests);
        if (rests == NULL)
            err(1, "realloc");
    }
    rests[rests_count++] = NULL;
}

/* "+++ superseded by execve in pid 4712 +++": the thread that called exec has
 * the first thread's number from now on. */
pid_t superseding(const char *text)
{
    static const char words[] = "+++ superseded by execve in pid ";
    long tid = strncmp(text, words, sizeof words - 1) == 0
                   ? strtol(text + sizeof words - 1, NULL, 10)
                   : 0;

    return tid > 0 && tid < PID_LIMIT ? (pid_t)tid : 0;
}

static void find_rests(void)
{
    /* Which half of whose call is still to come, plus one. */
    static size_t open_call[PID_LIMIT];
    struct line line = {.number = 1};
    bool whole = false;

    while (line.number++, read_line(line.number)) {
        whole = strcmp(buffer, "# end") == 0;
        if (*buffer == '#') {
            read_note(skip_spaces(buffer + 1));
            continue;
        }
        parse_line(&line);
        if (line.kind == BEGUN) {
            add_rest();
            open_call[line.tid] = rests_count;
        } else if (line.kind == RESUMED && open_call[line.tid] > 0) {
            rests[open_call[line.tid] - 1] =
                strdup(strstr(line.text, " resumed>") + 9);
            open_call[line.tid] = 0;
        } else if (line.kind == OTHER && superseding(line.text)) {
            open_call[line.tid] = open_call[superseding(line.text)];
            open_call[superseding(line.text)] = 0;
        }
    }
    if (!whole)
        errx(1,
             "%s: it is cut off: the last line of a log is '# end'. Record it "
             "again",
             path);
}

void open_log(const char *name)
{
    path = name;
    log_file = fopen(path, "r");
    if (log_file == NULL)
        err(1, "%s", path);
    if (!read_line(1))
        errx(1, "%s: it is empty. 'xray record -o LOG -- COMMAND' makes a log",
             path);
    if (strcmp(buffer, first_line) != 0)
        errx(1,
             "%s: this isn't a log of 'xray record': the first line should be "
             "'%s'",
             path, first_line);
    find_rests();
    rewind(log_file);
    read_line(1);
}

bool next_line(struct line *line)
{
    do {
        line->number++;
        if (!read_line(line->number)) {
            fclose(log_file);
            return false;
        }
    } while (*buffer == '#');
    parse_line(line);
    if (line->kind == BEGUN)
        line->rest = rests[rests_used++];
    return true;
}

bool is_stillborn(const struct line *line)
{
    static pid_t tid;

    if (line->tid == tid || *line->text == '?' ||
        strncmp(line->text, "exit_group(", 11) == 0)
        tid = line->tid;
    return line->tid == tid;
}
