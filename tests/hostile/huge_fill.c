/*
 * huge_fill: has the assembler write 64 GB.
 *
 * Verdict: 0 of 50: it doesn't compile
 * Held by: limits on the size of a file, and on the compiler's time
 */
__asm__(".data\n.fill 0x1000000000, 1, 1\n.text\n");

int main(void)
{
    return 0;
}
