# fifo_source: its source is a FIFO: whoever opens it waits without end.
#
# Verdict: 0 of 50: a FIFO is refused by name
# Held by: only files are opened
mkfifo ex1_spawn.c
