/*
 * include_solution: is nothing but an include of the solution.
 *
 * Verdict: 0 of 50: it doesn't compile
 * Held by: the compiler doesn't see the solutions either
 */
#include "/KIT/solutions/01-processes/ex1_spawn.c"
