# trace.bash: what a program really did, as facts from a trace. The words of a
# fact are in tools/xray.d/FACTS.md.
# shellcheck disable=SC2154  # run.bash and lab.bash set what is used here

source "$top/tools/xray.d/record.bash"

# Skips a test, visibly, where nothing can be traced.
needs_tracing() {
    needs strace strace
    if [[ $NO_TRACING ]]; then
        skip "tracing isn't allowed here (ptrace(2)): ${NO_TRACING##*$'\n'}"
    fi
}

# Makes a log and facts of a run under strace whose output is in a folder.
keep_facts() { # keep_facts FOLDER
    whole_log "$1/trace/log" "$1/report" "$1/work" >"$1/log"
    "$top/build/tools/xray-facts" "$1/log" >"$1/facts"
}

# traced [-t SECONDS] [-i FILE] PROGRAM [ARG...]: run_program, with strace.
traced() {
    needs_tracing
    UNDER=strace run_program "$@"
    keep_facts "$run"
}

# find_fact FACT: the first that is there, as "LINE:FACT". In FACT, * is anything,
# as in "write child.1 * = 5".
find_fact() {
    local words=${1//\\/\\\\}
    words=${words//./\\.}
    LC_ALL=C grep -nxm 1 -e "${words//\*/.*}" "$run/facts"
}

# traced_well PROGRAM [ARG...]: traced, and it ended with status 0.
traced_well() {
    traced "$@"
    assert_ended "exit 0"
}

has_fact() {
    find_fact "$1" >/dev/null
}

# facts_of REGEX: how many facts are like this.
facts_of() {
    grep -cE -- "$1" "$run/facts" || true
}

# The facts that begin with the same word, for a failure.
facts_like() {
    grep -m 20 "^${1%% *} " "$run/facts" || echo "no fact '${1%% *}' at all"
}

assert_fact() {
    has_fact "$1" || complain "fact: $1" "$(facts_like "$1")"
}

refute_fact() {
    local found
    if found=$(find_fact "$1"); then
        complain "no fact: $1" "${found#*:}"
    fi
}

# assert_fact_before FACT LATER: both are there, and the first FACT stands
# before the first LATER.
assert_fact_before() {
    local first later
    first=$(find_fact "$1") || complain "fact: $1" "$(facts_like "$1")" || return
    later=$(find_fact "$2") || complain "fact: $2" "$(facts_like "$2")" || return
    if ((${first%%:*} > ${later%%:*})); then
        complain "fact: $1"$'\n'"before: $2" "first: ${later#*:}"
    fi
}

# assert_explained WORDS: a finding of 'xray explain' has these words.
assert_explained() {
    local found
    found=$("$top/tools/xray" explain -s "$run/log")
    [[ $found == *"$1"* ]] || complain "xray to find: $1" "${found:-it found nothing}"
}

assert_nothing_wrong() {
    local found
    found=$("$top/tools/xray" explain -s "$run/log")
    [[ -z $found ]] || complain "xray to find nothing wrong" "$found"
}

# What xray makes of the run that failed: a line each, sentence, tab, page. A
# run that wasn't traced is run once more for that, if its input can be had.
why() {
    local again=$BATS_TEST_TMPDIR/again
    if [[ ! ${EXPLAIN:-} || ! ${ran:-} ]]; then
        return
    fi
    if [[ ! -s $run/facts ]]; then
        if [[ $input == typed || ! $(command -v strace) ]]; then
            return
        fi
        mkdir -p "$again"
        cp -a "$run/work" "$again/"
        UNDER=strace "$top/tools/sandbox" -t 2 -o "$again" "${launch[@]:5}" \
            <"$input" 3>&- 4>&- && keep_facts "$again" 2>/dev/null || return 0
        "$top/tools/xray" explain -s "$again/log"
        return
    fi
    "$top/tools/xray" explain -s "$run/log"
}
