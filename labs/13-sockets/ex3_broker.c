/*
 * ex3_broker: publish and subscribe over a Unix socket; one who reads too
 * slowly delays nobody.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex3_broker [-q BYTES] PATH [COMMAND [ARG...]]
 *
 * Try:   ex3_broker s sh -c '{ echo sub a; echo pub a hi; } | nc -N -U s'
 *        It serves while that runs. Without a command until Ctrl-C: talk
 *        to it with nc -U from several terminals; ls -l, there.
 *
 * See:   unix(7), poll(2), send(2), flock(2), umask(2)
 */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "broker.h"

static const char help[] =
    "Usage: ex3_broker [-q BYTES] PATH [COMMAND [ARG...]]\n"
    "  -q BYTES   how much may wait for a client (65536)\n"
    "Takes lines \"sub TOPIC\", \"unsub TOPIC\", \"pub TOPIC TEXT\" at PATH,\n"
    "a Unix socket. Serves while COMMAND runs, or until SIGINT or SIGTERM.\n";

static const char *path;
static struct stat ours; /* the socket at path, as we made it */

/* Removes the socket, if it is still the one that we made. */
static void remove_socket(void)
{
    /* TODO 1: nobody may replace it between the look and unlink(). */
    (void)ours;
}

/* Removes the socket at path if nobody listens there any more. */
static void remove_stale(int fd, const struct sockaddr_un *address)
{
    /* TODO 1: nothing but connect() tells; of other files, too, it
     * says ECONNREFUSED. fd can be used after that, if it has failed. */
    (void)fd, (void)address;
}

/* Returns a socket that listens at path. */
static int open_listener(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder = lock_folder(path), fd = -1;

    /* TODO 1: the path has to fit. From its first moment on, it must
     * be for its owner alone; but COMMAND gets the umask as it was. */
    remove_stale(fd, &address), (void)remove_socket;
    errx(1, "%s: not yet", path);
    close(folder);
    say("server", "listens on %s", path);
    return fd;
}

/* Sends a client as much of its queue as the kernel takes. */
static void send_queue(struct client *c)
{
    /* TODO 3: if it has vanished, what it sent before is still to
     * be read, and to go to others. */
    c->gone = true;
}

/* Puts a line into a client's queue, or drops the client. */
static void put(struct client *c, const char *line, size_t len)
{
    /* TODO 3: only what the kernel doesn't take waits with us. */
    c->gone = line != NULL && len > 0;
}

/* Tells a client who it is: nobody can lie about that. */
static void tell_who(struct client *c)
{
    char text[80] = "";

    /* TODO 2: the kernel knows who called connect(). */
    put(c, text, strlen(text));
}

/* A message for all who are subscribed: "TOPIC TEXT". */
static void publish(char *message, size_t len)
{
    /* TODO 2: which topic that is ends with its first space. */
    (void)message, (void)len;
}

/* Does what a client's line says, or says what is wrong with it. */
static void take_line(struct client *c)
{
    const char *answer = "error: syntax";

    /* TODO 2: it is "who", or a word, a space, a topic; and if that
     * word is pub, another space and a text, of any bytes, or none. */
    (void)tell_who, (void)publish;
    put(c, answer, strlen(answer));
}

/* Reads once from a client, and takes each line that is whole by now. */
static void take_input(struct client *c)
{
    char bytes[1024];
    size_t most = c->left < sizeof bytes ? c->left : sizeof bytes;
    ssize_t n = recv(c->fd, bytes, most, 0);

    /* TODO 2: as in ex1_calc_server, but for what is last and has no
     * newline: half a message is none. */
    c->ended = n <= 0;
    take_line(c);
    c->left -= (size_t)n; /* it counts at the broker's end */
}

static short wanted(const struct client *c)
{
    short events = c->ended ? 0 : POLLIN;

    /* TODO 3: room, only if something waits for it. */
    return events;
}

static void serve(struct client *c, short revents)
{
    if (revents & POLLIN)
        take_input(c);
    else if (revents & (POLLERR | POLLHUP))
        c->gone = true; /* it said all before, and has closed now */
    if (revents & POLLOUT)
        send_queue(c);
    if (c->ended) { /* and so are its subscriptions */
        free(c->own);
        c->own = NULL;
        c->gone = c->gone || c->begin == c->end;
    }
}

/* No more is read than has come by now; and nobody else shall find us. */
static void begin_end(void)
{
    /* TODO 4: FIONREAD tells how much that is. A client may be silent,
     * and yet get what others have sent. */
    remove_clients(true);
}

int main(int argc, char *argv[])
{
    struct serving serving = {0};
    int opt;

    queue_room = 65536;
    while ((opt = getopt(argc, argv, "+q:h")) != -1) {
        if (opt == 'q')
            queue_room = (size_t)parse_number("BYTES", optarg, 2000, 1 << 30);
        else
            usage(opt, help);
    }
    if (optind == argc)
        usage('?', help);
    path = argv[optind];
    open_signals(&serving);
    return serve_clients(&serving, open_listener(), argv + optind + 1);
}
