/*
 * preload: has code loaded into every program from now on: by LD_PRELOAD,
 * and by the files that shells and the loader read.
 *
 * Verdict: 50 of 50: only its own environment is changed
 * Held by: a read-only view of all but its own folder; a new environment
 * for each run
 */
#include "attack.h"

static void attack(void)
{
    static const char *const read_by_all[] = {
        "/etc/ld.so.preload", "/etc/profile",           "/etc/bash.bashrc",
        "/root/.bashrc",      "/root/.parallel/config", "/etc/environment",
        KIT "/.bashrc",       "/usr/lib/libc.so.6",     "/usr/bin/bats",
    };

    for (size_t i = 0; i < sizeof read_by_all / sizeof read_by_all[0]; i++)
        if (open(read_by_all[i], O_WRONLY | O_CREAT | O_APPEND, 0644) != -1)
            escaped("opened %s", read_by_all[i]);
    setenv("LD_PRELOAD", "/nowhere/forged.so", 1);
    setenv("BASH_ENV", "/nowhere/forged.sh", 1);
    setenv("PATH", "/nowhere", 1);
    unsetenv("LD_PRELOAD"); /* or the command would complain */
    setenv("PATH", "bin:/usr/bin:/bin", 1);
}
