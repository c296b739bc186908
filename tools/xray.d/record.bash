# record.bash: how a run is recorded. Sourced by tools/xray and tools/sandbox;
# $top is set.
# shellcheck disable=SC2034  # tracer is for them

# trace_with LOG: sets $tracer, the words that go in front of a command. The
# leak checker of AddressSanitizer must be off: it traces, too.
trace_with() {
    tracer=(strace -f -yy -ttt -T -s 24 --seccomp-bpf --quiet="attach,personality,exit"
        -e trace="$("$top/build/tools/xray-facts" -l)" -o "$1")
}

# whole_log TRACE REPORT FOLDER: what strace wrote and what init reported, as
# one log. Killed together with the command, strace may have left half a line:
# that is kept if it tells which call was begun.
whole_log() {
    printf '# xray log 1\n# folder %s\n' "$3"
    awk 'NR > 1 { print last }
        { last = $0 }
        END {
            if (last ~ /^[0-9]+ +[0-9]+\.[0-9]+ ([a-z_0-9]+\(|---|\+\+\+|<\.\.\. )/)
                print last
        }' "$1"
    sed -n 's/^\(exit\|signal\|timeout\|stopped\)/# &/p' "$2"
    echo '# end'
}
