/*
 * transfer_send.h: the side of file_transfer that has the file.
 */
#ifndef TRANSFER_SEND_H
#define TRANSFER_SEND_H

#include <sys/sendfile.h>
#include <sys/stat.h>

#include "checksum.h"
#include "transfer_message.h"

/* sendfile(2) takes the bytes from where the kernel has them: they never
 * come into our memory. */
static inline bool send_part(int sock, int file, off_t at, off_t end)
{
    if (!say_to(sock, "DATA %jd %jd", (intmax_t)at, (intmax_t)(end - at)))
        return false;
    while (at < end) {
        off_t left = end - at;
        ssize_t n =
            sendfile(sock, file, &at, left < CHUNK ? (size_t)left : CHUNK);

        if (n == 0)
            return fails("it got shorter while it was sent");
        if (n == -1 && errno == EAGAIN)
            return fails("the other side takes nothing");
        if (n == -1 && errno != EINTR)
            return fails("sendfile: %s", strerror(errno));
    }
    return true;
}

static inline bool send_parts(int sock, int file, off_t at, off_t size)
{
    while (at < size) {
        off_t data = lseek(file, at, SEEK_DATA), hole;

        if (data == -1 && errno == ENXIO)
            break; /* a hole, up to the end */
        if (data == -1)
            data = at; /* a file system that doesn't know */
        hole = lseek(file, data, SEEK_HOLE);
        if (hole == -1 || hole > size)
            hole = size;
        if (data >= size)
            break;
        if (!send_part(sock, file, data, hole))
            return false;
        at = hole;
    }
    return true;
}

/*
 * Sends an open file under that name, from where the receiver wants it.
 * Returns whether the receiver has said that it has all; else `why` says
 * why not.
 */
static inline bool send_file(int sock, int file, const char *name, bool sum)
{
    char text[MESSAGE_MAX + 1], digits[SUM_TEXT + 1] = "none", *rest;
    struct stat info;
    off_t from;

    if (fstat(file, &info) == -1)
        return refuses(sock, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return refuses(sock, "that is no regular file");
    if (!say_to(sock, "FILE %jd %jd %s %s", (intmax_t)info.st_size,
                (intmax_t)info.st_blocks * 512, sum ? "sha256" : "none", name))
        return false;
    if (!read_message(sock, text) || !begins(text, "FROM", &rest) ||
        !cut_number(&rest, &from))
        return false;
    if (from > info.st_size)
        return refuses(sock, "there is less than you have");
    if (!send_parts(sock, file, from, info.st_size)) {
        char last[sizeof why];

        /* Perhaps it has said why it takes no more. If not, it waits for the
         * rest: the end of our bytes tells it that none comes. */
        strcpy(last, why);
        shutdown(sock, SHUT_WR);
        if (read_message(sock, text) ||
            strncmp(why, "the other side says", 19) != 0)
            fails("%s", last);
        return false;
    }
    if (sum && !checksum(file, digits))
        return refuses(sock, "the checksum can't be computed");
    return say_to(sock, "END %s", digits) && read_message(sock, text) &&
           begins(text, "DONE", &rest);
}

#endif
