/*
 * ex3_courier: carries bytes to another process in real-time signals,
 * all of them, in their order.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex3_courier [-s SIGNAL]
 *
 * Try:   echo hello | ex3_courier
 *        head -c 100000 /dev/urandom | ex3_courier | wc -c
 *        ex3_courier, and type: each line comes back at once. Stop the
 *        receiver with kill -STOP, type on, and look at SigQ and ShdPnd
 *        in its /proc/PID/status.
 *
 * See:   sigqueue(3), sigwaitinfo(2), sigprocmask(2), signal(7)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

enum {
    BYTES = 3,   /* in one value, at most */
    WINDOW = 16, /* after so many values, wait for the receiver */
    ACK = SIGUSR1,
};

static const char usage_text[] =
    "Usage: ex3_courier [-s SIGNAL]\n"
    "Copies standard input to standard output: one process reads, and\n"
    "another writes; between them the bytes go in real-time signals.\n"
    "SIGNAL carries them: SIGRTMIN, the default, to SIGRTMAX.\n";

static int data_signal;
static pid_t sender, receiver;

/* What the sender waits for, and what the receiver waits for. */
static sigset_t for_sender, for_receiver;

/* How the receiver has ended, once it has been waited for. */
static int receiver_status;

/* Up to BYTES bytes and their number in an int. No bytes: the end. */
static int pack(const unsigned char *bytes, size_t count)
{
    /* TODO 3 BEGIN: a byte has 256 values, and none of them is free to
     * mean "the end". But an int has 32 bits: room for three bytes, and
     * for their number. Shift unsigned numbers, they have no sign. */
    unsigned value = (unsigned)count;

    for (size_t i = 0; i < BYTES; i++)
        value = value << 8 | (i < count ? bytes[i] : 0U);
    return (int)value;
    /* TODO 3 STAND-IN: (void)bytes; */
    /* TODO 3 STAND-IN: return (int)count; */
    /* TODO 3 END */
}

/* The other way round. Returns how many bytes there are. */
static size_t unpack(int value, unsigned char bytes[BYTES])
{
    /* TODO 2 BEGIN: undo what pack() does, or shall do. */
    unsigned rest = (unsigned)value;

    for (int i = BYTES - 1; i >= 0; i--) {
        bytes[i] = (unsigned char)(rest & 0xff);
        rest >>= 8;
    }
    return rest;
    /* TODO 2 STAND-IN: bytes[0] = (unsigned char)value; */
    /* TODO 2 STAND-IN: return 0; */
    /* TODO 2 END */
}

/* Blocks, for both processes, each signal that one of them takes. */
static void block_signals(void)
{
    sigemptyset(&for_sender);
    sigemptyset(&for_receiver);
    /* TODO 1 BEGIN: fill the two sets, and block all that is in them. A
     * blocked signal that comes too early isn't lost: it waits. */
    sigaddset(&for_sender, ACK);
    sigaddset(&for_sender, SIGCHLD);
    sigaddset(&for_receiver, data_signal);
    sigprocmask(SIG_BLOCK, &for_sender, NULL);
    sigprocmask(SIG_BLOCK, &for_receiver, NULL);
    /* TODO 1 END */
}

/* The receiver: whether this signal carries data from our sender. */
static bool is_ours(const siginfo_t *info)
{
    /* TODO 5 BEGIN: others may send us this signal, too, with kill(), say.
     * info tells how it was sent, and by whom. */
    return info->si_code == SI_QUEUE && info->si_pid == sender;
    /* TODO 5 STAND-IN: (void)info; */
    /* TODO 5 STAND-IN: return true; */
    /* TODO 5 END */
}

/* The receiver: waits for the next value. */
static int next_value(void)
{
    siginfo_t info = {.si_signo = 0};

    do {
        /* TODO 2 BEGIN: take a signal with sigwaitinfo(). EINTR is no
         * error: who was stopped and goes on gets it, too. */
        while (sigwaitinfo(&for_receiver, &info) == -1) {
            if (errno != EINTR)
                err(1, "sigwaitinfo");
        }
        /* TODO 2 END */
    } while (!is_ours(&info));
    return info.si_value.sival_int;
}

/* The receiver: writes what comes, up to the end. */
static void receive(void)
{
    unsigned char bytes[BYTES];
    size_t count;
    int taken = 0;

    while ((count = unpack(next_value(), bytes)) > 0) {
        if (write_full(STDOUT_FILENO, bytes, count) == -1)
            err(1, "standard output");
        taken++;
        /* TODO 4 BEGIN: tell the sender after each WINDOW values. With
         * kill(): a standard signal always finds room, and of this one
         * there are never two on their way. */
        if (taken % WINDOW == 0)
            kill(sender, ACK);
        /* TODO 4 END */
    }
}

