/*
 * xray_faults: makes one of the mistakes that 'xray explain' has words for.
 *
 * Usage: xray_faults MISTAKE
 *
 * Several of them wait for ever: run it with a time limit.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* futex(2); musl's compiler wrapper doesn't see the kernel's headers. */
enum { WAIT_PRIVATE = 128, WAKE_PRIVATE = 129 };

static pthread_mutex_t locks[] = {PTHREAD_MUTEX_INITIALIZER,
                                  PTHREAD_MUTEX_INITIALIZER};
static pthread_barrier_t both;

static pid_t fork_one(void)
{
    pid_t pid = fork();

    if (pid == -1)
        err(1, "fork");
    return pid;
}

static void own_write_end(void)
{
    int ends[2];
    char c;

    if (pipe(ends) == -1)
        err(1, "pipe");
    (void)!read(ends[0], &c, 1);
}

static void *take_both(void *first)
{
    int i = *(int *)first;

    pthread_mutex_lock(&locks[i]);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&locks[!i]);
    return NULL;
}

static void lock_order(void)
{
    static int numbers[] = {0, 1};
    pthread_t threads[2];

    pthread_barrier_init(&both, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, take_both, &numbers[i]);
    pthread_join(threads[0], NULL);
}

static void never_waited(void)
{
    siginfo_t info;

    if (fork_one() == 0)
        _exit(0);
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == -1)
        err(1, "waitid");
}

static void blocked_signal(void)
{
    pid_t parent = getpid();
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (fork_one() == 0) {
        kill(parent, SIGTERM);
        _exit(0);
    }
    wait(NULL);
    poll(NULL, 0, -1);
}

static void no_reader(void)
{
    int ends[2];

    if (pipe(ends) == -1)
        err(1, "pipe");
    close(ends[0]);
    (void)!write(ends[1], "x", 1);
}

static void full_queue(void)
{
    struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 8};
    mqd_t queue =
        mq_open("/xray_faults", O_WRONLY | O_CREAT | O_EXCL, 0600, &attr);

    if (queue == -1)
        err(1, "mq_open");
    mq_unlink("/xray_faults");
    mq_send(queue, "one", 3, 0);
    mq_send(queue, "two", 3, 0);
}

static void dead_holder(void)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t *lock = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (lock == MAP_FAILED)
        err(1, "mmap");
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(lock, &attr);
    if (fork_one() == 0) {
        pthread_mutex_lock(lock);
        raise(SIGKILL);
    }
    wait(NULL);
    pthread_mutex_lock(lock);
}

static void *nothing(void *argument)
{
    return argument;
}

static void early_wakeup(void)
{
    static int word;
    pthread_t thread;

    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    syscall(SYS_futex, &word, WAKE_PRIVATE, 1, NULL);
    syscall(SYS_futex, &word, WAIT_PRIVATE, 0, NULL);
}

static pthread_cond_t told = PTHREAD_COND_INITIALIZER;

static void *wait_to_be_told(void *argument)
{
    pthread_mutex_lock(&locks[0]);
    pthread_cond_wait(&told, &locks[0]);
    return argument;
}

/* The one that waits is told before it begins, and another one gives up. */
static void late_wait(void)
{
    pthread_t thread;

    pthread_cond_signal(&told);
    pthread_create(&thread, NULL, wait_to_be_told, NULL);
    poll(NULL, 0, 300);
    exit(1);
}

static void *wait_for_signal(void *argument)
{
    static pthread_cond_t nobody_signals = PTHREAD_COND_INITIALIZER;

    pthread_mutex_lock(&locks[0]);
    pthread_cond_wait(&nobody_signals, &locks[0]);
    return argument;
}

static void no_signal(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, wait_for_signal, NULL);
    wait_to_be_told(NULL);
}

static void handle(int sig)
{
    (void)sig;
}

static void early_signal(void)
{
    struct sigaction action = {.sa_handler = handle};

    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    pause();
}

static void name_left(void)
{
    if (mkfifo("left", 0600) == -1)
        err(1, "mkfifo");
}

int main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        void (*make)(void);
    } mistakes[] = {
        {"own_write_end", own_write_end}, {"lock_order", lock_order},
        {"never_waited", never_waited},   {"blocked_signal", blocked_signal},
        {"no_reader", no_reader},         {"full_queue", full_queue},
        {"dead_holder", dead_holder},     {"early_wakeup", early_wakeup},
        {"early_signal", early_signal},   {"name_left", name_left},
        {"late_wait", late_wait},         {"no_signal", no_signal},
    };

    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        if (argc == 2 && strcmp(argv[1], mistakes[i].name) == 0) {
            mistakes[i].make();
            return 0;
        }
    errx(2, "see the source for what it can do");
}
