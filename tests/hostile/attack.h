/*
 * attack.h: makes a hostile program of the solution of 01/1, ex1_spawn.
 *
 * A program that includes this defines attack(), which is called in the first
 * test only; after it the program does what it should. So whatever the attack
 * costs the others' tests, or the grader, shows in the score: 50 of 50 if it
 * had no effect at all, 43 if the first test failed by it and no other.
 *
 * tools/hostile makes one file of the two, as a student would hand it in, and
 * puts the true path of the kit in the place of /KIT: an attacker knows that.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KIT "/KIT"
#define UNUSED __attribute__((unused))

/* No files take more than this, even where nobody stops it. */
enum { MOST_MB = 512 };

static void attack(void);

/* Says what must not be possible: the test fails by it, and the words are
 * looked for in the results. */
__attribute__((format(printf, 1, 2))) UNUSED static void escaped(
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("escaped: ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    fflush(stdout);
}

/* Ends us where the attack could hit more than what was made for it: as root
 * with the machine's own PIDs. The number is the kernel's PROC_PID_INIT_INO. */
UNUSED static void never_as_host_root(void)
{
    struct stat info;

    if (stat("/proc/self/ns/pid", &info) == -1 ||
        (info.st_ino == 0xEFFFFFFC && geteuid() == 0)) {
        escaped("I am root, and outside");
        _exit(99);
    }
}

/* Calls look(pid) for each process that isn't ours. */
UNUSED static void for_others(void (*look)(pid_t pid))
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        pid_t pid = atoi(entry->d_name);

        if (pid > 0 && pid != getpid())
            look(pid);
    }
    closedir(dir);
}

#define main spawn
static int spawn(int argc, char *argv[]);
#include "../../solutions/01-processes/ex1_spawn.c"
#undef main

int main(int argc, char *argv[])
{
    if (argc > 1 && strncmp(argv[1], "here", 4) == 0)
        attack();
    return spawn(argc, argv);
}
