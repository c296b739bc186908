/*
 * drop_root: root opens what only root may open, and then becomes
 * somebody else, for good.
 *
 * Usage: drop_root [-u USER] [-f FILE] [-x] [COMMAND [ARG...]]
 *
 * Try:   drop_root || echo "only root can drop anything"
 *        sudo drop_root
 *        While it waits, look with the command that it prints, then
 *        press Enter.
 *        sudo drop_root -x: in the wrong order it doesn't work.
 *        sudo drop_root id: a program started so begins without root.
 *
 * See:   credentials(7), setresuid(2), setgroups(2), capabilities(7),
 *        setpriv(1)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: drop_root [-u USER] [-f FILE] [-x] [COMMAND [ARG...]]\n"
    "  -u USER  become this user (nobody)\n"
    "  -f FILE  open this before (/etc/shadow)\n"
    "  -x       the wrong order: the user first, and then the groups\n"
    "  COMMAND  run this in the end, without waiting for Enter\n";

static void change_groups(gid_t gid)
{
    /* root's further groups may be "disk" or "docker": as good as root.
     * Then all three numbers: who keeps a saved one can come back. */
    if (setgroups(0, NULL) == -1)
        err(1, "setgroups");
    if (setresgid(gid, gid, gid) == -1)
        err(1, "setresgid");
}

/* When no UID is 0 any more, the kernel takes the capabilities away. */
static void change_user(uid_t uid)
{
    if (setresuid(uid, uid, uid) == -1)
        err(1, "setresuid");
}

/* Of these calls each may fail, and a program that doesn't look goes on
 * as root. So besides, try what mustn't work any more. */
static void check_no_way_back(void)
{
    if (setuid(0) != -1 || setgid(0) != -1)
        errx(1, "root can be had again");
    say("dropped", "setuid(0): %s", strerror(errno));
}

int main(int argc, char *argv[])
{
    const char *name = "nobody", *path = "/etc/shadow";
    const struct passwd *user;
    bool wrong_order = false;
    int opt, fd, again;
    char byte;

    while ((opt = getopt(argc, argv, "+u:f:xh")) != -1) {
        switch (opt) {
        case 'u':
            name = optarg;
            break;
        case 'f':
            path = optarg;
            break;
        case 'x':
            wrong_order = true;
            break;
        default:
            usage(opt, help);
        }
    }
    user = getpwnam(name);
    if (user == NULL)
        errx(2, "-u: there is no user '%s'", name);

    fd = open(path, O_RDONLY);
    if (fd == -1)
        err(1, "%s", path);
    say("root", "opened %s, as descriptor %d", path, fd);

    if (wrong_order)
        change_user(user->pw_uid); /* the next call needs root */
    change_groups(user->pw_gid);
    if (!wrong_order)
        change_user(user->pw_uid);
    check_no_way_back();

    /* Permission is asked for at the open. What is open stays open. */
    again = open(path, O_RDONLY);
    if (again == -1)
        say("dropped", "open(\"%s\"): %s", path, strerror(errno));
    if (pread(fd, &byte, 1, 0) != -1)
        say("dropped", "pread(%d): still works", fd);
    if (argv[optind] != NULL) {
        execvp(argv[optind], &argv[optind]);
        err(errno == ENOENT ? 127 : 126, "%s", argv[optind]);
    }
    say("dropped", "look: grep -E '^(Uid|Gid|Gr|Cap)' /proc/%d/status",
        (int)getpid());
    say("dropped", "Enter makes me end");
    wait_for_enter();
    return 0;
}
