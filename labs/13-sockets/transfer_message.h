/*
 * transfer_message.h: what the two sides of file_transfer say.
 *
 * A message is its length, 4 bytes in network byte order, and then that
 * many bytes of text: a stream has no messages, so it has to say itself
 * where one ends. Of one file these go to and fro:
 *
 *   sender    FILE size takes sha256 name      or "none" for the sum
 *   receiver  FROM offset                      what is before it has
 *   sender    DATA offset length, and then so many bytes; again and again
 *   sender    END sum
 *   receiver  DONE
 *
 * Who can't go on says "NO reason" instead, and closes. What is between
 * the DATA are holes: bytes 0 of which the sender's disk has none either.
 */
#ifndef TRANSFER_MESSAGE_H
#define TRANSFER_MESSAGE_H

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"

enum { MESSAGE_MAX = 4200, CHUNK = 1 << 20 /* bytes at a time */ };

static double patience = 60; /* how long the other side may be silent */
static int gives_up = -1;    /* a descriptor; when it hangs up, we end */
static char why[4500];       /* of what returned false */

__attribute__((format(printf, 1, 2))) static inline bool fails(
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    /* The words may be another machine's: nothing for the terminal. */
    for (char *c = why; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
    return false;
}

/* Sends to the socket; waits for room, but not for ever. */
static inline bool send_all(int sock, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(sock, bytes, len, MSG_NOSIGNAL);

        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return fails("send: %s", errno == EAGAIN
                                         ? "the other side takes nothing"
                                         : strerror(errno));
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

__attribute__((format(printf, 2, 3))) static inline bool say_to(
    int sock, const char *format, ...)
{
    char text[4 + MESSAGE_MAX + 1];
    va_list args;
    uint32_t len;

    va_start(args, format);
    len = (uint32_t)vsnprintf(text + 4, MESSAGE_MAX + 1, format, args);
    va_end(args);
    if (len > MESSAGE_MAX)
        return fails("a message of %u bytes is too long", len);
    memcpy(text, &(uint32_t){htonl(len)}, 4);
    return send_all(sock, text, 4 + len);
}

/* The other side is told why, too, if it still listens. */
static inline bool refuses(int sock, const char *reason)
{
    char kept[256]; /* reason may be `why` */

    snprintf(kept, sizeof kept, "%.200s", reason);
    say_to(sock, "NO %s", kept);
    return fails("%s", kept);
}

static inline const char *open_error(void)
{
    return errno == EXDEV ? "that leads out of the folder" : strerror(errno);
}

/* Receives len bytes, all before the deadline: of one who sends a byte
 * now and then we'd never be rid otherwise. */
static inline bool receive_all(int sock, char *bytes, size_t len,
                               double deadline)
{
    while (len > 0) {
        struct pollfd fds[] = {{sock, POLLIN, 0}, {gives_up, POLLIN, 0}};
        double left = deadline - monotonic_seconds();
        int ready = poll(fds, 2, left <= 0 ? 0 : (int)(left * 1000) + 1);
        ssize_t n;

        if (ready == -1 && errno != EINTR)
            return fails("poll: %s", strerror(errno));
        if (ready == 0)
            return fails("nothing came for %g s", patience);
        if (ready > 0 && fds[0].revents == 0)
            return fails("the server ends");
        if (ready == -1 || (n = recv(sock, bytes, len, 0)) == -1) {
            if (errno == EINTR || errno == EAGAIN)
                continue;
            return fails("recv: %s", strerror(errno));
        }
        if (n == 0)
            return fails("the other side has closed the connection");
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool read_message(int sock, char text[MESSAGE_MAX + 1])
{
    double deadline = monotonic_seconds() + patience;
    uint32_t len;

    if (!receive_all(sock, (char *)&len, 4, deadline))
        return false;
    len = ntohl(len);
    if (len > MESSAGE_MAX)
        return fails("no message: it would have %u bytes", len);
    if (!receive_all(sock, text, len, deadline))
        return false;
    text[len] = '\0';
    if (strlen(text) != len)
        return fails("no message: there is a NUL in it");
    if (strncmp(text, "NO ", 3) == 0)
        return fails("the other side says: %s", text + 3);
    return true;
}

/* Cuts a number off that stands before a space or the end. */
static inline bool cut_number(char **text, off_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(*text, &end, 10);
    if (!isdigit((unsigned char)**text) || errno != 0 ||
        (*end != ' ' && *end != '\0'))
        return fails("no number where one belongs: %.40s", *text);
    *text = *end == ' ' ? end + 1 : end;
    return true;
}

/* Whether text begins with that word; *rest is what follows. */
static inline bool begins(char *text, const char *word, char **rest)
{
    size_t len = strlen(word);

    *rest = text;
    if (strncmp(text, word, len) != 0 ||
        (text[len] != ' ' && text[len] != '\0'))
        return fails("not '%s', but: %.40s", word, text);
    *rest = text + len + (text[len] == ' ');
    return true;
}

#endif
