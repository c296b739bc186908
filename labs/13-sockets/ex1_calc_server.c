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

/* TODO 1: a function that reads a number may help here. */

/* Writes into answer what the line's answer is, without a newline. */
static void calculate(const char *line, size_t len, char answer[MAX_ANSWER])
{
    const char *error = "syntax";

    /* TODO 1: the line's end isn't marked by anything, and there may
     * be any bytes in it. Not all that C can divide is right. */
    (void)line;
    (void)len;
    snprintf(answer, MAX_ANSWER, "error: %s", error);
}

/* The line of a client is whole: adds its answer to those that wait. */
static void answer_line(struct client *c)
{
    char answer[MAX_ANSWER] = "error: line too long";

    /* TODO 2: a carriage return at its end isn't part of it. */
    calculate(c->line, 0, answer);
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

    /* TODO 2: a piece may have no newline, or many. What is last
     * at the end of the input is a line, too. Of a line that is too long
     * only that is remembered. */
    c->ended = n <= PIECE;
    answer_line(c);
    /* TODO 4: at the server's end no more is read than had come. */
}

/* Sends a client as much of what waits for it as the kernel takes. */
static void send_answers(struct client *c)
{
    /* TODO 3: it may take none, or a part. It may have vanished. */
    c->gone = true;
}

/* Returns what we wait for from a client: POLLIN, POLLOUT, both, none. */
static short wanted(const struct client *c)
{
    short events = 0;

    /* TODO 3: what we can't use now we must not wait for: poll()
     * would come back at once, again and again. */
    events = c->ended ? 0 : POLLIN;
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
    /* TODO 4: FIONREAD tells how much that is. */
    remove_clients(true);
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
