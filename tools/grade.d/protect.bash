# protect.bash: what keeps a submission from the machine, from its grader and from
# others. Sourced by tools/grade.
# shellcheck disable=SC2034,SC2154  # tools/grade sets and uses what is named here

# choose_protection: exports SANDBOX and GRADING_USER, and sets as_other, the words with which
# whatever is theirs is run by another user than root.
choose_protection() {
    local words='' user=${GRADE_USER:-61000}
    export SANDBOX GRADING_USER
    as_other=()
    if ((EUID == 0)); then
        as_other=(setpriv --reuid "$user" --regid "$user" --clear-groups)
    fi
    if [[ ${SANDBOX:-bwrap} == bwrap ]] && words=$(make_one_in_another 2>&1); then
        SANDBOX=bwrap GRADING_USER=''
        return
    fi
    words=${words##*$'\n'}
    as_other=()
    if ((EUID == 0)) && [[ ${SANDBOX:-user} != none ]]; then
        SANDBOX=none GRADING_USER=$((user + 1000)) # not one that has sandboxes here
        take_user
        refuse_what_is_open
    elif [[ $unsafe ]]; then
        SANDBOX=none GRADING_USER=''
    else
        echo "grade: nothing protects this machine from the submission: ${words:-SANDBOX=$SANDBOX}" >&2
        echo "grade: as root a second user would; --unsafe grades it all the same" >&2
        exit 3
    fi
}

# Tests run in a sandbox, and run programs in theirs.
make_one_in_another() {
    local one=(bwrap --unshare-user --unshare-pid --as-pid-1 --ro-bind / / --proc /proc --dev /dev)
    command -v bwrap >/dev/null || {
        echo "bubblewrap is not installed (make deps)"
        return 1
    }
    "${as_other[@]}" "${one[@]}" "${one[@]}" true
}

# Two submissions that are graded at the same time must not have the same user.
take_user() {
    local folder=/run/lock
    [[ -w $folder ]] || folder=${TMPDIR:-/tmp}
    folder+=/ipc-labs-grade
    [[ -e $folder ]] || mkdir -m 700 "$folder"
    [[ -O $folder && ! -L $folder ]] || fail "$folder isn't ours"
    while exec {user_lock}>"$folder/$GRADING_USER" && ! flock -n "$user_lock"; do
        exec {user_lock}>&-
        GRADING_USER=$((GRADING_USER + 1))
    done
    if [[ $(ps -o pid= -u "$GRADING_USER") ]]; then
        fail "user $GRADING_USER has processes: GRADE_USER=NUMBER names one that nobody is"
    fi
}

# Without namespaces, a program sees what every user of this machine may read, and
# the compiler includes it: that must be neither the solutions nor what others have
# handed in (PRIVATE, the folder of that).
refuse_what_is_open() {
    local path
    [[ ! $unsafe ]] || return 0
    for path in "$top/solutions" "${PRIVATE:-}"; do
        if [[ $path && -e $path ]] && setpriv --reuid "$GRADING_USER" --regid "$GRADING_USER" \
            --clear-groups test -r "$path"; then
            echo "grade: without namespaces $path must be closed to other users: chmod 700 $path" >&2
            exit 3
        fi
    done
}

# clean_up_after_user: without namespaces, what a program has left stays, and other
# tests, or the next submission, would meet it.
clean_up_after_user() {
    [[ $GRADING_USER ]] || return 0
    setpriv --reuid "$GRADING_USER" --regid "$GRADING_USER" --clear-groups \
        bash -c 'kill -KILL -1' 2>/dev/null || true
    local kind
    for kind in q m s; do
        ipcs -"$kind" -c 2>/dev/null | awk -v user="$GRADING_USER" '$3 == user { print $1 }' |
            xargs -r -n 1 ipcrm "-$kind" 2>/dev/null || true
    done
    find /dev/shm /dev/mqueue /tmp /var/tmp -mindepth 1 -user "$GRADING_USER" ! -path "$work/*" \
        -delete 2>/dev/null || true
}

# sandboxed DIR OPTION... -- COMMAND...: tools/sandbox, as the user who runs what a
# stranger wrote. DIR: for what it says.
sandboxed() {
    local dir=$1 options=()
    shift
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    "${as_other[@]}" "$kit/tools/sandbox" "${options[@]}" -o "$dir" "$@" </dev/null
}

# own PATH...: makes them belong to the user who writes there.
own() {
    local user=${GRADING_USER:-${as_other[2]:-}}
    [[ ! $user ]] || chown -R "$user:$user" "$@"
}

# guarantees: which hold, as JSON.
guarantees() {
    jq -n --arg sandbox "$(kind_of_sandbox)" '
        ($sandbox == "bwrap") as $all | ($sandbox != "none") as $some
        | {"own processes": $all, "own user": $some, "own network": $all, "own IPC": $all,
           "own files": $all, "no privileges": $some, "limited processes": $some,
           "limited memory": $some, "limited disk": $all, "limited time": true,
           "limited files": true, "reaped": $some}'
}

kind_of_sandbox() {
    if [[ $SANDBOX == bwrap ]]; then
        echo bwrap
    elif [[ $GRADING_USER ]]; then
        echo user
    else
        echo none
    fi
}

# calibrate: how many times slower this machine is than that on which the tests'
# deadlines were set, in per cent; 100 if it isn't. The best of three, of what
# grading mostly is: starting programs, and a bit of arithmetic.
calibrate() {
    local i n start took best='' reference=120000
    for i in 1 2 3; do
        start=${EPOCHREALTIME/[.,]/}
        for ((n = 0; n < 20; n++)); do
            /bin/true
        done
        awk 'BEGIN { for (i = 0; i < 100000; i++) x += i % 7 }'
        took=$((${EPOCHREALTIME/[.,]/} - start))
        ((${best:-$took} < took)) || best=$took
    done
    best=$((100 * best / reference))
    echo $((best < 100 ? 100 : best))
}
