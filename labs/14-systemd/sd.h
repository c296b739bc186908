/*
 * sd.h: libsystemd's sd-daemon.h, or stand-ins where there is none.
 *
 * The stand-ins are what the library does in a process that no systemd
 * has started: nothing. WITHOUT_SD is defined then, here or by the Makefile
 * if there is a header, but nothing to link with.
 */
#ifndef SD_H
#define SD_H

#if !defined(WITHOUT_SD) && __has_include(<systemd/sd-daemon.h>)
#include <systemd/sd-daemon.h>
#else
#include <stdint.h>

#ifndef WITHOUT_SD
#define WITHOUT_SD
#endif
#define SD_LISTEN_FDS_START 3
#define SD_WARNING "<4>"
#define SD_NOTICE "<5>"
#define SD_INFO "<6>"

static inline int sd_notifyf(int unset, const char *format, ...)
{
    (void)unset, (void)format;
    return 0;
}

static inline int sd_watchdog_enabled(int unset, uint64_t *usec)
{
    (void)unset, (void)usec;
    return 0;
}

static inline int sd_listen_fds(int unset)
{
    (void)unset;
    return 0;
}

static inline int sd_is_socket(int fd, int family, int type, int listens)
{
    (void)fd, (void)family, (void)type, (void)listens;
    return 0;
}
#endif

#endif
