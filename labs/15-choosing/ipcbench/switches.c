/*
 * switches.c: what it costs that a CPU goes from one thread to another,
 * of the same process or of another one. Two on one CPU pass a byte to
 * and fro: each write wakes the other one, and each read waits, so each
 * byte is a write, a read and a switch. One who passes it to itself does
 * the same without the switch: what the others take more is the switch.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"
#include "operations.h"
#include "run.h"

enum { READ_END, WRITE_END };

static int to[2], from[2];

static void make_pipes(void)
{
    if (pipe(to) == -1 || pipe(from) == -1)
        err(1, "pipe");
}

static void close_pipe(const int ends[2])
{
    close(ends[READ_END]);
    close(ends[WRITE_END]);
}

static void put(int fd)
{
    ssize_t n;

    while ((n = write(fd, "x", 1)) == -1 && errno == EINTR)
        ;
    if (n != 1)
        err(1, "write");
}

/* Returns false at the end of file. */
static bool get(int fd)
{
    char byte;
    ssize_t n;

    while ((n = read(fd, &byte, 1)) == -1 && errno == EINTR)
        ;
    if (n == -1)
        err(1, "read");
    return n == 1;
}

static void *be_partner(void *arg)
{
    while (get(to[READ_END]))
        put(from[WRITE_END]);
    return arg;
}

/* So many bytes, half of them there and half of them back. */
static double pass_bytes(uint64_t count)
{
    int64_t start;

    put(to[WRITE_END]); /* by then the partner is there */
    if (!get(from[READ_END]))
        errx(1, "the partner is gone");
    start = now_ns();
    for (uint64_t i = 0; i < count; i += 2) {
        put(to[WRITE_END]);
        get(from[READ_END]);
    }
    return (double)(now_ns() - start) * (double)count /
           (double)(count + count % 2);
}

double pipe_alone(uint64_t count, const int cpus[2])
{
    int64_t start, end;

    pin(cpus[0]);
    make_pipes();
    start = now_ns();
    for (uint64_t i = 0; i < count; i++) {
        put(to[WRITE_END]);
        get(to[READ_END]);
    }
    end = now_ns();
    close_pipe(to);
    close_pipe(from);
    return (double)(end - start);
}

double switch_threads(uint64_t count, const int cpus[2])
{
    pthread_t thread;
    double ns;

    pin(cpus[0]); /* the new thread is pinned, too */
    make_pipes();
    check_pthread(pthread_create(&thread, NULL, be_partner, NULL),
                  "pthread_create");
    ns = pass_bytes(count);
    close(to[WRITE_END]); /* the partner's end of file */
    check_pthread(pthread_join(thread, NULL), "pthread_join");
    close(to[READ_END]);
    close_pipe(from);
    return ns;
}

double switch_processes(uint64_t count, const int cpus[2])
{
    pid_t child;
    int status;
    double ns;

    pin(cpus[0]);
    make_pipes();
    child = start_process();
    if (child == 0) {
        close(to[WRITE_END]);
        close(from[READ_END]);
        be_partner(NULL);
        _exit(0);
    }
    close(to[READ_END]);
    close(from[WRITE_END]);
    ns = pass_bytes(count);
    close(to[WRITE_END]);
    close(from[READ_END]);
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        errx(1, "the partner has failed");
    return ns;
}
