/*
 * segv: a handler for SIGSEGV that says which address it was, on a
 * stack of its own, and then lets the signal kill after all.
 *
 * Usage: segv [-a ADDRESS | -r | -o]
 *
 * Try:   segv -a 4000; echo $?
 *        139 is 128 + 11, and 11 is SIGSEGV.
 *        segv -r: there is memory, but it may only be read.
 *        segv -o: the stack has no room left, not even for a handler.
 *
 * See:   sigaction(2), sigaltstack(2), signal-safety(7)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lab.h"

static const char help[] =
    "Usage: segv [-a ADDRESS | -r | -o]\n"
    "  -a ADDRESS  write to this address, up to 65535 (0)\n"
    "  -r          write to a page that may only be read\n"
    "  -o          call functions until the stack is full\n";

/* These faults are meant: no sanitizer shall report them. */
#define NO_SANITIZER no_sanitize("address", "thread", "undefined")
#define ON_PURPOSE __attribute__((NO_SANITIZER))

/* What the handler stands on. The registers that are saved there may
 * take several KiB, so this is ample. */
enum { OWN_SIZE = 64 << 10 };
static char own_stack[OWN_SIZE];

/* printf() isn't allowed in a handler: what it does could be just what
 * was interrupted. So letters are put one after the other. */
static char *put(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

static char *put_address(char *to, const void *address)
{
    uintptr_t n = (uintptr_t)address;
    int shift = 0;

    while (shift + 4 < (int)sizeof n * 8 && n >> shift > 0xf)
        shift += 4;
    to = put(to, "0x");
    for (; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[(n >> shift) & 0xf];
    return to;
}

/* The program can't go on: on return the processor tries the same
 * instruction again. SA_RESETHAND has set the default action by then,
 * so the second time the signal kills, and the status tells why. */
static void on_segv(int sig, siginfo_t *info, void *context)
{
    char line[200];
    char *end = put(line, "handler: SIGSEGV at ");
    ssize_t n;

    (void)context;
    end = put_address(end, info->si_addr);
    end = put(end, info->si_code == SEGV_MAPERR   ? ": nothing is there"
                   : info->si_code == SEGV_ACCERR ? ": not allowed"
                                                  : ": not a fault");
    if ((uintptr_t)line - (uintptr_t)own_stack < OWN_SIZE)
        end = put(end, "; I have my own stack");
    end = put(end, "\n");
    do
        n = write(STDERR_FILENO, line, (size_t)(end - line));
    while (n == -1 && errno == EINTR);

    /* If somebody sent it by kill(), there is nothing to try again. */
    if (info->si_code <= 0)
        raise(sig);
}

static void set_handler(void)
{
    const stack_t stack = {
        .ss_sp = own_stack,
        .ss_size = OWN_SIZE,
    };
    struct sigaction action = {
        .sa_sigaction = on_segv,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND,
    };

    sigemptyset(&action.sa_mask);
    if (sigaltstack(&stack, NULL) == -1)
        err(1, "sigaltstack");
    if (sigaction(SIGSEGV, &action, NULL) == -1)
        err(1, "sigaction");
}

/* volatile: otherwise the compiler may leave out the write. */
ON_PURPOSE static void write_to(uintptr_t address)
{
    volatile char *volatile where = (volatile char *)address;

    say("program", "I write to %#lx", (unsigned long)address);
    *where = 1;
}

static uintptr_t read_only_page(void)
{
    void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        err(1, "mmap");
    return (uintptr_t)page;
}

/* The compiler doesn't know that this is always true. */
static volatile sig_atomic_t deeper = 1;

ON_PURPOSE static int call_myself(int depth)
{
    volatile char frame[1000];

    frame[0] = (char)depth;
    return deeper ? call_myself(depth + 1) + frame[0] : 0;
}

static void overflow(void)
{
    const struct rlimit limit = {1 << 20, 1 << 20};

    /* It may be unlimited, and this would fill the whole memory. */
    if (setrlimit(RLIMIT_STACK, &limit) == -1)
        err(1, "RLIMIT_STACK");
    say("program", "I fill the stack");
    call_myself(0);
}

int main(int argc, char *argv[])
{
    uintptr_t address = 0;
    int what = 'a';
    int opt;

    while ((opt = getopt(argc, argv, "ha:ro")) != -1) {
        switch (opt) {
        case 'a':
            address = (uintptr_t)parse_number("-a", optarg, 0, 65535);
            break;
        case 'r':
        case 'o':
            break;
        default:
            usage(opt, help);
        }
        what = opt;
    }
    if (optind < argc)
        usage('?', help);

    set_handler();
    prctl(PR_SET_DUMPABLE, 0); /* leave no core file */
    if (what == 'o')
        overflow();
    else
        write_to(what == 'r' ? read_only_page() : address);
    say("program", "I am still here");
    return 0;
}
