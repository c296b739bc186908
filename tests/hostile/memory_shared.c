/*
 * memory_shared: takes memory that is no process's own: in System V
 * segments, and in files without a name.
 *
 * Verdict: 43 of 50: it is ended
 * Held by: the limit on memory of all of its processes together
 */
#include "attack.h"

/* The limit is 1024 MB for all of them. */
enum { MB = 1 << 20, PART = 8, MOST = 1280 / PART };
static int segments[MOST], files[MOST];

static int take_segments(void)
{
    int n;

    for (n = 0; n < MOST / 2; n++) {
        char *memory;

        segments[n] = shmget(IPC_PRIVATE, PART * MB, IPC_CREAT | 0600);
        if (segments[n] == -1)
            break;
        memory = shmat(segments[n], NULL, 0);
        if (memory == (void *)-1)
            break;
        memset(memory, 1, PART * MB);
        shmdt(memory);
    }
    return n;
}

static int take_files(void)
{
    static char block[MB];
    int n;

    signal(SIGXFSZ, SIG_IGN);
    memset(block, 1, sizeof block);
    for (n = 0; n < MOST / 2; n++) {
        files[n] = memfd_create("file", 0);
        if (files[n] == -1)
            break;
        for (int mb = 0; mb < PART; mb++)
            if (write(files[n], block, MB) != MB)
                return n;
    }
    return n;
}

static void attack(void)
{
    int n = take_segments();
    int m = take_files();

    if (n + m == MOST)
        escaped("%d MB of memory", MOST * PART);
    for (int i = 0; i < MOST / 2; i++)
        if (i <= n)
            shmctl(segments[i], IPC_RMID, NULL);
    for (int i = 0; i < MOST / 2; i++)
        if (files[i] > 2)
            close(files[i]);
}
