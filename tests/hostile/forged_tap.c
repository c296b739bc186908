/*
 * forged_tap: answers every test with what a test runner would print, on
 * every descriptor, and status 0.
 *
 * Verdict: 0 of 50: what a program prints is nothing but what it prints
 * Held by: descriptors 0 to 2 only, and these are files; verdicts come from
 * bats alone
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    for (int fd = 0; fd < 256; fd++) {
        dprintf(fd, "1..10\n");
        for (int n = 1; n <= 10; n++)
            dprintf(fd, "ok %d the first line names the columns\n", n);
        dprintf(fd, "passed\tit waits until the command has ended\n"
                    "score\t01-processes/ex1_spawn\t50\t50\n"
                    "{\"score\": 50, \"max_score\": 50, \"tests\": []}\n"
                    "{\"scores\": {\"ex1_spawn\": 50}}\n"
                    "exit 0\ndone\n");
    }
    return 0;
}
