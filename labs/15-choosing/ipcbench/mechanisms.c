/* mechanisms.c: all mechanisms, in the order of the output. */
#include "bench.h"

extern const struct mechanism mechanism_pipe;

const struct mechanism *const mechanisms[] = {
    &mechanism_pipe,
    &added_mechanism,
    NULL,
};
