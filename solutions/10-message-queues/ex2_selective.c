/*
 * ex2_selective: one System V queue for requests and replies, where each
 * takes only what is meant for it.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_selective [-k KEY] serve
 *        ex2_selective [-k KEY] [-u] ask TEXT...
 *
 * Try:   ex2_selective serve & sleep 0.2; ex2_selective ask a b; kill $!
 *        Stop the server with kill -STOP, let some ask, look with
 *        ipcs -q at what waits, and let the server go on.
 *
 * See:   msgget(2), msgop(2), msgctl(2), sysvipc(7), sigwait(3)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex2_selective [-k KEY] serve\n"
    "       ex2_selective [-k KEY] [-u] ask TEXT...\n"
    "  -k KEY  of the queue (a number made of the user's)\n"
    "  -u      urgent: before all requests that aren't\n";

/* The types of messages. A reply's is REPLIES + the client's PID. */
enum { URGENT = 1, NORMAL = 2, REPLIES = 100 };
enum { MAX_TEXT = 4000, MAX_REPLY = 64 };

struct message {
    long type;
    char text[MAX_TEXT + 16];
};

/* A client whom we owe a reply, or who may not have taken it yet. */
struct client {
    pid_t pid;
    size_t len; /* of a reply that isn't sent yet, otherwise 0 */
    char reply[MAX_REPLY];
};

static int queue = -1;
static key_t key;
static struct client *clients;
static size_t n_clients;
static sigset_t end_signals;
static atomic_int stop_signal;

/* A call has failed. If that is since the queue was removed, it is the
 * end: of a client by an error, of a server by the signal it got. */
static _Noreturn void failed(const char *call)
{
    if (errno != EIDRM && errno != EINVAL)
        err(1, "%s", call);
    if (stop_signal != 0) {
        pthread_sigmask(SIG_UNBLOCK, &end_signals, NULL);
        raise(stop_signal);
    }
    errx(1, "key %d: the queue was removed", (int)key);
}

/* Takes the next message of that type. Returns its length, and ends it
 * with '\0'; or -1 if there is none and flags say not to wait. */
static ssize_t receive(struct message *message, long type, int flags)
{
    ssize_t n = -1;

    /* TODO 1 BEGIN: the size is that of the text alone. No System V call
     * is restarted after a handler. What ENOMSG means is no failure. */
    do
        n = msgrcv(queue, message, MAX_TEXT + 15, type, flags);
    while (n == -1 && errno == EINTR);
    if (n == -1 && errno != ENOMSG)
        failed("msgrcv");
    if (n != -1)
        message->text[n] = '\0';
    /* TODO 1 STAND-IN: (void)type, (void)flags, (void)failed; */
    /* TODO 1 STAND-IN: message->text[0] = '\0'; */
    /* TODO 1 END */
    return n;
}

/* Sends len bytes. False if there's no room, and flags say not to wait. */
static bool send_message(struct message *message, size_t len, int flags)
{
    /* TODO 1 BEGIN: the same for msgsnd(), where it is EAGAIN. */
    int result;

    do
        result = msgsnd(queue, message, len, flags);
    while (result == -1 && errno == EINTR);
    if (result == -1 && errno != EAGAIN)
        failed("msgsnd");
    return result == 0;
    /* TODO 1 STAND-IN: (void)message, (void)len, (void)flags; */
    /* TODO 1 STAND-IN: return false; */
    /* TODO 1 END */
}

/* The client: one request after the other, each with its reply. */
static void ask(bool urgent, char *texts[])
{
    long mine = REPLIES + (long)getpid();
    struct message message;
    size_t len;

    queue = msgget(key, 0);
    if (queue == -1)
        err(1, "key %d", (int)key);

    /* An earlier process may have had our PID. */
    while (receive(&message, mine, IPC_NOWAIT) != -1)
        continue;
    for (; *texts != NULL; texts++) {
        len = (size_t)snprintf(message.text, sizeof message.text, "%d %s",
                               (int)getpid(), *texts);
        /* TODO 1 BEGIN: send that, as a request, and wait for what is
         * meant for us and nobody else. Then print it. */
        message.type = urgent ? URGENT : NORMAL;
        send_message(&message, len, 0);
        receive(&message, mine, 0);
        if (puts(message.text) == EOF || fflush(stdout) == EOF)
            err(1, "standard output");
        /* TODO 1 STAND-IN: (void)len, (void)urgent, (void)send_message; */
        /* TODO 1 STAND-IN: errx(1, "not yet"); */
        /* TODO 1 END */
    }
}

/* Keeps a reply, until there is room for it in the queue. */
static void keep(pid_t pid, const char *reply)
{
    size_t i = 0;

    while (i < n_clients && (clients[i].pid != pid || clients[i].len > 0))
        i++;
    if (i == n_clients) {
        clients = realloc(clients, ++n_clients * sizeof *clients);
        if (clients == NULL)
            err(1, "realloc");
    }
    clients[i].pid = pid;
    clients[i].len = strlen(reply);
    memcpy(clients[i].reply, reply, clients[i].len);
}

