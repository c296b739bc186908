/*
 * http_request.h: reads a request as RFC 9112 writes it: a line with
 * method, target and version; fields, "Name: value", a line each; an
 * empty line. What doesn't look like that gets the status that RFC 9110
 * has for it, and nothing of it is used: a request that two programs
 * understand differently is how one of them is deceived.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TARGET_MAX = 4096, /* bytes of a target; beyond it is 414 */
    FIELDS_MAX = 8192, /* of all fields; beyond it is 431 */
    REQUEST_MAX = 32 + TARGET_MAX + FIELDS_MAX,
    BODY_MAX = 65536 /* what comes with a request, and is thrown away */
};

struct request {
    int status;   /* 200, or why it is refused: 400, 405, ... */
    bool head;    /* HEAD: as GET, but only the fields */
    bool persist; /* another request may follow on this connection */
    char path[TARGET_MAX + 1]; /* decoded; begins with '/' */
    long long body;            /* bytes that follow the empty line */
};

/* RFC 9110, 5.6.2: what names of methods and fields are made of. */
static inline bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) &&
            (text[i] == '\0' || strchr("!#$%&'*+-.^_`|~", text[i]) == NULL))
            return false;
    return len > 0;
}

static inline bool is_word(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20); /* lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "/a%20b?query" is the path "/a b". A NUL would cut the name that
 * open() sees: there is no file whose name has one. */
static inline int decode_path(struct request *request, const char *text,
                              size_t len)
{
    char *to = request->path;

    for (size_t i = 0; i < len && text[i] != '?'; i++) {
        int c = (unsigned char)text[i];

        if (c == '%') {
            if (len - i < 3 || hex_digit(text[i + 1]) == -1 ||
                hex_digit(text[i + 2]) == -1)
                return 400;
            c = hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]);
            i += 2;
        } else if (c <= ' ' || c >= 0x7f || c == '#') {
            return 400;
        }
        if (c == '\0')
            return 400;
        *to++ = (char)c;
    }
    *to = '\0';
    return request->path[0] == '/' ? 200 : 400;
}

/* The target is a path, or, to a proxy and allowed to others, a whole
 * address: http://host/path. */
static inline int read_target(struct request *request, const char *text,
                              size_t len)
{
    static const char scheme[] = "http://";
    const char *slash;

    if (len > TARGET_MAX)
        return 414;
    if (len < sizeof scheme ||
        strncasecmp(text, scheme, sizeof scheme - 1) != 0)
        return decode_path(request, text, len);
    text += sizeof scheme - 1;
    len -= sizeof scheme - 1;
    slash = memchr(text, '/', len);
    if (slash == NULL) {
        strcpy(request->path, "/");
        return *text == '?' ? 400 : 200;
    }
    return decode_path(request, slash, len - (size_t)(slash - text));
}

static inline int read_method(struct request *request, const char *text,
                              size_t len)
{
    static const char *const known[] = {"POST",    "PUT",   "DELETE", "CONNECT",
                                        "OPTIONS", "TRACE", "PATCH"};

    if (!is_token(text, len))
        return 400;
    request->head = is_word(text, len, "HEAD");
    if (request->head || is_word(text, len, "GET"))
        return 200;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_word(text, len, known[i]))
            return 405; /* we know it, but there is nothing to do */
    return 501;
}

static inline int read_version(struct request *request, const char *text,
                               size_t len)
{
    if (len != 8 || memcmp(text, "HTTP/", 5) != 0 ||
        !isdigit((unsigned char)text[5]) || text[6] != '.' ||
        !isdigit((unsigned char)text[7]))
        return 400;
    if (text[5] != '1')
        return 505;
    request->persist = text[7] != '0'; /* 1.0 closes, 1.1 goes on */
    return 200;
}

static inline int read_first_line(struct request *request, const char *line,
                                  size_t len)
{
    const char *target = memchr(line, ' ', len), *version;
    int method, rest;

    version = memrchr(line, ' ', len);
    if (target == NULL || version == target)
        return 400;
    rest =
        read_version(request, version + 1, len - (size_t)(version + 1 - line));
    if (rest != 200)
        return rest;
    method = read_method(request, line, (size_t)(target - line));
    target++;
    /* "OPTIONS *" and "CONNECT host:80" have targets of their own. */
    if (method != 200)
        return method;
    return read_target(request, target, (size_t)(version - target));
}

