/*
 * sysv_shm: the older kind of shared memory. It has a number instead of
 * a name, and is removed when the last process detaches it.
 *
 * Usage: sysv_shm [-k KEY | -i ID] [-s SIZE] COMMAND
 *
 * Try:   sysv_shm create; sysv_shm write hello; sysv_shm remove
 *        sysv_shm create; sysv_shm hold
 *        In another terminal: sysv_shm show; sysv_shm remove; ipcs -m
 *        It is marked "dest" and has lost its key, but is still there.
 *        Press Enter, and look again.
 *
 * See:   sysvipc(7), shmget(2), shmop(2), shmctl(2), ipcs(1)
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "lab.h"

#ifndef SHM_DEST
#define SHM_DEST 01000 /* in the mode: to be destroyed at the end */
#endif

static const char usage_text[] =
    "Usage: sysv_shm [-k KEY | -i ID] [-s SIZE] COMMAND\n"
    "  create      make a segment that isn't there yet\n"
    "  write TEXT  put a text into it\n"
    "  read        print the text\n"
    "  hold        keep it attached until Enter, then read\n"
    "  show        its size, how often it is attached, if marked\n"
    "  remove      mark it to be destroyed\n"
    "  -k KEY      of the segment (a number made of the user's)\n"
    "  -i ID       find it by its ID, not by a key\n"
    "  -s SIZE     how many bytes (4096)\n";

enum { CREATE, WRITE, READ, HOLD, SHOW, REMOVE, COMMANDS };
static const char *const commands[COMMANDS] = {"create", "write", "read",
                                               "hold",   "show",  "remove"};

static struct shmid_ds state_of(int id)
{
    struct shmid_ds state;

    if (shmctl(id, IPC_STAT, &state) == -1)
        err(1, "shmctl");
    return state;
}

static void show(int id)
{
    struct shmid_ds state = state_of(id);

    /* nattch is for people: it may be another one when you have read
     * it, so no program can decide by it. */
    printf("segment %d: %zu bytes, mode %o, attached %lu times%s\n", id,
           (size_t)state.shm_segsz, state.shm_perm.mode & 0777U,
           (unsigned long)state.shm_nattch,
           state.shm_perm.mode & SHM_DEST ? ", to be destroyed" : "");
}

/* Makes it part of this process's memory, at an address that the kernel
 * chooses, and does with it what was asked for. */
static void use(int id, int command, const char *text)
{
    char *memory = shmat(id, NULL, command == WRITE ? 0 : SHM_RDONLY);
    size_t size = state_of(id).shm_segsz;

    if (memory == (void *)-1) /* not NULL, as one might think */
        err(1, "shmat");
    if (command == HOLD) {
        say("holder", "has it attached");
        wait_for_enter();
    }
    if (command == WRITE && strlen(text) > size)
        errx(1, "%zu bytes don't fit into %zu", strlen(text), size);
    if (command == WRITE)
        strncpy(memory, text, size); /* zeros behind it */
    else /* others could write anything: it ends with the segment */
        say("reader", "%.*s", (int)strnlen(memory, size), memory);

    /* An exit or an exec would do that, too. If the segment is marked,
     * and this was the last, it is destroyed now. */
    if (shmdt(memory) == -1)
        err(1, "shmdt");
}

/* A key is looked up only as long as the segment isn't marked. */
static int find(key_t key, int flags, size_t size)
{
    int id = shmget(key, size, flags);

    if (id == -1)
        err(1, "segment with key %#x", (unsigned)key);
    return id;
}

static int command_named(const char *text)
{
    int i = 0;

    while (i < COMMANDS && strcmp(text, commands[i]) != 0)
        i++;
    return i;
}

int main(int argc, char *argv[])
{
    key_t key = object_key(11);
    int id = -1, command, opt;
    size_t size = 4096;

    while ((opt = getopt(argc, argv, "hk:i:s:")) != -1) {
        switch (opt) {
        case 'k':
            key = (key_t)parse_number("-k", optarg, 1, INT_MAX);
            break;
        case 'i':
            id = (int)parse_number("-i", optarg, 0, INT_MAX);
            break;
        case 's':
            size = (size_t)parse_number("-s", optarg, 0, LONG_MAX);
            break;
        default:
            usage(opt, usage_text);
        }
    }
    command = optind < argc ? command_named(argv[optind]) : COMMANDS;
    if (command == COMMANDS || argc - optind != 1 + (command == WRITE))
        usage('?', usage_text);

    /* The size is that of a new one; with 0, any that is there is
     * right. Its pages come with the first touch. */
    if (command == CREATE)
        id = find(key, 0600 | IPC_CREAT | IPC_EXCL, size);
    else if (id == -1)
        id = find(key, 0, 0);

    if (command == SHOW)
        show(id);
    else if (command == WRITE || command == READ || command == HOLD)
        use(id, command, argv[optind + 1]);

    /* Marks it. It goes when nobody has it attached, maybe now. */
    if (command == REMOVE && shmctl(id, IPC_RMID, NULL) == -1)
        err(1, "shmctl");
    if (fflush(stdout) == EOF)
        err(1, "standard output");
    return 0;
}
