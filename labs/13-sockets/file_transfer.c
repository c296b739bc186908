/*
 * file_transfer: copies a file over a connection: whole, or not at all;
 * what was interrupted goes on where it was.
 *
 * Usage: file_transfer serve [-a HOST] [-p PORT] [-r FOLDER] [-f]
 *                      [-t SECONDS] [COMMAND [ARG...]]
 *        file_transfer get -p PORT [-a HOST] [-r FOLDER] [-fn]
 *                      [-t SECONDS] NAME...
 *        file_transfer put -p PORT [-a HOST] [-n] [-t SECONDS] FILE...
 *
 * Try:   d=$(mktemp -d); trap 'rm -r $d' 0; file_transfer serve -r /etc file_transfer get -r $d passwd
 *        A server that runs while a client gets a file from it. Take a
 *        large one, end the client with Ctrl-C, look into the folder with
 *        ls -a, and run it again.
 *
 * Not under valgrind: it doesn't know openat2(2)
 *
 * See:   sendfile(2), openat2(2), fsync(2), link(2), lseek(2), the
 *        protocol in transfer_message.h
 */
#include <poll.h>
#include <sys/prctl.h>

#include "beneath.h"
#include "serve.h"
#include "transfer_client.h"

static const char help[] =
    "Usage: file_transfer serve [-a HOST] [-p PORT] [-r FOLDER] [-f]\n"
    "                     [-t SECONDS] [COMMAND [ARG...]]\n"
    "       file_transfer get [-a HOST] [-p PORT] [-r FOLDER] [-fn]\n"
    "                     [-t SECONDS] NAME...\n"
    "       file_transfer put [-a HOST] [-p PORT] [-n] [-t SECONDS] FILE...\n"
    "  -a HOST     the server's name or address (127.0.0.1)\n"
    "  -p PORT     its number or name; serve: 0 for any (0), which COMMAND\n"
    "              finds in $PORT; get, put: ($PORT)\n"
    "  -r FOLDER   where the files are, or go to (.)\n"
    "  -f          replace what is there already\n"
    "  -n          without a checksum\n"
    "  -t SECONDS  how long the other side may be silent (60)\n"
    "serve: while COMMAND runs, or until SIGINT or SIGTERM.\n";

enum { WORKERS_MAX = 64 };

static struct serving serving;

/* Sends the file that "sha256 NAME", or "none NAME", asks for. */
static bool give(int sock, char *asked, char **name)
{
    bool done, sum = begins(asked, "sha256", name);
    int file;

    if (!sum && !begins(asked, "none", name))
        return refuses(sock, "not sha256, not none");
    file = open_beneath(folder, *name, O_RDONLY);
    if (file == -1)
        return refuses(sock, open_error());
    done = send_file(sock, file, *name, sum && sums);
    close(file);
    return done;
}

/* Receives "SIZE TAKES SUM NAME"; the folders on its way must be there. */
static bool take(int sock, char *offer, char **name, struct incoming *in)
{
    static char way[MESSAGE_MAX + 1];
    bool done;

    *name = offer;
    for (int i = 0; i < 3; i++) {
        *name = strchrnul(*name, ' ');
        *name += **name == ' ';
    }
    strcpy(way, *name);
    in->name = strrchr(*name, '/') ? strrchr(*name, '/') + 1 : *name;
    way[in->name - *name] = '\0';
    in->replace = replace;
    in->folder = open_beneath(folder, way, O_RDONLY | O_DIRECTORY);
    if (in->folder == -1)
        return refuses(sock, open_error());
    done = receive_file(sock, in, offer);
    close(in->folder);
    return done;
}

/* One connection is for one file. */
static void serve(int sock)
{
    static char text[MESSAGE_MAX + 1];
    struct incoming in = {0};
    char *rest, *name = text;
    bool done = false;

    fcntl(sock, F_SETFL, 0); /* no O_NONBLOCK: nobody else waits here */
    limit_waiting(sock);
    if (!read_message(sock, text)) {
        say("worker", "no request: %s", why);
        return;
    }
    gives_up = -1; /* what has been asked for, is done */
    if (begins(text, "GET", &rest)) {
        done = give(sock, rest, &name);
        if (done)
            say("worker", "%s: was sent", name);
    } else if (begins(text, "FILE", &rest)) {
        done = take(sock, rest, &name, &in);
        if (done)
            say_received("worker", &in);
    } else {
        refuses(sock, "no request that is known here");
    }
    if (!done)
        say("worker", "%s: %s", name, why);
}

/* Each client has a process of its own, which may wait as it likes. */
static void welcome(int listener, const int ends[2])
{
    int sock;

    while (serving.others < WORKERS_MAX &&
           (sock = accept_client(listener)) != -1) {
        pid_t server = getpid(), worker = fork();

        if (worker == -1)
            say("server", "refuses a client: fork: %s", strerror(errno));
        if (worker == 0) {
            /* If the server is killed, so are we. */
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != server)
                _exit(1);
            /* Else clients could still connect when it has ended. */
            close(listener);
            close(ends[1]);
            gives_up = ends[0];
            serve(sock);
            _exit(0);
        }
        serving.others += worker > 0;
        close(sock);
    }
}

static int run_server(char *command[])
{
    int listener, ends[2], way = open_beneath(folder, "/", O_RDONLY);
    bool told = false;

    if (way == -1)
        err(1, "openat2");
    close(way);
    sums = sums && can_checksum();
    open_signals(&serving);
    listener = listen_on(host, port ? port : "0");
    /* When we close our end, who still waits for a request notices. */
    if (pipe2(ends, O_CLOEXEC) == -1)
        err(1, "pipe");
    start_command(&serving, command);
    while (!told && (!serving.ends || serving.others > 0)) {
        struct pollfd fds[] = {
            {serving.signals, POLLIN, 0},
            {serving.others < WORKERS_MAX ? listener : -1, POLLIN, 0}};

        if (poll(fds, 2, -1) == -1 && errno != EINTR)
            err(1, "poll");
        if (fds[0].revents != 0)
            told = read_signal(&serving);
        if (fds[1].revents != 0 || (serving.ends && listener != -1))
            welcome(listener, ends);
        if (serving.ends && listener != -1) {
            close(listener);
            close(ends[1]);
            listener = -1;
        }
    }
    return end_serving(&serving);
}

int main(int argc, char *argv[])
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const char *role = argc > 1 ? argv[1] : "", *where = ".";
    bool server = strcmp(role, "serve") == 0;
    int opt;

    line_buffer_stderr();
    if (!server && strcmp(role, "get") != 0 && strcmp(role, "put") != 0)
        usage(strcmp(role, "-h") == 0 ? 'h' : '?', help);
    port = server ? "0" : getenv("PORT");
    argv++;
    argc--;
    while ((opt = getopt(argc, argv, "+a:p:r:t:fnh")) != -1) {
        switch (opt) {
        case 'a':
            host = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'r':
            where = optarg;
            break;
        case 't':
            patience = parse_seconds("SECONDS", optarg, 0.01, 86400);
            break;
        case 'f':
            replace = true;
            break;
        case 'n':
            sums = false;
            break;
        default:
            usage(opt, help);
        }
    }
    if (!server && (port == NULL || argv[optind] == NULL))
        usage('?', help);
    folder = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder == -1)
        err(1, "%s", where);
    /* A limit to the size of files (ulimit -f) is an error like others. */
    sigaction(SIGXFSZ, &ignore, NULL);
    if (server)
        return run_server(argv + optind);
    return run_client(*role == 'g' ? get : put, argv + optind);
}