/* Makes the reply to a request; what isn't one is dropped. */
static void answer(const char *request)
{
    static unsigned count;
    char reply[MAX_REPLY], *text;
    long pid = strtol(request, &text, 10);
    unsigned long sum = 0;

    if (pid < 1 || pid > INT_MAX || *text != ' ')
        return;
    for (text++; *text != '\0'; text++)
        sum += (unsigned char)*text;
    snprintf(reply, sizeof reply, "request %u: sum %lu", ++count, sum);
    keep((pid_t)pid, reply);
}

/* Sends the replies for which there is room. Forgets clients that are
 * dead, and their replies with them. Returns how many replies remain. */
static size_t send_replies(void)
{
    size_t kept = 0;

    /* TODO 3 BEGIN: go through the clients. Is there a process of that
     * number? If not, take out what it didn't take. If it is owed a
     * reply, send it, but never wait for room: only we can make it. */
    struct message message;
    size_t n = 0;

    for (size_t i = 0; i < n_clients; i++) {
        struct client *client = &clients[i];

        message.type = REPLIES + (long)client->pid;
        if (kill(client->pid, 0) == -1 && errno == ESRCH) {
            while (receive(&message, message.type, IPC_NOWAIT) != -1)
                continue;
            continue;
        }
        memcpy(message.text, client->reply, client->len);
        if (client->len > 0 && send_message(&message, client->len, IPC_NOWAIT))
            client->len = 0;
        kept += client->len > 0;
        clients[n++] = *client;
    }
    n_clients = n;
    /* TODO 3 END */
    return kept;
}

static void remove_queue(void)
{
    msgctl(queue, IPC_RMID, NULL);
}

/* A thread. A queue that is removed wakes all who wait on it, us, too. */
static void *wait_for_signal(void *unused)
{
    /* TODO 4 BEGIN: sigwait() for end_signals, set stop_signal. */
    int sig;

    sigwait(&end_signals, &sig);
    stop_signal = sig;
    remove_queue();
    /* TODO 4 END */
    return unused;
}

/* Makes the queue, and starts the thread. */
static void begin(void)
{
    pthread_t thread;

    /* TODO 2 BEGIN: make it, for this user alone. If it is there already,
     * another server has it. */
    queue = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
    if (queue == -1)
        err(1, "key %d", (int)key);
    /* TODO 2 STAND-IN: errx(1, "key %d: not yet", (int)key); */
    /* TODO 2 END */
    atexit(remove_queue);
    sigemptyset(&end_signals);
    sigaddset(&end_signals, SIGTERM);
    sigaddset(&end_signals, SIGINT);
    /* TODO 4 BEGIN: block them in all threads, and start that thread. */
    pthread_sigmask(SIG_BLOCK, &end_signals, NULL);
    check_pthread(pthread_create(&thread, NULL, wait_for_signal, NULL),
                  "pthread_create");
    check_pthread(pthread_detach(thread), "pthread_detach");
    /* TODO 4 STAND-IN: (void)thread, (void)wait_for_signal; */
    /* TODO 4 END */
}

static _Noreturn void serve(void)
{
    begin();
    /* TODO 2 BEGIN: receive, answer, send the replies, for ever. A request
     * is of one of two types, and the lower one comes first. While some
     * replies are kept, don't wait: no request there means room. But if
     * none could be sent even then, wait for a request. */
    size_t kept = 0, before = 0;
    struct message message;

    for (;;) {
        int flags = kept > 0 && kept != before ? IPC_NOWAIT : 0;

        before = kept;
        if (receive(&message, -NORMAL, flags) != -1) {
            answer(message.text);
            before = 0;
        }
        kept = send_replies();
    }
    /* TODO 2 STAND-IN: (void)answer, (void)send_replies; */
    /* TODO 2 STAND-IN: exit(1); */
    /* TODO 2 END */
}

int main(int argc, char *argv[])
{
    bool urgent = false;
    int opt;

    key = object_key(10);
    while ((opt = getopt(argc, argv, "+hk:u")) != -1) {
        if (opt == 'k')
            key = (key_t)parse_number("-k", optarg, 1, INT_MAX);
        else if (opt == 'u')
            urgent = true;
        else
            usage(opt, usage_text);
    }
    argv += optind, argc -= optind;
    if (argc == 1 && !urgent && strcmp(argv[0], "serve") == 0)
        serve();
    if (argc < 2 || strcmp(argv[0], "ask") != 0)
        usage('?', usage_text);
    for (int i = 1; i < argc; i++) {
        if (strlen(argv[i]) > MAX_TEXT)
            errx(2, "TEXT %d: longer than %d bytes", i, MAX_TEXT);
    }
    ask(urgent, &argv[1]);
    return 0;
}
