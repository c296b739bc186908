/*
 * sysv_sem: System V semaphores. They come in sets, several are changed
 * at once or not at all, and the kernel can undo what a process did.
 *
 * Usage: sysv_sem [-k KEY] [-u] [-d] [-w] COMMAND
 *
 * Try:   sysv_sem create 3 0; sysv_sem op 0:-1 1:+5; sysv_sem remove
 *        sysv_sem create 2; sysv_sem op 0:-1; sysv_sem show
 *        sysv_sem -u op 0:-1; sysv_sem show
 *        Both took one and ended. What the second did was undone.
 *        sysv_sem -u -w op 0:-1
 *        As long as it lives, it's taken. kill -9 it; look again.
 *
 * See:   sysvipc(7), semget(2), semop(2), semctl(2), ipcs(1)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

static const char usage_text[] =
    "Usage: sysv_sem [-k KEY] [-u] [-d] [-w] COMMAND\n"
    "  create VALUE...     a set of so many, that isn't there yet\n"
    "  op NUMBER:CHANGE... all these at once: +N adds, -N takes and\n"
    "                      waits until it can, 0 waits for 0\n"
    "  show                the values, who waits, who was last\n"
    "  remove              remove it, for all who use it, at once\n"
    "  -k KEY  of the set (a number made of the user's)\n"
    "  -u      undo it when the process ends (SEM_UNDO)\n"
    "  -d      don't wait (IPC_NOWAIT)\n"
    "  -w      then wait for Enter, before the process ends\n";

enum { MOST = 20 };

/* The caller has to declare it: see semctl(2). */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int find(key_t key, int count, int flags)
{
    int set = semget(key, count, flags);

    if (set == -1)
        err(1, "set with key %#x", (unsigned)key);
    return set;
}

static struct semid_ds state_of(int set)
{
    struct semid_ds state;

    if (semctl(set, 0, IPC_STAT, (union semun){.buf = &state}) == -1)
        err(1, "IPC_STAT");
    return state;
}

static unsigned short number_from(const char *name, const char *word,
                                  long long most)
{
    return (unsigned short)parse_number(name, word, 0, most);
}

/* Two steps, and between them others see a set of zeros (zeros are not
 * even promised, except by Linux). What comes of that: init_race. */
static void create(key_t key, int count, char *words[])
{
    unsigned short values[MOST];
    int set;

    for (int i = 0; i < count; i++)
        values[i] = number_from("VALUE", words[i], 32767);
    set = find(key, count, IPC_CREAT | IPC_EXCL | 0600);
    if (semctl(set, 0, SETALL, (union semun){.array = values}) == -1) {
        warn("SETALL");
        semctl(set, 0, IPC_RMID);
        exit(1);
    }
}

/* "2:-1": take one from semaphore 2. */
static struct sembuf parse_op(const char *word, int flags)
{
    size_t digits = strcspn(word, ":");
    struct sembuf op = {.sem_flg = (short)flags};
    const char *change = word + digits + 1;
    char number[8];

    if (word[digits] == '\0' || digits >= sizeof number)
        usage('?', usage_text);
    snprintf(number, sizeof number, "%.*s", (int)digits, word);
    op.sem_num = number_from("NUMBER", number, 31999);
    if (*change == '+')
        change++;
    op.sem_op = (short)parse_number("CHANGE", change, -32767, 32767);
    return op;
}

/* All of them, or none: the kernel waits until all can be done. A call
 * that was interrupted has done nothing, and is never restarted by the
 * kernel, not even with SA_RESTART. */
static void change(key_t key, int count, char *words[], int flags)
{
    struct sembuf ops[MOST] = {0};
    int set;

    for (int i = 0; i < count; i++)
        ops[i] = parse_op(words[i], flags);
    set = find(key, 0, 0);
    while (semop(set, ops, (size_t)count) == -1) {
        if (errno != EINTR)
            err(1, "semop");
    }
}

static int get(int set, int number, int what, const char *name)
{
    int result = semctl(set, number, what);

    if (result == -1)
        err(1, "%s", name);
    return result;
}

static void show(int set)
{
    struct semid_ds state = state_of(set);

    for (int i = 0; i < (int)state.sem_nsems; i++) {
        int value = get(set, i, GETVAL, "GETVAL");
        int more = get(set, i, GETNCNT, "GETNCNT");
        int zero = get(set, i, GETZCNT, "GETZCNT");
        int last = get(set, i, GETPID, "GETPID");

        printf("semaphore %d: value %d, %d wait for more, %d for 0, "
               "last changed by %d\n",
               i, value, more, zero, last);
    }
    puts(state.sem_otime == 0 ? "never used by semop()" : "used");
}

int main(int argc, char *argv[])
{
    key_t key = object_key(12);
    int flags = 0, count, set, opt;
    bool hold = false;
    const char *command;

    while ((opt = getopt(argc, argv, "+hk:udw")) != -1) {
        switch (opt) {
        case 'k':
            key = (key_t)parse_number("-k", optarg, 1, INT_MAX);
            break;
        case 'u':
            flags |= SEM_UNDO;
            break;
        case 'd':
            flags |= IPC_NOWAIT;
            break;
        case 'w':
            hold = true;
            break;
        default:
            usage(opt, usage_text);
        }
    }
    if (optind == argc)
        usage('?', usage_text);
    command = argv[optind++];
    argv += optind;
    count = argc - optind;
    if (count > MOST)
        usage('?', usage_text);

    if (strcmp(command, "create") == 0 && count > 0) {
        create(key, count, argv);
    } else if (strcmp(command, "op") == 0 && count > 0) {
        change(key, count, argv, flags);
        say("process", "did it");
        if (hold)
            wait_for_enter();
    } else if (strcmp(command, "show") == 0 && count == 0) {
        show(find(key, 0, 0));
    } else if (strcmp(command, "remove") == 0 && count == 0) {
        set = find(key, 0, 0);
        if (semctl(set, 0, IPC_RMID) == -1)
            err(1, "IPC_RMID");
    } else {
        usage('?', usage_text);
    }
    if (fflush(stdout) == EOF)
        err(1, "standard output");
    return 0;
}
