/*
 * huge_message: makes the compiler say an error hundred thousand times.
 *
 * Verdict: 0 of 50: it doesn't compile
 * Held by: a limit on what is kept of the compiler's words
 */
#define A x(; @ ] "<script>" );                                                \
    y z;
#define B A A A A A A A A A A
#define C B B B B B B B B B B
#define D C C C C C C C C C C
#define E D D D D D D D D D D
E E E E E E E E E E
