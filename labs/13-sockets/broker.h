/*
 * broker.h: what ex3_broker needs that isn't about sockets: which topics a
 * client has, and a lock.
 */
#ifndef BROKER_H
#define BROKER_H

#include <libgen.h>
#include <sys/file.h>

#include "clients.h"

enum { MAX_TOPIC = 32, MAX_TOPICS = 16 };

struct topics { /* a client's own */
    int count;
    char name[MAX_TOPICS][MAX_TOPIC + 1];
};

/* Returns the client's number of a topic, or -1 if it isn't subscribed. */
static inline int find_topic(const struct client *c, const char *topic)
{
    const struct topics *topics = c->own;

    for (int i = 0; topics != NULL && i < topics->count; i++)
        if (strcmp(topics->name[i], topic) == 0)
            return i;
    return -1;
}

/* Both return what the client is to be told. topic isn't too long. */
static inline const char *subscribe(struct client *c, const char *topic)
{
    struct topics *topics = c->own;

    if (topics == NULL)
        topics = c->own = calloc(1, sizeof *topics);
    if (topics == NULL)
        return "error: no memory";
    if (find_topic(c, topic) != -1)
        return "ok";
    if (topics->count == MAX_TOPICS)
        return "error: too many topics";
    strcpy(topics->name[topics->count++], topic);
    return "ok";
}

static inline const char *unsubscribe(struct client *c, const char *topic)
{
    struct topics *topics = c->own;
    int i = find_topic(c, topic);

    if (i != -1 && i != --topics->count)
        strcpy(topics->name[i], topics->name[topics->count]);
    return "ok";
}

/* Returns the folder in which path is, locked until that descriptor is
 * closed. All who lock it take turns. See flock(2). */
static inline int lock_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = -1;

    if (copy != NULL)
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd == -1 || flock(fd, LOCK_EX) == -1)
        err(1, "the folder of %s", path);
    return fd;
}

#endif
