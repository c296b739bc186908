/*
 * memory_hog: takes memory, and writes to each page.
 *
 * Verdict: 43 of 50: it is ended
 * Held by: the limit on memory
 */
#include "attack.h"

static void attack(void)
{
    enum { MB = 1 << 20, MOST = 1280 }; /* the limit is 1024 */
    char *blocks[MOST];
    int n;

    for (n = 0; n < MOST; n++) {
        blocks[n] = malloc(MB);
        if (blocks[n] == NULL)
            break;
        memset(blocks[n], 1, MB);
    }
    if (n == MOST)
        escaped("%d MB of memory", n);
    while (n > 0)
        free(blocks[--n]);
}
