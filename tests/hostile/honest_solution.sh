# honest_solution: a neighbour of the hostile ones, whose grade must be what it
# is without them.
#
# Verdict: 50 of 50: the solution
# Held by: each is graded apart
cp "$kit/solutions/$exercise.c" ex1_spawn.c
