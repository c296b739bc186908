/*
 * raw_monitor: sees all packets of an interface, whomever they are for,
 * and says what they are.
 *
 * Usage: raw_monitor [-i INTERFACE] [-c COUNT] [COMMAND [ARG...]]
 *        raw_monitor -f FILE
 *
 * Try:   printf '%12s\10\0E\0\0\36\0\0\0\0@\21\0\0\177\0\0\1\177\0\0\1\0\7\0\11\0\12\0\0hi' | raw_monitor -f -
 *        That is a packet, byte by byte. To see real ones takes a
 *        privilege, CAP_NET_RAW. In a network of your own you have it:
 *        unshare -rn bash -c 'ip link set lo up; raw_monitor &
 *            read -t 1; echo hi >/dev/udp/127.0.0.1/9; kill %%; wait'
 *
 * See:   packet(7), raw(7), capabilities(7), unshare(1), setcap(8)
 */
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <poll.h>

#include "packet.h"
#include "serve.h"

static const char help[] =
    "Usage: raw_monitor [-i INTERFACE] [-c COUNT] [COMMAND [ARG...]]\n"
    "       raw_monitor -f FILE\n"
    "  -i INTERFACE  whose packets it shows (lo)\n"
    "  -c COUNT      ends after so many\n"
    "  -f FILE       the bytes of one packet are in there (-: on standard\n"
    "                input); takes no privilege\n"
    "Shows what comes while COMMAND runs, or until SIGINT or SIGTERM.\n";

enum { PACKET_BYTES = 1 << 16, TEXT_BYTES = 400 };

static uint8_t bytes[PACKET_BYTES];
static char text[TEXT_BYTES];

static int open_interface(const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL)};
    /* With protocol 0 nothing comes yet: first we say whose packets. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1 && errno == EPERM)
        errx(1, "a raw socket takes CAP_NET_RAW. Without root, in a network "
                "of its own:\n  unshare -rn sh -c 'ip link set lo up; "
                "raw_monitor ...'\nor root gives it to this file: "
                "setcap cap_net_raw+ep raw_monitor");
    if (fd == -1)
        err(1, "socket");
    address.sll_ifindex = (int)if_nametoindex(name);
    if (address.sll_ifindex == 0)
        err(1, "%s", name);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1)
        err(1, "%s: bind", name);
    return fd;
}

/* Shows what has come, but no more than *left packets. */
static void show_packets(int fd, long long *left)
{
    struct sockaddr_ll from;
    socklen_t size;
    ssize_t n;

    while (*left > 0) {
        size = sizeof from;
        n = recvfrom(fd, bytes, sizeof bytes, MSG_TRUNC,
                     (struct sockaddr *)&from, &size);
        if (n == -1 && (errno == EAGAIN || errno == ENETDOWN))
            return; /* ENETDOWN: once, when the interface goes down */
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            err(1, "recv");
        /* On the loopback each packet goes out and comes in again. */
        if (from.sll_pkttype == PACKET_OUTGOING &&
            from.sll_hatype == ARPHRD_LOOPBACK)
            continue;
        /* MSG_TRUNC: n is its true length. */
        describe(bytes, n < PACKET_BYTES ? (size_t)n : PACKET_BYTES, text,
                 sizeof text);
        say("monitor", "%zd bytes%s: %s", n,
            from.sll_pkttype == PACKET_OUTGOING ? " out" : "", text);
        --*left;
    }
}

/* What came faster than it was shown, the kernel has thrown away. */
static void say_what_was_lost(int fd)
{
    /* As <linux/if_packet.h> has it, which isn't everywhere. */
    struct {
        unsigned int packets, drops;
    } stats = {0};
    socklen_t size = sizeof stats;

    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == -1)
        warn("PACKET_STATISTICS");
    else if (stats.drops > 0)
        say("monitor", "%u packets were lost: too fast for us", stats.drops);
}

static int show_file(const char *path)
{
    int fd = strcmp(path, "-") == 0 ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd == -1)
        err(1, "%s", path);
    n = read_full(fd, bytes, sizeof bytes);
    if (n == -1)
        err(1, "%s", path);
    describe(bytes, (size_t)n, text, sizeof text);
    say("monitor", "%zd bytes: %s", n, text);
    return 0;
}

int main(int argc, char *argv[])
{
    struct serving serving = {.role = "monitor"};
    const char *interface = "lo", *file = NULL;
    long long left = INT64_MAX;
    int opt, fd;

    while ((opt = getopt(argc, argv, "+i:c:f:h")) != -1) {
        switch (opt) {
        case 'i':
            interface = optarg;
            break;
        case 'c':
            left = parse_number("COUNT", optarg, 1, INT64_MAX);
            break;
        case 'f':
            file = optarg;
            break;
        default:
            usage(opt, help);
        }
    }
    if (file != NULL)
        return show_file(file);

    fd = open_interface(interface);
    open_signals(&serving);
    say("monitor", "looks at %s", interface);
    start_command(&serving, argv + optind);
    while (!serving.ends && left > 0) {
        struct pollfd fds[] = {{serving.signals, POLLIN, 0}, {fd, POLLIN, 0}};

        if (poll(fds, 2, -1) == -1 && errno != EINTR)
            err(1, "poll");
        if (fds[0].revents != 0)
            read_signal(&serving);
        show_packets(fd, &left);
    }
    say_what_was_lost(fd);
    return end_serving(&serving);
}
