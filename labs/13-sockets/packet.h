/*
 * packet.h: says in words what a packet is: Ethernet, ARP, IPv4, IPv6,
 * TCP, UDP, ICMP, ICMPv6.
 *
 * Whoever is on the network decides what is in a packet, also which
 * lengths it claims to have. So nothing here reads a byte but through
 * cut(), which knows how many there really are.
 */
#ifndef PACKET_H
#define PACKET_H

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The bytes that are still to be looked at, and the words so far. */
struct packet {
    const uint8_t *at;
    size_t left;
    char *text;
    size_t used, max;
    bool torn; /* there should be more */
};

/* A packet says itself how long it is; what follows only fills it up. */
static inline void limit(struct packet *p, size_t len)
{
    p->torn |= len > p->left;
    if (p->left > len)
        p->left = len;
}

/* Cuts n bytes off and returns them; or NULL if so many aren't there. */
static inline const uint8_t *cut(struct packet *p, size_t n)
{
    const uint8_t *bytes = p->at;

    if (p->left < n)
        return NULL;
    p->at += n;
    p->left -= n;
    return bytes;
}

__attribute__((format(printf, 2, 3))) static inline void add(struct packet *p,
                                                             const char *format,
                                                             ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(p->text + p->used, p->max - p->used, format, args);
    va_end(args);
    if (n > 0)
        p->used =
            (size_t)n < p->max - p->used ? p->used + (size_t)n : p->max - 1;
}

/* Numbers in packets have their highest byte first. */
static inline unsigned int two(const uint8_t *b)
{
    return (unsigned int)b[0] << 8 | b[1];
}

static inline uint32_t four(const uint8_t *b)
{
    return (uint32_t)two(b) << 16 | two(b + 2);
}

static inline void add_addresses(struct packet *p, int family,
                                 const uint8_t *from, const uint8_t *to)
{
    char text[2][INET6_ADDRSTRLEN];

    inet_ntop(family, from, text[0], sizeof text[0]);
    inet_ntop(family, to, text[1], sizeof text[1]);
    add(p, " %s > %s", text[0], text[1]);
}

/* What it carries for a program: how much, and how that begins. */
static inline void add_data(struct packet *p)
{
    if (p->left == 0)
        return;
    add(p, ", %zu bytes: \"", p->left);
    for (size_t i = 0; i < p->left && i < 24; i++)
        add(p, "%c", p->at[i] >= ' ' && p->at[i] < 0x7f ? p->at[i] : '.');
    add(p, "%s", p->left > 24 ? "...\"" : "\"");
}

static inline bool read_tcp(struct packet *p)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH",
                                        "ACK", "URG", "ECE", "CWR"};
    const uint8_t *b = cut(p, 20);
    size_t header;

    add(p, ", TCP");
    if (b == NULL)
        return false;
    add(p, " %u > %u", two(b), two(b + 2));
    for (int i = 0; i < 8; i++)
        if (b[13] >> i & 1)
            add(p, " %s", names[i]);
    add(p, " seq %u", four(b + 4));
    if (b[13] & 0x10)
        add(p, " ack %u", four(b + 8));
    header = (size_t)(b[12] >> 4) * 4; /* in words of 4; with options */
    if (header < 20 || cut(p, header - 20) == NULL)
        return false;
    add_data(p);
    return true;
}

static inline bool read_udp(struct packet *p)
{
    const uint8_t *b = cut(p, 8);
    size_t len;

    add(p, ", UDP");
    if (b == NULL)
        return false;
    add(p, " %u > %u", two(b), two(b + 2));
    len = two(b + 4);
    if (len < 8)
        return false;
    limit(p, len - 8);
    add_data(p);
    return true;
}

static inline bool read_icmp(struct packet *p, bool v6)
{
    const uint8_t *b = cut(p, 8);
    unsigned int type;

    add(p, ", ICMP%s", v6 ? "v6" : "");
    if (b == NULL)
        return false;
    type = b[0];
    if (type == (v6 ? 128 : 8) || type == (v6 ? 129 : 0))
        add(p, " echo %s id %u seq %u",
            type == (v6 ? 128 : 8) ? "request" : "reply", two(b + 4),
            two(b + 6));
    else if (type == (v6 ? 1 : 3))
        add(p, " %sunreachable", b[1] == (v6 ? 4 : 3) ? "port " : "");
    else if (type == (v6 ? 3 : 11))
        add(p, " time exceeded");
    else if (v6 && (type == 135 || type == 136))
        add(p, " neighbour %s", type == 135 ? "wanted" : "found");
    else
        add(p, " type %u code %u", type, b[1]);
    return true;
}

