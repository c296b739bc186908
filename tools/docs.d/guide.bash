# guide.bash: the pages for instructors, from guide/. A kit for students has none.
# Sourced by tools/docs, whose functions and variables it uses.
# shellcheck disable=SC2154,SC2086

# guides: the names of its texts, in the order of reading.
guides() {
    local name
    for name in README mistakes grading; do
        if [[ -e guide/$name.md ]]; then
            echo $name
        fi
    done
}

guide_url() { # guide_url NAME
    echo "guide/${1/README/index}.html"
}

guide_title() { # guide_title NAME
    sed -n '1s/^# //p' "guide/$1.md"
}

guide_order() {
    local name
    for name in $(guides); do
        printf '%s\t%s\n' "$(guide_url $name)" "$(guide_title $name)"
    done
}

# The wrong programs, "LAB/EXERCISE/NAME<tab>MISTAKE"; and where names lead to.
plan_guide() {
    local lab file name
    if [[ ! -d guide ]]; then
        return
    fi
    # shellcheck disable=SC2016  # the dollars are awk's
    find tests/wrong -name '*.patch' | LC_ALL=C sort | xargs awk '
        /^Mistake: / {
            name = FILENAME
            sub(/^tests\/wrong\//, "", name)
            sub(/\.patch$/, "", name)
            words = substr($0, 10)
            print name "\t" toupper(substr(words, 1, 1)) substr(words, 2)
        }' | keep "$made/mistakes"
    {
        for name in $(guides); do
            printf '%s.md\t%s\n' $name "$(basename "$(guide_url $name)")"
        done
        for lab in $(labs); do
            files "$lab" | while IFS= read -r file; do
                printf '%s\t../%s/%s\n' "$file" "$lab" "$(page_of "$file")"
            done
        done
    } | keep "$made/guide.urls"
}

guide_rules() {
    local name
    for name in $(guides); do
        rule "$site/$(guide_url $name)" \
            "guide/$name.md $parts/guide.bash $parts/mistakes.awk $parts/readme.awk $parts/body.html $made/mistakes $made/guide.urls $all" \
            guide $name
    done
}

guide_page() { # guide_page NAME
    awk -f $parts/mistakes.awk "$made/mistakes" "guide/$1.md" | sed 's|](../labs/|](../|g' |
        prose guide "$made/guide.urls" | page "$(guide_url "$1")" "$(guide_title "$1")" guide
}
