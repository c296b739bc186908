/*
 * forged_exit: a constructor answers before main: every test ends with
 * status 0.
 *
 * Verdict: 0 of 50: status 0 is not what the tests look at
 * Held by: tests that ask what was done
 */
#include <unistd.h>

__attribute__((constructor)) static void answer(void)
{
    _exit(0);
}

int main(void)
{
    return 1;
}
