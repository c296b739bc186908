/*
 * ex1_calc_server: answers lines like "12 + 30", for many clients at
 * once, in one thread.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex1_calc_server [-a HOST] [-p PORT] [COMMAND [ARG...]]
 *
 * Try:   ex1_calc_server bash -c 'exec 3<>/dev/tcp/127.0.0.1/$PORT; echo 6*7 >&3; head -n 1 <&3'
 *        It serves while that runs. Without a command until Ctrl-C: talk
 *        to it with nc from several terminals, and the port it says.
 *
 * See:   poll(2), recv(2), send(2), accept(2), getaddrinfo(3), tcp(7)
 */
#include <inttypes.h>
#include <sys/ioctl.h>

#include "clients.h"

static const char help[] =
    "Usage: ex1_calc_server [-a HOST] [-p PORT] [COMMAND [ARG...]]\n"
    "  -a HOST   the name or address that it serves at (127.0.0.1)\n"
    "  -p PORT   its number or name, or 0 for any (0)\n"
    "Answers lines like \"12 + 30\". Serves while COMMAND runs, which finds\n"
    "the port in $PORT, or until SIGINT or SIGTERM.\n";

enum {
    MAX_WAITING = 65536, /* bytes of answers, before we read on */
    PIECE = 1024,        /* that we read at once */
    MAX_ANSWER = 32,     /* bytes; each byte that comes may be a line */
};

/* TODO 1 BEGIN: a function that reads a number may help here. */
/* Reads spaces and a number at *at, which ends at end at the latest. In
 * *fits is false from now on if that has more than 64 bits. Returns
 * whether there is a number. */
static bool take_number(const char **at, const char *end, int64_t *value,
                        bool *fits)
{
    bool minus = false;
    const char *first;

    *value = 0;
    while (*at < end && **at == ' ')
        ++*at;
    if (*at < end && **at == '-') {
        minus = true;
        ++*at;
    }
    for (first = *at; *at < end && **at >= '0' && **at <= '9'; ++*at) {
        int64_t digit = **at - '0';

        /* There is one number more below 0 than above. */
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, minus ? -digit : digit, value))
            *fits = false;
    }
    return *at > first;
}
/* TODO 1 END */

/* Writes into answer what the line's answer is, without a newline. */
static void calculate(const char *line, size_t len, char answer[MAX_ANSWER])
{
    const char *error = "syntax";

    /* TODO 1 BEGIN: the line's end isn't marked by anything, and there may
     * be any bytes in it. Not all that C can divide is right. */
    const char *at = line, *end = line + len;
    int64_t a, b = 0, result = 0;
    bool fits = true, overflow = false;
    char sign = 0;

    if (take_number(&at, end, &a, &fits)) {
        while (at < end && *at == ' ')
            at++;
        if (at < end && *at != '\0' && strchr("+-*/%", *at) != NULL)
            sign = *at++;
    }
    if (sign != 0 && take_number(&at, end, &b, &fits)) {
        while (at < end && *at == ' ')
            at++;
        if (at == end)
            error = fits ? NULL : "number";
    }
    if (error == NULL && b == 0 && (sign == '/' || sign == '%'))
        error = "division by zero";
    if (error == NULL) {
        if (sign == '+')
            overflow = __builtin_add_overflow(a, b, &result);
        else if (sign == '-')
            overflow = __builtin_sub_overflow(a, b, &result);
        else if (sign == '*')
            overflow = __builtin_mul_overflow(a, b, &result);
        else if (b == -1) /* the processor can't, if a is the lowest */
            overflow = sign == '/' && __builtin_sub_overflow(0, a, &result);
        else
            result = sign == '/' ? a / b : a % b;
        if (overflow)
            error = "overflow";
    }
    if (error == NULL) {
        snprintf(answer, MAX_ANSWER, "%" PRId64, result);
        return;
    }
    /* TODO 1 STAND-IN: (void)line; */
    /* TODO 1 STAND-IN: (void)len; */
    /* TODO 1 END */
    snprintf(answer, MAX_ANSWER, "error: %s", error);
}

