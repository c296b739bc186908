#!/bin/sh
# unit_lint: what can be said of units without a manager: whether systemd
# understands each line, what they start, and when their timers elapse.
#
# Usage: unit_lint [-b FOLDER] [-m SCORE] UNIT...
#        -b FOLDER  where the programs are that @BIN@ stands for (that of unit_lint)
#        -m SCORE   no service may be more exposed than that (0 to 10)
#
# Try:   unit_lint labs/14-systemd/heartbeat.service labs/14-systemd/report.timer
#
# Exit status: 0 if nothing is wrong; 1 if something is: it says where; 2 for bad
# usage, or if systemd-analyze isn't there.
set -eu

say_usage() {
    sed -n '/^# Usage/,/^# *$/s/^# \{0,1\}//p' "$0"
}

bin=$(cd "$(dirname "$0")" && pwd) most=''
while getopts :hb:m: option; do
    case $option in
    b) bin=$OPTARG ;;
    m) most=$OPTARG ;;
    h)
        say_usage
        exit
        ;;
    *)
        say_usage >&2
        exit 2
        ;;
    esac
done
shift $((OPTIND - 1))
if [ $# -eq 0 ]; then
    say_usage >&2
    exit 2
fi
if ! command -v systemd-analyze >/dev/null; then
    echo "unit_lint: systemd-analyze is missing: install systemd" >&2
    exit 2
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -m 700 "$folder/units" "$folder/run"
# Nothing of a manager that runs: these are only files.
export XDG_RUNTIME_DIR="$folder/run" HOME="$folder" SYSTEMD_LOG_LEVEL=info \
    SYSTEMD_COLORS=0 LC_ALL=C
unset DBUS_SESSION_BUS_ADDRESS XDG_CONFIG_HOME XDG_DATA_HOME

bad=0
# complain UNIT WORDS
complain() {
    echo "$1: $2"
    bad=1
}

# All of them first: a timer looks for its service.
for unit in "$@"; do
    name=${unit##*/}
    if [ ! -r "$unit" ]; then
        complain "$unit" "can't be read"
        continue
    fi
    sed "s|@BIN@|$bin|g" "$unit" >"$folder/units/$name"
done

for unit in "$@"; do
    copy=$folder/units/${unit##*/}
    [ -e "$copy" ] || continue
    # A template is checked as an instance.
    case $copy in
    *@.*) check=${copy%@.*}@0.${copy##*@.} && ln -sf "$copy" "$check" ;;
    *) check=$copy ;;
    esac
    # A line that it doesn't understand is only ignored, and the status is 0: what it
    # says of this file is what counts. "FILE:LINE: words" or "UNIT: words".
    SYSTEMD_UNIT_PATH="$folder/units:" systemd-analyze verify --user --man=no "$check" \
        >"$folder/said" 2>&1 || echo "${check##*/}: systemd refuses it" >>"$folder/said"
    grep -F "${check##*/}:" "$folder/said" >"$folder/ours" || true
    while read -r line; do
        line=${line##*"${check##*/}":}
        case $line in
        [0-9]*) complain "$unit:${line%%:*}" "${line#*: }" ;;
        *) complain "$unit" "${line# }" ;;
        esac
    done <"$folder/ours"

    # Every moment of the calendar, and every span of time.
    grep -nE '^(OnCalendar|On(Active|Boot|Startup|UnitActive|UnitInactive)Sec|AccuracySec|RandomizedDelaySec)=.' \
        "$copy" >"$folder/times" || true
    while IFS= read -r line; do
        number=${line%%:*} value=${line#*=}
        case $line in
        *:OnCalendar=*) kind=calendar ;;
        *) kind=timespan ;;
        esac
        if ! systemd-analyze "$kind" "$value" >/dev/null 2>&1; then
            complain "$unit:$number" "'$value' is no $kind"
        fi
    done <"$folder/times"

    case $copy in
    *.service)
        if [ "$most" ]; then
            score=$(systemd-analyze security --offline=true --no-pager "$check" 2>/dev/null |
                sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')
            if ! awk -v is="${score:-99}" -v most="$most" 'BEGIN { exit !(is <= most) }'; then
                complain "$unit" "exposure is ${score:-not known}, more than $most"
            fi
        fi
        ;;
    esac
done
exit $bad
