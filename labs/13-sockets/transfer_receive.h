/*
 * transfer_receive.h: the side of file_transfer that gets the file.
 *
 * Until all of it is there it is called ".NAME.part". So under its own
 * name nobody ever sees half a file, and who is interrupted can go on.
 */
#ifndef TRANSFER_RECEIVE_H
#define TRANSFER_RECEIVE_H

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "checksum.h"
#include "transfer_message.h"

struct incoming {
    int folder, file;
    const char *name;        /* in the folder: has no slash */
    char part[NAME_MAX + 1]; /* its name until it is whole */
    bool replace;            /* what has the name already */
    off_t size, from;        /* in all; what was there before */
    bool checked;            /* by a checksum */
    char sum[SUM_TEXT + 1];
};

static inline bool is_in_place(const struct incoming *in)
{
    struct stat named, ours;

    return fstat(in->file, &ours) == 0 &&
           fstatat(in->folder, in->part, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_ino == ours.st_ino && named.st_dev == ours.st_dev;
}

/* Opens what is there of it, or begins it. Only one at a time may write
 * to it: the kernel takes the lock back, however that one ends. */
static inline bool open_part(struct incoming *in)
{
    const int how = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    struct stat info;

    if (snprintf(in->part, sizeof in->part, ".%s.part", in->name) >=
        (int)sizeof in->part)
        return fails("the name is too long");
    for (;; close(in->file)) {
        in->file = openat(in->folder, in->part, how, 0666);
        if (in->file == -1 || fstat(in->file, &info) == -1)
            return fails("%s: %s", in->part, strerror(errno));
        if (!S_ISREG(info.st_mode))
            return fails("%s is no regular file", in->part);
        if (flock(in->file, LOCK_EX | LOCK_NB) == -1)
            return fails("%s", errno == EWOULDBLOCK
                                   ? "somebody else transfers it just now"
                                   : strerror(errno));
        /* Else it was whole meanwhile, and has its own name now. */
        if (is_in_place(in))
            return true;
    }
}

/* From where we want it: without a checksum nothing would tell whether
 * what we have is of the same file. */
static inline bool decide_from(struct incoming *in, off_t takes)
{
    struct statvfs disk;
    struct stat info;

    if (fstat(in->file, &info) == -1 || fstatvfs(in->file, &disk) == -1)
        return fails("%s", strerror(errno));
    in->from = info.st_size;
    if (!in->checked || in->from > in->size) {
        in->from = 0;
        if (ftruncate(in->file, 0) == -1)
            return fails("ftruncate: %s", strerror(errno));
    }
    if (takes > in->size)
        takes = in->size;
    takes -= (off_t)info.st_blocks * 512;
    if (takes > 0 && (uintmax_t)takes / disk.f_frsize >= disk.f_bavail)
        return fails("no room: it takes %jd bytes more, %ju are free",
                     (intmax_t)takes, (uintmax_t)disk.f_bavail * disk.f_frsize);
    return true;
}

/* len bytes from the socket into the file, at an offset. */
static inline bool receive_part(int sock, int file, off_t at, off_t len)
{
    static char buf[CHUNK];

    while (len > 0) {
        ssize_t got = recv(sock, buf, len < CHUNK ? (size_t)len : CHUNK, 0);

        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            return fails("recv: %s", errno == EAGAIN
                                         ? "the other side is silent"
                                         : strerror(errno));
        if (got == 0)
            return fails("the connection ended too early");
        len -= got;
        for (ssize_t done = 0, n; done < got; done += n, at += n) {
            n = pwrite(file, buf + done, (size_t)(got - done), at);
            if (n == -1 && errno == EINTR)
                n = 0;
            if (n == -1)
                return refuses(sock, strerror(errno));
        }
    }
    return true;
}

/* All parts, up to the sender's checksum. */
static inline bool receive_parts(int sock, struct incoming *in, char **sum)
{
    static char text[MESSAGE_MAX + 1];
    off_t at = in->from, begin, len;
    char *rest;

    for (;;) {
        if (!read_message(sock, text))
            return false;
        if (begins(text, "END", sum))
            return true;
        if (!begins(text, "DATA", &rest) || !cut_number(&rest, &begin) ||
            !cut_number(&rest, &len))
            return refuses(sock, why);
        if (begin < at || begin > in->size || len > in->size - begin)
            return refuses(sock, "a part that doesn't belong there");
        if (!receive_part(sock, in->file, begin, len))
            return false;
        at = begin + len;
    }
}

/* It is whole: on the disk first, and only then under its name, which
 * nothing else may have got meanwhile. */
static inline bool give_name(struct incoming *in)
{
    if (fsync(in->file) == -1)
        return fails("fsync: %s", strerror(errno));
    if (in->replace) {
        if (renameat(in->folder, in->part, in->folder, in->name) == -1)
            return fails("rename: %s", strerror(errno));
    } else if (linkat(in->folder, in->part, in->folder, in->name, 0) == -1) {
        return fails("%s", strerror(errno));
    } else {
        unlinkat(in->folder, in->part, 0);
    }
    if (fsync(in->folder) == -1)
        return fails("fsync of the folder: %s", strerror(errno));
    return true;
}

static inline bool receive_into(int sock, struct incoming *in, off_t takes)
{
    char own[SUM_TEXT + 1], *sum;

    if (!decide_from(in, takes))
        return refuses(sock, why);
    if (!say_to(sock, "FROM %jd", (intmax_t)in->from) ||
        !receive_parts(sock, in, &sum))
        return false;
    /* What it ends with may be a hole. */
    if (ftruncate(in->file, in->size) == -1)
        return refuses(sock, strerror(errno));
    if (in->checked && !checksum(in->file, own))
        return refuses(sock, "the checksum can't be computed");
    if (in->checked && strcmp(own, sum) != 0) {
        unlinkat(in->folder, in->part, 0);
        return refuses(sock, "not the bytes that were sent: none are kept");
    }
    if (!give_name(in))
        return refuses(sock, why);
    strcpy(in->sum, in->checked ? own : "none");
    say_to(sock, "DONE"); /* who doesn't hear it can look */
    return true;
}

/* What has come is kept, if there will be a way to tell that it is of
 * the same file. */
static inline void keep_part(const struct incoming *in)
{
    struct stat info;
    size_t len = strlen(why);

    if (!is_in_place(in) || fstat(in->file, &info) == -1)
        return;
    if (in->checked && info.st_size > 0)
        snprintf(why + len, sizeof why - len, "; %jd bytes of it are kept",
                 (intmax_t)info.st_size);
    else
        unlinkat(in->folder, in->part, 0);
}

/*
 * Receives what an offer, "SIZE TAKES SUM NAME", is about into in->folder
 * as in->name. Returns whether it is there; else `why` says why not.
 */
static inline bool receive_file(int sock, struct incoming *in, char *offer)
{
    struct stat info;
    off_t takes;
    bool done;

    if (!cut_number(&offer, &in->size) || !cut_number(&offer, &takes))
        return refuses(sock, why);
    in->checked = strncmp(offer, "sha256 ", 7) == 0;
    if (!*in->name || !strcmp(in->name, ".") || !strcmp(in->name, ".."))
        return refuses(sock, "that is no name for a file");
    if (!in->replace &&
        fstatat(in->folder, in->name, &info, AT_SYMLINK_NOFOLLOW) == 0)
        return refuses(sock, strerror(EEXIST));
    if (!open_part(in))
        return refuses(sock, why);
    done = receive_into(sock, in, takes);
    if (!done)
        keep_part(in);
    close(in->file);
    return done;
}

#endif
