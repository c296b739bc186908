# units.bash: unit files as they are written. For a test file to load after
# manager.bash.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317  # names that the tests share

# settings FILE SECTION: its lines "KEY=VALUE", without spaces around them; lines
# that go on after a backslash are one.
settings() {
    awk -v wanted="[$2]" '
        !more && /^[[:space:]]*([#;]|$)/ { next }
        { more = sub(/\\$/, " "); whole = whole $0 }
        more { next }
        { gsub(/^[[:space:]]+|[[:space:]]+$/, "", whole) }
        whole ~ /^\[/ { here = whole == wanted }
        here && whole !~ /^\[/ {
            sub(/[[:space:]]*=[[:space:]]*/, "=", whole)
            print whole
        }
        { whole = "" }' "$1"
}

# values FILE SECTION KEY: what it is set to, a line each. An empty value takes back
# those before it.
values() {
    settings "$1" "$2" | awk -v key="$3=" '
        index($0, key) == 1 {
            value = substr($0, length(key) + 1)
            if (value == "") n = 0; else list[++n] = value
        }
        END { for (i = 1; i <= n; i++) print list[i] }'
}

# value FILE SECTION KEY: the last one, which is the one that holds.
value() {
    values "$@" | tail -n 1
}

# is_yes VALUE
is_yes() {
    [[ ${1,,} =~ ^(1|yes|y|true|t|on)$ ]]
}

# usec SPAN: how many microseconds that is.
usec() {
    systemd-analyze timespan "$1" 2>/dev/null | awk '$1 ~ /s:$/ { print $2; exit }'
}

# span_is FILE SECTION KEY SPAN: that it is set to so much, however it is written.
span_is() {
    local is
    is=$(value "$1" "$2" "$3")
    [[ $is && $(usec "$is") == "$(usec "$4")" ]] ||
        complain "$3=$4 in [$2]" "${is:-$3 is missing}"
}

# verified FILE...: that systemd understands each line, without asking a manager.
verified() {
    local folder words name
    folder=$work/verify
    mkdir -p "$folder/units" "$folder/run"
    chmod 700 "$folder/run"
    cp "$@" "$folder/units"
    chmod 644 "$folder/units"/*
    for name; do
        words=$(cd "$folder" && env -u DBUS_SESSION_BUS_ADDRESS HOME="$folder" \
            XDG_RUNTIME_DIR="$folder/run" SYSTEMD_COLORS=0 SYSTEMD_LOG_LEVEL=info \
            systemd-analyze verify --user --man=no "units/${name##*/}" 2>&1) || true
        words=$(grep -F "${name##*/}" <<<"$words") || continue
        complain "nothing that systemd-analyze verify complains of" "${words//"$folder/units/"/}"
    done
}
