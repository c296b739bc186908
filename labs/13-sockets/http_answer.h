/*
 * http_answer.h: what http_server answers: which file a path means, and
 * the lines before its bytes, as RFC 9110 and 9112 write them.
 */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "beneath.h"
#include "http_request.h"

static inline const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 301:
        return "Moved Permanently";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

static inline const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".htm", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"},
        {".c", "text/plain; charset=utf-8"},
        {".h", "text/plain; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".gif", "image/gif"},
        {".ico", "image/x-icon"},
        {".pdf", "application/pdf"},
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

/* A file to be sent, or why not: its status. */
struct found {
    int status, fd;
    long long size;
    const char *type;
};

static inline int status_of_errno(void)
{
    switch (errno) {
    case EACCES:
    case EPERM:
        return 403;
    case EMFILE:
    case ENFILE:
    case EAGAIN:
        return 503; /* it was being moved, or we're at an end */
    case EIO:
    case ENOMEM:
        return 500;
    default:
        return 404; /* also for what is outside: it's no secret
                                that there is a file, if it isn't here */
    }
}

/* A folder stands for its index.html; its path has to end with '/', or
 * what the page refers to would be looked for beside the folder. */
static inline struct found find_file(int root, const char *path)
{
    struct found found = {.fd = open_beneath(root, path, O_RDONLY)};
    struct stat info;
    size_t len = strlen(path);

    if (found.fd != -1 && fstat(found.fd, &info) == 0 &&
        S_ISDIR(info.st_mode)) {
        int folder = found.fd;

        if (path[len - 1] != '/') {
            found.status = 301;
            return found;
        }
        path = "index.html";
        found.fd = open_beneath(folder, path, O_RDONLY);
        close(folder);
    }
    if (found.fd == -1 || fstat(found.fd, &info) == -1)
        found.status = status_of_errno();
    else if (!S_ISREG(info.st_mode))
        found.status = 404; /* a FIFO, a device */
    else
        found.status = 200;
    found.size = info.st_size;
    found.type = type_of(path);
    return found;
}

/* The time, "Sat, 21 Nov 2026 09:30:00 GMT"; written once a second. */
static inline const char *http_date(void)
{
    static char text[32];
    static time_t written;
    time_t now = time(NULL);
    struct tm parts;

    if (now != written && gmtime_r(&now, &parts) != NULL) {
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        written = now;
    }
    return text;
}

/* A path as a Location has it: what could end the line is encoded, and
 * two slashes at its begin would mean another host. */
static inline char *encoded(const char *path)
{
    static char text[3 * TARGET_MAX + 2];
    char *to = text;

    path += strspn(path, "/");
    *to++ = '/';
    for (; *path != '\0'; path++) {
        if (isalnum((unsigned char)*path) || strchr("/-._~", *path))
            *to++ = *path;
        else
            to += sprintf(to, "%%%02X", (unsigned char)*path);
    }
    *to = '\0';
    return text;
}

/* Writes the lines before the bytes into out, of max bytes; returns how
 * many it took. Where no bytes of a file follow, some words do, for
 * whoever reads it. */
static inline size_t write_header(char *out, size_t max,
                                  const struct request *request,
                                  const struct found *found, bool persist)
{
    char words[64] = "";
    const char *type = "text/plain; charset=utf-8", *field = "", *value = "";
    long long size = found->size;

    if (found->status == 200)
        type = found->type;
    else
        size = snprintf(words, sizeof words, "%d %s\n", found->status,
                        reason(found->status));
    if (request->head)
        *words = '\0'; /* but the same fields */
    if (found->status == 405)
        field = "Allow: GET, HEAD\r\n";
    if (found->status == 301) {
        field = "Location: ";
        value = encoded(request->path);
    }
    return (size_t)snprintf(
        out, max,
        "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\n"
        "Content-Length: %lld\r\nConnection: %s\r\n%s%s%s\r\n%s",
        found->status, reason(found->status), http_date(), type, size,
        persist ? "keep-alive" : "close", field, value, *value ? "/\r\n" : "",
        words);
}

#endif
