/* pattern.c: the row of bytes that all messages are parts of. */
#include <string.h>

#include "run.h"

_Alignas(4096) unsigned char pattern_row[LARGEST + PATTERNS * 8];

/* The same in every run: xorshift*, Marsaglia 2003, Vigna 2016. */
void make_pattern(void)
{
    uint64_t x = 0x9e3779b97f4a7c15;

    for (size_t i = 0; i < sizeof pattern_row; i += sizeof x) {
        uint64_t word;

        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        word = x * 0x2545f4914f6cdd1d;
        memcpy(pattern_row + i, &word, sizeof word);
    }
}
