/* operate.c: an operation again and again, until it has taken long
 * enough to know what one of them costs. */
#include <err.h>
#include <errno.h>
#include <unistd.h>

#include "run.h"

void operate(const struct operation *op, const int cpus[2],
             struct shared *shared, const struct options *o, double seconds)
{
    uint64_t count = o->count > 0 ? o->count : 1;
    double took = 0;

    for (;;) {
        errno = 0;
        took = op->run(count, cpus);
        if (took < 0) {
            shared->error = errno;
            _exit(0);
        }
        shared->result.messages += count;
        if (o->count > 0 || took >= seconds / 2 * 1e9 || count >= 1 << 30)
            break;
        /* Towards the whole time; but by small steps while it is warming
         * up, when one says little of the next. */
        count *= took < seconds / 64 * 1e9 ? 8 : 2;
    }
    shared->result.value = took / (double)count;
    _exit(0);
}
