/*
 * ex2_ping_pong: two processes take turns, strictly, by two semaphores.
 *
 * The lab's README says exactly what it must do.
 *
 * Usage: ex2_ping_pong [-i] [-n TURNS]
 *
 * Try:   ex2_ping_pong -n 3
 *        With -i, press Enter for each turn. Kill pong meanwhile.
 *
 * See:   sem_overview(7), sem_init(3), sem_wait(3), mmap(2),
 *        signal-safety(7), PR_SET_PDEATHSIG in prctl(2)
 */
#include <err.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: ex2_ping_pong [-i] [-n TURNS]\n"
    "  -i        each turn waits for Enter\n"
    "  -n TURNS  so many for each, 0 to 1000000 (3)\n";

enum { PING, PONG };

static const char *const names[] = {"ping", "pong"};

static sem_t *turn;                      /* two: whose turn is it? */
static pid_t pong;                       /* in pong itself 0 */
static volatile sig_atomic_t pong_ended; /* and its status is: */
static volatile sig_atomic_t pong_status;

/* Makes the semaphores: ping begins. */
static void make_semaphores(void)
{
    /* TODO 1 BEGIN: in memory that the two share after fork(), to be used
     * by more than one process. So nothing has a name that could stay. */
    turn = mmap(NULL, 2 * sizeof *turn, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (turn == MAP_FAILED)
        err(1, "mmap");
    if (sem_init(&turn[PING], 1, 1) == -1 || sem_init(&turn[PONG], 1, 0) == -1)
        err(1, "sem_init");
    /* TODO 1 STAND-IN: turn = NULL; */
    /* TODO 1 END */
}

/* The handler for SIGCHLD. Says so if pong has ended, and wakes ping. */
static void look_for_pong(int sig)
{
    /* TODO 3 BEGIN: the signal may have come for another reason. Post only
     * if waitpid(), which mustn't wait here, has got pong. */
    int saved = errno, status;

    (void)sig;
    if (pong > 0 && waitpid(pong, &status, WNOHANG) == pong) {
        pong_status = status;
        pong_ended = 1;
        sem_post(&turn[PING]);
    }
    errno = saved;
    /* TODO 3 STAND-IN: (void)sig, (void)pong_status, (void)pong_ended; */
    /* TODO 3 END */
}

/* The end of ping, if pong has ended too early. */
static _Noreturn void alone(void)
{
    if (WIFSIGNALED(pong_status))
        errx(1, "pong: killed by %s", signal_name(WTERMSIG(pong_status)));
    errx(1, "pong: exit %d", WEXITSTATUS(pong_status));
}

/* Waits until it is this one's turn, or until pong has ended. */
static void wait_for_turn(int who)
{
    /* TODO 1 BEGIN: sleep until then. A signal is no turn. */
    while (sem_wait(&turn[who]) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
    /* TODO 1 STAND-IN: (void)who; */
    /* TODO 1 END */
}

static void play(int who, bool enter, int turns)
{
    for (int i = 1; i <= turns; i++) {
        /* TODO 2 BEGIN: wait for your turn; if pong has ended, so does
         * ping. Then (with -i) wait_for_enter(), say which turn it is, and
         * last of all give the turn to the other. */
        wait_for_turn(who);
        if (pong_ended)
            alone();
        if (enter)
            wait_for_enter();
        say(names[who], "%d", i);
        if (sem_post(&turn[1 - who]) == -1)
            err(1, "sem_post");
        /* TODO 2 STAND-IN: (void)who, (void)enter, (void)names; */
        /* TODO 2 STAND-IN: (void)wait_for_turn; */
        /* TODO 2 END */
    }
}

/* Starts pong, and lets SIGCHLD tell of its end. */
static void start_pong(bool enter, int turns)
{
    struct sigaction action = {.sa_handler = look_for_pong};
    pid_t ping = getpid();
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    /* TODO 3 BEGIN: have the handler called, but not before it can know
     * pong's number: a blocked signal waits. */
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (sigaction(SIGCHLD, &action, NULL) == -1)
        err(1, "sigaction");
    /* TODO 3 STAND-IN: (void)action; */
    /* TODO 3 END */

    pong = fork();
    if (pong == -1)
        err(1, "fork");
    /* TODO 3 BEGIN: now it may come. */
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    /* TODO 3 END */
    if (pong == 0) {
        /* TODO 4 BEGIN: the kernel shall kill pong when ping ends. But if
         * ping has ended before you asked for that, it won't. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != ping)
            errx(1, "ping has ended");
        /* TODO 4 STAND-IN: (void)ping; */
        /* TODO 4 END */
        play(PONG, enter, turns);
        exit(0);
    }
}

int main(int argc, char *argv[])
{
    bool enter = false;
    int turns = 3, opt;

    while ((opt = getopt(argc, argv, "hin:")) != -1) {
        if (opt == 'i')
            enter = true;
        else if (opt == 'n')
            turns = (int)parse_number("-n", optarg, 0, 1000000);
        else
            usage(opt, usage_text);
    }
    if (optind < argc)
        usage('?', usage_text);

    make_semaphores();
    start_pong(enter, turns);
    play(PING, enter, turns);

    /* TODO 3 BEGIN: wait for pong's end. Its last post is for nobody. */
    while (!pong_ended)
        wait_for_turn(PING);
    if (pong_status != 0)
        alone();
    /* TODO 3 STAND-IN: (void)alone; */
    /* TODO 3 END */
    return 0;
}
