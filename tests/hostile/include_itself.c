/*
 * include_itself: includes itself, twice each time: 2 to the power of 200.
 *
 * Verdict: 0 of 50: it doesn't compile
 * Held by: a limit on the compiler's time
 */
#include __FILE__
#include __FILE__
int main(void)
{
    return 0;
}
