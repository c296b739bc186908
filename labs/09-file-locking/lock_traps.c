/*
 * lock_traps: to whom a file lock belongs, and what takes it away,
 * tried out with each of the three kinds.
 *
 * Usage: lock_traps [TRAP]
 *
 * Try:   lock_traps
 *        Each line is a trap; below each kind is what really happened.
 *        strace -f -e trace=%desc lock_traps close
 *        One trap has few enough calls to read them all.
 *
 * See:   flock(2); fcntl_locking(2) (fcntl(2) before man-pages 6.10)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { READ_END, WRITE_END };
enum kind { POSIX, OFD, FLOCK, KINDS };

static const char usage_text[] =
    "Usage: lock_traps [TRAP]\n"
    "  TRAP  close, twice, fork, unlock or exec (all of them)\n";

static char path[32]; /* how to open the file again: it has no name */

/* A new open file description, and a descriptor that leads to it. */
static int open_file(void)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd == -1)
        err(1, "%s", path);
    return fd;
}

/* Sets a lock on the whole file, or takes it away: LOCK_EX or LOCK_UN.
 * Returns false if that would have to wait for another lock. */
static bool set_lock(enum kind kind, int fd, int how)
{
    struct flock all = {.l_whence = SEEK_SET}; /* len 0: to the end */
    int result;

    all.l_type = how == LOCK_EX ? F_WRLCK : F_UNLCK;
    do {
        if (kind == POSIX)
            result = fcntl(fd, F_SETLK, &all);
        else if (kind == OFD)
            result = fcntl(fd, F_OFD_SETLK, &all);
        else
            result = flock(fd, how | LOCK_NB);
    } while (result == -1 && errno == EINTR);
    if (result == -1 && errno != EAGAIN && errno != EACCES)
        err(1, "%s", kind == FLOCK ? "flock" : "fcntl");
    return result == 0;
}

static int status_of(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    return status;
}

static pid_t start_child(void)
{
    pid_t pid = fork();

    if (pid == -1)
        err(1, "fork");
    return pid;
}

/* Lets a child set a lock, on a descriptor that it inherits, or, if fd
 * is -1, on one of its own. Returns whether it could. */
static bool child_can(enum kind kind, int fd, int how)
{
    pid_t pid = start_child();
    int status;

    if (pid == 0) {
        int own = fd == -1 ? open_file() : fd;

        _exit(set_lock(kind, own, how) ? 0 : 3);
    }
    status = status_of(pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 1)
        errx(1, "a child has failed");
    return status == 0;
}

static const char *kept_or_lost(enum kind kind)
{
    return child_can(kind, -1, LOCK_EX) ? "lost" : "kept";
}

/* --- The traps: each gets a descriptor, with the lock. --- */

/* Any code that reads the same file does this, in a library, say. */
static const char *try_close(enum kind kind, int fd)
{
    (void)fd;
    close(open_file());
    return kept_or_lost(kind);
}

/* Two threads do this, too: they are one process. */
static const char *try_twice(enum kind kind, int fd)
{
    int second = open_file();
    bool both = set_lock(kind, second, LOCK_EX);

    (void)fd;
    close(second);
    return both ? "yes" : "no";
}

/* Whose copy of the descriptor it is doesn't matter, or it does. */
static const char *try_fork(enum kind kind, int fd)
{
    return child_can(kind, fd, LOCK_EX) ? "yes" : "no";
}

static const char *try_unlock(enum kind kind, int fd)
{
    child_can(kind, fd, LOCK_UN);
    return kept_or_lost(kind);
}

/*
 * The child locks the file, and becomes cat. That waits for the end of
 * its input, and doesn't know what else it has open. The copy of our
 * descriptor must be closed before: exec would close it, and that is
 * the first of the traps.
 */
static _Noreturn void lock_and_exec(enum kind kind, int copy, int input)
{
    int fd = open_file();

    close(copy);
    if (!set_lock(kind, fd, LOCK_EX))
        errx(1, "exec: no lock");
    if (fcntl(fd, F_SETFD, 0) == -1 || dup2(input, 0) == -1)
        err(1, "fcntl, dup2");
    execlp("cat", "cat", NULL);
    err(1, "cat");
}

static const char *try_exec(enum kind kind, int fd)
{
    int input[2], done[2];
    const char *verdict;
    char none;
    pid_t pid;

    set_lock(kind, fd, LOCK_UN); /* the child's turn */
    if (pipe2(input, O_CLOEXEC) == -1 || pipe2(done, O_CLOEXEC) == -1)
        err(1, "pipe2");
    pid = start_child();
    if (pid == 0)
        lock_and_exec(kind, fd, input[READ_END]);
    close(done[WRITE_END]);
    /* The child's copy is the last one, and exec closes it. */
    if (read_full(done[READ_END], &none, 1) == -1)
        err(1, "read");
    verdict = kept_or_lost(kind);
    close(done[READ_END]);
    close(input[READ_END]);
    close(input[WRITE_END]);
    if (status_of(pid) != 0)
        errx(1, "cat has failed");
    return verdict;
}

static const struct trap {
    const char *name;
    const char *(*try)(enum kind kind, int fd);
    const char *words;
} traps[] = {
    {"close", try_close, "another descriptor is closed: it is"},
    {"twice", try_twice, "a second open() can lock, too"},
    {"fork", try_fork, "a child has it, too"},
    {"unlock", try_unlock, "a child unlocks its copy: it is"},
    {"exec", try_exec, "after exec, it is"},
};
enum { TRAPS = sizeof traps / sizeof *traps };

static void print(const char *name, const char *words,
                  const char *const verdicts[])
{
    printf("%-7s %-35s ", name, words);
    for (int kind = POSIX; kind < KINDS; kind++)
        printf(kind < FLOCK ? "%-6s " : "%s\n", verdicts[kind]);
    if (ferror(stdout) || fflush(stdout) == EOF)
        err(1, "write");
}

static void try_all_kinds(const struct trap *trap)
{
    const char *verdicts[KINDS];

    for (int kind = 0; kind < KINDS; kind++) {
        int fd = open_file();

        if (!set_lock((enum kind)kind, fd, LOCK_EX))
            errx(1, "somebody else has locked our file");
        verdicts[kind] = trap->try((enum kind)kind, fd);
        close(fd);
    }
    print(trap->name, trap->words, verdicts);
}

int main(int argc, char *argv[])
{
    int opt = getopt(argc, argv, "h"), tried = 0;
    const char *only = argv[optind];
    FILE *file;

    if (opt != -1 || argc > optind + 1)
        usage(opt, usage_text);

    file = tmpfile();
    if (file == NULL)
        err(1, "tmpfile");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    print("", "", (const char *[]){"POSIX", "OFD", "flock"});
    for (int i = 0; i < TRAPS; i++) {
        if (only == NULL || strcmp(only, traps[i].name) == 0) {
            try_all_kinds(&traps[i]);
            tried++;
        }
    }
    if (tried == 0)
        usage('?', usage_text);
    return 0;
}
