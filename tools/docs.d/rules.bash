# rules.bash: the rules of make for all pages of the site, a rule for each.
# Sourced by tools/docs, whose functions and variables it uses.
# shellcheck disable=SC2154,SC2086,SC2013,SC2155

# runs_of LAB FILE: the binaries that its Try line needs, of this lab; nothing if it has none,
# or is an exercise.
runs_of() {
    local path=labs/$1/$2 try word
    if [[ ${2##*/} == ex[0-9]_* || ! -x $BUILD/$1/$(binary_of "$2") ]]; then
        return
    fi
    try=$(sed -nE '/^( \*|#) Try:  */{ s///p; q; }' "$path")
    for word in $(grep -oE '[A-Za-z0-9_-]+' <<<"$try" | LC_ALL=C sort -u); do
        if [[ -f $BUILD/$1/$word && -x $BUILD/$1/$word ]]; then
            printf ' %s' "$BUILD/$1/$word"
        fi
    done
}

# rule TARGET PREREQUISITES PIECE...: made by this tool.
rule() {
    printf '%s: %s\n\t@tools/docs %s\n\n' "$1" "$2" "${*:3}"
    pages+=("$1")
}

rules() {
    local lab file url run binaries readmes='' folders='' pages=()
    local all="tools/docs $parts/page.awk $parts/page.html $parts/index.awk $made/order"
    local listing="$all $parts/listing.awk $made/calls $made/calls.names"
    local xray="$parts/capture $BUILD/tools/xray-facts tools/xray $(echo tools/xray.d/*.awk)"
    echo 'all: '"$site/search.js"
    echo
    for lab in $(labs); do
        readmes+=" labs/$lab/README.md"
        folders+=" $site/$lab/index.html"
        rule "$site/$lab/index.html" \
            "labs/$lab/README.md $(find "labs/$lab/pictures" -name '*.svg' 2>/dev/null | tr '\n' ' ') $parts/readme.awk $parts/body.html $parts/order.awk $(ls "$BUILD/slides/$lab.pdf" 2>/dev/null) $all" \
            lab "$lab"
        while IFS= read -r file; do
            url=$lab/$(page_of "$file")
            binaries=$(runs_of "$lab" "$file")
            if [[ $binaries ]]; then
                run=$made/$lab/${file//\//-}.run
                printf '%s:%s %s\n\t@%s %s labs/%s/%s %s %s %s\n\n' "$run" "$binaries" "$xray" \
                    $parts/capture "$lab" "$lab" "$file" "$(binary_of "$file")" "$run" "$site/$lab/runs"
            else
                run=''
            fi
            rule "$site/$url" "labs/$lab/$file $run $listing" source "$lab" "$file"
        done < <(files "$lab")
    done
    for file in lab.h lab.c; do
        rule "$site/common/$file.html" "common/$file $listing" source common $file
    done
    rule "$site/index.html" "$parts/pages.bash $parts/map README.md $readmes $all" home
    rule "$site/claims.html" "$parts/pages.bash $parts/readme.awk $folders $made/measured $all" claims
    rule "$site/calls.html" "$parts/pages.bash $parts/calls $made/calls $all" calls
    rule "$site/glossary.html" "$parts/pages.bash $parts/glossary.txt $all" glossary
    guide_rules
    printf '%s: %s\n\t@cp $< $@\n\n' "$site/style.css" $parts/style.css
    printf '%s: %s\n\t@cp $< $@\n\n' "$site/site.js" $parts/site.js
    printf '%s: %s %s %s\n\t@tools/docs search\n\n' "$site/search.js" "${pages[*]}" "$site/style.css" "$site/site.js"
    echo '.DELETE_ON_ERROR:'
}
