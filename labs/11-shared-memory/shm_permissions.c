/*
 * shm_permissions: who else may open shared memory, decided by its mode
 * when it is opened; and what another user is refused.
 *
 * Usage: shm_permissions [-m MODE] [-u USER] [-n NAME]
 *
 * Try:   shm_permissions
 *        sudo shm_permissions -m 600; sudo shm_permissions -m 644
 *        Only root can become another user, and so try for one.
 *        sudo shm_permissions -m 666
 *        With the umask of 022 nobody else gets more than to read.
 *
 * See:   shm_overview(7), shm_open(3), umask(2), credentials(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { SIZE = 4096 };

static const char help[] =
    "Usage: shm_permissions [-m MODE] [-u USER] [-n NAME]\n"
    "  -m MODE  what shm_open() gets, in octal (600)\n"
    "  -u USER  who tries it; it takes root to become USER (nobody)\n"
    "  -n NAME  of the shared memory\n";

static char *name;
static bool made; /* then we have to remove it */

/* Called by exit(), and so also by err(), wherever that is. The one
 * who tried all may have removed it already. */
static void remove_name(void)
{
    if (made && shm_unlink(name) == -1 && errno != ENOENT)
        warn("shm_unlink %s", name);
}

/* Groups first: without root that can't be done any more. */
static bool become(const struct passwd *user)
{
    if (setgroups(0, NULL) == -1 ||
        setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == -1 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == -1)
        return false;
    return true;
}

static void tell(const char *who, const char *what, int result)
{
    const char *answer = result == -1 ? strerror(errno) : "allowed";

    say(who, "%s: %s", what, answer);
}

/* What one who isn't the owner tries. It ends with status 0 also if all
 * is refused: that is what it is to find out. */
static void try_all(const char *who, int inherited)
{
    char *memory;
    int fd;

    fd = shm_open(name, O_RDONLY, 0);
    tell(who, "open to read", fd);
    fd = shm_open(name, O_RDWR, 0);
    tell(who, "open to write", fd);

    /* The mode was looked at when it was opened. Who has a descriptor
     * from that time needs no permission now. */
    memory = mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, inherited, 0);
    tell(who, "write by an inherited descriptor",
         memory == MAP_FAILED ? -1 : 0);
    if (memory != MAP_FAILED)
        memory[0] = 'x';

    /* To remove a name is to change the folder: /dev/shm has the sticky
     * bit, so only the owner of the object may. */
    if (shm_unlink(name) == 0)
        say(who, "remove: allowed");
    else
        tell(who, "remove", -1);
}

static void run_child(const struct passwd *user, int fd)
{
    pid_t child = fork();
    int status;

    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        made = false;
        if (become(user))
            try_all(user->pw_name, fd);
        else
            say("child", "can't become the user %s: %s", user->pw_name,
                strerror(errno));
        _exit(0);
    }
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            err(1, "waitpid");
    }
    if (status != 0)
        errx(1, "the child didn't end well");
}

int main(int argc, char *argv[])
{
    const char *wanted = NULL, *user_name = "nobody";
    const struct passwd *user;
    mode_t mode = 0600;
    struct stat info;
    char usual[40], *rest;
    sigset_t ends;
    int opt, fd;

    while ((opt = getopt(argc, argv, "hm:u:n:")) != -1) {
        switch (opt) {
        case 'm':
            mode = (mode_t)strtoul(optarg, &rest, 8);
            if (*optarg == '\0' || *rest != '\0' || mode > 0777)
                usage('?', help);
            break;
        case 'u':
            user_name = optarg;
            break;
        case 'n':
            wanted = optarg;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);
    user = getpwnam(user_name);
    if (user == NULL)
        errx(2, "there is no user %s", user_name);
    snprintf(usual, sizeof usual, "permissions-%d", (int)getpid());
    name = object_name(wanted, usual);

    /* Ctrl-C has to wait until the name is removed. */
    sigfillset(&ends);
    if (sigprocmask(SIG_BLOCK, &ends, NULL) == -1)
        err(1, "sigprocmask");
    if (atexit(remove_name) != 0)
        errx(1, "atexit");
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, mode);
    if (fd == -1)
        err(1, "%s", name);
    made = true;
    if (ftruncate(fd, SIZE) == -1)
        err(1, "ftruncate");
    if (fstat(fd, &info) == -1)
        err(1, "fstat");
    say("owner", "asked for mode %o, got %o, user %u", (unsigned)mode,
        (unsigned)(info.st_mode & 0777), (unsigned)info.st_uid);
    run_child(user, fd);
    return 0;
}
