/*
 * network: looks for a way out: interfaces, a route, and what listens on
 * this machine.
 *
 * Verdict: 50 of 50: there is only a loopback device of its own
 * Held by: a network namespace of its own
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include "attack.h"

/* The address is one of those that are kept for documentation; nothing is
 * sent: connecting a UDP socket only asks for a route. */
static void find_route(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        escaped("a route to outside");
    close(fd);
}

static void attack(void)
{
    struct ifaddrs *all, *one;
    char line[256];
    FILE *file;
    int lines = 0;

    if (getifaddrs(&all) == 0)
        for (one = all; one != NULL; one = one->ifa_next)
            if ((one->ifa_flags & IFF_LOOPBACK) == 0)
                escaped("interface %s", one->ifa_name);
    find_route();
    /* Sockets of others, with abstract names: /proc/net/unix. */
    file = fopen("/proc/net/unix", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        lines += strchr(line, '@') != NULL;
    if (lines > 0)
        escaped("%d sockets with abstract names", lines);
}
