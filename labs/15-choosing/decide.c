/*
 * decide: a few questions, and which mechanism fits the answers.
 *
 * Usage: decide [-f FILE] [QUESTION=ANSWER]...
 *        decide -g
 *
 * Try:   decide for=event event=number
 *        Leave the last one out, or both: then it asks.
 *        decide -g | dot -Tsvg >tree.svg
 *        All that it could ask. With -f it says what that costs on this
 *        machine.
 *
 * See:   decide_tree.h, which has the questions; the labs it names
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decide_figures.h"
#include "decide_tree.h"
#include "lab.h"

static const char help[] =
    "Usage: decide [-f FILE] [QUESTION=ANSWER]...\n"
    "       decide -g\n"
    "  -f FILE  figures of this machine: the CSV of ipcbench\n"
    "  -g       print all questions as a graph, for dot(1)\n";

static const struct row *find(const char *name)
{
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(tree[i].name, name) == 0)
            return &tree[i];
    }
    return NULL;
}

/* The answer that begins with word, if only one does. */
static const struct answer *match(const struct row *row, char *word)
{
    const struct answer *found = NULL, *a = row->answers;

    if (*word == '\0')
        return NULL;
    for (; a->word != NULL; a++) {
        if (strcmp(a->word, word) == 0)
            return a;
        if (strncmp(a->word, word, strlen(word)) == 0) {
            if (found != NULL)
                return NULL;
            found = a;
        }
    }
    return found;
}

static void show_answers(const struct row *row, FILE *to)
{
    for (const struct answer *a = row->answers; a->word != NULL; a++)
        fprintf(to, "    %-9s %s\n", a->word, a->means);
}

/* Asks until it gets an answer that it knows. */
static const struct answer *ask(const struct row *row)
{
    const struct answer *answer = NULL;
    char *line = NULL;
    size_t size = 0;

    puts(row->text);
    show_answers(row, stdout);
    while (answer == NULL) {
        printf("%s= ", row->name);
        if (fflush(stdout) == EOF)
            err(1, "standard output");
        if (getline(&line, &size, stdin) == -1) {
            if (ferror(stdin))
                err(1, "standard input");
            errx(1, "no answer to: %s", row->text);
        }
        line[strcspn(line, " \t\n")] = '\0';
        answer = match(row, line);
        if (answer == NULL)
            puts("One of these words, please, or how it begins.");
    }
    free(line);
    return answer;
}

/* Each argument must be an answer to some question. That this one isn't
 * asked, after what else was said, is no mistake. */
static void check_argument(char *arg)
{
    char *word = strchr(arg, '=');
    const struct row *row = NULL;

    if (word != NULL) {
        *word = '\0';
        row = find(arg);
        *word++ = '=';
    }
    if (row == NULL || row->lab != NULL) {
        warnx("%s: no such question", arg);
        usage('?', help);
    } else if (match(row, word) == NULL) {
        warnx("%s: no such answer; there are", arg);
        show_answers(row, stderr);
        exit(2);
    }
}

/* Where the answer leads that an argument gives, or else the user. */
static const char *next_after(const struct row *row, char *args[])
{
    size_t len = strlen(row->name);

    for (; *args != NULL; args++) {
        if (strncmp(*args, row->name, len) == 0 && (*args)[len] == '=')
            return match(row, *args + len + 1)->next;
    }
    return ask(row)->next;
}

static void show_mechanism(const struct row *row, const char *path)
{
    printf("Take:  %s\nWhy:   %s\n", row->text, row->why);
    if (*row->bench == '\0')
        puts("Here:  ipcbench has no figure for it");
    else if (path != NULL)
        show_figures(row->bench, path);
    else
        puts("Here:  measure it: ipcbench --quick --csv -o FILE");
    printf("Lab:   labs/%s/README.md; %s\n", row->lab, row->program);
}

/* A label of the graph, in lines of some 24 characters. */
static void print_label(const char *text)
{
    int width = 0;

    for (; *text != '\0'; text++) {
        if (*text == ' ' && width > 24) {
            fputs("\\n", stdout);
            width = 0;
        } else {
            putchar(*text);
            width++;
        }
    }
}

static void print_row(const struct row *row)
{
    bool is_mechanism = row->lab != NULL;
    const char *name = row->name;

    printf("    %s [fillcolor=\"%s\", label=\"", name,
           is_mechanism ? "#e3eefb" : "#f6f8fa");
    print_label(row->text);
    if (is_mechanism)
        printf("\\nlab %.2s", row->lab);
    puts("\"]");
    for (const struct answer *a = row->answers; a->word != NULL; a++)
        printf("    %s -> %s [label=\"%s\"]\n", name, a->next, a->word);
}

static void print_graph(void)
{
    puts("digraph decide {\n"
         "    graph [rankdir=LR, bgcolor=\"#ffffff\", ranksep=0.7]\n"
         "    node [shape=box, style=filled, color=\"#2b5c94\",\n"
         "        fontname=\"sans-serif\", fontsize=13]\n"
         "    edge [color=\"#444444\", fontname=\"sans-serif\",\n"
         "        fontsize=11]");
    for (int i = 0; i < ROWS; i++)
        print_row(&tree[i]);
    puts("}");
}

int main(int argc, char *argv[])
{
    const struct row *row = tree;
    const char *path = NULL;
    bool graph = false;
    int opt;

    while ((opt = getopt(argc, argv, "f:gh")) != -1) {
        switch (opt) {
        case 'f':
            path = optarg;
            break;
        case 'g':
            graph = true;
            break;
        default:
            usage(opt, help);
        }
    }
    if (graph && (path != NULL || optind < argc))
        usage('?', help);
    for (int i = optind; i < argc; i++)
        check_argument(argv[i]);

    if (graph) {
        print_graph();
    } else {
        while (row != NULL && row->lab == NULL)
            row = find(next_after(row, argv + optind));
        if (row == NULL)
            errx(1, "decide_tree.h isn't whole");
        show_mechanism(row, path);
    }
    if (fflush(stdout) == EOF)
        err(1, "standard output");
    return 0;
}
