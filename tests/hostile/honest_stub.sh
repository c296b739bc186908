# honest_stub: another neighbour.
#
# Verdict: 0 of 50: the untouched stub
# Held by: each is graded apart
cp "$kit/labs/$exercise.c" ex1_spawn.c
