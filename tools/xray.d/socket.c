/*
 * socket.c: who listens, and who connects to whom.
 */
#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "xray.h"

static enum kind kind_of(const char *domain, const char *type)
{
    if (has(domain, "AF_UNIX"))
        return UNIX;
    if (has(domain, "AF_INET"))
        return has(type, "SOCK_STREAM")  ? TCP
               : has(type, "SOCK_DGRAM") ? UDP
                                         : SOCKET;
    return SOCKET;
}

static struct object *add_socket(struct task *task, enum kind kind,
                                 const char *fd, const char *type)
{
    char *key = annotation(fd);
    struct object *object = number_object(task, kind, key);

    free(key);
    fact(task, "create %s %s", task->name, object->name);
    open_as(task, fd, object, BOTH, has(type, "SOCK_CLOEXEC"));
    return object;
}

void on_socket(struct task *task, struct call *call)
{
    enum kind kind = kind_of(call->args[0], call->args[1]);

    if (call->error != NULL)
        fact(task, "create %s %s%s", task->name, kind_name(kind),
             failure(call));
    else if (call->returned)
        add_socket(task, kind, call->result_text, call->args[1]);
}

void on_socketpair(struct task *task, struct call *call)
{
    const char *ends = call->args[3];
    const char *second = strchr(ends, ',');
    const struct object *one, *two;

    if (call->error != NULL || *ends != '[' || second == NULL)
        return;
    one = add_socket(task, UNIX, ends + 1, call->args[1]);
    two = add_socket(task, UNIX, second + 1, call->args[1]);
    fact(task, "connect %s %s %s", task->name, one->name, two->name);
}

/* The address in a call's argument, as "127.0.0.1:80" or a path. The caller
 * frees it. NULL if it isn't one. */
static char *address(struct task *task, const char *arg)
{
    char *path, *whole, *text = NULL, host[64];
    const char *port = field(arg, "port=htons("), *p;

    if (has(arg, "AF_UNIX")) {
        path = quoted(arg);
        if (path == NULL || has(arg, "sun_path=@"))
            return path;
        whole = absolute(task, "", path);
        free(path);
        return whole;
    }
    if (port == NULL)
        return NULL;
    p = has(arg, "inet_pton") ? strstr(arg, "inet_pton") : arg;
    path = quoted(p);
    snprintf(host, sizeof host, "%s", path ? path : "?");
    free(path);
    if (asprintf(&text, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port) ==
        -1)
        err(1, "asprintf");
    return text;
}

/* Sockets by the address that they are bound to. */
static struct bound {
    struct bound *next;
    char *address;
    struct object *object;
} * bounds;

static void remember_bound(const char *where, struct object *object)
{
    struct bound *bound = malloc(sizeof *bound);

    if (bound == NULL)
        err(1, "malloc");
    *bound = (struct bound){bounds, strdup(where), object};
    bounds = bound;
}

static const struct object *known(const char *where)
{
    for (const struct bound *b = bounds; b != NULL; b = b->next)
        if (strcmp(b->address, where) == 0)
            return b->object;
    return NULL;
}

/* TCP clients that have connected to a socket of the log and haven't been
 * accepted, the oldest first: in this order the kernel hands them out. */
static struct waiting {
    struct waiting *next;
    const struct object *listener, *client;
} * waiting;

static void remember_waiting(const struct object *listener,
                             const struct object *client)
{
    struct waiting *new = malloc(sizeof *new), **last = &waiting;

    if (new == NULL)
        err(1, "malloc");
    *new = (struct waiting){NULL, listener, client};
    while (*last != NULL)
        last = &(*last)->next;
    *last = new;
}

static const struct object *first_waiting(const struct object *listener)
{
    for (struct waiting **at = &waiting; *at != NULL; at = &(*at)->next) {
        struct waiting *found = *at;
        const struct object *client = found->client;

        if (found->listener != listener)
            continue;
        *at = found->next;
        free(found);
        return client;
    }
    return NULL;
}

void on_bind(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);
    char *where = address(task, call->args[1]), *shown;

    if (file == NULL || where == NULL) {
        free(where);
        return;
    }
    shown = shown_path(where);
    fact(task, "bind %s %s %s%s", task->name, file->object->name, shown,
         failure(call));
    if (call->error == NULL) {
        remember_bound(where, file->object);
        /* A path stays behind; unlink must find it. */
        if (*where == '/') {
            struct object *path;
            char *name;

            if (asprintf(&name, "unix:%s", shown) == -1)
                err(1, "asprintf");
            path = name_object(UNIX, where, name);
            path->made = true;
        }
    }
    free(shown);
    free(where);
}

void on_listen(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);
    char *key, *where;

    if (file == NULL)
        return;
    fact(task, "listen %s %s%s", task->name, file->object->name, failure(call));
    /* It was bound to port 0, perhaps: "TCP:[127.0.0.1:4711]" is where. */
    key = annotation(call->args[0]);
    if (file->object->kind == TCP && key && (where = strchr(key, '['))) {
        where[strlen(where) - 1] = '\0';
        remember_bound(where + 1, file->object);
    }
    free(key);
}

void on_connect(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);
    char *where = address(task, call->args[1]), *shown;
    const struct object *to;

    if (file == NULL || where == NULL) {
        free(where);
        return;
    }
    shown = shown_path(where);
    to = known(where);
    fact(task, "connect %s %s %s%s", task->name, file->object->name,
         to ? to->name : shown, failure(call));
    if (to != NULL && to->kind == TCP &&
        (call->error == NULL || strcmp(call->error, "EINPROGRESS") == 0))
        remember_waiting(to, file->object);
    free(shown);
    free(where);
}

/* strace shows a connected Unix socket as [its number->its peer's]: the peer
 * is a socket that it called "[number" before. */
static const char *peer_of(const struct object *listener, const char *key)
{
    const char *arrow = key ? strstr(key, "->") : NULL;
    const char *open = key ? strchr(key, '[') : NULL;
    const struct object *object;
    char *wanted;

    if (listener->kind == TCP) {
        object = first_waiting(listener);
        return object ? object->name : "outside";
    }
    if (arrow == NULL || open == NULL || !isdigit((unsigned char)arrow[2]))
        return "outside";
    if (asprintf(&wanted, "%.*s%.*s]", (int)(open - key + 1), key,
                 (int)strspn(arrow + 2, "0123456789"), arrow + 2) == -1)
        err(1, "asprintf");
    object = find_object(wanted);
    free(wanted);
    return object ? object->name : "outside";
}

void on_accept(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);
    struct object *object;
    char *key;

    if (file == NULL || !call->returned)
        return;
    if (call->error != NULL) {
        fact(task, "accept %s %s%s", task->name, file->object->name,
             failure(call));
        return;
    }
    key = annotation(call->result_text);
    object = number_object(task, file->object->kind, key);
    fact(task, "accept %s %s %s %s", task->name, file->object->name,
         object->name, peer_of(file->object, key));
    free(key);
    open_as(task, call->result_text, object, BOTH,
            has(call->args[3], "SOCK_CLOEXEC"));
}

void on_shutdown(struct task *task, struct call *call)
{
    const struct file *file = file_of(task, call->args[0]);
    const char *how = call->args[1];

    if (file != NULL)
        fact(task, "shutdown %s %s %s%s", task->name, file->object->name,
             has(how, "RDWR") ? "both"
             : has(how, "RD") ? "read"
                              : "write",
             failure(call));
}
