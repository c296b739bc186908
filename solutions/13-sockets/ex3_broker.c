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
    /* TODO 1 BEGIN: nobody may replace it between the look and unlink(). */
    struct stat now;
    int folder = lock_folder(path);
    if (lstat(path, &now) == 0 && now.st_ino == ours.st_ino &&
        now.st_dev == ours.st_dev && unlink(path) == -1)
        warn("%s", path);
    close(folder);
    /* TODO 1 STAND-IN: (void)ours; */
    /* TODO 1 END */
}

/* Removes the socket at path if nobody listens there any more. */
static void remove_stale(int fd, const struct sockaddr_un *address)
{
    /* TODO 1 BEGIN: nothing but connect() tells; of other files, too, it
     * says ECONNREFUSED. fd can be used after that, if it has failed. */
    struct stat info;

    if (lstat(path, &info) == 0 && !S_ISSOCK(info.st_mode))
        errx(1, "%s: not a socket", path);
    /* EAGAIN: it lives, and many wait for it. */
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
        errno == EAGAIN)
        errno = EADDRINUSE;
    if (errno != ENOENT && (errno != ECONNREFUSED || unlink(path) == -1))
        err(1, "%s", path);
    /* TODO 1 STAND-IN: (void)fd, (void)address; */
    /* TODO 1 END */
}

/* Returns a socket that listens at path. */
static int open_listener(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder = lock_folder(path), fd = -1;

    /* TODO 1 BEGIN: the path has to fit. From its first moment on, it must
     * be for its owner alone; but COMMAND gets the umask as it was. */
    mode_t mask;

    if (strlen(path) >= sizeof address.sun_path)
        errx(1, "%s: %s", path, strerror(ENAMETOOLONG));
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1)
        err(1, "socket");
    remove_stale(fd, &address);
    mask = umask(0177);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1)
        err(1, "%s", path);
    umask(mask);
    if (lstat(path, &ours) == -1 || listen(fd, SOMAXCONN) == -1) {
        warn("%s", path);
        unlink(path);
        exit(1);
    }
    atexit(remove_socket);
    /* TODO 1 STAND-IN: remove_stale(fd, &address), (void)remove_socket; */
    /* TODO 1 STAND-IN: errx(1, "%s: not yet", path); */
    /* TODO 1 END */
    close(folder);
    say("server", "listens on %s", path);
    return fd;
}

/* Sends a client as much of its queue as the kernel takes. */
static void send_queue(struct client *c)
{
    /* TODO 3 BEGIN: if it has vanished, what it sent before is still to
     * be read, and to go to others. */
    while (c->begin < c->end) {
        ssize_t n = send(c->fd, c->queue + c->begin, c->end - c->begin, 0);

        if (n >= 0) {
            c->begin += (size_t)n;
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            c->begin = c->end; /* it takes nothing more */
        }
    }
    memmove(c->queue, c->queue + c->begin, c->end - c->begin);
    c->end -= c->begin;
    c->begin = 0;
    /* TODO 3 STAND-IN: c->gone = true; */
    /* TODO 3 END */
}

/* Puts a line into a client's queue, or drops the client. */
static void put(struct client *c, const char *line, size_t len)
{
    /* TODO 3 BEGIN: only what the kernel doesn't take waits with us. */
    if (!c->gone && c->end + len + 1 > queue_room)
        send_queue(c);
    if (c->gone || c->end + len + 1 > queue_room) {
        c->gone = true;
        return;
    }
    memcpy(c->queue + c->end, line, len);
    c->end += len;
    c->queue[c->end++] = '\n';
    /* TODO 3 STAND-IN: c->gone = line != NULL && len > 0; */
    /* TODO 3 END */
}

/* Tells a client who it is: nobody can lie about that. */
static void tell_who(struct client *c)
{
    char text[80] = "";

    /* TODO 2 BEGIN: the kernel knows who called connect(). */
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
        err(1, "SO_PEERCRED");
    snprintf(text, sizeof text, "process %d of user %u", (int)peer.pid,
             (unsigned int)peer.uid);
    /* TODO 2 END */
    put(c, text, strlen(text));
}

