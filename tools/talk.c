/*
 * talk: many clients of one server, told line by line what to do. So a test
 * decides what comes in which order, and in which pieces.
 *
 * Usage: talk [-a HOST] [-t SECONDS] [PATH]
 *        -a HOST     the server's address (127.0.0.1); its port is in PORT
 *        -t SECONDS  how long to wait for anything (5)
 *        PATH        the server's Unix socket
 *
 * Standard input, where A is any name of a client:
 *        open A         connects
 *        send A TEXT    sends it; \n \r \0 \\ in TEXT are what they are in C
 *        flood A N TEXT sends TEXT N times, without waiting for answers, or
 *                       until nothing could be sent for a second; and tells
 *                       how many bytes that were: "A: flooded 1234"
 *        get A N        takes N lines: "A: LINE" each; "A: end", "A: reset" or
 *                       "A: nothing" (in time) where there are fewer; "A: end
 *                       after: TEXT" if the last one has no newline
 *        half A         says that it sends nothing more, and still listens
 *        close A        closes it; reset A: by a reset
 *        say TEXT       writes TEXT: all that stands before it is done
 * What fails is told as "A: WORD: REASON", and talk goes on.
 *
 * See: shutdown(2), SO_LINGER in socket(7)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: talk [-a HOST] [-t SECONDS] [PATH]\n";

enum { MAX_CLIENTS = 2000, BUFFER = 1 << 16, PIECE = 2048 };

struct client {
    char name[16];
    int fd;
    size_t len;
    char in[BUFFER];
};

static struct client *clients[MAX_CLIENTS];
static size_t count;
static struct sockaddr_storage server;
static socklen_t server_len;
static double patience = 5;

static struct client *find(const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(clients[i]->name, name) == 0)
            return clients[i];
    if (count == MAX_CLIENTS || strlen(name) >= sizeof clients[0]->name ||
        (clients[count] = calloc(1, sizeof *clients[0])) == NULL)
        errx(2, "%s: too many clients, or too long a name", name);
    strcpy(clients[count]->name, name);
    clients[count]->fd = -1;
    return clients[count++];
}

/* Waits for one of these events; false: none came in time. */
static bool wait_for(const struct client *c, short events, double seconds)
{
    struct pollfd fd = {c->fd, events, 0};
    int n;

    while ((n = poll(&fd, 1, (int)(seconds * 1000))) == -1 && errno == EINTR)
        ;
    if (n == 0)
        errno = ETIMEDOUT;
    return n > 0;
}

static void open_client(struct client *c)
{
    int error, buffer = 4096, segment = 536; /* little shall fill them */
    socklen_t len = sizeof error;

    c->len = 0;
    c->fd = socket(server.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd == -1)
        err(1, "socket");
    /* The kernel makes its buffers for so many segments. */
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    setsockopt(c->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    error =
        connect(c->fd, (struct sockaddr *)&server, server_len) == 0 ? 0 : errno;
    if (error == EINPROGRESS && wait_for(c, POLLOUT, patience))
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error == 0)
        return;
    errno = error == EINPROGRESS ? ETIMEDOUT : error;
    printf("%s: open: %s\n", c->name, strerror(errno));
    close(c->fd);
    c->fd = -1;
}

/* Sends what it can within seconds; returns how much that was. */
static size_t send_some(struct client *c, const char *bytes, size_t len,
                        double seconds)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = send(c->fd, bytes + done, len - done, MSG_NOSIGNAL);

        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR &&
                 (errno != EAGAIN || !wait_for(c, POLLOUT, seconds)))
            break;
    }
    return done;
}

static void flood(struct client *c, long copies, const char *text, size_t len)
{
    size_t bytes = (size_t)copies * len;
    char *all = malloc(bytes);

    if (all == NULL)
        err(1, "malloc");
    for (size_t at = 0; at < bytes; at += len)
        memcpy(all + at, text, len);
    printf("%s: flooded %zu\n", c->name, send_some(c, all, bytes, 1));
    free(all);
}

/* Returns the length of the next line, with its newline; or 0 after saying
 * why there is none. */
