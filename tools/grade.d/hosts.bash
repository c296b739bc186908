# hosts.bash: grading on other hosts, over ssh. Sourced by tools/grade-class.
# shellcheck disable=SC2034,SC2154  # tools/grade-class sets and uses what is named here

# grade_there HOST NAME SUBMISSION INTO: 255 if the host can't be reached.
grade_there() {
    local status=()
    tar -C "${3%/*}" --sparse -cf - -- "${3##*/}" | on_host "$1" "cd $there && KIT_VERSION=$version PARALLEL_JOBSLOT=${PARALLEL_JOBSLOT:-1} tools/grade-class --remote \
        $(printf '%q ' "$2" "${3##*/}" "${grade_options[*]}" "${wanted[@]}")" >"$4.tar"
    status=("${PIPESTATUS[@]}")
    ((status[1] == 0)) || return "${status[1]}"
    tar --no-same-owner -C "$4" -xf "$4.tar" && rm "$4.tar"
}

# on_host HOST COMMAND: by ssh, or if HOST is more than a word, by that command.
on_host() {
    local how
    read -r -a how <<<"$1"
    ((${#how[@]} > 1)) || how=(ssh -o BatchMode=yes "$1")
    "${how[@]}" "$2"
}

# The other side of grade_there: the submission comes as a tar, and so goes the result.
grade_for_other() {
    local name=$1 entry=$2 into
    read -r -a grade_options <<<"$3"
    wanted=("${@:4}")
    into=$(mktemp -d)
    # shellcheck disable=SC2064  # as it is now
    trap "rm -rf '$into'" EXIT
    trap 'exit 130' INT TERM HUP
    chmod 711 "$into"
    mkdir -m 700 "$into"/{in,out}
    tar --no-same-owner -C "$into/in" -xf -
    grade_here "$name" "$into/in/$entry" "$into/out" >&2 || true
    tar -C "$into/out" -cf - .
}

# The hosts, one for each job that may run there; those that don't answer are left out.
prepare_hosts() {
    local line count host
    : >"$state/slots"
    rm -rf "$state/down"
    mkdir -p "$state/down"
    tar -czf "$state/kit.tar.gz" --exclude=./build --exclude=./.git -C "$top" .
    while IFS= read -r line; do
        [[ $line && $line != \#* ]] || continue
        count=1 host=$line
        [[ ! $line =~ ^([0-9]+)/(.*)$ ]] || count=${BASH_REMATCH[1]} host=${BASH_REMATCH[2]}
        if [[ $host != : ]] && ! on_host "$host" "umask 022; mkdir -p $there && cd $there && tar -xzf - &&
            KIT_VERSION=$version tools/grade-class --prepare" <"$state/kit.tar.gz" >&2; then
            echo "grade-class: $host can't be used" >&2
            continue
        fi
        for (( ; count > 0; count--)); do
            echo "$host" >>"$state/slots"
        done
    done <"$hosts"
    [[ -s $state/slots ]] || fail "$hosts: none of these hosts can be used"
    jobs=$(wc -l <"$state/slots")
}
