/*
 * sysv_queue: the older kind of message queue. It has a number instead
 * of a name, and the receiver chooses by a message's type.
 *
 * Usage: sysv_queue [-k KEY] [-t TYPE] [-e] [-b BYTES] [-c] [-w] COMMAND
 *
 * Try:   sysv_queue create; sysv_queue send 2:b 1:a; sysv_queue remove
 *        sysv_queue create; sysv_queue send 3:c 1:a 2:b 1:d; ipcs -q
 *        sysv_queue -t 1 receive; sysv_queue -t -2 receive
 *        First those of type 1, then the lowest type up to 2.
 *        sysv_queue -w receive
 *        Wait for one, and remove the queue in another terminal.
 *
 * See:   sysvipc(7), msgget(2), msgop(2), msgctl(2), ipcs(1)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: sysv_queue [-k KEY] [-t TYPE] [-e] [-b BYTES] [-c] [-w]\n"
    "           COMMAND\n"
    "  create               make a queue that isn't there yet\n"
    "  send TYPE:TEXT...    a message each\n"
    "  receive              what is there; with -w one, when it comes\n"
    "  show                 what is in it, and who used it last\n"
    "  remove               remove it, for all who use it, at once\n"
    "  -k KEY    of the queue (a number made of the user's)\n"
    "  -t TYPE   receive only these; 0: any; -N: the lowest up to N (0)\n"
    "  -e        receive all but these\n"
    "  -b BYTES  size of the buffer to receive in (the queue's)\n"
    "  -c        cut what is longer\n"
    "  -w        wait\n";

/* What msgsnd() and msgrcv() want: a type, and then the bytes. */
struct message {
    long type;
    char text[];
};

static struct message *make_message(size_t size)
{
    struct message *message = malloc(sizeof *message + size);

    if (message == NULL)
        err(1, "malloc");
    return message;
}

static long limit(const char *name)
{
    char path[64];
    long value;
    FILE *file;

    snprintf(path, sizeof path, "/proc/sys/kernel/%s", name);
    file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%ld", &value) != 1)
        err(1, "%s", path);
    fclose(file);
    return value;
}

static int find(key_t key, int flags)
{
    int queue = msgget(key, flags);

    if (queue == -1 && errno == ENOSPC)
        err(1, "as many queues as kernel/msgmni: %ld", limit("msgmni"));
    if (queue == -1)
        err(1, "queue with key %#x", (unsigned)key);
    return queue;
}

static struct msqid_ds state_of(int queue)
{
    struct msqid_ds state;

    if (msgctl(queue, IPC_STAT, &state) == -1)
        err(1, "msgctl");
    return state;
}

/* Sends "TYPE:TEXT". */
static void send_one(int queue, const char *argument, int flags)
{
    size_t digits = strcspn(argument, ":"), len;
    const char *text = argument + digits + 1;
    struct message *message;
    char number[24];
    int result, error;
    long type;

    if (argument[digits] == '\0')
        usage('?', usage_text);
    snprintf(number, sizeof number, "%.*s", (int)digits, argument);

    /* 0 and less is for receivers, to say what they want. */
    type = parse_number("TYPE", number, 1, LONG_MAX);
    len = strlen(text);
    message = make_message(len);
    message->type = type;
    memcpy(message->text, text, len);

    /* Not repeated by itself after a handler, not even with SA_RESTART:
     * see signal(7). The size is that of the bytes, without the type. */
    do
        result = msgsnd(queue, message, len, flags);
    while (result == -1 && errno == EINTR);
    error = result == -1 ? errno : 0;
    free(message);
    if (error == EINVAL && (long)len > limit("msgmax"))
        errx(1, "EINVAL: %zu bytes are more than kernel/msgmax: %ld", len,
             limit("msgmax"));
    if (error == EAGAIN)
        errx(1, "EAGAIN: no room: the queue takes %lu bytes in all",
             (unsigned long)state_of(queue).msg_qbytes);
    errno = error;
    if (error != 0)
        err(1, "msgsnd");
    say("sender", "sent type %ld, %zu bytes", type, len);
}

/* Takes the first that fits the type; false if there is none. */
static bool receive_one(int queue, struct message *message, size_t size,
                        long type, int flags)
{
    ssize_t n;

    do
        n = msgrcv(queue, message, size, type, flags);
    while (n == -1 && errno == EINTR);
    if (n == -1 && errno == ENOMSG)
        return false;
    if (n == -1 && errno == E2BIG)
        err(1, "more than %zu bytes (it stays in the queue)", size);

    /* EIDRM: the queue has been removed while we waited. */
    if (n == -1)
        err(1, "msgrcv");
    say("receiver", "type %ld, %zd bytes: %.*s", message->type, n, (int)n,
        message->text);
    return true;
}

static void receive(int queue, size_t size, long type, int flags)
{
    struct message *message;
    int count = 0;

    /* No message can be longer than all together may be. */
    if (size == 0)
        size = state_of(queue).msg_qbytes;
    message = make_message(size);
    while (receive_one(queue, message, size, type, flags)) {
        count++;
        if ((flags & IPC_NOWAIT) == 0)
            break;
    }
    if ((flags & IPC_NOWAIT) != 0)
        say("receiver", "%d taken, no other like that is there", count);
    free(message);
}

static void show(key_t key, int queue)
{
    struct msqid_ds s = state_of(queue);

    printf("key %#x: %lu messages, up to %lu bytes in all; mode %o, "
           "user %u; last sender %d, last receiver %d\n",
           (unsigned)key, (unsigned long)s.msg_qnum,
           (unsigned long)s.msg_qbytes, s.msg_perm.mode & 0777U, s.msg_perm.uid,
           (int)s.msg_lspid, (int)s.msg_lrpid);
    if (fflush(stdout) == EOF)
        err(1, "standard output");
}

int main(int argc, char *argv[])
{
    key_t key = object_key(10);
    int flags = IPC_NOWAIT, opt;
    const char *command;
    size_t size = 0;
    long type = 0;

    while ((opt = getopt(argc, argv, "hk:t:eb:cw")) != -1) {
        switch (opt) {
        case 'k':
            key = (key_t)parse_number("-k", optarg, 1, INT_MAX);
            break;
        case 't':
            type = parse_number("-t", optarg, -LONG_MAX, LONG_MAX);
            break;
        case 'e':
            flags |= MSG_EXCEPT;
            break;
        case 'b':
            size = (size_t)parse_number("-b", optarg, 1, 1 << 24);
            break;
        case 'c':
            flags |= MSG_NOERROR;
            break;
        case 'w':
            flags &= ~IPC_NOWAIT;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind == argc)
        usage('?', usage_text);
    command = argv[optind++];
    if ((strcmp(command, "send") == 0) == (optind == argc))
        usage('?', usage_text);

    /* IPC_EXCL, as O_EXCL: of several creators one succeeds. */
    if (strcmp(command, "create") == 0) {
        find(key, IPC_CREAT | IPC_EXCL | 0600);
    } else if (strcmp(command, "send") == 0) {
        for (int queue = find(key, 0); optind < argc; optind++)
            send_one(queue, argv[optind], flags & IPC_NOWAIT);
    } else if (strcmp(command, "receive") == 0) {
        receive(find(key, 0), size, type, flags);
    } else if (strcmp(command, "show") == 0) {
        show(key, find(key, 0));
    } else if (strcmp(command, "remove") != 0) {
        usage('?', usage_text);
    } else if (msgctl(find(key, 0), IPC_RMID, NULL) == -1) {
        err(1, "msgctl");
    }
    return 0;
}