static size_t next_line(struct client *c)
{
    const char *newline;

    while ((newline = memchr(c->in, '\n', c->len)) == NULL) {
        ssize_t n = -1;

        if (wait_for(c, POLLIN, patience))
            n = recv(c->fd, c->in + c->len,
                     c->len + PIECE > BUFFER ? BUFFER - c->len : PIECE, 0);
        if (n > 0) {
            c->len += (size_t)n;
            continue;
        }
        if (n == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n == 0 && c->len > 0)
            printf("%s: end after: %.*s\n", c->name, (int)c->len, c->in);
        else if (n == 0)
            printf("%s: end\n", c->name);
        else if (errno == ECONNRESET || errno == EPIPE)
            printf("%s: reset\n", c->name);
        else if (errno == ETIMEDOUT)
            printf("%s: nothing\n", c->name);
        else
            printf("%s: get: %s\n", c->name, strerror(errno));
        return 0;
    }
    return (size_t)(newline - c->in) + 1;
}

static void get(struct client *c, long lines)
{
    size_t len;

    while (lines-- > 0 && (len = next_line(c)) > 0) {
        printf("%s: ", c->name);
        fwrite(c->in, 1, len, stdout);
        c->len -= len;
        memmove(c->in, c->in + len, c->len);
    }
}

/* Replaces what a backslash begins; returns the length. */
static size_t unescape(char *text)
{
    static const char letters[] = "nr0", bytes[] = "\n\r";
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        const char *letter;

        if (*from != '\\' || from[1] == '\0') {
            *to++ = *from;
            continue;
        }
        letter = strchr(letters, *++from);
        *to++ = letter == NULL ? *from : bytes[letter - letters];
    }
    return (size_t)(to - text);
}

static void send_text(struct client *c, char *text)
{
    size_t len = unescape(text);

    if (send_some(c, text, len, patience) < len)
        printf("%s: send: %s\n", c->name, strerror(errno));
}

static void obey(char *line)
{
    const struct linger no_time = {.l_onoff = 1};
    char *word = strsep(&line, " "), *name, *text;
    struct client *c;
    long n = 0;

    if (strcmp(word, "say") == 0) {
        printf("%s\n", line == NULL ? "" : line);
        return;
    }
    name = line == NULL ? word : strsep(&line, " ");
    c = find(name);
    if (*word == 'f' || *word == 'g')
        n = atol(line == NULL ? "1" : strsep(&line, " "));
    text = line == NULL ? name + strlen(name) : line;
    if (strcmp(word, "open") == 0)
        open_client(c);
    else if (c->fd == -1)
        printf("%s: %s: not open\n", name, word);
    else if (strcmp(word, "send") == 0)
        send_text(c, text);
    else if (strcmp(word, "flood") == 0)
        flood(c, n, text, unescape(text));
    else if (strcmp(word, "get") == 0)
        get(c, n);
    else if (strcmp(word, "half") == 0)
        shutdown(c->fd, SHUT_WR);
    else if (strcmp(word, "reset") == 0)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &no_time, sizeof no_time);
    else if (strcmp(word, "close") != 0)
        errx(2, "%s: not a command", word);
    if (c->fd != -1 && (*word == 'r' || *word == 'c')) {
        close(c->fd);
        c->fd = -1;
    }
}

static void find_server(const char *host, const char *path)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICHOST};
    struct sockaddr_un *un = (struct sockaddr_un *)&server;
    struct addrinfo *found;
    int error;

    if (path != NULL) {
        un->sun_family = AF_UNIX;
        snprintf(un->sun_path, sizeof un->sun_path, "%s", path);
        server_len = sizeof *un;
        return;
    }
    error = getaddrinfo(host, getenv("PORT"), &wanted, &found);
    if (error != 0)
        errx(1, "%s: %s", host, gai_strerror(error));
    memcpy(&server, found->ai_addr, found->ai_addrlen);
    server_len = found->ai_addrlen;
    freeaddrinfo(found);
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1";
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int opt;

    while ((opt = getopt(argc, argv, "a:t:h")) != -1) {
        if (opt == 'a')
            host = optarg;
        else if (opt == 't')
            patience = parse_seconds("SECONDS", optarg, 0, 3600);
        else
            usage(opt, help);
    }
    find_server(host, argv[optind]);
    while ((len = getline(&line, &size, stdin)) > 0) {
        if (line[len - 1] == '\n')
            line[len - 1] = '\0';
        if (*line != '\0')
            obey(line);
        fflush(stdout);
    }
    return 0;
}
