/*
 * mailbox_file: two processes send each other messages through files,
 * looked for again and again, or announced by inotify, beside a pipe.
 *
 * Usage: mailbox_file [-n COUNT] [-i SECONDS] [-q SECONDS] [WAY]
 *
 * Try:   mailbox_file -n 20
 *        How long a message takes; then, how often the receiver looks
 *        for nothing, and what that costs, while nobody writes.
 *        mailbox_file -i 0.001 poll; mailbox_file -i 0 poll
 *        Faster, and dearer: -i 0 is busy waiting.
 *        TMPDIR=. mailbox_file fsync
 *        Each message waits for the disk, if this folder is on one.
 *
 * See:   inotify(7), rename(2), fsync(2), nanosleep(2), pipe(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum way { POLL, INOTIFY, FSYNC, PIPE, WAYS };

static const char *const names[] = {"poll", "inotify", "fsync", "pipe"};

static const char usage_text[] =
    "Usage: mailbox_file [-n COUNT] [-i SECONDS] [-q SECONDS] [WAY]\n"
    "  -n COUNT    messages there and back (50)\n"
    "  -i SECONDS  with poll: from look to look (0.01); 0 is no pause\n"
    "  -q SECONDS  how long nothing is sent, afterwards (0.5)\n"
    "  WAY         poll, inotify, fsync (with inotify) or pipe (all)\n";

/* A message goes one way through a box: a folder with one file, which
 * inotify watches; or a pipe. */
enum { TO_CHILD, TO_PARENT, BOXES };
static struct box {
    char path[4096];
    int folder, watch, ends[2]; /* descriptors */
} boxes[BOXES] = {{.folder = -1}, {.folder = -1}};

static volatile pid_t child; /* who answers, while there is one */
static enum way way;
static double interval = 0.01;
static long in_vain; /* how often we have looked for nothing */

static void pause_for(double seconds)
{
    time_t whole = (time_t)seconds;
    struct timespec t = {.tv_sec = whole};

    t.tv_nsec = (long)((seconds - (double)whole) * 1e9);
    while (nanosleep(&t, &t) == -1 && errno == EINTR)
        ;
}

/* Takes the message out. Returns false if there is none. */
static bool take_file(int folder, long *m)
{
    int fd = openat(folder, "message", O_RDONLY);
    ssize_t n;

    if (fd == -1 && errno == ENOENT) {
        in_vain++;
        return false;
    }
    n = fd == -1 ? -1 : read_full(fd, m, sizeof *m);
    if (n == -1)
        err(1, "message");
    if ((size_t)n < sizeof *m)
        errx(1, "half a message: %zd bytes", n);
    close(fd);
    if (unlinkat(folder, "message", 0) == -1)
        err(1, "unlink");
    return true;
}

/* Writes the whole file under another name first. rename() is one step:
 * who looks for "message" finds all of it, or nothing. */
static void put(int to, long message)
{
    int folder = boxes[to].folder, fd = boxes[to].ends[WRITE_END];

    if (way != PIPE)
        fd = openat(folder, "part", O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd == -1 || write_full(fd, &message, sizeof message) == -1)
        err(1, "message");
    if (way == PIPE)
        return;
    /* The bytes are in memory now, in the page cache, and can be read
     * by all. Only this waits until they are on the disk, too. */
    if (way == FSYNC && fsync(fd) == -1)
        err(1, "fsync");
    close(fd);
    if (renameat(folder, "part", folder, "message") == -1)
        err(1, "rename");
}

/*
 * Looks first, then waits. A message that comes between the two isn't
 * missed: the watch was there before the first look, and read() returns
 * what has happened since, at once. Which name it was doesn't matter
 * here: one is all there is.
 */
static void take(int from, long *m)
{
    const struct box *box = &boxes[from];
    char events[4096];

    if (way == PIPE) {
        if (read_full(box->ends[READ_END], m, sizeof *m) != sizeof *m)
            err(1, "read");
        return;
    }
    while (!take_file(box->folder, m)) {
        if (way == POLL)
            pause_for(interval);
        else if (read(box->watch, events, sizeof events) == -1 &&
                 errno != EINTR)
            err(1, "inotify");
    }
}

