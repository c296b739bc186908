/*
 * confined: tries what a service that has been broken into would try,
 * and says what the kernel answers.
 *
 * Usage: confined [-w FOLDER]... [-r FILE]...
 *
 * Try:   confined
 *        So much may every program that you start. Then what is left of
 *        it in confined.service:
 *        systemctl --user start confined; journalctl -t confined
 *        Nothing is changed where it is allowed, either.
 *
 * See:   systemd.exec(5) from "Sandboxing" on, capabilities(7),
 *        systemd-analyze(1) on security
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: confined [-w FOLDER]... [-r FILE]...\n"
    "  -w FOLDER  try to make a file there, which never has a name\n"
    "  -r FILE    try to open it\n"
    "  Without options: -w /usr -w /etc -r /etc/shadow\n";

static int refused;

/* One line: what was tried, and the answer. */
static void answer(const char *what, const char *name, int result)
{
    const char *word = "allowed";

    if (result == -1) {
        /* That is no refusal: it couldn't be tried. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
            errno == EIO || errno == EAGAIN)
            err(1, "%s %s", what, name);
        word = strerror(errno);
        refused++;
    }
    say("confined", "%s%s%s: %s", what, *name ? " " : "", name, word);
}

static void try_write(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    /* Not every file system can do that: then at least ask. */
    if (fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR))
        answer("write", folder, faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS));
    else
        answer("write", folder, fd);
    if (fd != -1)
        close(fd);
}

static void try_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    answer("read", path, fd);
    if (fd != -1)
        close(fd);
}

/* A process that sees no others can't signal them, nor read what they
 * have in their memory. PID 1 is always there. */
static void try_others(void)
{
    struct stat st;

    answer("see", "PID 1", stat("/proc/1", &st));
    answer("signal", "PID 1", kill(1, 0));
}

/* Memory to write code into, and then to run it. */
static void try_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    answer("mmap", "to write and execute", page == MAP_FAILED ? -1 : 0);
    if (page != MAP_FAILED)
        munmap(page, 4096);
}

/* A user namespace of its own makes anybody root in there. In a child,
 * for that can't be undone. What it says is in its exit status. */
static void try_namespace(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(unshare(CLONE_NEWUSER) == -1 ? errno : 0);
    if (child == -1)
        err(1, "fork");
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    /* A filter of system calls may also kill who calls. */
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
    answer("unshare", "user namespace", errno != 0 ? -1 : 0);
}

static void try_socket(const char *name, int family, int type)
{
    int fd = socket(family, type | SOCK_CLOEXEC, 0);

    answer("socket", name, fd);
    if (fd != -1)
        close(fd);
}

/* Whether a setuid program would have any effect. */
static void try_privileges(void)
{
    int no = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

    errno = EPERM;
    answer("setuid", "programs", no == 1 ? -1 : 0);
    answer("become", "root", setuid(0));
}

int main(int argc, char *argv[])
{
    int tried = 0, opt;

    while ((opt = getopt(argc, argv, "hw:r:")) != -1) {
        tried++;
        switch (opt) {
        case 'w':
            try_write(optarg);
            break;
        case 'r':
            try_read(optarg);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    if (tried == 0) {
        try_write("/usr");
        try_write("/etc");
        try_read("/etc/shadow");
    }
    try_others();
    try_code();
    try_namespace();
    try_socket("Internet", AF_INET, SOCK_STREAM);
    try_socket("Unix", AF_UNIX, SOCK_STREAM);
    try_privileges();
    say("confined", "%d refused", refused);
    return 0;
}
