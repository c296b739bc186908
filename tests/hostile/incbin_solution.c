/*
 * incbin_solution: takes the solution, and a test, into the program as they
 * are, to print them later.
 *
 * Verdict: 0 of 50: it doesn't compile
 * Held by: the assembler doesn't see them either
 */
#include <stdio.h>

__asm__(".section .rodata\n"
        ".globl stolen\n"
        "stolen: .incbin \"/KIT/solutions/01-processes/ex1_spawn.c\"\n"
        ".incbin \"/KIT/tests/exercises/01-processes.bats\"\n"
        ".byte 0\n"
        ".text\n");
extern const char stolen[];

int main(void)
{
    printf("escaped: %s\n", stolen);
    return 0;
}
