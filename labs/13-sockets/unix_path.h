/*
 * unix_path.h: addresses of Unix sockets, and how a server takes a path:
 * a socket file that a dead one has left is replaced, a living one's is
 * not. What begins with '@' is an abstract name: it is no file.
 */
#ifndef UNIX_PATH_H
#define UNIX_PATH_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab.h"

/* Makes an address; returns its length. An abstract name begins with a
 * byte 0, and has as many bytes as the length says. See unix(7). */
static inline socklen_t unix_address(struct sockaddr_un *address,
                                     const char *path)
{
    size_t len = strlen(path);

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    /* A longer path would be cut, and mean another file. */
    if (len == 0 || len >= sizeof address->sun_path)
        errx(2, "a path of 1 to %zu bytes, please",
             sizeof address->sun_path - 1);
    memcpy(address->sun_path, path, len);
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    else
        len++; /* the '\0' at the end of a path */
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* What has been bound by us, for remove_path(). */
static struct {
    const char *path;
    struct stat made;
} bound_path;

/* Locks the folder, so that no two look and replace at the same time.
 * Returns a descriptor, to be closed, or -1 with errno. */
static inline int lock_folder(const char *path)
{
    char *copy = strdup(path);
    int fd;

    if (copy == NULL)
        return -1;
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    while (fd != -1 && flock(fd, LOCK_EX) == -1) {
        if (errno == EINTR)
            continue;
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Removes the path, if it is still ours. For atexit(). */
static inline void remove_path(void)
{
    struct stat now;
    int folder = lock_folder(bound_path.path);

    if (lstat(bound_path.path, &now) == 0 &&
        now.st_dev == bound_path.made.st_dev &&
        now.st_ino == bound_path.made.st_ino)
        unlink(bound_path.path);
    if (folder != -1)
        close(folder);
}

/* Whether somebody answers to that name: a file alone doesn't tell. */
static inline bool is_live(const struct sockaddr_un *address, socklen_t len,
                           int type)
{
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool live;

    if (fd == -1)
        err(1, "socket");
    /* Only ECONNREFUSED means that nobody has it. EAGAIN is a server
     * with a full backlog, EPROTOTYPE one of another type. */
    live = connect(fd, (const struct sockaddr *)address, len) == 0 ||
           errno != ECONNREFUSED;
    close(fd);
    return live;
}

/*
 * Binds the socket, which is of that type, to the path with that mode; and
 * listens, but for datagrams. The path is removed when the program exits.
 */
static inline void bind_path(int fd, const char *path, int type, mode_t mode)
{
    struct sockaddr_un address;
    socklen_t len = unix_address(&address, path);
    struct stat info;
    mode_t before;
    int folder;

    if (path[0] == '@') {
        if (bind(fd, (struct sockaddr *)&address, len) == -1 ||
            (type != SOCK_DGRAM && listen(fd, SOMAXCONN) == -1))
            err(1, "%s", path);
        return;
    }
    folder = lock_folder(path);
    if (folder == -1)
        err(1, "the folder of %s", path);
    if (lstat(path, &info) == 0) {
        if (!S_ISSOCK(info.st_mode))
            errx(1, "%s: there is something else than a socket", path);
        if (is_live(&address, len, type))
            errx(1, "%s: another server has it", path);
        say("server", "%s is a dead server's: replaces it", path);
        if (unlink(path) == -1)
            err(1, "%s", path);
    }
    /* bind() makes the file, and the umask is taken off its mode. By a
     * chmod() afterwards it would be open to all for a moment. */
    before = umask(0777 & ~mode);
    if (bind(fd, (struct sockaddr *)&address, len) == -1)
        err(1, "%s", path);
    umask(before);
    bound_path.path = path;
    if (lstat(path, &bound_path.made) == -1)
        err(1, "%s", path);
    atexit(remove_path);
    /* Still locked: until it listens we would be taken for dead. */
    if (type != SOCK_DGRAM && listen(fd, SOMAXCONN) == -1) {
        warn("listen");
        close(folder); /* remove_path() locks it, too */
        exit(1);
    }
    close(folder);
}

#endif
