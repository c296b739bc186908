/*
 * limits.c: see limits.h.
 *
 * A control group would do this better, but who may make one differs from
 * machine to machine; /proc can be read everywhere.
 */
#include "limits.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lab.h"
#include "leftovers.h"

enum { TMPFS = 0x01021994, MOST_FILES = 20000 };

static void set_limits(const struct limits *limits)
{
    const struct rlimit file = {(rlim_t)limits->file, (rlim_t)limits->file};
    const struct rlimit processes = {limits->processes, limits->processes};
    const struct rlimit core = {0, 0};

    if (setrlimit(RLIMIT_FSIZE, &file) == -1 ||
        setrlimit(RLIMIT_CORE, &core) == -1)
        err(1, "setrlimit");
    if (limits->processes != RLIM_INFINITY &&
        setrlimit(RLIMIT_NPROC, &processes) == -1)
        err(1, "setrlimit");
    if (limits->user != 0 &&
        (setgroups(0, NULL) == -1 || setgid((gid_t)limits->user) == -1 ||
         setuid(limits->user) == -1 ||
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1))
        err(1, "user %u", (unsigned)limits->user);
}

void become(const struct limits *limits, char *argv[])
{
    sigset_t none;

    /*
     * The shell starts background jobs with SIGINT ignored: undo that. By the
     * call itself, for the C library doesn't let us at the two signals that it
     * keeps; all zeros is SIG_DFL, and the kernel's signal set has 8 bytes.
     */
    for (int sig = 1; sig <= SIGRTMAX; sig++)
        syscall(SYS_rt_sigaction, sig, (const long[8]){0}, NULL, 8);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (setsid() == -1)
        err(1, "setsid");
    set_limits(limits);
    close_all_from(3);
    execvp(argv[0], argv);
    warn("%s", argv[0]);
    _exit(errno == ENOENT ? 127 : 126);
}

/* What it has for itself, in bytes: statm counts pages. */
static long long own_memory(pid_t pid)
{
    char path[64];
    long long resident = 0, shared = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*d %lld %lld", &resident, &shared) != 2)
        resident = shared = 0;
    fclose(file);
    return (resident - shared) * sysconf(_SC_PAGESIZE);
}

/* What its descriptors hold of files that have no name and lie in memory. */
static long long nameless_memory(pid_t pid)
{
    static const char memfd[] = "/memfd:";
    char path[64], to[sizeof memfd];
    long long sum = 0;
    struct dirent *entry;
    struct stat info;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, to, sizeof to - 1);

        if (n == sizeof memfd - 1 && memcmp(to, memfd, sizeof memfd - 1) == 0 &&
            fstatat(dirfd(dir), entry->d_name, &info, 0) == 0)
            sum += info.st_blocks * 512LL;
    }
    closedir(dir);
    return sum;
}

/* The column rss of /proc/sysvipc/shm: sysvipc(7), proc(5). */
static long long sysv_memory(void)
{
    char line[512];
    long long sum = 0, resident;
    FILE *file = fopen("/proc/sysvipc/shm", "re");

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line,
                   "%*d %*d %*o %*u %*d %*d %*d %*d %*d %*d %*d %*d %*d "
                   "%*d %lld",
                   &resident) == 1)
            sum += resident;
    }
    fclose(file);
    return sum;
}

/* The others need room, too: for what tests write, say. */
static bool is_half_full(const struct statfs *fs)
{
    return fs->f_bfree < fs->f_blocks / 2;
}

/* What isn't any process's own: without namespaces there is more of it than
 * what our programs make. */
struct common {
    long long memory, files;
    bool is_full;
};
static struct common before;

static struct common look_at_common(void)
{
    struct common now = {.memory = sysv_memory()};
    struct statfs fs;
    const char *folder;

    for (int i = 0; (folder = watched_folder(i)) != NULL; i++) {
        if (statfs(folder, &fs) == 0 && fs.f_type == TMPFS) {
            now.memory += (long long)(fs.f_blocks - fs.f_bfree) * fs.f_bsize;
            now.files += (long long)(fs.f_files - fs.f_ffree);
            /* The others are its own alone. */
            if (strcmp(folder, ".") == 0)
                now.is_full = is_half_full(&fs);
        }
    }
    return now;
}

void remember_use(void)
{
    before = look_at_common();
}

bool use_too_much(const struct limits *limits, const struct proc procs[],
                  int count, FILE *report)
{
    struct common now = look_at_common();
    long long used = now.memory - before.memory;

    for (int i = 0; i < count; i++)
        used += own_memory(procs[i].pid) + nameless_memory(procs[i].pid);
    if (used > limits->memory)
        fprintf(report, "over memory %lld\n", limits->memory);
    else if (now.files - before.files > MOST_FILES)
        fprintf(report, "over files %d\n", MOST_FILES);
    else if (now.is_full)
        fprintf(report, "over disk half\n");
    else
        return false;
    return true;
}