/* Whether a list, "close, Upgrade", has that word, in any case. */
static inline bool lists(const char *value, size_t len, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i < len;) {
        size_t end = i;

        while (end < len && value[end] != ',')
            end++;
        while (i < end && (value[i] == ' ' || value[i] == '\t'))
            i++;
        if (end - i >= n && strncasecmp(value + i, word, n) == 0 &&
            strspn(value + i + n, " \t") >= end - i - n)
            return true;
        i = end + 1;
    }
    return false;
}

static inline int read_length(struct request *request, const char *text,
                              size_t len)
{
    long long length = 0;

    if (len == 0 || request->body != -1)
        return 400; /* two lengths: which is it? */
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return 400;
        if (length <= BODY_MAX)
            length = length * 10 + (text[i] - '0');
    }
    request->body = length;
    return length > BODY_MAX ? 413 : 200;
}

/* One field. *hosts counts those that are called Host. */
static inline int read_field(struct request *request, int *hosts,
                             const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len), *value;
    size_t name = colon == NULL ? 0 : (size_t)(colon - line), size;

    /* Also for a space before the colon, or at the line's beginning. */
    if (!is_token(line, name))
        return 400;
    value = colon + 1;
    size = len - name - 1;
    while (size > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        size--;
    }
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t'))
        size--;
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') ||
            value[i] == 0x7f)
            return 400;
    if (name == 4 && strncasecmp(line, "Host", 4) == 0)
        ++*hosts;
    else if (name == 14 && strncasecmp(line, "Content-Length", 14) == 0)
        return read_length(request, value, size);
    else if (name == 17 && strncasecmp(line, "Transfer-Encoding", 17) == 0)
        return 411; /* a body in chunks, and we want to know its size */
    else if (name == 10 && strncasecmp(line, "Connection", 10) == 0)
        request->persist =
            !lists(value, size, "close") &&
            (request->persist || lists(value, size, "keep-alive"));
    return 200;
}

/* Cuts the next line off; "\r\n" ends it, "\n" alone may. False if its
 * end isn't there yet. */
static inline bool next_line(const char **at, const char *end,
                             const char **line, size_t *len)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));

    if (newline == NULL)
        return false;
    *line = *at;
    *len = (size_t)(newline - *at);
    if (*len > 0 && newline[-1] == '\r')
        --*len;
    *at = newline + 1;
    return true;
}

/* The first thing that is wrong is the one to be told. */
static inline void note(struct request *request, int status)
{
    if (request->status == 200)
        request->status = status;
    /* Of the others we know where they end, and the next one begins. */
    if (status != 200 && status != 405 && status != 501)
        request->persist = false;
}

/*
 * Reads the request that the len bytes of text begin with. Returns how
 * many bytes it has, without its body; or 0 if its end isn't there yet.
 * Anything but 200 in request->status refuses it.
 */
static inline size_t read_request(struct request *request, const char *text,
                                  size_t len)
{
    const char *at = text, *end = text + len, *first, *fields, *line;
    size_t size, first_size;
    int hosts = 0, bad = 200;
    bool old;

    *request = (struct request){.status = 200, .body = -1};
    do { /* an empty line may be left over: RFC 9112, 2.2 */
        if (!next_line(&at, end, &first, &first_size)) {
            if (end - at <= REQUEST_MAX - FIELDS_MAX)
                return 0;
            request->status = 414;
            return len;
        }
    } while (first_size == 0);
    note(request, read_first_line(request, first, first_size));
    old = !request->persist;
    fields = at;
    do {
        if (!next_line(&at, end, &line, &size) || at - fields > FIELDS_MAX) {
            if (end - fields <= FIELDS_MAX)
                return 0;
            note(request, 431);
            return len;
        }
        if (size > 0 && bad == 200)
            bad = read_field(request, &hosts, line, size);
    } while (size > 0);
    note(request, bad);
    /* Whom it is meant for, from 1.1 on everybody says. */
    if (hosts > 1 || (hosts == 0 && !old))
        note(request, 400);
    if (request->body == -1)
        request->body = 0;
    return (size_t)(at - text);
}

#endif
