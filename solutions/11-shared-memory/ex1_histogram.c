/*
 * ex1_histogram: workers count bytes into one table in shared memory.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_histogram [-j WORKERS] NAME FILE...
 *        ex1_histogram -l NAME
 *
 * Try:   ex1_histogram -j 3 /bytes-$$ /etc/passwd /etc/group /dev/null
 *        Give it a FIFO, and meanwhile look: od -t u8 /dev/shm/NAME
 *
 * See:   shm_overview(7), mmap(2), pthread_mutexattr_setrobust(3)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex1_histogram [-j WORKERS] NAME FILE...\n"
    "       ex1_histogram -l NAME\n"
    "Counts the bytes of FILEs in a table NAME. -l locks it until Enter.\n"
    "  -j WORKERS  so many processes count, 1 to 64 (2)\n";

enum { MAX_WORKERS = 64, MAX_FILES = 1000 };

/* What is in the shared memory. Others rely on it: don't change it. */
struct counts {
    uint64_t bytes[256];        /* how often each byte occurs */
    uint8_t counted[MAX_FILES]; /* 1: that FILE is in these counts */
};
struct table {
    _Atomic uint32_t current; /* the copy that is valid, 0 or 1 */
    uint32_t next;            /* the first FILE that nobody has taken */
    struct counts copy[2];
    pthread_mutex_t mutex; /* for all of it */
};

static struct table *table;
static const char *name;
static char **files;
static int n_files;
static pid_t parent;
static sigset_t watched, usual_mask;
static bool made, failed;

/* Called at every exit, also at that of a worker. */
static void remove_table(void)
{
    if (made && getpid() == parent && shm_unlink(name) == -1)
        warn("%s", name);
    made = false;
}

/* Lets table point to the memory; fd isn't needed after that. */
static void map_table(int fd)
{
    /* TODO 1 BEGIN: the workers must see what one of them writes. */
    table =
        mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (table == MAP_FAILED)
        err(1, "%s", name);
    close(fd);
    /* TODO 1 STAND-IN: errx(1, "%s: not yet, %d", name, fd); */
    /* TODO 1 END */
}

static void make_table(void)
{
    int fd = -1;

    /* TODO 1 BEGIN: new, for us alone, large enough; then set made. */
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd == -1)
        err(1, "%s", name);
    made = true;
    if (ftruncate(fd, sizeof *table) == -1)
        err(1, "%s", name);
    /* TODO 1 END */
    map_table(fd);
}

static void make_mutex(void)
{
    /* TODO 2 BEGIN: for processes, and the next learns of a dead owner. */
    pthread_mutexattr_t kind;

    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    check_pthread(pthread_mutex_init(&table->mutex, &kind), "mutex_init");
    /* TODO 2 END */
}

static void lock(void)
{
    /* TODO 2 BEGIN: take it, also from one who died with it. */
    int error = pthread_mutex_lock(&table->mutex);

    if (error == EOWNERDEAD) /* what we use was never half changed */
        error = pthread_mutex_consistent(&table->mutex);
    check_pthread(error, "mutex_lock");
    /* TODO 2 STAND-IN: errx(1, "no mutex yet"); */
    /* TODO 2 END */
}

static void unlock(void)
{
    check_pthread(pthread_mutex_unlock(&table->mutex), "mutex_unlock");
}

