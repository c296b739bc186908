# symlinked_source: its source is a link to the solution.
#
# Verdict: 0 of 50: a link is refused by name
# Held by: only files are taken
ln -s "$kit/solutions/$exercise.c" ex1_spawn.c