/* A message for all who are subscribed: "TOPIC TEXT". */
static void publish(char *message, size_t len)
{
    /* TODO 2 BEGIN: which topic that is ends with its first space. */
    char *space = strchr(message, ' ');

    for (struct client *c = clients; c != NULL; c = c->next) {
        *space = '\0';
        if (find_topic(c, message) != -1) {
            *space = ' ';
            put(c, message, len);
        }
    }
    /* TODO 2 STAND-IN: (void)message, (void)len; */
    /* TODO 2 END */
}

/* Does what a client's line says, or says what is wrong with it. */
static void take_line(struct client *c)
{
    const char *answer = "error: syntax";

    /* TODO 2 BEGIN: it is "who", or a word, a space, a topic; and if that
     * word is pub, another space and a text, of any bytes, or none. */
    char *line = c->line, *topic = strchr(line, ' ');
    size_t len = topic == NULL ? 0 : strcspn(++topic, " ");
    size_t rest = topic == NULL ? 0 : c->line_len - (size_t)(topic - line);

    if (c->line_len > MAX_LINE) {
        answer = "error: line too long";
    } else if (c->line_len == 3 && memcmp(line, "who", 3) == 0) {
        tell_who(c);
        return;
    } else if (len > 0 && len <= MAX_TOPIC) {
        if (strncmp(line, "pub ", 4) == 0 && topic[len] == ' ') {
            publish(topic, rest);
            return;
        }
        if (strncmp(line, "sub ", 4) == 0 && len == rest)
            answer = subscribe(c, topic);
        if (strncmp(line, "unsub ", 6) == 0 && len == rest)
            answer = unsubscribe(c, topic);
    }
    /* TODO 2 STAND-IN: (void)tell_who, (void)publish; */
    /* TODO 2 END */
    put(c, answer, strlen(answer));
}

/* Reads once from a client, and takes each line that is whole by now. */
static void take_input(struct client *c)
{
    char bytes[1024];
    size_t most = c->left < sizeof bytes ? c->left : sizeof bytes;
    ssize_t n = recv(c->fd, bytes, most, 0);

    /* TODO 2 BEGIN: as in ex1_calc_server, but for what is last and has no
     * newline: half a message is none. */
    if (n == -1) {
        c->gone = errno != EAGAIN && errno != EINTR;
        return;
    }
    for (ssize_t i = 0; i < n && !c->gone; i++) {
        if (bytes[i] != '\n') {
            c->line[c->line_len] = bytes[i];
            c->line_len += c->line_len <= MAX_LINE;
            continue;
        }
        c->line[c->line_len] = '\0';
        take_line(c);
        c->line_len = 0;
    }
    c->ended = n == 0;
    /* TODO 2 STAND-IN: c->ended = n <= 0; */
    /* TODO 2 STAND-IN: take_line(c); */
    /* TODO 2 END */
    c->left -= (size_t)n; /* it counts at the broker's end */
}

static short wanted(const struct client *c)
{
    short events = c->ended ? 0 : POLLIN;

    /* TODO 3 BEGIN: room, only if something waits for it. */
    if (c->begin < c->end)
        events |= POLLOUT;
    /* TODO 3 END */
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
    /* TODO 4 BEGIN: FIONREAD tells how much that is. A client may be silent,
     * and yet get what others have sent. */
    struct client *c;

    remove_socket();
    for (c = clients; c != NULL; c = c->next) {
        int waiting;

        if (ioctl(c->fd, FIONREAD, &waiting) == -1)
            err(1, "FIONREAD");
        for (c->left = (size_t)waiting; c->left > 0 && !c->gone && !c->ended;)
            take_input(c);
    }
    for (c = clients; c != NULL; c = c->next) {
        c->ended = true;
        serve(c, 0);
    }
    /* TODO 4 STAND-IN: remove_clients(true); */
    /* TODO 4 END */
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
