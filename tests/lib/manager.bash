# manager.bash: a systemd for the tests. For a test file to load after lab.bash.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317  # lab.bash sets what is used here; shells in there
#
# It is the user's own, if that answers, or a private one that the file has for
# all its tests (tools/manager); else a test that calls needs_manager is skipped.
#
#   manager COMMAND...     runs systemctl, journalctl and the like beside it
#   sctl ARG...            manager systemctl --user ARG...
#   put_unit NAME <TEXT    makes a unit of that name; reload tells the manager
#   put_lab_unit NAME      the same with one of the lab's, as install-units would
#   property UNIT NAME     what systemctl show says of a unit
#   await_property UNIT NAME REGEX
#
# A unit's name must contain $tag, which is random, so that it can't be one of the
# user's, nor one of another test. After each test all these are stopped and
# removed, and nothing of them may be left.

setup_file() {
    start_manager
}

teardown_file() {
    stop_manager
}

# The manager's keeper ends at a line from us, or when the last write end of this
# FIFO is closed: when bats was killed, with the tests.
start_manager() {
    MANAGER=$("$top/tools/manager" -q) MANAGER_PID=''
    export MANAGER MANAGER_PID
    if [[ $MANAGER == private ]]; then
        local folder=$BATS_FILE_TMPDIR
        mkfifo "$folder/hold"
        setsid "$top/tools/manager" bash -c 'echo $$ >"$0/pid.new"; env >"$0/env"; mv "$0/pid.new" "$0/pid"; read -r _ || true' \
            "$folder" <"$folder/hold" >"$folder/manager.log" 2>&1 3>&- 4>&- &
        MANAGER_KEEPER=$!
        exec {manager_hold}>"$folder/hold"
        if ! wait_until $((6 * DEADLINE)) test -s "$folder/pid" 2>/dev/null; then
            echo "the private manager doesn't start: $(head -c 2000 "$folder/manager.log")" >&2
            return 1
        fi
        MANAGER_PID=$(<"$folder/pid")
        export MANAGER_KEEPER
    fi
}

# Ends it, and looks whether anything is left of it: tools/manager has removed its
# cgroups, with all that was in there, or says what not. And a process that had
# left its group would still have this environment.
stop_manager() {
    local left
    [[ $MANAGER_PID ]] || return 0
    echo >&"$manager_hold"
    exec {manager_hold}>&-
    if ! wait "$MANAGER_KEEPER"; then
        cat "$BATS_FILE_TMPDIR/manager.log" >&2
        return 1
    fi
    left=$(grep -lzsx "IPCLAB_MANAGER=$(mark)" /proc/[0-9]*/environ) || true
    if [[ $left ]]; then
        echo "left of the private manager: $left" >&2
        return 1
    fi
}

mark() {
    sed -n 's/^IPCLAB_MANAGER=//p' "$BATS_FILE_TMPDIR/env"
}

setup() {
    begin_test
    tag=t$RANDOM$RANDOM units=''
}

# The units go after what a test has left running: they may be waiting for it.
teardown() {
    if [[ -n $program_pid ]]; then
        stop_program
    fi
    [[ ! $units ]] || remove_units
    end_test
}

# Skips a test, visibly, where there is none.
needs_manager() {
    if [[ $MANAGER == none:* ]]; then
        skip "no systemd manager: ${MANAGER#none: }"
    fi
}

manager() {
    if [[ $MANAGER_PID ]]; then
        nsenter -t "$MANAGER_PID" -m env -C "$PWD" -u DBUS_SESSION_BUS_ADDRESS \
            HOME=/run/ipclab/home XDG_RUNTIME_DIR=/run/ipclab/user "$@" 3>&- 4>&-
    else
        "$@" 3>&- 4>&-
    fi
}

sctl() {
    manager systemctl --user "$@"
}

# The folder is in the units' search path, and is gone after a reboot at the latest.
put_unit() {
    local name=$1
    [[ $name == *"$tag"* ]] || complain "a unit's name with \$tag in it" "$name"
    units+=" $name"
    manager sh -c 'folder=$XDG_RUNTIME_DIR/systemd/user
        mkdir -p "$folder/$(dirname "$1")" && cat >"$folder/$1"' sh "$name"
}

# put_lab_unit NAME [SED EXPRESSION...]: heartbeat.service of lab 14 becomes
# heartbeat-TAG.service, and what it says of other units changes alike; then as sed
# says. The paths of sockets get the tag, too.
put_lab_unit() {
    local script=() expression
    for expression in "${@:2}"; do
        script+=(-e "$expression")
    done
    put_unit "$(tagged "$1")" < <(sed -E -e "s|@BIN@|$top/$BUILD/14-systemd|g" \
        -e "/^(Unit|Requires|Wants|After|PartOf)=/s/([a-z_]+)(@?[.](service|socket|timer))/\1-$tag\2/g" \
        -e "s|=%t/ipclab-.*|&-$tag|" -e "s|^StateDirectory=.*|&-$tag|" \
        "${script[@]}" "$top/labs/14-systemd/$1")
}

# tagged NAME: with $tag before "@" or the point.
tagged() {
    local stem=${1%%[@.]*}
    echo "$stem-$tag${1#"$stem"}"
}

reload() {
    sctl daemon-reload
}

property() {
    sctl show -P "$2" -- "$1"
}

has_property() {
    [[ $(property "$1" "$2") =~ ^($3)$ ]]
}

await_property() {
    if ! wait_until "$DEADLINE" has_property "$@" 2>/dev/null; then
        complain "$1: $2 to become $3" "after $DEADLINE s: $(property "$1" "$2")
$(sctl show -p ActiveState,SubState,Result,ExecMainStatus,ExecMainCode,StatusText,NRestarts "$1")"
    fi
}

assert_property() {
    local is
    is=$(property "$1" "$2")
    [[ $is =~ ^($3)$ ]] || complain "$1: $2 to be $3" "$is"
}

# Stops all units of this test, and removes what makes them; then none may be
# known any more.
remove_units() {
    local name left all
    all=$(sctl list-units --all --plain --no-legend "*$tag*" | awk '{ print $1 }')
    # First what would start the others again.
    # shellcheck disable=SC2046,SC2086  # no spaces in there
    sctl stop $(grep -E '[.](timer|socket|path)$' <<<"$all") 2>/dev/null || true
    # shellcheck disable=SC2046
    [[ ! $all ]] || sctl kill --signal=KILL $(grep -E '[.](service|scope)$' <<<"$all") 2>/dev/null || true
    # shellcheck disable=SC2086
    [[ ! $all ]] || sctl stop $all 2>/dev/null || true
    manager sh -c 'rm -rf "$XDG_RUNTIME_DIR"/systemd/user/*"$0"* \
            "$XDG_RUNTIME_DIR"/systemd/user/*/*"$0"* \
            "${XDG_DATA_HOME:-$HOME/.local/share}"/systemd/timers/stamp-*"$0"* \
            "${XDG_CONFIG_HOME:-$HOME/.config}"/*"$0"* "${XDG_STATE_HOME:-$HOME/.local/state}"/*"$0"*' "$tag"
    reload
    sctl reset-failed "*$tag*" 2>/dev/null || true
    units=''
    left=$(sctl list-units --all --plain --no-legend "*$tag*")
    [[ ! $left ]] || complain "no unit of the test left" "$left"
}
