/*
 * net_fuzz: sends servers what no good client would: samples of what they
 * expect, spoilt in many ways, in many connections at the same time; or
 * lets raw_monitor's decoder read such packets.
 *
 * Usage: net_fuzz [-s SEED] [-t SECONDS] [-a FILE -e TEXT] WHERE SAMPLE...
 *
 * WHERE is tcp or udp, then $PORT says which; unix:PATH or unixgram:PATH;
 * or decoder. SAMPLE are files. The Nth input follows from SEED alone.
 * At the end what is in FILE is sent, and the answer has to have TEXT in
 * it: so the server still serves. Exit status 1 if it doesn't.
 *
 * See:   tools/fuzz-net
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../labs/13-sockets/packet.h"
#include "lab.h"

static const char help[] = "Usage: net_fuzz [-s SEED] [-t SECONDS] "
                           "[-a FILE -e TEXT] WHERE SAMPLE...\n";

enum { BYTES = 20000, CONNECTIONS = 24 };

struct sample {
    char bytes[BYTES];
    size_t len;
};

static struct sample *samples;
static size_t sample_count;
static uint64_t state;
static struct sockaddr_storage address;
static socklen_t address_len;
static int type = SOCK_STREAM;

static unsigned int below(size_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned int)((state >> 11) % limit);
}

static void read_sample(struct sample *s, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd == -1 ? -1 : read_full(fd, s->bytes, BYTES / 2);

    if (n == -1)
        err(1, "%s", path);
    close(fd);
    s->len = (size_t)n;
}

/* Puts other bytes in the place of some. */
static void replace(struct sample *s, size_t at, size_t old, const char *bytes,
                    size_t len)
{
    if (s->len - old + len > BYTES)
        return;
    memmove(s->bytes + at + len, s->bytes + at + old, s->len - at - old);
    memcpy(s->bytes + at, bytes, len);
    s->len += len - old;
}

static void spoil(struct sample *s)
{
    static const char *const words[] = {"\r\n",
                                        "\r\n\r\n",
                                        " ",
                                        "%00",
                                        "../",
                                        "-1",
                                        "9223372036854775807",
                                        "99999999999999999999",
                                        "\xff\xff\xff\xff"};
    const struct sample *other = &samples[below(sample_count)];
    size_t at = below(s->len + 1), some = below(s->len - at + 1), n;
    char byte = (char)below(256);
    const char *word = words[below(sizeof words / sizeof *words)];

    switch (below(8)) {
    case 0:
        if (at < s->len)
            s->bytes[at] = (char)(s->bytes[at] ^ (1 << below(8)));
        break;
    case 1:
        replace(s, at, at < s->len, &byte, 1);
        break;
    case 2:
        replace(s, at, some, "", 0);
        break;
    case 3:
        replace(s, at, some < 4 ? some : 0, word, strlen(word));
        break;
    case 4:
        s->len = at;
        break;
    case 5:
        n = below(other->len + 1);
        replace(s, at, 0, other->bytes + n, below(other->len - n + 1));
        break;
    case 6: /* the same again and again */
        for (n = below(200); n > 0; n--)
            replace(s, at, 0, &byte, 1);
        break;
    default:
        replace(s, at, at < s->len, (char[]){0}, 1);
        break;
    }
}

static void make_input(struct sample *s)
{
    *s = samples[below(sample_count)];
    if (below(16) == 0) {
        s->len = below(below(4) ? 64 : BYTES);
        for (size_t i = 0; i < s->len; i++)
            s->bytes[i] = (char)below(256);
        return;
    }
    for (unsigned int n = below(below(4) ? 4 : 64); n > 0; n--)
        spoil(s);
}

static int open_connection(void)
{
    int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);

    if (fd == -1)
        err(1, "socket");
    /* Without a name no answer: this makes one up (unix(7), Autobind). */
    if (type == SOCK_DGRAM && address.ss_family == AF_UNIX &&
        bind(fd, (struct sockaddr *)&address, sizeof address.ss_family) == -1)
        err(1, "bind");
    if (connect(fd, (struct sockaddr *)&address, address_len) == -1) {
        close(fd); /* it will have to answer the last question */
        return -1;
    }
    return fd;
}