/* The sender: looks whether the receiver has ended; waits for that, if
 * options are 0; doesn't, if they are WNOHANG. Keeps its status. */
static bool has_ended(int options)
{
    static bool ended = false;

    /* TODO 3 BEGIN: wait for it, but never twice. */
    while (!ended) {
        pid_t pid = waitpid(receiver, &receiver_status, options);

        if (pid == -1 && errno != EINTR)
            err(1, "waitpid");
        if (pid == 0)
            return false;
        ended = pid == receiver;
    }
    /* TODO 3 STAND-IN: (void)options; */
    /* TODO 3 END */
    return ended;
}

/* The sender: waits until the receiver has taken all, no longer than
 * limit (NULL: none). Returns false if the receiver has ended. */
static bool wait_for_receiver(const struct timespec *limit)
{
    siginfo_t info;
    int sig;

    for (;;) {
        /* TODO 4 BEGIN: wait for ACK with sigtimedwait(). EAGAIN says
         * that the limit is reached, EINTR: ask again. */
        sig = sigtimedwait(&for_sender, &info, limit);
        if (sig == -1 && errno == EAGAIN)
            return true;
        if (sig == -1 && errno != EINTR)
            err(1, "sigtimedwait");
        if (sig == ACK && info.si_pid == receiver)
            return true;
        /* TODO 4 STAND-IN: (void)limit; */
        /* TODO 4 STAND-IN: (void)info; */
        /* TODO 4 STAND-IN: (void)sig; */
        /* TODO 4 STAND-IN: return true; */
        /* TODO 4 END */

        /* TODO 5 BEGIN: SIGCHLD says that the receiver has ended. Or
         * only stopped, or that another child has ended: ask. */
        if (sig == SIGCHLD && has_ended(WNOHANG))
            return false;
        /* TODO 5 END */
    }
}

/* The sender: sends a value. Returns false if nobody can take it. */
static bool send_value(int value)
{
    static int sent = 0;

    for (;;) {
        /* TODO 3 BEGIN: send it with sigqueue(). EAGAIN says that there
         * is no room: this value wasn't sent. */
        const union sigval data = {.sival_int = value};

        if (sigqueue(receiver, data_signal, data) == 0)
            break;
        if (errno != EAGAIN)
            err(1, "sigqueue");
        /* TODO 3 STAND-IN: (void)value; */
        /* TODO 3 STAND-IN: break; */
        /* TODO 3 END */

        /* TODO 4 BEGIN: the room is for all processes of a user, and no
         * signal tells when there is some. Try again a little later. */
        const struct timespec moment = {.tv_nsec = 10000000};

        if (!wait_for_receiver(&moment))
            return false;
        /* TODO 4 STAND-IN: (void)wait_for_receiver; */
        /* TODO 4 END */
    }
    sent++;
    /* TODO 4 BEGIN: after each WINDOW values, wait for the receiver. */
    if (sent % WINDOW == 0)
        return wait_for_receiver(NULL);
    /* TODO 4 END */
    return true;
}

/* The sender: sends all that can be read, then the end. Returns 0, or 1
 * if it couldn't. */
static int send_all(void)
{
    unsigned char buf[4096];
    ssize_t n, i;

    while ((n = read(STDIN_FILENO, buf, sizeof buf)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1) {
            warn("standard input");
            break;
        }
        for (i = 0; i < n; i += BYTES) {
            ssize_t count = n - i < BYTES ? n - i : BYTES;

            if (!send_value(pack(buf + i, (size_t)count)))
                return 1;
        }
    }
    send_value(pack(buf, 0));
    return n == -1;
}

int main(int argc, char *argv[])
{
    const struct sigaction normal = {.sa_handler = SIG_DFL};
    int opt, status;

    data_signal = SIGRTMIN;
    while ((opt = getopt(argc, argv, "hs:")) != -1) {
        if (opt != 's')
            usage(opt, usage_text);
        data_signal = parse_signal("-s", optarg);
    }
    if (optind < argc || data_signal < SIGRTMIN)
        usage('?', usage_text);

    /* Were SIGCHLD ignored, nobody would keep the receiver's status. */
    sigaction(SIGCHLD, &normal, NULL);
    block_signals();
    sender = getpid();
    receiver = fork();
    if (receiver == -1)
        err(1, "fork");
    if (receiver == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* it shall not outlive us */
        if (getppid() == sender)
            receive();
        return 0;
    }

    status = send_all();
    if (!has_ended(0))
        return 1;
    /* TODO 5 BEGIN: a receiver that was killed couldn't say why. */
    if (WIFSIGNALED(receiver_status)) {
        int sig = WTERMSIG(receiver_status);

        warnx("receiver: killed by %s", signal_name(sig));
    }
    /* TODO 5 END */
    return receiver_status == 0 ? status : 1;
}
