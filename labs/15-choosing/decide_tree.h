/*
 * decide_tree.h: what decide asks, and where the answers lead: a table.
 *
 * A row is a question or a mechanism. A question has answers; each
 * leads to the row of that name. A mechanism says why, and which lab
 * has it. For its figures it has the name that ipcbench calls it by, if
 * it is measured there. The first row is where one begins.
 */
#ifndef DECIDE_TREE_H
#define DECIDE_TREE_H

#include <stddef.h>

enum { MAX_ANSWERS = 7 }; /* and after the last one, NULL */

struct answer {
    const char *word; /* what one types */
    const char *means;
    const char *next; /* the name of the row that follows */
};

struct row {
    const char *name;
    const char *text; /* the question; or what the mechanism is */
    struct answer answers[MAX_ANSWERS];
    const char *why, *lab, *program, *bench; /* of a mechanism */
};

/* clang-format off */
#define ASK(name, text, ...) \
    {name, text, {__VA_ARGS__}, NULL, NULL, NULL, NULL}
#define TAKE(name, text, why, lab, program, bench) \
    {name, text, {{NULL, NULL, NULL}}, why, lab, program, bench}

static const struct row tree[] = {
    ASK("for", "What has to happen between the processes?",
        {"data", "one sends bytes or messages to another", "machine"},
        {"state", "several look at the same data and change it", "who"},
        {"event", "one is told that something has happened", "event"},
        {"turn", "they keep out of each other's way, or wait", "turn"},
        {"file", "one hands another an open file", "fd_passing"},
        {"look", "one looks at what wasn't meant for it", "privilege"}),

    ASK("machine", "Are they on the same machine?",
        {"same", "yes, always", "stay"},
        {"other", "no, or not for ever", "loss"}),
    ASK("loss", "May a message get lost?",
        {"no", "all come, in order", "tcp"},
        {"yes", "the next one is more important", "udp"}),
    ASK("stay", "What if nobody runs who could read it?",
        {"boot", "it stays, also over a reboot", "file"},
        {"restart", "it stays until one is started", "order"},
        {"no", "then there is nobody to send it to", "readers"}),
    ASK("order", "Which message does a reader get next?",
        {"sent", "the one that was sent first", "posix_queue"},
        {"priority", "the most urgent one", "posix_queue"},
        {"kind", "the next of a kind that it asks for", "sysv_queue"}),
    ASK("readers", "Who reads?",
        {"one", "one process", "size"},
        {"any", "several: who is free gets the next", "order"},
        {"all", "several: everybody gets everything", "unix_stream"}),
    ASK("size", "How much is sent?",
        {"some", "as much as you like; a copy doesn't hurt", "related"},
        {"fast", "so much that each copy and call counts", "ring"}),
    ASK("related", "Does one of them start the other?",
        {"child", "yes: it inherits descriptors", "child_ways"},
        {"stranger", "no: they meet by a name", "ways"}),
    ASK("child_ways", "Which way does it go?",
        {"one", "one way", "pipe"},
        {"both", "both ways", "socketpair"}),
    ASK("ways", "Which way does it go, and how?",
        {"lines", "one way: bytes, or lines up to PIPE_BUF", "fifo"},
        {"letters", "one way: whole messages", "unix_dgram"},
        {"call", "both ways: connected, bytes", "unix_stream"},
        {"talk", "both ways: connected, messages", "unix_seqpacket"}),

    ASK("who", "Who shares it?",
        {"child", "one process and its children", "anonymous"},
        {"stranger", "programs that meet by a name", "shm"},
        {"old", "older programs, which use a key", "sysv_shm"}),

    ASK("event", "What has to be told, and to whom?",
        {"act", "stop, go on, reload: any program, by PID", "signal"},
        {"number", "a number each time; none may be lost", "rt_signal"},
        {"loop", "signals, in a loop with descriptors", "signalfd"},
        {"count", "how often, to a program of my own", "eventfd"},
        {"changed", "that a file has changed", "inotify"}),

    ASK("turn", "What do they wait for?",
        {"file", "nobody else has the file", "part"},
        {"memory", "nobody else is in shared memory", "robust_mutex"},
        {"few", "fewer than K are inside", "dies"},
        {"order", "the other one has done its part", "semaphore"}),
    ASK("part", "The whole file?",
        {"whole", "yes; or it stands for something else", "flock"},
        {"part", "no, some of its bytes", "record_lock"}),
    ASK("dies", "May one die inside?",
        {"no", "no, or its parent cleans up", "semaphore"},
        {"yes", "yes, and nobody looks after it", "sysv_semaphore"}),

    ASK("privilege", "What does it look at? It takes a privilege.",
        {"packets", "what goes over a network: CAP_NET_RAW", "raw"},
        {"memory", "another's memory: as ptrace(2)", "process_vm"}),

    /* Mechanisms, in the order of the labs. */
    TAKE("signal", "a signal",
         "Each program has an answer to SIGTERM, even one that you "
         "can't change. It says nothing but its number, and two may "
         "merge into one.",
         "06-signals", "term_cleanup", ""),
    TAKE("rt_signal", "a real-time signal, by sigqueue()",
         "They are queued, in order, each with a number.",
         "06-signals", "realtime", "signals"),
    TAKE("signalfd", "a signalfd",
         "The signal becomes something to read, for poll() beside "
         "all else; and there is no handler in which little is "
         "allowed.",
         "06-signals", "signalfd", ""),
    TAKE("pipe", "a pipe",
         "The simplest of all: inherited, no name to remove, and the"
         " end of the writer is an end of file.",
         "07-pipes", "parent_child", "pipe"),
    TAKE("fifo", "a FIFO",
         "A pipe that is found by its path. Writes up to PIPE_BUF "
         "bytes stay whole, whoever else writes.",
         "08-fifos", "fifo_server", "fifo"),
    TAKE("file", "a file, locked while it is written",
         "Of all that the labs have only a file is still there after"
         " a reboot. Write another one, fsync() and rename() it.",
         "09-file-locking", "lost_update", "file"),
    TAKE("inotify", "inotify",
         "The kernel tells what happens to a file. Nobody has to "
         "look again and again.",
         "09-file-locking", "mailbox_file", ""),
    TAKE("flock", "flock()",
         "It is gone when its holder is, however it ends. But it "
         "stops only those who ask.",
         "09-file-locking", "lost_update", ""),
    TAKE("record_lock", "a record lock, F_OFD_SETLKW",
         "Locks from byte to byte. Take the OFD kind: others vanish "
         "at any close().",
         "09-file-locking", "record_lock", ""),
    TAKE("posix_queue", "a POSIX message queue",
         "Whole messages, the most urgent first, each to one reader."
         " It outlives its programs, up to a reboot.",
         "10-message-queues", "mq_workers", "mqueue"),
    TAKE("sysv_queue", "a System V message queue",
         "msgrcv() takes the first message of a type: answers for "
         "many in one queue.",
         "10-message-queues", "sysv_queue", "sysv_queue"),
    TAKE("anonymous", "shared memory without a name",
         "mmap() before fork(): nothing to name, nothing to remove. "
         "What changes needs a lock in there.",
         "11-shared-memory", "anonymous", ""),
    TAKE("shm", "shared memory, by shm_open()",
         "Found by a name, guarded by a mode, looked at without any "
         "call. What changes needs a lock in there.",
         "11-shared-memory", "shm_writer", "shm_semaphores"),
    TAKE("sysv_shm", "System V shared memory",
         "What older programs use. It tells how many are attached; "
         "you wouldn't begin with it today.",
         "11-shared-memory", "sysv_shm", ""),
    TAKE("ring", "a ring in shared memory",
         "No call and no copy by the kernel while it is neither "
         "empty nor full. Sleep on a futex when it is, or spin if "
         "each has a CPU.",
         "11-shared-memory", "ring", "ring_futex"),
    TAKE("robust_mutex", "a robust mutex in shared memory",
         "No system call while it is free, and the next one is told "
         "when its holder died.",
         "11-shared-memory", "shm_counter", "mutex"),
    TAKE("semaphore", "a POSIX semaphore",
         "A number to wait for, without a system call while there is"
         " enough. Who dies inside never gives back.",
         "12-semaphores", "stalls", "semaphore"),
    TAKE("sysv_semaphore", "a System V semaphore with SEM_UNDO",
         "The kernel gives back what a dead process had taken.",
         "12-semaphores", "holder_dies", ""),
    TAKE("tcp", "TCP",
         "The same from here to anywhere: all bytes, in order, or an"
         " error. It has no messages: frame them.",
         "13-sockets", "tcp_server", "tcp"),
    TAKE("udp", "UDP",
         "Whole messages, no connection, and no promise: lost, "
         "doubled, in another order.",
         "13-sockets", "udp_server", "udp"),
    TAKE("unix_stream", "a Unix stream socket",
         "A connection each, both ways. A server knows who it talks "
         "to (SO_PEERCRED), and one that vanished.",
         "13-sockets", "unix_stream", "unix_stream"),
    TAKE("unix_dgram", "a Unix datagram socket",
         "Whole messages from anybody to one path; none is lost, "
         "since the sender waits.",
         "13-sockets", "unix_dgram", "unix_dgram"),
    TAKE("unix_seqpacket", "a Unix seqpacket socket",
         "A connection as with a stream, that keeps messages whole.",
         "13-sockets", "socketpair", "unix_seqpacket"),
    TAKE("socketpair", "a socketpair",
         "Like a pipe, but both ways through one descriptor.",
         "13-sockets", "socketpair", "socketpair"),
    TAKE("fd_passing", "SCM_RIGHTS over a Unix socket",
         "The other one gets the open file itself, also one that it "
         "couldn't open.",
         "13-sockets", "fd_passing", ""),
    TAKE("raw", "a packet or raw socket",
         "It sees all that passes, and so takes CAP_NET_RAW; in a "
         "user and network namespace of your own you have it.",
         "13-sockets", "raw_monitor", ""),
    TAKE("eventfd", "an eventfd",
         "A counter of 8 bytes to read and poll(): the cheapest way "
         "to wake somebody who waits for descriptors, too.",
         "15-choosing", "ex1_add_mechanism", "eventfd"),
    TAKE("process_vm", "process_vm_readv()",
         "One copy, from memory to memory; the other one needn't do "
         "anything. It takes the right to trace it.",
         "15-choosing", "ipcbench", "vm_readv"),
};
/* clang-format on */

#undef ASK
#undef TAKE

enum { ROWS = sizeof tree / sizeof *tree };

#endif
