# tools/install-units: a lab's units, and nothing else.

load ../lib/lab

units() { # units [-r] [LAB]: as make calls it
    USER_UNITS=$there run "$top/tools/install-units" "${@:-14-systemd}"
}

state_of() { # names, modes and bytes of all that is there
    (cd "$1" && find . -printf '%p %m %l\n' | sort && find . -type f -exec cksum {} + | sort)
}

@test "install-units: paths are filled in; twice is as good as once; uninstall leaves what was there" {
    there="$BATS_TEST_TMPDIR/a place/units"
    mkdir -p "$there/other.service.d"
    echo mine >"$there/other.service"
    before=$(state_of "$there")
    units
    assert_success
    for unit in "$top"/labs/14-systemd/*.{service,socket,timer}; do
        [[ ${unit##*/} != ex[0-9]_* ]] || continue
        assert_equal "$(sed 1d "$there/${unit##*/}")" "$(sed "s|@BIN@|$top/$BUILD/14-systemd|" "$unit")"
    done
    refute grep -r @BIN@ "$there"
    installed=$(state_of "$there")
    units
    assert_success
    assert_equal "$(state_of "$there")" "$installed"
    units -r 14-systemd
    assert_success
    assert_equal "$(state_of "$there")" "$before"
    units -r 14-systemd
    assert_success
    assert_output ""
}

@test "install-units: what isn't ours is neither overwritten nor removed, and then nothing is done" {
    there=$BATS_TEST_TMPDIR/units
    for kind in file link dangling folder; do
        mkdir -p "$there"
        case $kind in
        file) echo "# mine" >"$there/report.timer" ;;
        link) echo "# Installed by make install-units: 14-systemd" >"$BATS_TEST_TMPDIR/elsewhere" &&
            ln -s "$BATS_TEST_TMPDIR/elsewhere" "$there/report.timer" ;;
        dangling) ln -s "$BATS_TEST_TMPDIR/not here" "$there/report.timer" ;;
        folder) mkdir "$there/report.timer" ;;
        esac
        before=$(state_of "$there")
        units
        assert_failure 1
        assert_output --partial "report.timer"
        assert_equal "$(state_of "$there")" "$before"
        units -r 14-systemd
        assert_failure 1
        assert_equal "$(state_of "$there")" "$before"
        rm -rf "$there"
    done
    # What another lab has installed isn't this lab's, either.
    mkdir "$there"
    echo "# Installed by make install-units: 16-capstone" >"$there/report.timer"
    units
    assert_failure 1
    units 01-processes
    assert_failure 2
    units nonsense
    assert_failure 2
}
