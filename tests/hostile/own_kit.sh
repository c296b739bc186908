# own_kit: brings a Makefile, helper library, tests, tools and a program that is
# built already, all of which would give it full marks, beside a program that
# does nothing.
#
# Verdict: 0 of 50: only exercises' sources are taken
# Held by: a pristine kit
echo 'int main(void) { return 0; }' >ex1_spawn.c
printf 'all:\n\techo escaped >&2\n%%:\n\techo escaped >&2\n' | tee Makefile >../../Makefile
mkdir -p ../../{common,tests/exercises,tests/lib,tools,build/01-processes,.git/hooks}
echo '#error "escaped"' | tee ../../common/lab.h lab.h >../../common/lab.c
printf '# bats test_tags=ex:1,points:50\n@test "it passes" {\n    true\n}\n' >../../tests/exercises/01-processes.bats
echo 'echo escaped >&2; exit 0' | tee ../../tests/lib/lab.bash ../../tools/{check,sandbox,grade} ../../common/lab.mk >../../.git/hooks/post-checkout
cp "$kit/build/tools/init" ../../build/01-processes/ex1_spawn
