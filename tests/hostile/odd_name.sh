# odd_name: brings files whose names commands would take for something else, and
# a name that would be HTML.
#
# Verdict: 50 of 50: its exercise is as it should be
# Held by: names are passed safely, and written as text
cp "$kit/solutions/$exercise.c" ex1_spawn.c
touch -- -rf '$(touch escaped)' '<script>escaped<script>' $'a\nb' $'\e[2J' '{}' ' ' "'" '"'
