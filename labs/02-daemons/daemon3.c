/*
 * daemon3: what daemon(3) of the C library does, and what it leaves to
 * you.
 *
 * Usage: daemon3 -l LOG [-n COUNT] [-i SECONDS] [-t] [-2]
 *
 * Try:   daemon3 -l log -i 0.1 7>&1 | cat; cat log; rm log
 *        The first cat gets end of file when the daemon ends, since
 *        that has kept descriptor 7: daemon() closes nothing.
 *        daemon3 -l /no/such/folder/log; echo $?
 *        Its launcher can't know how it went.
 *        daemon3 -l log -t; tail -f log; rm log
 *        Its first terminal becomes its controlling one. With -2 not.
 *
 * See:   daemon(3), setsid(2), O_NOCTTY in open(2), posix_openpt(3)
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: daemon3 -l LOG [-n COUNT] [-i SECONDS] [-t] [-2]\n"
    "  -l LOG      write to this file\n"
    "  -n COUNT    end after so many lines \"is running\" (3)\n"
    "  -i SECONDS  wait so long before each (5)\n"
    "  -t          open a terminal\n"
    "  -2          fork a second time\n";

/* From here on say() writes to the log: it writes to descriptor 1. */
static void open_log(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0666);

    if (fd == -1)
        err(1, "%s", path); /* which goes to /dev/null */
    dup2(fd, STDOUT_FILENO);
    close(fd);
}

/* What we still have of whoever has started us. */
static void tell_what_is_left(void)
{
    mode_t mask = umask(0); /* the only way to ask */
    struct sigaction action;
    struct dirent *entry;
    DIR *dir;

    umask(mask);
    if (getsid(0) == getpid())
        say("daemon3", "leads its session");
    else
        say("daemon3", "is in a session whose leader has ended");
    say("daemon3", "umask %03o, as it was", (unsigned)mask);

    for (int sig = 1; sig <= SIGRTMAX; sig++) {
        if (sigaction(sig, NULL, &action) == -1)
            continue; /* the C library keeps it for itself */
        if (action.sa_handler == SIG_IGN)
            say("daemon3", "%s ignored, as it was", signal_name(sig));
    }

    dir = opendir("/proc/self/fd");
    if (dir == NULL)
        err(1, "/proc/self/fd");
    while ((entry = readdir(dir)) != NULL) {
        int fd = atoi(entry->d_name); /* "." and ".." are 0 */

        if (fd > STDERR_FILENO && fd != dirfd(dir))
            say("daemon3", "descriptor %d open, as it was", fd);
    }
    closedir(dir);
}

/* Makes a terminal, as a window on a desktop does, and opens it. Both
 * of its ends stay open until we end. */
static void open_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave, own;

    if (master == -1)
        err(1, "posix_openpt");
    if (grantpt(master) == -1 || unlockpt(master) == -1)
        err(1, "unlockpt");
    slave = open(ptsname(master), O_RDWR);
    if (slave == -1)
        err(1, "%s", ptsname(master));
    own = open("/dev/tty", O_RDWR); /* whichever is ours, if one is */
    if (own != -1)
        say("daemon3", "opened a terminal, and is tied to it now");
    else
        say("daemon3", "opened a terminal, and isn't tied to it");
}

static void wait_seconds(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};

    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
}

int main(int argc, char *argv[])
{
    const char *path = NULL;
    char *whole;
    bool terminal = false, twice = false;
    double interval = 5;
    int count = 3, opt;

    while ((opt = getopt(argc, argv, "l:n:i:t2h")) != -1) {
        switch (opt) {
        case 'l':
            path = optarg;
            break;
        case 'n':
            count = (int)parse_number("-n", optarg, 0, 1000000);
            break;
        case 'i':
            interval = parse_seconds("-i", optarg, 0, 86400);
            break;
        case 't':
            terminal = true;
            break;
        case '2':
            twice = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc || path == NULL)
        usage('?', help);
    whole = whole_path(path, NULL); /* we shall be in another folder */

    /* Fork, setsid, chdir to /, and /dev/null on 0 to 2. The parent has
     * ended when this returns, and nobody hears of what follows. */
    if (daemon(0, 0) == -1)
        err(1, "daemon");
    if (twice) {
        pid_t child = fork();

        if (child != 0)
            _exit(child == -1 ? 1 : 0);
    }

    open_log(whole);
    free(whole);
    tell_what_is_left();
    if (terminal)
        open_terminal();
    while (count-- > 0) {
        wait_seconds(interval);
        say("daemon3", "is running");
    }
    return 0;
}
