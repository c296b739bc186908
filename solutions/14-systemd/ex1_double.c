/*
 * ex1_double: copies standard input to standard output, each byte twice.
 *
 * Usage: ex1_double
 *
 * Try:   echo abc | ex1_double
 *
 * See:   ex1_double in README.md; read(2), write(2)
 */
#include <err.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: ex1_double\n";

static void write_twice(char byte)
{
    /* TODO 1 BEGIN: write it twice; end with err() if that fails. */
    if (write_full(STDOUT_FILENO, (char[]){byte, byte}, 2) == -1)
        err(1, "standard output");
    /* TODO 1 STAND-IN: (void)byte; */
    /* TODO 1 END */
}

/* Returns 0, or -1 with errno if a read has failed. */
static int copy_each_byte_twice(void)
{
    /* TODO 2 BEGIN: write_twice() each byte, up to the end of file. */
    ssize_t got;
    char byte;

    while ((got = read_full(STDIN_FILENO, &byte, 1)) == 1)
        write_twice(byte);
    return (int)got;
    /* TODO 2 STAND-IN: write_twice('?'); */
    /* TODO 2 STAND-IN: return 0; */
    /* TODO 2 END */
}

int main(int argc, char *argv[])
{
    int opt;

    while ((opt = getopt(argc, argv, "h")) != -1)
        usage(opt, help);
    if (optind < argc)
        usage('?', help);

    if (copy_each_byte_twice() == -1)
        err(1, "standard input");
    return 0;
}
