/*
 * decide_figures.h: what a mechanism costs, from a CSV of ipcbench.
 */
#ifndef DECIDE_FIGURES_H
#define DECIDE_FIGURES_H

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The columns of ipcbench's CSV, as far as they matter here. */
enum { WHAT, MECHANISM, SIZE, CPUS, MODE, UNIT, MEDIAN, LEAST, MOST };
static const char columns[] =
    "what,mechanism,size,cpus,mode,unit,median,least,greatest,";

/* Of one line of the CSV: what it costs there and back for 64 bytes,
 * how much goes through in 64 KiB, or what an operation costs. Where
 * that can't be measured the line has no figure. */
static bool show_figure(const char *bench, char *line)
{
    char *field[MOST + 1];
    const char *size = NULL;

    for (int i = 0; i <= MOST; i++) {
        field[i] = strsep(&line, ",");
        if (field[i] == NULL)
            return false;
    }
    if (strcmp(field[WHAT], "latency") == 0)
        size = "64";
    else if (strcmp(field[WHAT], "throughput") == 0)
        size = "65536";
    if (strcmp(field[MECHANISM], bench) != 0 ||
        (size != NULL && strcmp(field[SIZE], size) != 0) ||
        strcmp(field[CPUS], "free") == 0 || *field[MEDIAN] == '\0')
        return false;
    printf("Here:  %s", field[WHAT]);
    if (size != NULL)
        printf(" of %s B", size);
    printf(", CPUs: %s, %s: ", field[CPUS], field[MODE]);
    printf("%s %s (%s to ", field[MEDIAN], field[UNIT], field[LEAST]);
    printf("%s)\n", field[MOST]);
    return true;
}

static void show_figures(const char *bench, const char *path)
{
    bool shown = false;
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        err(1, "%s", path);
    if (getline(&line, &size, file) == -1 ||
        strncmp(line, columns, strlen(columns)) != 0)
        errx(1, "%s: not a CSV of ipcbench", path);
    while (getline(&line, &size, file) != -1)
        shown |= show_figure(bench, line);
    if (ferror(file))
        err(1, "%s", path);
    if (!shown)
        printf("Here:  no figure in %s\n", path);
    free(line);
    fclose(file);
}

#endif
