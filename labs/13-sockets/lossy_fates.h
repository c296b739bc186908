/*
 * lossy_fates.h: which datagrams lossy_proxy drops, sends twice, or keeps
 * back; said by a list of their numbers, or left to chance.
 */
#ifndef LOSSY_FATES_H
#define LOSSY_FATES_H

#include <err.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

enum { TO_SERVER, TO_CLIENT };
enum { DROP, TWICE, LATE, FATES }; /* FATES: none of them */

static const char *which[2][FATES];
static bool quiet;

/* Takes an option: d, u, l for the way to the server, D, U, L for the
 * other. Returns false if it is none of these; what it doesn't understand
 * in text is bad usage. */
static inline bool set_fate(int option, const char *text)
{
    static const char letters[] = "dulDUL";
    const char *at = strchr(letters, option);
    regex_t form;

    if (option == '\0' || at == NULL)
        return false;
    if (regcomp(&form, "^([0-9]+(,[0-9]+)*|[0-9]+([.][0-9]+)?%)$",
                REG_EXTENDED | REG_NOSUB) != 0)
        errx(1, "regcomp: no memory");
    if (regexec(&form, text, 0, NULL, 0) != 0)
        errx(2, "-%c %s: neither numbers, 3,7 say, nor a chance, 20%%", option,
             text);
    regfree(&form);
    which[(at - letters) / FATES][(at - letters) % FATES] = text;
    return true;
}

/* Whether the list, or the chance, means this number. */
static inline bool is_meant(const char *text, long number)
{
    char *rest;

    if (text == NULL)
        return false;
    if (strchr(text, '%') != NULL)
        return (double)(random() % 1000000) < strtod(text, NULL) * 10000;
    for (; *text != '\0'; text = rest + (*rest == ','))
        if (strtol(text, &rest, 10) == number)
            return true;
    return false;
}

/* What becomes of a datagram. See srandom(3). */
static inline int fate_of(int way, long number)
{
    int fate = DROP;

    while (fate < FATES && !is_meant(which[way][fate], number))
        fate++;
    return fate;
}

/* Says what has become of one, and how it begins. */
static inline void tell(int way, long number, const char *bytes, size_t size,
                        const char *what)
{
    char hex[2 * 8 + 1] = "";

    for (size_t i = 0; i < size && i < 8; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned int)(unsigned char)bytes[i]);
    if (!quiet)
        say("proxy", "to %s %ld: %s%s, %zu bytes: %s",
            way == TO_SERVER ? "server" : "client", number, hex,
            size > 8 ? "..." : "", size, what);
}

#endif
