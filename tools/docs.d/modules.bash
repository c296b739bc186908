# modules.bash: what comes from npm for the site's tests and for the slides, in the
# versions that package-lock.json names. Sourced; sets $modules.

modules=$BUILD/docs/node

# modules_missing: installs them there if they aren't there yet. Prints why that
# can't be, and nothing if they are there.
modules_missing() {
    local tool
    for tool in node npm; do
        if ! command -v $tool >/dev/null; then
            echo "$tool is missing: tools/deps all installs it"
            return
        fi
    done
    if cmp -s tools/docs.d/package-lock.json "$modules/package-lock.json" && [[ -d $modules/node_modules ]]; then
        return
    fi
    rm -rf "$modules"
    mkdir -p "$modules"
    cp tools/docs.d/package.json tools/docs.d/package-lock.json "$modules"
    if ! timeout 120 npm ci --prefix "$modules" --silent --no-audit --no-fund >"$modules/npm.log" 2>&1; then
        rm -f "$modules/package-lock.json"
        echo "npm can't get what tools/docs.d/package.json names: $(tail -n 1 "$modules/npm.log")"
    fi
}

# need_browser TOOL: sets $browser; where it or the modules can't be had, TOOL ends
# visibly: exit status 0; with CI set that is a failure.
need_browser() {
    local words
    words=$(modules_missing)
    browser=$(browser_path)
    if [[ ! $words && ! $browser ]]; then
        words="chromium is missing: tools/deps all installs it"
    fi
    if [[ $words && ${CI:-} ]]; then
        echo "FAILED not in CI: $words"
        echo "$1: 0 passed, 1 failed"
        exit 1
    elif [[ $words ]]; then
        echo "- skipped: $words"
        echo "$1: 0 passed, 0 failed, 1 skipped"
        exit 0
    fi
}

# browser_path: where Chromium is, or nothing.
browser_path() {
    command -v chromium || command -v chromium-browser || command -v google-chrome || true
}
