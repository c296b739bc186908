/* mechanisms.c: all mechanisms, in the order of the output. */
#include "bench.h"

extern const struct mechanism mechanism_pipe, mechanism_fifo,
    mechanism_vmsplice, mechanism_mqueue, mechanism_sysv, mechanism_unix_stream,
    mechanism_unix_dgram, mechanism_unix_seqpacket, mechanism_socketpair,
    mechanism_tcp, mechanism_udp, mechanism_ring_futex, mechanism_semaphores,
    mechanism_vm_readv, mechanism_eventfd, mechanism_signals,
    mechanism_ring_spin, mechanism_file;

const struct mechanism *const mechanisms[] = {
    &mechanism_pipe,
    &mechanism_fifo,
    &mechanism_vmsplice,
    &mechanism_mqueue,
    &mechanism_sysv,
    &mechanism_unix_stream,
    &mechanism_unix_dgram,
    &mechanism_unix_seqpacket,
    &mechanism_socketpair,
    &mechanism_tcp,
    &mechanism_udp,
    &mechanism_ring_futex,
    &mechanism_semaphores,
    &mechanism_vm_readv,
    &mechanism_eventfd,
    &mechanism_signals,
    &mechanism_ring_spin,
    &mechanism_file,
    &added_mechanism, /* NULL, where nobody has defined it */
    NULL,
};
