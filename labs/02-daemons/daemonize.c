/*
 * daemonize: becomes a daemon, step by step; its launcher returns when
 * the daemon is ready.
 *
 * Usage: daemonize [-p PIDFILE] [-l LOG] [-i SECONDS]
 *
 * Try:   daemonize -p pid -l log && daemonctl -p pid; cat log; rm log
 *        daemonctl ends it. Without that, look at it while it runs:
 *        ps -o pid,ppid,sid,tty,comm -p $(cat pid)
 *        ls -l /proc/$(cat pid)/cwd /proc/$(cat pid)/fd
 *        Start a second one. Then kill -9 the first, and start again.
 *
 * See:   daemon(7), credentials(7), setsid(2), dup2(2), umask(2),
 *        F_SETLK in fcntl(2), sigwaitinfo(2), setitimer(2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: daemonize [-p PIDFILE] [-l LOG] [-i SECONDS]\n"
    "  -p, -l      (daemonize.pid, .log in $XDG_RUNTIME_DIR)\n"
    "  -i SECONDS  from one line in the log to the next (5)\n";

static const char *pid_path, *log_path;
static int pid_file, log_file = -1;

/* Called in the launcher's child; returns only in the daemon. */
static void become_daemon(int null, int launcher)
{
    pid_t child;

    /* A session of its own has no terminal. But its leader gets the
     * first that it opens; so the daemon is a child of the leader. */
    if (setsid() == -1)
        err(1, "setsid");
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child != 0)
        _exit(0);

    if (chdir("/") == -1) /* or we keep a disk from being unmounted */
        err(1, "/");
    umask(022); /* or who starts us decides on our files' modes */

    /* The numbers 0 to 2 themselves. Until we are ready, all that err()
     * says goes through a pipe to the launcher, and so to a human. */
    if (dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1 ||
        dup2(launcher, STDERR_FILENO) == -1)
        err(1, "dup2");
    close_all_from(STDERR_FILENO + 1);
}

/* Ignored and blocked signals are inherited, too: begin anew. Those in
 * the set are held back until sigwaitinfo() takes them. */
static void set_signals(sigset_t *set)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    for (int sig = 1; sig <= SIGRTMAX; sig++)
        sigaction(sig, &action, NULL); /* fails for SIGKILL: no harm */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL); /* the launcher may be killed */
    sigemptyset(set);
    sigaddset(set, SIGALRM);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigprocmask(SIG_SETMASK, set, NULL);
}

/* Whether our path leads to the file that we have open. */
static bool is_in_place(void)
{
    struct stat named, ours;

    return stat(pid_path, &named) == 0 && fstat(pid_file, &ours) == 0 &&
           named.st_ino == ours.st_ino && named.st_dev == ours.st_dev;
}

/* While the lock is held, and unless somebody has replaced the file. */
static void remove_pid_file(void)
{
    if (is_in_place())
        unlink(pid_path);
}

/* A lock of fcntl() belongs to one process. fork() doesn't pass it on,
 * so the daemon itself has to take it. The kernel frees it when its
 * owner ends, in whatever way: so a file whose lock is free tells of
 * the past, whatever it says, and is taken over. */
static void lock_pid_file(void)
{
    for (;; close(pid_file)) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        pid_file = open(pid_path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
        if (pid_file == -1)
            err(1, "%s", pid_path);
        if (fcntl(pid_file, F_SETLK, &lock) == 0) {
            /* Did its last owner remove it after our open()? Then our
             * lock is on a file that nobody else will find. */
            if (is_in_place())
                break;
        } else if (errno != EAGAIN && errno != EACCES) {
            err(1, "%s: lock", pid_path);
        } else if (fcntl(pid_file, F_GETLK, &lock) == 0 &&
                   lock.l_type != F_UNLCK) {
            errx(1, "%s: held by process %d", pid_path, lock.l_pid);
        }
    }
    /* The first fails for /dev/null, say: not ours to remove. */
    if (ftruncate(pid_file, 0) == -1 || atexit(remove_pid_file) != 0 ||
        dprintf(pid_file, "%d\n", (int)getpid()) < 0)
        err(1, "%s", pid_path);
}

