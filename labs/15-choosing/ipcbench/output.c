/*
 * output.c: where the figures go. A file is opened at once: after
 * minutes of measuring is too late to learn that it can't be. But what
 * is in it stays there until there is something better.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "run.h"

static const char *made; /* by us, and nothing is in it yet */
static int fd = STDOUT_FILENO;

void open_output(const char *file)
{
    if (file == NULL)
        return;
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd != -1)
        made = file;
    else if (errno == EEXIST)
        fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        err(1, "%s", file);
}

/* If it has come to nothing. */
void drop_output(void)
{
    if (made != NULL)
        unlink(made);
    made = NULL;
}

void print_output(const struct table *t, const struct options *o)
{
    FILE *out = fd == STDOUT_FILENO ? stdout : fdopen(fd, "w");

    if (out == NULL)
        err(1, "%s", o->file);
    made = NULL;
    /* /dev/null and the like have no length. */
    if (out != stdout && ftruncate(fd, 0) == -1 && errno != EINVAL)
        err(1, "%s", o->file);
    if (o->format == TABLE)
        print_table(out, t);
    else if (o->format == CSV)
        print_csv(out, t);
    else
        print_json(out, t, o);
    if (fflush(out) == EOF || (out != stdout && fclose(out) == EOF))
        err(1, "%s", o->file != NULL ? o->file : "standard output");
}