/* The line of a client is whole: adds its answer to those that wait. */
static void answer_line(struct client *c)
{
    char answer[MAX_ANSWER] = "error: line too long";

    /* TODO 2 BEGIN: a carriage return at its end isn't part of it. */
    if (c->line_len > 0 && c->line_len <= MAX_LINE &&
        c->line[c->line_len - 1] == '\r')
        c->line_len--;
    if (c->line_len <= MAX_LINE)
        calculate(c->line, c->line_len, answer);
    c->line_len = 0;
    /* TODO 2 STAND-IN: calculate(c->line, 0, answer); */
    /* TODO 2 END */
    memcpy(c->queue + c->end, answer, strlen(answer));
    c->end += strlen(answer);
    c->queue[c->end++] = '\n';
}

/* Reads once from a client, and answers each line that is whole by now. */
static void take_input(struct client *c)
{
    char bytes[PIECE];
    size_t most = c->left < sizeof bytes ? c->left : sizeof bytes;
    ssize_t n = recv(c->fd, bytes, most, 0);

    /* TODO 2 BEGIN: a piece may have no newline, or many. What is last
     * at the end of the input is a line, too. Of a line that is too long
     * only that is remembered. */
    if (n == -1) {
        c->gone = errno != EAGAIN && errno != EINTR;
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            answer_line(c);
            continue;
        }
        c->line[c->line_len] = bytes[i];
        c->line_len += c->line_len <= MAX_LINE;
    }
    if (n == 0) {
        c->ended = true;
        if (c->line_len > 0)
            answer_line(c);
    }
    /* TODO 2 STAND-IN: c->ended = n <= PIECE; */
    /* TODO 2 STAND-IN: answer_line(c); */
    /* TODO 2 END */
    /* TODO 4 BEGIN: at the server's end no more is read than had come. */
    if (c->left != SIZE_MAX && (c->left -= (size_t)n) == 0)
        c->ended = true;
    /* TODO 4 END */
}

/* Sends a client as much of what waits for it as the kernel takes. */
static void send_answers(struct client *c)
{
    /* TODO 3 BEGIN: it may take none, or a part. It may have vanished. */
    while (c->begin < c->end) {
        ssize_t n = send(c->fd, c->queue + c->begin, c->end - c->begin, 0);

        if (n >= 0) {
            c->begin += (size_t)n;
        } else if (errno != EINTR) {
            c->gone = errno != EAGAIN;
            break;
        }
    }
    memmove(c->queue, c->queue + c->begin, c->end - c->begin);
    c->end -= c->begin;
    c->begin = 0;
    /* TODO 3 STAND-IN: c->gone = true; */
    /* TODO 3 END */
}

/* Returns what we wait for from a client: POLLIN, POLLOUT, both, none. */
static short wanted(const struct client *c)
{
    short events = 0;

    /* TODO 3 BEGIN: what we can't use now we must not wait for: poll()
     * would come back at once, again and again. */
    if (!c->ended && c->end - c->begin < MAX_WAITING)
        events |= POLLIN;
    if (c->begin < c->end)
        events |= POLLOUT;
    /* TODO 3 STAND-IN: events = c->ended ? 0 : POLLIN; */
    /* TODO 3 END */
    return events;
}

/* Something came of the client: revents, as poll() has told it. */
static void serve(struct client *c, short revents)
{
    if (revents & POLLIN)
        take_input(c);
    else if (revents & (POLLERR | POLLHUP))
        c->gone = true; /* a reset; poll() tells it also unasked */
    if (!c->gone)
        send_answers(c);
    if (c->ended && c->begin == c->end)
        c->gone = true;
}

/* From each client only what has come by now is still read. */
static void begin_end(void)
{
    /* TODO 4 BEGIN: FIONREAD tells how much that is. */
    for (struct client *c = clients; c != NULL; c = c->next) {
        int waiting;

        if (ioctl(c->fd, FIONREAD, &waiting) == -1)
            err(1, "FIONREAD");
        c->left = (size_t)waiting;
        if (waiting == 0) { /* then poll() won't tell of it */
            c->ended = true;
            serve(c, 0);
        }
    }
    /* TODO 4 STAND-IN: remove_clients(true); */
    /* TODO 4 END */
}

int main(int argc, char *argv[])
{
    const char *host = "127.0.0.1", *port = "0";
    struct serving serving = {0};
    int opt;

    while ((opt = getopt(argc, argv, "+a:p:h")) != -1) {
        if (opt == 'a')
            host = optarg;
        else if (opt == 'p')
            port = optarg;
        else
            usage(opt, help);
    }
    queue_room = MAX_WAITING + PIECE * MAX_ANSWER;
    open_signals(&serving);
    return serve_clients(&serving, listen_on(host, port), argv + optind);
}