/* Adds how often each byte occurs. False if the file can't be read. */
static bool read_file(const char *path, uint64_t bytes[256])
{
    static unsigned char buf[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd == -1 ? -1 : 1;

    while (n > 0) {
        n = read_full(fd, buf, sizeof buf);
        for (ssize_t i = 0; i < n; i++)
            bytes[buf[i]]++;
    }
    if (n == -1)
        warn("%s", path);
    if (fd != -1)
        close(fd);
    return n == 0;
}

/* Takes the next file. Returns its index, or -1 if none is left. */
static int take_file(void)
{
    int file = -1;

    /* TODO 3 BEGIN: two workers never get the same. */
    lock();
    if (table->next < (uint32_t)n_files)
        file = (int)table->next++;
    unlock();
    /* TODO 3 END */
    return file;
}

/* Adds what was counted in a file. */
static void add(int file, const uint64_t bytes[256])
{
    /* TODO 3 BEGIN: whoever is killed in here, at whatever instruction:
     * one copy is whole, and current says which. */
    lock();
    uint32_t other = 1 - table->current;
    struct counts *to = &table->copy[other];

    *to = table->copy[table->current];
    for (int i = 0; i < 256; i++)
        to->bytes[i] += bytes[i];
    to->counted[file] = 1;
    table->current = other; /* from now on it counts */
    unlock();
    /* TODO 3 STAND-IN: (void)file, (void)bytes; */
    /* TODO 3 END */
}

/* A worker: takes files until there are no more. */
static _Noreturn void work(void)
{
    int file;

    sigprocmask(SIG_SETMASK, &usual_mask, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
        exit(1);
    while ((file = take_file()) != -1) {
        uint64_t bytes[256] = {0};

        if (read_file(files[file], bytes))
            add(file, bytes);
    }
    exit(0);
}

/* Waits for the end of a worker, and gives its status. False if there is
 * none any more. SIGTERM and SIGINT end us here; workers die with us. */
static bool next_end(int *status)
{
    int sig;
    pid_t pid;

    while ((pid = waitpid(-1, status, WNOHANG)) == 0) {
        if (sigwait(&watched, &sig) == 0 && sig != SIGCHLD) {
            remove_table();
            sigprocmask(SIG_SETMASK, &usual_mask, NULL);
            raise(sig);
            exit(1);
        }
    }
    if (pid == -1 && errno != ECHILD)
        err(1, "waitpid");
    return pid > 0;
}

/* Waits for all workers, and reports what they didn't do. */
static void wait_for_workers(void)
{
    int status;

    while (next_end(&status)) {
        failed |= status != 0;
        /* TODO 4 BEGIN: if a signal has ended it, say so. */
        if (WIFSIGNALED(status))
            warnx("a worker was killed by %s", signal_name(WTERMSIG(status)));
        /* TODO 4 END */
    }
    /* TODO 4 BEGIN: report the files that aren't counted; set failed. */
    for (int i = 0; i < n_files; i++) {
        if (table->copy[table->current].counted[i] == 0) {
            warnx("%s: not counted", files[i]);
            failed = true;
        }
    }
    /* TODO 4 END */
}

/* For a second terminal: holds the mutex of a table that is in use. */
static int hold_mutex(void)
{
    int fd = shm_open(name, O_RDWR, 0);

    if (fd == -1)
        err(1, "%s", name);
    map_table(fd);
    lock();
    say("holder", "has the mutex");
    wait_for_enter();
    unlock();
    return 0;
}

int main(int argc, char *argv[])
{
    bool hold = false;
    int count = 2, opt;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hj:l")) != -1) {
        if (opt == 'j')
            count = (int)parse_number("-j", optarg, 1, MAX_WORKERS);
        else if (opt == 'l')
            hold = true;
        else
            usage(opt, usage_text);
    }
    n_files = argc - optind - 1;
    if (hold ? n_files != 0 : n_files < 1 || n_files > MAX_FILES)
        usage('?', usage_text);
    name = object_name(argv[optind], NULL);
    files = &argv[optind + 1];
    if (hold)
        return hold_mutex();

    sigemptyset(&watched);
    for (int i = 0; i < 3; i++)
        sigaddset(&watched, (int[]){SIGCHLD, SIGINT, SIGTERM}[i]);
    sigprocmask(SIG_BLOCK, &watched, &usual_mask);
    /* If nobody reads what we print, that is an error, and we clean up. */
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    parent = getpid();
    atexit(remove_table);
    make_table();
    make_mutex();
    while (count-- > 0) {
        pid_t pid = fork();

        if (pid == -1)
            err(1, "fork");
        if (pid == 0)
            work();
    }
    wait_for_workers();

    const uint64_t *bytes = table->copy[table->current].bytes;
    for (int i = 0; i < 256; i++) {
        if (bytes[i] > 0)
            printf("%d %ju\n", i, (uintmax_t)bytes[i]);
    }
    if (fflush(stdout) == EOF)
        err(1, "standard output");
    return failed ? 1 : 0;
}
