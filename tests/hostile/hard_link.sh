# hard_link: its source is another name of a file outside.
#
# Verdict: 0 of 50: a file with two names is refused
# Held by: only files with one name are taken
echo 'int main(void) { return 0; }' >../../outside.c
ln ../../outside.c ex1_spawn.c
