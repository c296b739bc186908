/*
 * greeting: a placeholder, which says hello as often as it is told to.
 *
 * Usage: greeting [-n COUNT]
 *
 * Try:   greeting -n 2
 *        Both lines name the same process.
 *
 * See:   getpid(2)
 */
#include <unistd.h>

#include "lab.h"

static const char help[] = "Usage: greeting [-n COUNT]\n";

int main(int argc, char *argv[])
{
    long long count = 1;
    int opt;

    while ((opt = getopt(argc, argv, "hn:")) != -1) {
        switch (opt) {
        case 'n':
            count = parse_number("-n", optarg, 0, 1000);
            break;
        default:
            usage(opt, help);
        }
    }
    if (optind < argc)
        usage('?', help);

    while (count-- > 0)
        say("greeter", "hello");
    return 0;
}
