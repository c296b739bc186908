/*
 * include_input: includes what it could wait for without end.
 *
 * Verdict: 0 of 50: it doesn't compile
 * Held by: the compiler's input is empty, and its time limited
 */
#include "/dev/stdin"
#include "/dev/tty"
#include "/proc/self/fd/0"
int main(void)
{
    return 0;
}