/* A server needn't take it, nor answer; some go without a goodbye. */
static void send_parts(int *fd, const struct sample *s)
{
    const struct linger reset = {1, 0};
    char answer[4096];

    for (size_t at = 0, n; at < s->len; at += n) {
        n = type == SOCK_DGRAM || below(3) ? s->len - at
                                           : below(s->len - at) + 1;
        if (send(*fd, s->bytes + at, n, MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
            break;
    }
    while (below(4) && recv(*fd, answer, sizeof answer, MSG_DONTWAIT) > 0)
        ;
    if (below(3) == 0)
        return; /* it stays, for a while */
    if (below(4) == 0)
        setsockopt(*fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    else if (below(2) == 0)
        shutdown(*fd, SHUT_WR);
    close(*fd);
    *fd = -1;
}

static bool still_serves(const struct sample *question, const char *text)
{
    struct timeval limit = {.tv_sec = 1};
    double deadline = monotonic_seconds() + 30;

    while (monotonic_seconds() < deadline) {
        char answer[8193];
        size_t len = 0;
        ssize_t n;
        int fd = open_connection();

        if (fd == -1)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        send(fd, question->bytes, question->len, MSG_NOSIGNAL);
        while (len < sizeof answer - 1 &&
               (n = recv(fd, answer + len, sizeof answer - 1 - len, 0)) > 0) {
            len += (size_t)n;
            if (memmem(answer, len, text, strlen(text)) != NULL) {
                close(fd);
                return true;
            }
        }
        close(fd);
    }
    return false;
}

/* The bytes end where their memory does: a sanitizer sees who goes on. */
static void decode(const struct sample *s)
{
    size_t max = 1 + below(400);
    uint8_t *bytes = malloc(s->len + 1);
    char *text = malloc(max);

    if (bytes == NULL || text == NULL)
        err(1, "malloc");
    memcpy(bytes + 1, s->bytes, s->len);
    describe(bytes + 1, s->len, text, max);
    if (strlen(text) >= max)
        errx(1, "too long a text");
    free(bytes);
    free(text);
}

static void set_address(const char *where)
{
    struct sockaddr_in *inet = (struct sockaddr_in *)&address;
    struct sockaddr_un *local = (struct sockaddr_un *)&address;
    const char *path = strchr(where, ':'), *port = getenv("PORT");

    if (strstr(where, "udp") != NULL || strstr(where, "gram") != NULL)
        type = SOCK_DGRAM;
    address_len = path != NULL ? sizeof *local : sizeof *inet;
    if (path != NULL) {
        local->sun_family = AF_UNIX;
        snprintf(local->sun_path, sizeof local->sun_path, "%s", path + 1);
        return;
    }
    inet->sin_family = AF_INET;
    inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    inet->sin_port = htons(
        (uint16_t)parse_number("PORT", port == NULL ? "" : port, 1, 65535));
}

int main(int argc, char *argv[])
{
    static struct sample question, input; /* too large for a stack */
    const char *expected = NULL, *where;
    double deadline, seconds = 1;
    int opt, fds[CONNECTIONS];
    unsigned long long inputs = 0, seed = 1;

    while ((opt = getopt(argc, argv, "s:t:a:e:h")) != -1) {
        switch (opt) {
        case 's':
            seed =
                (unsigned long long)parse_number("SEED", optarg, 1, INT64_MAX);
            break;
        case 't':
            seconds = parse_seconds("SECONDS", optarg, 0, 1e6);
            break;
        case 'a':
            read_sample(&question, optarg);
            break;
        case 'e':
            expected = optarg;
            break;
        default:
            usage(opt, help);
        }
    }
    if (argc - optind < 2)
        usage('?', help);
    where = argv[optind++];
    sample_count = (size_t)(argc - optind);
    samples = calloc(sample_count, sizeof *samples);
    if (samples == NULL)
        err(1, "calloc");
    for (size_t i = 0; i < sample_count; i++)
        read_sample(&samples[i], argv[optind + (int)i]);
    memset(fds, 0xff, sizeof fds); /* -1: none */
    if (strcmp(where, "decoder") != 0)
        set_address(where);
    deadline = monotonic_seconds() + seconds;
    for (; monotonic_seconds() < deadline; inputs++) {
        int *fd = &fds[inputs % CONNECTIONS];

        /* So this one doesn't depend on what servers answered before. */
        state = (seed << 32 | (inputs + 1)) * 0x9e3779b97f4a7c15;
        make_input(&input);
        if (strcmp(where, "decoder") == 0)
            decode(&input);
        else if (*fd != -1 || (*fd = open_connection()) != -1)
            send_parts(fd, &input);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
    printf("%llu inputs, seed %llu\n", inputs, seed);
    if (expected != NULL && !still_serves(&question, expected))
        errx(1, "it doesn't serve any more");
    return 0;
}
