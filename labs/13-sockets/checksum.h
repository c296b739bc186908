/*
 * checksum.h: the SHA-256 of a file, which two files have in common only
 * if they have the same bytes. It is computed by the kernel, or, where
 * that was built without (CONFIG_CRYPTO_USER_API_HASH), by sha256sum(1):
 * not here, for cryptography is nothing to write by hand.
 */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { SUM_BYTES = 32, SUM_TEXT = 2 * SUM_BYTES };

extern char **environ;

/* A socket whose bytes the kernel sums up. See the kernel's
 * Documentation/crypto/userspace-if.rst. */
static inline int open_kernel_sum(void)
{
    /* As <linux/if_alg.h> has it, which isn't everywhere. */
    const struct {
        uint16_t family;
        char type[14];
        uint32_t features, mask;
        char name[64];
    } address = {AF_ALG, "hash", 0, 0, "sha256"};
    int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), sum = -1;

    if (fd == -1)
        return -1;
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        sum = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    close(fd);
    return sum;
}

static inline bool sum_by_kernel(int sum, int file, char *text)
{
    static char buf[65536];
    unsigned char bytes[SUM_BYTES];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(file, buf, sizeof buf, at)) > 0) {
        /* MSG_MORE: this isn't all yet. It takes all of it at once. */
        if (send(sum, buf, (size_t)n, MSG_MORE) != n)
            return false;
        at += n;
    }
    if (n == -1 || recv(sum, bytes, sizeof bytes, 0) != sizeof bytes)
        return false;
    for (int i = 0; i < SUM_BYTES; i++)
        sprintf(text + (ptrdiff_t)2 * i, "%02x", bytes[i]);
    return true;
}

/* The program finds the file as its standard input, and writes the sum,
 * a space and more into a pipe. */
static inline bool sum_by_program(int file, char *text)
{
    char *argv[] = {"sha256sum", NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    ssize_t n = -1;
    pid_t child;
    char rest[64];
    int ends[2], error, status = -1;

    if (lseek(file, 0, SEEK_SET) == -1 || pipe2(ends, O_CLOEXEC) == -1)
        return false;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, file, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], 1);
    error = posix_spawnp(&child, *argv, &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    if (error == 0) {
        n = read_full(ends[0], text, SUM_TEXT);
        while (read(ends[0], rest, sizeof rest) > 0)
            ; /* to its end: else it would die of SIGPIPE */
        error = n == -1 ? errno : 0;
        while (waitpid(child, &status, 0) == -1 && errno == EINTR)
            ;
    }
    close(ends[0]);
    errno = error != 0 ? error : ENOENT; /* it ended without a sum */
    return n == SUM_TEXT && status == 0;
}

/*
 * Writes the sum of a file, 64 hexadecimal digits and a NUL, into text.
 * The file must be open for reading; its offset may change. Returns false
 * and sets errno if neither way is there, or the file can't be read.
 */
static inline bool checksum(int file, char text[SUM_TEXT + 1])
{
    int sum = open_kernel_sum();
    bool done = sum != -1 && sum_by_kernel(sum, file, text);

    if (sum != -1)
        close(sum);
    if (!done)
        done = sum_by_program(file, text);
    text[SUM_TEXT] = '\0';
    for (int i = 0; done && i < SUM_TEXT; i++)
        done = isxdigit((unsigned char)text[i]);
    return done;
}

/* Whether that would work: the sum of nothing is one, too. Says if not. */
static inline bool can_checksum(void)
{
    char text[SUM_TEXT + 1];
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool can = nothing != -1 && checksum(nothing, text);

    if (!can)
        say("checksum", "goes on without: no AF_ALG, and sha256sum: %s",
            strerror(errno));
    if (nothing != -1)
        close(nothing);
    return can;
}

#endif
