#!/usr/bin/env bash
# make.bash: makes a submission of each hostile program, as its author would
# hand it in: DIR/NAME/labs/01-processes/ex1_spawn.c. (From NAME.sh: whatever that
# makes in such a folder.)
#
# Usage: make.bash DIR RESULTS [NAME...]    RESULTS: where the grades will be
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kit=${here%/*/*}
exercise=01-processes/ex1_spawn

# The program and what it includes with quotes, but the kit's own header, in one.
one_file() {
    awk -v here="$here" '
        function copy(path,    line, name) {
            while ((getline line < path) > 0) {
                if (line ~ /^#include "(attack[.]h|[.][.]\/.*)"$/) {
                    name = line
                    gsub(/^#include "|"$/, "", name)
                    copy(here "/" name)
                } else {
                    print line
                }
            }
            close(path)
        }
        BEGIN { copy(ARGV[1]) }' "$1" |
        sed "s|/KIT|$kit|; s|/SUBMISSIONS|$submissions|; s|/RESULTS|$results|"
}

mkdir -p "$1" "$2"
submissions=$(cd "$1" && pwd) results=$(cd "$2" && pwd)
shift 2
if (($# == 0)); then
    mapfile -t programs < <(find "$here" -name '*.c' -o -name '*.sh' | sort)
    programs=("${programs[@]##*/}")
    set -- "${programs[@]%.*}"
fi
for name; do
    dir=$submissions/$name
    mkdir -p "$dir/labs/01-processes"
    if [[ -e $here/$name.c ]]; then
        one_file "$here/$name.c" >"$dir/labs/$exercise.c"
    else
        # shellcheck source=/dev/null
        (cd "$dir/labs/01-processes" && source "$here/$name.sh")
    fi
done