/* The old file isn't closed before the new one is open. */
static bool open_log(void)
{
    int fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0644);

    if (fd == -1)
        return false;
    if (log_file != -1)
        close(log_file);
    log_file = fd;
    return true;
}

/* If a line can't be written, its number will be missing in the log. */
static bool log_line(const char *what, const char *more)
{
    static long count;
    char line[256], when[32];
    time_t now = time(NULL);

    strftime(when, sizeof when, "%FT%T%z", localtime(&now));
    snprintf(line, sizeof line, "%s daemonize[%d] %ld: %s%s\n", when,
             (int)getpid(), ++count, what, more);
    return write_full(log_file, line, strlen(line)) == 0;
}

/* Until it is asked to end. SIGALRM comes at every interval. */
static void serve(double interval, const sigset_t *set)
{
    time_t whole = (time_t)interval;
    suseconds_t rest = (suseconds_t)((interval - (double)whole) * 1e6);
    struct itimerval timer = {{whole, rest}, {whole, rest}};
    int sig;

    setitimer(ITIMER_REAL, &timer, NULL);
    do {
        sig = sigwaitinfo(set, NULL);
        if (sig == SIGALRM)
            log_line("is running", "");
        else if (sig == SIGHUP && open_log())
            log_line("has opened the log anew", "");
        else if (sig == SIGHUP)
            log_line("keeps this log: ", strerror(errno));
    } while (sig != SIGTERM && sig != SIGINT);
    log_line("is stopped by ", signal_name(sig));
}

/* In the launcher: passes on what the daemon says until it is ready or
 * has ended. Returns 0, or the exit status as a shell gives it. */
static int await_daemon(pid_t leader, int fd)
{
    char words[4096];
    ssize_t n = read_full(fd, words, sizeof words);
    bool ready = n > 0 && words[n - 1] == '\0'; /* as agreed */
    int status = 0;

    if (n == -1)
        err(1, "read"); /* a daemon that isn't ready gets EPIPE */
    if (n > 0)
        write_full(STDERR_FILENO, words, (size_t)n - ready);
    waitpid(leader, &status, 0);
    if (ready)
        return 0;
    if (status == 0) /* the orphan in its group is our child now */
        waitpid(-leader, &status, 0);
    if (WIFEXITED(status))
        return status == 0 ? 1 : WEXITSTATUS(status);
    return 128 + WTERMSIG(status);
}

int main(int argc, char *argv[])
{
    double interval = 5;
    int null, ends[2], opt;
    sigset_t set;
    pid_t child;

    while ((opt = getopt(argc, argv, "p:l:i:h")) != -1) {
        switch (opt) {
        case 'p':
            pid_path = optarg;
            break;
        case 'l':
            log_path = optarg;
            break;
        case 'i':
            interval = parse_seconds("-i", optarg, 0.001, 86400);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    pid_path = whole_path(pid_path, "daemonize.pid");
    log_path = whole_path(log_path, "daemonize.log");

    do /* until 0 to 2 are open, and the pipe gets higher numbers */
        null = open("/dev/null", O_RDWR);
    while (null != -1 && null <= STDERR_FILENO);
    if (null == -1 || pipe(ends) == -1)
        err(1, "can't begin");
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* to adopt the daemon */
    child = fork();
    if (child == -1)
        err(1, "fork");
    if (child > 0) {
        close(ends[1]);
        return await_daemon(child, ends[0]);
    }
    become_daemon(null, ends[1]);
    set_signals(&set);
    lock_pid_file();
    if (!open_log() || !log_line("is ready", ""))
        err(1, "%s", log_path);
    if (write(STDERR_FILENO, "", 1) != 1)
        return 1; /* the launcher was killed: nobody wants us */
    if (dup2(STDOUT_FILENO, STDERR_FILENO) == -1)
        err(1, "dup2");
    serve(interval, &set);
    return 0;
}