static inline bool read_transport(struct packet *p, unsigned int protocol)
{
    switch (protocol) {
    case 1:
        return read_icmp(p, false);
    case 6:
        return read_tcp(p);
    case 17:
        return read_udp(p);
    case 58:
        return read_icmp(p, true);
    case 59: /* IPv6: nothing follows */
        return true;
    default:
        add(p, ", protocol %u, %zu bytes", protocol, p->left);
        return true;
    }
}

static inline bool read_ipv4(struct packet *p)
{
    const uint8_t *b = cut(p, 20);
    size_t header, len;

    add(p, "IPv4");
    if (b == NULL || b[0] >> 4 != 4)
        return false;
    add_addresses(p, AF_INET, b + 12, b + 16);
    header = (size_t)(b[0] & 15) * 4;
    len = two(b + 2);
    if (header < 20 || len < header || cut(p, header - 20) == NULL)
        return false;
    limit(p, len - header);
    if ((two(b + 6) & 0x1fff) != 0) {
        add(p, ", a later fragment, %zu bytes", p->left);
        return true;
    }
    return read_transport(p, b[9]);
}

static inline bool read_ipv6(struct packet *p)
{
    const uint8_t *b = cut(p, 40), *more;
    unsigned int next;

    add(p, "IPv6");
    if (b == NULL || b[0] >> 4 != 6)
        return false;
    add_addresses(p, AF_INET6, b + 8, b + 24);
    limit(p, two(b + 4));
    /* Headers may stand between; each says what comes next, and its own
     * length in words of 8 but for the first. */
    for (next = b[6]; next == 0 || next == 43 || next == 44 || next == 60;
         next = *more) {
        more = cut(p, 8);
        if (more == NULL)
            return false;
        if (next == 44 && (two(more + 2) & 0xfff8) != 0) {
            add(p, ", a later fragment, %zu bytes", p->left);
            return true;
        }
        if (next != 44 && cut(p, (size_t)more[1] * 8) == NULL)
            return false;
    }
    return read_transport(p, next);
}

static inline bool read_arp(struct packet *p)
{
    const uint8_t *b = cut(p, 28);

    add(p, "ARP");
    if (b == NULL)
        return false;
    add_addresses(p, AF_INET, b + 14, b + 24);
    add(p, b[7] == 1 ? ", who has it?" : ", is here");
    return true;
}

static inline bool read_ethernet(struct packet *p)
{
    static const uint8_t none[12];
    const uint8_t *b = cut(p, 14), *tag;
    unsigned int type;

    if (b == NULL) {
        add(p, "Ethernet");
        return false;
    }
    if (memcmp(b, none, sizeof none) != 0) /* as on the loopback */
        add(p, "%02x:%02x:%02x:%02x:%02x:%02x > %02x:%02x:%02x:%02x:%02x:%02x ",
            b[6], b[7], b[8], b[9], b[10], b[11], b[0], b[1], b[2], b[3], b[4],
            b[5]);
    type = two(b + 12);
    while (type == 0x8100 || type == 0x88a8) { /* a virtual network */
        tag = cut(p, 4);
        if (tag == NULL)
            return false;
        add(p, "VLAN %u ", two(tag) & 0xfff);
        type = two(tag + 2);
    }
    switch (type) {
    case 0x0800:
        return read_ipv4(p);
    case 0x0806:
        return read_arp(p);
    case 0x86dd:
        return read_ipv6(p);
    default:
        add(p, "type %04x, %zu bytes", type, p->left);
        return true;
    }
}

/*
 * Writes into text, of max bytes, what the len bytes of a packet are, as
 * they come from an Ethernet, or from the loopback, which looks like one.
 * A packet that ends too early, or contradicts itself, is said to.
 */
static inline void describe(const uint8_t *bytes, size_t len, char *text,
                            size_t max)
{
    struct packet p = {bytes, len, text, 0, max, false};

    *text = '\0';
    if (!read_ethernet(&p) || p.torn)
        add(&p, ", cut short or wrong");
}

#endif
