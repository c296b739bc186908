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
    /* 0 is out of our sight, in another container; -1 is an open file,
     * by F_OFD_SETLK. And kill(-1) would hit all that we may signal. */
    if (lock.l_pid <= 0)
        errx(1, "%s: can't see which process holds the lock", path);
    return lock.l_pid;
}

/* Returns a descriptor that stands for a process, and will never stand
 * for another that gets the same PID. Or -1 where there is none: before
 * Linux 5.3, in some containers, under some versions of valgrind. */
static int open_process(pid_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (pidfd == -1 && errno != ENOSYS && errno != EPERM)
        err(1, "%s: process %d", path, (int)pid);
    return pidfd;
}

static int send_signal(int pidfd, pid_t pid, int sig)
{
    if (pidfd == -1)
        return kill(pid, sig); /* and hope that it is still the same */
    return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/* Such a descriptor can be read from when its process has ended. If
 * there is none: the kernel frees the lock of a process that ends. */
static void await_end(int pidfd, int fd)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    int result;

    do {
        if (pidfd != -1)
            result = poll(&end, 1, -1);
        else
            result = fcntl(fd, F_SETLKW, &lock);
    } while (result == -1 && errno == EINTR);
    if (result == -1)
        err(1, "%s: can't wait", path);
}

int main(int argc, char *argv[])
{
    int sig = SIGTERM, opt, fd, pidfd;
    pid_t pid;

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
    pid = lock_holder(fd);
    pidfd = open_process(pid);
    /* It may have ended between the two, and its number have gone to a
     * stranger. So ask again: who holds the lock still, is it. */
    if (lock_holder(fd) != pid)
        errx(1, "%s: process %d has just ended", path, (int)pid);
    if (send_signal(pidfd, pid, sig) == -1)
        err(1, "%s: process %d", path, (int)pid);
    if (sig == SIGTERM || sig == SIGKILL)
        await_end(pidfd, fd);
    return 0;
}
