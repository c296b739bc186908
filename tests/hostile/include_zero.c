/*
 * include_zero: includes a file that has no end.
 *
 * Verdict: 0 of 50: it doesn't compile
 * Held by: limits on the compiler's memory and time
 */
#include "/dev/zero"
int main(void)
{
    return 0;
}
