/*
 * mq_control: makes queues, shows and removes them, and says which of
 * the kernel's limits was in the way.
 *
 * Usage: mq_control [-q NAME] [-m MESSAGES] [-s SIZE] COMMAND
 *
 * Try:   mq_control -m 3 create; mq_control show; mq_control remove
 *        mq_control limits
 *        How many messages a queue may have, how long they may be.
 *        mq_control -m 1000 create
 *        As an ordinary user, you are told by which limit this fails.
 *        mq_control create; ls -l /dev/mqueue; mq_control list
 *        Queues are in a file system. create again: EEXIST, for the
 *        one who asks with O_EXCL knows whether the queue is new.
 *
 * See:   mq_overview(7), mq_open(3), mq_unlink(3), mq_getattr(3)
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

#ifndef RLIMIT_MSGQUEUE
#define RLIMIT_MSGQUEUE 12 /* Linux has it, some headers don't */
#endif

static const char usage_text[] =
    "Usage: mq_control [-q NAME] [-m MESSAGES] [-s SIZE] COMMAND\n"
    "  create       make a queue that isn't there yet\n"
    "  show         its size, what is in it, whose it is\n"
    "  remove       take its name away\n"
    "  list         the queues in /dev/mqueue\n"
    "  limits       what the kernel allows\n"
    "  -q NAME      of the queue (/ipclab-UID-mail)\n"
    "  -m MESSAGES  how many it can hold (msg_default)\n"
    "  -s SIZE      how long a message can be (msgsize_default)\n";

static const char *const limit_names[] = {
    "msg_max", "msgsize_max", "queues_max", "msg_default", "msgsize_default"};
enum { MSG_MAX, MSGSIZE_MAX, QUEUES_MAX, MSG_DEFAULT, MSGSIZE_DEFAULT };

/* A number from /proc/sys/fs/mqueue. */
static long limit(int which)
{
    char path[64];
    long value;
    FILE *file;

    snprintf(path, sizeof path, "/proc/sys/fs/mqueue/%s", limit_names[which]);
    file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%ld", &value) != 1)
        err(1, "%s", path);
    fclose(file);
    return value;
}

/* mq_open() says EINVAL, ENOSPC or EMFILE: which limit is that? With
 * CAP_SYS_RESOURCE, root, say, the first three may be exceeded, up to
 * bounds that are fixed in the kernel. */
static _Noreturn void explain(const char *name, const struct mq_attr *attr,
                              int error)
{
    struct rlimit bytes;

    if (error == EINVAL && attr->mq_maxmsg > limit(MSG_MAX))
        warnx("%ld messages are more than fs/mqueue/msg_max: %ld",
              attr->mq_maxmsg, limit(MSG_MAX));
    if (error == EINVAL && attr->mq_msgsize > limit(MSGSIZE_MAX))
        warnx("%ld bytes are more than fs/mqueue/msgsize_max: %ld",
              attr->mq_msgsize, limit(MSGSIZE_MAX));
    if (error == ENOSPC)
        warnx("there are as many as fs/mqueue/queues_max: %ld",
              limit(QUEUES_MAX));
    if (error == EMFILE && getrlimit(RLIMIT_MSGQUEUE, &bytes) == 0)
        warnx("all your queues may have %llu bytes, full: ulimit -q; "
              "or too many descriptors are open: ulimit -n",
              (unsigned long long)bytes.rlim_cur);
    errno = error;
    err(1, "%s", name);
}

static void create(const char *name, struct mq_attr *attr)
{
    mqd_t queue;

    if (attr->mq_maxmsg == 0)
        attr->mq_maxmsg = limit(MSG_DEFAULT);
    if (attr->mq_msgsize == 0)
        attr->mq_msgsize = limit(MSGSIZE_DEFAULT);

    /* Of all who try this at once, one succeeds. Without O_EXCL nobody
     * would know who, and attr would be ignored if the queue is there:
     * it could have any size. To look first whether it is there is no
     * use: it may come into being between the two calls. */
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, attr);
    if (queue == -1 && errno == EEXIST)
        err(1, "%s", name);
    if (queue == -1)
        explain(name, attr, errno);
    mq_close(queue);
}

static void show(const char *name)
{
    mqd_t queue = mq_open(name, O_RDONLY);
    struct mq_attr attr;
    struct stat info;

    if (queue == -1)
        err(1, "%s", name);
    if (mq_getattr(queue, &attr) == -1)
        err(1, "mq_getattr");

    /* On Linux a queue is a file and mqd_t a descriptor: fstat() and
     * poll() work. POSIX doesn't promise that. */
    if (fstat(queue, &info) == -1)
        err(1, "fstat");
    printf("%s: %ld of %ld messages, up to %ld bytes each; mode %o, "
           "user %u\n",
           name, attr.mq_curmsgs, attr.mq_maxmsg, attr.mq_msgsize,
           info.st_mode & 0777U, info.st_uid);
    mq_close(queue);
}

/* What a queue's file holds is one line: QSIZE is the bytes of all its
 * messages, NOTIFY_PID who wants to be told of one: mq_overview(7). */
static void list(void)
{
    static const char folder[] = "/dev/mqueue";
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[300], line[128];

    if (dir == NULL)
        err(1, "%s (mount -t mqueue none %s, as root)", folder, folder);
    while (errno = 0, (entry = readdir(dir)) != NULL) {
        FILE *file;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        file = fopen(path, "re");
        if (file == NULL || fgets(line, sizeof line, file) == NULL)
            snprintf(line, sizeof line, "%s\n", strerror(errno));
        printf("/%s: %s", entry->d_name, line);
        if (file != NULL)
            fclose(file);
    }
    if (errno != 0)
        err(1, "%s", folder);
    closedir(dir);
}

static void show_limits(void)
{
    for (int i = 0; i <= MSGSIZE_DEFAULT; i++)
        printf("%-15s %ld\n", limit_names[i], limit(i));
}

int main(int argc, char *argv[])
{
    const char *command, *name = NULL;
    struct mq_attr attr = {0};
    char *path;
    int opt;

    while ((opt = getopt(argc, argv, "hq:m:s:")) != -1) {
        switch (opt) {
        case 'q':
            name = optarg;
            break;
        case 'm':
            attr.mq_maxmsg = parse_number("-m", optarg, 1, 1 << 30);
            break;
        case 's':
            attr.mq_msgsize = parse_number("-s", optarg, 1, 1 << 30);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind != argc - 1)
        usage('?', usage_text);
    command = argv[optind];
    path = object_name(name, "mail");

    if (strcmp(command, "create") == 0)
        create(path, &attr);
    else if (strcmp(command, "show") == 0)
        show(path);
    else if (strcmp(command, "list") == 0)
        list();
    else if (strcmp(command, "limits") == 0)
        show_limits();
    else if (strcmp(command, "remove") != 0)
        usage('?', usage_text);
    else if (mq_unlink(path) == -1)
        err(1, "%s", path);
    free(path);
    if (fflush(stdout) == EOF)
        err(1, "standard output");
    return 0;
}
