/*
 * ring_copy: copies standard input to standard output, through lab 11's ring:
 * the parent reads, a child writes. Each message is a length and bytes.
 *
 * Usage: ring_copy CAPACITY SIZE BATCH LOOKS [spoil]
 *
 * LOOKS is -1 for a ring that never sleeps. With spoil, the producer only claims
 * to have passed more than there are slots. What comes out can be compared with
 * what went in, without a word from the ring's own example.
 */
#include <err.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../labs/11-shared-memory/ring.h"
#include "lab.h"

static size_t size;
static int batch;

static void produce(struct ring_end *end)
{
    ssize_t got = 1;

    while (got > 0) {
        int n = ring_wait(end, batch), filled = 0;

        if (n <= 0)
            errx(1, "ring_wait: %d", n);
        while (filled < n && got > 0) {
            unsigned char *slot = ring_slot(end, filled);

            got = read_full(STDIN_FILENO, slot + 4, size - 4);
            if (got == -1)
                err(1, "read");
            memcpy(slot, &(uint32_t){(uint32_t)got}, 4);
            filled += got > 0;
        }
        ring_pass(end, filled);
    }
}

static void consume(struct ring_end *end)
{
    int n;

    while ((n = ring_wait(end, batch)) > 0) {
        for (int i = 0; i < n; i++) {
            const unsigned char *slot = ring_slot(end, i);
            uint32_t length;

            memcpy(&length, slot, 4);
            if (write_full(STDOUT_FILENO, slot + 4, length) == -1)
                err(1, "write");
        }
        ring_pass(end, n);
    }
    if (n == -1)
        err(1, "ring_wait");
}

int main(int argc, char *argv[])
{
    struct ring_end end;
    struct ring *ring;
    uint32_t capacity;
    int status;
    size_t bytes;

    if (argc != 5 && argc != 6)
        usage('?', "Usage: ring_copy CAPACITY SIZE BATCH LOOKS [spoil]\n");
    capacity = (uint32_t)parse_number("CAPACITY", argv[1], 0, 1LL << 31);
    size = (size_t)parse_number("SIZE", argv[2], 0, 1LL << 31);
    batch = (int)parse_number("BATCH", argv[3], 1, 1 << 20);
    bytes = ring_bytes(capacity, (uint32_t)size);
    if (bytes == 0)
        err(2, "ring_bytes");
    ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                -1, 0);
    if (ring == MAP_FAILED)
        err(1, "mmap");
    ring_init(ring, capacity, (uint32_t)size,
              (uint32_t)parse_number("LOOKS", argv[4], -1, 1000000));
    /* Near the end of what 32 bits count, so that they overflow. */
    ring->sides[RING_PRODUCER].passed = -(uint32_t)7;
    ring->sides[RING_CONSUMER].passed = -(uint32_t)7 + capacity;

    switch (fork()) {
    case -1:
        err(1, "fork");
    case 0:
        end = ring_attach(ring, RING_CONSUMER);
        consume(&end);
        _exit(0);
    }
    end = ring_attach(ring, RING_PRODUCER);
    if (argc == 6)
        end.mine->passed += capacity + 1;
    else
        produce(&end);
    ring_close(ring, RING_PRODUCER);
    if (wait(&status) == -1)
        err(1, "wait");
    return status != 0;
}
