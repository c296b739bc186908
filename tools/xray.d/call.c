/*
 * call.c: takes a call apart, as strace writes it:
 *
 *     openat(AT_FDCWD</tmp>, "a b", O_RDONLY) = 3</tmp/a b>
 *     read(0, 0x7ffe, 1) = -1 EAGAIN (Resource temporarily unavailable)
 *     pause() = ? ERESTARTNOHAND (To be restarted if no handler)
 *
 * A comma within quotes, brackets or <...> doesn't end an argument.
 */
#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

/* From an opening quote to the closing one, or to the end. */
static char *skip_quotes(char *p)
{
    for (p++; *p != '\0' && *p != '"'; p++)
        if (*p == '\\' && p[1] != '\0')
            p++;
    return *p == '"' ? p : p - 1;
}

/* From "<" to its ">": an arrow within isn't one, and they may be nested, as
 * in <UNIX-STREAM:[12->13]> and </dev/null<char 1:3>>. */
static char *skip_angles(char *p)
{
    int depth = 0;
    char *start = p;

    for (; *p != '\0'; p++) {
        if (*p == '<')
            depth++;
        else if (*p == '>' && p[-1] != '-' && --depth == 0)
            return p;
    }
    return start;
}

static bool is_annotation(const char *text, const char *p)
{
    return p > text && (isdigit((unsigned char)p[-1]) || p[-1] == 'D') &&
           p[1] != '<';
}

/* Cuts the arguments apart. Returns what follows the closing parenthesis, or
 * NULL if there is none. */
static char *split(char *p, struct call *call)
{
    int depth = 0;
    char *text = p;

    call->args[call->count] = p;
    for (; *p != '\0'; p++) {
        if (*p == '"') {
            p = skip_quotes(p);
        } else if (*p == '<' && is_annotation(text, p)) {
            p = skip_angles(p);
        } else if (*p == '/' && p[1] == '*' && strstr(p, "*/") != NULL) {
            p = strstr(p, "*/") + 1;
        } else if (strchr("([{", *p) != NULL) {
            depth++;
        } else if (strchr(")]}", *p) != NULL) {
            if (depth-- == 0) {
                *p = '\0';
                call->count++;
                return p + 1;
            }
        } else if (*p == ',' && depth == 0 && call->count < MAX_ARGS - 1) {
            *p++ = '\0';
            while (*p == ' ')
                p++;
            call->args[++call->count] = p--;
        }
    }
    call->count++;
    return NULL;
}

/* Cuts " <0.000123>" off, the seconds from the call to its return. */
static double cut_duration(char *p)
{
    char *from = strrchr(p, '<');

    if (from == NULL || from[-1] != ' ' || !isdigit((unsigned char)from[1]))
        return 0;
    from[-1] = '\0';
    return strtod(from + 1, NULL);
}

static void parse_result(char *p, struct call *call)
{
    char *word;

    while (*p == ' ')
        p++;
    if (*p != '=')
        return;
    for (p++; *p == ' '; p++)
        continue;
    call->result_text = p;
    call->duration = cut_duration(p);
    if (*p == '?') {
        /* ERESTARTSYS and its kin: a signal interrupted it. */
        if (strncmp(p, "? ERESTART", 10) == 0) {
            call->returned = true;
            call->error = "EINTR";
        }
        call->result = -1;
        return;
    }
    call->returned = true;
    call->result = strtoll(p, &p, 0);
    if (call->result == -1 && p[0] == ' ' && p[1] == 'E') {
        word = p + 1;
        word[strcspn(word, " ")] = '\0';
        call->error = word;
    }
}

bool parse_call(char *text, const char *rest, struct call *call)
{
    /* The two halves together; this is faster than an allocation each. */
    static char *whole;
    static size_t room;
    size_t n = strlen(text), m = rest ? strlen(rest) : 0;
    char *p;

    if (n + m + 1 > room) {
        room = 2 * (n + m + 1);
        whole = realloc(whole, room);
        if (whole == NULL)
            err(1, "realloc");
    }
    memcpy(whole, text, n + 1);
    if (rest != NULL)
        memcpy(whole + n, rest, m + 1);

    *call = (struct call){.name = whole, .result = -1, .result_text = ""};
    for (int i = 0; i < MAX_ARGS; i++)
        call->args[i] = whole + n + m; /* an empty text */
    for (p = whole; isalnum((unsigned char)*p) || *p == '_'; p++)
        continue;
    if (p == whole || *p != '(')
        return false;
    *p = '\0';
    p = split(p + 1, call);
    if (p != NULL)
        parse_result(p, call);
    return true;
}

char *quoted(const char *text)
{
    const char *from = strchr(text, '"');
    const char *to;
    char *word, *w;

    if (from == NULL)
        return NULL;
    for (to = ++from; *to != '\0' && *to != '"'; to++)
        if (*to == '\\' && to[1] != '\0')
            to++;
    word = w = malloc(4 * (size_t)(to - from) + 1);
    if (word == NULL)
        err(1, "malloc");
    for (; from < to; from++) {
        if (*from == ' ')
            w = stpcpy(w, "\\040");
        else
            *w++ = *from;
    }
    *w = '\0';
    return word;
}

long long number(const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 0);

    return end == text ? -1 : n;
}

char *annotation(const char *text)
{
    char *from = strchr(text, '<');
    char *to;

    if (from == NULL)
        return NULL;
    to = skip_angles(from);
    return to == from ? NULL : strndup(from + 1, (size_t)(to - from - 1));
}

const char *field(const char *text, const char *key)
{
    static char word[64];
    const char *p = strstr(text, key);
    size_t n;

    if (p == NULL)
        return NULL;
    p += strlen(key);
    n = strcspn(p, ",} )]");
    if (n >= sizeof word)
        n = sizeof word - 1;
    memcpy(word, p, n);
    word[n] = '\0';
    return word;
}

bool has(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}
