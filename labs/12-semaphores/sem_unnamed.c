/*
 * sem_unnamed: semaphores without a name, in memory that processes
 * share, force an order on them.
 *
 * Usage: sem_unnamed [-r ROUNDS] WORD...
 *
 * Try:   sem_unnamed -r 2 one two three
 *        A process for each word. The last is started first, and yet
 *        each word comes in its turn. Nobody sleeps for a guessed time.
 *
 * See:   sem_init(3), sem_destroy(3), mmap(2), sem_overview(7)
 */
#include <err.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: sem_unnamed [-r ROUNDS] WORD...\n"
                           "  -r ROUNDS  each word comes so often (1)\n"
                           "  up to 50 words\n";

enum { MOST = 50 };

static sem_t *turn; /* one for each process */

/* After fork() each process has its own copy of all variables: only in
 * a shared mapping they see the same semaphore. */
static void make_turns(int count)
{
    size_t size = (size_t)count * sizeof *turn;
    int flags = MAP_SHARED | MAP_ANONYMOUS;

    turn = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (turn == MAP_FAILED)
        err(1, "mmap");

    /* The 1 says that processes share it. With 0 the kernel would look
     * for sleepers in one process only: see sem_unnamed_broken. At the
     * beginning it is the first one's turn. */
    for (int i = 0; i < count; i++) {
        if (sem_init(&turn[i], 1, i == 0 ? 1 : 0) == -1)
            err(1, "sem_init");
    }
}

static void take_turns(int mine, int next, int rounds, const char *word)
{
    for (int i = 0; i < rounds; i++) {
        while (sem_wait(&turn[mine]) == -1) {
            if (errno != EINTR)
                err(1, "sem_wait");
        }
        say("process", "%s", word);

        /* The next one may not have come yet. That doesn't matter: the
         * semaphore counts it, and then it needn't sleep. */
        if (sem_post(&turn[next]) == -1)
            err(1, "sem_post");
    }
}

int main(int argc, char *argv[])
{
    int rounds = 1, count, status, opt;
    pid_t parent = getpid(), pids[MOST], child;
    bool failed = false;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hr:")) != -1) {
        if (opt != 'r')
            usage(opt, help);
        rounds = (int)parse_number("-r", optarg, 1, 1000000);
    }
    argv += optind;
    count = argc - optind;
    if (count < 1 || count > MOST)
        usage('?', help);
    make_turns(count);

    for (int i = count - 1; i >= 0; i--) {
        pids[i] = fork();
        if (pids[i] == -1)
            err(1, "fork"); /* the others end with us */
        if (pids[i] == 0) {
            if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
                err(1, "prctl");
            if (getppid() != parent)
                exit(1);
            take_turns(i, (i + 1) % count, rounds, argv[i]);
            exit(0);
        }
    }

    /* If one fails, the others would wait for their turn for ever. */
    for (int left = count; left > 0;) {
        child = wait(&status);
        if (child == -1 && errno != EINTR)
            err(1, "wait");
        if (child == -1)
            continue;
        left--;
        for (int i = 0; i < count; i++) {
            if (pids[i] == child)
                pids[i] = 0;
            else if (status != 0 && !failed && pids[i] != 0)
                kill(pids[i], SIGKILL);
        }
        failed = failed || status != 0;
    }
    for (int i = 0; i < count; i++)
        sem_destroy(&turn[i]);
    return failed ? 1 : 0;
}
