/* progress.c: on a terminal, how far it is, in one line that goes again. */
#include <stdio.h>
#include <unistd.h>

#include "run.h"

static bool shown;

void progress(int done, int all, int round, const struct row *row)
{
    if (!isatty(STDERR_FILENO))
        return;
    shown = true;
    fprintf(stderr, "\r%3d %%  round %d: %s, %s, %zu bytes, %s\033[K\r",
            100 * done / all, round + 1, what_names[row->what], row_name(row),
            row->size, cpus_names[row->cpus]);
    fflush(stderr);
}

void progress_end(void)
{
    if (shown)
        fprintf(stderr, "\033[K");
    shown = false;
}
