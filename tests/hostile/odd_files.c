/*
 * odd_files: leaves folders nested deeper than a path is long, and files
 * with names that commands would take for options or more.
 *
 * Verdict: 43 of 50: they are left
 * Held by: clean-up that passes names safely
 */
#include "attack.h"

static void attack(void)
{
    static const char *const names[] = {"-rf",  "--",    " ",       "*",
                                        "a\nb", "$(id)", "\033[2J", "\xff"};
    int deep = 0;
    int here = open(".", O_RDONLY | O_DIRECTORY);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        close(open(names[i], O_WRONLY | O_CREAT, 0));
    while (deep < 3000 && mkdir("deeper", 0700) == 0 && chdir("deeper") == 0)
        deep++;
    chmod(".", 0);
    (void)!fchdir(here);
    mkdir("locked", 0700);
    mkdir("locked/in", 0700);
    chmod("locked", 0);
    mkfifo("fifo", 0600);
    (void)!symlink("/", "root");
    close(here);
}
