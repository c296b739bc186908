/*
 * pattern.c: the bytes of the messages. Message N is the part of one
 * long row of random bytes that begins at word N. So it needn't be
 * made, only sent; and who receives it compares it with the same part
 * of the same row. Two messages in a row are never alike.
 */
#include <string.h>

#include "run.h"

static _Alignas(4096) unsigned char row[LARGEST + PATTERNS * 8];

/* The same in every run: xorshift*, Marsaglia 2003, Vigna 2016. */
void make_pattern(void)
{
    uint64_t x = 0x9e3779b97f4a7c15;

    for (size_t i = 0; i < sizeof row; i += sizeof x) {
        uint64_t word;

        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        word = x * 0x2545f4914f6cdd1d;
        memcpy(row + i, &word, sizeof word);
    }
}

const unsigned char *pattern(uint64_t number)
{
    return row + number % PATTERNS * 8;
}
