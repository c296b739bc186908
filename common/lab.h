/*
 * lab.h: the few helpers that the labs share.
 *
 * What a lab is about stands in the lab's own program: you won't find
 * fork(), pipe() or sigaction() hidden here. What is here would only
 * distract from it: one line of output that isn't torn, a whole write, a
 * number that is checked.
 *
 * Failed calls are reported with err() and warn() of <err.h>: they print the
 * program's name, your words, and what errno means.
 */
#ifndef LAB_H
#define LAB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Prints one line, "ROLE[PID]: TEXT", to standard output, at once.
 *
 * The line leaves in a single write(), so lines of several processes never
 * mix, and nothing waits in a stdio buffer that fork() would copy. A line
 * longer than 511 bytes is cut; a control character in it is printed as '?'.
 * Ends the program with status 1 if the line can't be written. Leaves errno
 * as it was. Not async-signal-safe. See write(2), pipe(7) on PIPE_BUF.
 */
void say(const char *role, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Reads until len bytes are in buf or the input ends, however many read()
 * calls it takes; restarts after a signal. Returns how many bytes it got,
 * less than len only at end of file; or -1 with errno from read(2): then
 * some bytes may have been read and are lost. On a descriptor that doesn't
 * block, EAGAIN is such an error.
 */
ssize_t read_full(int fd, void *buf, size_t len);

/*
 * Writes all len bytes of buf to fd, however many write() calls it takes;
 * restarts after a signal. Returns 0, or -1 with errno from write(2): then
 * some of the bytes may have been written.
 */
int write_full(int fd, const void *buf, size_t len);

/*
 * Reads text as a whole decimal number from min to max, both included, and
 * returns it. Anything else (empty, "12x", "1.5", too large for a long long)
 * is bad usage: says on standard error which argument, called name, is wrong
 * and what would be right, and ends the program with status 2. See
 * strtoll(3).
 */
long long parse_number(const char *name, const char *text, long long min,
                       long long max);

/*
 * The same for a time in seconds, which may have a fraction: "0.25".
 * "nan", "inf" and hexadecimal are refused. See strtod(3).
 */
double parse_seconds(const char *name, const char *text, double min,
                     double max);

/*
 * Seconds on a clock that only goes forward, whatever is done to the time of
 * day: good for how long something took, meaningless as a date. Ends the
 * program with status 1 if there is no such clock. See clock_gettime(2),
 * CLOCK_MONOTONIC.
 */
double monotonic_seconds(void);

/*
 * From now on a message on standard error leaves in a single write(), so
 * messages of several processes don't mix. Without it err() and warn() write
 * the program's name, your words and the error one by one. musl, unlike
 * glibc, makes no buffer where setvbuf(3) is given none: this one gives it.
 * Call it before the first message.
 */
void line_buffer_stderr(void);

/*
 * Ends the program with status 1 and a message if error isn't 0. For the
 * pthread functions: they return their error, they don't set errno.
 * what names the call. See pthreads(7).
 *
 *     check_pthread(pthread_join(thread, NULL), "pthread_join");
 */
void check_pthread(int error, const char *what);

/*
 * The name of a signal: "SIGTERM", "SIGRTMIN+3", or "signal 99" for a number
 * that no signal has. The text is constant, or in a buffer of the calling
 * thread that the next call overwrites. Not async-signal-safe. See signal(7).
 */
const char *signal_name(int sig);

/*
 * The number of the signal that text names: "TERM", "SIGTERM", "15",
 * "RTMIN+3", in any case. Anything else is bad usage, like in
 * parse_number().
 */
int parse_signal(const char *name, const char *text);

/*
 * Returns when Enter was pressed, or when standard input has ended; goes on
 * after a signal. Takes the rest of that line and not a byte more. What a
 * program holds still for can be looked at until then. See read(2).
 */
void wait_for_enter(void);

/*
 * Returns the path that leads to a file from every folder: `path`, with the
 * current folder before it unless it begins with a slash; or, if path is
 * NULL, `usual` in $XDG_RUNTIME_DIR, a folder that belongs to one user only.
 * Without such a folder, ends the program with status 2 and asks for a path.
 * The caller may free() the result.
 */
char *whole_path(const char *path, const char *usual);

/*
 * Returns the name of a message queue, shared memory or semaphore: `name`,
 * which must begin with its only slash and have up to 255 bytes behind it, or
 * the program ends with status 2; or, if name is NULL, "/ipclab-UID-" and
 * `usual`, where UID is the caller's user, so that no two users mean the same
 * object. `make clean-ipc` finds what has such a name. The caller may free() the
 * result. See mq_overview(7).
 */
char *object_name(const char *name, const char *usual);

/*
 * The same for System V: the key of what lab number `lab` makes for this user,
 * 0x4c, the lab in the next 8 bits, the lower half of the user's number in the
 * last 16. ftok(3) would make one from a file, and not always a different one.
 */
key_t object_key(int lab);

/*
 * Closes every open descriptor from `first` up, by close_range(2), or, where
 * the kernel doesn't have it or a container forbids it, one by one as
 * /proc/self/fd lists them. Ends the program with status 1 if that can't be
 * read either. glibc has closefrom(3) for this since 2.34, musl has nothing.
 */
void close_all_from(int first);

/*
 * Ends the program as getopt(3) asks for it: opt 'h' prints text to standard
 * output and exits with 0, anything else prints it to standard error and
 * exits with 2.
 */
_Noreturn void usage(int opt, const char *text);

#endif
