# honest_mistake: another neighbour.
#
# Verdict: 45 of 50: it fails one test
# Held by: each is graded apart
patch --quiet -o ex1_spawn.c "$kit/solutions/$exercise.c" "$kit/tests/wrong/$exercise/always_127.patch"
