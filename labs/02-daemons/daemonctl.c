/*
 * daemonctl: finds a daemon by the lock on its PID file, and sends it a
 * signal.
 *
 * Usage: daemonctl [-p PIDFILE] [-s SIGNAL]
 *
 * Try:   daemonize -p pid -l log && daemonctl -p pid; rm log
 *        It returns when the daemon has ended.
 *        echo $$ >pid; daemonctl -p pid; rm pid
 *        What the file says doesn't matter: your shell holds no lock.
 *
 * See:   F_GETLK in fcntl(2), pidfd_open(2), pidfd_send_signal(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: daemonctl [-p PIDFILE] [-s SIGNAL]\n"
    "  -p PIDFILE  ($XDG_RUNTIME_DIR/daemonize.pid)\n"
    "  -s SIGNAL   (TERM) After TERM and KILL, it returns when the\n"
    "              daemon has ended.\n";

static const char *path;

/* Asks the kernel whose lock would be in the way of ours. Ends the
 * program if there is none. */
static pid_t lock_holder(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_GETLK, &lock) == -1)
        err(1, "%s", path);
    if (lock.l_type == F_UNLCK)
        errx(1, "%s: nobody holds the lock: no daemon runs", path);
    return lock.l_pid;
}

/* Returns a descriptor that stands for the lock's holder, and for no
 * other process that gets the same PID later. */
static int open_holder(int fd)
{
    pid_t pid = lock_holder(fd);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (pidfd == -1)
        err(1, "%s: process %d", path, (int)pid);
    /* It may have ended between our question and the open, and its
     * number have gone to a stranger. So ask again. */
    if (lock_holder(fd) != pid)
        errx(1, "%s: process %d has just ended", path, (int)pid);
    return pidfd;
}

/* Such a descriptor can be read from when its process has ended. */
static void await_end(int pidfd)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};

    while (poll(&end, 1, -1) == -1) {
        if (errno != EINTR)
            err(1, "poll");
    }
}

int main(int argc, char *argv[])
{
    int sig = SIGTERM, opt, fd, pidfd;

    while ((opt = getopt(argc, argv, "p:s:h")) != -1) {
        switch (opt) {
        case 'p':
            path = optarg;
            break;
        case 's':
            sig = parse_signal("-s", optarg);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    if (path == NULL)
        path = whole_path(NULL, "daemonize.pid");

    fd = open(path, O_RDONLY);
    if (fd == -1)
        err(1, "%s", path);
    pidfd = open_holder(fd);
    if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) == -1)
        err(1, "%s: can't signal its holder", path);
    if (sig == SIGTERM || sig == SIGKILL)
        await_end(pidfd);
    return 0;
}