/* Makes and watches the boxes, before any message is sent. */
static void make_boxes(void)
{
    const char *dir = getenv("TMPDIR");

    for (struct box *box = boxes; box < boxes + BOXES; box++) {
        snprintf(box->path, sizeof box->path, "%s/mailbox.XXXXXX",
                 dir != NULL ? dir : P_tmpdir);
        if (mkdtemp(box->path) == NULL)
            err(1, "%s", box->path);
        box->folder = open(box->path, O_RDONLY | O_DIRECTORY);
        box->watch = inotify_init1(0);
        if (box->folder == -1 || box->watch == -1 ||
            inotify_add_watch(box->watch, box->path, IN_MOVED_TO) == -1)
            err(1, "%s", box->path);
        if (pipe(box->ends) == -1)
            err(1, "pipe");
    }
}

static void set_action(int sig, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    action.sa_flags = (int)SA_RESETHAND | SA_NODEFER;
    sigaction(sig, &action, NULL);
}

/* This and the next call only what is async-signal-safe: a handler
 * calls them. */
static void end_child(void)
{
    set_action(SIGCHLD, SIG_DFL); /* now it may end */
    if (child > 0)
        kill(child, SIGKILL);
    while (child > 0 && waitpid(child, NULL, 0) == -1 && errno == EINTR)
        ;
    child = 0;
}

/* The child goes first: it might put a message where we have just
 * emptied. */
static void remove_boxes(void)
{
    end_child();
    for (struct box *box = boxes; box < boxes + BOXES; box++) {
        unlinkat(box->folder, "part", 0);
        unlinkat(box->folder, "message", 0);
        rmdir(box->path);
    }
}

/* For Ctrl-C, and for a child that ends too early: then SIGCHLD comes,
 * and nobody would ever answer. */
static void give_up(int sig)
{
    remove_boxes();
    raise(sig); /* by now that has its default effect: SA_RESETHAND */
    _exit(1);
}

/* The child answers each message. It waits for ever, and shall not
 * outlive its parent. */
static _Noreturn void answer(pid_t parent)
{
    long message;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        err(1, "prctl");
    while (getppid() == parent) {
        take(TO_CHILD, &message);
        put(TO_PARENT, in_vain);
    }
    _exit(1);
}

/* How long a process has run, on any CPU. */
static double cpu_seconds(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0)
        errx(1, "process %d has no clock", (int)pid);
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Exchanges `count` messages, then nothing for a while, then one. */
static void measure(int count, double quiet)
{
    double time, cpu = 0;
    pid_t parent = getpid();
    long looks = 0, now = 0;

    set_action(SIGCHLD, give_up);
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child == 0)
        answer(parent);

    time = monotonic_seconds();
    for (int i = 0; i <= count; i++) {
        if (i == count) {
            time = monotonic_seconds() - time;
            looks = now;
            cpu = cpu_seconds(child);
            pause_for(quiet);
            cpu = cpu_seconds(child) - cpu;
        }
        put(TO_CHILD, i);
        take(TO_PARENT, &now);
    }
    say(names[way],
        "%.1f us one way; in %.1f s without any: "
        "%ld looks in vain, %.1f ms of CPU",
        time * 1e6 / count / 2, quiet, now - looks, cpu * 1e3);

    end_child();
}

int main(int argc, char *argv[])
{
    double quiet = 0.5;
    int count = 50, opt, ways = 0;

    while ((opt = getopt(argc, argv, "n:i:q:h")) != -1) {
        switch (opt) {
        case 'n':
            count = (int)parse_number("-n", optarg, 1, 1000000);
            break;
        case 'i':
            interval = parse_seconds("-i", optarg, 0, 60);
            break;
        case 'q':
            quiet = parse_seconds("-q", optarg, 0, 3600);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (argc > optind + 1)
        usage('?', usage_text);

    set_action(SIGINT, give_up);
    set_action(SIGTERM, give_up);
    set_action(SIGHUP, give_up);
    set_action(SIGPIPE, give_up);
    atexit(remove_boxes);
    make_boxes();
    for (way = POLL; way < WAYS; way++) {
        if (argc == optind || strcmp(argv[optind], names[way]) == 0) {
            measure(count, quiet);
            ways++;
        }
    }
    if (ways == 0)
        usage('?', usage_text);
    return 0;
}
