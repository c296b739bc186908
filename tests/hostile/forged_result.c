/*
 * forged_result: writes result files wherever it can: beside itself, where
 * graders keep theirs, and over the kit's.
 *
 * Verdict: 43 of 50: the files that it leaves are seen
 * Held by: a read-only view of all but its own folder; results are made by
 * the grader alone
 */
#include <stdbool.h>

#include "attack.h"

static const char text[] =
    "{\"score\": 1000, \"max_score\": 1000, \"tests\": []}\n";

static void attack(void)
{
    static const char *const outside[] = {
        "/autograder/results/results.json",
        "/autograder/results.json",
        "../result.json",
        "../report",
        "../../result.json",
        KIT "/result.json",
        KIT "/build/result.json",
        KIT "/build/tools/init",
        KIT "/tests/exercises/01-processes.bats",
        KIT "/tests/lib/run.bash",
        KIT "/tools/score.awk",
        "/proc/self/fd/9",
    };

    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        int fd = open(outside[i], O_WRONLY | O_CREAT | O_APPEND, 0600);

        /* What is beside its folder may be its own, too. */
        bool own = outside[i][0] == '.';

        if (fd != -1 && write(fd, text, sizeof text - 1) > 0 && !own)
            escaped("wrote %s", outside[i]);
        if (unlink(outside[i]) == 0 && !own)
            escaped("removed %s", outside[i]);
    }
    close(open("result.json", O_WRONLY | O_CREAT, 0600));
    close(open("results.json", O_WRONLY | O_CREAT, 0600));
    close(open("report\nexit 0\ndone\n", O_WRONLY | O_CREAT, 0600));
}
