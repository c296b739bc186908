# huge_source: its source says that it has 8 GB, all of them 0.
#
# Verdict: 0 of 50: it is refused for its size
# Held by: a limit on the size of a source
truncate -s 8G ex1_spawn.c
