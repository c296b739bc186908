/*
 * stalls: three stalls, many people, and a semaphore that lets no more
 * in than there are stalls.
 *
 * Usage: stalls [-k STALLS] [-n PEOPLE] [-d SECONDS] [-s NAME]
 *
 * Try:   stalls
 *        A fourth one waits until somebody has left. The semaphore says
 *        only that some stall is free, not which: find_door() does.
 *        stalls -k 1
 *        A semaphore that begins at 1: one at a time.
 *        stalls -d 100 & ls -l /dev/shm
 *        The semaphore is a file there. Ctrl-C, after fg, removes it.
 *
 * See:   sem_overview(7), sem_open(3), sem_wait(3), sem_post(3)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: stalls [-k STALLS] [-n PEOPLE] [-d SECONDS] [-s NAME]\n"
    "  -k STALLS   how many (3)\n"
    "  -n PEOPLE   how many (7)\n"
    "  -d SECONDS  each stays inside so long (0.05)\n"
    "  -s NAME     of the semaphore (/ipclab-UID-stalls-PID)\n";

enum { MAX_STALLS = 100, MAX_PEOPLE = 1000 };

/* Memory that all share. The semaphore isn't in here: it has a name. */
static struct {
    atomic_bool taken[MAX_STALLS];
    atomic_int used[MAX_STALLS]; /* how often */
    atomic_int inside, most;
} * mall;

static int stalls = 3;
static char *name;
static pid_t owner;

/* However this program ends by itself: the name doesn't stay. */
static void remove_name(void)
{
    if (getpid() == owner && sem_unlink(name) == -1)
        warn("sem_unlink %s", name);
    owner = -1;
}

/* There is a free one, or the semaphore wouldn't have let us in. Of two
 * who try the same door at once, one gets it: that is what an atomic
 * exchange is for. */
static int find_door(void)
{
    for (int i = 0;; i = (i + 1) % stalls) {
        if (!atomic_exchange(&mall->taken[i], true))
            return i;
    }
}

static void person(int number, double seconds)
{
    char role[24];
    sem_t *free_stalls;
    int door, now, most;

    /* By its name, as a process that isn't related would. */
    snprintf(role, sizeof role, "person %d", number);
    free_stalls = sem_open(name, 0);
    if (free_stalls == SEM_FAILED)
        err(1, "%s", name);

    /* Takes one from the counter, or sleeps as long as it is 0. */
    while (sem_wait(free_stalls) == -1) {
        if (errno != EINTR)
            err(1, "sem_wait");
    }
    door = find_door();
    now = atomic_fetch_add(&mall->inside, 1) + 1;
    do
        most = mall->most;
    while (now > most &&
           !atomic_compare_exchange_weak(&mall->most, &most, now));
    say(role, "enters stall %d", door + 1);
    if (poll(NULL, 0, (int)(seconds * 1000)) == -1 && errno != EINTR)
        err(1, "poll"); /* this was what takes its time */
    say(role, "leaves stall %d", door + 1);

    /* First the door, then the counter: it never promises too much. */
    mall->used[door]++;
    mall->inside--;
    mall->taken[door] = false;
    if (sem_post(free_stalls) == -1)
        err(1, "sem_post");
    sem_close(free_stalls);
}

static pid_t start_person(int number, double seconds)
{
    pid_t child = fork();

    if (child == -1)
        err(1, "fork"); /* the others end with us: PR_SET_PDEATHSIG */
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
            err(1, "prctl");
        if (getppid() != owner)
            exit(1); /* too late: it is dead already */
        person(number, seconds);
        exit(0);
    }
    return child;
}

/* Waits for everybody. Returns 0, or the signal that ends it early; -1
 * if somebody didn't end well: who dies in a stall never leaves it. */
static int wait_for_all(int people, const sigset_t *set)
{
    int left = people, sig, status;
    pid_t child;

    while (left > 0) {
        if (sigwait(set, &sig) != 0)
            errx(1, "sigwait");
        if (sig != SIGCHLD)
            return sig;
        while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
            left--;
            if (status != 0) {
                warnx("person with PID %d didn't end well", (int)child);
                return -1;
            }
        }
    }
    return 0;
}

int main(int argc, char *argv[])
{
    int people = 7, most, flags = O_CREAT | O_EXCL, end, opt;
    pid_t pids[MAX_PEOPLE];
    const char *wanted = NULL;
    char usual[40];
    double seconds = 0.05;
    sem_t *free_stalls;
    sigset_t set;

    line_buffer_stderr();
    while ((opt = getopt(argc, argv, "hk:n:d:s:")) != -1) {
        switch (opt) {
        case 'k':
            stalls = (int)parse_number("-k", optarg, 1, MAX_STALLS);
            break;
        case 'n':
            people = (int)parse_number("-n", optarg, 1, MAX_PEOPLE);
            break;
        case 'd':
            seconds = parse_seconds("-d", optarg, 0, 1000);
            break;
        case 's':
            wanted = optarg;
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    /* From here on they are waited for, so that we can clean up. */
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    /* If nobody reads what we print, that is an error, and we clean up. */
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    mall = mmap(NULL, sizeof *mall, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mall == MAP_FAILED)
        err(1, "mmap");

    snprintf(usual, sizeof usual, "stalls-%d", getpid());
    name = object_name(wanted, usual);
    free_stalls = sem_open(name, flags, 0600, (unsigned)stalls);
    if (free_stalls == SEM_FAILED)
        err(1, "%s", name);
    owner = getpid();
    atexit(remove_name);

    for (int i = 0; i < people; i++)
        pids[i] = start_person(i + 1, seconds);
    end = wait_for_all(people, &set);
    for (int i = 0; end != 0 && i < people; i++)
        kill(pids[i], SIGKILL); /* those who are left */
    while (wait(NULL) != -1 || errno == EINTR)
        ;
    if (end > 0) {
        remove_name();
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        raise(end);
        exit(128 + end); /* unless it was ignored, as nohup(1) does */
    }
    most = mall->most;
    say("mall", "at most %d of %d were inside at once", most, people);
    for (int i = 0; i < stalls; i++)
        say("mall", "stall %d was used %d times", i + 1, mall->used[i]);
    return end == 0 ? 0 : 1;
}
