/*
 * odd_output: prints what could be taken for HTML, a formula, a terminal's
 * commands or broken text, and ends.
 *
 * Verdict: 43 of 50: it isn't what the first test wants
 * Held by: every format writes it as text
 */
#include "attack.h"

static void attack(void)
{
    printf("</pre></td><script>alert('escaped')</script><img src=x "
           "onerror=alert(1)>]]>&amp;\"'\n=1+cmd|' /C calc'!A0\n"
           "\033]0;title\007\033[2J\xff\xfe\xc3\n%%s%%n$(id)`id`\n");
    fwrite("\0\0", 2, 1, stdout);
    exit(3);
}
